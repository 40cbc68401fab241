"""Left-out teams from one fit, where a team's outcomes given its answers have a density in closed form."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from coefficacy.model.recovered import EXPECTED, OUTCOME_DENSITY
from coefficacy.scores.density import log_density
from coefficacy.scores.kept import PARETO_K
from coefficacy.scores.left_out import LeftOut, scored_outcomes
from coefficacy.scores.refitting import rhat_of_total

if TYPE_CHECKING:
    from coefficacy.spec.model import ModelSpec
    from coefficacy.survey import Survey

__all__ = ["has_exact_scores", "left_out_exact", "psis", "scores_of"]


def has_exact_scores(posterior: xr.Dataset, level: str) -> bool:
    """Whether log p(a unit's outcomes | its answers, parameters) is known draw by draw."""
    return f"{level}.{OUTCOME_DENSITY}" in posterior or f"{level}.latent" not in posterior


def left_out_exact(posterior: xr.Dataset, spec: ModelSpec, survey: Survey, level: str) -> LeftOut:
    r"""Score every unit of `level` with its outcomes left out and its answers kept, without refitting.

    The unit's latents are integrated out, so that :math:`p(y_j \mid \text{answers}_j, \theta)` weighs the
    draws of the parameters alone: importance sampling with weights :math:`1 / p`, their tail smoothed
    (Vehtari, Simpson, Gelman, Yao and Gabry 2024, https://jmlr.org/papers/v25/19-556.html). The same weights
    give what is expected of the unit's latents without its own outcomes.

    Parameters
    ----------
    posterior : draws of the exact engine, or of a model without latents

    Returns
    -------
    LeftOut
        Scores have the coordinate ``pareto_k`` and the attributes ``khat_max`` (the weights can be trusted
        below ``good_k``), ``rhat_max`` (of the density that is averaged), ``p`` (effective number of
        parameters) and ``n_samples``.
    """
    outcomes = scored_outcomes(spec, level)
    y = np.column_stack([np.asarray(survey.column(level, name).values, float) for name in outcomes])
    scored = np.flatnonzero(~np.isnan(y).all(axis=1))
    density = _density(posterior, spec, survey, level, scored)
    found = psis(density)
    score = scores_of(found, density, level, outcomes)
    return LeftOut(score, _expected(posterior, level, found.log_weights, scored))


def scores_of(found: Any, density: xr.DataArray, level: str, outcomes: tuple[str, ...]) -> xr.DataArray:
    """Return scores with what is known of them, see :func:`left_out_exact`.

    Parameters
    ----------
    found : of :func:`psis`
    density : what was averaged, (chain, draw, level)
    """
    pareto_k = np.asarray(found.pareto_k, float)
    return xr.DataArray(
        np.asarray(found.elpd_i, float),
        dims=level,
        coords={level: density[level].values, PARETO_K: (level, pareto_k)},
        name="elpd",
        attrs={
            "khat_max": float(pareto_k.max()),
            "good_k": float(found.good_k),
            "p": float(found.p),
            "n_samples": int(found.n_samples),
            "rhat_max": rhat_of_total(density.transpose("chain", "draw", level).values),
            "outcomes": list(outcomes),
        },
    )


def _density(
    posterior: xr.Dataset, spec: ModelSpec, survey: Survey, level: str, scored: np.ndarray
) -> xr.DataArray:
    if f"{level}.{OUTCOME_DENSITY}" in posterior:
        return posterior[f"{level}.{OUTCOME_DENSITY}"].isel({level: scored}).rename("elpd")
    each = [
        log_density(
            posterior, spec, level, name, np.asarray(survey.column(level, name).values, float), scored
        )
        for name in scored_outcomes(spec, level)
    ]
    ids = survey.levels[level][level].values[scored]
    return xr.DataArray(np.sum(each, axis=0), dims=("chain", "draw", level), coords={level: ids}, name="elpd")


def _expected(
    posterior: xr.Dataset, level: str, log_weights: xr.DataArray, scored: np.ndarray
) -> xr.DataArray | None:
    """E[latents of a unit | its answers, the other units], all units."""
    if f"{level}.{EXPECTED}" not in posterior:
        return None
    draws = posterior[f"{level}.{EXPECTED}"]
    expected = draws.mean(("chain", "draw"))
    weights = np.exp(log_weights.transpose("chain", "draw", level).values)
    weights /= weights.sum(axis=(0, 1))
    expected[scored] = np.einsum("cdj,cdjk->jk", weights, draws.values[:, :, scored])
    return expected.rename("latents")


def psis(density: xr.DataArray, *, weights: Any = None) -> Any:
    """Return ArviZ's ``ELPDData`` of log densities (chain, draw, unit), without its warning of large k-hats.

    They are in the result; the verdict has a reason of its own for them.

    Parameters
    ----------
    weights : an ``ELPDData`` whose weights are taken, where more is left out than is scored
    """
    import arviz as az

    tree = xr.DataTree.from_dict({"posterior": xr.Dataset(), "log_likelihood": density.to_dataset()})
    given = {} if weights is None else {"log_weights": weights.log_weights, "pareto_k": weights.pareto_k}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Estimated shape parameter of Pareto distribution")
        return az.loo(tree, pointwise=True, reff=_relative_efficiency(density), **given)


def _relative_efficiency(density: xr.DataArray) -> float:
    """Effective draws of the densities as a share of all, the mean over units."""
    from arviz_stats.base import array_stats

    values = np.exp(density.transpose("chain", "draw", ...).values)
    effective = array_stats.ess(values, chain_axis=0, draw_axis=1, method="mean")
    return float(np.mean(effective) / (values.shape[0] * values.shape[1]))
