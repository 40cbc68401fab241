"""Tapes against PyTensor's own value and gradient of the same graphs."""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.compile.mode import Mode

from coefficacy.tape import Untraceable, trace, trace_all

N = 6
UNCOMPILED = Mode(linker="py", optimizer="fast_compile")
INDEX = np.array([3, 0, 3, 5])
WEIGHTS = np.linspace(-1.0, 2.0, N)
TWO = pt.constant(2.0, dtype="float64")

GRAPHS = {
    "arithmetic": lambda x: x * 2 - x[0] / (3 + x) + 1 / x,
    "n-ary": lambda x: pt.add(x, WEIGHTS, x[::-1], 0.0) * pt.mul(x, x, 1.0),
    "neutral elements": lambda x: (x + np.zeros(N)) * np.array([1.0, 0, 1, 0, 2, 1]) - 0.0,
    "powers": lambda x: x**2 + x**0.5 + x**-1 + x**1 + x**2.5 + TWO**x + x ** x[0],
    "exponentials": lambda x: pt.exp(-x) + pt.expm1(x) + pt.log(x) + pt.log1p(x) + pt.sqrt(x) + pt.sqr(x),
    "signs": lambda x: pt.abs(x - 1) + pt.sign(x - 1) * x,
    "links": lambda x: pt.sigmoid(x - 1) + pt.softplus(x - 1) + pt.tanh(x) + pt.log1mexp(-x),
    "waves": lambda x: pt.sin(x) * pt.cos(x),
    "error function": lambda x: pt.erf(x) + pt.log(pt.erfc(x)),
    "gamma": lambda x: pt.gammaln(x) + pt.gammaln(x + 20) + pt.gammaln(x / 50),
    "extremes": lambda x: pt.maximum(x, 1.0) + pt.minimum(x, x[1]) + pt.max(x),
    "choice": lambda x: pt.switch(x > 1, pt.log(x), x**2) + pt.switch(WEIGHTS > 0, x, 2 * x),
    "sums": lambda x: pt.sum(x.reshape((2, 3)), axis=0) + pt.sum(x.reshape((2, 3, 1)), axis=(0, 2)),
    "cumulative sums": lambda x: pt.cumsum(x) + pt.cumsum(x.reshape((2, 3)), axis=1).ravel(),
    "products": lambda x: pt.dot(np.arange(18.0).reshape(3, 6), x) + pt.dot(x.reshape((3, 2)), x[:2]),
    "matrix products": lambda x: pt.dot(x.reshape((3, 2)), x.reshape((2, 3))),
    "rows": lambda x: x[INDEX] * x[2:6] + x.reshape((3, 2))[[0, 2, 1, 1], [0, 0, 1, 1]],
    "joining": lambda x: pt.concatenate([x[:2], np.ones(2), pt.stack([x[5], x[0]])]),
    "setting": lambda x: pt.set_subtensor(x[1:3], x[4:6] ** 2),
    "adding at": lambda x: pt.inc_subtensor(x[INDEX], x[:4] ** 2) + pt.inc_subtensor(x[1:3], x[4:6] ** 2),
    "broadcasting": lambda x: x[:, None] * x[None, :3] + pt.ones((N, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", GRAPHS)
def test_value_and_gradient_are_those_of_pytensor(name):
    x = pt.vector("x", shape=(N,))
    result = GRAPHS[name](x)
    total = pt.sum(result * pt.arange(1.0, result.shape[-1] + 1))
    expected = pytensor.function([x], [total, pytensor.grad(total, x)], mode=UNCOMPILED)
    program = trace(total, {x: np.arange(N)}, {}, N)
    for seed in range(3):
        point = np.random.default_rng(seed).uniform(0.2, 2.5, N)
        value, gradient = program(point)
        wanted, slopes = expected(point)
        assert value == pytest.approx(float(wanted), rel=1e-12)
        np.testing.assert_allclose(gradient, slopes, rtol=1e-9)


def test_shared_data_can_be_swapped_for_data_of_another_length():
    x, data = pt.vector("x", shape=(2,)), pytensor.shared(np.ones(3))
    total = pt.sum((data - x[0]) ** 2) * x[1]
    values = np.array([0.5, 2.0])
    assert trace(total, {x: np.arange(2)}, {}, 2)(values)[0] == pytest.approx(1.5)
    assert trace(total, {x: np.arange(2)}, {data: np.ones(8)}, 2)(values)[0] == pytest.approx(4.0)


def test_data_are_not_copied_into_instructions():
    x = pt.vector("x", shape=(1,))
    short, long = (trace(pt.sum(np.arange(n) ** 2.0) * x[0], {x: np.arange(1)}, {}, 1) for n in (3, 3000))
    assert len(short.memory) == len(long.memory)


def test_a_value_that_is_not_finite_is_no_crash():
    x = pt.vector("x", shape=(1,))
    value, _ = trace(pt.log(x[0]), {x: np.arange(1)}, {}, 1)(np.array([-1.0]))
    assert np.isnan(value)


def test_the_branch_not_taken_has_no_part_in_the_gradient():
    x = pt.vector("x", shape=(1,))
    value, gradient = trace(pt.switch(x[0] > 0, x[0], pt.log(x[0] - x[0])), {x: np.arange(1)}, {}, 1)(
        np.ones(1)
    )
    assert (value, gradient.tolist()) == (1.0, [1.0])


@pytest.mark.parametrize(
    ("graph", "name"),
    [
        (lambda x: pt.linalg.det(pt.outer(x, x)), "Det"),
        (lambda x: pt.zeros(3)[pt.cast(x[0], "int64")] * x[0], "integer"),
    ],
)
def test_what_no_tape_can_hold_is_named(graph, name):
    x = pt.vector("x", shape=(2,))
    with pytest.raises(Untraceable, match=name):
        trace(graph(x), {x: np.arange(2)}, {}, 2)


def test_many_results_stand_one_after_the_other():
    """Parameters, constants, empty arrays and numbers that were worked out, of several draws at once."""
    x = pt.vector("x", shape=(3,))
    outputs = [x[::-1], pt.constant(np.array([7.0, 8.0])), pt.exp(x).reshape((3, 1)), x[:0], pt.sum(x)]
    program, shapes = trace_all(outputs, {x: np.arange(3)}, {}, 3)
    draws = np.array([[0.5, 1.0, 2.0], [0.0, -1.0, 3.0]])
    assert shapes == [(3,), (2,), (3, 1), (0,), ()]
    wanted = [[*d[::-1], 7, 8, *np.exp(d), d.sum()] for d in draws]
    np.testing.assert_allclose(program.values(draws), wanted, rtol=1e-14)
