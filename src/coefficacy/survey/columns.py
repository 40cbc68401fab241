"""Columns as the model reads them, and the agreement between the rows of a unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from coefficacy.errors import Problem
from coefficacy.survey.cells import kind_of, numbers, shown, texts
from coefficacy.survey.needs import Need, Needs
from coefficacy.survey.nesting import Nesting, counted, some
from coefficacy.survey.tables import RawTable

__all__ = ["check_rows", "column_values", "first_rows", "is_labelled", "uses_by_column"]


def is_labelled(table: RawTable, column: str) -> bool:
    """Tell whether all values of a Stata or SPSS column carry labels, so that it is a category."""
    labels = table.labels.get(column, {})
    values = numbers(table.frame[column])
    return bool(labels) and set(values[~np.isnan(values)]) <= set(labels)


def column_values(table: RawTable, uses: Sequence[Need]) -> np.ndarray:
    """Return a column by row: floats with NaN, or text if it holds categories and is only a predictor."""
    cells = table.frame[uses[0].column]
    if any(use.role != "predictor" for use in uses):
        return numbers(cells)
    if is_labelled(table, uses[0].column):
        labels = table.labels[uses[0].column]
        return np.array([labels.get(value, "") for value in numbers(cells)], dtype=str)
    return texts(cells) if kind_of(cells) == "text" else numbers(cells)


def uses_by_column(needs: Needs) -> dict[tuple[str, str, str], list[Need]]:
    """Return the uses of each column, by (level, column, level of the table)."""
    found: dict[tuple[str, str, str], list[Need]] = {}
    for need in needs.columns:
        found.setdefault((need.level, need.column, need.table), []).append(need)
    return found


def first_rows(rows: np.ndarray, n_units: int) -> np.ndarray:
    """Return, for each unit, its first row; `rows` holds the position of each row's unit, 0 or above."""
    first = np.zeros(n_units, dtype=int)
    first[rows[::-1]] = np.arange(len(rows))[::-1]
    return first


def check_rows(tables: Mapping[str, RawTable], needs: Needs, nesting: Nesting) -> Iterator[Problem]:
    """Yield columns of an upper level that differ within a unit, and values without their standard error."""
    for (level, _, table), uses in uses_by_column(needs).items():
        if level != table and (table, level) in nesting.rows:
            yield from _differing(tables[table], uses, nesting)
    for need in needs.columns:
        if need.role == "sd" and need.measure is not None:
            for item in needs.items[need.measure.name]:
                yield from _without_error(tables[need.table], item, need)


def _differing(table: RawTable, uses: Sequence[Need], nesting: Nesting) -> Iterator[Problem]:
    level, column = uses[0].level, uses[0].column
    known = np.flatnonzero(nesting.rows[table.level, level] >= 0)
    rows, values = nesting.rows[table.level, level][known], column_values(table, uses)[known]
    expected = values[first_rows(rows, len(nesting.ids[level]))[rows]]
    differs = expected != values
    if values.dtype.kind == "f":
        differs &= ~(np.isnan(expected) & np.isnan(values))
    if not differs.any():
        return
    units: dict[int, int] = {}
    for row in np.flatnonzero(differs):
        units.setdefault(int(rows[row]), int(row))
    ids = nesting.ids[level]
    examples = some(
        f"'{ids[unit]}' has {_value(expected[row])} and, in row {known[row] + 1}, {_value(values[row])}"
        for unit, row in units.items()
    )
    count = counted(len(units), level)
    what = f"is used at level '{level}', but differs between the rows of {count}: {examples}."
    mend = f"Write one value per {level}, or use mean({column}) for the mean of its {table.level} rows."
    yield Problem(f"{table.label}: column '{column}'", what, mend)


def _without_error(table: RawTable, item: str, need: Need) -> Iterator[Problem]:
    if item not in table.frame.columns:
        return
    bare = ~np.isnan(numbers(table.frame[item])) & np.isnan(numbers(table.frame[need.column]))
    if bare.any():
        rows = some(f"row {row}" for row in np.flatnonzero(bare) + 1)
        what = f"missing in {counted(int(bare.sum()), 'row')} where '{item}' is given: {rows}."
        yield Problem(f"{table.label}: column '{need.column}'", what, "Fill it in, or leave the value out.")


def _value(value: object) -> str:
    return "a missing cell" if value == "" or value != value else shown(value)
