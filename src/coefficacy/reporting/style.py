"""House style of the figures: colour-blind safe, and following the page from light to dark."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from coefficacy.reporting.hover import Spot, overlay

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ACCENT", "GRID", "INK", "MUTED", "PAPER", "SERIES", "WARM", "house_style", "svg"]

INK, MUTED, GRID, PAPER = "#1c1e21", "#5f6670", "#dfe2e6", "#fefefe"
ACCENT, WARM = "#0072b2", "#d55e00"
SERIES: tuple[tuple[str, str], ...] = (
    ("#0173b2", "o"),
    (WARM, "s"),
    ("#009e73", "D"),
    ("#cc79a7", "^"),
    ("#56b4e9", "v"),
    ("#e69f00", "P"),
)
"""Colour (Okabe and Ito's palette) and marker of one group after the other."""

_VARIABLES = {INK: "--ink", MUTED: "--muted", GRID: "--grid", PAPER: "--paper", ACCENT: "--accent"}
_SETTINGS = {
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "legend.frameon": False,
    "svg.fonttype": "none",
    "text.parse_math": False,
    "axes.unicode_minus": True,
}


@contextlib.contextmanager
def house_style() -> Iterator[None]:
    """Apply the house style to the figures made inside; settings outside stay as they are."""
    import matplotlib

    with matplotlib.rc_context(_SETTINGS):
        yield


def svg(figure: Figure, *, name: str, alt: str, spots: Sequence[Spot] = ()) -> str:
    """Return `figure` as an ``<svg>`` element for a page, with `alt` as its text alternative.

    `name` keeps the ids of several figures on one page apart. Colours of the house style become CSS
    variables. `spots` say what they are when they are pointed at.
    """
    import matplotlib

    text = io.StringIO()
    with house_style(), matplotlib.rc_context({"svg.hashsalt": name}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    body = text.getvalue()
    body = body[body.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>\s*", "", body, flags=re.DOTALL)
    body = re.sub(r'<g id="[^"]*"', "<g", body)
    body = re.sub(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', r"<svg \1 @>", body, count=1)
    for colour, variable in _VARIABLES.items():
        body = body.replace(colour, f"var({variable})")
    body = body.replace("</svg>", f"{overlay(figure, spots)}</svg>")
    return body.replace(
        "@", f'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'role="img" aria-label="{escape(alt)}"', 1
    )  # fmt: skip
