"""Figures of predictive checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from coefficacy.errors import FitError, Problem
from coefficacy.reporting.style import ACCENT, INK, MUTED, PAPER, WARM, house_style
from coefficacy.reporting.words import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from coefficacy.checks import Check

__all__ = ["plot_check"]

_WIDTH = 8.6
_COLUMNS = 5
_MOST_ROWS = 40


def plot_check(check: Check) -> Figure:
    """Draw what a predictive check compares.

    Categories: the share of each category of each item, observed beside the 95% interval of replicates.
    Calibration: the ECDF of LOO-PIT values less that of uniform ones (ArviZ's ``plot_ecdf_pit``). All other
    checks: every entry's observed number in SDs from the mean of its replicates, beside their 95% interval.

    Parameters
    ----------
    check : one that applies

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    FitError : the check does not apply

    Examples
    --------
    >>> checks = co.predictive_checks(fit)                                        # doctest: +SKIP
    >>> co.plot_check(checks.get("answers.categories", "new teams"))             # doctest: +SKIP
    """
    if check.values is None:
        raise FitError(Problem(f"plot of {check.code}", f"the check does not apply: {check.reason}."))
    with house_style():
        if "replicated" not in check.values:
            return _calibration(check)
        return _categories(check) if check.code == "answers.categories" else _statistics(check)


def _categories(check: Check) -> Figure:
    """One small panel an item."""
    assert check.values is not None
    table = check.table.assign(item=check.values["of"].values, category=check.values["part"].values)
    items = list(dict.fromkeys(table["item"]))
    columns = min(_COLUMNS, len(items))
    rows = -(-len(items) // columns)
    figure = _empty(0.55 + 1.55 * rows)
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
    for axes, item in zip(panels.ravel(), items, strict=False):
        part = table[table["item"] == item]
        at = np.arange(len(part))
        axes.bar(at, part["observed"], color=MUTED, alpha=0.3, width=0.8, lw=0, label="observed share")
        _intervals(axes, at, part["expected"], part["q2_5"], part["q97_5"], upright=True)
        outside = ((part["observed"] < part["q2_5"]) | (part["observed"] > part["q97_5"])).to_numpy()
        if outside.any():
            axes.bar(at[outside], part["observed"][outside], color=WARM, alpha=0.55, width=0.8, lw=0,
                     label="observed share, outside the interval")  # fmt: skip
        axes.set_title(item, fontsize=9, color=INK)
        axes.set_xticks(at, part["category"].str.removeprefix("category "), fontsize=8)
        axes.tick_params(axis="y", labelsize=8)
    for axes in panels.ravel()[len(items) :]:
        axes.set_visible(False)
    figure.supylabel("share of answers", fontsize=9, color=INK)
    _legend(figure, list(panels.ravel()[: len(items)]))
    return figure


def _statistics(check: Check) -> Figure:
    """One row an entry, in SDs of the replicates."""
    assert check.values is not None
    table = check.table
    spread = check.values["replicated"].std("copy").values
    of, parts = (check.values[name].values.astype(str) for name in ("of", "part"))
    labels = [", ".join(filter(None, (plain(a), b))) for a, b in zip(of, parts, strict=True)]
    table = table.assign(sd=spread, label=labels)[spread > 0]
    shown = table.head(_MOST_ROWS)
    figure = _empty(1.1 + 0.26 * len(shown))
    axes = figure.add_subplot()
    at = np.arange(len(shown))[::-1]
    low, high, seen = (
        ((shown[name] - shown["expected"]) / shown["sd"]).to_numpy() for name in ("q2_5", "q97_5", "observed")
    )
    outside = seen > high if check.side == "larger" else (seen < low) | (seen > high)
    _intervals(axes, at, np.zeros(len(shown)), low, high, upright=False)
    axes.plot(seen[~outside], at[~outside], "o", color=INK, ms=5, label="in the data")
    if outside.any():
        axes.plot(
            seen[outside], at[outside], "D", color=WARM, ms=6, label="in the data, outside the interval"
        )
    axes.set_yticks(at, shown["label"], fontsize=9)
    axes.set_ylim(-0.7, len(shown) - 0.3)
    axes.set_xlabel("SDs of the replicates, from their mean")
    _legend(figure, [axes])
    return figure


def _calibration(check: Check) -> Figure:
    import xarray as xr
    from arviz_plots import plot_ecdf_pit

    assert check.values is not None
    names = [str(name) for name in check.values.data_vars if str(name).startswith("pit.")]
    pits = {
        name.removeprefix("pit."): xr.DataArray(check.values[name].values, dims=f"{name}.unit")
        for name in names
    }
    tree = xr.DataTree.from_dict({"loo_pit": xr.Dataset(pits)})
    drawn = plot_ecdf_pit(
        tree, group="loo_pit", sample_dims=[f"{name}.unit" for name in names], backend="matplotlib",
        visuals={
            "ecdf_lines": {"color": ACCENT},
            "suspicious_points": {"color": WARM},
            "p_value_text": False,
            "xlabel": False,
            "ylabel": False,
            **({"title": False} if len(names) == 1 else {}),
        },
        figure_kwargs={"figsize": (_WIDTH, 2.8), "layout": "constrained"},
    )  # fmt: skip
    figure = _own(drawn.viz["figure"].item())
    for line in (line for axes in figure.axes for line in axes.lines if line.get_linestyle() == "--"):
        line.set_color(MUTED)
    figure.supxlabel("LOO-PIT: 0 far below, 1 far above what was predicted", fontsize=10, color=INK)
    figure.supylabel("ECDF less that of uniform values", fontsize=10, color=INK)
    return figure


def _own(figure: Figure) -> Figure:
    """Take a figure out of pyplot's hands, which would keep it open."""
    from matplotlib import pyplot
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    pyplot.close(figure)
    FigureCanvasAgg(figure)
    return figure


def _empty(height: float) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _intervals(axes: Axes, at, centre, low, high, *, upright: bool) -> None:  # type: ignore[no-untyped-def]
    """Mean and 95% interval of the replicates."""
    lines = axes.vlines if upright else axes.hlines
    lines(at, low, high, color=ACCENT, lw=2.4, label="replicated: 95% interval")
    where = (at, centre) if upright else (centre, at)
    axes.plot(*where, "o", color=ACCENT, mec=PAPER, ms=5, label="replicated: mean")


def _legend(figure: Figure, axes: list[Axes]) -> None:
    found: dict[str, Any] = {}
    for one in axes:
        for handle, label in zip(*one.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    figure.legend(
        found.values(), found.keys(), loc="outside lower center", ncols=4, fontsize=9, labelcolor=INK
    )
