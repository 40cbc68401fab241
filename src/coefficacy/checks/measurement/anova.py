"""ICC(1), ICC(2) and the reliability of group means from a one-way analysis of variance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from coefficacy.checks.measurement.cells import complete

__all__ = ["Icc", "icc", "spearman_brown"]

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
    _, cells = complete(np.asarray(x, dtype=float)[:, None], groups)
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


def spearman_brown(icc1: Any, size: Any) -> Any:
    """Return the reliability of a mean over `size` members: n ICC(1) / (1 + (n - 1) ICC(1)).

    Parameters
    ----------
    icc1 : share of the variance of one member's value that lies between groups; numbers or labelled arrays
    size : number of members, of any shape that goes with `icc1`

    Examples
    --------
    >>> spearman_brown(0.2, 4)
    0.5
    """
    return size * icc1 / (1 + (size - 1) * icc1)
