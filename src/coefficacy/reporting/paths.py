"""Figures of treatments that act through mediators: every path, and what confounding leaves of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from coefficacy.dims import MEDIATOR, PATH, SAMPLE, TREATMENT
from coefficacy.reporting.style import ACCENT, MUTED, PAPER, SERIES, WARM, house_style
from coefficacy.reporting.words import plain

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_confounding", "plot_paths"]

_WIDTH = 8.6
_QUANTILES = (0.025, 0.25, 0.75, 0.975)


def plot_paths(found: xr.Dataset) -> Figure:
    """Draw the effect along every path, a panel a treatment: mean, 50% and 95% intervals.

    Parameters
    ----------
    found : of :func:`coefficacy.two_sources`

    Examples
    --------
    >>> co.plot_paths(co.estimate(fit, "two_sources"))  # doctest: +SKIP
    """
    effect = found["effect"]
    treatments, paths = (effect[name].values.tolist() for name in (TREATMENT, PATH))
    with house_style():
        figure, panels = _figure(len(treatments), height=0.42 * len(paths) + 1.2)
        for axes, treatment in zip(panels, treatments, strict=True):
            for row, path in enumerate(paths):
                draws = effect.sel({TREATMENT: treatment, PATH: path}).values.ravel()
                _interval(axes, row, draws, _colour(path))
            axes.axvline(0, color=MUTED, lw=0.8, zorder=0)
            axes.set_title(_title(treatment), fontsize=10, loc="left")
            axes.grid(axis="x")
            axes.tick_params(axis="y", length=0)
            axes.spines["left"].set_visible(False)
        panels[0].set_yticks(range(len(paths)), [_path(path) for path in paths])
        panels[0].set_ylim(len(paths) - 0.4, -0.6)
        figure.supxlabel(f"{effect.attrs['long_name']} (mean, 50% and 95% interval)", fontsize=10)
    return figure


def plot_confounding(found: xr.Dataset) -> Figure:
    """Draw the difference of two sources against the correlation of errors, a panel a mediator.

    Mean and 95% interval; the line marks where the mean changes its sign.

    Parameters
    ----------
    found : of :func:`coefficacy.confounding`

    Examples
    --------
    >>> co.plot_confounding(co.confounding(fit))  # doctest: +SKIP
    """
    difference = found["difference"]
    rho, mediators = difference["correlation"].values, difference[MEDIATOR].values.tolist()
    low, high = (difference.quantile(q, SAMPLE) for q in (0.025, 0.975))
    mean = difference.mean(SAMPLE)
    with house_style():
        figure, panels = _figure(len(mediators), height=3.2)
        for axes, mediator, (colour, _) in zip(panels, mediators, SERIES, strict=False):
            at = {MEDIATOR: mediator}
            axes.fill_between(rho, low.sel(at), high.sel(at), color=colour, alpha=0.22, lw=0)
            axes.plot(rho, mean.sel(at), color=colour, lw=2)
            axes.axhline(0, color=MUTED, lw=0.8)
            axes.axvline(0, color=MUTED, lw=0.8, ls=(0, (4, 3)))
            _mark_loss(axes, rho, mean.sel(at).values)
            axes.set_xlabel(f"correlation of the errors of\n{plain(mediator)} and the outcome")
            axes.grid(axis="y")
        panels[0].set_ylabel("difference of the two paths\n(SDs of the outcome)")
    return figure


def _mark_loss(axes: Axes, rho: np.ndarray, mean: np.ndarray) -> None:
    """Mark where the mean changes its sign."""
    crossing = np.flatnonzero(np.diff(np.sign(mean)) != 0)
    if not len(crossing):
        axes.set_title("no change of sign here", fontsize=9, loc="left", color=MUTED)
        return
    k = int(crossing[0])
    at = rho[k] - mean[k] * (rho[k + 1] - rho[k]) / (mean[k + 1] - mean[k])
    axes.plot(at, 0, "o", color=WARM, mec=PAPER, ms=8, zorder=5)
    axes.set_title(f"the mean changes its sign at {at:.2f}", fontsize=9, loc="left", color=MUTED)


def _interval(axes: Axes, row: int, draws: np.ndarray, colour: str) -> None:
    low, inner_low, inner_high, high = np.quantile(draws, _QUANTILES)
    axes.hlines(row, low, high, color=colour, lw=1.6)
    axes.hlines(row, inner_low, inner_high, color=colour, lw=5)
    axes.plot(draws.mean(), row, "o", color=colour, mec=PAPER, ms=8)


def _colour(path: str) -> str:
    return {"direct": MUTED, "total": WARM}.get(path, ACCENT)


def _title(treatment: str) -> str:
    if treatment.startswith("mean("):
        return f"share {plain(treatment.removeprefix('mean(').removesuffix(')'))}"
    return plain(treatment)


def _path(path: str) -> str:
    if path in ("direct", "total"):
        return path
    *before, last = (plain(part) for part in path.split(" > "))
    return f"through {', then\n'.join([*before, last])}" if before else f"through {last} alone"


def _figure(columns: int, *, height: float) -> tuple[Figure, list[Any]]:
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    FigureCanvasSVG(figure)
    return figure, list(figure.subplots(1, columns, sharex=True, sharey=True, squeeze=False)[0])
