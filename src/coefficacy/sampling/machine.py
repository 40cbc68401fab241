"""A PyMC model as machine code for nutpie: one compiled function, everything else in NumPy.

`nutpie.compile_pymc_model` also compiles a function that turns a draw into all stored variables, and wraps
both in C callbacks that numba cannot keep on disk: most of the wait before the first draw. Here PyTensor's
function of value and gradient is compiled once, kept in numba's cache on disk, and called without the
interpreter lock, so that chains run in parallel; draws are turned into variables afterwards, uncompiled.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor
from pytensor.compile.mode import Mode
from pytensor.graph.replace import graph_replace, vectorize_graph

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Machine", "compile_machine"]

_CHUNK = 500


def _parallel(density: Any) -> Any:
    """The same function, giving the interpreter lock back while it works."""
    import numba

    @numba.njit(nogil=True)
    def unlocked(*arguments):  # type: ignore[no-untyped-def]
        return density(*arguments)

    return unlocked


@dataclass(frozen=True)
class Machine:
    """A compiled model with its data.

    Attributes
    ----------
    model : what it was compiled from
    density : machine code of (parameters, *data) -> (log density, gradient)
    data : the data of `density` by name, in its order
    start : unconstrained parameters of the initial point
    stored : names of the variables that draws are turned into
    """

    model: Any
    density: Any = field(repr=False)
    data: dict[str, Any] = field(repr=False)
    start: np.ndarray = field(repr=False)
    stored: tuple[str, ...] = ()

    def with_data(self, **values: np.ndarray) -> Machine:
        """Return the same machine code with other data."""
        return replace(self, data={**self.data, **values})

    def sampler(self) -> Any:
        """What :func:`nutpie.sample` takes."""
        from nutpie.compiled_pyfunc import from_pyfunc

        n, data = len(self.start), [np.asarray(v) for v in self._ordered()]

        def make_density() -> Any:
            def density(x: np.ndarray) -> tuple[float, np.ndarray]:
                value, gradient = self.density(x, *data)
                return float(value), gradient

            return density

        def make_store(*_: Any) -> Any:
            return lambda x: {"x": np.asarray(x)}

        def start(seed: int) -> np.ndarray:
            return self.start + np.random.default_rng(seed).uniform(-1.0, 1.0, n)

        return from_pyfunc(
            n, make_density, make_store, [np.dtype("float64")], [(n,)], ["x"], make_initial_point_fn=start
        )

    def variables(self, x: np.ndarray) -> xr.Dataset:
        """Turn unconstrained draws (chain, draw, parameter) into the stored variables."""
        import xarray as xr

        flat = x.reshape(-1, x.shape[-1])
        data = [self.data.get(name, value) for name, value in self._defaults.items()]
        parts = [self._expand(flat[i : i + _CHUNK], *data) for i in range(0, len(flat), _CHUNK)]
        arrays = [np.concatenate(p).reshape(*x.shape[:2], *p[0].shape[1:]) for p in zip(*parts, strict=True)]
        variables = {
            name: (("chain", "draw", *self._dims(name, array.ndim - 2)), array)
            for name, array in zip(self.stored, arrays, strict=True)
        }
        used = {dim for dims, _ in variables.values() for dim in dims}
        coords = {
            dim: np.asarray(labels)
            for dim, labels in self.model.coords.items()
            if dim in used and labels is not None
        }
        return xr.Dataset(variables, coords={"chain": range(x.shape[0]), "draw": range(x.shape[1]), **coords})

    def _ordered(self) -> list[Any]:
        return list(self.data.values())

    def _dims(self, name: str, ndim: int) -> tuple[str, ...]:
        named = self.model.named_vars_to_dims.get(name)
        return tuple(named) if named else tuple(f"{name}_dim_{axis}" for axis in range(ndim))

    @cached_property
    def _defaults(self) -> dict[str, np.ndarray]:
        return {v.name: v.get_value() for v in self.model.data_vars}

    @cached_property
    def _expand(self) -> Any:
        """All draws at once, run by NumPy: no compilation."""
        import pytensor.tensor as pt

        model = self.model
        wanted = model.replace_rvs_by_values([model[name] for name in self.stored])
        placeholders = {v: v.type() for v in model.data_vars}
        wanted = graph_replace(wanted, placeholders, strict=False)
        flat, batched, position = pt.matrix("x"), {}, 0
        for value in model.value_vars:
            if value not in model.rvs_to_values.values():
                continue
            shape = model.initial_point()[value.name].shape
            size = int(np.prod(shape, dtype=int))
            part = flat[:, position : position + size].reshape((flat.shape[0], *shape))
            batched[value], position = part.astype(value.dtype), position + size
        outputs = vectorize_graph(wanted, batched)
        return pytensor.function(
            [flat, *placeholders.values()], outputs, mode=Mode(linker="py", optimizer="fast_compile"),
            on_unused_input="ignore",
        )  # fmt: skip


def compile_machine(model: Any, hidden: tuple[str, ...] = ()) -> Machine:
    """Compile a PyMC model; the variables in `hidden` are not stored."""
    start = model.initial_point()
    function = model.logp_dlogp_function(ravel_inputs=True, initial_point=start, mode="NUMBA")
    function.set_extra_values({})
    inner = function._pytensor_function
    names = [i.variable.name or f"unnamed.{k}" for k, i in enumerate(inner.maker.inputs)]
    data = {
        name: storage.storage[0] for name, storage in zip(names[1:], inner.input_storage[1:], strict=True)
    }
    point = np.concatenate([np.ravel(start[v.name]) for v in model.value_vars]).astype(float)
    variables = (*model.free_RVs, *model.deterministics)
    stored = tuple(v.name for v in variables if v.name not in hidden)
    machine = Machine(model, _parallel(inner.vm.jit_fn), data, point, stored)
    machine.density(point, *data.values())
    return machine
