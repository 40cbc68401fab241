"""Agreement within teams and reliability of team means: r_wg and its kin, ICC(1) and ICC(2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from coefficacy.errors import Problem, SurveyError

if TYPE_CHECKING:
    from coefficacy.survey import Survey

__all__ = [
    "GROUP",
    "Agreement",
    "Icc",
    "ad_mean",
    "agreement",
    "awg",
    "icc",
    "rwg",
    "rwg_j",
    "rwg_lindell",
    "uniform_variance",
]

GROUP = "group"
"""Dimension of an index by group; coordinate: the groups' labels, sorted."""

_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Icc:
    """Intraclass correlations from a one-way analysis of variance.

    Attributes
    ----------
    icc1 : share of the variance of one person's value that lies between groups; negative when groups differ
        less than chance makes them; NaN where it is not defined
    icc2 : reliability of the group means; NaN where it is not defined
    ms_between, ms_within : mean squares
    n, n_groups : persons and groups with a value
    """

    icc1: float
    icc2: float
    ms_between: float
    ms_within: float
    n: int
    n_groups: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement on one measure, and reliability of its team means.

    Attributes
    ----------
    measure : its name
    icc1, icc2 : of the person's item mean, see `Icc`; NaN where they are not defined
    rwg_j : mean of r_wg(j) over the teams that have one; NaN if the items have no scale
    rwg_j_by_team : (team,) r_wg(j); NaN for a team in which fewer than two persons answered
    n, n_teams : persons with an answer, and teams that have such a person
    null_variance : of an answer given at random, all answers being equally likely; NaN without a scale
    """

    measure: str
    icc1: float
    icc2: float
    rwg_j: float
    rwg_j_by_team: xr.DataArray
    n: int
    n_teams: int
    null_variance: float


def agreement(survey: Survey, measure: str) -> Agreement:
    """Return agreement within teams and reliability of team means on one measure.

    ICCs are of the mean over the items that a person answered. r_wg(j) takes each item's variance over the
    team members who answered it. Teams are the units right above those who answered.

    Parameters
    ----------
    survey : the data
    measure : a measure of it, at a level that has another one above

    Raises
    ------
    SurveyError
        If there is no such measure, or no level above its own.
    """
    answers = survey.answers(measure)
    level = survey.coding[measure].level
    above = list(survey.levels)[list(survey.levels).index(level) + 1 :]
    if not above:
        what = f"'{measure}' is measured at the highest level, {level}: there are no teams to agree."
        raise SurveyError(Problem("agreement", what, "Choose a measure of the members of teams."))
    index, values = survey.index(level, above[0]), answers.values
    given = ~np.isnan(values)
    answered = given.any(axis=1)
    person_mean = np.where(given, values, 0.0).sum(axis=1)[answered] / given.sum(axis=1)[answered]
    ratio = icc(person_mean, index[answered])
    null = _null_variance(survey, measure)
    by_team = _rwg_j(_mean_variance(_grouped(values, index, survey.n[above[0]])), values.shape[1], null)
    known = by_team[~np.isnan(by_team)]
    return Agreement(
        measure=measure,
        icc1=ratio.icc1,
        icc2=ratio.icc2,
        rwg_j=float(known.mean()) if len(known) else _NAN,
        rwg_j_by_team=xr.DataArray(
            by_team, dims=above[0], coords={above[0]: survey.levels[above[0]][above[0]].values}
        ),
        n=ratio.n,
        n_teams=ratio.n_groups,
        null_variance=null,
    )


def uniform_variance(categories: int) -> float:
    """Return the variance of an answer if each of A categories is equally likely: (A^2 - 1) / 12.

    Examples
    --------
    >>> uniform_variance(5)
    2.0
    """
    return (categories**2 - 1) / 12


# Indices by group -----------------------------------------------------------------------------------------


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
    labels, cells = _complete(np.asarray(x, dtype=float)[:, None], groups)
    return _labelled(1 - np.minimum(_mean_variance(cells), null_variance) / null_variance, labels, "rwg")


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
    labels, cells = _complete(items, groups)
    return _labelled(_rwg_j(_mean_variance(cells), cells.n_items, null_variance), labels, "rwg_j")


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
    labels, cells = _complete(items, groups)
    return _labelled(1 - _mean_variance(cells) / null_variance, labels, "rwg_lindell")


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
    labels, cells = _complete(items, groups)
    low, high = scale
    k, mean = cells.count, cells.mean
    with np.errstate(divide="ignore", invalid="ignore"):
        most = ((high + low) * mean - mean**2 - high * low) * k / (k - 1)
        index = 1 - 2 * cells.variance / most
        defined = (mean >= (low * (k - 1) + high) / k) & (mean <= (high * (k - 1) + low) / k)
    index = np.where(defined, index, np.nan)
    index[(mean == low) | (mean == high)] = 1.0
    index[k < 2] = np.nan
    return _labelled(_mean_of_given(index), labels, "awg")


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
    labels, cells = _complete(items, groups)
    deviation = cells.sum_of(np.abs(cells.values - cells.mean[cells.index])) / cells.count
    return _labelled(np.where(cells.count < 2, np.nan, deviation).mean(axis=1), labels, "ad_mean")


def icc(x: ArrayLike, groups: ArrayLike) -> Icc:
    """Return ICC(1) and ICC(2) from a one-way analysis of variance.

    ICC(1) = (MSB - MSW) / (MSB + (n - 1) MSW), with n = N / J persons per group on average, and
    ICC(2) = (MSB - MSW) / MSB. Groups of one count between groups.

    Parameters
    ----------
    x : (person,) values; NaN: none
    groups : (person,) labels

    Returns
    -------
    Icc
        With NaN where there is one group only, no group of two, or no variance to divide by.

    References
    ----------
    Bliese (2000), Within-group agreement, non-independence, and reliability
    """
    _, cells = _complete(np.asarray(x, dtype=float)[:, None], groups)
    values, count, mean = cells.values[:, 0], cells.count[:, 0], cells.mean[:, 0]
    n, n_groups = len(values), len(count)
    if n_groups < 2 or n == n_groups:
        return Icc(_NAN, _NAN, _NAN, _NAN, n, n_groups)
    spread = float(np.ptp(values) > 0)  # without any, rounding is all that is left
    between = spread * float((count * (mean - values.mean()) ** 2).sum()) / (n_groups - 1)
    within = spread * float(((values - mean[cells.index]) ** 2).sum()) / (n - n_groups)
    total = between + (n / n_groups - 1) * within
    return Icc(
        icc1=(between - within) / total if total > 0 else _NAN,
        icc2=(between - within) / between if between > 0 else _NAN,
        ms_between=between,
        ms_within=within,
        n=n,
        n_groups=n_groups,
    )


# Numbers by group -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Cells:
    """Answers: `values` (person, item), `index` (person,); by group and item `count`, `mean`, `variance`."""

    values: np.ndarray
    index: np.ndarray
    count: np.ndarray
    mean: np.ndarray
    variance: np.ndarray

    @property
    def n_items(self) -> int:
        return self.values.shape[1]

    def sum_of(self, values: np.ndarray) -> np.ndarray:
        return _sums(values, self.index, len(self.count))


def _complete(items: ArrayLike, groups: ArrayLike) -> tuple[np.ndarray, _Cells]:
    """Group the persons with complete answers; return the labels of all groups that have one."""
    values = np.asarray(items, dtype=float)
    values = values[:, None] if values.ndim == 1 else values
    names = np.asarray(groups)
    if names.shape != values.shape[:1]:
        raise ValueError(f"{len(values)} rows of answers, but groups of shape {names.shape}")
    complete = ~np.isnan(values).any(axis=1)
    labels, index = np.unique(names[complete], return_inverse=True)
    return labels, _grouped(values[complete], index, len(labels))


def _grouped(values: np.ndarray, index: np.ndarray, n_groups: int) -> _Cells:
    """Return counts, means and variances (n - 1) of the answers given, by group and item."""
    given = ~np.isnan(values)
    count = _sums(given.astype(float), index, n_groups)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = _sums(np.where(given, values, 0.0), index, n_groups) / count
        squares = np.where(given, values - mean[index], 0.0) ** 2
        variance = _sums(squares, index, n_groups) / (count - 1)
    return _Cells(values, index, count, mean, np.where(count > 1, variance, np.nan))


def _sums(values: np.ndarray, index: np.ndarray, n_groups: int) -> np.ndarray:
    return np.column_stack([np.bincount(index, weights=column, minlength=n_groups) for column in values.T])


def _mean_variance(cells: _Cells) -> np.ndarray:
    """Mean over items of the variance within each group; items with fewer than two answers are left out."""
    return _mean_of_given(cells.variance)


def _mean_of_given(values: np.ndarray) -> np.ndarray:
    given = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.where(given, values, 0.0).sum(axis=1) / np.where(
            given.any(axis=1), given.sum(axis=1), np.nan
        )


def _rwg_j(mean_variance: np.ndarray, n_items: int, null_variance: float) -> np.ndarray:
    ratio = np.minimum(mean_variance, null_variance) / null_variance
    return n_items * (1 - ratio) / (n_items * (1 - ratio) + ratio)


def _null_variance(survey: Survey, measure: str) -> float:
    coding = survey.coding[measure]
    if coding.low is None or coding.high is None:
        return _NAN
    return uniform_variance(round(coding.high - coding.low) + 1)


def _labelled(values: np.ndarray, labels: np.ndarray, name: str) -> xr.DataArray:
    return xr.DataArray(values, dims=GROUP, coords={GROUP: labels}, name=name)
