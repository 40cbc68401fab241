"""Log density of a PyMC model and its gradient: on a tape, in machine code compiled for the model, or in JAX.

A tape starts at once; compiled code runs about twice as fast where vectors are long, after a wait of seconds
to minutes. Models with people and teams integrated out are short.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol

import numpy as np
from numba import carray, types
from pytensor.compile.mode import Mode, get_mode
from pytensor.link.numba.cache import CACHED_SRC_FUNCTIONS
from pytensor.link.numba.dispatch.basic import numba_njit
from pytensor.link.numba.linker import NumbaLinker

from coefficacy.gaussian.compiled import callback
from coefficacy.sampling.expansion import slots_of, swapped_data
from coefficacy.tape import Program, Untraceable, trace

__all__ = ["Density", "density_of"]

LONGEST_TAPE = 100_000


class Density(Protocol):
    """A density whose data can be swapped."""

    def __call__(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Value and gradient at the unconstrained parameters."""

    def with_data(self, data: Mapping[str, np.ndarray]) -> Density:
        """Return the density given other data, by name."""

    def sampler(self, start: Callable[[int], np.ndarray]) -> Any:
        """What :func:`nutpie.sample` takes, or :class:`~coefficacy.sampling.numpyro.NumPyro`.

        Either stores the parameters as ``x``.

        Parameters
        ----------
        start : gives a starting point for a seed
        """


def density_of(model: Any, start: Mapping[str, np.ndarray], backend: str = "numba") -> Density:
    """Return the density of a PyMC model as a function of one vector of its unconstrained parameters."""
    if backend == "jax":
        from coefficacy.sampling.jax_density import jax_density

        return jax_density(model, start)
    try:
        taped = _taped(model, start)
        if taped.program.length <= LONGEST_TAPE:
            return taped
    except Untraceable:
        pass
    return _compiled(model, start)


# On a tape --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Taped:
    record: Callable[[Mapping[str, np.ndarray]], Program] = field(repr=False)
    program: Program = field(repr=False)

    def __call__(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        return self.program(x)

    def with_data(self, data: Mapping[str, np.ndarray]) -> _Taped:
        return _Taped(self.record, self.record(data))

    def sampler(self, start: Callable[[int], np.ndarray]) -> Any:
        """The sampler calls the tape's C function itself: chains never wait for Python's lock."""
        from nutpie.compile_pymc import CompiledPyMCModel

        n = self.program.n_inputs
        return CompiledPyMCModel(
            compiled_logp_func=self.program.callback,
            compiled_expand_func=_as_it_is(),
            initial_point_func=start,
            shared_data={},
            shared_var_keys={},
            user_data=self.program.memory,
            n_expanded=n,
            shape_info=(["x"], [slice(0, n)], [(n,)]),
            logp_func=None,
            expand_func=None,
            dims={},
            reparameterized_names=None,
            _n_dim=n,
            _shapes={"x": (n,)},
            _coords={},
        )


def _as_it_is() -> Any:
    doubles = types.CPointer(types.double)

    @callback(types.int64(types.uint64, types.uint64, doubles, doubles, types.voidptr))
    def expand(n, n_expanded, x, out, memory):  # type: ignore[no-untyped-def]
        given, kept = carray(x, (n,)), carray(out, (n,))
        for i in range(n):
            kept[i] = given[i]
        return 0

    return expand


def _taped(model: Any, start: Mapping[str, np.ndarray]) -> _Taped:
    inputs, size = slots_of(model, start)
    record = partial(_record, model, model.logp(), inputs, size)
    return _Taped(record, record({}))


def _record(
    model: Any, output: Any, inputs: Mapping[Any, np.ndarray], size: int, data: Mapping[str, np.ndarray]
) -> Program:
    return trace(output, inputs, swapped_data(model, data), size)


# Compiled ---------------------------------------------------------------------------------------------


class _Unlocked(NumbaLinker):
    """Compiles functions that give the interpreter lock back, and keeps them on disk as the parent does."""

    def jit_compile(self, fn_and_cache: Any) -> Any:
        function, key = fn_and_cache
        if key is not None:
            CACHED_SRC_FUNCTIONS[function.py_func] += "_unlocked"
        return numba_njit(function.py_func, final_function=True, nogil=True, cache=key is not None)


@dataclass(frozen=True)
class _Compiled:
    run: Any = field(repr=False)
    data: Mapping[str, np.ndarray] = field(repr=False)

    def __call__(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = self.run(x, *self.data.values())
        return float(value), gradient

    def with_data(self, data: Mapping[str, np.ndarray]) -> _Compiled:
        return replace(self, data={k: np.asarray(data.get(k, v)) for k, v in self.data.items()})

    def sampler(self, start: Callable[[int], np.ndarray]) -> Any:
        from nutpie.compiled_pyfunc import from_pyfunc

        def make_store(*_: Any) -> Any:
            return lambda x: {"x": np.asarray(x)}

        n, kinds = len(start(0)), [np.dtype("float64")]
        return from_pyfunc(n, lambda: self, make_store, kinds, [(n,)], ["x"], make_initial_point_fn=start)


def _compiled(model: Any, start: Mapping[str, np.ndarray]) -> _Compiled:
    """Compile PyTensor's function of value and gradient; `nutpie.compile_pymc_model` compiles twice as much.

    It also compiles a function that turns a draw into all stored variables, and wraps both in C callbacks
    that numba cannot keep on disk.
    """
    mode = Mode(linker=_Unlocked(), optimizer=get_mode("NUMBA").provided_optimizer)
    function = model.logp_dlogp_function(ravel_inputs=True, initial_point=start, mode=mode)
    function.set_extra_values({})
    inner = function._pytensor_function
    names = [i.variable.name or f"unnamed.{k}" for k, i in enumerate(inner.maker.inputs)]
    data = {
        name: storage.storage[0] for name, storage in zip(names[1:], inner.input_storage[1:], strict=True)
    }
    return _Compiled(inner.vm.jit_fn, data)
