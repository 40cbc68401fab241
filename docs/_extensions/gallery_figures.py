"""Figures of examples in the house style, and the last value of a block if it is a figure."""

from __future__ import annotations

import contextlib
from typing import Any

from matplotlib.figure import Figure
from sphinx_gallery.scrapers import figure_rst, matplotlib_scraper

from coefficacy.reporting.style import house_style

__all__ = ["before_example", "scrape"]

_RESOLUTION = 160
_PAGE = {
    "figure.figsize": (8.6, 3.4),
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}
_style = contextlib.ExitStack()


def before_example(_conf: dict[str, Any], _name: str | None) -> None:
    """Draw what follows in the house style, and let long fits be read rather than sampled."""
    import matplotlib as mpl
    import stored

    mpl.use("agg")
    _style.close()
    _style.enter_context(house_style())
    mpl.rcParams.update(_PAGE)
    stored.install()


def scrape(block: Any, script_vars: dict[str, Any], conf: dict[str, Any]) -> str:
    """Return what shows the figures of pyplot, and the block's last value if it is a figure of its own."""
    shown = matplotlib_scraper(block, script_vars, conf, dpi=_RESOLUTION)
    values = script_vars["example_globals"]
    last = values.get("___")
    if not isinstance(last, Figure) or last is values.get("__shown__"):
        return shown
    values["__shown__"] = last
    path = next(script_vars["image_path_iterator"])
    last.savefig(path, dpi=_RESOLUTION, facecolor="white")
    return shown + figure_rst([path], conf["src_dir"], fig_titles=_in_words(last))


def _in_words(figure: Figure) -> str:
    """Alternative text: title, and what the axes show."""
    title = figure.get_suptitle() or next((axes.get_title() for axes in figure.axes if axes.get_title()), "")
    across = next((axes.get_xlabel() for axes in figure.axes if axes.get_xlabel()), "")
    upwards = next((axes.get_ylabel() for axes in figure.axes if axes.get_ylabel()), "")
    said = [title, f"across: {across}" if across else "", f"upwards: {upwards}" if upwards else ""]
    return "; ".join(part for part in said if part).replace("\n", " ") or "Figure of this example"
