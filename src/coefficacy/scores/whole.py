"""Wholly left-out teams, answers and outcomes, where both have a density in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from coefficacy.errors import FitError, Problem
from coefficacy.model.recovered import ANSWERS_DENSITY, OUTCOME_DENSITY
from coefficacy.scores.exact import psis, scores_of
from coefficacy.scores.left_out import LeftOut, scored_outcomes

if TYPE_CHECKING:
    import xarray as xr

    from coefficacy.sampling import Fit

__all__ = ["WHOLE", "Scored", "left_out_whole"]

type Scored = Literal["outcomes", "answers", "all"]
WHOLE = ("answers", "all")


def left_out_whole(fit: Fit, scored: Scored) -> LeftOut:
    r"""Score teams of which neither answers nor outcomes were seen, without refitting.

    With people and the team's latents integrated out, draws of parameters and of the effects of units above
    are weighted by :math:`1 / p(\text{answers}_j, y_j \mid \theta, l)`, the tail of the weights smoothed
    (Vehtari, Simpson, Gelman, Yao and Gabry 2024, https://jmlr.org/papers/v25/19-556.html). A team's layer
    is thus known from its other teams. What the team has in columns of people and teams is given.

    Parameters
    ----------
    fit : of the exact engine, no scores of people sampled
    scored : ``"answers"``, or ``"all"`` for answers and outcomes jointly

    Returns
    -------
    LeftOut
        Of every team, with attributes as :func:`left_out_exact`; no latents.

    Raises
    ------
    FitError : there is no closed form; says why
    """
    level = fit.spec.levels[1].name if len(fit.spec.levels) > 1 else ""
    if f"{level}.{ANSWERS_DENSITY}" not in fit.posterior:
        what = f"the answers of a team have no density in closed form: {_obstacle(fit)}."
        raise FitError(Problem(f"left-out teams: scored = '{scored}'", what, "Score the outcomes."))
    answers = fit.posterior[f"{level}.{ANSWERS_DENSITY}"].rename("elpd")
    both = answers
    if f"{level}.{OUTCOME_DENSITY}" in fit.posterior:
        both = answers + fit.posterior[f"{level}.{OUTCOME_DENSITY}"].values
    found = psis(both)
    if scored == "answers":
        found = psis(answers, weights=found)
    outcomes = scored_outcomes(fit.spec, level) if scored == "all" else ()
    score: xr.DataArray = scores_of(found, both if scored == "all" else answers, level, outcomes)
    return LeftOut(score, None)


def _obstacle(fit: Fit) -> str:
    from coefficacy.model.obstacles import is_sampled, why_not_marginal

    obstacle = why_not_marginal(fit.spec, fit.survey)
    if obstacle:
        return obstacle
    if fit.engine != "marginal":
        return f"this fit is of engine '{fit.engine}', and engine 'marginal' has it"
    names = [m.name for m in fit.spec.measures if is_sampled(fit.spec, fit.survey, m)]
    if not names:
        return "this fit was made by an earlier version, which did not keep it"
    return (
        f"the items of {', '.join(names)} are not gaussian and complete, and no quadrature over people's "
        "scores and the teams' item residuals is offered"
    )
