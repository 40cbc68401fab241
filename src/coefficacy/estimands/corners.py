"""Is each of several conditions needed, and none enough? (claim C13)"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from coefficacy.errors import FitError, Problem
from coefficacy.estimands.equation import Equation
from coefficacy.estimands.labels import labelled
from coefficacy.spec import queries

if TYPE_CHECKING:
    from coefficacy.sampling import Fit

__all__ = ["CORNERS", "necessity"]

CORNERS = ("neither", "first only", "others only", "all")
"""Which of the conditions are high (one SD above the mean), the rest being low (one SD below it)."""

_ENDS = ((-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0))


def necessity(fit: Fit, *, of: str, needs: Sequence[str], cut: float | None = None) -> xr.Dataset:
    r"""Return what teams would do with one condition, the other, neither and both.

    A condition is low at one SD below the mean of the teams and high at one above (for latents the
    model-implied SD within the units above, for columns the sample's). Every team is put into each corner,
    all else about it as it is, and the expected outcomes are averaged:
    :math:`m_{--}, m_{+-}, m_{-+}, m_{++}`. With :math:`m = \max(m_{+-}, m_{-+})` the headline is

    .. math:: (m_{++} - m) - |m - m_{--}|

    in SDs of the outcome (of the observed one, within the units above). Above zero a team with only one of
    the two, whichever, stays closer to a team with neither than to one with both. Effects that merely add
    up cannot make it positive, whatever their sizes: for gains a and b it is then :math:`-|a - b|`. It says
    nothing on causes that the equation leaves out. It is the least of three sums of coefficients,
    :math:`m_{++} + m_{--} - 2 m_{+-}`, the same for :math:`m_{-+}`, and :math:`m_{++} - m_{--}`; where they
    tie its posterior lies low, so that support is said too seldom rather than too often.

    Parameters
    ----------
    of : outcome of teams, gaussian or bernoulli
    needs : two or more predictors in its equation, latents or columns; from the second on they are moved
        together
    cut : what counts as adapting is an outcome above this, in its own unit; default: the mean of the
        observed outcomes. Not for bernoulli outcomes.

    Returns
    -------
    xarray.Dataset
        Dims (chain, draw, ...): ``necessity`` (headline), ``interaction`` (m++ - m+- - m-+ + m--),
        ``shortfall`` (m++ + m-- - 2 m+-, and with m-+),
        ``gain`` by corner (expected outcome less that with neither, in SDs; on the link for bernoulli
        outcomes), ``probability`` by corner (average over the teams of the probability that the outcome is
        above the cut), with the cut as its attribute.

    Raises
    ------
    FitError
        The outcome is neither gaussian nor bernoulli, or a condition is no number in its equation.

    Examples
    --------
    >>> found = necessity(fit, of="adaptation", needs=["collective_efficacy", "power"])  # doctest: +SKIP
    >>> found.probability.mean(("chain", "draw"))  # doctest: +SKIP
    """
    equation, family = Equation.of(fit, of, needs), queries.family_of(fit.spec, of).family
    if family not in ("gaussian", "bernoulli"):
        what = f"has family {family}; corners are for gaussian and bernoulli outcomes."
        raise FitError(Problem(f"{equation.level}.{of}", what))
    gaussian = family == "gaussian"
    cut = float(np.nanmean(equation.observed)) if cut is None else float(cut)
    mean, probability = zip(*(_corner(equation, needs, ends, cut, gaussian) for ends in _ENDS), strict=True)
    unit = equation.unit() if gaussian else 1.0
    neither, first, others, both = (one / unit for one in mean)
    single = xr.Variable("single", list(CORNERS[1:3]))
    best = np.maximum(first, others)
    of_words, a, b = (name.replace("_", " ") for name in (of, needs[0], " and ".join(needs[1:])))
    unit_words = f"in SDs of {of_words}" if gaussian else "on the link"
    where = xr.Variable("corner", list(CORNERS))
    gains = xr.concat([one - neither for one in (neither, first, others, both)], dim=where)
    above = f"probability that {of_words} is above {cut:.3g}" if gaussian else f"probability of {of_words}"
    found = labelled(
        {
            "necessity": (
                (both - best) - abs(best - neither),
                f"gain from adding the other of {a} and {b} less that of the better one alone, {unit_words}",
            ),
            "interaction": (
                both - first - others + neither,
                f"what {a} and {b} do beyond adding up, {unit_words}",
            ),
            "shortfall": (
                xr.concat([both + neither - 2 * one for one in (first, others)], dim=single),
                f"how much nearer a team with one of them is to neither than to both, {unit_words}",
            ),
            "gain": (gains, f"expected {of_words} less that with neither, {unit_words}"),
            "probability": (xr.concat(probability, dim=where), f"{above}, by corner"),
        },
        headline="necessity",
    )
    return found.assign_attrs(first=a, others=b, **({"cut": cut} if gaussian else {}))


def _corner(
    equation: Equation, needs: Sequence[str], ends: tuple[float, float], cut: float, gaussian: bool
) -> tuple[xr.DataArray, xr.DataArray]:
    """Mean over teams of the linear predictor, and of the probability of an outcome above the cut."""
    from scipy.special import expit, ndtr

    high = {name: equation.at(name, ends[min(k, 1)]) for k, name in enumerate(needs)}
    eta = equation.changed(high)
    if gaussian:
        p = ndtr((eta - cut) / equation.residual_sd()[..., None])
    else:
        probit = queries.link_of(equation.fit.spec, equation.outcome) == "probit"
        p = ndtr(eta) if probit else expit(eta)
    return eta.mean(equation.level), p.mean(equation.level)
