"""Figure of discordant teams: who they are, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coefficacy.estimands.discordance import KINDS
from coefficacy.reporting.style import ACCENT, INK, MUTED, PAPER, WARM, house_style
from coefficacy.reporting.words import plain

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_discordant_teams"]

_WIDTH, _HEIGHT = 8.6, 4.6
_MOST_ROWS = 14
_COLOURS = dict(zip(KINDS, (WARM, ACCENT), strict=True))


def plot_discordant_teams(found: xr.Dataset, *, least: float = 0.5) -> Figure:
    """Draw the teams by the strength of their members and of the team, and name the discordant ones.

    Left: every team's expected place; in the shaded corners strength of members and of the team point in
    opposite directions, and the darker a point, the surer it belongs there. Right: the probability of that,
    for the teams in which it is at least `least`, at most 14 of them.

    Parameters
    ----------
    found : of :func:`discordant_teams`
    least : probability from which a team is named, between 0 and 1

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> found = co.estimate(fit, "discordant_teams")                              # doctest: +SKIP
    >>> co.plot_discordant_teams(found)                                          # doctest: +SKIP
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    table = _table(found)
    named = table[table["probability"] >= least].nlargest(_MOST_ROWS, "probability")
    with house_style():
        figure = Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained")
        FigureCanvasAgg(figure)
        left, right = figure.subplots(1, 2, width_ratios=(1.35, 1))
        _map(left, table, named, found)
        _bars(right, named, found, least)
    return figure


def _table(found: xr.Dataset) -> pd.DataFrame:
    """One row a team: expected place, and the likelier kind of discordance with its probability."""
    import pandas as pd

    unit, over = found.attrs["unit"], ("chain", "draw")
    place, chance = found["position"].mean(over), found["discordant"].mean(over)
    kind = chance.argmax("kind").values
    return pd.DataFrame(
        {
            "x": place.sel(latent=found.attrs["given"]).values,
            "y": place.sel(latent=found.attrs["of"]).values,
            "kind": np.array(KINDS)[kind],
            "probability": chance.max("kind").values,
        },
        index=found[unit].values,
    )


def _map(axes: Axes, table: pd.DataFrame, named: pd.DataFrame, found: xr.Dataset) -> None:
    from matplotlib.colors import to_rgba

    margin, unit = float(found.attrs["margin"]), found.attrs["unit"]
    reach = 1.25 * max(1.0, float(np.abs(table[["x", "y"]].to_numpy()).max()))
    corners = {KINDS[0]: (margin, -reach), KINDS[1]: (-reach, margin)}
    for (kind, (x, y)), words in zip(corners.items(), _corner_words(unit), strict=True):
        axes.fill_between(
            [x, x + reach - margin], y, y + reach - margin, color=_COLOURS[kind], alpha=0.1, lw=0
        )
        up = kind == KINDS[1]
        axes.text(
            -0.97 * reach if up else 0.97 * reach, 0.97 * reach if up else -0.97 * reach, words,
            color=_COLOURS[kind], ha="left" if up else "right", va="top" if up else "bottom", fontsize=9,
        )  # fmt: skip
    axes.axhline(0, color=MUTED, lw=0.8)
    axes.axvline(0, color=MUTED, lw=0.8)
    axes.plot(table["x"], table["y"], "o", color=PAPER, mec=MUTED, mew=0.9, ms=6)
    shades = zip(table["kind"], table["probability"], strict=True)
    colours = [to_rgba(_COLOURS[kind], probability) for kind, probability in shades]
    axes.scatter(table["x"], table["y"], color=colours, s=36, lw=0, zorder=3)
    for name, x, y in zip(named.index, named["x"], named["y"], strict=True):
        axes.annotate(str(name), (x, y), (4, 3), textcoords="offset points", fontsize=8)
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, reach)
    axes.set_xlabel(f"members: {plain(found.attrs['given'])} (SDs from the average {unit})")
    axes.set_ylabel(f"{unit}: {plain(found.attrs['of'])} (SDs from the average {unit})")


def _corner_words(unit: str) -> tuple[str, str]:
    return f"strong members,\nweak {unit}", f"weaker members,\nstrong {unit}"


def _bars(axes: Axes, named: pd.DataFrame, found: xr.Dataset, least: float) -> None:
    axes.set_xlim(0, 1)
    axes.set_xlabel("probability that it is so")
    axes.spines["left"].set_visible(False)
    if named.empty:
        axes.set_yticks([])
        most = float(found["discordant"].mean(("chain", "draw")).max())
        text = f"No {found.attrs['unit']} reaches {least:g}.\nThe likeliest has {most:.2f}."
        axes.text(0.5, 0.5, text, ha="center", va="center", color=MUTED, transform=axes.transAxes)
        return
    at = np.arange(len(named))[::-1]
    colours = [_COLOURS[kind] for kind in named["kind"]]
    axes.barh(at, named["probability"], color=colours, alpha=0.75, height=0.68)
    for y, value in zip(at, named["probability"], strict=True):
        axes.text(value - 0.02, y, f"{value:.2f}", ha="right", va="center", color=PAPER, fontsize=9)
    axes.set_yticks(at, [str(name) for name in named.index], color=INK)
    axes.set_ylim(-0.6 - max(0, 8 - len(named)), len(named) - 0.4)
    axes.tick_params(axis="y", length=0)
