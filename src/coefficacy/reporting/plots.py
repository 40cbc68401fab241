"""Figures of a result; each returns a Matplotlib Figure and touches no global state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coefficacy.reporting.style import ACCENT, INK, MUTED, PAPER, SERIES, WARM, house_style
from coefficacy.reporting.words import number, plain

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["bound_figure", "check_figure", "effect_figure", "latent_figure"]

_NAMED_TEAMS = 60
_WIDTH = 8.6


def effect_figure(
    effect: Mapping[str, Any], rope: tuple[float, float], *, draws: np.ndarray | None = None, label: str = ""
) -> Figure:
    """Draw the effect: density of `draws` if given, mean and 95% interval, and the ROPE.

    Parameters
    ----------
    effect : ``mean``, ``q2_5``, ``q97_5`` in standardised units
    rope : the region of practical equivalence, in the same units
    label : of the horizontal axis, with its unit
    """
    with house_style():
        figure, axes = _figure(2.9 if draws is not None else 1.7)
        region = f"ROPE, {number(rope[0])} to {number(rope[1])}: no practical effect"
        axes.axvspan(*rope, color=MUTED, alpha=0.22, lw=0, label=region)
        axes.axvline(0, color=MUTED, lw=0.8)
        base = 0.0
        if draws is not None:
            _density(axes, draws, ACCENT, "posterior density")
            base = -0.12
        ends = effect["q2_5"], effect["q97_5"]
        axes.hlines(base, *ends, color=ACCENT, lw=3, label="95% interval (equal-tailed)")
        axes.plot(effect["mean"], base, "o", color=ACCENT, mec=PAPER, ms=9, label="posterior mean")
        axes.set_xlabel(label or "effect (standardised)")
        _without_y(axes)
        _legend_below(figure, columns=2)
    return figure


def bound_figure(
    summary: Mapping[str, Any], draws: np.ndarray, label: str, *, bound: float, above: bool
) -> Figure:
    """Draw the posterior of an estimand and the bound that it has to lie beyond.

    Parameters
    ----------
    summary : ``mean``, ``q2_5``, ``q97_5``
    draws : (sample,)
    label : of the horizontal axis, with its unit
    bound, above : whether the estimand has to lie above the bound or below it
    """
    with house_style():
        figure, axes = _figure(2.9)
        _density(axes, draws, ACCENT, "posterior density")
        ends = summary["q2_5"], summary["q97_5"]
        axes.hlines(-0.12, *ends, color=ACCENT, lw=3, label="95% interval (equal-tailed)")
        axes.plot(summary["mean"], -0.12, "o", color=ACCENT, mec=PAPER, ms=9, label="posterior mean")
        low, high = axes.get_xlim()
        room = 0.06 * (high - low)
        edge = min(low, bound - room) if above else max(high, bound + room)
        region = f"{'up to' if above else 'from'} {number(bound)}: does not count"
        axes.axvspan(*sorted((edge, bound)), color=MUTED, alpha=0.22, lw=0, label=region)
        axes.set_xlabel(label)
        _without_y(axes)
        _legend_below(figure, columns=2)
    return figure


def check_figure(observed: np.ndarray, replicated: np.ndarray, *, label: str) -> Figure:
    """Draw the rival's predictive check: the statistic in the data and in data replicated from the rival.

    Both densities have the same height, so that a narrow one does not flatten the other.

    Parameters
    ----------
    observed, replicated : draws of the statistic (dim: sample); `observed` may be constant
    label : of the horizontal axis
    """
    with house_style():
        figure, axes = _figure(2.7)
        _density(axes, replicated, MUTED, "if the rival were true (replicated outcomes)")
        if np.ptp(observed) > 1e-9:
            _density(axes, observed, WARM, "in the data (one value a posterior draw)")
        axes.axvline(float(np.mean(observed)), color=WARM, lw=2, label="in the data, mean")
        axes.set_xlabel(label)
        axes.set_ylim(bottom=0)
        _without_y(axes)
        _legend_below(figure, columns=2)
    return figure


def latent_figure(
    table: pd.DataFrame,
    latent: str,
    *,
    units: str = "teams",
    named: bool = True,
    ringed: pd.Series | None = None,
) -> Figure:
    """Draw every team's estimate of `latent` with its 95% interval, sorted, coloured by layer.

    Parameters
    ----------
    table : as :func:`coefficacy.reporting.tables.team_estimates` returns it
    units : word for the rows
    named : write the ids under the axis (left out above 60 rows)
    ringed : which rows of `table` to mark
    """
    marked = np.zeros(len(table), dtype=bool) if ringed is None else np.asarray(ringed)
    rows = table.assign(ringed=marked).sort_values(f"{latent}_mean", kind="stable").reset_index(drop=True)
    rows.index += 1
    named = named and len(rows) <= _NAMED_TEAMS
    groups = _groups(rows["layer"].astype(str).tolist())
    with house_style():
        figure, axes = _figure(4.0 if named else 3.5)
        thin = len(rows) > 120
        for (group, members), (colour, marker) in zip(groups.items(), SERIES, strict=False):
            part = rows.loc[members]
            ends = part[f"{latent}_q2_5"], part[f"{latent}_q97_5"]
            axes.vlines(members, *ends, color=colour, lw=0.7 if thin else 1.6, alpha=0.55)
            size = 2.5 if thin else 5
            axes.plot(members, part[f"{latent}_mean"], marker, color=colour, ms=size, mew=0, label=group)
        rings = rows.index[rows["ringed"]]
        if len(rings):
            means = rows.loc[rings, f"{latent}_mean"]
            axes.plot(
                rings, means, "o", color=INK, mfc="none", ms=5 if thin else 10, mew=1.3, label="discordant"
            )
        axes.axhline(float(rows[f"{latent}_mean"].mean()), color=MUTED, lw=0.8, ls=(0, (4, 3)))
        axes.margins(x=0.01)
        axes.grid(axis="y")
        axes.set_ylabel(f"{plain(latent)} (latent scale)")
        axes.set_xlabel(f"{units}, sorted by estimate" + ("" if named else f" (rank of {len(rows)})"))
        if named:
            labels = [_short(name) for name in rows["team"]]
            axes.set_xticks(rows.index, labels, rotation=90, fontsize=8)
        if len(groups) > 1 or len(rings):
            _legend_below(figure, columns=5 if len(rings) else 4)
    return figure


def _figure(height: float) -> tuple[Figure, Axes]:
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    FigureCanvasSVG(figure)
    return figure, figure.add_subplot()


def _density(axes: Axes, draws: np.ndarray, colour: str, label: str) -> None:
    """Fill a kernel density of `draws`, scaled to height 1."""
    from arviz_stats.base import array_stats

    grid, density, _ = array_stats.kde(np.asarray(draws, dtype=float).ravel())
    density = density / density.max()
    axes.fill_between(grid, density, color=colour, alpha=0.3, lw=0, label=label)
    axes.plot(grid, density, color=colour, lw=1.4)


def _groups(layers: Sequence[str]) -> dict[str, list[int]]:
    """Rows, counted from 1, by layer; the smaller ones together as ``"other"`` where the palette ends."""
    members: dict[str, list[int]] = {}
    for row, layer in enumerate(layers, start=1):
        members.setdefault(layer or "all", []).append(row)
    if len(members) <= len(SERIES):
        return dict(sorted(members.items()))
    ranked = sorted(members, key=lambda layer: (-len(members[layer]), layer))
    kept = {layer: members[layer] for layer in sorted(ranked[: len(SERIES) - 1])}
    rest = [row for layer in ranked[len(SERIES) - 1 :] for row in members[layer]]
    return kept | {f"{len(ranked) - len(kept)} others": rest}


def _without_y(axes: Axes) -> None:
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _legend_below(figure: Figure, *, columns: int) -> None:
    from matplotlib.lines import Line2D

    legend = figure.legend(loc="outside lower center", ncols=columns, fontsize=9, labelcolor=INK)
    for handle in legend.legend_handles:
        if isinstance(handle, Line2D):
            handle.set_markersize(6)


def _short(name: object, length: int = 14) -> str:
    text = str(name)
    return text if len(text) <= length else text[: length - 1] + "…"
