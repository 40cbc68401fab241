r"""Linear forms of teams whose coefficients differ from those of other teams.

With the coefficient of response i on predictor k larger by :math:`d` than in the forms at hand, every form r
that i has a part in becomes :math:`f_r + d\,t_{ri} f_k`, where :math:`t_{ri}` is the total effect of i on r.
Several such changes are made one after the other, those of the first predictors first: a predictor is
complete before anything is added to what it predicts.
"""

from __future__ import annotations

from coefficacy.gaussian.compiled import compiled
from coefficacy.gaussian.matrices import inner

__all__ = ["moderate", "moderate_gradient"]


@compiled
def moderate(forms, predictors, change, reach, by):  # type: ignore[no-untyped-def]
    """Add to some forms, in place, what changed coefficients bring.

    Parameters
    ----------
    forms : (row, source)
    predictors : (row', source), complete: the forms themselves if the predictors are among them
    change : (pair,), by how much the coefficients of pairs of response and predictor differ
    reach : (row, pair), total effects of the responses; zero for the predictor of the pair and before it
    by : (pair,), rows of the predictors
    """
    for p in range(change.shape[0]):
        for r in range(forms.shape[0]):
            weight = change[p] * reach[r, p]
            if weight != 0.0:
                for k in range(forms.shape[1]):
                    forms[r, k] += weight * predictors[by[p], k]


@compiled
def moderate_gradient(d_forms, forms, change, reach, by, d_change, d_reach):  # type: ignore[no-untyped-def]
    """Pull the gradient with respect to changed forms back, in place, where predictors are among them.

    Parameters
    ----------
    d_forms : (row, source), made the gradient with respect to the forms before the change
    forms : (row, source), after it; change, reach, by : as in :func:`moderate`
    d_change, d_reach : to which the gradients are added
    """
    for p in range(change.shape[0] - 1, -1, -1):
        for r in range(forms.shape[0]):
            if r == by[p]:
                continue
            slope = inner(d_forms[r], forms[by[p]])
            d_change[p] += reach[r, p] * slope
            d_reach[r, p] += change[p] * slope
            weight = change[p] * reach[r, p]
            if weight != 0.0:
                for k in range(forms.shape[1]):
                    d_forms[by[p], k] += weight * d_forms[r, k]
