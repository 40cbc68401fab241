"""What the density needs of the data: cross-products of people around their teams, and of teams by cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Cells", "Statistics", "cells", "summarise"]


@dataclass(frozen=True, slots=True)
class Cells:
    """Teams that are alike in size, in which outcomes are observed, and in their coefficients.

    Attributes
    ----------
    between : (cell, row, row), cross-products
    cell : (team,)
    count, size : (cell,), teams, and people in each of them
    seen : (cell, outcome)
    moderators : (cell, moderator)
    """

    between: np.ndarray
    cell: np.ndarray
    count: np.ndarray
    size: np.ndarray
    seen: np.ndarray
    moderators: np.ndarray


def cells(team_rows: np.ndarray, people: np.ndarray, seen: np.ndarray, moderators: np.ndarray) -> Cells:
    """Sum teams up by cell.

    Parameters
    ----------
    team_rows : (team, row), zero where an outcome is missing
    people : (team,); seen : (team, outcome)
    moderators : (team, moderator), on which coefficients depend
    """
    kinds, cell = np.unique(np.column_stack([people, seen, moderators]), axis=0, return_inverse=True)
    cell = cell.ravel()
    between = np.zeros((len(kinds), team_rows.shape[1], team_rows.shape[1]))
    for c in range(len(kinds)):
        rows = team_rows[cell == c]
        between[c] = rows.T @ rows
    return Cells(
        between,
        cell.astype(np.int64),
        np.bincount(cell).astype(float),
        kinds[:, 0],
        kinds[:, 1 : 1 + seen.shape[1]].astype(bool),
        kinds[:, 1 + seen.shape[1] :],
    )


@dataclass(frozen=True, slots=True)
class Statistics:
    """Cross-products of two levels.

    Rows of people are (items, single responses, columns), those of teams (items, single responses, outcomes,
    columns, 1); rows of scores that are sampled hold zeros.

    Attributes
    ----------
    within : (1, row, row), of people around their team's mean
    between : (cell, row', row'), of teams
    person_rows, team_rows : what the cross-products are of
    team : (person,); cell : (team,)
    count, size : (cell,), teams, and people in each of them
    seen : (cell, outcome)
    moderators : (cell, moderator)
    constant : what the log-density of all people's answers adds to that of means and deviations
    """

    within: np.ndarray
    between: np.ndarray
    person_rows: np.ndarray
    team_rows: np.ndarray
    team: np.ndarray
    cell: np.ndarray
    count: np.ndarray
    size: np.ndarray
    seen: np.ndarray
    moderators: np.ndarray
    constant: float

    @property
    def degrees(self) -> np.ndarray:
        """Degrees of freedom within teams, (1,)."""
        return np.array([float(len(self.person_rows) - len(self.team_rows))])


def summarise(
    items: np.ndarray,
    singles: np.ndarray,
    person_columns: np.ndarray,
    outcomes: np.ndarray,
    team_columns: np.ndarray,
    team: np.ndarray,
    moderators: np.ndarray,
) -> Statistics:
    """Reduce complete data to what a density needs.

    Parameters
    ----------
    items : (person, item); singles : (person, response), zero where scores are sampled
    person_columns : (person, column), with mean zero in every team
    outcomes : (team, outcome), NaN where missing
    team_columns : (team, column)
    team : (person,), position of each person's team; every team has people
    moderators : (team, moderator), on which coefficients depend
    """
    n_teams = len(team_columns)
    people = np.bincount(team, minlength=n_teams).astype(float)
    responses = np.column_stack([items, singles])
    mean = np.column_stack([np.bincount(team, w, n_teams) for w in responses.T] or [np.zeros((n_teams, 0))])
    mean = mean / people[:, None]
    person_rows = np.column_stack([responses - mean[team], person_columns])
    present = np.isfinite(outcomes)
    team_rows = np.column_stack([mean, np.where(present, outcomes, 0.0), team_columns, np.ones(n_teams)])
    found = cells(team_rows, people, present, moderators)
    return Statistics(
        within=(person_rows.T @ person_rows)[None],
        between=found.between,
        person_rows=person_rows,
        team_rows=team_rows,
        team=team.astype(np.int64),
        cell=found.cell,
        count=found.count,
        size=found.size,
        seen=found.seen,
        moderators=found.moderators,
        constant=float(-0.5 * responses.shape[1] * np.log(people).sum()),
    )
