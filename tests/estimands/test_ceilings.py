"""Ceiling effect sizes against a grid and by hand; bottlenecks; the additive rival in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from coefficacy.estimands.additive import Drawn
from coefficacy.estimands.ceilings import OUTCOME_LEVELS, ceiling_size, peers, required

X = np.array([0.0, 1.0, 1.0, 2.0, 3.0, 4.0])
Y = np.array([1.0, 2.0, 0.0, 1.5, 4.0, 3.0])


def test_peers_are_the_best_so_far():
    np.testing.assert_array_equal(peers(X, Y), [[0, 1], [1, 2], [3, 4]])


def test_of_several_with_the_same_condition_the_best_one_counts():
    np.testing.assert_array_equal(peers(np.array([0.0, 0, 1]), np.array([1.0, 2, 2])), [[0, 2]])


def test_the_step_functions_area_by_hand():
    """Above the steps: 3 over the first unit, 2 over the next two; the scope is 4 by 4."""
    assert ceiling_size(X, Y) == pytest.approx((3 + 4) / 16)


def test_no_ceiling_where_the_corner_is_full():
    assert ceiling_size(np.array([0.0, 1, 2]), np.array([2.0, 0, 1])) == 0
    assert ceiling_size(np.array([0.0, 1, 2]), np.array([2.0, 0, 1]), "cr_fdh") == 0


@pytest.mark.parametrize("line", ["ce_fdh", "cr_fdh"])
@pytest.mark.parametrize("seed", range(4))
def test_areas_agree_with_counting_points_of_a_grid(line, seed):
    """A grid of 1,000 by 1,000 points is right to about the perimeter over its width, .002."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=40)
    y = np.minimum(1.5 * x + 1, rng.normal(size=40))
    gx = x.min() + (np.arange(1000) + 0.5) / 1000 * np.ptp(x)
    gy = y.min() + (np.arange(1000) + 0.5) / 1000 * np.ptp(y)
    steps = np.array([y[x <= at].max() for at in gx])
    if line == "cr_fdh":
        corners = np.array([[a, b] for a, b in zip(x, y, strict=True) if not np.any((x <= a) & (y > b))])
        corners = corners[[not np.any((x < a) & (y >= b)) for a, b in corners]]
        design = np.column_stack([np.ones(len(corners)), corners[:, 0]])
        intercept, slope = np.linalg.lstsq(design, corners[:, 1], rcond=None)[0]
        steps = intercept + slope * gx
    assert ceiling_size(x, y, line) == pytest.approx(np.mean(gy[None] > steps[:, None]), abs=2e-3)


def test_the_bottleneck_table_reads_off_the_steps():
    """The range of y is 0 to 4: 10 and 20% are reached at once, 30 to 50% from x = 1, the rest from x = 3."""
    np.testing.assert_allclose(required(X, Y), [0, 0, 25, 25, 25, 75, 75, 75, 75, 75])
    assert len(OUTCOME_LEVELS) == 10


def test_replicates_follow_the_regressions_posterior_predictive():
    """Mean and variance of 8,000 replicates: Student t, within 4.5 Monte Carlo SEs (the worst of 20)."""
    rng = np.random.default_rng(1)
    conditions, others = rng.normal(size=(20, 2)), np.column_stack([np.ones(20), rng.normal(size=20)])
    y = conditions @ [0.5, -0.3] + rng.normal(size=20)
    draws = np.array([Drawn((0, 0), conditions, others, y).replicate(rng) for _ in range(8000)])
    x = np.column_stack([conditions, others])
    hat = x @ np.linalg.solve(x.T @ x, x.T)
    freedom = 16
    variance = (y @ y - y @ hat @ y) / freedom * (1 + np.diag(hat)) * freedom / (freedom - 2)
    assert np.abs((draws.mean(axis=0) - hat @ y) / np.sqrt(variance / 8000)).max() < 4.5
    assert np.abs(draws.var(axis=0) / variance - 1).max() < 4.5 * np.sqrt(2.6 / 8000)
