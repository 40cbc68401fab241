"""The one error family: every message says where, what, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

__all__ = [
    "CoefficacyError",
    "FitError",
    "Interrupted",
    "Problem",
    "SpecError",
    "StudyError",
    "SurveyError",
    "did_you_mean",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input.

    Attributes
    ----------
    where : file, key, table, column or row, e.g. ``"models/adaptation.toml: team.adaptation"``
    what : the offending value and the valid set
    mend : how to put it right; may be empty
    """

    where: str
    what: str
    mend: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f" {self.mend}" if self.mend else "")


class CoefficacyError(Exception):
    """Base of all errors raised on purpose.

    Parameters
    ----------
    problems : one or more problems, shown together
    """

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class SpecError(CoefficacyError):
    """A model file or formula that cannot be used."""


class SurveyError(CoefficacyError):
    """Tables that do not fit the model file or each other."""


class FitError(CoefficacyError):
    """A fit, a saved fit or an output folder that cannot be used."""


class StudyError(CoefficacyError):
    """A study, its store or its executor that cannot be used."""


class Interrupted(CoefficacyError):
    """Sampling or a study was stopped by the user; the message says what was kept."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``"Known: a, b. Did you mean 'a'?"`` for an unknown `name`."""
    known = sorted(set(known))
    shown = ", ".join(known[:20]) + (", ..." if len(known) > 20 else "")
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    return (f"Known: {shown}." if known else "None is known here.") + (
        f" Did you mean '{close[0]}'?" if close else ""
    )
