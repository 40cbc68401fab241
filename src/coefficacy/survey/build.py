"""From checked tables to labelled arrays, with notes on what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from coefficacy.spec.model import Measure, ModelSpec
from coefficacy.spec.queries import family_of, level_names, levels_above, measure_level, outcomes
from coefficacy.survey.columns import column_values, first_rows, is_labelled, uses_by_column
from coefficacy.survey.data import Coding
from coefficacy.survey.needs import Need, Needs
from coefficacy.survey.nesting import Nesting, counted, plural, some
from coefficacy.survey.tables import RawTable

__all__ = ["Built", "build"]


@dataclass(slots=True)
class Built:
    """Arrays by level and what there is to say about them."""

    levels: dict[str, xr.Dataset]
    coding: dict[str, Coding]
    notes: list[str] = field(default_factory=list)


def build(spec: ModelSpec, tables: Mapping[str, RawTable], needs: Needs, nesting: Nesting) -> Built:
    """Put the columns of checked tables on the units of their levels.

    Parameters
    ----------
    nesting : without problems; `needs` likewise
    """
    built = Built(levels={}, coding={})
    for position, level in enumerate(level_names(spec)):
        columns = _parents(spec, nesting, position)
        for (at, column, table), uses in uses_by_column(needs).items():
            if at == level:
                attrs = {"role": " ".join(dict.fromkeys(use.role for use in uses))}
                columns[column] = ((level,), _on_units(tables[table], uses, nesting), attrs)
        built.levels[level] = xr.Dataset(columns, coords={level: _ids(nesting, level)})
    for measure in spec.measures:
        _code_measure(measure, measure_level(spec, measure.name), needs, built)
    for level in level_names(spec):
        for name in outcomes(spec, level):
            _code_outcome(spec, level, name, built)
    built.notes += [note for table in tables.values() for note in table.notes]
    built.notes += _label_notes(tables, needs)
    built.notes += _unused_names(spec, tables)
    built.notes += _silent_units(spec, needs, built)
    built.notes += _single_members(spec, nesting)
    return built


# Columns --------------------------------------------------------------------------------------------------


def _ids(nesting: Nesting, level: str) -> np.ndarray:
    ids = nesting.ids[level]
    return ids.astype(np.int64) if level in nesting.whole else ids


def _parents(spec: ModelSpec, nesting: Nesting, position: int) -> dict[str, tuple]:
    """Return a variable with the unit above for every level above."""
    names = level_names(spec)
    at = np.arange(len(nesting.ids[names[position]]))
    columns: dict[str, tuple] = {}
    for lower, upper in zip(names[position:], names[position + 1 :]):
        at = nesting.parents[lower][at]
        columns[upper] = ((names[position],), _ids(nesting, upper)[at], {"role": "id"})
    return columns


def _on_units(table: RawTable, uses: list[Need], nesting: Nesting) -> np.ndarray:
    """Return the values of a column by unit, each from its first row."""
    level = uses[0].level
    rows = nesting.rows[table.level, level]
    return column_values(table, uses)[first_rows(rows, len(nesting.ids[level]))]


# Scales ---------------------------------------------------------------------------------------------------


def _code_measure(measure: Measure, level: str, needs: Needs, built: Built) -> None:
    items = needs.items[measure.name]
    values = np.column_stack([built.levels[level][item].values for item in items])
    low, high = measure.scale or (None, None)
    if measure.family == "bernoulli":
        low, high = 0.0, 1.0
    elif measure.scale is None and (measure.family == "ordinal" or measure.reversed):
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        built.notes.append(
            f"{measure.name}: no scale is given; it is taken to run from {low:g} to {high:g}, as answers do."
        )
    built.coding[measure.name] = Coding(level, measure.family, low, high, needs.reversed[measure.name])
    if measure.family == "ordinal":
        built.notes += _unused_categories(measure.name, items, values, built.coding[measure.name])


def _unused_categories(
    name: str, items: tuple[str, ...], values: np.ndarray, coding: Coding
) -> Iterator[str]:
    possible = set(range(int(coding.low or 0), int(coding.high or 0) + 1))
    unused = []
    for item, answers in zip(items, values.T):
        gone = sorted(possible - set(answers[~np.isnan(answers)].astype(int)))
        if gone:
            unused.append(f"{item} ({', '.join(map(str, gone))})")
    if unused:
        yield f"{name}: nobody chose some of the answers {min(possible)} to {max(possible)}: {some(unused)}."


def _code_outcome(spec: ModelSpec, level: str, name: str, built: Built) -> None:
    family = family_of(spec, name).family
    values = built.levels[level][name].values
    low: float | None = None
    high: float | None = None
    if family == "bernoulli":
        low, high = 0.0, 1.0
    elif family == "ordinal":
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
    built.coding[name] = Coding(level, family, low, high)
    missing = np.flatnonzero(np.isnan(values))
    if len(missing):
        ids = some(f"'{built.levels[level][level].values[i]}'" for i in missing)
        units = plural(level)
        use = "their answers are used, and they get predictions" if spec.measures else "they get predictions"
        built.notes.append(f"{name}: missing for {len(missing)} of {len(values)} {units} ({ids}); {use}.")


# Notes ----------------------------------------------------------------------------------------------------


def _label_notes(tables: Mapping[str, RawTable], needs: Needs) -> Iterator[str]:
    for need in needs.columns:
        if need.role == "predictor" and is_labelled(tables[need.table], need.column):
            label = tables[need.table].label
            yield f"{label}: '{need.column}' carries value labels and is taken as categories."


def _unused_names(spec: ModelSpec, tables: Mapping[str, RawTable]) -> Iterator[str]:
    for measure in spec.measures:
        for table in tables.values():
            if measure.name in table.frame.columns and measure.name not in measure.items:
                yield f"{table.label}: column '{measure.name}' is not used; the name stands for the measure."


def _silent_units(spec: ModelSpec, needs: Needs, built: Built) -> Iterator[str]:
    """Units that answered no item of their level, and teams in which nobody did."""
    for level in level_names(spec):
        items = [need.column for need in needs.columns if need.role == "item" and need.level == level]
        if not items:
            continue
        dataset = built.levels[level]
        silent = np.isnan(np.column_stack([dataset[item].values for item in items])).all(axis=1)
        if not silent.any():
            continue
        ids = some(f"'{unit}'" for unit in dataset[level].values[silent])
        count = f"{silent.sum()} of {len(silent)} {plural(level)}"
        yield f"{count} answered no item ({ids}); they are kept, and add nothing."
        for upper in levels_above(spec, level)[:1]:
            heard = set(dataset[upper].values[~silent])
            mute = [f"'{unit}'" for unit in built.levels[upper][upper].values if unit not in heard]
            if mute:
                units = counted(len(mute), upper)
                yield f"nobody answered in {units} ({some(mute)}); only their predictors inform them."


def _single_members(spec: ModelSpec, nesting: Nesting) -> Iterator[str]:
    for lower, upper in zip(level_names(spec), level_names(spec)[1:]):
        sizes = np.bincount(nesting.parents[lower], minlength=len(nesting.ids[upper]))
        single = int((sizes == 1).sum())
        if single == len(sizes):
            units = plural(upper)
            yield f"every {upper} has one {lower}: differences within and between {units} are not separable."
        elif single:
            verb = "has" if single == 1 else "have"
            yield f"{single} of {len(sizes)} {plural(upper)} {verb} a single {lower}."
