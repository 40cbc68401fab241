"""A program for the machine of :mod:`coefficacy.tape.run`, and the recorder that writes it."""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import POINTER, c_double
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coefficacy.tape import codes

__all__ = ["Program", "Recorder", "Slots"]


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """An array whose values are known only when the program runs.

    Attributes
    ----------
    ids : where they will stand; below zero, position ``-1 - id`` among the constants
    """

    ids: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the array."""
        return self.ids.shape


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """What the machine of :mod:`coefficacy.tape.run` runs.

    Attributes
    ----------
    memory : one block of 64-bit words: a head of lengths and positions, then instructions (operation, length,
        first slot of the result, three operands, width), the slots of their operands, the arguments of calls
        (start and shape), data of calls by type, and constants
    n_inputs : parameters; they fill the first slots
    length : numbers it works out itself; those that kernels work out cost the same in compiled code
    n_results : one, or as many as wanted, without gradients
    """

    memory: np.ndarray
    n_inputs: int
    length: int
    n_results: int = 1

    def __call__(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the only result and its gradient."""
        gradient, value = np.empty(self.n_inputs), np.empty(1)
        self._run(x, gradient, value)
        return float(value[0]), gradient

    def values(self, draws: np.ndarray) -> np.ndarray:
        """Return the results (draw, result) of many parameters (draw, parameter)."""
        results, unused = np.empty((len(draws), self.n_results)), np.empty(self.n_inputs)
        for x, row in zip(draws, results, strict=True):
            self._run(x, unused, row)
        return results

    def _run(self, x: np.ndarray, gradient: np.ndarray, results: np.ndarray) -> None:
        from coefficacy.tape.run import density

        arrays = (np.ascontiguousarray(x, float), gradient, results)
        pointers = [a.ctypes.data_as(POINTER(c_double)) for a in arrays]
        density.ctypes(self.n_inputs, *pointers, self.memory.ctypes.data)

    @property
    def callback(self) -> Any:
        """The C function that takes ``memory`` as its last argument."""
        from coefficacy.tape.run import density

        return density


@dataclass(slots=True)
class Recorder:
    """Writes instructions; values that do not depend on the parameters are computed at once."""

    n_inputs: int
    _n: int = 0
    _code: list[tuple[int, ...]] = field(default_factory=list)
    _table: list[np.ndarray] = field(default_factory=list)
    _table_size: int = 0
    _constants: list[float] = field(default_factory=list)
    _known: dict[float, int] = field(default_factory=dict)
    _shapes: list[tuple[int, ...]] = field(default_factory=list)
    _pools: dict[str, list[np.ndarray]] = field(default_factory=lambda: {"f": [], "i": [], "b": []})
    _pool_sizes: dict[str, int] = field(default_factory=lambda: {"f": 0, "i": 0, "b": 0})
    _done: dict[tuple[Any, ...], Slots] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._n = self.n_inputs

    # Values -----------------------------------------------------------------------------------------------

    def slots(self, value: Slots | np.ndarray) -> np.ndarray:
        """Slots of a value; a known one becomes constants, one for each different number."""
        if isinstance(value, Slots):
            return value.ids
        array = np.asarray(value, float)
        distinct, inverse = np.unique(array, return_inverse=True)
        return np.array([self._constant(x) for x in distinct.tolist()], int)[inverse].reshape(array.shape)

    def _constant(self, value: float) -> int:
        key = value if value == value else float("nan")
        if value != value or (value == 0.0 and np.signbit(value)):
            self._constants.append(value)
            return -len(self._constants)
        if key not in self._known:
            self._constants.append(value)
            self._known[key] = -len(self._constants)
        return self._known[key]

    # Instructions -----------------------------------------------------------------------------------------

    def elementwise(self, op: int, *operands: Slots | np.ndarray) -> Slots:
        """Broadcast the operands and record the operation on every element."""
        ids = np.broadcast_arrays(*(self.slots(o) for o in operands))
        shape, flat = ids[0].shape, [np.ascontiguousarray(i).ravel() for i in ids]
        if op in _NEUTRAL and flat[0].size:
            return Slots(self._without_neutral(op, *flat).reshape(shape))
        return Slots(self._emit(op, flat).reshape(shape))

    def _without_neutral(self, op: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Spare what adds zero, or multiplies by one or zero."""
        result = np.zeros(left.size, int)
        todo = np.ones(left.size, bool)
        neutral, both = _NEUTRAL[op]
        one, zero = self._known.get(neutral), self._known.get(0.0)
        if one is not None:
            result[todo & (right == one)] = left[todo & (right == one)]
            todo &= right != one
            if both:
                result[todo & (left == one)] = right[todo & (left == one)]
                todo &= left != one
        if zero is not None and op == codes.MULTIPLY:
            none = todo & ((left == zero) | (right == zero))
            result[none], todo = zero, todo & ~none
        if todo.any():
            result[todo] = self._emit(op, [left[todo], right[todo]])
        return result

    def _emit(self, op: int, operands: Sequence[np.ndarray], width: int = 0, size: int = -1) -> np.ndarray:
        n = len(operands[0]) if size < 0 else size
        key = (op, width, n, *(o.tobytes() for o in operands))
        if key not in self._done:
            starts = [self._refer(o) for o in operands] + [0] * (3 - len(operands))
            self._code.append((op, n, self._n, *starts, width))
            self._done[key] = Slots(self._take(n))
        return self._done[key].ids

    def _take(self, n: int) -> np.ndarray:
        self._n += n
        return np.arange(self._n - n, self._n)

    def _refer(self, ids: np.ndarray) -> int:
        self._table.append(ids)
        self._table_size += len(ids)
        return self._table_size - len(ids)

    def sum(self, terms: np.ndarray) -> Slots:
        """Sum slots (..., term) over the last axis."""
        if terms.shape[-1] == 1:
            return Slots(terms[..., 0])
        if not terms.size:
            return Slots(self.slots(np.zeros(terms.shape[:-1])))
        n, width = int(np.prod(terms.shape[:-1], dtype=int)), terms.shape[-1]
        return Slots(self._emit(codes.SUM, [terms.ravel()], width, n).reshape(terms.shape[:-1]))

    def dot(self, left: np.ndarray, right: np.ndarray) -> Slots:
        """Sum products of slots (..., term) over the last axis."""
        left, right = np.broadcast_arrays(left, right)
        if not left.size:
            return Slots(self.slots(np.zeros(left.shape[:-1])))
        n, width = int(np.prod(left.shape[:-1], dtype=int)), left.shape[-1]
        found = self._emit(codes.DOT, [left.ravel(), right.ravel()], width, n)
        return Slots(found.reshape(left.shape[:-1]))

    def prefix_sums(self, terms: np.ndarray) -> Slots:
        """Cumulative sums of slots along the last axis."""
        return Slots(self._emit(codes.PREFIX, [terms.ravel()], terms.shape[-1]).reshape(terms.shape))

    def call(
        self,
        op: int,
        changing: Sequence[Slots | np.ndarray],
        data: Sequence[np.ndarray],
        outputs: Sequence[tuple[int, ...]],
    ) -> list[Slots]:
        """Record a call of a kernel.

        Parameters
        ----------
        changing : arguments that may depend on the parameters; `data` : those after them
        outputs : shapes of the results, which stand one after the other
        """
        rows = [(self._contiguous(self.slots(value)), np.shape(value)) for value in changing]
        for value in data:
            kind = {"f": "f", "i": "i", "u": "i", "b": "b"}[value.dtype.kind]
            rows.append((self._pool_sizes[kind], value.shape))
            self._pools[kind].append(value.ravel())
            self._pool_sizes[kind] += value.size
        first = len(self._shapes)
        self._shapes += [(start, *shape, *(1,) * (3 - len(shape))) for start, shape in rows]
        total = sum(int(np.prod(shape, dtype=int)) for shape in outputs)
        self._code.append((op, total, self._n, first, 0, 0, len(rows)))
        return [Slots(self._take(int(np.prod(shape, dtype=int))).reshape(shape)) for shape in outputs]

    def _contiguous(self, ids: np.ndarray) -> int:
        """The first of consecutive slots that hold these values."""
        flat = ids.ravel()
        if not flat.size:
            return 0
        if flat[0] >= 0 and (np.diff(flat) == 1).all():
            return int(flat[0])
        return int(self._emit(codes.COPY, [flat])[0])

    def close(self, results: np.ndarray) -> Program:
        """Return the program that computes what stands in these slots."""
        first, n = self._contiguous(results), self._n

        def placed(slots: np.ndarray) -> np.ndarray:
            return np.where(slots < 0, n - 1 - slots, slots)

        parts: list[np.ndarray] = [
            np.array(self._code, np.int64).ravel(),
            placed(_joined(self._table, np.int64)).astype(np.int32),
            np.array(self._shapes, np.int64).ravel(),
            _joined(self._pools["f"], np.float64),
            _joined(self._pools["i"], np.int32),
            _joined(self._pools["b"], np.bool_),
            np.array(self._constants, np.float64),
        ]
        words = [_words(p) for p in parts]
        starts = _N_HEAD + np.cumsum([0, *(len(w) for w in words)])
        head = [starts[-1], self.n_inputs, n, first, *starts, results.size]
        length = sum(size for op, size, *_ in self._code if op < codes.CELLS_DENSITY)
        memory = np.concatenate([np.array(head, np.int64), *words])
        return Program(memory, self.n_inputs, length, results.size)


def _joined(parts: list[np.ndarray], dtype: Any) -> np.ndarray:
    return np.concatenate([np.zeros(0, dtype), *parts]).astype(dtype)


def _words(array: np.ndarray) -> np.ndarray:
    """The bytes of an array, filled up to whole words."""
    raw = array.tobytes()
    return np.frombuffer(raw + bytes(-len(raw) % 8), np.int64)


_N_HEAD = 13
_NEUTRAL = {
    codes.ADD: (0.0, True),
    codes.SUBTRACT: (0.0, False),
    codes.MULTIPLY: (1.0, True),
    codes.DIVIDE: (1.0, False),
}
