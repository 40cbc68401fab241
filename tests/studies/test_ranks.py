"""Bands for uniform ranks: right by simulation, silent for a right posterior, not for wrong ones."""

from __future__ import annotations

import numpy as np
import pytest
from arviz_stats.ecdf_utils import ecdf_pit
from scipy.stats import kstest

from coefficacy.studies import DRAWS, rank_band, rank_counts, uniformity
from coefficacy.studies.sbc import truth_ranks

SIMS = 200


def conjugate_ranks(shrink: float = 1.0, shift: float = 0.0, *, sims: int = SIMS) -> np.ndarray:
    """Ranks under the posterior of a normal mean with prior N(0, 1), its SD off by `shrink`."""
    rng, n = np.random.default_rng(4), 5
    truth = rng.normal(size=sims)
    mean = rng.normal(truth[:, None], 1.0, (sims, n)).sum(axis=1) / (n + 1)
    sd = shrink / np.sqrt(n + 1)
    draws = mean[:, None, None, None] + sd * (shift + rng.normal(size=(sims, 2, 500, 1)))
    return np.array([truth_ranks(d, t) for d, t in zip(draws, truth[:, None], strict=True)])[:, 0]


def leaves(ranks: np.ndarray, prob: float = 0.99) -> bool:
    band, counts = rank_band(len(ranks), DRAWS, prob), rank_counts(ranks, DRAWS) / len(ranks)
    return bool(np.any((counts < band.lower - 1e-12) | (counts > band.upper + 1e-12)))


def test_a_right_posterior_stays_inside() -> None:
    ranks = conjugate_ranks()
    assert ranks.min() >= 0
    assert ranks.max() <= DRAWS
    assert not leaves(ranks)
    assert uniformity(ranks, DRAWS) > 0.01


@pytest.mark.parametrize(("shrink", "shift"), [(0.6, 0.0), (1.8, 0.0), (1.0, 0.6)])
def test_a_posterior_too_narrow_too_wide_or_shifted_leaves_even_the_band_of_ninety(
    shrink: float, shift: float
) -> None:
    ranks = conjugate_ranks(shrink, shift)
    assert leaves(ranks, 1 - 0.01 / 90)
    assert uniformity(ranks, DRAWS) < 0.01 / 90


@pytest.mark.parametrize("prob", [0.9, 0.99])
def test_uniform_ranks_stay_inside_as_often_as_asked(prob: float) -> None:
    """20,000 runs: a standard error of 0.0021 at most; counts are whole, so the share may be larger."""
    ranks = np.random.default_rng(1).integers(0, DRAWS + 1, (SIMS, 20_000))
    band, shares = rank_band(SIMS, DRAWS, prob), rank_counts(ranks, DRAWS) / SIMS
    inside = (shares >= band.lower[:, None] - 1e-12) & (shares <= band.upper[:, None] + 1e-12)
    assert prob - 0.0065 < inside.all(axis=0).mean() < prob + 0.0125


def test_p_is_uniform_or_larger_and_agrees_with_the_band() -> None:
    """1,000 runs: at p the standard error of a share is sqrt(p (1 - p) / 1000), here three of them."""
    ranks = np.random.default_rng(2).integers(0, DRAWS + 1, (SIMS, 1000))
    p = uniformity(ranks, DRAWS)
    for level in (0.05, 0.2, 0.5):
        assert np.mean(p <= level) < level + 3 * np.sqrt(level * (1 - level) / 1000)
    assert kstest(p, "uniform").pvalue > 1e-4
    for k in (*np.argsort(p)[:5], *np.argsort(p)[-5:]):
        assert leaves(ranks[:, k], 0.99) == (p[k] < 0.01)


def test_the_band_is_that_of_arviz_where_ranks_are_fine() -> None:
    """ArviZ's band is simulated, for continuous values at n - 1 points: alike within one count of 200."""
    rng = np.random.default_rng(3)
    points, _, lower, upper = ecdf_pit(rng.uniform(size=SIMS), 0.95, 20_000, rng=rng)
    ours = rank_band(SIMS, SIMS - 1, 0.95)
    assert np.allclose(points[1:-1], ours.points)
    assert np.abs(lower[1:-1] - ours.lower).max() <= 1.01 / SIMS
    assert np.abs(upper[1:-1] - ours.upper).max() <= 1.01 / SIMS


def test_ranks_count_draws_that_lie_equally_far_apart() -> None:
    draws = np.stack([np.arange(1000.0), -np.arange(1000.0)], axis=-1).reshape(2, 500, 2)
    assert truth_ranks(draws, np.array([505.0, 0.5])).tolist() == [50, 99]
    assert truth_ranks(draws, np.array([-1.0, -1e9])).tolist() == [0, 0]
