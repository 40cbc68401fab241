"""Tables as users have them: frames of any kind, and files by their extension."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from coefficacy.errors import Problem, SurveyError, did_you_mean
from coefficacy.survey.cells import numbers
from coefficacy.survey.text import parse_text

__all__ = ["EXTENSIONS", "RawTable", "Table", "read_table"]

type Table = Any
"""A pandas, Polars or Arrow frame (anything narwhals knows), or the path of a file."""

_EXTRA = "Install the readers: pip install coefficacy[files]."
_ACCEPTED = "Give a pandas, Polars or Arrow frame, or the path of a file."


@dataclass(frozen=True, slots=True)
class RawTable:
    """One table before it is judged: cells as they came.

    Attributes
    ----------
    level : the level whose units its rows are
    label : its name in messages: the path of a file, or the name of the argument
    frame : rows numbered from 0, column names as text, each once
    repeated : column names that occur more than once (`frame` holds the first)
    labels : value labels of Stata and SPSS columns: column -> number -> label
    typed : False if all cells are text, because the file knows no types
    notes : what the user should know about how it was read
    """

    level: str
    label: str
    frame: pd.DataFrame = field(repr=False)
    repeated: tuple[str, ...] = ()
    labels: Mapping[str, Mapping[float, str]] = field(default_factory=dict)
    typed: bool = True
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.frame)


def read_table(source: Table, *, level: str, name: str, keys: Collection[str] = ()) -> RawTable:
    """Read one table.

    Parameters
    ----------
    source : a frame or a path; ``.csv .txt .tsv .parquet .feather .arrow .dta .sav .zsav``
    level : the level whose units its rows are
    name : what messages call a frame
    keys : columns that hold ids; in a text file they stay text, so that ``007`` is not 7

    Raises
    ------
    SurveyError
        If it is no table, or a file that is missing, empty or cannot be read.
    """
    if isinstance(source, str | Path):
        table = _read_file(Path(source), level)
    else:
        table = _table(_to_pandas(source, name), level, name)
    if not len(table):
        what = "has no rows." if len(table.frame.columns) else "is empty: no columns and no rows."
        raise SurveyError(Problem(table.label, what, f"Give one row per {level}."))
    return table if table.typed else replace(table, frame=_with_numbers(table.frame, keys))


def _table(frame: pd.DataFrame, level: str, label: str, **about: Any) -> RawTable:
    """Give columns text names, each once, and rows the numbers 0, 1, 2, ..."""
    named = [name for name in frame.index.names if name is not None and name not in frame.columns]
    frame = frame.reset_index(level=named) if named else frame
    if isinstance(frame.columns, pd.MultiIndex):
        what = f"has {frame.columns.nlevels} rows of column names."
        raise SurveyError(Problem(label, what, "Give each column a single name."))
    names = pd.Index([str(name) for name in frame.columns], dtype=object)
    repeated = tuple(dict.fromkeys(name for name in names[names.duplicated()] if name))
    frame = frame.set_axis(names, axis=1).loc[:, ~names.duplicated()].reset_index(drop=True)
    return RawTable(level, label, frame, repeated, **about)


def _with_numbers(frame: pd.DataFrame, keys: Collection[str]) -> pd.DataFrame:
    """Turn columns of text that are numbers throughout into floats, but for ids."""
    columns: dict[str, pd.Series] = {}
    for name in map(str, frame.columns):
        cells = frame[name]
        found = cells if name in keys else pd.Series(numbers(cells))
        columns[name] = cells if found.isna().sum() > cells.isna().sum() else found
    return pd.DataFrame(columns)


# Frames ---------------------------------------------------------------------------------------------------


def _to_pandas(source: Any, name: str) -> pd.DataFrame:
    if isinstance(source, pd.DataFrame):
        return source
    import narwhals as nw

    try:
        frame: Any = nw.from_native(source)
    except TypeError:
        raise SurveyError(Problem(name, f"a {type(source).__name__} is no table.", _ACCEPTED)) from None
    except Exception as error:  # duplicate names, say: each backend has its own error
        raise SurveyError(Problem(name, f"cannot be read ({_first_line(error)}).", _ACCEPTED)) from None
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    return pd.DataFrame({column: _series(frame.get_column(column)) for column in frame.columns})


def _series(column: Any) -> pd.Series:
    """Turn one narwhals column into a pandas one without losing whole numbers to missing cells."""
    dtype = column.dtype
    cells = column.to_list()
    if dtype.is_integer():
        return pd.Series(cells, dtype="Int64" if str(dtype)[0] != "U" else "UInt64")
    if dtype.is_numeric():
        return pd.Series([None if cell is None else float(cell) for cell in cells], dtype=float)
    return pd.Series(cells, dtype=object).infer_objects()


# Files ----------------------------------------------------------------------------------------------------


def _read_file(path: Path, level: str) -> RawTable:
    label = str(path)
    if not path.exists():
        siblings = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
        close = did_you_mean(path.name, siblings).partition("Did you mean")
        raise SurveyError(Problem(label, "no such file.", "".join(close[1:]) or "Check the path."))
    if path.is_dir():
        raise SurveyError(Problem(label, "is a folder, no file.", "Name the table inside it."))
    if path.stat().st_size == 0:
        raise SurveyError(Problem(label, "the file is empty.", "Give a table with one row per unit."))
    reader = EXTENSIONS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(EXTENSIONS)
        what = f"files ending in '{path.suffix}' cannot be read. Known: {known}."
        raise SurveyError(Problem(label, what, "Save the table as CSV."))
    try:
        return reader(path, level)
    except SurveyError:
        raise
    except ImportError:
        what = f"a {_KINDS[path.suffix.lower()]} file needs a reader that is not installed."
        raise SurveyError(Problem(label, what, _EXTRA)) from None
    except OSError as error:
        raise SurveyError(
            Problem(label, f"cannot be opened ({error.strerror or _first_line(error)}).")
        ) from None
    except Exception as error:  # each reader has errors of its own
        what = f"cannot be read as {_KINDS[path.suffix.lower()]} ({_first_line(error)})."
        raise SurveyError(Problem(label, what, "Check that the file is whole, or save it as CSV.")) from None


def _read_text(path: Path, level: str) -> RawTable:
    separator = "\t" if path.suffix.lower() == ".tsv" else ","
    parsed = parse_text(path.read_bytes(), where=str(path), separator=separator)
    columns: dict[int, pd.Series] = {
        i: pd.Series(cells, dtype=object) for i, cells in enumerate(zip(*parsed.rows))
    }
    frame = pd.DataFrame(columns).set_axis(list(parsed.header), axis=1)
    return _table(frame, level, str(path), typed=False, notes=parsed.notes)


def _read_parquet(path: Path, level: str) -> RawTable:
    import pyarrow.parquet  # type: ignore[import-untyped]

    return _table(_to_pandas(pyarrow.parquet.ParquetFile(path).read(), str(path)), level, str(path))


def _read_feather(path: Path, level: str) -> RawTable:
    import pyarrow.feather  # type: ignore[import-untyped]

    return _table(_to_pandas(pyarrow.feather.read_table(path), str(path)), level, str(path))


def _read_stata(path: Path, level: str) -> RawTable:
    codes = pd.read_stata(path, convert_categoricals=False)
    try:
        labelled = pd.read_stata(path, convert_categoricals=True)
    except ValueError:  # the same label for two values: codes only
        return _table(codes, level, str(path))
    labels = {
        name: dict(zip(numbers(codes[name]), labelled[name].astype(object)))
        for name in codes.columns
        if isinstance(labelled[name].dtype, pd.CategoricalDtype)
    }
    return _table(codes, level, str(path), labels=_only_text(labels))


def _read_spss(path: Path, level: str) -> RawTable:
    import pyreadstat

    codes, about = pyreadstat.read_sav(path, apply_value_formats=False)
    return _table(codes, level, str(path), labels=_only_text(about.variable_value_labels))


def _only_text(labels: Mapping[str, Mapping[Any, Any]]) -> dict[str, dict[float, str]]:
    """Keep labels that are words; a number that stands for itself is none."""
    kept = {
        name: {
            float(code): text
            for code, text in values.items()
            if isinstance(text, str) and not isinstance(code, str)
        }
        for name, values in labels.items()
    }
    return {name: values for name, values in kept.items() if values}


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


_KINDS = {
    ".csv": "CSV",
    ".txt": "text",
    ".tsv": "TSV",
    ".parquet": "Parquet",
    ".feather": "Feather",
    ".arrow": "Feather",
    ".dta": "Stata",
    ".sav": "SPSS",
    ".zsav": "SPSS",
}

EXTENSIONS: dict[str, Callable[[Path, str], RawTable]] = {
    ".csv": _read_text,
    ".txt": _read_text,
    ".tsv": _read_text,
    ".parquet": _read_parquet,
    ".feather": _read_feather,
    ".arrow": _read_feather,
    ".dta": _read_stata,
    ".sav": _read_spss,
    ".zsav": _read_spss,
}
"""Extensions of the files that can be read, and the functions that read them."""
