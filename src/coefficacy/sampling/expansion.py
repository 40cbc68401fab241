"""From draws of unconstrained parameters to the stored variables, all at once: on a tape, or by NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.compile.mode import Mode
from pytensor.graph.replace import graph_replace, vectorize_graph

from coefficacy.tape import Program, Untraceable, trace_all

__all__ = ["Expansion", "expansion_of", "slots_of", "swapped_data"]

_LONGEST_TAPE = 100_000


class Expansion(Protocol):
    """Variables of a model whose data can be swapped."""

    def __call__(self, draws: np.ndarray) -> list[np.ndarray]:
        """Values (draw, ...) of the variables; without the first dimension where no parameter is involved."""

    def with_data(self, data: Mapping[str, np.ndarray]) -> Expansion:
        """Return the expansion given other data, by name."""


def expansion_of(model: Any, names: tuple[str, ...]) -> Expansion:
    """Return what turns draws of the unconstrained parameters (draw, parameter) into variables."""
    wanted = tuple(model.replace_rvs_by_values([model[name] for name in names]))
    try:
        taped = _Taped(model, wanted, *_recorded(model, wanted, {}))
    except Untraceable:
        return _by_numpy(model, wanted)
    return taped if taped.program.length <= _LONGEST_TAPE else _by_numpy(model, wanted)


def slots_of(model: Any, start: Mapping[str, np.ndarray]) -> tuple[dict[Any, np.ndarray], int]:
    """Positions of the unconstrained parameters among all numbers, and how many there are."""
    inputs, size = {}, 0
    for value in model.value_vars:
        shape = start[value.name].shape
        n = int(np.prod(shape, dtype=int))
        inputs[value], size = np.arange(size, size + n).reshape(shape), size + n
    return inputs, size


def swapped_data(model: Any, data: Mapping[str, np.ndarray]) -> dict[Any, np.ndarray]:
    """Other data by variable, with the lengths of their dimensions."""
    swapped: dict[Any, np.ndarray] = {}
    for name, value in data.items():
        swapped[model[name]] = value
        for dim, length in zip(model.named_vars_to_dims.get(name, ()), value.shape, strict=False):
            swapped[model.dim_lengths[dim]] = np.asarray(length)
    return swapped


@dataclass(frozen=True)
class _Taped:
    model: Any
    wanted: tuple[Any, ...] = field(repr=False)
    program: Program = field(repr=False)
    shapes: list[tuple[int, ...]] = field(repr=False)

    def __call__(self, draws: np.ndarray) -> list[np.ndarray]:
        sizes = [int(np.prod(shape, dtype=int)) for shape in self.shapes]
        parts = np.split(self.program.values(draws), np.cumsum(sizes)[:-1], axis=1)
        return [p.reshape(len(draws), *shape) for p, shape in zip(parts, self.shapes, strict=True)]

    def with_data(self, data: Mapping[str, np.ndarray]) -> _Taped:
        return _Taped(self.model, self.wanted, *_recorded(self.model, self.wanted, data))


def _recorded(
    model: Any, wanted: tuple[Any, ...], data: Mapping[str, np.ndarray]
) -> tuple[Program, list[tuple[int, ...]]]:
    inputs, size = slots_of(model, model.initial_point())
    return trace_all(wanted, inputs, swapped_data(model, data), size)


@dataclass(frozen=True)
class _ByNumPy:
    run: Any = field(repr=False)
    data: Mapping[str, np.ndarray] = field(repr=False)

    def __call__(self, draws: np.ndarray) -> list[np.ndarray]:
        return [np.asarray(value) for value in self.run(draws, *self.data.values())]

    def with_data(self, data: Mapping[str, np.ndarray]) -> _ByNumPy:
        return replace(self, data={name: data.get(name, value) for name, value in self.data.items()})


def _by_numpy(model: Any, wanted: tuple[Any, ...]) -> _ByNumPy:
    placeholders = {v: v.type() for v in model.data_vars}
    replaced = graph_replace(list(wanted), placeholders, strict=False)
    flat, batched = pt.matrix("x"), {}
    inputs, _ = slots_of(model, model.initial_point())
    for value, slots in inputs.items():
        if value in model.rvs_to_values.values():
            first = int(slots.flat[0]) if slots.size else 0
            part = flat[:, first : first + slots.size].reshape((flat.shape[0], *slots.shape))
            batched[value] = part.astype(value.dtype)
    outputs = vectorize_graph(replaced, batched)
    run = pytensor.function(
        [flat, *placeholders.values()], outputs, mode=Mode(linker="py", optimizer=None),
        on_unused_input="ignore",
    )  # fmt: skip
    return _ByNumPy(run, {v.name: v.get_value() for v in model.data_vars})
