"""Answers to items, drawn from latents of persons and team-level item residuals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

__all__ = ["Items", "draw_answers", "draw_items"]

type Array = NDArray[np.float64]

LOGISTIC_VARIANCE = math.pi**2 / 3
_CUMULATIVE = (0.08, 0.26, 0.54, 0.84)
_SHIFT = 0.25


@dataclass(frozen=True, slots=True)
class Items:
    """Measurement parameters of one measure; the first axis is always the item.

    Attributes
    ----------
    names : column names
    loading : on the link scale, all positive
    item_sd : SD of the team-level item residual, on the link scale
    intercept, residual_sd : gaussian items only, else None
    threshold : ordinal items only, shape (item, cut), increasing, logit scale
    """

    names: tuple[str, ...]
    loading: Array
    item_sd: Array
    intercept: Array | None = None
    residual_sd: Array | None = None
    threshold: Array | None = None

    def parameters(self, measure: str) -> dict[str, float]:
        """Return the parameters by their names in the model."""
        known = {
            "intercept": self.intercept,
            "loading": self.loading,
            "residual_sd": self.residual_sd,
            "item_sd": self.item_sd,
        }
        named = {
            f"{measure}.{kind}[{item}]": float(value)
            for kind, values in known.items()
            if values is not None
            for item, value in zip(self.names, values, strict=True)
        }
        if self.threshold is not None:
            for item, cuts in zip(self.names, self.threshold, strict=True):
                for k, cut in enumerate(cuts, start=1):
                    named[f"{measure}.threshold[{item}, {k}|{k + 1}]"] = float(cut)
        return named


def draw_items(
    rng: np.random.Generator | None,
    names: tuple[str, ...],
    *,
    family: str,
    reliability: float,
    item_sd: float,
    sd: float,
    unit: float = 1.0,
    location: float = 0.0,
    categories: int = 5,
) -> Items:
    """Draw measurement parameters that vary around the wanted ones.

    Parameters
    ----------
    rng : None gives all items the wanted parameters
    family : ``"gaussian"`` or ``"ordinal"`` (cumulative logit)
    reliability : lambda^2 / (lambda^2 + residual variance) of an average item for a latent of unit variance
    item_sd : team-level item residual of an average item, in units of the latent's within-team residual SD
    sd : total SD of the latent over persons; sets the thresholds so that all categories are used
    unit : loading of an average gaussian item
    location : mean of the gaussian items
    categories : of the ordinal items
    """
    k = len(names)

    def around(low: float, high: float) -> Array:
        return np.full(k, (low + high) / 2) if rng is None else rng.uniform(low, high, k)

    odds = reliability / (1 - reliability)
    mean_loading = math.sqrt(odds * LOGISTIC_VARIANCE) if family == "ordinal" else unit
    loading = mean_loading * around(0.8, 1.2)
    tau = item_sd * mean_loading * around(0.7, 1.3)
    shift = around(-1, 1)
    if family == "ordinal":
        total = np.sqrt((loading * sd) ** 2 + tau**2 + LOGISTIC_VARIANCE)
        base = np.array([NormalDist().inv_cdf(p) for p in _cumulative(categories)])
        return Items(names, loading, tau, threshold=total[:, None] * (base + _SHIFT * shift[:, None]))
    residual = unit / math.sqrt(odds) * around(0.85, 1.15)
    return Items(names, loading, tau, intercept=location + _SHIFT * unit * shift, residual_sd=residual)


def _cumulative(categories: int) -> Array:
    """Shares of answers up to each cut: those of five categories, spread over more or fewer."""
    cuts = np.arange(1, categories) * 5 / categories
    return np.interp(cuts, range(6), (0.0, *_CUMULATIVE, 1.0))


def draw_answers(rng: np.random.Generator, items: Items, eta: Array, team: NDArray[np.int64]) -> Array:
    """Draw one answer per person and item, shape (person, item); ordinal answers are 1 to K.

    Parameters
    ----------
    eta : latent of each person
    team : position of each person's team
    """
    k = len(items.names)
    residual = rng.normal(size=(int(team.max()) + 1, k)) * items.item_sd
    linear = eta[:, None] * items.loading + residual[team]
    if items.threshold is not None:
        propensity = linear + rng.logistic(size=linear.shape)
        return (1 + (propensity[:, :, None] > items.threshold[None]).sum(axis=2)).astype(np.float64)
    assert items.intercept is not None
    assert items.residual_sd is not None
    return np.round(items.intercept + linear + rng.normal(size=linear.shape) * items.residual_sd, 4)
