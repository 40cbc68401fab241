"""Averages of densities over draws, their Monte Carlo errors, and when they hang on few draws."""

from __future__ import annotations

import numpy as np
import pytest

from coefficacy.scores.refitting import averaged, tail_shape


def test_an_average_and_its_error_are_those_of_independent_draws():
    """Over 300 repetitions, of a sum over two units; its SD is known to 4%, and 12% are allowed."""
    rng = np.random.default_rng(1)
    found = [averaged(0.5 * rng.normal(size=(2, 500, 2))) for _ in range(300)]
    sums = np.array([a.score.sum() for a in found])
    assert sums.mean() == pytest.approx(2 * 0.125, abs=4 * sums.std() / np.sqrt(300))
    assert np.mean([a.mcse for a in found]) == pytest.approx(sums.std(ddof=1), rel=0.12)
    assert max(a.rhat for a in found) < 1.05


def test_chains_that_disagree_are_seen():
    given = np.random.default_rng(2).normal(size=(2, 500, 1))
    assert averaged(given + np.array([0, 2])[:, None, None]).rhat > 1.2
    assert averaged(given[:1]).rhat == 1.0


@pytest.mark.parametrize(("shape", "low", "high"), [(0.2, 0.0, 0.45), (0.9, 0.65, 1.2)])
def test_the_tail_of_a_density_is_that_it_was_drawn_from(shape, low, high):
    """Pareto draws; k-hat of 4,000 has a standard error of about 0.1."""
    drawn = np.random.default_rng(3).pareto(1 / shape, size=(4, 1000))
    assert low < tail_shape(np.log1p(drawn)) < high
