"""Densities of outcomes given latents and parameters, draw by draw, from a stored posterior."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special, stats

from coefficacy.spec import queries

if TYPE_CHECKING:
    import xarray as xr

    from coefficacy.spec.model import ModelSpec

__all__ = ["log_density", "replicate"]


def log_density(
    posterior: xr.Dataset, spec: ModelSpec, level: str, outcome: str, y: np.ndarray, units: np.ndarray
) -> np.ndarray:
    """Return log p(y_j | eta_j, parameters), (chain, draw, unit); 0 where y is missing.

    Parameters
    ----------
    y : outcome of every unit of the level
    units : positions of those wanted
    """
    stem, family = f"{level}.{outcome}", queries.family_of(spec, outcome).family
    eta = posterior[f"{stem}.eta"].values[..., units]
    seen = np.isfinite(y[units])
    value = np.where(seen, y[units], np.nanmin(y))
    distribution = _distribution(posterior, spec, stem, outcome, family, eta)
    if family == "ordinal":
        category = (value - np.nanmin(y)).astype(int)
        density = np.log(np.take_along_axis(distribution, _like(category, eta)[..., None], axis=-1)[..., 0])
    else:
        density = distribution.logpdf(value) if family in ("gaussian", "beta") else distribution.logpmf(value)
    return np.where(seen, density, 0.0)


def replicate(
    posterior: xr.Dataset, spec: ModelSpec, level: str, outcome: str, rng: np.random.Generator
) -> np.ndarray:
    """Draw the outcomes of the same units again, (chain, draw, unit)."""
    stem, family = f"{level}.{outcome}", queries.family_of(spec, outcome).family
    eta = posterior[f"{stem}.eta"].values
    distribution = _distribution(posterior, spec, stem, outcome, family, eta)
    if family == "ordinal":
        return (rng.random(distribution.shape[:-1])[..., None] > distribution.cumsum(axis=-1)[..., :-1]).sum(
            axis=-1
        )
    return distribution.rvs(size=eta.shape, random_state=rng)


def _like(units: np.ndarray, eta: np.ndarray) -> np.ndarray:
    return np.broadcast_to(units, eta.shape)


def _column(posterior: xr.Dataset, name: str) -> np.ndarray:
    return posterior[name].values[..., None]


def _distribution(
    posterior: xr.Dataset, spec: ModelSpec, stem: str, outcome: str, family: str, eta: np.ndarray
) -> Any:
    """A frozen scipy distribution of the outcome; for ordinal ones the category probabilities."""
    logit = queries.link_of(spec, outcome) == "logit"
    inverse = special.expit if logit else stats.norm.cdf
    if family == "gaussian":
        return stats.norm(eta, _column(posterior, f"sd({stem})"))
    if family == "bernoulli":
        return stats.bernoulli(inverse(eta))
    if family == "poisson":
        return stats.poisson(np.exp(eta))
    if family == "negative_binomial":
        alpha = _column(posterior, f"{stem}.dispersion")
        return stats.nbinom(alpha, alpha / (alpha + np.exp(eta)))
    if family == "beta":
        mean, precision = np.clip(inverse(eta), 1e-9, 1 - 1e-9), _column(posterior, f"{stem}.precision")
        return stats.beta(mean * precision, (1 - mean) * precision)
    cuts = posterior[f"{stem}.threshold"].values[:, :, 0, :]
    below = inverse(cuts[:, :, None, :] - eta[..., None])
    ends = np.zeros((*eta.shape, 1))
    return np.diff(np.concatenate([ends, below, ends + 1], axis=-1), axis=-1)
