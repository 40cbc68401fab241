"""The kernels against densities written out in full and against differences of their own values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_references import changed, moderation, slopes
from scipy.linalg import block_diag
from scipy.stats import logistic, multivariate_normal, norm

from coefficacy.gaussian.graded import graded_density
from coefficacy.gaussian.likelihood import cells_density
from coefficacy.gaussian.paths import CAUCHY, NORMAL, STUDENT_T, paths, paths_gradient
from coefficacy.gaussian.scatter import scatter_gradient, scatter_of_scores


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    items=st.lists(st.integers(1, 4), min_size=0, max_size=3),
    n_scores=st.integers(0, 2),
    n_outcomes=st.integers(0, 2),
    sizes=st.lists(st.integers(1, 50), min_size=1, max_size=3),
    centred=st.booleans(),
    n_units=st.integers(0, 3),
    n_pairs=st.integers(0, 2),
)
def test_density_of_cells(seed, items, n_scores, n_outcomes, sizes, centred, n_units, n_pairs):
    n_singles = n_scores + n_outcomes
    if not items and not n_singles:
        return
    rng = np.random.default_rng(seed)
    p, n_groups, n_columns, n_cells = sum(items), len(items) + n_singles, 3 + n_units, len(sizes)
    group = np.cumsum([0, *items])
    loading, theta = rng.uniform(0.5, 1.5, p), rng.uniform(0.3, 1, p)
    tau2, nu = rng.uniform(0, 0.3, p), rng.normal(size=p) * (not centred)
    n_rows = n_groups + n_pairs
    z, m, b = (rng.normal(size=(n_rows, k)) for k in (n_groups + 1, n_groups, n_columns))
    z[0] = 0 if seed % 3 == 0 else z[0]
    b[:, 3:] = 0
    spread = rng.normal(size=(n_rows, 2 if n_units else 0)) * (seed % 4 > 0)
    change, reach, by = moderation(rng, n_cells, n_rows, n_pairs)
    size, seen = np.array(sizes, float), rng.random((n_cells, n_outcomes)) < 0.7
    width, units = p + n_singles + n_columns, []
    for c in range(n_cells):
        rows = rng.normal(size=(rng.integers(1, 6), width))
        rows[:, p + n_singles] = 1
        rows[:, p + n_singles + 3 :] = (
            np.eye(n_units)[rng.integers(0, max(n_units, 1), len(rows))] if n_units else 0
        )
        rows[:, p + n_scores : p + n_singles] *= seen[c]
        units.append(rows)
    scatter = np.array([rows.T @ rows for rows in units])
    scores = scatter[:, p : p + n_scores].copy()
    count = np.array([len(rows) for rows in units], float)
    one = -1 if centred else 0
    common = 0.5 * rng.normal(size=spread.shape[1])
    arguments = (loading, theta, tau2, nu, z, m, b, scores, spread, common, change, reach)

    def evaluate():
        return cells_density(*arguments, scatter, p, group, one, count, size, seen, 3, n_units, by)

    wide = np.zeros((p + n_singles, n_groups))
    for r in range(len(items)):
        wide[group[r] : group[r + 1], r] = loading[group[r] : group[r + 1]]
    wide[p + np.arange(n_singles), len(items) + np.arange(n_singles)] = 1
    everything = np.vstack(units)
    unit, answers = everything[:, p + n_singles + 3 :], everything[:, : p + n_singles]
    blocks, mean, effects = [], [], []
    for c, rows in enumerate(units):
        own = wide @ changed(change[c], reach, by)[:n_groups]
        covariance = own @ (z @ z.T + m @ m.T / size[c]) @ own.T
        covariance[np.arange(p), np.arange(p)] += tau2 + theta / size[c]
        blocks += [covariance] * len(rows)
        effects += [own @ spread] * len(rows)
        mean.append(rows[:, p + n_singles :] @ b.T @ own.T + np.append(nu, np.zeros(n_singles)))
        mean[-1] += own @ spread @ common
    mean, effects = np.vstack(mean), np.array(effects)
    covariance = block_diag(*blocks)
    expected = 0.0
    if n_units:
        together = unit @ (np.eye(n_units) - 1 / n_units) @ unit.T
        shared = np.einsum("iak,ij,jbk->iajb", effects, together, effects)
        covariance += shared.reshape(covariance.shape)
        expected = norm.logpdf(common, scale=n_units**-0.5).sum()
    kept = np.concatenate(
        [np.tile([*[True] * (p + n_scores), *seen[c]], len(rows)) for c, rows in enumerate(units)]
    ).astype(bool)
    if kept.any():
        expected += multivariate_normal.logpdf(
            answers.ravel()[kept], mean.ravel()[kept], covariance[np.ix_(kept, kept)]
        )
    value, *gradients = evaluate()
    assert value == pytest.approx(expected, rel=1e-9)
    if one < 0:
        gradients[3][:] = 0
    gradients[-1][reach == 0] = 0
    numeric = slopes(lambda: evaluate()[0], arguments, skip=lambda a, i: a is reach and a[i] == 0)
    for found, wanted in zip(gradients, numeric, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5 * max(1, abs(value)))


def test_density_at_the_boundary():
    one, none = np.ones(1), np.zeros(1)
    scatter = np.array([[[2.0, 0.5], [0.5, 3.0]]])
    for extreme in (1e-8, 1e8):
        value, *gradients = cells_density(
            extreme * one, extreme**2 * one, none, none, np.zeros((1, 1)), np.ones((1, 1)), np.zeros((1, 1)),
            np.zeros((1, 0, 2)), np.zeros((1, 0)), np.zeros(0), np.zeros((1, 0)), np.zeros((1, 0)),
            scatter * extreme**2, 1, np.array([0, 1]), 0, 3 * one, one, np.ones((1, 0), bool), 0, 0,
            np.zeros(0, int),
        )  # fmt: skip
        assert np.isfinite(value)
        assert all(np.isfinite(g).all() for g in gradients)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), below=st.integers(0, 2), further=st.integers(0, 3))
def test_paths_and_their_gradient(seed, below, further):
    rng = np.random.default_rng(seed)
    response = np.array([0, 0, 1, 2, 2, 2, 3, 3, 3, 3])
    latent = np.array([0, 0, 0, 1, 1, 0, 1, 1, 1, 0], bool)
    predictor = np.array([0, 1, 1, 0, 1, 0, 2, 0, 1, 1])
    g = rng.normal(size=10)
    sigma, factor = rng.uniform(0.5, 1.5, 4), np.tril(rng.normal(size=(4, 4)))
    factor /= np.linalg.norm(factor, axis=1)[:, None]
    members, direct = rng.normal(size=(4, below)), rng.normal(size=(4, further))
    prior = np.tile([NORMAL, 3.0, 0.1, 0.5, 0.0], (10, 1))
    prior[:, 0] = rng.choice([NORMAL, STUDENT_T, CAUCHY], 10)
    prior[:, 4] = (rng.random(4) < 0.5)[response]
    relative = rng.random(4) < 0.5
    product = rng.uniform(0.5, 2, 10) * latent * (rng.random(10) < 0.3)
    fixed = (relative, response, latent, predictor, product, np.array([[1.4, 0], [0.2, 0.9]]), 0.4, prior)
    arguments = (g, sigma, factor, members, direct)
    bars = (rng.normal(size=(4, 2 + further)), rng.normal(size=(4, 4)), rng.normal(size=(4, below)), 0.7)
    bars += (rng.normal(size=4), rng.normal(size=10))

    def evaluate():
        x, z, m, log_prior, sd, scaled, *_ = paths(*arguments, *fixed)
        parts = (x, z, m, np.array(log_prior), sd, scaled)
        return sum((part * bar).sum() for part, bar in zip(parts, bars, strict=True))

    found = paths_gradient(*arguments, *fixed, *bars)
    numeric = slopes(evaluate, arguments, skip=lambda a, i: a is factor and i[1] > i[0])
    for one, other in zip(found, numeric, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_paths_by_hand():
    """y = .5 x (SD 2) + .3 u + e: SD(y)^2 = .5^2 + .3^2 + 1 in coefficients per SD."""
    where = (np.array([1, 1]), np.array([False, True]), np.array([0, 0]), np.zeros(2), np.array([[2.0]]), 0.0)
    none, prior = np.zeros((2, 0)), np.array([[0, 0, 0, 0.5, 0]] * 2)
    for relative, g in ((False, [0.5, 0.3]), (True, [0.25, 0.15])):
        sigma = np.array([2.0, 2.0 if relative else 1.0])
        x, z, _, _, sd, _, whole, *_ = paths(
            np.array(g), sigma, np.eye(2), none, none, np.array([False, relative]), *where, prior
        )
        assert sd[0] == 2.0
        assert whole[1] == pytest.approx(np.sqrt(0.25 + 0.09 + sigma[1] ** 2))
        np.testing.assert_allclose(x, [[0], [0.25]])
        np.testing.assert_allclose(z, [[2, 0], [0.3, sigma[1]]])


def test_a_product_has_a_source_of_its_own_and_no_part_in_forms():
    """y = .3 u + .4 u x, with SD(u) = 2 and x of root mean square 3: coefficients per SD are .6 and 2.4."""
    where = (np.array([1, 1]), np.array([True, True]), np.array([0, 0]), np.array([0.0, 3.0]))
    _, z, _, log_prior, sd, _, whole, *_ = paths(
        np.array([0.6, 2.4]), np.array([2.0, 1.0]), np.eye(2), np.zeros((2, 0)), np.zeros((2, 0)),
        np.zeros(2, bool), *where, np.zeros((0, 0)), 0.0, np.array([[NORMAL, 0, 0, 1.0, 1]] * 2),
    )  # fmt: skip
    np.testing.assert_allclose(z, [[2, 0], [0.6, 1]])
    np.testing.assert_allclose(whole[1] ** 2, 0.6**2 + 2.4**2 + 1)
    np.testing.assert_allclose(sd[1], whole[1])
    assert log_prior == pytest.approx(-0.5 * (0.3**2 + 0.4**2) - np.log(2) - np.log(6))


@pytest.mark.parametrize("relative", [True, False])
def test_a_raw_prior_is_a_density_of_raw_coefficients(relative):
    """y = b x (SD 2) + c u (SD 1.5) + e (SD .8): free coefficients are b 2 and c 1.5, or these over .8."""
    where = (np.array([1, 1]), np.array([False, True]), np.array([0, 0]), np.zeros(2), np.array([[2.0]]), 0.0)
    none, prior = np.zeros((2, 0)), np.array([[NORMAL, 0, 0.1, 3, 1], [STUDENT_T, 4, 0, 2, 1]])
    raw, unit = np.array([0.7, -0.4]), np.array([2.0, 1.5]) / (0.8 if relative else 1.0)
    _, _, _, log_prior, *_ = paths(
        raw * unit, np.array([1.5, 0.8]), np.eye(2), none, none, np.array([False, relative]),
        *where, prior,
    )  # fmt: skip
    expected = -0.5 * (0.6 / 3) ** 2 - 2.5 * np.log1p(0.2**2 / 4) - np.log(unit).sum()
    assert log_prior == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("eta", [-1e4, -301.0, 301.0, 1e4])
def test_graded_answers_far_out(eta):
    """Where exponentials would overflow; nothing may look likely there that is not."""
    cuts = np.array([[-1.0, 0.5]])
    at = (np.array([0]), np.array([0]), np.array([0]))
    between = np.log(-np.expm1(-1.5))
    expected = [
        logistic.logcdf(-1 - eta),
        logistic.logcdf(0.5 - eta) + logistic.logsf(-1 - eta) + between,
        logistic.logsf(0.5 - eta),
    ]
    for category, wanted in enumerate(expected):
        value, *_ = graded_density(
            np.array([eta]), np.ones(1), np.zeros((1, 1)), cuts, *at, np.array([category]), True
        )
        assert value == pytest.approx(wanted, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("logit", [True, False])
def test_graded_answers(logit):
    rng = np.random.default_rng(3)
    n, p, n_teams, n_cuts = 30, 4, 5, 3
    team = np.sort(rng.integers(0, n_teams, n))
    arguments = (
        rng.normal(size=n),
        rng.uniform(0.5, 1.5, p),
        0.3 * rng.normal(size=(n_teams, p)),
        np.sort(rng.normal(size=(p, n_cuts)), axis=1) + np.arange(n_cuts) * 0.1,
    )
    unit, item = np.repeat(np.arange(n), p), np.tile(np.arange(p), n)
    given_ = (unit, team, item, rng.integers(0, n_cuts + 1, n * p), logit)
    score, loading, residual, cuts = arguments
    eta = loading[item] * score[unit] + residual[team[unit], item]
    ends = np.concatenate([np.full((p, 1), -np.inf), cuts, np.full((p, 1), np.inf)], axis=1)
    cdf = (logistic if logit else norm).cdf
    expected = np.log(cdf(ends[item, given_[3] + 1] - eta) - cdf(ends[item, given_[3]] - eta)).sum()
    value, *gradients = graded_density(*arguments, *given_)
    assert value == pytest.approx(expected, rel=1e-9)
    numeric = slopes(lambda: graded_density(*arguments, *given_)[0], arguments)
    for found, wanted in zip(gradients, numeric, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("logit", [True, False])
@pytest.mark.parametrize("far", [-1e4, -40.0, 40.0, 1e4])
def test_graded_answers_far_out_stay_finite(logit, far):
    cuts, one = np.array([[-1.0, 0.5]]), np.array([0])
    for category in range(3):
        parts = graded_density(
            np.array([far]), np.ones(1), np.zeros((1, 1)), cuts, one, one, one, np.array([category]), logit
        )
        assert all(np.isfinite(part).all() for part in parts)


def test_cross_products_of_scores():
    rng = np.random.default_rng(5)
    team = np.array([0, 0, 0, 1, 1, 2])
    scores, person, rows = rng.normal(size=(6, 2)), rng.normal(size=(6, 5)), rng.normal(size=(3, 6))
    means = np.array([person[team == j].mean(axis=0) for j in range(3)])
    person -= means[team]
    person[:, 1:3], rows[:, 1:3] = 0, 0
    cell = np.array([0, 1, 0])
    within, between = scatter_of_scores(scores, person, rows, team, cell, 2, 1)
    mean = np.array([scores[team == j].mean(axis=0) for j in range(3)])
    full, teams = person.copy(), rows.copy()
    full[:, 1:3], teams[:, 1:3] = scores - mean[team], mean
    np.testing.assert_allclose(within[0], (full.T @ full)[1:3])
    for c in range(2):
        np.testing.assert_allclose(between[c], (teams[cell == c].T @ teams[cell == c])[1:3])
    bars = rng.normal(size=within.shape), rng.normal(size=between.shape)

    def evaluate():
        parts = scatter_of_scores(scores, person, rows, team, cell, 2, 1)
        return sum((part * bar).sum() for part, bar in zip(parts, bars, strict=True))

    found = scatter_gradient(scores, person, rows, team, cell, 1, *bars)
    np.testing.assert_allclose(found, slopes(evaluate, (scores,))[0], rtol=1e-6, atol=1e-7)
