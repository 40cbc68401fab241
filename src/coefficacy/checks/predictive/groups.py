"""Sums, means and variance components by group, for many copies of the same units at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Groups", "between_component", "group_means", "groups", "mean_of_given"]


@dataclass(frozen=True, slots=True)
class Groups:
    """Which group each unit is in.

    Attributes
    ----------
    matrix : (group, unit) sparse, a one where a unit is in a group
    index : (unit,) positions of groups
    """

    matrix: Any
    index: np.ndarray

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Return (..., group) from (..., unit)."""
        flat = values.reshape(-1, values.shape[-1])
        return np.asarray(self.matrix @ flat.T).T.reshape(*values.shape[:-1], -1)


def groups(index: np.ndarray, n_groups: int) -> Groups:
    from scipy import sparse

    n = len(index)
    return Groups(sparse.csr_array((np.ones(n), (index, np.arange(n))), shape=(n_groups, n)), index)


def group_means(values: np.ndarray, by: Groups) -> np.ndarray:
    """Return the mean of the given values of every group, (..., group); NaN where there are none.

    Parameters
    ----------
    values : (..., unit), NaN where missing
    """
    given = ~np.isnan(values)
    counts = by.sums(given.astype(float))
    return np.divide(by.sums(np.where(given, values, 0.0)), counts, where=counts > 0,
                     out=np.full(counts.shape, np.nan))  # fmt: skip


def between_component(values: np.ndarray, by: Groups) -> np.ndarray:
    r"""Return the variance component between groups by analysis of variance, (...).

    :math:`(MS_B - MS_W) / n_0` with :math:`n_0 = (N - \sum n_j^2 / N) / (k - 1)`; negative values are kept.
    NaN with fewer than two groups, or where no group has two values.

    Parameters
    ----------
    values : (..., unit), NaN where missing
    """
    given = ~np.isnan(values)
    n = by.sums(given.astype(float))
    total, k = n.sum(axis=-1), (n > 0).sum(axis=-1)
    centre = np.where(given, values, 0.0).sum(axis=-1) / np.maximum(total, 1)
    centred = np.where(given, values - centre[..., None], 0.0)
    sums = by.sums(centred)
    ssb = np.sum(np.divide(sums**2, n, where=n > 0, out=np.zeros(n.shape)), axis=-1)
    ssw = np.sum(centred**2, axis=-1) - ssb
    n0 = (total - np.sum(n**2, axis=-1) / np.maximum(total, 1)) / np.maximum(k - 1, 1)
    found = (ssb / np.maximum(k - 1, 1) - ssw / np.maximum(total - k, 1)) / np.maximum(n0, 1e-300)
    return np.where((k > 1) & (total > k), found, np.nan)


def mean_of_given(answers: np.ndarray) -> np.ndarray:
    """Return a unit's mean over the items it answered, (..., unit); NaN where it answered none."""
    given = ~np.isnan(answers)
    counts = given.sum(axis=-1)
    total = np.where(given, answers, 0.0).sum(axis=-1)
    return np.divide(total, counts, where=counts > 0, out=np.full(counts.shape, np.nan))
