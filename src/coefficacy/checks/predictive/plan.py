"""How a check is defined: its code, its words, and what it computes of a copy of the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from coefficacy.checks.predictive.check import Check, Side
from coefficacy.checks.predictive.copies import Copies
from coefficacy.checks.predictive.groups import Groups, groups
from coefficacy.spec import queries

if TYPE_CHECKING:
    from coefficacy.sampling import Fit
    from coefficacy.spec.model import ModelSpec
    from coefficacy.survey import Survey

__all__ = ["Design", "FitCheck", "ReplicatedCheck", "Statistic", "design_of"]


@dataclass(frozen=True, slots=True)
class Design:
    """What checks need to know of a survey.

    Attributes
    ----------
    units : level of teams, the second lowest; empty where there is one level
    above : levels above teams
    groups : (lower, upper) -> which unit of `upper` each unit of `lower` is in
    """

    spec: ModelSpec
    survey: Survey
    lowest: str
    units: str
    above: tuple[str, ...]
    groups: Mapping[tuple[str, str], Groups]

    def persons_answer(self, measure: str) -> bool:
        """Whether a measure is answered by members of teams."""
        return bool(self.units) and queries.measure_level(self.spec, measure) == self.lowest


@dataclass(frozen=True, slots=True)
class Statistic:
    """A statistic of copies of the data.

    Attributes
    ----------
    entries : what each number is of (item, measure or outcome), and which part of it
    of : copies -> (copy, entry)
    """

    entries: list[tuple[str, str]]
    of: Callable[[Copies], np.ndarray]


@dataclass(frozen=True, slots=True)
class ReplicatedCheck:
    """A check that compares a statistic of the data with that of replicates.

    Attributes
    ----------
    code, title, question, statistic, side : see :class:`Check`
    prepare : the statistic for one survey, of what the copies hold; or why there is none
    """

    code: str
    title: str
    question: str
    statistic: str
    side: Side
    prepare: Callable[[Design, Copies], Statistic | str]

    @property
    def about(self) -> dict[str, str]:
        return {
            "code": self.code,
            "title": self.title,
            "question": self.question,
            "statistic": self.statistic,
        }


@dataclass(frozen=True, slots=True)
class FitCheck:
    """A check of a fit that needs no replicates."""

    code: str
    title: str
    question: str
    statistic: str
    run: Callable[[FitCheck, Fit], Check]

    @property
    def about(self) -> dict[str, str]:
        return {
            "code": self.code,
            "title": self.title,
            "question": self.question,
            "statistic": self.statistic,
        }


def design_of(spec: ModelSpec, survey: Survey) -> Design:
    levels = queries.level_names(spec)
    pairs = [(a, b) for i, a in enumerate(levels[:2]) for b in levels[i + 1 :]]
    return Design(
        spec=spec,
        survey=survey,
        lowest=levels[0],
        units=levels[1] if len(levels) > 1 else "",
        above=levels[2:],
        groups={(a, b): groups(survey.index(a, b), survey.n[b]) for a, b in pairs},
    )
