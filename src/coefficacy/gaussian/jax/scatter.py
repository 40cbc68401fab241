"""Cross-products of sampled scores, see :mod:`coefficacy.gaussian.scatter`."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

__all__ = ["scatter_gradient", "scatter_of_scores"]


def scatter_of_scores(
    scores: Any, person: Any, team_rows: Any, team: Any, cell: Any, count: Any, first: Any
) -> tuple[Any, Any]:
    """Rows (1, score, row) and (cell, score, row') of the cross-products that belong to scores."""
    n_teams, n_cells = team_rows.shape[0], count.shape[0]
    people = jax.ops.segment_sum(jnp.ones(scores.shape[0]), team, n_teams)
    mean = jax.ops.segment_sum(scores, team, n_teams) / people[:, None]
    deviation = scores - mean[team]
    within = deviation.T @ _with_scores(person, deviation, first)
    in_cell = (jnp.arange(n_cells)[:, None] == cell).astype(scores.dtype)
    between = jnp.einsum("cj,ja,jk->cak", in_cell, mean, _with_scores(team_rows, mean, first))
    return within[None], between


def _with_scores(rows: Any, scores: Any, first: Any) -> Any:
    """Rows with the scores in the columns that are kept free for them."""
    return jax.lax.dynamic_update_slice(rows, scores, (jnp.zeros_like(first), first))


def scatter_gradient(scores: Any, *inputs: Any) -> Any:
    """Pull gradients with respect to both sets of rows back to the scores."""
    fixed, bars = inputs[:6], inputs[6:]
    _, pull = jax.vjp(lambda s: scatter_of_scores(s, *fixed), scores)
    return pull(bars)[0]
