"""Regressions as linear forms, see :mod:`coefficacy.gaussian.paths`: one response after the other."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from coefficacy.gaussian.paths import NORMAL, STUDENT_T

__all__ = ["paths", "paths_gradient"]


def paths(
    free: Any, sigma: Any, factor: Any, members: Any, direct: Any, relative: Any, response: Any, latent: Any,
    predictor: Any, product: Any, root: Any, shrink: Any, prior: Any,
) -> tuple[Any, ...]:  # fmt: skip
    """Coefficients of every response; see :func:`coefficacy.gaussian.paths.paths`, up to its `whole`."""
    n, n_columns, n_below = sigma.shape[0], root.shape[0], members.shape[1]
    response, latent, predictor, product = (jnp.asarray(a) for a in (response, latent, predictor, product))
    plain, width = product == 0.0, jnp.where(product == 0.0, 1.0, product)
    relative, factor = jnp.asarray(relative), jnp.tril(factor)
    g = jnp.where(relative[response], free * sigma[response], free) if free.shape[0] else free
    column_sd = jnp.linalg.norm(jnp.tril(root), axis=1)
    onto_latent = (latent[:, None] & (predictor[:, None] == jnp.arange(n))).astype(g.dtype)
    onto_column = (~latent[:, None] & (predictor[:, None] == jnp.arange(n_columns))).astype(g.dtype)
    own = sigma[:, None] * factor
    n_terms, first = g.shape[0], n_columns + n + n_below
    nothing = jnp.zeros((n, first + n_terms))
    disturbances = nothing.at[:, n_columns:first].set(jnp.concatenate([own, shrink * members], axis=1))
    sources = jnp.zeros((n_columns, first + n_terms)).at[:, :n_columns].set(jnp.tril(root))
    x = jnp.concatenate([jnp.zeros((n, n_columns)), direct], axis=1)
    z, m, spread = jnp.zeros((n, n)), jnp.zeros((n, n_below)), nothing
    whole, sd = jnp.zeros(n), jnp.ones(n)
    for i in range(n):
        unit = onto_latent @ sd + onto_column @ column_sd
        b = jnp.where((response == i) & plain, g / unit, 0.0)
        by_latent, by_column = b @ onto_latent, b @ onto_column
        explained = by_latent @ spread + by_column @ sources
        explained = explained.at[first:].add(jnp.where((response == i) & ~plain, g, 0.0))
        x = x.at[i].add(by_latent @ x).at[i, :n_columns].add(by_column)
        z = z.at[i].set(by_latent @ z + own[i])
        m = m.at[i].set(by_latent @ (m + members))
        spread = spread.at[i].set(explained + disturbances[i])
        whole = whole.at[i].set(jnp.sqrt(sigma[i] ** 2 + jnp.sum(explained**2)))
        sd = sd.at[i].set(jnp.sqrt(jnp.sum(spread[i] ** 2)))
    units = (onto_latent @ sd + onto_column @ column_sd) * width
    log_prior = _log_prior(g, sigma, relative, response, prior, whole, units)
    return x, z, m, log_prior, sd, g, whole


def _log_prior(g: Any, sigma: Any, relative: Any, response: Any, prior: Any, whole: Any, units: Any) -> Any:
    """On standardised or raw coefficients, with the Jacobian of those that are sampled."""
    if not g.shape[0]:
        return jnp.zeros(())
    prior = jnp.asarray(prior)
    raw = prior[:, 4] != 0
    of_response = response == jnp.arange(sigma.shape[0])[:, None]
    number = jnp.sum(of_response, axis=1)
    some, standardised = number > 0, ~jnp.any(of_response & raw, axis=1)
    total = jnp.sum(jnp.where(some & relative, number * jnp.log(sigma), 0.0))
    jacobian = 2.0 * jnp.log(sigma) - (number + 2.0) * jnp.log(whole)
    total += jnp.sum(jnp.where(some & standardised, jacobian, 0.0))
    total -= jnp.sum(jnp.where(raw, jnp.log(units), 0.0))
    return total + jnp.sum(_density(prior, g / jnp.where(raw, units, whole[response])))


def _density(prior: Any, x: Any) -> Any:
    """Log-densities, up to a constant."""
    kind, nu, location, scale, _ = prior.T
    square = ((x - location) / scale) ** 2
    df = jnp.where(kind == STUDENT_T, nu, 1.0)
    return jnp.where(kind == NORMAL, -0.5 * square, -0.5 * (df + 1.0) * jnp.log1p(square / df))


def paths_gradient(*inputs: Any) -> tuple[Any, ...]:
    """Pull gradients with respect to x, z, m, log prior, sd and g back to the arguments that vary."""
    varying, fixed, bars = inputs[:5], inputs[5:13], inputs[13:]
    _, pull = jax.vjp(lambda *arguments: paths(*arguments, *fixed)[:6], *varying)
    return pull(tuple(jnp.asarray(bar, varying[0].dtype) for bar in bars))
