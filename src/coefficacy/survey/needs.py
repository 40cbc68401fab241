"""Which columns a model asks for, at which level, and where the tables hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from coefficacy.errors import Problem, did_you_mean
from coefficacy.spec.model import Measure, ModelSpec
from coefficacy.spec.queries import (
    averaged_columns,
    equations,
    factors,
    family_of,
    level_below,
    level_names,
    measure_level,
    outcomes,
    plain_columns,
    rank,
)
from coefficacy.survey.tables import RawTable

__all__ = ["Need", "Needs", "Role", "find_columns"]

type Role = Literal["item", "outcome", "predictor", "sd"]

_PATTERN = set("*?[")


@dataclass(frozen=True, slots=True)
class Need:
    """A column that the model uses.

    Attributes
    ----------
    level : whose units it describes
    column : its name
    role : what it is used as
    table : level of the table that holds it; below `level` if it is read off the rows of lower units
    measure : of an item or a known standard error
    family : of an item or outcome
    pattern : that found the item, if it was one
    """

    level: str
    column: str
    role: Role
    table: str
    measure: Measure | None = None
    family: str = ""
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Needs:
    """All columns that a model uses.

    Attributes
    ----------
    columns : one entry for each use
    items : measure -> item columns, in the order of the table
    reversed : measure -> items whose scale runs the other way
    problems : columns and items that are in no table
    """

    columns: tuple[Need, ...]
    items: Mapping[str, tuple[str, ...]]
    reversed: Mapping[str, tuple[str, ...]]
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class _Search:
    spec: ModelSpec
    tables: Mapping[str, RawTable]
    found: list[Need] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def own_then_below(self, level: str) -> list[RawTable]:
        """Tables of a level and of those below it, nearest first."""
        names = level_names(self.spec)[: rank(self.spec, level) + 1]
        return [self.tables[name] for name in reversed(names) if name in self.tables]

    def above(self, level: str) -> list[RawTable]:
        names = level_names(self.spec)[rank(self.spec, level) + 1 :]
        return [self.tables[name] for name in names if name in self.tables]


def find_columns(spec: ModelSpec, tables: Mapping[str, RawTable]) -> Needs:
    """Find every column that the model and its rivals use.

    A level's own table comes first; predictors are then looked for in tables above, and all columns last in
    the tables below, where they must be the same in all rows of a unit.

    Parameters
    ----------
    tables : by level; the lowest level has one
    """
    search = _Search(spec, tables)
    items: dict[str, tuple[str, ...]] = {}
    reversed_items: dict[str, tuple[str, ...]] = {}
    for measure in spec.measures:
        items[measure.name], reversed_items[measure.name] = _find_items(search, measure)
        if measure.sd:
            _find(
                search,
                measure_level(spec, measure.name),
                measure.sd,
                "sd",
                f"measures.{measure.name}.sd",
                measure,
            )
    for level in level_names(spec):
        for name in outcomes(spec, level):
            _find(search, level, name, "outcome", f"{level}.{name}")
        for name in plain_columns(spec, level):
            _find(search, level, name, "predictor", _place(spec, level, name))
        below = level_below(spec, level)
        for name in averaged_columns(spec, level):
            if below is not None:
                _find(search, below, name, "predictor", _place(spec, level, name))
    _check_reserved(search)
    _check_repeated(search)
    return Needs(
        tuple(dict.fromkeys(search.found)), items, reversed_items, tuple(dict.fromkeys(search.problems))
    )


def _find(
    search: _Search, level: str, name: str, role: Role, place: str, measure: Measure | None = None
) -> None:
    family = family_of(search.spec, name).family if role == "outcome" else ""
    here = search.own_then_below(level)
    own = [table for table in here if table.level == level]
    above = search.above(level) if role == "predictor" else []
    order = [*own, *above, *here[1:]] if own else [*here, *above]
    for table in order:
        if name in table.frame.columns:
            at = level if rank(search.spec, table.level) <= rank(search.spec, level) else table.level
            search.found.append(Need(at, name, role, table.level, measure, family))
            return
    known = {column for table in order for column in table.frame.columns}
    labels = " and ".join(table.label for table in order)
    search.problems.append(
        Problem(f"{labels}: column '{name}'", f"is missing; {place} needs it.", did_you_mean(name, known))
    )


def _place(spec: ModelSpec, level: str, name: str) -> str:
    """Name the equation that holds a predictor, for messages."""
    for equation in (*equations(spec), *spec.spreads):
        if equation.level == level and any(factor.name == name for factor in factors(equation.formula)):
            return f"the equation {level}.{equation.response}"
    return level


# Items ----------------------------------------------------------------------------------------------------


def _find_items(search: _Search, measure: Measure) -> tuple[tuple[str, ...], tuple[str, ...]]:
    level = measure_level(search.spec, measure.name)
    tables = search.own_then_below(level)
    keys = {column for lv in search.spec.levels for column in lv.key}
    found: dict[str, Need] = {}
    for pattern in measure.items:
        table, columns = _matches(tables, pattern, keys)
        if not columns:
            search.problems.append(_no_match(tables, measure, pattern, keys))
            continue
        is_pattern = bool(set(pattern) & _PATTERN)
        for column in columns:
            need = Need(
                level, column, "item", table.level, measure, measure.family, pattern if is_pattern else ""
            )
            found.setdefault(column, need)
    for need in found.values():
        _check_owner(search, need)
    search.found += found.values()
    return tuple(found), _reversed(search, measure, tuple(found))


def _matches(tables: list[RawTable], pattern: str, keys: set[str]) -> tuple[RawTable, list[str]]:
    for table in tables:
        if pattern in table.frame.columns:
            return table, [pattern]
        columns = [c for c in table.frame.columns if c not in keys and fnmatchcase(c, pattern)]
        if columns:
            return table, columns
    return tables[0], []


def _no_match(tables: list[RawTable], measure: Measure, pattern: str, keys: set[str]) -> Problem:
    known = {column for table in tables for column in table.frame.columns} - keys
    labels = " and ".join(table.label for table in tables)
    if set(pattern) & _PATTERN:
        what = f"no column matches the items '{pattern}' of measures.{measure.name}."
        return Problem(labels, what, did_you_mean(pattern, known))
    what = f"is missing; measures.{measure.name} needs it as an item."
    return Problem(f"{labels}: column '{pattern}'", what, did_you_mean(pattern, known))


def _check_owner(search: _Search, need: Need) -> None:
    other = next((n for n in search.found if n.role == "item" and n.column == need.column), None)
    if other is None or other.measure is None or need.measure is None:
        return
    place = f"{search.tables[need.table].label}: column '{need.column}'"
    what = f"is an item of '{other.measure.name}' and of '{need.measure.name}'."
    search.problems.append(
        Problem(place, what, "Write the patterns so that each item belongs to one measure.")
    )


def _reversed(search: _Search, measure: Measure, items: tuple[str, ...]) -> tuple[str, ...]:
    for pattern in measure.reversed:
        if items and not any(item == pattern or fnmatchcase(item, pattern) for item in items):
            what = f"no item of '{measure.name}' matches '{pattern}'."
            search.problems.append(
                Problem(f"measures.{measure.name}.reversed", what, did_you_mean(pattern, items))
            )
    return tuple(item for item in items if any(item == p or fnmatchcase(item, p) for p in measure.reversed))


# Names ----------------------------------------------------------------------------------------------------


def _check_reserved(search: _Search) -> None:
    levels = set(level_names(search.spec))
    for need in search.found:
        if need.column in levels:
            what = f"has the name of the level '{need.column}', and is used as {_article(need.role)}."
            place = f"{search.tables[need.table].label}: column '{need.column}'"
            search.problems.append(Problem(place, what, "Rename the column or the level."))


def _check_repeated(search: _Search) -> None:
    keys = {column for lv in search.spec.levels for column in lv.key}
    for table in search.tables.values():
        used = keys | {need.column for need in search.found if need.table == table.level}
        for name in table.repeated:
            if name in used:
                place = f"{table.label}: column '{name}'"
                search.problems.append(Problem(place, "occurs more than once.", "Rename or drop the others."))


def _article(role: Role) -> str:
    return {"item": "an item", "outcome": "an outcome", "predictor": "a predictor", "sd": "a standard error"}[
        role
    ]
