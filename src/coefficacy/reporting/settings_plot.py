"""Figure of settings side by side: what members have themselves, and what their group adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coefficacy.reporting.style import ACCENT, INK, MUTED, WARM, house_style
from coefficacy.reporting.words import plain
from coefficacy.survey.nesting import plural

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_settings"]

_WIDTH, _ROW, _FRAME = 10.0, 0.72, 1.5
_KINDS = (
    ("own", MUTED, "o", 0.16, "the member's own"),
    ("contextual", ACCENT, "s", -0.16, "what the group adds"),
)


def plot_settings(found: xr.Dataset) -> Figure:
    """Draw the contextual effects of several settings, beside the effects of what members have themselves.

    Left: both in SDs of the response, means with 95% intervals (equal-tailed). Right: how much of the
    response's variance lies between groups, and between the units above them.

    Parameters
    ----------
    found : of :func:`settings`

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> co.plot_settings(co.settings({"companies": one, "schools": other}))  # doctest: +SKIP
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    n = found.sizes["setting"]
    with house_style():
        figure = Figure(figsize=(_WIDTH, _FRAME + _ROW * n), layout="constrained")
        FigureCanvasAgg(figure)
        left, right = figure.subplots(1, 2, width_ratios=(1.7, 1), sharey=True)
        _effects(left, found)
        _shares(right, found)
        left.set_yticks(np.arange(n)[::-1], _names(found), color=INK)
        left.set_ylim(-0.6, n - 0.4)
    return figure


def _names(found: xr.Dataset) -> list[str]:
    rows = zip(*(found[name].values for name in ("setting", "of", "by", "groups", "group")), strict=True)
    return [
        f"{setting}\n{plain(of)} by {plain(by)}\n{groups:,} {plural(group)}"
        for setting, of, by, groups, group in rows
    ]


def _effects(axes: Axes, found: xr.Dataset) -> None:
    axes.axvline(0, color=MUTED, lw=0.8)
    for name, colour, marker, shift, words in _KINDS:
        mean, low, high = _summary(found[name])
        at = np.arange(len(mean))[::-1] + shift
        axes.hlines(at, low, high, color=colour, lw=2)
        axes.plot(mean, at, marker, color=colour, ms=6, label=words)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("SDs of the response per SD of the predictor")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)


def _shares(axes: Axes, found: xr.Dataset) -> None:
    for name, colour, marker, shift, words in (
        ("share", ACCENT, "s", 0.0, "between groups"),
        ("share_above", WARM, "D", -0.22, "between units above"),
    ):
        mean, low, high = _summary(found[name])
        there = high > 0
        at = np.arange(len(mean))[::-1] + shift
        axes.hlines(at[there], low[there], high[there], color=colour, lw=2)
        axes.plot(mean[there], at[there], marker, color=colour, ms=5.5, label=words if there.any() else None)
    axes.set_xlim(0, None)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("share of the response's variance")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, columnspacing=1, handletextpad=0.3)


def _summary(variable: xr.DataArray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    values = variable.transpose("setting", ...).values.reshape(variable.sizes["setting"], -1)
    low, high = np.quantile(values, [0.025, 0.975], axis=1)
    return values.mean(axis=1), low, high
