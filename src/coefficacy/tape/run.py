"""Running a tape forwards for the value, backwards for the gradient: one machine code for every model."""

from __future__ import annotations

from math import cos, erf, erfc, exp, expm1, floor, lgamma, log, log1p, pi, sin, sqrt, tan, tanh

import numpy as np
from numba import carray, njit, types

from coefficacy.gaussian.compiled import callback, compiled
from coefficacy.gaussian.graded import graded_density
from coefficacy.gaussian.likelihood import cells_density
from coefficacy.gaussian.paths import paths, paths_gradient
from coefficacy.gaussian.patterns import patterns_density
from coefficacy.gaussian.scatter import scatter_gradient, scatter_of_scores
from coefficacy.tape import codes as c

__all__ = ["density"]

_SLOPE_OF_ERF = 2.0 / sqrt(pi)
_LOG_HALF = log(0.5)


@compiled
def _sigmoid(x):  # type: ignore[no-untyped-def]
    if x >= 0.0:
        return 1.0 / (1.0 + exp(-x))
    e = exp(x)
    return e / (1.0 + e)


@compiled
def _digamma(x):  # type: ignore[no-untyped-def]
    """Derivative of the log-gamma function, by recurrence and its asymptotic series."""
    if x <= 0.0 and x == floor(x):
        return np.nan
    total = 0.0
    if x < 0.0:
        total = -pi / tan(pi * x)
        x = 1.0 - x
    while x < 10.0:
        total -= 1.0 / x
        x += 1.0
    r = 1.0 / (x * x)
    series = r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (1 / 132 - r * 691 / 32760)))))
    return total + log(x) - 0.5 / x - series


@compiled
def _unary(op, x):  # type: ignore[no-untyped-def]
    if op == c.NEGATIVE:
        return -x
    if op == c.EXP:
        return exp(x)
    if op == c.LOG:
        return np.log(x)
    if op == c.LOG1P:
        return np.log1p(x)
    if op == c.EXPM1:
        return expm1(x)
    if op == c.SQRT:
        return np.sqrt(x)
    if op == c.SQUARE:
        return x * x
    if op == c.ABSOLUTE:
        return abs(x)
    if op == c.SIGN:
        return np.sign(x)
    if op == c.RECIPROCAL:
        return 1.0 / x
    if op == c.SIGMOID:
        return _sigmoid(x)
    if op == c.SOFTPLUS:
        return x + log1p(exp(-x)) if x > 0.0 else log1p(exp(x))
    if op == c.LOG1MEXP:
        return np.log(-np.expm1(x)) if x > _LOG_HALF else np.log1p(-exp(x))
    if op == c.GAMMALN:
        return lgamma(x)
    if op == c.ERF:
        return erf(x)
    if op == c.ERFC:
        return erfc(x)
    if op == c.TANH:
        return tanh(x)
    if op == c.SIN:
        return sin(x)
    return cos(x)


@compiled
def _slope(op, x, y):  # type: ignore[no-untyped-def]
    """Derivative of `_unary` at x, where its value is y."""
    if op == c.NEGATIVE:
        return -1.0
    if op == c.EXP:
        return y
    if op == c.LOG:
        return 1.0 / x
    if op == c.LOG1P:
        return 1.0 / (1.0 + x)
    if op == c.EXPM1:
        return y + 1.0
    if op == c.SQRT:
        return 0.5 / y
    if op == c.SQUARE:
        return 2.0 * x
    if op == c.ABSOLUTE:
        return np.sign(x)
    if op == c.SIGN:
        return 0.0
    if op == c.RECIPROCAL:
        return -y * y
    if op == c.SIGMOID:
        return y * (1.0 - y)
    if op == c.SOFTPLUS:
        return _sigmoid(x)
    if op == c.LOG1MEXP:
        return -1.0 / expm1(-x)
    if op == c.GAMMALN:
        return _digamma(x)
    if op == c.ERF:
        return _SLOPE_OF_ERF * exp(-x * x)
    if op == c.ERFC:
        return -_SLOPE_OF_ERF * exp(-x * x)
    if op == c.TANH:
        return 1.0 - y * y
    if op == c.SIN:
        return cos(x)
    return -sin(x)


@compiled
def _binary(op, x, y):  # type: ignore[no-untyped-def]
    if op == c.POWER:
        return x**y
    if op == c.MAXIMUM:
        return max(x, y)
    if op == c.MINIMUM:
        return min(x, y)
    if op == c.GREATER:
        return 1.0 if x > y else 0.0
    if op == c.GREATER_EQUAL:
        return 1.0 if x >= y else 0.0
    if op == c.LESS:
        return 1.0 if x < y else 0.0
    if op == c.LESS_EQUAL:
        return 1.0 if x <= y else 0.0
    if op == c.EQUAL:
        return 1.0 if x == y else 0.0
    return 1.0 if x != y else 0.0


@compiled
def _vector(pool, of):  # type: ignore[no-untyped-def]
    return pool[of[0] : of[0] + of[1]]


@compiled
def _matrix(pool, of):  # type: ignore[no-untyped-def]
    return pool[of[0] : of[0] + of[1] * of[2]].reshape((of[1], of[2]))


@compiled
def _cube(pool, of):  # type: ignore[no-untyped-def]
    return pool[of[0] : of[0] + of[1] * of[2] * of[3]].reshape((of[1], of[2], of[3]))


@compiled
def _put(v, at, array):  # type: ignore[no-untyped-def]
    flat = array.ravel()
    for i in range(flat.shape[0]):
        v[at + i] = flat[i]
    return at + flat.shape[0]


@compiled
def _add_to(bar, at, array):  # type: ignore[no-untyped-def]
    flat = array.ravel()
    for i in range(flat.shape[0]):
        bar[at + i] += flat[i]


@njit(inline="always")
def _forward(code, table, shapes, floats, ints, bools, v):  # type: ignore[no-untyped-def]
    for k in range(code.shape[0]):
        op, n, out, a, b, e, m = code[k]
        d = shapes[a : a + m]
        if op < c.ADD:
            for i in range(n):
                v[out + i] = _unary(op, v[table[a + i]])
        elif op == c.ADD:
            for i in range(n):
                v[out + i] = v[table[a + i]] + v[table[b + i]]
        elif op == c.SUBTRACT:
            for i in range(n):
                v[out + i] = v[table[a + i]] - v[table[b + i]]
        elif op == c.MULTIPLY:
            for i in range(n):
                v[out + i] = v[table[a + i]] * v[table[b + i]]
        elif op == c.DIVIDE:
            for i in range(n):
                v[out + i] = v[table[a + i]] / v[table[b + i]]
        elif op < c.COPY:
            for i in range(n):
                v[out + i] = _binary(op, v[table[a + i]], v[table[b + i]])
        elif op == c.COPY:
            for i in range(n):
                v[out + i] = v[table[a + i]]
        elif op == c.SELECT:
            for i in range(n):
                v[out + i] = v[table[b + i]] if v[table[a + i]] != 0.0 else v[table[e + i]]
        elif op == c.SUM:
            for i in range(n):
                total = 0.0
                for j in range(a + i * m, a + (i + 1) * m):
                    total += v[table[j]]
                v[out + i] = total
        elif op == c.DOT:
            for i in range(n):
                total = 0.0
                for j in range(i * m, (i + 1) * m):
                    total += v[table[a + j]] * v[table[b + j]]
                v[out + i] = total
        elif op == c.PREFIX:
            total = 0.0
            for i in range(n):
                total = total + v[table[a + i]] if i % m else v[table[a + i]]
                v[out + i] = total
        elif op == c.CELLS_DENSITY:
            (
                total, d_loading, d_theta, d_tau2, d_nu, d_z, d_m, d_b, d_rows, d_r, d_common, d_change,
                d_reach,
            ) = cells_density(
                _vector(v, d[0]), _vector(v, d[1]), _vector(v, d[2]), _vector(v, d[3]), _matrix(v, d[4]),
                _matrix(v, d[5]), _matrix(v, d[6]), _cube(v, d[7]), _matrix(v, d[8]), _vector(v, d[9]),
                _matrix(v, d[10]), _matrix(v, d[11]),
                _cube(floats, d[12]), ints[d[13, 0]], _vector(ints, d[14]), ints[d[15, 0]],
                _vector(floats, d[16]), _vector(floats, d[17]), _matrix(bools, d[18]),
                ints[d[19, 0]], ints[d[20, 0]], _vector(ints, d[21]),
            )  # fmt: skip
            v[out] = total
            at = _put(v, out + 1, d_loading)
            at = _put(v, at, d_theta)
            at = _put(v, at, d_tau2)
            at = _put(v, at, d_nu)
            at = _put(v, at, d_z)
            at = _put(v, at, d_m)
            at = _put(v, at, d_b)
            at = _put(v, at, d_rows)
            at = _put(v, at, d_r)
            at = _put(v, at, d_common)
            at = _put(v, at, d_change)
            _put(v, at, d_reach)
        elif op == c.GRADED_DENSITY:
            total, d_score, d_loading, d_residual, d_cuts = graded_density(
                _vector(v, d[0]), _vector(v, d[1]), _matrix(v, d[2]), _matrix(v, d[3]), _vector(ints, d[4]),
                _vector(ints, d[5]), _vector(ints, d[6]), _vector(ints, d[7]), bools[d[8, 0]],
            )  # fmt: skip
            v[out] = total
            at = _put(v, out + 1, d_score)
            at = _put(v, at, d_loading)
            at = _put(v, at, d_residual)
            _put(v, at, d_cuts)
        elif op == c.PATTERNS_DENSITY:
            (
                total, d_loading, d_nu, d_theta, d_tau2, d_common, d_z, d_m, d_b, d_r, d_change, d_reach,
            ) = patterns_density(
                _vector(v, d[0]), _vector(v, d[1]), _vector(v, d[2]), _vector(v, d[3]), _vector(v, d[4]),
                _matrix(v, d[5]), _matrix(v, d[6]), _matrix(v, d[7]), _matrix(v, d[8]), _matrix(v, d[9]),
                _matrix(v, d[10]),
                _matrix(bools, d[11]), _cube(floats, d[12]), _vector(floats, d[13]), _matrix(floats, d[14]),
                _vector(floats, d[15]), _vector(ints, d[16]), _vector(ints, d[17]), _matrix(floats, d[18]),
                _matrix(bools, d[19]), _vector(ints, d[20]), _vector(ints, d[21]), _vector(bools, d[22]),
                _vector(ints, d[23]),
            )  # fmt: skip
            v[out] = total
            at = _put(v, out + 1, d_loading)
            at = _put(v, at, d_nu)
            at = _put(v, at, d_theta)
            at = _put(v, at, d_tau2)
            at = _put(v, at, d_common)
            at = _put(v, at, d_z)
            at = _put(v, at, d_m)
            at = _put(v, at, d_b)
            at = _put(v, at, d_r)
            at = _put(v, at, d_change)
            _put(v, at, d_reach)
        elif op == c.PATHS:
            x, z, below, log_prior, sd, scaled, whole, _, _, _ = paths(
                _vector(v, d[0]), _vector(v, d[1]), _matrix(v, d[2]), _matrix(v, d[3]), _matrix(v, d[4]),
                _vector(bools, d[5]), _vector(ints, d[6]), _vector(bools, d[7]), _vector(ints, d[8]),
                _vector(floats, d[9]), _matrix(floats, d[10]), floats[d[11, 0]], _matrix(floats, d[12]),
            )  # fmt: skip
            at = _put(v, out, x)
            at = _put(v, at, z)
            at = _put(v, at, below)
            v[at] = log_prior
            at = _put(v, at + 1, sd)
            at = _put(v, at, scaled)
            _put(v, at, whole)
        elif op == c.SCATTER:
            within, between = scatter_of_scores(
                _matrix(v, d[0]), _matrix(floats, d[1]), _matrix(floats, d[2]), _vector(ints, d[3]),
                _vector(ints, d[4]), d[5, 1], ints[d[6, 0]],
            )  # fmt: skip
            at = _put(v, out, within)
            _put(v, at, between)


@njit(inline="always")
def _reverse(code, table, shapes, floats, ints, bools, v, bar):  # type: ignore[no-untyped-def]
    for k in range(code.shape[0] - 1, -1, -1):
        op, n, out, a, b, e, m = code[k]
        d = shapes[a : a + m]
        if op < c.ADD:
            for i in range(n):
                if bar[out + i] != 0.0:
                    at = table[a + i]
                    bar[at] += bar[out + i] * _slope(op, v[at], v[out + i])
        elif op == c.ADD:
            for i in range(n):
                bar[table[a + i]] += bar[out + i]
                bar[table[b + i]] += bar[out + i]
        elif op == c.SUBTRACT:
            for i in range(n):
                bar[table[a + i]] += bar[out + i]
                bar[table[b + i]] -= bar[out + i]
        elif op == c.MULTIPLY:
            for i in range(n):
                left, right = table[a + i], table[b + i]
                bar[left] += bar[out + i] * v[right]
                bar[right] += bar[out + i] * v[left]
        elif op == c.DIVIDE:
            for i in range(n):
                share = bar[out + i] / v[table[b + i]]
                bar[table[a + i]] += share
                bar[table[b + i]] -= share * v[out + i]
        elif op == c.POWER:
            for i in range(n):
                left, right = table[a + i], table[b + i]
                if bar[out + i] != 0.0:
                    bar[left] += bar[out + i] * v[right] * v[left] ** (v[right] - 1.0)
                    if v[left] > 0.0:
                        bar[right] += bar[out + i] * v[out + i] * log(v[left])
        elif op == c.MAXIMUM or op == c.MINIMUM:
            for i in range(n):
                left, right = table[a + i], table[b + i]
                bar[left if v[out + i] == v[left] else right] += bar[out + i]
        elif op == c.COPY:
            for i in range(n):
                bar[table[a + i]] += bar[out + i]
        elif op == c.SELECT:
            for i in range(n):
                bar[table[b + i] if v[table[a + i]] != 0.0 else table[e + i]] += bar[out + i]
        elif op == c.SUM:
            for i in range(n):
                for j in range(a + i * m, a + (i + 1) * m):
                    bar[table[j]] += bar[out + i]
        elif op == c.DOT:
            for i in range(n):
                for j in range(i * m, (i + 1) * m):
                    left, right = table[a + j], table[b + j]
                    bar[left] += bar[out + i] * v[right]
                    bar[right] += bar[out + i] * v[left]
        elif op == c.PREFIX:
            total = 0.0
            for i in range(n - 1, -1, -1):
                total += bar[out + i]
                bar[table[a + i]] += total
                if i % m == 0:
                    total = 0.0
        elif op == c.CELLS_DENSITY or op == c.GRADED_DENSITY or op == c.PATTERNS_DENSITY:
            at, n_changing = out + 1, 4
            if op == c.CELLS_DENSITY:
                n_changing = 12
            elif op == c.PATTERNS_DENSITY:
                n_changing = 11
            for k in range(n_changing):
                size = d[k, 1] * d[k, 2] * d[k, 3]
                for i in range(size):
                    bar[d[k, 0] + i] += bar[out] * v[at + i]
                at += size
        elif op == c.PATHS:
            n, n_columns, n_below = d[1, 1], d[10, 1] + d[4, 2], d[3, 2]
            bar_x = bar[out : out + n * n_columns].reshape((n, n_columns))
            at = out + n * n_columns
            bar_z = bar[at : at + n * n].reshape((n, n))
            at += n * n
            bar_m = bar[at : at + n * n_below].reshape((n, n_below))
            at += n * n_below
            d_g, d_sigma, d_factor, d_members, d_direct = paths_gradient(
                _vector(v, d[0]), _vector(v, d[1]), _matrix(v, d[2]), _matrix(v, d[3]), _matrix(v, d[4]),
                _vector(bools, d[5]), _vector(ints, d[6]), _vector(bools, d[7]), _vector(ints, d[8]),
                _vector(floats, d[9]), _matrix(floats, d[10]), floats[d[11, 0]], _matrix(floats, d[12]),
                bar_x, bar_z, bar_m, bar[at], bar[at + 1 : at + 1 + n],
                bar[at + 1 + n : at + 1 + n + d[0, 1]],
            )  # fmt: skip
            _add_to(bar, d[0, 0], d_g)
            _add_to(bar, d[1, 0], d_sigma)
            _add_to(bar, d[2, 0], d_factor)
            _add_to(bar, d[3, 0], d_members)
            _add_to(bar, d[4, 0], d_direct)
        elif op == c.SCATTER:
            n_scores, width, wide = d[0, 2], d[1, 2], d[2, 2]
            within = bar[out : out + n_scores * width].reshape((1, n_scores, width))
            at = out + n_scores * width
            between = bar[at : at + d[5, 1] * n_scores * wide].reshape((d[5, 1], n_scores, wide))
            d_scores = scatter_gradient(
                _matrix(v, d[0]), _matrix(floats, d[1]), _matrix(floats, d[2]), _vector(ints, d[3]),
                _vector(ints, d[4]), ints[d[6, 0]], within, between,
            )  # fmt: skip
            _add_to(bar, d[0, 0], d_scores)


@callback(types.int64(types.uint64, *[types.CPointer(types.double)] * 3, types.voidptr))
def density(n, x, gradient, value, memory):  # type: ignore[no-untyped-def]
    """A program's results, of a single one the gradient, too, as a C function that any thread may call.

    Parameters
    ----------
    n, x : parameters; memory : of a :class:`coefficacy.tape.program.Program`
    gradient, value : where they go

    Returns
    -------
    0; another number if the results are not finite
    """
    head = carray(memory, (13,), np.int64)
    words = carray(memory, (head[0],), np.int64)
    code = words[head[4] : head[5]].reshape((-1, 7))
    table = words[head[5] : head[6]].view(np.int32)
    shapes = words[head[6] : head[7]].reshape((-1, 4))
    floats = words[head[7] : head[8]].view(np.float64)
    ints = words[head[8] : head[9]].view(np.int32)
    bools = words[head[9] : head[10]].view(np.bool_)
    constants = words[head[10] : head[11]].view(np.float64)
    n_changing, result, n_results = head[2], head[3], head[12]
    v = np.empty(n_changing + constants.shape[0])
    parameters, results = carray(x, (head[1],)), carray(value, (n_results,))
    for i in range(head[1]):
        v[i] = parameters[i]
    for i in range(constants.shape[0]):
        v[n_changing + i] = constants[i]
    _forward(code, table, shapes, floats, ints, bools, v)
    for i in range(n_results):
        results[i] = v[result + i]
    if n_results != 1:
        return 0
    slopes, bar = carray(gradient, (head[1],)), np.zeros(v.shape[0])
    bar[result] = 1.0
    _reverse(code, table, shapes, floats, ints, bools, v, bar)
    failed = 0 if np.isfinite(v[result]) else 1
    for i in range(head[1]):
        slopes[i] = bar[i]
        if not np.isfinite(bar[i]):
            failed = 1
    return failed
