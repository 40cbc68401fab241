"""Figures of conditions that an outcome may need: the four corners, and the ceiling over the teams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coefficacy.dims import SAMPLE
from coefficacy.reporting.style import ACCENT, INK, MUTED, PAPER, WARM, house_style
from coefficacy.reporting.words import plain

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from coefficacy.estimands.equation import Equation
    from coefficacy.sampling import Fit

__all__ = ["plot_ceiling", "plot_corners"]

_STEPS_SHOWN = 60


def plot_corners(found: xr.Dataset) -> Figure:
    """Draw the probability of adapting in the four corners.

    Parameters
    ----------
    found : of :func:`coefficacy.necessity`

    Returns
    -------
    matplotlib.figure.Figure
        Posterior means with 95% intervals (equal-tailed); a line for each state of the other conditions.

    Examples
    --------
    >>> found = necessity(fit, of="adaptation", needs=["collective_efficacy", "power"])  # doctest: +SKIP
    >>> plot_corners(found)  # doctest: +SKIP
    """
    first, others = (plain(found.attrs[name]) for name in ("first", "others"))
    p = found["probability"]
    with house_style():
        figure, axes = _figure(5.4, 3.6)
        for state, pair, colour, marker, shift in (
            ("low", ("neither", "first only"), WARM, "s", -0.02),
            ("high", ("others only", "all"), ACCENT, "o", 0.02),
        ):
            draws = p.sel(corner=list(pair))
            low, high = (draws.quantile(q, SAMPLE).values for q in (0.025, 0.975))
            x, mean = np.array([0, 1]) + shift, draws.mean(SAMPLE).values
            axes.vlines(x, low, high, color=colour, lw=2)
            axes.plot(x, mean, marker=marker, color=colour, mec=PAPER, ms=8, label=f"{others}: {state}")
            left = (-8, 0) if state == "low" else (8, -10)
            for at, value, place in zip(x, mean, (left, (8, 0)), strict=True):
                axes.annotate(
                    f"{value:.2f}", (at, value), xytext=place, textcoords="offset points",
                    ha="right" if place[0] < 0 else "left", va="center", color=INK,
                )  # fmt: skip
        axes.set_xticks([0, 1], ["low (one SD below the mean)", "high (one SD above)"])
        axes.set_xlim(-0.35, 1.35)
        axes.set_ylim(0, 1)
        axes.grid(axis="y")
        axes.set_xlabel(first)
        axes.set_ylabel(_wrapped(p.attrs["long_name"].removesuffix(", by corner")))
        figure.legend(loc="outside lower center", ncols=2, fontsize=9, labelcolor=INK)
    return figure


def plot_ceiling(fit: Fit, found: xr.Dataset, *, of: str, conditions: Sequence[str] = ()) -> Figure:
    """Draw the teams, the ceiling over them in single draws, and d beside its additive replicates.

    Parameters
    ----------
    fit, found : a fit, and what :func:`coefficacy.ceiling` returned of it
    of : the outcome
    conditions : which of them; default: all

    Examples
    --------
    >>> found = ceiling(fit, of="adaptation", needs=["collective_efficacy", "power"])  # doctest: +SKIP
    >>> plot_ceiling(fit, found, of="adaptation")  # doctest: +SKIP
    """
    from coefficacy.estimands.equation import Equation

    conditions = list(conditions) or [str(name) for name in found["condition"].values]
    equation = Equation.of(fit, of, conditions)
    with house_style():
        figure, all_axes = _figure(4.4 * len(conditions), 5.6, rows=2, columns=len(conditions))
        for k, name in enumerate(conditions):
            _teams(all_axes[0, k], equation, name)
            _sizes(all_axes[1, k], found.sel(condition=name))
            all_axes[0, k].set_ylabel(plain(of) if k == 0 else "")
        handles, labels = [], []
        for axes in all_axes[:, 0]:
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
                handles.append(handle)
                labels.append(label)
        figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=9, labelcolor=INK)
    return figure


def _teams(axes: Axes, equation: Equation, name: str) -> None:
    from coefficacy.estimands.ceilings import peers

    seen = ~np.isnan(equation.observed)
    y, x = equation.observed[seen], equation.values[name][..., seen]
    draws = x.reshape(-1, x.shape[-1]) if x.ndim > 1 else x[None]
    shown = draws[:: max(1, len(draws) // _STEPS_SHOWN)]
    label = "ceiling, single draws" if len(shown) > 1 else "ceiling"
    for one in shown:
        best = peers(one, y)
        xs, ys = np.append(best[:, 0], one.max()), np.append(best[:, 1], y.max())
        faint = 0.12 if len(shown) > 1 else 1.0
        axes.step(xs, ys, where="post", color=WARM, alpha=faint, lw=1.2, label="_nolegend_")
    axes.plot([], [], color=WARM, lw=1.5, label=label)
    axes.plot(draws.mean(axis=0), y, "o", color=ACCENT, mec=PAPER, ms=5, label="teams (posterior means)")
    axes.set_xlabel(f"{plain(name)} (from the mean)")


def _sizes(axes: Axes, found: xr.Dataset) -> None:
    observed, rival = (found[name].values.ravel() for name in ("d", "d_additive"))
    bins = np.linspace(0, max(observed.max(), rival.max()) * 1.05, 31)
    axes.hist(rival, bins=bins.tolist(), color=MUTED, alpha=0.45, label="d if effects only added up")
    axes.axvspan(*np.quantile(observed, [0.025, 0.975]), color=WARM, alpha=0.25, lw=0)
    axes.axvline(float(observed.mean()), color=WARM, lw=2, label="d of the teams, mean and 95% interval")
    axes.set_title(f"p = {np.mean(rival >= observed):.2f}", loc="left", fontsize=10, color=INK)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("ceiling effect size d")


def _wrapped(text: str) -> str:
    from textwrap import fill

    return fill(text, 32)


def _figure(width: float, height: float, *, rows: int = 1, columns: int = 1) -> tuple[Figure, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=rows * columns == 1)
