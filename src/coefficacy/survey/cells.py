"""Cells of a table as numbers, as text and as ids, whatever they came as."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np
import pandas as pd

__all__ = ["Ids", "Kind", "blank", "id_text", "join_ids", "kind_of", "numbers", "shown", "texts", "unit_ids"]

type Kind = Literal["number", "text", "mixed", "date"]

_TRUTH = {"true": 1.0, "false": 0.0}
_WHOLE = re.compile(r"(-?(?:0|[1-9]\d*))\.0+")
_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,17})")


def blank(cells: pd.Series) -> np.ndarray:
    """Tell which cells are missing: null, NaN or text of nothing but spaces."""
    missing = cells.isna().to_numpy(dtype=bool)
    if not _may_hold_text(cells):
        return missing
    return missing | np.array([isinstance(cell, str) and not cell.strip() for cell in cells], dtype=bool)


def numbers(cells: pd.Series) -> np.ndarray:
    """Return the cells as floats; missing cells and text are NaN.

    Truth values are 1 and 0, also when they are written as TRUE and FALSE throughout a column.
    """
    if _is_date(cells) or pd.api.types.is_complex_dtype(cells.dtype):
        return np.full(len(cells), np.nan)
    if not _may_hold_text(cells):
        return cells.to_numpy(dtype=float, na_value=np.nan)
    plain = cells.astype(object)
    words = {cell.strip().lower() for cell in plain if isinstance(cell, str) and cell.strip()}
    if words and words <= set(_TRUTH):
        plain = plain.map(lambda cell: _TRUTH.get(cell.strip().lower()) if isinstance(cell, str) else cell)
    plain = plain.map(lambda cell: float(cell) if isinstance(cell, bool | np.bool_) else cell)
    try:
        parsed = pd.to_numeric(plain, errors="coerce")
    except (OverflowError, TypeError, ValueError):
        parsed = plain.map(_number)
    return parsed.to_numpy(dtype=float, na_value=np.nan)


def kind_of(cells: pd.Series) -> Kind:
    """Tell whether a predictor is a number or a category; ``mixed`` and ``date`` cannot be used.

    Categorical columns are text even if their categories are numbers.
    """
    if _is_date(cells):
        return "date"
    if isinstance(cells.dtype, pd.CategoricalDtype):
        return "text"
    present = ~blank(cells)
    is_number = ~np.isnan(numbers(cells)[present])
    if is_number.all():
        return "number"
    return "mixed" if is_number.any() else "text"


def texts(cells: pd.Series) -> np.ndarray:
    """Return the cells as text without outer spaces; missing cells are empty."""
    return np.array(["" if gone else id_text(cell) for cell, gone in zip(cells, blank(cells))], dtype=str)


def id_text(value: Any) -> str:
    """Return an id as text: ``1``, ``1.0`` and ``"1"`` are the same id, ``"007"`` is not ``7``."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, pd.Timestamp):
        return value.isoformat().removesuffix("T00:00:00")
    text = str(value).strip()
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


def join_ids(parts: Sequence[str]) -> str:
    """Join the parts of a key with ``/``; a ``/`` or backslash inside one is escaped, so ids stay apart."""
    if len(parts) == 1:
        return parts[0]
    return "/".join(part.replace("\\", "\\\\").replace("/", "\\/") for part in parts)


@dataclass(frozen=True, slots=True)
class Ids:
    """The units that the rows of a table belong to.

    Attributes
    ----------
    values : (row,) ids as text, None where a column of the key is missing
    whole : the key is one column of whole numbers, so that the ids can be shown as such
    """

    values: np.ndarray
    whole: bool


def unit_ids(frame: pd.DataFrame, key: Sequence[str], *, typed: bool) -> Ids:
    """Return the ids in the columns `key`.

    Parameters
    ----------
    typed : False if all cells are text because the file has no types; whole numbers without leading zeros
        count as such then
    """
    columns = [_id_column(frame[name]) for name in key]
    joined = [None if None in parts else join_ids(parts) for parts in zip(*columns)]
    values = np.empty(len(frame), dtype=object)
    values[:] = joined
    whole = len(key) == 1 and _is_whole(frame[key[0]], values, typed=typed)
    return Ids(values, whole)


def _id_column(cells: pd.Series) -> list[Any]:
    return [None if gone else id_text(cell) for cell, gone in zip(cells, blank(cells))]


def _is_whole(cells: pd.Series, ids: np.ndarray, *, typed: bool) -> bool:
    if typed and (not pd.api.types.is_numeric_dtype(cells.dtype) or pd.api.types.is_bool_dtype(cells.dtype)):
        return False
    return all(_INTEGER.fullmatch(text) for text in ids if text is not None)


def shown(value: Any) -> str:
    """Return a cell as a message shows it: numbers bare, text in quotes, long text cut."""
    if isinstance(value, float | np.floating):
        number = float(value)
        return f"{number:g}" if np.isfinite(number) and abs(number) < 1e6 else str(number)
    text = str(value)
    text = text if len(text) <= 30 else f"{text[:27]}..."
    return text if isinstance(value, int | np.integer | bool | np.bool_) else repr(text)


def _number(cell: Any) -> float:
    """Return one cell as a float: infinite if it is beyond all floats, NaN if it is no number."""
    try:
        return float(pd.to_numeric(cell, errors="coerce"))
    except OverflowError:
        return float("inf")
    except (TypeError, ValueError):
        return float("nan")


def _is_date(cells: pd.Series) -> bool:
    """Tell whether a column holds points or spans of time, by its type or cell by cell."""
    dtype = cells.dtype
    if pd.api.types.is_object_dtype(dtype):
        return any(isinstance(cell, date | timedelta) for cell in cells)
    types = pd.api.types
    is_point = types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype)
    return is_point or types.is_timedelta64_dtype(dtype)


def _may_hold_text(cells: pd.Series) -> bool:
    dtype = cells.dtype
    return not (pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype)) or isinstance(
        dtype, pd.CategoricalDtype
    )
