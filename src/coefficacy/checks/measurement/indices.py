"""Agreement within groups: r_wg and its kin, a_wg, AD; functions of arrays."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from coefficacy.checks.measurement.cells import Cells, complete, mean_of_given

__all__ = [
    "GROUP",
    "ad_by_group",
    "ad_mean",
    "awg",
    "awg_by_item",
    "rwg",
    "rwg_j",
    "rwg_j_by_group",
    "rwg_lindell",
    "uniform_variance",
]

GROUP = "group"
"""Dimension of an index by group; coordinate: the groups' labels, sorted."""


def uniform_variance(categories: int) -> float:
    """Return the variance of an answer if each of A categories is equally likely: (A^2 - 1) / 12.

    Examples
    --------
    >>> uniform_variance(5)
    2.0
    """
    return (categories**2 - 1) / 12


# Of arrays ------------------------------------------------------------------------------------------------


def rwg(x: ArrayLike, groups: ArrayLike, *, null_variance: float = 2.0) -> xr.DataArray:
    """Return r_wg = 1 - s^2 / sigma^2_E of a single item, with s^2 cut at sigma^2_E.

    Parameters
    ----------
    x : (person,) answers; NaN: none
    groups : (person,) labels
    null_variance : sigma^2_E, see `uniform_variance`; the default is that of five categories

    Returns
    -------
    (group,); NaN for a group with fewer than two answers: nobody can agree or disagree there

    References
    ----------
    James, Demaree & Wolf (1984), https://doi.org/10.1037/0021-9010.69.1.85
    """
    labels, cells = complete(np.asarray(x, dtype=float)[:, None], groups)
    return _labelled(1 - np.minimum(cells.mean_variance, null_variance) / null_variance, labels, "rwg")


def rwg_j(items: ArrayLike, groups: ArrayLike, *, null_variance: float = 2.0) -> xr.DataArray:
    """Return r_wg(j) = J (1 - r) / (J (1 - r) + r), r = mean item variance / sigma^2_E, cut at 1.

    Parameters
    ----------
    items : (person, item) answers; persons with a missing answer are left out
    groups, null_variance : see `rwg`

    Returns
    -------
    (group,); NaN for a group with fewer than two complete persons

    References
    ----------
    James, Demaree & Wolf (1984), https://doi.org/10.1037/0021-9010.69.1.85
    """
    labels, cells = complete(items, groups)
    return _labelled(rwg_j_by_group(cells, null_variance), labels, "rwg_j")


def rwg_lindell(items: ArrayLike, groups: ArrayLike, *, null_variance: float = 2.0) -> xr.DataArray:
    """Return r*_wg(j) = 1 - mean item variance / sigma^2_E, negative where chance would make more agreement.

    Parameters
    ----------
    items, groups, null_variance : see `rwg_j`

    Returns
    -------
    (group,); NaN for a group with fewer than two complete persons

    References
    ----------
    Lindell, Brandt & Whitney (1999), https://doi.org/10.1177/01466219922031257
    """
    labels, cells = complete(items, groups)
    return _labelled(1 - cells.mean_variance / null_variance, labels, "rwg_lindell")


def awg(items: ArrayLike, groups: ArrayLike, *, scale: tuple[float, float] = (1, 5)) -> xr.DataArray:
    """Return a_wg, agreement against the largest variance that is possible at the group's mean M.

    a_wg = 1 - 2 s^2 / {[(H + L) M - M^2 - H L] k / (k - 1)} for k persons and a scale from L to H, averaged
    over items. Where all give the same extreme answer it is 1.

    Parameters
    ----------
    items : (person, item) or (person,) answers; persons with a missing answer are left out
    groups : (person,) labels
    scale : lowest and highest possible answer

    Returns
    -------
    (group,); NaN for a group with fewer than two complete persons. Items whose mean is so extreme that the
    index is not defined are left out; NaN if none remains

    References
    ----------
    Brown & Hauenstein (2005), https://doi.org/10.1177/1094428105275376
    """
    labels, cells = complete(items, groups)
    return _labelled(mean_of_given(awg_by_item(cells, scale)), labels, "awg")


def ad_mean(items: ArrayLike, groups: ArrayLike) -> xr.DataArray:
    """Return AD_M, the average absolute deviation from the group's mean, averaged over items.

    Parameters
    ----------
    items : (person, item) or (person,) answers; persons with a missing answer are left out
    groups : (person,) labels

    Returns
    -------
    (group,) in the unit of the answers, 0 for full agreement; NaN for a group with fewer than two complete
    persons

    References
    ----------
    Burke, Finkelstein & Dusig (1999), https://doi.org/10.1177/109442819921004
    """
    labels, cells = complete(items, groups)
    return _labelled(ad_by_group(cells), labels, "ad_mean")


# Of grouped answers ---------------------------------------------------------------------------------------


def rwg_j_by_group(cells: Cells, null_variance: float) -> np.ndarray:
    """Return r_wg(j) of grouped answers, (group,); NaN where fewer than two answered."""
    ratio = np.minimum(cells.mean_variance, null_variance) / null_variance
    return cells.n_items * (1 - ratio) / (cells.n_items * (1 - ratio) + ratio)


def awg_by_item(cells: Cells, scale: tuple[float, float]) -> np.ndarray:
    """Return a_wg of grouped answers, (group, item); NaN where fewer than two answered or it is not defined.

    It is defined where (L (k - 1) + H) / k <= M <= (H (k - 1) + L) / k, and where all give the same extreme
    answer.
    """
    low, high = scale
    k, mean = cells.count, cells.mean
    with np.errstate(divide="ignore", invalid="ignore"):
        most = ((high + low) * mean - mean**2 - high * low) * k / (k - 1)
        index = 1 - 2 * cells.variance / most
        defined = (mean >= (low * (k - 1) + high) / k) & (mean <= (high * (k - 1) + low) / k)
    index = np.where(defined, index, np.nan)
    index[(mean == low) | (mean == high)] = 1.0
    index[k < 2] = np.nan
    return index


def ad_by_group(cells: Cells) -> np.ndarray:
    """Return AD_M(J) of grouped answers, (group,); items with fewer than two answers are left out."""
    return mean_of_given(cells.mean_deviation())


def _labelled(values: np.ndarray, labels: np.ndarray, name: str) -> xr.DataArray:
    return xr.DataArray(values, dims=GROUP, coords={GROUP: labels}, name=name)
