"""Figure of paths by layer: what predicts which outcome, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from coefficacy.dims import SAMPLE
from coefficacy.reporting.style import INK, MUTED, PAPER, SERIES, house_style
from coefficacy.reporting.words import plain

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_layer_paths"]


def plot_layer_paths(found: xr.Dataset) -> Figure:
    """Draw the paths into each outcome, a row a layer and their average below.

    Parameters
    ----------
    found : of :func:`coefficacy.layer_paths`

    Returns
    -------
    matplotlib.figure.Figure
        A panel an outcome; posterior means with 95% intervals (equal-tailed), a colour a predictor.

    Examples
    --------
    >>> plot_layer_paths(co.estimate(fit, "layer_paths"))  # doctest: +SKIP
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    path = found["path"]
    layer = next(str(d) for d in path.dims if d not in (*SAMPLE, "outcome", "predictor"))
    outcomes = path["outcome"].values
    with house_style():
        height = 1.6 + 0.5 * path.sizes[layer]
        figure = Figure(figsize=(4.3 * len(outcomes), height), layout="constrained")
        FigureCanvasAgg(figure)
        panels = np.atleast_1d(figure.subplots(1, len(outcomes), sharey=True, sharex=True))
        for axes, outcome in zip(panels, outcomes, strict=True):
            _panel(axes, path.sel(outcome=outcome), found["average"].sel(outcome=outcome), layer)
            axes.set_title(plain(str(outcome)), fontsize=10, color=INK)
        labels = [*(plain(str(name)) for name in path[layer].values), "average"]
        panels[0].set_yticks(-np.arange(len(labels)), labels)
        figure.supxlabel("path: outcome's unit per SD of the predictor", fontsize=10, color=INK)
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper center", ncols=len(names), labelcolor=INK)
    return figure


def _panel(axes: Axes, path: xr.DataArray, average: xr.DataArray, layer: str) -> None:
    predictors, n = path["predictor"].values, path.sizes[layer]
    axes.axvline(0, color=MUTED, lw=0.8)
    axes.axhline(0.5 - n, color=MUTED, lw=0.5, ls=":")
    shifts = 0.12 * (np.arange(len(predictors)) - (len(predictors) - 1) / 2)
    for name, shift, (colour, marker) in zip(predictors, shifts, SERIES, strict=False):
        draws = [path.sel(predictor=name).isel({layer: k}) for k in range(n)]
        y = -np.arange(n + 1) - 2 * shift
        _points(
            axes, [*draws, average.sel(predictor=name)], y, color=colour, marker=marker, label=plain(name)
        )
    axes.set_ylim(-n - 0.6, 0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")


def _points(axes: Axes, draws: list[xr.DataArray], y: np.ndarray, *, label: str, **how: Any) -> None:
    low, high = (np.array([float(d.quantile(q)) for d in draws]) for q in (0.025, 0.975))
    axes.hlines(y, low, high, color=how["color"], lw=2)
    mean = [float(d.mean()) for d in draws]
    axes.plot(mean, y, ls="none", mec=PAPER, ms=8, label=label, **how)
