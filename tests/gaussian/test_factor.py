"""The density of whole teams under one factor against a multivariate normal of all their answers."""

from __future__ import annotations

import numpy as np
from scipy import stats

from coefficacy.gaussian.factor import FactorDraws, team_answers, team_density

ITEMS, DRAWS = 4, 3
TEAM = np.array([0, 0, 0, 1, 2, 2, 2, 2, 2])


def draws(rng: np.random.Generator) -> FactorDraws:
    return FactorDraws(
        intercept=rng.normal(size=(DRAWS, ITEMS)),
        loading=rng.uniform(0.5, 1.5, (DRAWS, ITEMS)),
        residual_variance=rng.uniform(0.3, 1, (DRAWS, ITEMS)),
        item_variance=rng.uniform(0.01, 0.3, (DRAWS, ITEMS)),
        mean=rng.normal(size=DRAWS),
        within=rng.uniform(0.5, 1.5, DRAWS),
        between=rng.uniform(0.1, 0.5, DRAWS),
    )


def brute_force(d: FactorDraws, k: int, answers: np.ndarray) -> float:
    n, common = len(answers), np.outer(d.loading[k], d.loading[k])
    within = d.within[k] * common + np.diag(d.residual_variance[k])
    between = d.between[k] * common + np.diag(d.item_variance[k])
    covariance = np.kron(np.eye(n), within) + np.kron(np.ones((n, n)), between)
    mean = np.tile(d.intercept[k] + d.loading[k] * d.mean[k], n)
    return float(stats.multivariate_normal(mean, covariance).logpdf(answers.ravel()))


def test_density_of_teams_of_any_size() -> None:
    rng = np.random.default_rng(1)
    d, answers = draws(rng), rng.normal(size=(len(TEAM), ITEMS))
    found = team_density(d, team_answers(answers, TEAM, 3))
    expected = [[brute_force(d, k, answers[j == TEAM]) for j in range(3)] for k in range(DRAWS)]
    np.testing.assert_allclose(found, expected, rtol=1e-10)
