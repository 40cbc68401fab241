"""Density of all answers in a team against the joint normal of its people's stacked answers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import block_diag
from scipy.stats import multivariate_normal

from coefficacy.gaussian.recovery import recover_teams
from coefficacy.gaussian.whole import deviations_density, scatter_by_team

GROUP, N_ITEMS = np.array([0, 2, 5]), 5


def stacked(people, columns, forms):
    """Mean and covariance of the answers of all people in one team: five items and a single response."""
    loading, theta, tau2, nu, z, own, x, b = forms
    wide = block_diag(loading[:2, None], loading[2:, None], 1.0)
    team = wide @ z @ z.T @ wide.T + np.diag([*tau2, 0])
    person = wide @ own @ own.T @ wide.T + np.diag([*theta, 0])
    mean = np.append(nu, 0) + wide @ b[:, 0] + columns @ x.T @ wide.T
    covariance = np.kron(np.ones((people, people)), team) + np.kron(np.eye(people), person)
    return mean.ravel(), covariance


@pytest.mark.parametrize("sizes", [(1, 4), (3, 6)])
def test_means_and_deviations_make_up_the_density_of_a_team(sizes):
    rng, n_teams = np.random.default_rng(6), len(sizes)
    loading, theta, tau2 = rng.uniform(0.5, 1.5, N_ITEMS), rng.uniform(0.3, 1, N_ITEMS), np.full(N_ITEMS, 0.2)
    nu, z, own = rng.normal(size=N_ITEMS), rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
    x, b = rng.normal(size=(3, 2)), rng.normal(size=(3, 1))
    team = np.repeat(np.arange(n_teams), sizes)
    answers, columns = rng.normal(size=(len(team), N_ITEMS + 1)), rng.normal(size=(len(team), 2))
    mean = np.array([answers[team == j].mean(axis=0) for j in range(n_teams)])
    columns -= np.array([columns[team == j].mean(axis=0) for j in range(n_teams)])[team]
    rows = np.column_stack([mean, np.ones(n_teams)])
    people = np.column_stack([answers - mean[team], columns])

    forms = [np.ascontiguousarray(a[None]) for a in (loading, theta, tau2, nu, z, own, b)]
    shapes = ((3, 0), (0,), (n_teams, 0), (3, 0), (0, 3), (0, 3), (0, 1), (0, 0), (0, 0), (0, 0))
    empty = [np.zeros((1, *shape)) for shape in shapes]
    _, _, of_means, *_ = recover_teams(
        *forms, *empty, GROUP, N_ITEMS, rows, team, np.arange(n_teams),
        np.array(sizes, float), np.ones((n_teams, 0), bool), np.zeros(0, int), np.zeros((1, n_teams, 0)), 0,
        np.zeros((1, 0, 0)),
    )  # fmt: skip
    scatter, counted = scatter_by_team(people, team, n_teams)
    np.testing.assert_array_equal(counted, sizes)
    around = deviations_density(*(a[None] for a in (loading, theta, own, x)), GROUP, scatter, counted)
    for j, n in enumerate(sizes):
        expected = multivariate_normal(
            *stacked(n, columns[team == j], (loading, theta, tau2, nu, z, own, x, b))
        )
        found = of_means[0, j] + around[0, j]
        assert found == pytest.approx(expected.logpdf(answers[team == j].ravel()), rel=1e-9)
