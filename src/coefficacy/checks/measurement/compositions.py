"""Compositions side by side: agreement and reliability of each, and how well it predicts one outcome."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from coefficacy.checks.measurement.fitted import reliability
from coefficacy.checks.measurement.given_answers import agreement
from coefficacy.errors import FitError, Problem
from coefficacy.spec import queries

if TYPE_CHECKING:
    from coefficacy.sampling import Fit
    from coefficacy.scores import Refits

__all__ = ["composition"]

_OF_ANSWERS = {
    "rwg_j": "mean over teams of r_wg(j); NaN without a scale",
    "awg": "mean over teams of a_wg; NaN without a scale",
    "icc1": "ICC(1) of the person's item mean, by analysis of variance",
    "icc2": "ICC(2), likewise",
}
_OF_FIT = {
    "omega_within": "reliability of a person's score within teams",
    "omega_between": "reliability of the items' sum between teams",
    "mean_reliability": "reliability of a team's mean score, of items and of who was asked",
}


def composition(fits: Mapping[str, Fit], *, refits: Refits | None = None) -> xr.Dataset:
    r"""Compare ways in which answers become a property of the team, by one outcome of the same teams.

    Different wordings are different data: the density of their answers cannot be compared, but that of an
    outcome none of them has seen can. Every team's outcome is left out and its answers kept,

    .. math:: \text{elpd}_c = \sum_j \log p(y_j \mid \text{answers}^c_j, y_{-j}, M_c).

    Parameters
    ----------
    fits : name of a composition to its fit; the first measure in the outcome's equation is its own
    refits : how teams are left out where that takes refitting

    Returns
    -------
    xarray.Dataset
        Dims ``composition``, ``rival``, ``team``. ``elpd_i`` of every team and its sum ``elpd``;
        ``elpd_diff`` to the best and its standard error ``se``; ``p_better`` than each rival, a normal
        approximation, rough for few teams; agreement of the answers (``rwg_j``, ``awg``, ``icc1``, ``icc2``)
        and posterior means of reliability at both levels (``omega_within``, ``omega_between``,
        ``mean_reliability``).

    Raises
    ------
    FitError
        The outcomes, or their values, are not the same; or as :func:`left_out_teams`.

    References
    ----------
    Chan (1998), doi:10.1037/0021-9010.83.2.234.

    Examples
    --------
    >>> composition({"additive": one, "referent shift": other}).p_better  # doctest: +SKIP
    """
    outcome = _the_outcome(fits)
    scores = {name: _scores(fit, refits) for name, fit in fits.items()}
    names = list(scores)
    found = xr.concat([scores[name] for name in names], dim="composition").assign_coords(composition=names)
    if found.isnull().any():
        what = f"{outcome} is observed in other teams than elsewhere."
        raise FitError(Problem("composition", what, "Give all fits the same teams."))
    against = xr.Dataset({"elpd_i": found.rename("elpd_i"), **_compared(found)})
    measured = [_measured(fit, _measure(fit, outcome)) for fit in fits.values()]
    about = _OF_ANSWERS | _OF_FIT
    numbers = {
        name: ("composition", [each[name] for each in measured], {"long_name": about[name]}) for name in about
    }
    return against.assign(numbers).assign_attrs(outcome=outcome)


def _the_outcome(fits: Mapping[str, Fit]) -> str:
    """The one outcome of all fits, with the same values."""
    outcomes = {name: queries.outcomes(fit.spec) for name, fit in fits.items()}
    first, *others = fits
    for name, found in outcomes.items():
        if len(found) != 1 or found != outcomes[first]:
            listed = ", ".join(outcomes[first]) or "none"
            what = f"its outcomes are {', '.join(found) or 'none'}; those of '{first}' are {listed}."
            raise FitError(Problem(f"composition: {name}", what, "Give every model the same one outcome."))
    (outcome,) = outcomes[first]
    one = _values(fits[first], outcome)
    for name in others:
        other = _values(fits[name], outcome)
        if one.shape != other.shape or not one.equals(other.reindex_like(one)):
            what = f"the values of {outcome} are not those of '{first}'."
            raise FitError(
                Problem(f"composition: {name}", what, "Fit all models to the same table of teams.")
            )
    return outcome


def _values(fit: Fit, outcome: str) -> xr.DataArray:
    return fit.survey.column(queries.outcome_level(fit.spec, outcome), outcome).drop_attrs()


def _measure(fit: Fit, outcome: str) -> str:
    equation = queries.regression(fit.spec, queries.outcome_level(fit.spec, outcome), outcome)
    named = [f.name for f in queries.factors(equation.formula)] if equation else []
    measure = next((name for name in named if queries.is_measure(fit.spec, name)), None)
    if measure is None:
        mend = "Name one in its equation."
        raise FitError(Problem("composition", f"no measure predicts {outcome}.", mend))
    return measure


def _scores(fit: Fit, refits: Refits | None) -> xr.DataArray:
    from coefficacy.scores import left_out_teams

    score = left_out_teams(fit, refits=refits).elpd_i
    (level,) = score.dims
    return score.rename({level: "team"}).drop_attrs()


def _compared(scores: xr.DataArray) -> dict[str, xr.DataArray]:
    from scipy import stats

    total = scores.sum("team")
    best = scores.isel(composition=int(total.values.argmax()), drop=True)
    difference = scores - scores.rename(composition="rival")
    n = scores.sizes["team"]
    se = np.sqrt(n) * difference.std("team", ddof=1)
    z = (difference.sum("team") / se.where(se > 0)).fillna(0.0)
    to_best = scores - best
    return {
        "elpd": total.assign_attrs(long_name="log density of the outcomes of left-out teams"),
        "elpd_diff": to_best.sum("team").assign_attrs(long_name="elpd less that of the best"),
        "se": (np.sqrt(n) * to_best.std("team", ddof=1)).assign_attrs(
            long_name="standard error of elpd_diff"
        ),
        "p_better": z.copy(data=stats.norm.cdf(z)).assign_attrs(
            long_name="P(predicts left-out teams better than the rival)"
        ),
    }


def _measured(fit: Fit, measure: str) -> dict[str, float]:
    answered = agreement(fit.survey, measure)
    fitted = reliability(fit, measure).summary.sel(statistic="mean")
    return {
        "rwg_j": answered.rwg_j,
        "awg": float(answered.overall["awg"].sel(statistic="mean")),
        "icc1": answered.icc1,
        "icc2": answered.icc2,
        **{name: float(fitted[name]) for name in _OF_FIT},
    }
