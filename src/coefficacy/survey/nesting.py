"""Which unit lies in which: ids of all levels, found by following each table's keys upwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coefficacy.errors import Problem, did_you_mean
from coefficacy.spec.model import Level, ModelSpec
from coefficacy.survey.cells import unit_ids
from coefficacy.survey.tables import RawTable

__all__ = ["Nesting", "counted", "key_label", "nest", "plural", "some"]

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Nesting:
    """Units by level and the unit above each of them.

    Attributes
    ----------
    ids : level -> (unit,) ids as text, in the order of the level's own table, else of first appearance
    parents : level (but the highest) -> (unit,) position of the unit above in the ids of the next level
    rows : (table's level, level) -> (row,) position of the row's unit; -1 where it has none
    whole : levels whose ids are whole numbers in every table
    problems : what is wrong; the rest is only to be relied on if there is nothing
    """

    ids: Mapping[str, np.ndarray]
    parents: Mapping[str, np.ndarray]
    rows: Mapping[tuple[str, str], np.ndarray]
    whole: frozenset[str]
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class _State:
    """What is known so far; `row_ids` holds text ids (or None) by table and level."""

    spec: ModelSpec
    tables: Mapping[str, RawTable]
    row_ids: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)
    direct: set[tuple[str, str]] = field(default_factory=set)
    fractional: set[str] = field(default_factory=set)
    above: dict[str, dict[str, str]] = field(default_factory=dict)
    torn: dict[str, set[str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def has(self, table: RawTable, level: Level) -> bool:
        return (table.level, level.name) in self.direct


def nest(spec: ModelSpec, tables: Mapping[str, RawTable]) -> Nesting:
    """Find the units of every level and the unit above each.

    The id of the unit above is looked for in a level's own table first, then in the tables below it; tables
    that agree may both hold it.

    Parameters
    ----------
    tables : by level; the lowest level has one
    """
    state = _State(spec, tables)
    _read_ids(state)
    for level, upper in zip(spec.levels, spec.levels[1:]):
        _climb(state, level, upper)
    for level in spec.levels:
        _check_own_table(state, level)
    return _positions(state)


def _read_ids(state: _State) -> None:
    """Read the ids of all levels whose keys a table holds, of its own level and of those above."""
    names = [level.name for level in state.spec.levels]
    for table in state.tables.values():
        for level in state.spec.levels[names.index(table.level) :]:
            if set(level.key) <= set(table.frame.columns):
                ids = unit_ids(table.frame, level.key, typed=table.typed)
                state.row_ids[table.level, level.name] = ids.values
                state.direct.add((table.level, level.name))
                if not ids.whole:
                    state.fractional.add(level.name)
            elif level.name == table.level:
                state.problems += _missing_key([table], level, f"one row is one {level.name}")


def _climb(state: _State, level: Level, upper: Level) -> None:
    """Find the `upper` unit of every unit of `level`."""
    names = [lv.name for lv in state.spec.levels]
    below = [state.tables[n] for n in reversed(names[: names.index(level.name) + 1]) if n in state.tables]
    sources = [t for t in below if (t.level, level.name) in state.row_ids and state.has(t, upper)]
    if not sources:
        if not any(state.has(table, upper) for table in below):
            state.problems += _missing_key(
                below, upper, f"the {upper.name} of each {level.name} is unknown without it"
            )
        return
    pairs = _pairs(state, sources, level, upper)
    state.problems += _blank_ids(sources[0], upper, state.row_ids[sources[0].level, upper.name])
    torn = pairs[pairs.duplicated("unit", keep=False)]
    state.torn[level.name] = set(torn["unit"])
    state.problems += _two_parents(torn, sources, level, upper)
    first = pairs.drop_duplicates("unit")
    state.above[level.name] = dict(zip(first["unit"], first["above"]))
    for table in below:
        known = state.row_ids.get((table.level, level.name))
        if known is not None and not state.has(table, upper):
            found = [state.above[level.name].get(unit) for unit in known]
            state.row_ids[table.level, upper.name] = np.array(found, dtype=object)
    state.problems += _strangers(state, pairs[pairs["source"] == 0], sources[0], level, upper)


def _pairs(state: _State, sources: list[RawTable], level: Level, upper: Level) -> pd.DataFrame:
    """Return each combination of unit and unit above once, with its table and first row."""
    frames = [
        pd.DataFrame(
            {
                "unit": state.row_ids[table.level, level.name],
                "above": state.row_ids[table.level, upper.name],
                "source": position,
                "row": np.arange(1, len(table) + 1),
            }
        )
        for position, table in enumerate(sources)
    ]
    return pd.concat(frames).dropna(subset=["unit", "above"]).drop_duplicates(["unit", "above"])


# Checks ---------------------------------------------------------------------------------------------------


def key_label(level: Level) -> str:
    """Return ``column 'team_id'`` or ``columns 'BTN' and 'COMPANY'``."""
    columns = " and ".join(f"'{name}'" for name in level.key)
    return f"{'column' if len(level.key) == 1 else 'columns'} {columns}"


def plural(name: str) -> str:
    """Return the plural of a level's name."""
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("s", "x", "ch", "sh")) else f"{name}s"


def counted(number: int, name: str) -> str:
    """Return ``1 team`` or ``3 teams``."""
    return f"{number:,} {name if number == 1 else plural(name)}"


def some(examples: Iterable[str], *, shown: int = _SHOWN) -> str:
    """Join examples, the first few of them, and count the rest."""
    listed = list(examples)
    rest = len(listed) - shown
    return ", ".join(listed[:shown]) + (f" and {rest} more" if rest > 0 else "")


def _missing_key(tables: list[RawTable], level: Level, why: str) -> Iterator[Problem]:
    known = {column for table in tables for column in table.frame.columns}
    labels = " and ".join(table.label for table in tables)
    for name in level.key:
        if name not in known:
            mend = did_you_mean(name, known)
            yield Problem(
                f"{labels}: column '{name}'",
                f"is missing; it is the key of level '{level.name}': {why}.",
                mend,
            )
    if set(level.key) <= known:
        what = f"are in different tables, but together are the key of level '{level.name}'."
        yield Problem(f"{labels}: {key_label(level)}", what, "Put them into one table.")


def _blank_ids(table: RawTable, level: Level, ids: np.ndarray) -> Iterator[Problem]:
    rows = np.flatnonzero(pd.isna(ids)) + 1
    if len(rows):
        examples = some(f"row {row}" for row in rows)
        what = f"no {level.name} id in {len(rows)} of {len(table)} rows: {examples}."
        yield Problem(
            f"{table.label}: {key_label(level)}", what, f"Give each row its {level.name}, or leave it out."
        )


def _two_parents(
    torn: pd.DataFrame, sources: list[RawTable], level: Level, upper: Level
) -> Iterator[Problem]:
    if torn.empty:
        return
    examples = []
    for unit, group in torn.groupby("unit", sort=False):
        places = [
            f"'{above}' ({_place(sources, s, row)})"
            for above, s, row in zip(group["above"], group["source"], group["row"])
        ]
        examples.append(f"{level.name} '{unit}' is in {some(places)}")
    count = len(examples)
    what = f"{counted(count, level.name)} in more than one {upper.name}: {some(examples)}."
    labels = " and ".join(table.label for i, table in enumerate(sources) if i in set(torn["source"]))
    key = ", ".join(f'"{name}"' for name in dict.fromkeys((*upper.key, *level.key)))
    mend = f"Give each {level.name} one {upper.name}"
    again = f"if ids start again in each {upper.name}, write {level.name} = [{key}] under [levels]"
    yield Problem(f"{labels}: {key_label(upper)}", what, f"{mend}; {again}.")


def _place(sources: list[RawTable], source: int, row: int) -> str:
    return f"row {row}" if len(sources) == 1 else f"{sources[source].label}, row {row}"


def _strangers(
    state: _State, pairs: pd.DataFrame, source: RawTable, level: Level, upper: Level
) -> Iterator[Problem]:
    """Units above that have no row in their own table, and those that have nothing below them."""
    table = state.tables.get(upper.name)
    if table is None or not state.has(table, upper):
        return
    listed = dict.fromkeys(unit for unit in state.row_ids[upper.name, upper.name] if unit is not None)
    named = pairs.drop_duplicates("above").set_index("above")["row"]
    unknown = [unit for unit in named.index if unit not in listed]
    empty = [unit for unit in listed if unit not in named.index]
    if unknown:
        examples = some(f"'{unit}' (row {named[unit]})" for unit in unknown)
        what = f"{counted(len(unknown), upper.name)} without a row in {table.label}: {examples}."
        yield Problem(
            f"{source.label}: {key_label(upper)}", what, f"Add them to {table.label}, or correct the ids."
        )
    if empty:
        examples = some(f"'{unit}'" for unit in empty)
        what = f"{counted(len(empty), upper.name)} without any {level.name} in {source.label}: {examples}."
        mend = f"Take their rows out, or add their {plural(level.name)}."
        yield Problem(f"{table.label}: {key_label(upper)}", what, mend)


def _check_own_table(state: _State, level: Level) -> None:
    """A level's own table has one row for each unit, and there are two units or more."""
    table = state.tables.get(level.name)
    if table is not None and state.has(table, level):
        ids = state.row_ids[level.name, level.name]
        state.problems += _blank_ids(table, level, ids)
        state.problems += _repeated(state, table, level, ids)
    holder = next((t for t in state.tables.values() if state.has(t, level)), None)
    if holder is None:
        return
    units = {
        unit
        for (_, name), ids in state.row_ids.items()
        if name == level.name
        for unit in ids
        if unit is not None
    }
    if len(units) == 1:
        what = f"there is only one {level.name}: '{next(iter(units))}'."
        mend = f"Two or more are needed; with a single {level.name} leave the level out of [levels]."
        state.problems.append(Problem(f"{holder.label}: {key_label(level)}", what, mend))


def _repeated(state: _State, table: RawTable, level: Level, ids: np.ndarray) -> Iterator[Problem]:
    frame = pd.DataFrame({"unit": ids, "row": np.arange(1, len(ids) + 1)}).dropna(subset=["unit"])
    twice = frame[
        frame.duplicated("unit", keep=False) & ~frame["unit"].isin(state.torn.get(level.name, set()))
    ]
    if twice.empty:
        return
    rows = twice.groupby("unit", sort=False)["row"].agg(list)
    examples = some(f"'{unit}' in rows {some(map(str, where))}" for unit, where in rows.items())
    what = f"{counted(len(rows), 'id')} more than once: {examples}."
    index = state.spec.levels.index(level)
    upper = state.spec.levels[index + 1] if index + 1 < len(state.spec.levels) else None
    mend = f"Keep one row per {level.name}"
    if index == 0 and upper is not None:
        key = ", ".join(f'"{name}"' for name in dict.fromkeys((*upper.key, *level.key)))
        mend += f"; if ids start again in each {upper.name}, write {level.name} = [{key}] under [levels]"
    yield Problem(f"{table.label}: {key_label(level)}", what, f"{mend}.")


# Positions ------------------------------------------------------------------------------------------------


def _positions(state: _State) -> Nesting:
    ids: dict[str, np.ndarray] = {}
    for level in state.spec.levels:
        found = _units(state, level)
        if found is None:
            break
        ids[level.name] = found
    place = {name: {unit: i for i, unit in enumerate(units)} for name, units in ids.items()}
    parents = {
        level.name: np.array(
            [place[upper.name].get(state.above[level.name].get(u), -1) for u in ids[level.name]], int
        )
        for level, upper in zip(state.spec.levels, state.spec.levels[1:])
        if upper.name in ids and level.name in state.above
    }
    rows = {
        (table, level): np.array([place[level].get(unit, -1) for unit in units], int)
        for (table, level), units in state.row_ids.items()
        if level in place
    }
    whole = frozenset(name for name in ids if name not in state.fractional)
    return Nesting(ids, parents, rows, whole, tuple(dict.fromkeys(state.problems)))


def _units(state: _State, level: Level) -> np.ndarray | None:
    """Return the ids of a level, each once, from its own table or the nearest one below."""
    names = [lv.name for lv in state.spec.levels]
    for name in reversed(names[: names.index(level.name) + 1]):
        found = state.row_ids.get((name, level.name))
        if found is not None:
            return np.array(list(dict.fromkeys(unit for unit in found if unit is not None)), dtype=str)
    return None
