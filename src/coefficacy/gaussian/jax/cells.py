"""Density of cells, see :mod:`coefficacy.gaussian.likelihood`: all cells at once."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

__all__ = ["cells_density"]

_LOG_2PI = float(np.log(2 * np.pi))


@jax.custom_jvp
def _normal(covariance: Any, scatter: Any, units: Any) -> Any:
    """Log-density of `units` vectors by their scatter, without the constant."""
    return _with_inverse(covariance, scatter, units)[0]


def _with_inverse(covariance: Any, scatter: Any, units: Any) -> tuple[Any, Any]:
    low = jnp.linalg.cholesky(covariance, symmetrize_input=False)
    root = jax.scipy.linalg.solve_triangular(low, jnp.eye(low.shape[-1]), lower=True)
    inverse = root.T @ root
    log_det = 2.0 * jnp.sum(jnp.log(jnp.diagonal(low)))
    return -0.5 * (units * log_det + jnp.sum(inverse * scatter)), inverse


@_normal.defjvp
def _normal_slope(primals: Any, tangents: Any) -> tuple[Any, Any]:
    """By the inverse itself: differentiating the factorisation takes several times as long."""
    covariance, scatter, units = primals
    value, inverse = _with_inverse(covariance, scatter, units)
    by_covariance = inverse @ scatter @ inverse - units * inverse
    return value, 0.5 * (jnp.sum(by_covariance * tangents[0]) - jnp.sum(inverse * tangents[1]))


def cells_density(
    loading: Any, theta: Any, tau2: Any, nu: Any, z: Any, m: Any, b: Any, score_rows: Any,
    spread: Any, common: Any, change: Any, reach: Any, scatter: Any, first_score: Any, group: Any, one: Any,
    count: Any, size: Any, seen: Any, first_unit: Any, n_units: Any, by: Any,
) -> Any:  # fmt: skip
    """Log-density of all cells; arguments as in :func:`coefficacy.gaussian.likelihood.cells_density`."""
    starts = jnp.asarray(group)
    item = jnp.arange(loading.shape[0])
    member = ((item >= starts[:-1, None]) & (item < starts[1:, None])).astype(loading.dtype)
    items = loading, theta, tau2, nu, member
    n_groups = member.shape[0] + scatter.shape[1] - loading.shape[0] - b.shape[1]

    def density(rows: Any, products: Any, units: Any, people: Any, present: Any, own: Any) -> Any:
        z_c, m_c, b_c, spread_c = (f[:n_groups] for f in _moderated((z, m, b, spread), own, reach, by))
        forms = z_c, m_c, b_c, spread_c
        return _cell(*items, *forms, _filled(products, rows, first_score), one, units, people, present)

    values, information, score = jax.vmap(density)(score_rows, scatter, count, size, seen, change)
    total = jnp.sum(values)
    if not spread.shape[1]:
        return total
    at = jnp.arange(b.shape[1])
    unit = (at >= first_unit) & (at < first_unit + n_units)
    return total + _units(common, jnp.sum(information, 0), jnp.sum(score, 0), unit)


def _moderated(forms: Any, change: Any, reach: Any, by: Any) -> Any:
    """Forms of one cell, see :func:`coefficacy.gaussian.moderation.moderate`."""
    for p in range(reach.shape[1]):
        forms = [f + change[p] * reach[:, p : p + 1] * f[jnp.asarray(by)[p]] for f in forms]
    return forms


def _units(common: Any, information: Any, score: Any, unit: Any) -> Any:
    """What random intercepts add: integrated out given their mean over units, those columns where `unit`."""
    n = jnp.sum(unit)
    information = jnp.where(unit[:, None, None], information, 0.0)
    score = jnp.where(unit[:, None], score, 0.0)
    precision = jnp.eye(common.shape[0]) + information
    covariance = jnp.linalg.inv(precision)
    mode = jnp.einsum("ukq,uq->uk", covariance, score)
    total = 0.5 * jnp.sum(score * mode) - 0.5 * jnp.sum(jnp.linalg.slogdet(precision)[1])
    of_mean = jnp.sum(jnp.where(unit[:, None, None], covariance, 0.0), 0) / n**2
    away = common - jnp.sum(mode, 0) / n
    square = away @ jnp.linalg.solve(of_mean, away)
    return total - 0.5 * (square + jnp.linalg.slogdet(of_mean)[1] + common.shape[0] * _LOG_2PI)


def _filled(products: Any, rows: Any, first: Any) -> Any:
    """Cross-products with the rows, and columns, of the sampled scores."""
    if not rows.shape[0]:
        return products
    zero = jnp.zeros_like(first)
    with_columns = jax.lax.dynamic_update_slice(products, rows.T, (zero, first))
    return jax.lax.dynamic_update_slice(with_columns, rows, (first, zero))


def _cell(
    loading: Any, theta: Any, tau2: Any, nu: Any, member: Any, z: Any, m: Any, b: Any, spread: Any,
    products: Any, one: Any, units: Any, people: Any, seen: Any,
) -> Any:  # fmt: skip
    n_items, n_groups, n_multi = loading.shape[0], b.shape[0], member.shape[0]
    error = tau2 + theta / people
    ratio = loading / error
    g = 1.0 / (member @ (loading * ratio))
    weight = member * ratio * g[:, None]
    columns, own = jnp.zeros((n_multi, b.shape[1])), jnp.diagonal(products)[:n_items]
    # Centred responses (one < 0) have no intercept, and no column to hold it.
    nu = jnp.where(jnp.asarray(one) >= 0, nu, 0.0)
    at = jnp.maximum(one, 0)
    constant = n_items + n_groups - n_multi + at
    columns = columns.at[:, at].add(-weight @ nu) if b.shape[1] else columns
    if b.shape[1]:
        own = own + nu * (nu * products[constant, constant] - 2.0 * products[:n_items, constant])
    shown = jnp.concatenate([weight, jnp.zeros((n_multi, n_groups - n_multi)), columns], axis=1)
    single = jnp.eye(n_groups - n_multi, products.shape[0], n_items)
    explained = jnp.sum((shown @ products) * shown, axis=1)
    total = units * (jnp.sum(jnp.log(g)) - (n_items - n_multi) * _LOG_2PI - jnp.sum(jnp.log(error)))
    total += jnp.sum(explained / g) - jnp.sum(own / error)
    rows = jnp.concatenate([shown, single]).at[:, n_items + n_groups - n_multi :].add(-b)
    first_column = n_items + n_groups - n_multi
    covariance = z @ z.T + m @ m.T / people
    value, inverse = _responses(rows @ products @ rows.T, covariance, g, units, seen)
    number, weighted = jnp.diagonal(products)[first_column:], inverse @ spread
    return (
        0.5 * total + value,
        number[:, None, None] * (spread.T @ weighted),
        (rows @ products[:, first_column:]).T @ weighted,
    )


def _responses(scatter: Any, covariance: Any, g: Any, units: Any, seen: Any) -> tuple[Any, Any]:
    """Log-density of the projections and single responses, and their precision, zero for missing outcomes."""
    n = covariance.shape[0]
    present = jnp.concatenate([jnp.ones(n - seen.shape[0], bool), seen.astype(bool)])
    both = present[:, None] & present
    noise = jnp.concatenate([g, jnp.zeros(n - g.shape[0])])
    covariance = jnp.where(both, covariance, 0.0) + jnp.diag(jnp.where(present, noise, 1.0))
    constant = -0.5 * units * _LOG_2PI * jnp.sum(present)
    inverse = jnp.where(both, jnp.linalg.inv(covariance), 0.0)
    return constant + _normal(covariance, jnp.where(both, scatter, 0.0), units), inverse
