"""Complete answers of a measure by group of teams, with all that was left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from coefficacy.errors import Problem, SurveyError, did_you_mean
from coefficacy.survey.nesting import counted

if TYPE_CHECKING:
    from coefficacy.model.by_group import GroupedAnswers
    from coefficacy.survey import Survey

__all__ = ["FEWEST_TEAMS", "Grouped", "grouped_answers"]

FEWEST_TEAMS = 5
"""In a group: fewer say little of its parameters once one of them is left out."""
_FEWEST_ITEMS, _FEWEST_CATEGORIES, _MOST_GROUPS = 3, 5, 12
_WHERE = "invariance"


@dataclass(frozen=True, slots=True)
class Grouped:
    """What is compared.

    Attributes
    ----------
    measured : complete answers; level, teams : the level and ids of its teams
    by : the level or column that makes the groups
    notes : what was left out or taken for something else
    """

    measured: GroupedAnswers
    level: str
    teams: np.ndarray
    by: str
    notes: tuple[str, ...]


def grouped_answers(survey: Survey, measure: str, by: str | None) -> Grouped:
    """Collect the answers.

    Raises
    ------
    SurveyError : no such measure, level or column; too few items, categories, groups or teams
    """
    from coefficacy.model.by_group import GroupedAnswers

    answers, coding = survey.answers(measure).values, survey.coding[measure]
    names = list(survey.levels)
    if coding.level != names[0] or len(names) < 2:
        raise _refused(f"'{measure}' is not measured among members of teams.", "Choose a measure of members.")
    _check_items(survey, measure)
    level = names[1]
    by = by or (names[2] if len(names) > 2 else None)
    labels = _labels(survey, level, by)
    index = survey.index(names[0], level)
    complete = ~np.isnan(answers).any(axis=1)
    people = np.bincount(index[complete], minlength=len(labels))
    groups, counts = np.unique(labels[people > 0], return_counts=True)
    kept = groups[counts >= FEWEST_TEAMS]
    if not 2 <= len(kept) <= _MOST_GROUPS:
        what = (
            f"'{by}' makes {len(kept)} groups of at least {FEWEST_TEAMS} teams; from 2 to {_MOST_GROUPS} "
            "can be compared."
        )
        raise _refused(what, "Take another level or column of teams, with fewer values.")
    teams = np.flatnonzero((people > 0) & np.isin(labels, kept))
    used = complete & np.isin(index, teams)
    measured = GroupedAnswers(
        answers=answers[used], items=survey.items[measure], groups=tuple(map(str, kept)),
        team=np.searchsorted(teams, index[used]), group=np.searchsorted(kept, labels[teams]),
    )  # fmt: skip
    left = groups[counts < FEWEST_TEAMS]
    notes = tuple(_notes(coding.family, names[0], int((~complete).sum()), left))
    return Grouped(measured, level, survey.levels[level][level].values[teams], str(by), notes)


def _check_items(survey: Survey, measure: str) -> None:
    family, n = survey.coding[measure].family, len(survey.items[measure])
    if n < _FEWEST_ITEMS:
        raise _refused(f"'{measure}' has {n} items: loadings of fewer than three are not identified.", "")
    categories = len(survey.categories(measure))
    if family == "bernoulli" or (family == "ordinal" and categories < _FEWEST_CATEGORIES):
        what = (
            f"the items of '{measure}' are {family} with {categories} categories; the closed form is one of "
            f"numbers, and answers of fewer than {_FEWEST_CATEGORIES} categories cannot be taken as such."
        )
        raise _refused(what, "Compare groups by separate fits.")


def _labels(survey: Survey, level: str, by: str | None) -> np.ndarray:
    """Group of every team."""
    names = list(survey.levels)
    above, columns = names[2:], [str(c) for c in survey.levels[level].data_vars if c not in names]
    known = (*above, *columns)
    if by is None:
        raise _refused(f"there is no level above '{level}'.", f"Name a column of {level}: by = ...")
    if by not in known:
        raise _refused(f"'{by}' is no level above '{level}' and no column of it.", did_you_mean(by, known))
    if by in above:
        return np.asarray(survey.levels[by][by].values)[survey.index(level, by)].astype(str)
    return np.asarray(survey.levels[level][by].values).astype(str)


def _notes(family: str, lowest: str, incomplete: int, left: np.ndarray) -> Iterator[str]:
    if family == "ordinal":
        yield "Answers are taken as numbers: intercepts stand for thresholds."
    if incomplete:
        yield f"{counted(incomplete, lowest)} with missing answers left out."
    if len(left):
        yield f"Groups of fewer than {FEWEST_TEAMS} teams left out: {', '.join(map(str, left))}."


def _refused(what: str, mend: str) -> SurveyError:
    return SurveyError(Problem(_WHERE, what, mend))
