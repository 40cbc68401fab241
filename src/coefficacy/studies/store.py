"""Results on disk as they come: one line of JSON each, under a header that says what they belong to."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from coefficacy.errors import Problem, StudyError
from coefficacy.studies.jobs import Row, Study

__all__ = ["Header", "Store", "opened", "read_store", "source_hash"]

_SCHEMA = 1
_FIXED = ("schema", "study", "design", "settings")


@dataclass(frozen=True, slots=True)
class Header:
    """What the rows below belong to.

    Attributes
    ----------
    study, design, settings : of the :class:`Study`; the same for all rows of a store
    source, versions : of the code that runs; a store that is gone on with by other code gets a second header
    when : UTC, when the header was written
    """

    study: str
    design: dict[str, Any]
    settings: dict[str, Any]
    source: str
    versions: dict[str, str]
    when: str
    schema: int = _SCHEMA

    @classmethod
    def of(cls, study: Study) -> Header:
        """Return the header of a study that is begun now."""
        from coefficacy.sampling.result import package_versions

        now = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(study.name, study.design, study.settings, source_hash(), package_versions(), now)

    def line(self) -> str:
        return json.dumps({"header": {name: getattr(self, name) for name in self.__slots__}})


@dataclass(slots=True)
class Store:
    """The rows of a study, each key once.

    Attributes
    ----------
    path : of the file; None keeps rows in memory only
    headers : one for each version of the code that added rows
    """

    path: Path | None
    headers: list[Header]
    _rows: dict[str, Row] = field(default_factory=dict)
    _file: IO[str] | None = None

    @property
    def rows(self) -> tuple[Row, ...]:
        """In the order in which they came."""
        return tuple(self._rows.values())

    def __contains__(self, key: str) -> bool:
        return key in self._rows

    def add(self, row: Row) -> None:
        """Keep a row, on disk before this returns; a key that is there already is not counted again."""
        if row.key in self:
            return
        row = replace(row, source=self.headers[-1].source)
        if self._file is not None:
            _append(self._file, _line(row))
        self._rows[row.key] = row


@contextmanager
def opened(path: str | Path | None, study: Study) -> Iterator[Store]:
    """Open the store of a study to add to it, or begin one.

    Parameters
    ----------
    path : of the file, made with its folder if absent; a last line that a kill left unfinished is cut off.
        None keeps rows in memory

    Raises
    ------
    StudyError
        The file holds another study, or one of other design or settings; another process adds to it; a
        line cannot be read.
    """
    header = Header.of(study)
    if path is None:
        yield Store(None, [header])
        return
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        _lock(file, path)
        _cut_torn_line(file)
        store = _read(path)
        _refuse_other(store, header)
        if not store.headers or store.headers[-1].source != header.source:
            _append(file, header.line())
            store.headers.append(header)
        store._file = file
        yield store
        store._file = None


def read_store(path: str | Path) -> Store:
    """Read a store without changing it; an unfinished last line does not count.

    Raises
    ------
    StudyError
        There is no such file, or a line cannot be read.
    """
    path = Path(path)
    if not path.is_file():
        raise StudyError(Problem(str(path), "no such file.", "Name the store of a study."))
    return _read(path)


def _read(path: Path) -> Store:
    text = path.read_text(encoding="utf-8")
    store = Store(path, [])
    for number, line in enumerate(text[: text.rfind("\n") + 1].splitlines(), start=1):
        try:
            _take(store, json.loads(line))
        except (ValueError, KeyError, TypeError, IndexError) as error:
            mend = "Delete the line and go on, or name another folder."
            raise StudyError(Problem(f"{path}, line {number}", "is no line of a study.", mend)) from error
    return store


def _take(store: Store, content: dict[str, Any]) -> None:
    if "header" in content:
        store.headers.append(Header(**content["header"]))
        return
    row = Row(
        content["key"], content.get("result"), content.get("error", ""), content["seconds"],
        store.headers[-1].source,
    )  # fmt: skip
    store._rows.setdefault(row.key, row)


def _line(row: Row) -> str:
    outcome = {"error": row.error} if row.result is None else {"result": row.result}
    return json.dumps({"key": row.key, "seconds": row.seconds, **outcome})


def _append(file: IO[str], line: str) -> None:
    file.write(line + "\n")
    file.flush()
    os.fsync(file.fileno())


def _cut_torn_line(file: IO[str]) -> None:
    """Only at the end: there alone a kill can leave a line unfinished."""
    file.seek(0)
    whole = file.read()
    whole = whole[: whole.rfind("\n") + 1]
    file.truncate(len(whole.encode()))


def _lock(file: IO[str], path: Path) -> None:
    """Keep other processes from adding to the file; the system lifts this when the process ends."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        mend = "Wait for it, or name another folder."
        raise StudyError(Problem(str(path), "another process is adding to it.", mend)) from None


def _refuse_other(store: Store, header: Header) -> None:
    if not store.headers:
        return
    kept, wanted = store.headers[0], json.loads(header.line())["header"]
    problems = [
        Problem(
            f"{store.path}: {where}", f"holds {was}, not {now}.", "Name another folder, or ask for the same."
        )
        for name in _FIXED
        for where, was, now in _differences(name, getattr(kept, name), wanted[name])
    ]
    if problems:
        raise StudyError(problems)


def _differences(where: str, was: Any, now: Any) -> Iterator[tuple[str, str, str]]:
    """Where two plain values differ, as deep as both are tables."""
    if isinstance(was, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*was, *now]):
            yield from _differences(f"{where}.{key}", was.get(key), now.get(key))
    elif was != now:
        yield where, _short(was), _short(now)


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


@cache
def source_hash() -> str:
    """Return a hash of the package's code, so that results of two versions of it are told apart."""
    folder, digest = Path(__file__).parents[1], sha256()
    for file in sorted(folder.rglob("*.py")):
        digest.update(file.relative_to(folder).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()[:12]
