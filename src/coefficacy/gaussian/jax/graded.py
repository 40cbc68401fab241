"""Density of graded answers, see :mod:`coefficacy.gaussian.graded`."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erfc

__all__ = ["graded_density"]

_ROOT_HALF, _ROOT_2PI = float(np.sqrt(0.5)), float(np.sqrt(2 * np.pi))
_FAR, _LEAST, _MOST = 30.0, 1e-300, 300.0


def graded_density(
    score: Any, loading: Any, residual: Any, cuts: Any,
    unit: Any, team: Any, item: Any, category: Any, logit: Any,
) -> Any:  # fmt: skip
    """Log-density of answers; arguments as in :func:`coefficacy.gaussian.graded.graded_density`."""
    unit, item, category = jnp.asarray(unit), jnp.asarray(item), jnp.asarray(category)
    n_cuts = cuts.shape[1]
    eta = loading[item] * score[unit] + residual[jnp.asarray(team)[unit], item]
    has_low, has_high = category > 0, category < n_cuts
    low = cuts[item, jnp.maximum(category - 1, 0)]
    high = cuts[item, jnp.minimum(category, n_cuts - 1)]
    density = jnp.where(
        jnp.asarray(logit),
        _logistic(low, high, eta, has_low, has_high),
        _probit(jnp.where(has_low, low - eta, 0.0), jnp.where(has_high, high - eta, 0.0), has_low, has_high),
    )
    return jnp.sum(density)


def _logistic(low: Any, high: Any, eta: Any, has_low: Any, has_high: Any) -> Any:
    """P = F(high) F(-low) (1 - exp(low - high)); the last factor belongs to the cuts alone."""
    gap = high - low
    gap = gap + jax.lax.stop_gradient(jnp.clip(gap, _LEAST, _MOST) - gap)
    between = jnp.log(-jnp.expm1(-jnp.where(has_low & has_high, gap, 1.0)))
    return (
        jnp.where(has_high, jax.nn.log_sigmoid(high - eta), 0.0)
        + jnp.where(has_low, jax.nn.log_sigmoid(eta - low), 0.0)
        + jnp.where(has_low & has_high, between, 0.0)
    )


@jax.custom_jvp
def _probit(low: Any, high: Any, has_low: Any, has_high: Any) -> Any:
    """log P(low < x < high)."""
    return _probit_slopes(low, high, has_low, has_high)[0]


@_probit.defjvp
def _probit_jvp(primals: Any, tangents: Any) -> tuple[Any, Any]:
    value, d_low, d_high = _probit_slopes(*primals)
    return value, d_low * tangents[0] + d_high * tangents[1]


def _probit_slopes(low: Any, high: Any, has_low: Any, has_high: Any) -> tuple[Any, Any, Any]:
    """log P(low < x < high) and its derivatives, from the tail in which both are small."""
    flip = has_low & (~has_high | (low + high > 0.0))
    low, high = jnp.where(flip, -high, low), jnp.where(flip, -low, high)
    has_low = jnp.where(flip, has_high, has_low)
    far = high < -_FAR
    near = jnp.where(far, -1.0, high)
    tail = jnp.where(has_low, 0.5 * erfc(-low * _ROOT_HALF), 0.0)
    p = jnp.where(
        has_low, jnp.maximum(0.5 * erfc(-near * _ROOT_HALF) - tail, _LEAST), 0.5 * erfc(-near * _ROOT_HALF)
    )
    p = jnp.where(far, 1.0, p)
    d_low = jnp.where(has_low & ~far, -jnp.exp(-0.5 * low * low) / (_ROOT_2PI * p), 0.0)
    d_high = jnp.where(far, -high, jnp.exp(-0.5 * near * near) / (_ROOT_2PI * p))
    beyond = jnp.where(far, high, -_FAR)
    value = jnp.where(far, -0.5 * beyond * beyond - jnp.log(-beyond * _ROOT_2PI), jnp.log(p))
    return value, jnp.where(flip, -d_high, d_low), jnp.where(flip, -d_low, d_high)
