"""Fitting again with outcomes left out, and the densities of these in the draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

from coefficacy.model.recovered import PREDICTED, PREDICTED_SD
from coefficacy.scores.density import log_density

if TYPE_CHECKING:
    import xarray as xr

    from coefficacy.sampling import Compiled
    from coefficacy.scores.left_out import Refits
    from coefficacy.spec.model import ModelSpec
    from coefficacy.survey import Survey

__all__ = [
    "Averaged",
    "averaged",
    "given_answers",
    "outcome_values",
    "refit_without",
    "rhat_of_total",
    "tail_shape",
]


@dataclass(frozen=True, slots=True)
class Averaged:
    """Log of a density's average over draws.

    Attributes
    ----------
    score : (unit,)
    mcse : Monte Carlo standard error of their sum; to first order, as the units share their draws
    rhat : convergence of the density of all units together; 1 for a single chain
    """

    score: np.ndarray
    mcse: float
    rhat: float


def averaged(given: np.ndarray) -> Averaged:
    """Average a density given as logarithms (chain, draw, unit)."""
    from arviz_stats.base import array_stats

    score = special.logsumexp(given, axis=(0, 1)) - np.log(given.shape[0] * given.shape[1])
    relative = np.exp(given - score).sum(axis=-1)
    mcse = float(array_stats.mcse(relative, method="mean", chain_axis=0, draw_axis=1))
    return Averaged(score, mcse, rhat_of_total(given))


def rhat_of_total(given: np.ndarray) -> float:
    """Convergence of the density (chain, draw, unit) that is averaged; 1 for a single chain."""
    from arviz_stats.base import array_stats

    if given.shape[0] < 2:
        return 1.0
    return float(array_stats.rhat(given.sum(axis=-1), chain_axis=0, draw_axis=1))


def tail_shape(given: np.ndarray) -> float:
    """Pareto k-hat of the largest densities, given as logarithms (chain, draw): can they be averaged?

    Vehtari, Simpson, Gelman, Yao and Gabry (2024), https://jmlr.org/papers/v25/19-556.html
    """
    from arviz_stats.base import array_stats

    _, shape = array_stats.psislw(-given.ravel())
    return float(shape)


def outcome_values(survey: Survey, level: str, outcomes: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Outcomes of every unit of a level, NaN where missing."""
    return {name: np.asarray(survey.column(level, name).values, float) for name in outcomes}


def refit_without(
    compiled: Compiled, y: Mapping[str, np.ndarray], level: str, units: np.ndarray, refits: Refits, k: int
) -> xr.Dataset:
    """Draw from the posterior of the `k`-th refit, in which all outcomes of some units are missing.

    Parameters
    ----------
    y : outcomes of every unit by name
    units : positions of those whose outcomes are left out
    """
    tree = compiled.sample(
        draws=refits.draws, tune=refits.tune, chains=refits.chains, seed=refits.seed + k + 1,
        data=_without(compiled, y, level, units), stage="refit",
    )  # fmt: skip
    return tree["posterior"].to_dataset()


def _without(
    compiled: Compiled, y: Mapping[str, np.ndarray], level: str, units: np.ndarray
) -> dict[str, np.ndarray]:
    recover = compiled.built.recover
    if recover is not None:
        data = {v.name: v.get_value() for v in compiled.built.model.data_vars}
        return recover.without_outcomes(data, units, tuple(y))
    kept = {name: np.setdiff1d(np.flatnonzero(~np.isnan(v)), units) for name, v in y.items()}
    rows = {f"{level}.{n}.row": rows for n, rows in kept.items()}
    return rows | {f"{level}.{n}.y": y[n][rows] for n, rows in kept.items()}


def given_answers(
    posterior: xr.Dataset, spec: ModelSpec, level: str, y: Mapping[str, np.ndarray], units: np.ndarray
) -> np.ndarray:
    """Return log p(outcomes of a unit | its answers or its latents, parameters), (chain, draw, unit).

    Given answers alone where the draws tell what is then expected of the single outcome; else given latents.
    """
    (first, values), *more = y.items()
    stem = f"{level}.{first}"
    if more or f"{stem}.{PREDICTED}" not in posterior:
        return np.sum([log_density(posterior, spec, level, n, v, units) for n, v in y.items()], axis=0)
    mean, sd = (posterior[f"{stem}.{part}"].values[..., units] for part in (PREDICTED, PREDICTED_SD))
    return np.nan_to_num(stats.norm.logpdf(values[units], mean, sd))
