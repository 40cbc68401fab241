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
from zlib import crc32

import numpy as np
import pytensor
from pytensor.compile.mode import Mode, get_mode
from pytensor.graph.replace import graph_replace, vectorize_graph
from pytensor.link.numba.cache import CACHED_SRC_FUNCTIONS
from pytensor.link.numba.dispatch.basic import numba_njit
from pytensor.link.numba.linker import NumbaLinker

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Machine", "compile_machine"]

_CHUNK = 500
_JITTER = 0.5


class _Unlocked(NumbaLinker):
    """Compiles functions that give the interpreter lock back, and keeps them on disk as the parent does."""

    def jit_compile(self, fn_and_cache: Any) -> Any:
        function, key = fn_and_cache
        if key is not None:
            CACHED_SRC_FUNCTIONS[function.py_func] += "_unlocked"
        return numba_njit(function.py_func, final_function=True, nogil=True, cache=key is not None)


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
    recover : see ``Built.recover``
    """

    model: Any
    density: Any = field(repr=False)
    data: dict[str, Any] = field(repr=False)
    start: np.ndarray = field(repr=False)
    stored: tuple[str, ...] = ()
    recover: Any = None

    def with_data(self, **values: np.ndarray) -> Machine:
        """Return the same machine code with other data."""
        other = replace(self, data={**self.data, **values})
        other.__dict__.update({name: getattr(self, name) for name in ("_expand", "_defaults")})
        return other

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
            return self.start + np.random.default_rng(seed).uniform(-_JITTER, _JITTER, n)

        return from_pyfunc(
            n, make_density, make_store, [np.dtype("float64")], [(n,)], ["x"], make_initial_point_fn=start
        )

    def variables(self, x: np.ndarray) -> xr.Dataset:
        """Turn unconstrained draws (chain, draw, parameter) into the stored variables."""
        import xarray as xr

        flat, rng = x.reshape(-1, x.shape[-1]), np.random.default_rng(crc32(np.ascontiguousarray(x)))
        parts = [self._expanded(flat[i : i + _CHUNK], rng) for i in range(0, len(flat), _CHUNK)]
        arrays = {
            name: np.concatenate([p[name] for p in parts]).reshape(*x.shape[:2], *parts[0][name].shape[1:])
            for name in parts[0]
        }
        variables = {
            name: (("chain", "draw", *self._dims(name, array.ndim - 2)), array)
            for name, array in arrays.items()
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

    def _expanded(self, flat: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        data = {name: self.data.get(name, value) for name, value in self._defaults.items()}
        draws = {
            name: value
            if value.ndim > self.model[name].ndim
            else np.broadcast_to(value, (len(flat), *value.shape))
            for name, value in zip(self.stored, self._expand(flat, *data.values()), strict=True)
        }
        return draws if self.recover is None else self.recover(draws, data, rng)

    def _dims(self, name: str, ndim: int) -> tuple[str, ...]:
        recovered = self.recover.dims if self.recover is not None else {}
        named = self.model.named_vars_to_dims.get(name) or recovered.get(name)
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
        flat, batched, position, start = pt.matrix("x"), {}, 0, model.initial_point()
        for value in model.value_vars:
            if value not in model.rvs_to_values.values():
                continue
            shape = start[value.name].shape
            size = int(np.prod(shape, dtype=int))
            part = flat[:, position : position + size].reshape((flat.shape[0], *shape))
            batched[value], position = part.astype(value.dtype), position + size
        outputs = vectorize_graph(wanted, batched)
        return pytensor.function(
            [flat, *placeholders.values()], outputs, mode=Mode(linker="py", optimizer=None),
            on_unused_input="ignore",
        )  # fmt: skip


def compile_machine(model: Any, hidden: tuple[str, ...] = (), recover: Any = None) -> Machine:
    """Compile a PyMC model; the variables in `hidden` are not stored."""
    start = model.initial_point()
    mode = Mode(linker=_Unlocked(), optimizer=get_mode("NUMBA").provided_optimizer)
    function = model.logp_dlogp_function(ravel_inputs=True, initial_point=start, mode=mode)
    function.set_extra_values({})
    inner = function._pytensor_function
    names = [i.variable.name or f"unnamed.{k}" for k, i in enumerate(inner.maker.inputs)]
    data = {
        name: storage.storage[0] for name, storage in zip(names[1:], inner.input_storage[1:], strict=True)
    }
    point = np.concatenate(
        [np.ravel(start[v.name]) + (v.name == "standard.folded") for v in model.value_vars]
    ).astype(float)
    variables = (*model.free_RVs, *model.deterministics)
    stored = tuple(v.name for v in variables if v.name not in hidden)
    machine = Machine(model, inner.vm.jit_fn, data, point, stored, recover)
    machine.density(point, *data.values())
    return machine
