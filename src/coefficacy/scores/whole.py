"""Wholly left-out teams, answers and outcomes: in closed form, or by quadrature over one or two factors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import xarray as xr

from coefficacy.errors import FitError, Problem
from coefficacy.model.recovered import (
    ANSWERS_DENSITY,
    OUTCOME_DENSITY,
    WHOLE_BETWEEN,
    WHOLE_MEAN,
    WHOLE_WITHIN,
)
from coefficacy.scores.exact import psis, scores_of
from coefficacy.scores.left_out import LeftOut, scored_outcomes
from coefficacy.scores.quadrature import Graded, TeamForms, whole_team_density
from coefficacy.spec import queries

if TYPE_CHECKING:
    from coefficacy.sampling import Fit
    from coefficacy.spec.model import Measure, ModelSpec

__all__ = ["WHOLE", "Scored", "left_out_whole"]

type Scored = Literal["outcomes", "answers", "all"]
WHOLE = ("answers", "all")
_MOST_DRAWS = 1000


def left_out_whole(fit: Fit, scored: Scored) -> LeftOut:
    r"""Score teams of which neither answers nor outcomes were seen, without refitting.

    With people and the team's latents integrated out, draws of parameters and of the effects of units above
    are weighted by :math:`1 / p(\text{answers}_j, y_j \mid \theta, l)`, the tail of the weights smoothed
    (Vehtari, Simpson, Gelman, Yao and Gabry 2024, https://jmlr.org/papers/v25/19-556.html). A team's layer
    is thus known from its other teams. What the team has in columns of people and teams is given.

    Parameters
    ----------
    fit : of the exact engine; all items gaussian and complete, or all ordinal or yes/no in at most two
        measures without team-level item residuals, no random effects and no columns of people (then people
        and teams are integrated out by quadrature, for at most 1,000 draws)
    scored : ``"answers"``, or ``"all"`` for answers and outcomes jointly

    Returns
    -------
    LeftOut
        Of every team, with attributes as :func:`left_out_exact`; no latents.

    Raises
    ------
    FitError : there is neither; says why
    """
    level = fit.spec.levels[1].name if len(fit.spec.levels) > 1 else ""
    if f"{level}.{ANSWERS_DENSITY}" in fit.posterior:
        answers = fit.posterior[f"{level}.{ANSWERS_DENSITY}"].rename("elpd")
        both = answers
        if f"{level}.{OUTCOME_DENSITY}" in fit.posterior:
            both = answers + fit.posterior[f"{level}.{OUTCOME_DENSITY}"].values
    elif f"{level}.{WHOLE_MEAN}" in fit.posterior:
        answers, both = _by_quadrature(fit, level)
    else:
        what = f"the answers of a team have no density in closed form: {_obstacle(fit)}."
        raise FitError(Problem(f"left-out teams: scored = '{scored}'", what, "Score the outcomes."))
    found = psis(both)
    if scored == "answers":
        found = psis(answers, weights=found)
    outcomes = scored_outcomes(fit.spec, level) if scored == "all" else ()
    score: xr.DataArray = scores_of(found, both if scored == "all" else answers, level, outcomes)
    return LeftOut(score, None)


def _by_quadrature(fit: Fit, level: str) -> tuple[xr.DataArray, xr.DataArray]:
    """Log densities of answers, and of answers and outcomes, (chain, draw, team), of evenly spaced draws."""
    posterior, spec, survey = fit.posterior, fit.spec, fit.survey
    thin = -(-posterior.sizes["chain"] * posterior.sizes["draw"] // _MOST_DRAWS)
    kept = posterior.isel(draw=slice(None, None, thin))
    mean, between, within = (
        kept[f"{level}.{name}"].values for name in (WHOLE_MEAN, WHOLE_BETWEEN, WHOLE_WITHIN)
    )
    names = [m.name for m in _in_order(fit)]
    parameters = [_items_of(kept, spec, name) for name in names]
    answers = [survey.answers(name).values for name in names]
    y = [np.asarray(survey.column(level, name).values, float) for name in scored_outcomes(spec, level)]
    outcomes = np.column_stack(y) if y else np.zeros((survey.n[level], 0))
    team = survey.index(spec.lowest.name, level)
    found = np.empty((2, kept.sizes["chain"], kept.sizes["draw"], survey.n[level]))
    for c, d in np.ndindex(found.shape[1:3]):
        factors = [
            Graded(values, loading[c, d], cuts[c, d], queries.link_of(spec, name) == "logit")
            for name, values, (loading, cuts) in zip(names, answers, parameters, strict=True)
        ]
        forms = TeamForms(mean[c, d], between[c, d], within[c, d])
        found[:, c, d] = whole_team_density(forms, factors, team, outcomes)
    coords = {level: survey.levels[level][level].values}
    first, second = (
        xr.DataArray(values, dims=("chain", "draw", level), coords=coords, name="elpd") for values in found
    )
    return first, second


def _in_order(fit: Fit) -> list[Measure]:
    """Measures in the order of the engine's responses: that of the latents of people."""
    from coefficacy.model.layout import lay_out

    latents = lay_out(fit.spec, fit.survey, fit.spec.lowest.name).latents
    return [queries.measure(fit.spec, name) for name in latents]


def _items_of(posterior: xr.Dataset, spec: ModelSpec, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Loadings (chain, draw, item) and thresholds (chain, draw, item, cut)."""
    if queries.measure(spec, name).family == "ordinal":
        cuts = posterior[f"{name}.threshold"].values
    else:
        cuts = -posterior[f"{name}.intercept"].values[..., None]
    if f"{name}.loading" not in posterior:
        return np.ones(cuts.shape[:3]), cuts
    loading = posterior[f"{name}.loading"].values
    return np.broadcast_to(loading[..., None] if loading.ndim == 2 else loading, cuts.shape[:3]), cuts


def _obstacle(fit: Fit) -> str:
    from coefficacy.model.marginal import why_not_marginal

    obstacle = why_not_marginal(fit.spec, fit.survey)
    if obstacle:
        return obstacle
    if fit.engine != "marginal":
        return f"this fit is of engine '{fit.engine}', and engine 'marginal' has it"
    names = [m.name for m in fit.spec.measures if _is_open(fit, m.name, m.family)]
    if not names:
        return "this fit was made by an earlier version, which did not keep it"
    return (
        f"the items of {', '.join(names)} are not gaussian and complete, and quadrature is offered for one "
        "or two such measures alone, with item_residuals = false, no random effects and no columns of people"
    )


def _is_open(fit: Fit, measure: str, family: str) -> bool:
    return family != "gaussian" or bool(np.isnan(fit.survey.answers(measure).values).any())
