"""Power, as files: ``power.json``, a table to read, and a plot."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from coefficacy.reporting.calibration import RATE_COLUMNS, rate_cells
from coefficacy.reporting.folder import replace_text
from coefficacy.reporting.style import MUTED, SERIES, house_style
from coefficacy.studies import Power
from coefficacy.verdicts import rate_interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["POWER_COLUMNS", "plot_power", "power_cells", "write_power"]

POWER_COLUMNS = ("teams", "members", *RATE_COLUMNS)


def plot_power(power: Power) -> Figure:
    """Draw the rate of support against the number of teams, a curve a team size.

    Points are the simulated rates with exact 95% intervals; the curves are those that
    :meth:`coefficacy.studies.Power.needed` rests on. Returns a Matplotlib figure to restyle or save.

    Examples
    --------
    >>> co.plot_power(power).savefig("power.png")                             # doctest: +SKIP
    """
    from matplotlib.figure import Figure

    most = max(cell.n_teams for cell in power.cells)
    grid = np.linspace(2, 1.1 * most, 200)
    with house_style():
        figure = Figure(figsize=(7.0, 4.2), layout="constrained")
        axes = figure.subplots()
        axes.axhline(power.wish, color=MUTED, lw=1, ls="--", label=f"wished for: {power.wish:.0%}")
        for k, size in enumerate(power.team_sizes):
            colour, marker = SERIES[k % len(SERIES)]
            mine = [cell for cell in power.cells if cell.team_size == size and cell.rates.n]
            shift = (k - (len(power.team_sizes) - 1) / 2) * 0.008 * most
            at = np.array([cell.n_teams for cell in mine]) + shift
            rate = np.array([cell.rates.supported / cell.rates.n for cell in mine])
            ends = np.array([rate_interval(cell.rates.supported, cell.rates.n) for cell in mine]).reshape(
                -1, 2
            )
            errors = np.clip([rate - ends[:, 0], ends[:, 1] - rate], 0, None)
            axes.plot(grid, power.rate(size, grid), color=colour, lw=1.5)
            axes.errorbar(at, rate, errors, fmt=marker, color=colour, capsize=2, label=f"teams of {size}")
        axes.set(
            xlabel="number of teams", ylabel="share of surveys in which the effect is supported",
            xlim=(0, 1.1 * most), ylim=(-0.02, 1.02),
        )  # fmt: skip
        axes.grid(axis="y")
        axes.set_title(f"Planted effect {power.effect:g} (standardised); 95% binomial intervals", fontsize=10)
        figure.legend(loc="outside lower center", ncols=1 + len(power.team_sizes))
    return figure


def power_cells(power: Power) -> Iterator[tuple[str, ...]]:
    """Return the rows of the table, in the order of ``POWER_COLUMNS``."""
    for cell in power.cells:
        yield (f"{cell.n_teams}", f"{cell.team_size}", *rate_cells(cell.rates))


def write_power(power: Power, folder: str | Path) -> Path:
    """Write ``power.json``, ``power.md`` and ``power.png`` to a folder that exists; return it."""
    path = Path(folder)
    plot_power(power).savefig(path / "power.png", dpi=150, facecolor="white")
    replace_text(path / "power.md", "\n".join(_lines(power)) + "\n")
    found = asdict(power) | {"needed": [asdict(needed) for needed in power.needed()]}
    replace_text(path / "power.json", json.dumps(found, indent=1) + "\n")
    return path


def _lines(power: Power) -> Iterator[str]:
    yield from (f"# Teams needed: {power.model}", "", power.sentence(), "", "![Power](power.png)", "")
    yield from (f"| {' | '.join(POWER_COLUMNS)} |", f"|{'---|' * len(POWER_COLUMNS)}")
    yield from (f"| {' | '.join(row)} |" for row in power_cells(power))
    settings = power.settings
    yield ""
    yield (
        f"- Designs: teams of one size, dealt to {power.layers} layers by turns; {power.n_items} items of "
        f"each efficacy, reliability of a single one {power.reliability:g}."
    )
    yield "- In parentheses: exact 95% binomial intervals. Fits that failed count in no rate."
    yield (
        f"- Each world: {settings['chains']} chains of {settings['draws']} draws after {settings['tune']}; "
        f"seed {settings['seed']}."
    )
    yield f"- Versions: {', '.join(f'{k} {v}' for k, v in power.versions.items())}."
    yield f"- Seconds: {power.seconds:.0f} in all, added over processes."
    yield from (f"- Failed: {message}" for message in power.failures)
