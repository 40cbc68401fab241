"""Copies of a survey's answers and outcomes, the observed one or replicates, all with the same gaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from coefficacy.spec import queries

if TYPE_CHECKING:
    from coefficacy.spec.model import ModelSpec
    from coefficacy.survey import Survey

__all__ = ["Copies", "observed_copy", "outcome_values", "with_gaps"]


@dataclass(frozen=True, slots=True)
class Copies:
    """Data of the same units, once or many times.

    Attributes
    ----------
    answers : measure -> (copy, unit, item), ordinal answers coded 0, 1, ...; NaN where missing
    outcomes : outcome -> (copy, unit), ordinal ones counted from the lowest observed value
    """

    answers: Mapping[str, np.ndarray]
    outcomes: Mapping[str, np.ndarray]


def observed_copy(spec: ModelSpec, survey: Survey) -> Copies:
    """Return the data as they are, as one copy."""
    return Copies(
        {m.name: survey.answers(m.name).values[None] for m in spec.measures},
        {y: outcome_values(spec, survey, y)[None] for y in queries.outcomes(spec)},
    )


def outcome_values(spec: ModelSpec, survey: Survey, outcome: str) -> np.ndarray:
    """Return an outcome of all units of its level, ordinal ones counted from the lowest value."""
    y = np.asarray(survey.column(queries.outcome_level(spec, outcome), outcome).values, float)
    return y - np.nanmin(y) if queries.family_of(spec, outcome).family == "ordinal" else y


def with_gaps(copies: Copies, observed: Copies) -> Copies:
    """Leave out of replicates what is missing in the data."""

    def cut(values: Mapping[str, np.ndarray], like: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: np.where(np.isnan(like[name]), np.nan, v) for name, v in values.items()}

    return Copies(cut(copies.answers, observed.answers), cut(copies.outcomes, observed.outcomes))
