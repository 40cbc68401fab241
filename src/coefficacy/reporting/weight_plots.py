"""Figure of the weights of two accounts by layer, found in several ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from coefficacy.dims import SAMPLE
from coefficacy.reporting.style import INK, MUTED, PAPER, SERIES, house_style
from coefficacy.reporting.words import plain

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

__all__ = ["plot_account_weights"]


def plot_account_weights(weights: Mapping[str, xr.DataArray], *, account: str) -> Figure:
    """Draw the weight of one account in every layer, side by side for each way in which it was found.

    Parameters
    ----------
    weights : what found them, in words -> draws, dims (chain, draw, layer): of
        :func:`coefficacy.account_weights` or, for one model, of :func:`coefficacy.stack`
    account : whose weight it is, for the axis

    Returns
    -------
    matplotlib.figure.Figure
        Posterior means with 90% intervals (equal-tailed), as in summaries of stacking.

    Examples
    --------
    >>> found = co.estimate(fit, "account_weights")                          # doctest: +SKIP
    >>> co.plot_account_weights({"mixture": found.weight}, account="coordination")  # doctest: +SKIP
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    first = next(iter(weights.values()))
    layer = next(str(d) for d in first.dims if d not in SAMPLE)
    units = [str(name) for name in first[layer].values]
    shifts = 0.2 * (np.arange(len(weights)) - (len(weights) - 1) / 2)
    with house_style():
        figure = Figure(figsize=(7.6, 1.4 + 0.55 * len(units)), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        axes.axvline(0.5, color=MUTED, lw=0.8)
        for (label, draws), shift, (colour, marker) in zip(weights.items(), shifts, SERIES, strict=False):
            y = -np.arange(len(units)) - shift
            low, mean, high = (
                part.sel({layer: first[layer]}).values
                for part in (draws.quantile(0.05, SAMPLE), draws.mean(SAMPLE), draws.quantile(0.95, SAMPLE))
            )
            axes.hlines(y, low, high, color=colour, lw=2)
            axes.plot(mean, y, ls="none", marker=marker, color=colour, mec=PAPER, ms=8, label=label)
        axes.set_yticks(-np.arange(len(units)), [plain(name) for name in units])
        axes.set_ylim(-len(units) + 0.4, 0.6)
        axes.set_xlim(0, 1)
        axes.grid(axis="x")
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(f"weight of {plain(account)}")
        figure.legend(loc="outside upper center", ncols=len(weights), labelcolor=INK)
    return figure
