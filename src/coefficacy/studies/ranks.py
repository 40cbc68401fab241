r"""Are ranks uniform? Simultaneous bands for their empirical distribution, exact for discrete ranks.

Where the posterior is right, the rank of the true value among :math:`L` independent draws is uniform on
:math:`0, \dots, L` (Talts et al. 2018, arXiv:1804.06788). Of :math:`n` ranks, :math:`R_i` lie below
:math:`i`; each is binomial with :math:`z_i = i / (L + 1)`. Following Säilynoja, Bürkner and Vehtari (2022,
doi:10.1007/s11222-022-10090-6), a band takes the same pointwise tail probability at every :math:`z_i`, chosen
so that the whole path stays inside with the probability asked for. ArviZ finds it by simulation, which cannot
reach the levels that a hundred quantities together ask for; here it is computed: steps of a uniform path are
independent Poisson counts given their sum.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

__all__ = ["RankBand", "rank_band", "rank_counts", "uniformity"]

_HALVINGS = 60


@dataclass(frozen=True, slots=True)
class RankBand:
    """Where the empirical distribution of uniform ranks stays, as a whole, with probability `prob`.

    Attributes
    ----------
    points : (point,), z = 1 / (L + 1), ..., L / (L + 1)
    lower, upper : (point,), shares of ranks below, the smallest and largest inside
    prob : at least, by exact computation
    """

    points: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    prob: float


def rank_counts(ranks: np.ndarray, draws: int) -> np.ndarray:
    """Count the ranks below 1, ..., `draws`.

    Parameters
    ----------
    ranks : (simulation, ...) whole numbers from 0 to `draws`

    Returns
    -------
    (point, ...)
    """
    return np.array([np.sum(np.asarray(ranks) < i, axis=0) for i in range(1, draws + 1)])


def uniformity(ranks: np.ndarray, draws: int) -> np.ndarray:
    """Return how often uniform ranks stray, somewhere, as far from the diagonal as these do: a p-value.

    Parameters
    ----------
    ranks : (simulation, ...) whole numbers from 0 to `draws`
    draws : L, of the posterior, among which the ranks were taken

    Returns
    -------
    (...), of each quantity by itself; take at least alpha / K of K quantities for a joint level alpha

    Examples
    --------
    >>> float(uniformity(np.arange(100), 99).round(3))
    1.0
    """
    counts, n = rank_counts(ranks, draws), len(ranks)
    tails = _tails(n, draws)
    furthest = np.min(np.take_along_axis(tails, counts.reshape(draws, -1), axis=1), axis=0)
    p = [1 - _inside(tails > value * (1 + 1e-9), n) for value in furthest]
    return np.clip(np.reshape(p, counts.shape[1:]), 0.0, 1.0)


def rank_band(n: int, draws: int, prob: float) -> RankBand:
    """Return the narrowest band of equal pointwise tails that holds uniform ranks with probability `prob`.

    Parameters
    ----------
    n : ranks, one a simulation
    draws : L, of the posterior, among which each rank was taken
    prob : of the whole path; for K quantities at a joint level alpha, 1 - alpha / K (Bonferroni)
    """
    tails, low, high = _tails(n, draws), -80.0, 0.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _inside(tails > np.exp(middle), n) >= prob else (low, middle)
    inside = tails > np.exp(low)
    lower, upper = np.argmax(inside, axis=1), n - np.argmax(inside[:, ::-1], axis=1)
    points = np.arange(1, draws + 1) / (draws + 1)
    return RankBand(points, lower / n, upper / n, prob)


@lru_cache(maxsize=4)
def _tails(n: int, draws: int) -> np.ndarray:
    """Twice the smaller tail probability of every count at every point, (point, count)."""
    from scipy.stats import binom

    z, counts = np.arange(1, draws + 1)[:, None] / (draws + 1), np.arange(n + 1)
    return 2 * np.minimum(binom.cdf(counts, n, z), binom.sf(counts - 1, n, z))


def _inside(allowed: np.ndarray, n: int) -> float:
    """Probability that a uniform path only takes allowed counts (point, count)."""
    from scipy.stats import poisson

    step = poisson.pmf(np.arange(n + 1), n / (len(allowed) + 1))
    path = np.zeros(n + 1)
    path[0] = 1.0
    for inside in allowed:
        path = np.convolve(path, step)[: n + 1] * inside
    return float(np.convolve(path, step)[n] / poisson.pmf(n, n))
