"""Teams with missing answers: the kernel against the normal density of all data, written out in full."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_references import changed, moderation, slopes
from scipy.linalg import block_diag
from scipy.stats import multivariate_normal

from coefficacy.gaussian.incomplete import enter
from coefficacy.gaussian.patterns import patterns_density


class World:
    """Random parameters and data of a few teams."""

    def __init__(self, seed, items, sizes, n_outcomes, n_columns, n_pairs, missing, residuals):
        rng = np.random.default_rng(seed)
        self.p, self.n_groups, self.n_outcomes = sum(items), len(items), n_outcomes
        p, rows = self.p, len(items) + n_outcomes + n_pairs
        self.group = np.cumsum([0, *items])
        self.of = np.repeat(np.arange(len(items)), items)
        self.exact = np.array([n == 1 and rng.random() < 0.5 for n in items])
        clean = self.exact[self.of]
        loading, theta = rng.uniform(0.5, 1.5, p), rng.uniform(0.3, 1, p)
        loading[clean], theta[clean] = 1, 0
        between = np.where(clean, 1, loading * rng.uniform(0.8, 1.2, p))
        tau2 = rng.uniform(0.05, 0.4, p) * ~clean * (rng.random(p) < residuals)
        change, reach, self.by = moderation(rng, len(sizes), rows, n_pairs)
        self.arguments = (
            loading, between, theta, tau2, rng.normal(size=p),
            rng.normal(size=(len(items), len(items) + 1)), rng.normal(size=(len(items), n_columns)),
            rng.normal(size=(rows, rows + 1)), rng.normal(size=(rows, 2)), change, reach,
        )  # fmt: skip
        self.team = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
        n = len(self.team)
        patterns = rng.random((3, p)) < 1 - missing
        self.answers = np.where(patterns[rng.integers(0, 3, n)], rng.normal(size=(n, p)), np.nan)
        self.answers[rng.random((n, p)) < missing / 4] = np.nan
        self.columns = rng.normal(size=(n, n_columns))
        self.seen = rng.random((len(sizes), n_outcomes)) < 0.7
        self.team_rows = rng.normal(size=(len(sizes), n_outcomes + 2))
        self.team_rows[:, :n_outcomes] *= self.seen
        self.entries = enter(self.answers, self.columns, self.team, len(sizes))

    def density(self):
        e = self.entries
        return patterns_density(
            *self.arguments, e.observed, e.squares, e.people, e.rows, e.count, e.pattern, e.start,
            self.team_rows, self.seen, np.arange(len(self.seen)), self.group, self.exact, self.by,
        )  # fmt: skip

    def team_moments(self, j):
        """Mean and covariance of (sources' rows, answers person by person, outcomes) of a team."""
        loading, between, theta, tau2, nu, person_z, person_x, z, b, change, reach = self.arguments
        own = changed(change[j], reach, self.by)
        z, b = own @ z, own @ b
        people = np.flatnonzero(self.team == j)
        x = self.team_rows[j, self.n_outcomes :]
        wide = np.zeros((self.p, self.n_groups))
        wide[np.arange(self.p), self.of] = 1
        of_team = [between[:, None] * (wide @ z[: self.n_groups])] * len(people)
        forms = np.vstack([*of_team, z[self.n_groups : self.n_groups + self.n_outcomes]])
        covariance = forms @ forms.T
        n = self.p * len(people)
        within = loading[:, None] * (wide @ person_z)
        covariance[:n, :n] += block_diag(*[within @ within.T + np.diag(theta)] * len(people))
        covariance[:n, :n] += np.tile(np.diag(tau2), (len(people), len(people)))
        mean = [
            nu + loading * (wide @ person_x @ self.columns[i]) + between * (wide @ b[: self.n_groups] @ x)
            for i in people
        ]
        mean = np.concatenate([*mean, (b @ x)[self.n_groups : self.n_groups + self.n_outcomes]])
        data = np.concatenate([self.answers[people].ravel(), self.team_rows[j, : self.n_outcomes]])
        kept = np.concatenate([np.isfinite(self.answers[people]).ravel(), self.seen[j]])
        return mean, covariance, data, kept, z

    def expected(self):
        total = 0.0
        for j in range(len(self.seen)):
            mean, covariance, data, kept, _ = self.team_moments(j)
            if kept.any():
                total += multivariate_normal.logpdf(data[kept], mean[kept], covariance[np.ix_(kept, kept)])
        return total


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    items=st.lists(st.integers(1, 8), min_size=1, max_size=4),
    sizes=st.lists(st.integers(1, 50), min_size=1, max_size=3),
    n_outcomes=st.integers(0, 2),
    n_columns=st.integers(0, 2),
    n_pairs=st.integers(0, 2),
    missing=st.sampled_from([0.0, 0.1, 0.5, 0.9]),
    residuals=st.sampled_from([0.0, 0.5, 1.0]),
)
def test_density_of_teams_with_missing_answers(
    seed, items, sizes, n_outcomes, n_columns, n_pairs, missing, residuals
):
    world = World(seed, items, sizes, n_outcomes, n_columns, n_pairs, missing, residuals)
    value, *gradients = world.density()
    assert value == pytest.approx(world.expected(), rel=1e-9, abs=1e-9)
    theta, tau2, reach = (world.arguments[k] for k in (2, 3, 10))
    fixed = {id(theta): theta == 0, id(tau2): tau2 == 0, id(reach): reach == 0}
    exact = world.exact[world.of]
    fixed[id(world.arguments[0])] = fixed[id(world.arguments[1])] = exact

    def skip(array, index):
        return id(array) in fixed and fixed[id(array)][index]

    numeric = slopes(lambda: world.density()[0], world.arguments, skip=skip)
    for array, found, wanted in zip(world.arguments, gradients, numeric, strict=True):
        known = ~fixed.get(id(array), np.zeros(array.shape, bool))
        np.testing.assert_allclose(found[known], wanted[known], rtol=1e-5, atol=1e-5 * max(1, abs(value)))
