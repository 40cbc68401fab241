"""Draws of what was integrated out against conditional distributions of the joint normal."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from coefficacy.gaussian.recovery import recover_teams

N_NOISE = 20_000
NONE = np.zeros((3, 0))


def conditional(mean, covariance, known, values):
    """Mean and covariance of the rest of a normal vector, given `values` at `known`."""
    rest = np.setdiff1d(np.arange(len(mean)), known)
    gain = np.linalg.solve(covariance[np.ix_(known, known)], covariance[np.ix_(known, rest)]).T
    return mean[rest] + gain @ (values - mean[known]), covariance[np.ix_(rest, rest)] - gain @ covariance[
        np.ix_(known, rest)
    ]


@pytest.mark.parametrize("moderated", [False, True])
@pytest.mark.parametrize("seen", [True, False])
def test_one_team_with_four_items_and_an_outcome(seen, moderated):
    """With a coefficient of its own, too: forms f0 become f0 + change times reach times the predictor's."""
    rng, n_items, size = np.random.default_rng(3), 4, 5.0
    loading, theta, tau2 = rng.uniform(0.5, 1.5, n_items), rng.uniform(0.3, 1, n_items), np.full(n_items, 0.2)
    nu, group = rng.normal(size=n_items), np.array([0, 2, 4])
    z, m, b = rng.normal(size=(4, 3)), rng.normal(size=(4, 2)), rng.normal(size=(4, 1))
    value_z, value_m, value_b = rng.normal(size=(2, 3)), rng.normal(size=(2, 2)), rng.normal(size=(2, 1))
    change, by = np.full((1, int(moderated)), -0.7), np.full(int(moderated), 3)
    reach, value_reach = np.full((4, len(by)), 0.5), np.full((2, len(by)), 0.3)
    reach[1], reach[3] = 0.8, 0
    row = np.concatenate([rng.normal(size=n_items), rng.normal(size=1), np.ones(1)])
    row[4] *= seen

    wide = np.zeros((5, 3))
    wide[[0, 1], 0], wide[[2, 3], 1], wide[4, 2] = loading[:2], loading[2:], 1
    error = np.append(tau2 + theta / size, 0)
    rows_z, rows_m, rows_b = (f[:3] + (reach[:3] * change).sum(1)[:, None] * f[3] for f in (z, m, b))
    own_z, own_m, own_b = (
        f + (value_reach * change).sum(1)[:, None] * rest[3]
        for f, rest in ((value_z, z), (value_m, m), (value_b, b))
    )
    forms_z, forms_m = np.vstack([own_z, wide @ rows_z]), np.vstack([own_m, wide @ rows_m])
    covariance = forms_z @ forms_z.T + forms_m @ forms_m.T / size + np.diag([0, 0, *error])
    mean = np.concatenate([own_b[:, 0], wide @ rows_b[:, 0] + np.append(nu, 0)])
    answers, all_data = np.arange(2, 6), np.arange(2, 7)

    one = [
        np.ascontiguousarray(a[None])
        for a in (
            loading, theta, tau2, nu, z, m, b, np.zeros((4, 0)), NONE[0], change, reach,
            value_z, value_m, value_b, NONE[:2], value_reach,
        )
    ]  # fmt: skip
    many = [np.ascontiguousarray(np.repeat(a, N_NOISE, axis=0)) for a in one]
    found = recover_teams(
        *many, np.zeros((N_NOISE, 0, 0)), group, n_items, row[None], np.zeros(1, int), np.zeros(1, int),
        np.array([size]), np.array([[seen]]), by, rng.standard_normal((N_NOISE, 1, 2)),
        0, np.zeros((N_NOISE, 0, 0)),
    )  # fmt: skip
    values, density, of_answers, expected, predicted, predicted_sd = (a[:, 0] for a in found)

    given_answers, spread = conditional(mean, covariance, answers, row[:4])
    np.testing.assert_allclose(expected[0], given_answers[:2])
    assert predicted[0, 0] == pytest.approx(given_answers[2])
    assert predicted_sd[0, 0] == pytest.approx(np.sqrt(spread[2, 2]))

    known = all_data if seen else answers
    whole, left = conditional(mean, covariance, known, row[: len(known)])
    np.testing.assert_allclose(values.mean(axis=0), whole[:2], atol=0.05)
    np.testing.assert_allclose(np.cov(values.T), left[:2, :2], atol=0.05)
    log_p = multivariate_normal.logpdf(row[4], given_answers[2], spread[2, 2]) if seen else 0.0
    assert density[0] == pytest.approx(log_p)
    items = multivariate_normal(mean[answers], covariance[np.ix_(answers, answers)])
    assert of_answers[0] == pytest.approx(items.logpdf(row[:4]), rel=1e-9)


def test_effects_of_a_unit_are_drawn_from_their_distribution_given_all_its_teams():
    """Two teams of one unit and one of another; the first has no outcome. The mean of the units is given."""
    rng, n_items, n_teams = np.random.default_rng(5), 2, 3
    loading, theta, tau2 = rng.uniform(0.5, 1.5, n_items), rng.uniform(0.3, 1, n_items), np.full(n_items, 0.2)
    nu, group, sizes = rng.normal(size=n_items), np.array([0, 2]), np.array([5.0, 3.0, 3.0])
    z, m, spread = rng.normal(size=(2, 2)), rng.normal(size=(2, 1)), 0.5 * rng.normal(size=(2, 2))
    value_z, value_m, value_spread = rng.normal(size=(2, 2)), rng.normal(size=(2, 1)), rng.normal(size=(2, 2))
    columns, value_columns = np.zeros((2, 3)), np.zeros((2, 3))
    columns[:, 2], value_columns[:, 2] = rng.normal(size=2), rng.normal(size=2)
    seen, common = np.array([[False], [True]]), np.array([0.4, -0.7])
    unit = np.array([0, 0, 1])
    rows = np.column_stack([rng.normal(size=(n_teams, 3)), np.eye(2)[unit], np.ones(n_teams)])
    rows[0, 2] = 0

    wide = np.array([[loading[0], 0], [loading[1], 0], [0, 1]])
    mean, forms, error = [], [], []
    for j in range(n_teams):
        mean.append(np.concatenate([value_columns[:, 2], wide @ columns[:, 2] + np.append(nu, 0)]))
        own_z, own_m = np.vstack([value_z, wide @ z]), np.vstack([value_m, wide @ m]) / np.sqrt(sizes[j])
        both = np.vstack([value_spread, wide @ spread])
        forms.append(
            np.hstack([np.kron(np.eye(3)[j], np.hstack([own_z, own_m])), np.kron(np.eye(2)[unit[j]], both)])
        )
        error += [0, 0, *(tau2 + theta / sizes[j]), 0]
    mean_of_units = np.hstack([np.zeros((2, 9)), np.kron([0.5, 0.5], np.eye(2))])
    forms = np.vstack([*forms, mean_of_units])
    covariance = forms @ forms.T + np.diag([*error, 0, 0])
    known = np.array([2, 3, 7, 8, 9, 12, 13, 14, 15, 16])
    data = np.concatenate([rows[:, :3].ravel()[[0, 1, *range(3, 9)]], common])
    mean_of_all = np.concatenate([*mean, np.zeros(2)])
    whole, left = conditional(mean_of_all, covariance, known, data)
    rest = np.setdiff1d(np.arange(17), known)
    wanted = np.isin(rest, [0, 1, 5, 6, 10, 11])

    one = (
        loading,
        theta,
        tau2,
        nu,
        z,
        m,
        columns,
        spread,
        common,
        np.zeros((2, 0)),
        NONE[:2],
        value_z,
        value_m,
        value_columns,
        value_spread,
        NONE[:2],
    )
    many = [np.ascontiguousarray(np.repeat(a[None], N_NOISE, axis=0)) for a in one]
    values, density, of_answers, *_ = recover_teams(
        *many, np.zeros((N_NOISE, 0, 0)), group, n_items, rows, np.arange(3), np.array([0, 1, 1]),
        np.array([5.0, 3.0]), seen, np.zeros(0, int), rng.standard_normal((N_NOISE, n_teams, 2)), 0,
        rng.standard_normal((N_NOISE, 2, 2)),
    )  # fmt: skip
    values = values.reshape(N_NOISE, -1)
    np.testing.assert_allclose(values.mean(axis=0), whole[wanted], atol=0.05)
    np.testing.assert_allclose(np.cov(values.T), left[np.ix_(wanted, wanted)], atol=0.08)

    log_p = sum(
        sign * multivariate_normal(mean_of_all[at], covariance[np.ix_(at, at)]).logpdf(data[-len(at) :])
        for sign, at in ((1, known), (-1, known[-2:]))
    )
    weights = np.exp(log_p - (density + of_answers).sum(axis=1))
    assert weights.mean() == pytest.approx(1, abs=4 * weights.std() / np.sqrt(N_NOISE))
