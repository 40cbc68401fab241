"""Typed values out of a TOML document, every problem collected."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from coefficacy.errors import Problem, SpecError, did_you_mean

__all__ = ["Collector", "flag", "named_texts", "number", "pair", "text", "text_or_texts", "texts"]

type Field = Callable[[object], Any]


class _Unfit(Exception):
    """A value of the wrong type; the message says what is expected."""


def text(value: object) -> str:
    """Return a text."""
    if not isinstance(value, str):
        raise _Unfit('a text in quotes, as in "..."')
    return value


def texts(value: object) -> tuple[str, ...]:
    """Return a list of texts."""
    if not isinstance(value, list) or not all(isinstance(part, str) and part for part in value):
        raise _Unfit('a list of texts, as in ["a", "b"]')
    return tuple(value)


def named_texts(value: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return lists of texts by name."""
    expected = 'names with lists, as in { first = ["a", "b"] }'
    if not isinstance(value, dict):
        raise _Unfit(expected)
    try:
        return tuple((name, texts(entry)) for name, entry in value.items())
    except _Unfit:
        raise _Unfit(expected) from None


def text_or_texts(value: object) -> tuple[str, ...]:
    """Return one text or a list of them, never none."""
    if value and isinstance(value, str):
        return (value,)
    if not value or not isinstance(value, list) or not all(isinstance(part, str) and part for part in value):
        raise _Unfit('a text or a list of texts, as in ["a", "b"]')
    return tuple(value)


def number(value: object) -> float:
    """Return a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _Unfit("a number")
    return float(value)


def pair(value: object) -> tuple[float, float]:
    """Return two finite numbers."""
    if not isinstance(value, list) or len(value) != 2:
        raise _Unfit("two numbers, as in [1, 5]")
    try:
        return number(value[0]), number(value[1])
    except _Unfit:
        raise _Unfit("two numbers, as in [1, 5]") from None


def flag(value: object) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise _Unfit("true or false")
    return value


@dataclass
class Collector:
    """Reads tables and keeps what is wrong with them.

    Attributes
    ----------
    where : the file, for messages
    problems : everything met so far
    """

    where: str
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, place: str, what: str, mend: str = "") -> None:
        """Note a problem at `place`, a dotted key."""
        self.problems.append(Problem(f"{self.where}: {place}", what, mend))

    def table(self, value: object, place: str) -> dict[str, Any]:
        """Return a table; an empty one if `value` is none."""
        if isinstance(value, dict):
            return value
        self.refuse(place, f"{_shown(value)} is not a table.", f"Write a section [{place}].")
        return {}

    def keys(self, value: object, place: str, schema: Mapping[str, Field]) -> dict[str, Any]:
        """Return the entries of a table that `schema` knows and that are of its types."""
        entries: dict[str, Any] = {}
        for key, entry in self.table(value, place).items():
            if key not in schema:
                self.refuse(place, f"unknown key '{key}'.", did_you_mean(key, schema))
                continue
            try:
                entries[key] = schema[key](entry)
            except _Unfit as unfit:
                self.refuse(f"{place}.{key}", f"{_shown(entry)} does not fit.", f"Write {unfit}.")
        return entries

    def read[T](self, parse: Callable[..., T], entry: object, place: str) -> T | None:
        """Return ``parse(entry, where=...)``, or None when it is refused."""
        if not isinstance(entry, str):
            self.refuse(place, f"{_shown(entry)} does not fit.", 'Write a text in quotes, as in "...".')
            return None
        try:
            return parse(entry, where=f"{self.where}: {place}")
        except SpecError as error:
            self.problems += error.problems
            return None


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
