"""Delimited text: decoded and split strictly, so that a broken file is reported and never guessed at."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass

from coefficacy.errors import Problem, SurveyError

__all__ = ["MISSING", "TextTable", "parse_text"]

MISSING = frozenset({"", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "#N/A", "."})
"""What counts as a missing cell in a text file."""

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")
_WHOLE_OR_DECIMAL_COMMA = re.compile(r"[+-]?\d*(?:,\d+)?")
_MAGIC = {
    b"PK\x03\x04": "an Excel workbook or zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"PAR1": "Parquet",
    b"ARROW1": "Feather",
    b"$FL2": "SPSS",
    b"\x1f\x8b": "gzip",
    b"%PDF": "PDF",
}
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class TextTable:
    """A text file split into cells.

    Attributes
    ----------
    header : column names without outer spaces, possibly repeated or empty
    rows : cells as text, None where missing
    notes : what the user should know about how it was read
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    notes: tuple[str, ...]


def parse_text(content: bytes, *, where: str, separator: str = ",") -> TextTable:
    """Split a delimited text file into cells.

    Parameters
    ----------
    content : the file's bytes: UTF-8, with or without a byte order mark, or UTF-16 with one
    where : name of the table in messages
    separator : expected between cells; another one is found from the header, and noted

    Raises
    ------
    SurveyError
        If the file is empty, binary, in another encoding, ragged, or has a header only.
    """
    text = _decode(content, where)
    found = _separator(text, separator)
    lines = _split(text, found, where)
    if len(lines) < 2:
        raise SurveyError(
            Problem(where, "has a header but no rows.", "Write one row per unit below the header.")
        )
    header = tuple(name.strip() for name in lines[0][1])
    filled = [(number, cells) for number, cells in lines[1:] if any(cell.strip() for cell in cells)]
    if not filled:
        raise SurveyError(
            Problem(where, "has a header, and every row below it is blank.", "Fill the rows in.")
        )
    _check_width(header, filled, where)
    notes = []
    if found != separator:
        notes.append(f"{where}: cells are separated by {_SEPARATORS[found]}.")
    if len(filled) < len(lines) - 1:
        notes.append(f"{where}: {len(lines) - 1 - len(filled)} blank rows were left out.")
    rows = tuple(
        tuple(None if cell.strip() in MISSING else cell.strip() for cell in cells) for _, cells in filled
    )
    if found != ",":
        rows, changed = _with_decimal_points(rows)
        if changed:
            columns = ", ".join(f"'{header[i]}'" for i in changed[:5]) + (", ..." if len(changed) > 5 else "")
            notes.append(f"{where}: decimal commas in {columns} were read as points.")
    return TextTable(header, rows, tuple(notes))


def _decode(content: bytes, where: str) -> str:
    if not content.strip(b"\xef\xbb\xbf \t\r\n\x00"):
        raise SurveyError(
            Problem(where, "the file is empty.", "Give a table with a header and one row per unit.")
        )
    for magic, kind in _MAGIC.items():
        if content.startswith(magic):
            what = f"is no text file; it looks like {kind}."
            raise SurveyError(
                Problem(where, what, "Save the table as CSV, or give the file its right extension.")
            )
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif b"\x00" in content:
        raise SurveyError(Problem(where, "is a binary file, no text.", "Save the table as CSV in UTF-8."))
    else:
        encoding = "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        what = f"line {line} is not in UTF-8 (byte 0x{content[error.start]:02x})."
        mend = "Save the file with UTF-8 encoding (in Excel: 'CSV UTF-8')."
        raise SurveyError(Problem(where, what, mend)) from None


def _separator(text: str, expected: str) -> str:
    """Return the separator that splits the header into most columns; the expected one if there is a tie."""
    header = next(line for line in text.splitlines() if line.strip())
    counts = {mark: len(next(csv.reader([header], delimiter=mark), [])) for mark in _SEPARATORS}
    return max(counts, key=lambda mark: (counts[mark], mark == expected))


def _split(text: str, separator: str, where: str) -> list[tuple[int, list[str]]]:
    """Return (line number, cells) of every line that is not empty."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    lines = []
    try:
        for cells in reader:
            if cells:
                lines.append((reader.line_num, cells))
    except csv.Error as error:
        what = f"cannot be split into cells after line {lines[-1][0] if lines else 0} ({error})."
        raise SurveyError(
            Problem(where, what, "Check the quotes there: each opening one needs a closing one.")
        ) from None
    return lines


def _check_width(header: tuple[str, ...], lines: Iterable[tuple[int, list[str]]], where: str) -> None:
    ragged = [(number, len(cells)) for number, cells in lines if len(cells) != len(header)]
    if not ragged:
        return
    examples = ", ".join(f"line {number} has {width}" for number, width in ragged[:_SHOWN])
    more = f" and {len(ragged) - _SHOWN} more lines" if len(ragged) > _SHOWN else ""
    what = f"the header has {len(header)} columns, but {examples}{more}."
    mend = "Each row needs as many cells as the header; put quotes around cells that hold the separator."
    raise SurveyError(Problem(where, what, mend))


def _with_decimal_points(
    rows: tuple[tuple[str | None, ...], ...],
) -> tuple[tuple[tuple[str | None, ...], ...], list[int]]:
    columns = list(zip(*rows))
    changed = [
        i for i, cells in enumerate(columns) if _has_decimal_commas([c for c in cells if c is not None])
    ]
    for i in changed:
        columns[i] = tuple(None if cell is None else cell.replace(",", ".") for cell in columns[i])
    return (tuple(zip(*columns)) if changed else rows), changed


def _has_decimal_commas(cells: list[str]) -> bool:
    return all(_WHOLE_OR_DECIMAL_COMMA.fullmatch(cell) for cell in cells) and any(
        _DECIMAL_COMMA.fullmatch(cell) for cell in cells
    )
