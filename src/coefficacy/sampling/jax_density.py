"""Log density of a PyMC model as a function of JAX, differentiated by JAX."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from importlib.util import find_spec
from typing import Any

import numpy as np

from coefficacy.errors import FitError, Problem
from coefficacy.sampling.numpyro import NumPyro

__all__ = ["JaxDensity", "jax_density", "needs_jax"]


def needs_jax() -> Problem | None:
    """Return what is missing, if anything."""
    missing = [name for name in ("jax", "numpyro") if find_spec(name) is None]
    if not missing:
        return None
    what = f"'jax' needs {' and '.join(missing)}, not installed."
    return Problem("backend", what, "Install the extra, pip install \"coefficacy[jax]\", or take 'numba'.")


@dataclass(frozen=True)
class JaxDensity:
    """A density whose data can be swapped; see :class:`coefficacy.sampling.density.Density`.

    Attributes
    ----------
    function : of the unconstrained parameters, for JAX to compile, differentiate and vectorise
    record : makes the function of other data
    """

    function: Callable[[Any], Any] = field(repr=False)
    record: Callable[[Mapping[str, np.ndarray]], Callable[[Any], Any]] = field(repr=False)

    def __call__(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = self._with_gradient(x)
        return float(value), np.asarray(gradient)

    @cached_property
    def _with_gradient(self) -> Any:
        import jax

        return jax.jit(jax.value_and_grad(self.function))

    def with_data(self, data: Mapping[str, np.ndarray]) -> JaxDensity:
        return JaxDensity(self.record(data), self.record)

    def sampler(self, start: Callable[[int], np.ndarray]) -> NumPyro:
        return NumPyro(self.function, start)


def jax_density(model: Any, start: Mapping[str, np.ndarray]) -> JaxDensity:
    """Return the density of a PyMC model as a function of one vector of its unconstrained parameters.

    Raises
    ------
    FitError
        If JAX is not installed, or the density is not written in it.
    """
    problem = needs_jax() or _not_in_jax(model)
    if problem is not None:
        raise FitError(problem)
    record = partial(_record, model, model.logp(), start)
    return JaxDensity(record({}), record)


def _not_in_jax(model: Any) -> Problem | None:
    if "incomplete.density" not in model.named_vars:
        return None
    what = "missing answers are not integrated out in JAX."
    return Problem("backend", what, "Take 'numba', or engine='explicit'.")


def _record(
    model: Any, output: Any, start: Mapping[str, np.ndarray], data: Mapping[str, np.ndarray]
) -> Callable[[Any], Any]:
    """JAX compiles for one shape of the data: they enter as constants."""
    import pytensor.tensor as pt
    from pytensor.compile.mode import get_mode
    from pytensor.graph.fg import FunctionGraph
    from pytensor.graph.replace import graph_replace
    from pytensor.link.jax.dispatch import jax_funcify

    import coefficacy.gaussian.jax  # noqa: F401

    x = pt.vector("x", shape=(sum(start[v.name].size for v in model.value_vars),))
    known = {**_parameters(model, x, start), **_constants(model, output, data)}
    graph = FunctionGraph([x], graph_replace([output], known, strict=False), clone=True)
    get_mode("JAX").optimizer.rewrite(graph)
    function = jax_funcify(graph)
    return lambda x: function(x)[0]


def _parameters(model: Any, x: Any, start: Mapping[str, np.ndarray]) -> dict[Any, Any]:
    found, at = {}, 0
    for value in model.value_vars:
        shape, size = start[value.name].shape, start[value.name].size
        found[value] = x[at : at + size].reshape(shape).astype(value.dtype)
        at += size
    return found


def _constants(model: Any, output: Any, data: Mapping[str, np.ndarray]) -> dict[Any, Any]:
    import pytensor.tensor as pt
    from pytensor.compile.sharedvalue import SharedVariable
    from pytensor.graph.traversal import graph_inputs

    values = {v: v.get_value() for v in graph_inputs([output]) if isinstance(v, SharedVariable)}
    for name, value in data.items():
        values[model[name]] = value
        for dim, length in zip(model.named_vars_to_dims.get(name, ()), value.shape, strict=False):
            values[model.dim_lengths[dim]] = np.asarray(length)
    return {v: pt.constant(np.asarray(value, dtype=v.dtype)) for v, value in values.items()}
