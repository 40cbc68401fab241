"""Results of a benchmark on disk, a line of JSON each, so that one that was stopped goes on."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

__all__ = ["Row", "add_row", "read_rows"]

type Row = dict[str, Any]


def read_rows(path: Path) -> list[Row]:
    """Read the rows; a last line that a kill left unfinished is cut off."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole, encoding="utf-8")
    return [json.loads(line) for line in whole.splitlines()]


def add_row(path: Path, row: Row) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
        file.flush()
        os.fsync(file.fileno())
