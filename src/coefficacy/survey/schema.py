"""What each column of a table must hold, as a pandera schema, and its findings in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coefficacy.errors import Problem
from coefficacy.survey.cells import blank, kind_of, numbers, shown
from coefficacy.survey.columns import is_labelled
from coefficacy.survey.needs import Need
from coefficacy.survey.nesting import some
from coefficacy.survey.tables import RawTable

if TYPE_CHECKING:
    import pandera.pandas as pa

__all__ = ["MOST_CATEGORIES", "check_columns", "table_schema"]

MOST_CATEGORIES = 25
"""Of an ordinal variable without a stated scale; more are taken for a code such as 99."""

type Test = Callable[[pd.Series], pd.Series | bool]


@dataclass(frozen=True, slots=True)
class _Rule:
    """One demand on a column: pandera runs the test, the words say what it means to fail it.

    Attributes
    ----------
    code : the check's name in the schema
    test : over all cells of the column; a verdict for each of them or for all
    what : of ``{n}`` cells, ``{rows}``, ``{cells}`` (examples with row and id), ``{value}`` (a constant)
    """

    code: str
    test: Test
    what: str
    mend: str


def check_columns(table: RawTable, needs: Iterable[Need], ids: np.ndarray | None) -> Iterator[Problem]:
    """Yield what is wrong with the columns of one table.

    Parameters
    ----------
    needs : uses of columns of this table
    ids : (row,) id of each row's unit, for messages; None if they are unknown
    """
    import pandera.errors

    rules = _rules(table, needs)
    try:
        table_schema(rules).validate(table.frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        yield from _translate(table, rules, error.failure_cases, ids)


def table_schema(rules: Mapping[str, tuple[_Rule, ...]]) -> pa.DataFrameSchema:
    """Return the schema of a table: a column for each one used, a check for each demand."""
    import pandera.pandas as pa

    columns = {
        name: pa.Column(
            None,
            checks=[pa.Check(rule.test, name=rule.code, ignore_na=False) for rule in demands],
            nullable=True,
        )
        for name, demands in rules.items()
    }
    return pa.DataFrameSchema(columns)


# Rules ----------------------------------------------------------------------------------------------------


def _rules(table: RawTable, needs: Iterable[Need]) -> dict[str, tuple[_Rule, ...]]:
    found: dict[str, dict[str, _Rule]] = {}
    for need in needs:
        column = found.setdefault(need.column, {})
        for rule in _demands(table, need):
            column.setdefault(rule.code, rule)
    return {name: tuple(rules.values()) for name, rules in found.items()}


def _demands(table: RawTable, need: Need) -> Iterator[_Rule]:
    if need.role == "predictor":
        yield from _predictor(table, need)
        return
    hint = f" If it is no item, write a narrower pattern than '{need.pattern}'." if need.pattern else ""
    yield _Rule(
        "number",
        lambda cells: pd.Series(blank(cells) | ~np.isnan(numbers(cells))),
        "text in {n} of {rows} cells where a number is needed: {cells}.",
        f"Write numbers, and leave missing cells empty.{hint}",
    )
    yield _FINITE
    if need.role == "sd":
        yield _POSITIVE
        return
    yield from _support(need)
    yield _answered(need)
    yield _varies("an item" if need.role == "item" else "an outcome", hint)


def _predictor(table: RawTable, need: Need) -> Iterator[_Rule]:
    yield _Rule(
        "complete",
        lambda cells: pd.Series(~blank(cells)),
        "missing in {n} of {rows} rows: {cells}.",
        "Fill them in or drop these rows: predictors must be complete.",
    )
    if is_labelled(table, need.column):
        yield _varies("a predictor", "")
        return
    yield _Rule(
        "date",
        lambda cells: kind_of(cells) != "date",
        "holds dates.",
        "Give a number, such as days since the start.",
    )
    yield _Rule(
        "one_kind",
        _of_one_kind,
        "numbers and text are mixed, with text in {n} of {rows} cells: {cells}.",
        "Make all of them numbers, or, for categories, all of them words.",
    )
    yield _FINITE
    if need.level == need.table:
        yield _FREE_TEXT
    yield _varies("a predictor", "")


def _of_one_kind(cells: pd.Series) -> pd.Series | bool:
    if kind_of(cells) != "mixed":
        return True
    return pd.Series(blank(cells) | ~np.isnan(numbers(cells)))


def _support(need: Need) -> Iterator[_Rule]:
    measure, family = need.measure, need.family
    if family in ("bernoulli", "poisson", "negative_binomial", "beta"):
        yield _SUPPORTS[family]
        return
    if family == "ordinal":
        yield _SUPPORTS[family]
        if measure is None or measure.scale is None:
            yield _CATEGORIES
    if measure is not None and measure.scale is not None:
        low, high = measure.scale
        yield _Rule(
            "scale",
            _each(lambda x: (x >= low) & (x <= high)),
            f"outside the scale {low:g} to {high:g} in {{n}} of {{rows}} cells: {{cells}}.",
            f"Correct them, or write the real scale in [measures.{measure.name}].",
        )


def _each(holds: Callable[[np.ndarray], np.ndarray]) -> Test:
    """Make a test of each number; missing cells, text and infinite values are for other rules."""

    def test(cells: pd.Series) -> pd.Series:
        values = numbers(cells)
        verdict = np.ones(len(values), dtype=bool)
        given = np.isfinite(values)
        verdict[given] = holds(values[given])
        return pd.Series(verdict)

    return test


def _answered(need: Need) -> _Rule:
    def test(cells: pd.Series) -> bool:
        return bool((~blank(cells)).any())

    if need.role == "item":
        return _Rule("answered", test, "nobody answered this item.", "Leave it out of the items.")
    return _Rule("answered", test, "the outcome is missing in every row.", "Some units need an outcome.")


def _varies(what: str, hint: str) -> _Rule:
    def test(cells: pd.Series) -> bool:
        present = cells[~blank(cells)]
        values = numbers(present)
        distinct = set(values[~np.isnan(values)]) or {str(cell).strip() for cell in present}
        return (
            len(distinct) > 1
            or not len(present)
            or bool(np.isnan(values).any() and not np.isnan(values).all())
        )

    return _Rule(
        "varies",
        test,
        f"is constant: every value is {{value}}. Such {what} tells nothing.",
        f"Leave it out.{hint}",
    )


def _has_free_text(cells: pd.Series) -> bool:
    if kind_of(cells) != "text":
        return False
    present = cells[~blank(cells)]
    return len(present) > 2 and len({str(cell).strip() for cell in present}) == len(present)


def _span(cells: pd.Series) -> float:
    values = numbers(cells)
    values = values[np.isfinite(values)]
    return float(np.ptp(values)) if len(values) else 0.0


_FREE_TEXT = _Rule(
    "free_text",
    lambda cells: not _has_free_text(cells),
    "is a predictor, but each row has a text of its own, the first one {value}.",
    "Use a column with fewer categories.",
)
_CATEGORIES = _Rule(
    "categories",
    lambda cells: _span(cells) < MOST_CATEGORIES,
    f"the values span {MOST_CATEGORIES} categories or more, too many for an ordinal variable.",
    "Leave cells empty that hold a code for a missing answer, or use another family.",
)
_FINITE = _Rule(
    "finite",
    lambda cells: pd.Series(~np.isinf(numbers(cells))),
    "infinite in {n} of {rows} cells: {cells}.",
    "Write the real value, or leave the cell empty.",
)
_POSITIVE = _Rule(
    "positive",
    _each(lambda x: x > 0),
    "not above 0 in {n} of {rows} cells: {cells}.",
    "A standard error is above 0.",
)
_SUPPORTS = {
    "ordinal": _Rule(
        "whole",
        _each(lambda x: x == np.round(x)),
        "not a whole number in {n} of {rows} cells: {cells}; ordinal values are.",
        'Correct them, or use family = "gaussian".',
    ),
    "bernoulli": _Rule(
        "zero_one",
        _each(lambda x: (x == 0) | (x == 1)),
        "neither 0 nor 1 in {n} of {rows} cells: {cells}.",
        "Code them 0 and 1.",
    ),
    "beta": _Rule(
        "share",
        _each(lambda x: (x > 0) & (x < 1)),
        "not between 0 and 1, both excluded, in {n} of {rows} cells: {cells}.",
        "A beta outcome is a share; exact 0 and 1 need another family.",
    ),
}
_COUNT = _Rule(
    "count",
    _each(lambda x: (x >= 0) & (x == np.round(x))),
    "not a count in {n} of {rows} cells: {cells}.",
    "Counts are whole numbers from 0 up.",
)
_SUPPORTS |= {"poisson": _COUNT, "negative_binomial": _COUNT}


# Findings -------------------------------------------------------------------------------------------------


def _translate(
    table: RawTable, rules: Mapping[str, tuple[_Rule, ...]], cases: pd.DataFrame, ids: np.ndarray | None
) -> Iterator[Problem]:
    for (column, code), found in cases.groupby(["column", "check"], sort=False):
        rule = next(rule for rule in rules[str(column)] if rule.code == code)
        cells = table.frame[column]
        rows = sorted(int(row) for row in found["index"].dropna())
        words = {
            "n": len(rows),
            "rows": len(table),
            "cells": some(_cell(cells, row, ids, missing=code == "complete") for row in rows),
            "value": shown(next(iter(cells[~blank(cells)]), "")),
        }
        yield Problem(f"{table.label}: column '{column}'", rule.what.format(**words), rule.mend)


def _cell(cells: pd.Series, row: int, ids: np.ndarray | None, *, missing: bool) -> str:
    """Return ``9 in row 4 ('p17')``; of a missing cell only where it is."""
    place = f"row {row + 1}" + (f" ('{ids[row]}')" if ids is not None and ids[row] is not None else "")
    return place if missing else f"{shown(cells.iloc[row])} in {place}"
