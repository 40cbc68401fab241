"""The kernels in JAX against those in numba: values, gradients coded by hand and gradients by JAX."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from coefficacy.gaussian.op import CellsDensity, GradedDensity, Paths, PathsGradient, Scatter, ScatterGradient
from coefficacy.gaussian.paths import CAUCHY, NORMAL, STUDENT_T

jax = pytest.importorskip("jax", reason="the extra 'jax' is not installed")
KERNELS = pytest.importorskip("coefficacy.gaussian.jax", reason="the extra 'jax' is not installed").KERNELS
VARYING = {CellsDensity: 12, GradedDensity: 4, Paths: 5, Scatter: 1}
VALUES = {CellsDensity: 1, GradedDensity: 1, Paths: 6, Scatter: 2}
BY_HAND = {Paths: PathsGradient.kernel, Scatter: ScatterGradient.kernel}


def pulled(operation, inputs, bars):
    """What JAX makes of the density by itself."""
    n = VARYING[operation]

    def values(*varying):
        return KERNELS[operation](*varying, *inputs[n:])[: VALUES[operation]]

    return jax.vjp(values, *inputs[:n])[1](bars)


kernels = {operation: jax.jit(KERNELS[operation]) for operation in VARYING}
pulls = {operation: jax.jit(partial(pulled, operation)) for operation in VARYING}


def agree(operation, inputs):
    """Values to 1e-9, gradients to 1e-7, of each array's largest entry where that is above 1."""
    values = VALUES[operation]
    expected = [np.asarray(e) for e in operation.kernel(*inputs)]
    for one, other in zip(kernels[operation](*inputs), expected, strict=True):
        close(one, other, 1e-9)
    rng = np.random.default_rng(1)
    bars = tuple(rng.normal(size=e.shape) for e in expected[:values])
    by_hand = BY_HAND.get(operation, lambda *_: [bars[0] * e for e in expected[1:]])(
        *inputs, *map(np.asarray, bars)
    )
    for one, other in zip(pulls[operation](inputs, bars), by_hand, strict=True):
        close(one, other, 1e-7)


def close(found, expected, tolerance):
    largest = np.abs(expected).max(initial=0)
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * max(1, largest))


def cells(seed, items, n_scores, n_outcomes, sizes, centred, n_units=0, n_pairs=0):
    rng = np.random.default_rng(seed)
    p, n_single = sum(items), n_scores + n_outcomes
    n_groups, n_columns, n_cells = len(items) + n_single, 3 + n_units, len(sizes)
    n_rows = n_groups + n_pairs
    z, m, b = (rng.normal(size=(n_rows, k)) for k in (n_groups + 1, n_groups, n_columns))
    change, reach = rng.normal(size=(n_cells, n_pairs)), rng.normal(size=(n_rows, n_pairs))
    reach[n_groups:] = np.tril(reach[n_groups:], -1)
    z[0], b[:, 3:] = 0 if seed % 3 == 0 else z[0], 0
    spread = rng.normal(size=(n_rows, 2 if n_units else 0))
    seen, scatter, count = rng.random((n_cells, n_outcomes)) < 0.7, [], []
    for c in range(n_cells):
        rows = rng.normal(size=(rng.integers(1, 6), p + n_single + n_columns))
        rows[:, p + n_single] = 1
        if n_units:
            rows[:, p + n_single + 3 :] = np.eye(n_units)[rng.integers(0, n_units, len(rows))]
        rows[:, p + n_scores : p + n_single] *= seen[c]
        scatter.append(rows.T @ rows)
        count.append(float(len(rows)))
    scatter = np.array(scatter)
    known = scatter.copy()
    known[:, p : p + n_scores], known[:, :, p : p + n_scores] = 0, 0
    return (
        rng.uniform(0.5, 1.5, p), rng.uniform(0.3, 1, p), rng.uniform(0, 0.3, p),
        rng.normal(size=p) * (not centred), z, m, b, scatter[:, p : p + n_scores].copy(), spread,
        rng.normal(size=spread.shape[1]), change, reach, known, np.asarray(p), np.cumsum([0, *items]),
        np.asarray(-1 if centred else 0), np.array(count), np.array(sizes, float), seen,
        np.asarray(3), np.asarray(n_units), np.arange(n_groups, n_rows),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("items", "n_scores", "n_outcomes", "sizes"),
    [
        ((3, 1, 2), 0, 2, (1, 5, 40)),
        ((4,), 2, 1, (2, 9)),
        ((), 2, 2, (3, 3, 8)),
        ((2, 2), 0, 0, (6,)),
        ((), 1, 0, (1,)),
    ],
)
@pytest.mark.parametrize(("centred", "n_units"), [(True, 0), (False, 0), (False, 3)])
def test_density_of_cells(items, n_scores, n_outcomes, sizes, centred, n_units):
    for seed in range(4):
        agree(CellsDensity, cells(seed, items, n_scores, n_outcomes, sizes, centred, n_units))


@pytest.mark.parametrize("n_units", [0, 3])
@pytest.mark.parametrize("n_pairs", [1, 2])
def test_density_of_cells_whose_coefficients_differ(n_units, n_pairs):
    for seed in range(4):
        agree(CellsDensity, cells(seed, (3, 1, 2), 1, 2, (1, 5, 40), False, n_units, n_pairs))


@pytest.mark.parametrize("extreme", [1e-8, 1.0, 1e8])
@pytest.mark.parametrize("between", [0.0, 1.0])
def test_density_of_cells_at_the_boundary(extreme, between):
    """No variance between teams, or none of the items' residuals to speak of."""
    one, none = np.ones(1), np.zeros(1)
    scatter = np.array([[[2.0, 0.5], [0.5, 3.0]]])
    agree(
        CellsDensity,
        (
            extreme * one, extreme**2 * one, none, none, between * np.ones((1, 1)), np.ones((1, 1)),
            np.zeros((1, 1)), np.zeros((1, 0, 2)), np.zeros((1, 0)), np.zeros(0), np.zeros((1, 0)),
            np.zeros((1, 0)), scatter * extreme**2,
            np.asarray(1), np.array([0, 1]), np.asarray(0), 3 * one, one, np.ones((1, 0), bool),
            np.asarray(0), np.asarray(0), np.zeros(0, int),
        ),
    )  # fmt: skip


@pytest.mark.parametrize("two", [0.0, 1e-9])
def test_a_singular_covariance_is_worth_nothing_in_both(two):
    """Two scores that are one: the sampler turns back, whichever the machine."""
    inputs = list(cells(1, [2], 2, 0, [4], False))
    inputs[4], inputs[5] = np.zeros((3, 4)), np.ones((3, 3))
    inputs[5][2, 0] += two
    values = [
        np.asarray(kernel(*inputs)[0]) for kernel in (CellsDensity.kernel, jax.jit(KERNELS[CellsDensity]))
    ]
    assert np.isfinite(values).all() == np.isfinite(values).any()


def regressions(seed, below, further):
    rng = np.random.default_rng(seed)
    response = np.array([0, 0, 1, 2, 2, 2, 3, 3, 3, 3])
    factor = np.tril(rng.normal(size=(4, 4)))
    prior = np.tile([NORMAL, 0.0, 0.1, 0.5, 0.0], (10, 1))
    prior[:, 0] = rng.choice([NORMAL, STUDENT_T, CAUCHY], 10)
    prior[:, 1] = 3.0 * (prior[:, 0] == STUDENT_T)
    prior[:, 4] = (rng.random(4) < 0.5)[response]
    latent = np.array([0, 0, 0, 1, 1, 0, 1, 1, 1, 0], bool)
    return (
        rng.normal(size=10), rng.uniform(0.5, 1.5, 4), factor / np.linalg.norm(factor, axis=1)[:, None],
        rng.normal(size=(4, below)), rng.normal(size=(4, further)),
        rng.random(4) < 0.5, response, latent, np.array([0, 1, 1, 0, 1, 0, 2, 0, 1, 1]),
        rng.uniform(0.5, 2, 10) * latent * (rng.random(10) < 0.3), np.array([[1.4, 0], [0.2, 0.9]]),
        np.asarray(0.4), prior,
    )  # fmt: skip


@pytest.mark.parametrize(("below", "further"), [(0, 0), (2, 3)])
@pytest.mark.parametrize("seed", range(8))
def test_paths(seed, below, further):
    agree(Paths, regressions(seed, below, further))


def test_paths_without_terms_columns_or_members():
    none, where = np.zeros((2, 0)), np.zeros(0, int)
    inputs = (
        np.zeros(0), np.array([0.7, 1.2]), np.eye(2), none, none, np.zeros(2, bool),
        where, where.astype(bool), where, np.zeros(0), np.zeros((0, 0)), np.asarray(0.0), np.zeros((0, 5)),
    )  # fmt: skip
    agree(Paths, inputs)


def answers(seed, logit, shift=0.0):
    rng = np.random.default_rng(seed)
    n, p, n_teams, n_cuts = 30, 4, 5, 3
    given_ = rng.permutation(n * p)[: n * p - 7]
    cuts = np.sort(rng.normal(size=(p, n_cuts)), axis=1) + np.arange(n_cuts) * 0.1
    return (
        rng.normal(size=n) + shift, rng.uniform(0.5, 1.5, p), 0.3 * rng.normal(size=(n_teams, p)), cuts,
        given_ // p, np.sort(rng.integers(0, n_teams, n)), given_ % p,
        rng.integers(0, n_cuts + 1, len(given_)), np.asarray(logit),
    )  # fmt: skip


@pytest.mark.parametrize("logit", [True, False])
@pytest.mark.parametrize("shift", [0.0, -8.0, 8.0, -60.0, 60.0])
def test_graded_answers(logit, shift):
    agree(GradedDensity, answers(3, logit, shift))


@pytest.mark.parametrize("logit", [True, False])
def test_graded_answers_with_a_single_threshold(logit):
    inputs = list(answers(5, logit))
    inputs[3], inputs[7] = inputs[3][:, :1].copy(), np.minimum(inputs[7], 1)
    agree(GradedDensity, inputs)


@pytest.mark.parametrize("logit", [True, False])
@pytest.mark.parametrize("far", [-1e4, 1e4])
def test_graded_answers_far_out_stay_finite(logit, far):
    parts = jax.jit(KERNELS[GradedDensity])(*answers(3, logit, far))
    assert all(np.isfinite(part).all() for part in parts)


def scored():
    rng = np.random.default_rng(5)
    person, rows = rng.normal(size=(6, 5)), rng.normal(size=(3, 6))
    team = np.array([0, 0, 0, 1, 1, 2])
    person -= np.array([person[team == j].mean(axis=0) for j in range(3)])[team]
    person[:, 1:3], rows[:, 1:3] = 0, 0
    return rng.normal(size=(6, 2)), person, rows, team, np.array([0, 1, 0]), np.ones(2), np.asarray(1)


def test_cross_products_of_scores():
    agree(Scatter, scored())


def test_what_pytensor_calls_for_gradients_is_what_jax_would_do():
    """The gradient operations, where PyTensor differentiates before it turns to JAX."""
    for gradient, operation, inputs in (
        (PathsGradient, Paths, regressions(2, 2, 3)),
        (ScatterGradient, Scatter, scored()),
    ):
        bars = tuple(np.asarray(0.5 * np.asarray(v)) for v in operation.kernel(*inputs)[: VALUES[operation]])
        found = jax.jit(KERNELS[gradient])(*inputs, *bars)
        expected = gradient.kernel(*inputs, *bars)
        for one, other in zip(found if isinstance(found, tuple) else [found], expected, strict=True):
            close(one, other, 1e-7)


def test_operations_compile_in_jax_mode_with_pytensor_gradients():
    """Where an operation has one output, PyTensor takes the value itself."""
    import pytensor
    import pytensor.tensor as pt

    _, *known = scored()
    x = pt.matrix("x")
    total = sum(pt.sum(part**2) for part in Scatter()(x, *known))
    at, results = scored()[0], []
    for mode in ("JAX", "FAST_COMPILE"):
        value, gradient = pytensor.function([x], [total, pytensor.grad(total, x)], mode=mode)(at)
        results.append((np.asarray(value), np.asarray(gradient)))
    for one, other in zip(*results, strict=True):
        close(one, other, 1e-7)
