"""Answers by group and item: counts, means, variances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Cells", "complete", "grouped", "mean_of_given"]


@dataclass(frozen=True, slots=True)
class Cells:
    """Answers and what they come to in every group.

    Attributes
    ----------
    values : (person, item), NaN where missing
    index : (person,), position of the person's group
    count, mean, variance : (group, item), of the answers given; variances with n - 1, NaN below two
    """

    values: np.ndarray
    index: np.ndarray
    count: np.ndarray
    mean: np.ndarray
    variance: np.ndarray

    @property
    def n_items(self) -> int:
        """Number of items."""
        return self.values.shape[1]

    @property
    def mean_variance(self) -> np.ndarray:
        """(group,), over items; those with fewer than two answers are left out, NaN if none remains."""
        return mean_of_given(self.variance)

    def mean_deviation(self) -> np.ndarray:
        """Return (group, item) mean absolute deviations from the group's mean; NaN below two answers."""
        distance = np.where(np.isnan(self.values), 0.0, np.abs(self.values - self.mean[self.index]))
        with np.errstate(divide="ignore", invalid="ignore"):
            deviation = _sums(distance, self.index, len(self.count)) / self.count
        return np.where(self.count > 1, deviation, np.nan)


def complete(items: ArrayLike, groups: ArrayLike) -> tuple[np.ndarray, Cells]:
    """Group the persons with complete answers; return the labels of all groups that have one.

    Parameters
    ----------
    items : (person, item) or (person,)
    groups : (person,) labels
    """
    values = np.asarray(items, dtype=float)
    values = values[:, None] if values.ndim == 1 else values
    names = np.asarray(groups)
    if names.shape != values.shape[:1]:
        raise ValueError(f"{len(values)} rows of answers, but groups of shape {names.shape}")
    whole = ~np.isnan(values).any(axis=1)
    labels, index = np.unique(names[whole], return_inverse=True)
    return labels, grouped(values[whole], index, len(labels))


def grouped(values: np.ndarray, index: np.ndarray, n_groups: int) -> Cells:
    """Return the answers given, by group and item."""
    given = ~np.isnan(values)
    count = _sums(given.astype(float), index, n_groups)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = _sums(np.where(given, values, 0.0), index, n_groups) / count
        squares = np.where(given, values - mean[index], 0.0) ** 2
        variance = _sums(squares, index, n_groups) / (count - 1)
    return Cells(values, index, count, mean, np.where(count > 1, variance, np.nan))


def mean_of_given(values: np.ndarray) -> np.ndarray:
    """Return the mean over the last axis of what is not NaN; NaN where all is."""
    given = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.where(given, values, 0.0).sum(axis=-1) / np.where(
            given.any(axis=-1), given.sum(axis=-1), np.nan
        )


def _sums(values: np.ndarray, index: np.ndarray, n_groups: int) -> np.ndarray:
    return np.column_stack([np.bincount(index, weights=column, minlength=n_groups) for column in values.T])
