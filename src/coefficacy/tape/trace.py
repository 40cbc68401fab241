"""From a PyTensor graph to a tape: what does not depend on the parameters is computed, the rest recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
from pytensor.compile.ops import ViewOp
from pytensor.graph.basic import Apply, Constant, Variable
from pytensor.graph.traversal import toposort
from pytensor.raise_op import CheckAndRaise
from pytensor.scalar import basic as scalars
from pytensor.scalar import math as special
from pytensor.tensor import basic, elemwise, extra_ops, subtensor
from pytensor.tensor.blockwise import Blockwise
from pytensor.tensor.math import Dot
from pytensor.tensor.shape import Reshape, Shape, Shape_i, SpecifyShape

from coefficacy.gaussian import op as kernels
from coefficacy.tape import codes
from coefficacy.tape.program import Program, Recorder, Slots

__all__ = ["Untraceable", "trace", "trace_all"]

Value = Slots | np.ndarray


class Untraceable(Exception):
    """An operation that no tape can hold; its name is the message."""


def trace(
    output: Variable,
    inputs: Mapping[Variable, np.ndarray],
    data: Mapping[Variable, np.ndarray],
    n: int,
) -> Program:
    """Record the computation of a scalar and its gradient.

    Parameters
    ----------
    inputs : variables that depend on the parameters, with the positions of their values among the `n` numbers
    data : values of what does not; shared variables have their own

    Raises
    ------
    Untraceable : the graph holds an operation without a rule
    """
    return trace_all([output], inputs, data, n)[0]


def trace_all(
    outputs: Sequence[Variable],
    inputs: Mapping[Variable, np.ndarray],
    data: Mapping[Variable, np.ndarray],
    n: int,
) -> tuple[Program, list[tuple[int, ...]]]:
    """Record the computation of variables, as in :func:`trace`; their values stand one after the other.

    Returns
    -------
    the program and the shapes of the variables
    """
    recorder = Recorder(n)
    known: dict[Variable, Value] = {v: Slots(np.asarray(at)) for v, at in inputs.items()}
    known |= {v: np.asarray(value) for v, value in data.items()}
    for node in toposort(list(outputs), blockers=list(known)):
        if all(o in known for o in node.outputs):
            continue
        values = [_value(v, known) for v in node.inputs]
        found = _record(recorder, node, values) if _changes(values) else _perform(node, values)
        known.update(zip(node.outputs, found, strict=True))
    slots = [recorder.slots(_value(v, known)) for v in outputs]
    return recorder.close(np.concatenate([s.ravel() for s in slots])), [s.shape for s in slots]


def _value(variable: Variable, known: Mapping[Variable, Value]) -> Value:
    if variable in known:
        return known[variable]
    if isinstance(variable, Constant):
        return variable.data
    if hasattr(variable, "get_value"):
        return variable.get_value(borrow=True)
    raise Untraceable(f"input {variable}")


def _changes(values: Sequence[Any]) -> bool:
    return any(isinstance(v, Slots) for v in values)


def _perform(node: Apply, values: Sequence[Any]) -> list[Any]:
    storage: list[list[Any]] = [[None] for _ in node.outputs]
    node.op.perform(node, list(values), storage)
    return [s[0] for s in storage]


def _record(recorder: Recorder, node: Apply, values: list[Any]) -> list[Any]:
    op = node.op
    for kind, rule in _RULES.items():
        if isinstance(op, kind):
            return rule(recorder, node, values)
    raise Untraceable(type(op).__name__)


# Operations that only move values are carried out on the slots' numbers -------------------------------


def _moves(*positions: int) -> Callable[..., list[Any]]:
    """Rule of an operation that moves the inputs at `positions` (all if none are given)."""

    def rule(recorder: Recorder, node: Apply, values: list[Any]) -> list[Any]:
        at = positions or range(len(values))
        if any(isinstance(v, Slots) for k, v in enumerate(values) if k not in at):
            raise Untraceable(f"{node.op} at a position that depends on a parameter")
        ids = [recorder.slots(v).astype(float) if k in at else v for k, v in enumerate(values)]
        return [Slots(np.asarray(o).astype(int)) for o in _perform(node, ids)]

    return rule


def _increment(recorder: Recorder, node: Apply, values: list[Any]) -> list[Any]:
    if node.op.set_instead_of_inc:
        return _moves(0, 1)(recorder, node, values)
    target, added = (recorder.slots(v) for v in values[:2])
    cells = np.arange(target.size).reshape(target.shape)
    index = subtensor.unflatten_index_variables(values[2:], node.op.idx_list)
    where = cells[tuple(index)]
    sources = np.broadcast_to(added, where.shape).ravel()
    order = np.argsort(where.ravel(), kind="stable")
    _, counts = np.unique(where, return_counts=True)
    lists = np.full((target.size, 1 + int(counts.max(initial=0))), int(recorder.slots(np.zeros(()))))
    lists[:, 0] = target.ravel()
    position = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    lists[where.ravel()[order], 1 + position] = sources[order]
    return [Slots(recorder.sum(lists).ids.reshape(target.shape))]


# Arithmetic -------------------------------------------------------------------------------------------

_UNARY: dict[type, int] = {
    scalars.Neg: codes.NEGATIVE, scalars.Exp: codes.EXP, scalars.Log: codes.LOG, scalars.Log1p: codes.LOG1P,
    scalars.Expm1: codes.EXPM1, scalars.Sqrt: codes.SQRT, scalars.Sqr: codes.SQUARE,
    scalars.Abs: codes.ABSOLUTE, scalars.Sign: codes.SIGN, scalars.Reciprocal: codes.RECIPROCAL,
    scalars.Tanh: codes.TANH,
    scalars.Sin: codes.SIN, scalars.Cos: codes.COS, special.Sigmoid: codes.SIGMOID,
    special.Softplus: codes.SOFTPLUS, special.Log1mexp: codes.LOG1MEXP, special.GammaLn: codes.GAMMALN,
    special.Erf: codes.ERF, special.Erfc: codes.ERFC,
}  # fmt: skip
_BINARY: dict[type, int] = {
    scalars.Sub: codes.SUBTRACT, scalars.TrueDiv: codes.DIVIDE, scalars.Maximum: codes.MAXIMUM,
    scalars.Minimum: codes.MINIMUM, scalars.GT: codes.GREATER, scalars.GE: codes.GREATER_EQUAL,
    scalars.LT: codes.LESS, scalars.LE: codes.LESS_EQUAL, scalars.EQ: codes.EQUAL,
    scalars.NEQ: codes.NOT_EQUAL,
}  # fmt: skip
_REPEATED: dict[type, int] = {
    scalars.Add: codes.ADD, scalars.Mul: codes.MULTIPLY, scalars.Maximum: codes.MAXIMUM,
    scalars.Minimum: codes.MINIMUM, scalars.AND: codes.MULTIPLY, scalars.OR: codes.MAXIMUM,
}  # fmt: skip
_POWERS = {2.0: codes.SQUARE, 0.5: codes.SQRT, -1.0: codes.RECIPROCAL}


def _elementwise(recorder: Recorder, node: Apply, values: list[Any]) -> list[Any]:
    op = node.op.scalar_op
    if isinstance(op, scalars.Composite):
        raise Untraceable("Composite")
    if isinstance(op, scalars.Cast) and node.outputs[0].dtype.startswith(("int", "uint")):
        raise Untraceable("a parameter made an integer")
    found = _scalar(recorder, op, values)
    whole = np.broadcast_shapes(*(np.shape(v) for v in values))
    return [found if found.shape == whole else Slots(np.broadcast_to(recorder.slots(found), whole))]


def _scalar(recorder: Recorder, op: Any, values: list[Any]) -> Any:
    kind = type(op)
    if kind in (scalars.Cast, scalars.Identity):
        return values[0]
    if kind is scalars.Second:
        return Slots(recorder.slots(values[1]))
    if kind is scalars.Pow:
        return _power(recorder, *values)
    if kind is scalars.Switch:
        return _select(recorder, *values)
    if kind in _UNARY:
        return recorder.elementwise(_UNARY[kind], values[0])
    if kind in _BINARY:
        return recorder.elementwise(_BINARY[kind], *values)
    if kind in _REPEATED:
        code = _REPEATED[kind]
        return reduce(lambda a, b: recorder.elementwise(code, a, b), values)
    raise Untraceable(kind.__name__)


def _power(recorder: Recorder, base: Any, exponent: Any) -> Any:
    if not isinstance(exponent, Slots) and np.unique(exponent).size == 1:
        number = float(np.unique(exponent)[0])
        if number in _POWERS:
            return recorder.elementwise(_POWERS[number], base)
        if number == 1.0:
            return base
    return recorder.elementwise(codes.POWER, base, exponent)


def _select(recorder: Recorder, condition: Any, yes: Any, no: Any) -> Any:
    if isinstance(condition, Slots):
        return recorder.elementwise(codes.SELECT, condition, yes, no)
    return Slots(np.where(condition, recorder.slots(yes), recorder.slots(no)))


def _reduce(recorder: Recorder, node: Apply, values: list[Any]) -> list[Any]:
    ids, axes = recorder.slots(values[0]), node.op.axis
    axes = tuple(range(ids.ndim)) if axes is None else axes
    kept = [a for a in range(ids.ndim) if a not in axes]
    rows = ids.transpose(*kept, *axes).reshape(*(ids.shape[a] for a in kept), -1)
    kind = type(node.op.scalar_op)
    if kind is scalars.Add:
        return [recorder.sum(rows)]
    if kind not in _REPEATED or not rows.shape[-1]:
        raise Untraceable(f"reduction by {kind.__name__}")
    columns = [Slots(rows[..., k]) for k in range(rows.shape[-1])]
    return [reduce(lambda a, b: recorder.elementwise(_REPEATED[kind], a, b), columns)]


def _dot(recorder: Recorder, node: Apply, values: list[Any]) -> list[Any]:
    left, right = (recorder.slots(v) for v in values)
    if right.ndim == 1:
        return [recorder.dot(left, right)]
    return [recorder.dot(left[..., :, None, :], np.swapaxes(right, -1, -2)[..., None, :, :])]


def _blockwise(recorder: Recorder, node: Apply, values: list[Any]) -> list[Any]:
    if isinstance(node.op.core_op, Dot):
        return _dot(recorder, node, values)
    raise Untraceable(str(node.op))


def _cumulative(recorder: Recorder, node: Apply, values: list[Any]) -> list[Any]:
    if node.op.mode != "add":
        raise Untraceable("cumulative product")
    ids, axis = recorder.slots(values[0]), node.op.axis
    if axis is None:
        return [recorder.prefix_sums(ids.ravel())]
    return [Slots(np.moveaxis(recorder.prefix_sums(np.moveaxis(ids, axis, -1)).ids, -1, axis))]


def _first(recorder: Recorder, node: Apply, values: list[Any]) -> list[Any]:
    return [values[0]]


def _shape_of(recorder: Recorder, node: Apply, values: list[Any]) -> list[Any]:
    whole = np.array(np.shape(values[0]), np.int64)
    return [whole if isinstance(node.op, Shape) else np.asarray(whole[node.op.i])]


# Kernels ----------------------------------------------------------------------------------------------


def _density(changing: int, code: int) -> Callable[..., list[Any]]:
    """Rule of a kernel that gives a density and its gradient by the `changing` first inputs."""

    def rule(recorder: Recorder, node: Apply, values: list[Any]) -> list[Any]:
        shapes = [np.shape(v) for v in values[:changing]]
        return recorder.call(code, values[:changing], _data(values[changing:]), [(), *shapes])

    return rule


def _paths(recorder: Recorder, node: Apply, values: list[Any]) -> list[Any]:
    n, below = np.shape(values[1])[0], np.shape(values[3])[1]
    columns = np.shape(values[10])[0] + np.shape(values[4])[1]
    outputs = [(n, columns), (n, n), (n, below), (), (n,), np.shape(values[0]), (n,)]
    return recorder.call(codes.PATHS, values[:5], _data(values[5:]), outputs)


def _scatter(recorder: Recorder, node: Apply, values: list[Any]) -> list[Any]:
    scores, person, team_rows, _, _, count, _ = (np.shape(v) for v in values)
    outputs = [(1, scores[1], person[1]), (count[0], scores[1], team_rows[1])]
    return recorder.call(codes.SCATTER, values[:1], _data(values[1:]), outputs)


def _data(values: Sequence[Any]) -> list[np.ndarray]:
    if _changes(values):
        raise Untraceable("a kernel whose data depend on a parameter")
    return [np.asarray(v) for v in values]


_RULES: dict[type, Callable[..., list[Any]]] = {
    elemwise.Elemwise: _elementwise,
    elemwise.CAReduce: _reduce,
    elemwise.DimShuffle: _moves(0),
    Reshape: _moves(0),
    SpecifyShape: _moves(0),
    Shape: _shape_of,
    Shape_i: _shape_of,
    subtensor.Subtensor: _moves(0),
    subtensor.AdvancedSubtensor: _moves(0),
    subtensor.IncSubtensor: _increment,
    subtensor.AdvancedIncSubtensor: _increment,
    basic.Alloc: _moves(0),
    basic.MakeVector: _moves(),
    basic.Join: _moves(),
    basic.Split: _moves(0),
    basic.TensorFromScalar: _first,
    basic.ScalarFromTensor: _first,
    extra_ops.CumOp: _cumulative,
    CheckAndRaise: _first,
    ViewOp: _first,
    Dot: _dot,
    Blockwise: _blockwise,
    kernels.CellsDensity: _density(12, codes.CELLS_DENSITY),
    kernels.GradedDensity: _density(4, codes.GRADED_DENSITY),
    kernels.Paths: _paths,
    kernels.PatternsDensity: _density(11, codes.PATTERNS_DENSITY),
    kernels.Scatter: _scatter,
}
