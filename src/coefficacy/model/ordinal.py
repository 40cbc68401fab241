r"""Cumulative (graded) answers: :math:`P(y \le k) = F(c_k - \eta)`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from coefficacy.gaussian.op import GradedDensity

__all__ = ["LINK_SD", "cumulative", "graded_answers", "link_sd", "thresholds"]

LINK_SD = {"logit": float(np.pi / np.sqrt(3)), "probit": 1.0}
_EDGE = 60.0


def link_sd(link: str) -> float:
    """SD of the latent response's residual: pi / sqrt(3) for logit, 1 for probit."""
    return LINK_SD[link]


def thresholds(middle: Any, gaps: Any) -> Any:
    """Ordered thresholds (item, cut) from one free location an item and positive gaps."""
    n_cuts = gaps.shape[-1] + 1
    steps = pt.concatenate([pt.zeros_like(middle)[:, None], pt.cumsum(gaps, axis=-1)], axis=-1)
    return middle[:, None] + steps - steps[:, n_cuts // 2][:, None]


def cumulative(
    name: str, eta: Any, cuts: Any, item: Any, *, link: str, observed: Any, dims: str | None = None
) -> Any:
    """Add ordinal answers in long format.

    Parameters
    ----------
    eta : (answer,) on the link scale
    cuts : (item, K - 1) ordered thresholds
    item : (answer,) position of each answer's item
    link : ``"logit"`` or ``"probit"``
    observed : (answer,) categories 0..K-1
    """
    n_items = cuts.shape[0]
    edge = pt.full((n_items, 1), _EDGE * link_sd(link))
    table = pt.concatenate([-edge, cuts, edge], axis=1)

    def logp(value: Any, eta: Any, table: Any, item: Any) -> Any:
        cell = item * (table.shape[1] - 1) + value
        lower, upper = table[:, :-1].ravel()[cell], table[:, 1:].ravel()[cell]
        if link == "probit":
            return _log_normal_between(lower - eta, upper - eta)
        between = pt.log1mexp((table[:, :-1] - table[:, 1:]).ravel())
        return between[cell] - pt.softplus(eta - upper) - pt.softplus(lower - eta)

    def random(eta: Any, table: Any, item: Any, rng: Any = None, size: Any = None) -> np.ndarray:
        noise = rng.logistic(size=eta.shape) if link == "logit" else rng.normal(size=eta.shape)
        return np.sum((eta + noise)[..., None] > table[..., item, 1:-1], axis=-1).astype("int64")

    return pm.CustomDist(
        name, eta, table, item, logp=logp, random=random, observed=observed, dims=dims,
        signature="(n),(m,k),(n)->(n)", dtype="int64",
    )  # fmt: skip


def graded_answers(
    name: str,
    score: Any,
    loading: Any,
    residual: Any,
    cuts: Any,
    where: tuple[Any, Any, Any],
    *,
    link: str,
    observed: Any,
    dims: str | None = None,
) -> Any:
    """Add ordinal answers whose density and gradient come from one pass of a kernel.

    As :func:`cumulative` of ``loading * score + residual``, several times faster; only the sum over answers
    has a density.

    Parameters
    ----------
    score : (unit,); loading : (item,); residual : (upper unit, item), the upper unit's part of an item
    cuts : (item, K - 1) ordered thresholds
    where : position of each answer's unit (answer,), of each unit's upper unit (unit,), of each answer's
        item (answer,)
    link, observed : as there
    """

    def logp(
        value: Any, score: Any, loading: Any, residual: Any, cuts: Any, unit: Any, upper: Any, item: Any
    ) -> Any:
        is_logit = np.asarray(link == "logit")
        return GradedDensity()(score, loading, residual, cuts, unit, upper, item, value, is_logit)[0]

    def random(
        score: Any, loading: Any, residual: Any, cuts: Any, unit: Any, upper: Any, item: Any,
        rng: Any = None, size: Any = None,
    ) -> np.ndarray:  # fmt: skip
        eta = loading[..., item] * score[..., unit] + residual[..., upper[unit], item]
        noise = rng.logistic(size=eta.shape) if link == "logit" else rng.normal(size=eta.shape)
        return np.sum((eta + noise)[..., None] > cuts[..., item, :], axis=-1).astype("int64")

    return pm.CustomDist(
        name, score, loading, residual, cuts, *where, logp=logp, random=random, observed=observed, dims=dims,
        signature="(u),(m),(g,m),(m,k),(n),(u),(n)->(n)", dtype="int64",
    )  # fmt: skip


def _log_normal_between(a: Any, b: Any) -> Any:
    """log(Phi(b) - Phi(a)) for a < b, from the tail in which both are small."""
    flip = a + b > 0
    low, high = pt.switch(flip, -b, a), pt.switch(flip, -a, b)
    normal = pm.Normal.dist(0.0, 1.0)
    log_high, log_low = pm.logcdf(normal, high), pm.logcdf(normal, low)
    return log_high + pt.log1mexp(pt.minimum(log_low - log_high, -1e-12))
