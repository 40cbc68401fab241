"""Scores of left-out units as a fit keeps them, and as ArviZ's objects."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from coefficacy.scores.left_out import RHAT_OF_REFITS, LeftOut, Refits

if TYPE_CHECKING:
    import xarray as xr

    from coefficacy.sampling import Fit

__all__ = ["GROUP", "PARETO_K", "elpd_data", "keep", "kept", "refits_of"]

GROUP = "left_out"
PARETO_K = "pareto_k"


def refits_of(
    fit: Fit, refits: Refits | None, *, group: str = GROUP, default: Refits | None = None
) -> Refits:
    """Return the settings asked for, else those of the scores that are kept, else the default."""
    if refits is not None:
        return refits
    attrs = fit.tree[group].attrs if group in fit.tree else {}
    default = default or Refits(seed=fit.seed)
    return Refits(**{name: int(attrs.get(name, value)) for name, value in asdict(default).items()})


def keep(fit: Fit, name: str, found: LeftOut, refits: Refits, *, group: str = GROUP) -> None:
    """Put scores and latents into the fit's tree; those made with other settings are dropped."""
    import xarray as xr

    same, score = _attrs(fit, group) == asdict(refits), found.score
    parts = {group: score, _k_group(group): score.coords.get(PARETO_K), _latents_group(group): found.latents}
    for part, value in parts.items():
        before = dict(fit.tree[part].data_vars) if same and part in fit.tree else {}
        now = {} if value is None else {name: value.drop_vars(PARETO_K, errors="ignore")}
        fit.tree[part] = xr.DataTree(xr.Dataset({**before, **now}, attrs=asdict(refits)))


def kept(fit: Fit, name: str, refits: Refits, *, group: str = GROUP) -> LeftOut | None:
    """Return what :func:`keep` put there with the same settings; None if there is nothing."""
    if _attrs(fit, group) != asdict(refits) or name not in fit.tree[group].data_vars:
        return None
    score = fit.tree[group].to_dataset()[name].rename("elpd")
    pareto_k, latents = _beside(fit, _k_group(group), name), _beside(fit, _latents_group(group), name)
    if pareto_k is not None:
        score = score.assign_coords({PARETO_K: pareto_k})
    return LeftOut(score, None if latents is None else latents.rename("latents"))


def _beside(fit: Fit, group: str, name: str) -> xr.DataArray | None:
    if group not in fit.tree or name not in fit.tree[group].data_vars:
        return None
    return fit.tree[group].to_dataset()[name]


def _k_group(group: str) -> str:
    return f"{group}_{PARETO_K}"


def _latents_group(group: str) -> str:
    return f"{group}_latents"


def _attrs(fit: Fit, group: str) -> dict[str, int] | None:
    if group not in fit.tree:
        return None
    return {str(name): int(value) for name, value in fit.tree[group].attrs.items()}


def elpd_data(score: xr.DataArray) -> Any:
    """Return scores as ArviZ's ``ELPDData``, which ``arviz.compare`` and the plots take.

    Parameters
    ----------
    score : of :func:`left_out_exact` or :func:`left_out_units`, or by layer

    Returns
    -------
    arviz_stats.ELPDData
        Of kind ``loo`` or ``loo_kfold``, the latter with a warning where a refit did not converge. The
        effective number of parameters is NaN for refits: it would need the density of outcomes given answers
        alone, which only the exact engine has.
    """
    from arviz_stats.utils import ELPDDataLOO, ELPDDataLOOKFold

    pointwise = score.drop_vars(PARETO_K, errors="ignore").drop_attrs()
    common = {
        "elpd": float(score.sum()),
        "se": float(np.sqrt(score.size * score.values.var(ddof=1))),
        "n_samples": int(score.attrs["n_samples"]),
        "n_data_points": score.size,
        "scale": "log",
        "elpd_i": pointwise,
    }
    if "folds" in score.attrs:
        n_folds, unsure = int(score.attrs["folds"]), _is_unsure(score)
        return ELPDDataLOOKFold(**common, p=float("nan"), warning=unsure, good_k=None, n_folds=n_folds)
    pareto_k = score[PARETO_K].drop_vars(PARETO_K).drop_attrs().rename(PARETO_K)
    good_k = float(score.attrs["good_k"])
    return ELPDDataLOO(
        **common, p=float(score.attrs["p"]), warning=bool((pareto_k > good_k).any()), good_k=good_k,
        pareto_k=pareto_k,
    )  # fmt: skip


def _is_unsure(score: xr.DataArray) -> bool:
    """Whether what was averaged over refits hangs on a few draws, or a refit did not converge."""
    good = min(1 - 1 / np.log10(score.attrs["n_samples"]), 0.7)
    return bool(score.attrs.get("khat_max", -np.inf) > good or score.attrs["rhat_max"] > RHAT_OF_REFITS)
