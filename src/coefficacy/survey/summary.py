"""A survey in a few lines, as text and as HTML."""

from __future__ import annotations

from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from coefficacy.survey.nesting import counted, plural

if TYPE_CHECKING:
    from coefficacy.survey.data import Survey

__all__ = ["html", "text"]


def text(survey: Survey) -> str:
    """Return the survey's levels, unit sizes, items, outcomes and notes, one line each."""
    lines = [f"Survey: {_counts(survey)}"]
    lines += [f"  {name}: {about}" for name, about in (*_sizes(survey), *_columns(survey))]
    lines += [f"  note: {note}" for note in survey.notes]
    return "\n".join(lines)


def html(survey: Survey) -> str:
    """Return the same as a small table."""
    left = "style='text-align:left'"
    rows = "".join(
        f"<tr><th {left}>{escape(name)}</th><td {left}>{escape(about)}</td></tr>"
        for name, about in (*_sizes(survey), *_columns(survey))
    )
    notes = "".join(f"<li>{escape(note)}</li>" for note in survey.notes)
    return (
        f"<div><strong>Survey: {escape(_counts(survey))}</strong><table>{rows}</table><ul>{notes}</ul></div>"
    )


def _counts(survey: Survey) -> str:
    return ", ".join(counted(n, level) for level, n in survey.n.items())


def _sizes(survey: Survey) -> list[tuple[str, str]]:
    """Smallest, median and largest number of units of the level below."""
    levels = list(survey.levels)
    found = []
    for lower, upper in pairwise(levels):
        sizes = np.bincount(survey.index(lower, upper), minlength=survey.n[upper])
        equal = sizes.min() == sizes.max()
        about = (
            f"{sizes.min()} each" if equal else f"{sizes.min()} to {sizes.max()}, median {np.median(sizes):g}"
        )
        found.append((f"{plural(lower)} per {upper}", about))
    return found


def _columns(survey: Survey) -> list[tuple[str, str]]:
    found = []
    for name, items in survey.items.items():
        coding = survey.coding[name]
        values = survey.answers(name).values
        scale = "" if coding.low is None else f" {coding.low:g} to {coding.high:g}"
        span = items[0] if len(items) == 1 else f"{items[0]} ... {items[-1]}"
        count = f"{len(items)} item{'s' if len(items) > 1 else ''} ({span})"
        missing = _missing(values)
        found.append((name, f"{count} of the {coding.level}, {coding.family}{scale}, {missing}"))
    for name, coding in survey.coding.items():
        if name not in survey.items:
            values = survey.levels[coding.level][name].values
            found.append(
                (
                    name,
                    f"outcome of the {coding.level}, {coding.family}, {np.isnan(values).mean():.1%} missing",
                )
            )
    return found


def _missing(values: np.ndarray) -> str:
    share = np.isnan(values).mean()
    return f"{share:.1%} missing" if share else "none missing"
