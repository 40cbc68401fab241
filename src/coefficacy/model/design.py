"""Right-hand sides as numbers: which columns and latents each coefficient multiplies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

import numpy as np

from coefficacy.errors import Problem, SpecError, SurveyError
from coefficacy.spec.model import Factor, Formula, ModelSpec, Term
from coefficacy.survey import Survey

__all__ = ["Column", "deviations", "expand", "observed_columns", "unit_means"]


@dataclass(frozen=True, slots=True)
class Column:
    """One coefficient's multiplier: a product of latents of the level and an observed column.

    Attributes
    ----------
    term : the term of the formula it belongs to
    label : name of the coefficient: the term, categories in brackets (``"kind[ops]:x"``)
    latents : names of the level's latents in the product
    values : (unit,), the observed part, centred; None if the term is latents only
    """

    term: str
    label: str
    latents: tuple[str, ...]
    values: np.ndarray | None


def unit_means(values: np.ndarray, index: np.ndarray, n_units: int) -> np.ndarray:
    """Mean of `values` (..., over the first axis) within the units that `index` points to."""
    counts = np.bincount(index, minlength=n_units)
    return np.bincount(index, weights=values, minlength=n_units) / np.maximum(counts, 1)


def deviations(survey: Survey, level: str, values: np.ndarray, levels: tuple[str, ...]) -> np.ndarray:
    """Centre a column: people on their team's mean, units of any other level on the grand mean."""
    if level == levels[0] and len(levels) > 1:
        index = survey.index(level, levels[1])
        return values - unit_means(values, index, survey.levels[levels[1]].sizes[levels[1]])[index]
    return values - values.mean()


def expand(
    spec: ModelSpec, survey: Survey, level: str, terms: Iterable[Term], latents: Iterable[str], *, where: str
) -> list[Column]:
    """Turn the terms of one formula into columns, categories into indicators against the first one.

    Parameters
    ----------
    latents : names that stand for latents at this level rather than for columns
    where : for messages, e.g. ``"team.adaptation"``

    Raises
    ------
    SpecError : a term that is the same for all members of a team stands in a person's equation
    """
    known = set(latents)
    levels = tuple(lv.name for lv in spec.levels)
    columns: list[Column] = []
    for term in terms:
        parts = [_factor(survey, level, levels, factor, known, where) for factor in term.factors]
        for combination in product(*parts):
            observed = [values for _, values in combination if values is not None]
            columns.append(
                Column(
                    term=str(term),
                    label=":".join(label for label, _ in combination),
                    latents=tuple(label for label, values in combination if values is None),
                    values=np.prod(observed, axis=0) if observed else None,
                )
            )
    for column in columns:
        _check_varies(column, level, levels, where)
    return columns


def observed_columns(formulas: Iterable[Formula], latents: Iterable[str]) -> tuple[Term, ...]:
    """Main effects of observed columns in any of the formulas, each once, in order."""
    known = set(latents)
    mains = (
        term
        for formula in formulas
        for term in formula.terms
        if len(term.factors) == 1 and str(term.factors[0]) not in known
    )
    return tuple(dict.fromkeys(mains))


def _factor(
    survey: Survey, level: str, levels: tuple[str, ...], factor: Factor, latents: set[str], where: str
) -> list[tuple[str, np.ndarray | None]]:
    if str(factor) in latents:
        return [(str(factor), None)]
    values = (
        _mean_of_members(survey, level, levels, factor, where)
        if factor.function == "mean"
        else _raw(survey, level, factor)
    )
    if values.dtype.kind not in "iufb":
        categories = sorted(set(values.tolist()), key=str)
        indicators = [(f"{factor}[{c}]", (values == c).astype(float)) for c in categories[1:]]
    else:
        indicators = [(str(factor), values.astype(float))]
    return [(label, _centre(survey, level, levels, factor, column)) for label, column in indicators]


def _raw(survey: Survey, level: str, factor: Factor) -> np.ndarray:
    name = factor.name if not factor.function else str(factor)
    return np.asarray(survey.column(level, name).values)


def _centre(
    survey: Survey, level: str, levels: tuple[str, ...], factor: Factor, values: np.ndarray
) -> np.ndarray:
    own = factor.name in survey.levels[level].data_vars
    if level == levels[0] and not own:
        return values - values.mean()
    return deviations(survey, level, values, levels)


def _mean_of_members(
    survey: Survey, level: str, levels: tuple[str, ...], factor: Factor, where: str
) -> np.ndarray:
    position = levels.index(level)
    if position == 0:
        raise SpecError(
            Problem(
                where, f"{factor} needs a level below, and {level!r} is the lowest one.", "Leave mean() out."
            )
        )
    below = levels[position - 1]
    values = np.asarray(survey.column(below, factor.name).values)
    if values.dtype.kind not in "iufb":
        raise SurveyError(Problem(where, f"{factor} needs numbers, and {factor.name!r} holds text."))
    return unit_means(values.astype(float), survey.index(below, level), survey.levels[level].sizes[level])


def _check_varies(column: Column, level: str, levels: tuple[str, ...], where: str) -> None:
    if column.values is None or np.ptp(column.values) > 1e-12:
        return
    raise SurveyError(
        Problem(
            f"{where}: {column.label}",
            f"the column does not vary between the units of {level!r}"
            + (
                f" once their {levels[1]} means are taken out."
                if level == levels[0] and len(levels) > 1
                else "."
            ),
            "Leave it out, or put it on the level where it varies.",
        )
    )
