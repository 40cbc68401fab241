"""Left-out teams: how well each team's outcomes are predicted from its own answers and the other teams."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from scipy import stats

from coefficacy.errors import FitError, Problem
from coefficacy.scores.refitting import averaged, given_answers, outcome_values, refit_without
from coefficacy.spec import queries

if TYPE_CHECKING:
    from coefficacy.sampling import Compiled
    from coefficacy.spec.model import ModelSpec
    from coefficacy.survey import Survey

__all__ = ["Comparison", "LeftOut", "Refits", "compare", "left_out_units", "scored_outcomes"]

RHAT_OF_REFITS = 1.05


@dataclass(frozen=True, slots=True)
class Refits:
    """How left-out teams are scored by refitting.

    Attributes
    ----------
    folds : number of refits; each leaves the outcomes of one share of the teams out
    draws, tune, chains : of each refit
    seed : of the folds and the sampler; rivals scored with the same seed see the same folds
    """

    folds: int = 10
    draws: int = 400
    tune: int = 400
    chains: int = 2
    seed: int = 0


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What is known of units whose outcomes were left out.

    Attributes
    ----------
    score : (level,), log p(outcomes | answers, the other units), units with an observed outcome
    latents : (level, level.name), what is expected of every unit's latents given its answers and the other
        units; None in a model without latents
    """

    score: xr.DataArray
    latents: xr.DataArray | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on the same left-out units.

    Attributes
    ----------
    diff : sum of the differences in log score, positive where the first model predicts better
    se : its standard error, sqrt(n) times the SD of the differences
    p_better : normal approximation to P(diff > 0); poor for few teams
    """

    diff: float
    se: float
    p_better: float


def scored_outcomes(spec: ModelSpec, level: str) -> tuple[str, ...]:
    """Outcomes of one level, all of which are left out together."""
    return tuple(y for y in queries.outcomes(spec) if queries.outcome_level(spec, y) == level)


def left_out_units(
    compiled: Compiled,
    spec: ModelSpec,
    survey: Survey,
    level: str,
    *,
    refits: Refits,
    progress: Callable[[int, int], None] | None = None,
) -> LeftOut:
    r"""Score every unit of `level` with its outcomes left out and its answers kept.

    .. math:: \log \frac1S \sum_s p(y_j \mid u_j^{(s)}, \theta^{(s)})

    over draws of a refit in which the fold's outcomes are missing; several outcomes are scored jointly. A
    reweighted average over the draws of the full fit is not used: the weights of a team's own latents are too
    uneven. Which prediction is scored: Merkle, Furr and Rabe-Hesketh 2019 (doi:10.1007/s11336-019-09679-0).

    Parameters
    ----------
    progress : told (refits done, refits in all)

    Returns
    -------
    LeftOut
        Scores have the attributes ``folds``, ``rhat_max`` (of the refits), ``n_samples`` (draws of one) and
        ``mcse`` (Monte Carlo standard error of the sum).
    """
    outcomes = scored_outcomes(spec, level)
    if not outcomes or not _can_leave_out(compiled, level, outcomes):
        raise FitError(Problem("left-out teams", f"no outcome of level {level!r} that can be left out."))
    y = outcome_values(survey, level, outcomes)
    scored = np.flatnonzero(~np.isnan(np.column_stack(list(y.values()))).all(axis=1))
    shuffled = np.random.default_rng([refits.seed, 10]).permutation(scored)
    folds = [np.sort(f) for f in np.array_split(shuffled, min(refits.folds, len(scored)))]
    score, found = np.full(survey.levels[level].sizes[level], np.nan), []
    latents: xr.DataArray | None = None
    for k, fold in enumerate(folds):
        posterior = refit_without(compiled, y, level, fold, refits, k)
        found.append(averaged(given_answers(posterior, spec, level, y, fold)))
        score[fold] = found[-1].score
        if f"{level}.latent" in posterior:
            expected = posterior[f"{level}.latent"].mean(("chain", "draw")).rename("latents")
            latents = expected if latents is None else latents
            latents[fold] = expected[fold]
        if progress is not None:
            progress(k + 1, len(folds))
    result = xr.DataArray(score, dims=level, coords={level: survey.levels[level][level]}, name="elpd")
    result = result[scored].assign_attrs(
        folds=len(folds), rhat_max=max(each.rhat for each in found), n_samples=refits.draws * refits.chains,
        outcomes=list(outcomes), mcse=float(np.sqrt(sum(each.mcse**2 for each in found))),
    )  # fmt: skip
    return LeftOut(result, latents)


def _can_leave_out(compiled: Compiled, level: str, outcomes: tuple[str, ...]) -> bool:
    built = compiled.built
    of_teams = built.recover is not None and built.recover.level == level
    return of_teams or f"{level}.{outcomes[0]}.row" in built.refit_data


def compare(first: xr.DataArray, second: xr.DataArray) -> Comparison:
    """Compare two models by their scores of the same units."""
    difference = (first - second).values
    total, se = float(difference.sum()), float(np.sqrt(len(difference)) * difference.std(ddof=1))
    return Comparison(total, se, float(stats.norm.cdf(total / se)) if se > 0 else 0.5)
