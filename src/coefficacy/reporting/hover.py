"""Invisible areas over the units of a figure, which say what lies under them: hover without a library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Spot", "overlay"]


@dataclass(frozen=True, slots=True)
class Spot:
    """One unit of a figure.

    Attributes
    ----------
    at : its place on the horizontal axis, in data; spots are one unit apart
    name : by which the page finds it
    words : shown when it is pointed at
    """

    at: float
    name: str
    words: str


def overlay(figure: Figure, spots: Sequence[Spot]) -> str:
    """Return SVG elements as high as the axes, one a spot, for a figure that was saved as SVG before.

    Browsers show the ``<title>`` of an element that is pointed at, with or without scripts.
    """
    if not spots:
        return ""
    axes = figure.axes[0]
    (width, height), box = figure.get_size_inches() * 72, axes.get_position()
    low, high = axes.get_xlim()
    step = box.width * width / (high - low)
    top, tall = (1 - box.y1) * height, box.height * height
    areas = (
        f'<rect x="{box.x0 * width + (spot.at - 0.5 - low) * step:.1f}" y="{top:.0f}" width="{step:.1f}" '
        f'height="{tall:.0f}" data-unit="{escape(spot.name)}"><title>{escape(spot.words)}</title></rect>'
        for spot in spots
    )
    return f'<g class="spots" fill="none" pointer-events="all">{"".join(areas)}</g>'
