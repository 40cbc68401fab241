"""Read tables against a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from coefficacy.errors import Problem, SurveyError, did_you_mean
from coefficacy.spec.model import ModelSpec
from coefficacy.spec.queries import level_names
from coefficacy.survey.build import build
from coefficacy.survey.cells import unit_ids
from coefficacy.survey.columns import check_rows
from coefficacy.survey.data import Survey
from coefficacy.survey.needs import Needs, find_columns
from coefficacy.survey.nesting import nest
from coefficacy.survey.schema import check_columns
from coefficacy.survey.tables import RawTable, Table, read_table

__all__ = ["read_survey"]

_ARGUMENTS = ("persons", "teams", "layers")


def read_survey(
    spec: ModelSpec,
    *,
    persons: Table | None = None,
    teams: Table | None = None,
    layers: Table | None = None,
    tables: Mapping[str, Table] | None = None,
) -> Survey:
    """Read the tables of a survey, and check them against the model and each other.

    Parameters
    ----------
    spec : the model
    persons, teams, layers : tables of the lowest, the second and the third level, one row per unit; each a
        pandas, Polars or Arrow frame, or a file: CSV, Parquet, Feather, Stata or SPSS
    tables : level name -> table, for any level

    Returns
    -------
    Survey
        Only what the model uses. An upper level without a table of its own is read off the tables below it,
        where its columns must be the same in all rows of a unit.

    Raises
    ------
    SurveyError
        With everything that is wrong, one problem a line: table, column, rows and ids, and how to mend it.

    Notes
    -----
    Ids are compared as text: 1, 1.0 and "1" are one id, "007" and 7 are two. Missing answers and missing
    outcomes are allowed, missing predictors are not. TRUE and FALSE are 1 and 0. Rows are counted from 1,
    below the header.

    Examples
    --------
    >>> import pandas as pd
    >>> from coefficacy.spec import loads
    >>> model = loads('''
    ... [levels]
    ... person = "id"
    ... team = "team"
    ... [person]
    ... mood = "sleep"
    ... ''')
    >>> frame = pd.DataFrame(
    ...     {"id": [1, 2, 3, 4], "team": ["a", "a", "b", "b"], "sleep": [7, 8, 6, 8], "mood": [3, 5, 2, 4]}
    ... )
    >>> read_survey(model, persons=frame).n
    {'person': 4, 'team': 2}
    """
    raw = _read_all(
        spec, _by_level(spec, dict(zip(_ARGUMENTS, (persons, teams, layers))), dict(tables or {}))
    )
    needs, nesting = find_columns(spec, raw), nest(spec, raw)
    problems = [*nesting.problems, *needs.problems, *_cell_problems(spec, raw, needs)]
    problems += check_rows(raw, needs, nesting)
    if problems:
        raise SurveyError(dict.fromkeys(problems))
    built = build(spec, raw, needs, nesting)
    return Survey(
        levels=built.levels, items=needs.items, notes=tuple(dict.fromkeys(built.notes)), coding=built.coding
    )


def _by_level(
    spec: ModelSpec, arguments: Mapping[str, Table | None], tables: Mapping[str, Table]
) -> dict[str, tuple[str, Table]]:
    """Return the tables by level, lowest first, each with the name it was given by."""
    levels = level_names(spec)
    given: dict[str, tuple[str, Table]] = {}
    problems: list[Problem] = []
    for position, (name, table) in enumerate(arguments.items()):
        if table is None:
            continue
        if position < len(levels):
            given[levels[position]] = (name, table)
        else:
            what = f"the model has no level {position + 1}; its levels are {', '.join(levels)}."
            problems.append(Problem(name, what, "Leave the table out, or add the level to [levels]."))
    for name, table in tables.items():
        if name not in levels:
            problems.append(
                Problem(f"table '{name}'", "is no level of the model.", did_you_mean(name, levels))
            )
        elif name in given:
            what = f"the level has two tables, {given[name][0]} and this one."
            problems.append(Problem(f"table '{name}'", what, "Give one of them."))
        elif table is not None:
            given[name] = (name, table)
    if levels[0] not in given:
        what = f"no table is given for the lowest level, {levels[0]}."
        problems.append(Problem("persons", what, "Give one as persons: a row per unit."))
    if problems:
        raise SurveyError(problems)
    return {level: given[level] for level in levels if level in given}


def _read_all(spec: ModelSpec, given: Mapping[str, tuple[str, Table]]) -> dict[str, RawTable]:
    """Read all tables; if some of them cannot be read, say so of each."""
    keys = {column for level in spec.levels for column in level.key}
    tables: dict[str, RawTable] = {}
    problems: list[Problem] = []
    for level, (name, source) in given.items():
        try:
            tables[level] = read_table(source, level=level, name=name, keys=keys)
        except SurveyError as error:
            problems += error.problems
    if problems:
        raise SurveyError(problems)
    return tables


def _cell_problems(spec: ModelSpec, tables: Mapping[str, RawTable], needs: Needs) -> Iterator[Problem]:
    for level in spec.levels:
        if level.name not in tables:
            continue
        table = tables[level.name]
        has_key = set(level.key) <= set(table.frame.columns)
        ids = unit_ids(table.frame, level.key, typed=table.typed).values if has_key else None
        yield from check_columns(table, [need for need in needs.columns if need.table == level.name], ids)
