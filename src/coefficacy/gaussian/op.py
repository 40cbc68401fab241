"""The kernels as PyTensor operations: compiled by numba, kept on disk, with the gradients coded in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from numba import njit
from pytensor.gradient import disconnected_type
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key

from coefficacy.gaussian.compiled import VERSION, compiled
from coefficacy.gaussian.graded import graded_density
from coefficacy.gaussian.likelihood import cells_density
from coefficacy.gaussian.paths import paths, paths_gradient
from coefficacy.gaussian.patterns import patterns_density
from coefficacy.gaussian.scatter import scatter_gradient, scatter_of_scores

__all__ = ["CellsDensity", "GradedDensity", "Paths", "PatternsDensity", "Scatter"]


class _Kernel(Op):
    """An operation whose `kernel` takes arrays and returns arrays of the `ranks` below."""

    __props__ = ("version",)
    kernel: Any
    ranks: tuple[int, ...]

    def __init__(self) -> None:
        self.version = VERSION

    def make_node(self, *inputs: Any) -> Apply:
        variables = [_short(pt.as_tensor_variable(i)) for i in inputs]
        return Apply(self, variables, [pt.tensor(dtype="float64", shape=(None,) * r) for r in self.ranks])

    def perform(self, node: Apply, inputs: Sequence[Any], outputs: Any) -> None:
        for storage, value in zip(outputs, type(self).kernel(*inputs), strict=True):
            storage[0] = np.asarray(value)


def _short(variable: Any) -> Any:
    """PyMC keeps integers in 32 bits; constants follow."""
    return pt.cast(variable, "int32") if variable.dtype in ("int64", "int8", "int16") else variable


@compiled
def _c(array):  # type: ignore[no-untyped-def]
    return np.ascontiguousarray(array)


def _disconnected(n: int) -> list[Any]:
    return [disconnected_type() for _ in range(n)]


@compiled
def _cells(  # type: ignore[no-untyped-def]
    loading, theta, tau2, nu, z, m, b, score_rows, spread, common, change, reach,
    scatter, first, group, one, count, size, seen, first_unit, n_units, by,
):  # fmt: skip
    found = cells_density(
        _c(loading), _c(theta), _c(tau2), _c(nu), _c(z), _c(m), _c(b), _c(score_rows), _c(spread), _c(common),
        _c(change), _c(reach), _c(scatter), first.item(), _c(group), one.item(), _c(count), _c(size),
        _c(seen), first_unit.item(), n_units.item(), _c(by),
    )  # fmt: skip
    return np.asarray(found[0]), *found[1:]


class CellsDensity(_Kernel):
    """:func:`coefficacy.gaussian.likelihood.cells_density`; the first output is the density."""

    kernel = staticmethod(_cells)
    ranks = (0, 1, 1, 1, 1, 2, 2, 2, 3, 2, 1, 2, 2)

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        return [*(cotangents[0] * d for d in outputs[1:]), *_disconnected(10)]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[i < 12] + [False] * 12 for i in range(len(node.inputs))]


@compiled
def _patterns(  # type: ignore[no-untyped-def]
    loading, between, theta, tau2, nu, person_z, person_x, z, b, change, reach,
    observed, squares, people, entry_rows, entry_count, entry_pattern, entry_start, team_rows, seen, cell,
    group, exact, by,
):  # fmt: skip
    found = patterns_density(
        _c(loading), _c(between), _c(theta), _c(tau2), _c(nu), _c(person_z), _c(person_x), _c(z), _c(b),
        _c(change), _c(reach), _c(observed), _c(squares), _c(people), _c(entry_rows), _c(entry_count),
        _c(entry_pattern), _c(entry_start), _c(team_rows), _c(seen), _c(cell), _c(group), _c(exact), _c(by),
    )  # fmt: skip
    return np.asarray(found[0]), *found[1:]


class PatternsDensity(_Kernel):
    """:func:`coefficacy.gaussian.patterns.patterns_density`; the first output is the density."""

    kernel = staticmethod(_patterns)
    ranks = (0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2)

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        return [*(cotangents[0] * d for d in outputs[1:]), *_disconnected(13)]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[i < 11] + [False] * 11 for i in range(len(node.inputs))]


@compiled
def _paths(  # type: ignore[no-untyped-def]
    g, sigma, factor, members, direct, relative, response, latent, predictor, product, root, shrink, prior
):
    x, z, m, log_prior, sd, scaled, whole, _, _, _ = paths(
        _c(g), _c(sigma), _c(factor), _c(members), _c(direct), _c(relative),
        _c(response), _c(latent), _c(predictor), _c(product), _c(root), shrink.item(), _c(prior),
    )  # fmt: skip
    return x, z, m, np.asarray(log_prior), sd, scaled, whole


@compiled
def _paths_gradient(  # type: ignore[no-untyped-def]
    g, sigma, factor, members, direct, relative, response, latent, predictor, product, root, shrink, prior,
    x, z, m, log_prior, sd, scaled,
):  # fmt: skip
    return paths_gradient(
        _c(g), _c(sigma), _c(factor), _c(members), _c(direct), _c(relative),
        _c(response), _c(latent), _c(predictor), _c(product), _c(root), shrink.item(), _c(prior),
        _c(x), _c(z), _c(m), log_prior.item(), _c(sd), _c(scaled),
    )  # fmt: skip


class PathsGradient(_Kernel):
    """:func:`coefficacy.gaussian.paths.paths_gradient`."""

    kernel = staticmethod(_paths_gradient)
    ranks = (1, 1, 2, 2, 2)


class Paths(_Kernel):
    """:func:`coefficacy.gaussian.paths.paths`; the last output, for reporting, has no gradient."""

    kernel = staticmethod(_paths)
    ranks = (2, 2, 2, 0, 1, 1, 1)
    gufunc_signature = (
        "(t),(r),(r,r),(r,q),(r,d),(r),(t),(t),(t),(t),(k,k),(),(t,f)->(r,c),(r,r),(r,q),(),(r),(t),(r)"
    )

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        bars = [
            pt.zeros_like(o) if _is_disconnected(c) else c
            for o, c in zip(outputs[:6], cotangents[:6], strict=True)
        ]
        return [*PathsGradient()(*inputs, *bars), *_disconnected(8)]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[i < 5] * 6 + [False] for i in range(len(node.inputs))]


@compiled
def _graded(score, loading, residual, cuts, unit, team, item, category, logit):  # type: ignore[no-untyped-def]
    total, d_score, d_loading, d_residual, d_cuts = graded_density(
        _c(score),
        _c(loading),
        _c(residual),
        _c(cuts),
        _c(unit),
        _c(team),
        _c(item),
        _c(category),
        logit.item(),
    )
    return np.asarray(total), d_score, d_loading, d_residual, d_cuts


class GradedDensity(_Kernel):
    """:func:`coefficacy.gaussian.graded.graded_density`; the first output is the density."""

    kernel = staticmethod(_graded)
    ranks = (0, 1, 1, 2, 2)

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        return [*(cotangents[0] * d for d in outputs[1:]), *_disconnected(5)]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[i < 4] + [False] * 4 for i in range(len(node.inputs))]


@compiled
def _scatter(scores, person, team_rows, team, cell, count, first):  # type: ignore[no-untyped-def]
    return scatter_of_scores(
        _c(scores), _c(person), _c(team_rows), _c(team), _c(cell), count.shape[0], first.item()
    )


@compiled
def _scatter_gradient(scores, person, team_rows, team, cell, count, first, within, between):  # type: ignore[no-untyped-def]
    return (
        scatter_gradient(
            _c(scores), _c(person), _c(team_rows), _c(team), _c(cell), first.item(), _c(within), _c(between)
        ),
    )


class ScatterGradient(_Kernel):
    """:func:`coefficacy.gaussian.scatter.scatter_gradient`."""

    kernel = staticmethod(_scatter_gradient)
    ranks = (2,)


class Scatter(_Kernel):
    """:func:`coefficacy.gaussian.scatter.scatter_of_scores`."""

    kernel = staticmethod(_scatter)
    ranks = (3, 3)

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        bars = [
            pt.zeros_like(o) if _is_disconnected(c) else c for o, c in zip(outputs, cotangents, strict=True)
        ]
        return [ScatterGradient()(*inputs, *bars), *_disconnected(6)]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[i == 0] * 2 for i in range(len(node.inputs))]


def _is_disconnected(cotangent: Any) -> bool:
    return isinstance(cotangent.type, type(disconnected_type))


def _single(kernel: Any) -> Any:
    """PyTensor takes the value itself where an operation has one output."""

    @njit(nogil=True)
    def only(*inputs):  # type: ignore[no-untyped-def]
        return kernel(*inputs)[0]

    return only


@register_funcify_default_op_cache_key(_Kernel)
def _compile_kernel(op: _Kernel, **_: Any) -> Any:
    kernel = type(op).kernel
    return _single(kernel) if len(op.ranks) == 1 else kernel
