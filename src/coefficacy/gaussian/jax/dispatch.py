"""What PyTensor's JAX mode takes for the kernels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from pytensor.link.jax.dispatch import jax_funcify

from coefficacy.gaussian.jax.cells import cells_density
from coefficacy.gaussian.jax.graded import graded_density
from coefficacy.gaussian.jax.paths import paths, paths_gradient
from coefficacy.gaussian.jax.scatter import scatter_gradient, scatter_of_scores
from coefficacy.gaussian.op import CellsDensity, GradedDensity, Paths, PathsGradient, Scatter, ScatterGradient

__all__ = ["KERNELS"]


def _with_gradient(density: Callable[..., Any], n: int) -> Callable[..., tuple[Any, ...]]:
    """A density and its gradients by the first `n` arguments.

    The gradients are outputs of their own, as PyTensor's gradients are made of them. Where JAX differentiates
    the density instead, it takes its own way, and what is not used is never computed.
    """

    def both(*inputs: Any) -> tuple[Any, ...]:
        held = [jax.lax.stop_gradient(jnp.asarray(i)) for i in inputs]
        return density(*inputs), *jax.grad(density, argnums=tuple(range(n)))(*held)

    return both


KERNELS: dict[Any, Callable[..., Any]] = {
    CellsDensity: _with_gradient(cells_density, 12),
    GradedDensity: _with_gradient(graded_density, 4),
    Paths: paths,
    PathsGradient: paths_gradient,
    Scatter: scatter_of_scores,
    ScatterGradient: scatter_gradient,
}


def _function(kernel: Callable[..., Any], op: Any, **_: Any) -> Callable[..., Any]:
    return jax.jit(kernel)


for _operation, _kernel in KERNELS.items():
    jax_funcify.register(_operation, partial(_function, _kernel))
