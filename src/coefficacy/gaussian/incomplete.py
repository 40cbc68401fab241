"""What the density of teams with missing answers needs of the data: means by team and missing pattern."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Entries", "enter"]


@dataclass(frozen=True, slots=True)
class Entries:
    """People of one team with one missing pattern, by their number and means.

    Rows are (items, columns of people); patterns of which an entry has several people come first.

    Attributes
    ----------
    observed : (pattern, item)
    squares : (first patterns, row, row), sums of products around the means of entries
    people : (pattern,)
    rows : (entry, row), means, zero where an answer is missing; entries of one team together
    count, pattern : (entry,)
    start : (team + 1,), where each team's entries start
    member : (person,), positions among those given, entry after entry; people without answers are left out
    """

    observed: np.ndarray
    squares: np.ndarray
    people: np.ndarray
    rows: np.ndarray
    count: np.ndarray
    pattern: np.ndarray
    start: np.ndarray
    member: np.ndarray


def enter(answers: np.ndarray, columns: np.ndarray, team: np.ndarray, n_teams: int) -> Entries:
    """Sum people up by team and missing pattern.

    Parameters
    ----------
    answers : (person, item), NaN where missing
    columns : (person, column)
    team : (person,)
    """
    seen = np.isfinite(answers)
    some = np.flatnonzero(seen.any(axis=1))
    kinds, kind = np.unique(seen[some], axis=0, return_inverse=True)
    pair, entry, count = np.unique(
        np.column_stack([team[some], kind.ravel()]), axis=0, return_inverse=True, return_counts=True
    )
    order = np.argsort(entry.ravel(), kind="stable")
    member, entry = some[order], entry.ravel()[order]
    values = np.column_stack([np.where(seen, answers, 0.0), columns])[member]
    sums = np.zeros((len(pair), values.shape[1]))
    np.add.at(sums, entry, values)
    means = sums / count[:, None]
    several = np.zeros(len(kinds), bool)
    several[pair[count > 1, 1]] = True
    kinds_order = np.argsort(~several, kind="stable")
    place = np.argsort(kinds_order, kind="stable")
    pattern = place[pair[:, 1]]
    around, of = values - means[entry], pattern[entry]
    squares = np.zeros((int(several.sum()), values.shape[1], values.shape[1]))
    for p in range(len(squares)):
        own = around[of == p]
        squares[p] = own.T @ own
    return Entries(
        observed=kinds[kinds_order],
        squares=squares,
        people=np.bincount(of, minlength=len(kinds)).astype(float),
        rows=means,
        count=count.astype(float),
        pattern=pattern.astype(np.int64),
        start=np.searchsorted(pair[:, 0], np.arange(n_teams + 1)).astype(np.int64),
        member=member,
    )
