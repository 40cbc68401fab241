"""A PyMC model as nutpie samples it: its density runs without the interpreter lock, chains in parallel.

Draws are turned into variables afterwards, all at once and uncompiled.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from coefficacy.sampling.density import Density, density_of
from coefficacy.sampling.expansion import Expansion, expansion_of

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Machine", "compile_machine"]

_CHUNK = 500
_JITTER = 0.5


@dataclass(frozen=True)
class Machine:
    """A model ready to be sampled, with its data.

    Attributes
    ----------
    model : what it was made from
    density : of its unconstrained parameters
    start : unconstrained parameters of the initial point
    stored : names of the variables that draws are turned into
    recover : see ``Built.recover``
    data : values by name that stand in for the model's own
    """

    model: Any
    density: Density | None = field(repr=False)
    start: np.ndarray = field(repr=False)
    stored: tuple[str, ...] = ()
    recover: Any = None
    data: dict[str, Any] = field(default_factory=dict, repr=False)

    def with_data(self, **values: np.ndarray) -> Machine:
        """Return the same machine with other data."""
        assert self.density is not None
        data = {**self.data, **values}
        other = replace(self, density=self.density.with_data(data), data=data)
        other.__dict__.update(_defaults=self._defaults, _expansion=self._expansion.with_data(data))
        return other

    def sampler(self) -> Any:
        """What :func:`nutpie.sample` takes, or what samples by itself."""
        assert self.density is not None

        def start(seed: int) -> np.ndarray:
            return self.start + np.random.default_rng(seed).uniform(-_JITTER, _JITTER, len(self.start))

        return self.density.sampler(start)

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

    def _expanded(self, flat: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        draws = {
            name: value
            if value.ndim > self.model[name].ndim
            else np.broadcast_to(value, (len(flat), *value.shape))
            for name, value in zip(self.stored, self._expansion(flat), strict=True)
        }
        if self.recover is None:
            return draws
        data = {name: self.data.get(name, value) for name, value in self._defaults.items()}
        return self.recover(draws, data, rng)

    def _dims(self, name: str, ndim: int) -> tuple[str, ...]:
        recovered = self.recover.dims if self.recover is not None else {}
        named = self.model.named_vars_to_dims.get(name) or recovered.get(name)
        return tuple(named) if named else tuple(f"{name}_dim_{axis}" for axis in range(ndim))

    @cached_property
    def _defaults(self) -> dict[str, np.ndarray]:
        return {v.name: v.get_value() for v in self.model.data_vars}

    @cached_property
    def _expansion(self) -> Expansion:
        return expansion_of(self.model, self.stored)


def compile_machine(
    model: Any, hidden: tuple[str, ...] = (), recover: Any = None, *, backend: str = "numba"
) -> Machine:
    """Make a PyMC model ready to be sampled; the variables in `hidden` are not stored."""
    start = model.initial_point()
    point = np.concatenate(
        [np.ravel(start[v.name]) + (v.name == "standard.folded") for v in model.value_vars]
    ).astype(float)
    variables = (*model.free_RVs, *model.deterministics)
    stored = tuple(v.name for v in variables if v.name not in hidden)
    density = density_of(model, start, backend)
    if backend == "numba":
        density(point)
    return Machine(model, density, point, stored, recover)
