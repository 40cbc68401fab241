"""How often does the verdict err? Rates over a grid of designs, on the exact engine.

Worlds of the flagship (claim C4) with gaussian items: 15, 40 and 120 teams of 4 and 10, in 2 and 6 layers;
collective efficacy asked by five items of reliability 0.2 or 0.6 each; standardised effects 0, 0.1, 0.2 and
0.5. 200 worlds a cell at effects 0 and 0.1, where errors are counted, 50 elsewhere. World k has the same seed
in every cell. Every world is fitted as users fit it; the rival is fitted only where the answer depends on it.

    uv run python benchmarks/verdict_grid.py --worlds-share 0.1

Worlds are kept in results/verdict_grid.jsonl as they come, all cells equally far at any time. Started again,
the script goes on where it was, and a larger share goes on with the worlds of a smaller one; with all worlds
done it only writes results/verdict_grid.md anew.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path

import numpy as np

from coefficacy.cli.show import checks_bar
from coefficacy.errors import Interrupted
from coefficacy.reporting.calibration import RATE_COLUMNS, rate_cells
from coefficacy.spec import load_model
from coefficacy.studies import (
    Cell,
    Design,
    Row,
    Sampling,
    Scale,
    Store,
    count,
    imitate,
    run_study,
    verdict_study,
)

FOLDER = Path(__file__).resolve().parent / "results"
NAME = "verdict_grid"
TEAMS, MEMBERS, LAYERS = (15, 40, 120), (4, 10), (2, 6)
RELIABILITY = {"low": 0.2, "high": 0.6}
EFFECTS = {0.0: 200, 0.1: 200, 0.2: 50, 0.5: 50}
SAMPLING = Sampling(draws=1500, tune=500, chains=2)
OTHER_RELIABILITY, ITEMS = 0.4, 5
COLUMNS = ("teams", "members", "reliability", "layers", *RATE_COLUMNS)


def design_of_cell(teams: int, members: int, layers: int, reliability: float) -> Design:
    """Only collective efficacy is asked more or less reliably."""
    design = Design.balanced(
        teams, members, layers=layers, n_items=ITEMS, reliability=OTHER_RELIABILITY, family="gaussian"
    )
    return replace(design, collective_efficacy=Scale(ITEMS, reliability, "gaussian"))


def cells_of_grid() -> dict[tuple[str, ...], Cell]:
    """Cells by their labels: teams, members, reliability, layers."""
    spec, cells = load_model("C4"), {}
    gaussian = replace(
        spec, measures=tuple(replace(m, family="gaussian", link="", scale=None) for m in spec.measures)
    )
    for teams, members, level, layers in product(TEAMS, MEMBERS, RELIABILITY, LAYERS):
        design = design_of_cell(teams, members, layers, RELIABILITY[level])
        fitted = imitate(gaussian, design)
        for effect, worlds in EFFECTS.items():
            labels = (str(teams), str(members), level, str(layers))
            name = "/".join((*labels, f"{effect:g}"))
            cells[(*labels, f"{effect:g}")] = Cell(name, fitted, design, effect, worlds)
    return cells


def report(cells: dict[tuple[str, ...], Cell], store: Store, command: str) -> str:
    """Return the text of the Markdown file; nothing that was run is left out of it."""
    rows = store.rows
    by_cell: dict[str, list[Row]] = {cell.name: [] for cell in cells.values()}
    for row in rows:
        by_cell[row.key.rpartition("/")[0]].append(row)
    counted = {labels: count(by_cell[cell.name], cell) for labels, cell in cells.items()}
    wanted = sum(cell.worlds for cell in cells.values())
    lines = [
        "# Error rates of the verdict",
        "",
        f"Verdicts in {len(rows)} of {wanted} simulated worlds of the flagship (claim C4), gaussian items, "
        "exact engine. In parentheses: exact 95% binomial intervals. Fits that did not converge count as "
        "cannot tell; fits that failed count in no rate.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{'---|' * len(COLUMNS)}",
        *(f"| {' | '.join((*labels[:4], *rate_cells(rates)))} |" for labels, rates in counted.items()),
        "",
        "## How it was made",
        "",
        *_origin(rows, store, command),
    ]
    return "\n".join(lines) + "\n"


def _origin(rows: tuple[Row, ...], store: Store, command: str) -> Iterator[str]:
    results = [row.result for row in rows if row.result is not None]
    asked = store.headers[-1].settings
    yield f"- Date: {store.headers[0].when[:10]} to {date.today()}."
    yield f"- Command: `{command}`"
    yield f"- Each world: {asked['chains']} chains of {asked['draws']} draws after {asked['tune']}."
    yield f"- Versions: {', '.join(f'{k} {v}' for k, v in store.headers[-1].versions.items())}."
    yield f"- Source of the package (hash): {_counted(row.source for row in rows)}."
    yield f"- Engine: {_counted(r['engine'] for r in results)}."
    spared = sum(r["p_better"] is None for r in results)
    again = sum(r["retried"] for r in results)
    yield f"- The rival was not needed in {spared} worlds; {again} were sampled twice."
    seconds = np.array([row.seconds for row in rows])
    yield (
        f"- Seconds: {seconds.sum():.0f} added over processes, one thread each, on {os.cpu_count()} cores; a "
        f"world took {np.median(seconds):.0f} (median), at most {seconds.max():.0f}."
    )
    for message in dict.fromkeys(row.error for row in rows if row.error):
        yield f"- Failed: {message}"


def _counted(values: Iterator[str]) -> str:
    return ", ".join(f"{value} ({n} worlds)" for value, n in Counter(values).most_common())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds-share", type=float, default=1.0, help="of every cell, the first worlds")
    parser.add_argument("--workers", type=int, help="processes; default one a processor")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder of the results")
    asked = parser.parse_args()
    cells = cells_of_grid()
    design = {"world": "C4", "cells": {cell.name: cell.worlds for cell in cells.values()}}
    study = verdict_study(
        "worlds", cells.values(), sampling=SAMPLING, design=design, share=asked.worlds_share
    )
    try:
        with checks_bar(quiet=False) as progress:
            store = run_study(
                study, store=asked.out / f"{NAME}.jsonl", workers=asked.workers, progress=progress
            )
    except Interrupted as stopped:
        raise SystemExit(f"{stopped}") from None
    command = shlex.join(["python", f"benchmarks/{NAME}.py", *sys.argv[1:]])
    (asked.out / f"{NAME}.md").write_text(report(cells, store, command), encoding="utf-8")
    print(f"Written: {asked.out / f'{NAME}.md'}")


if __name__ == "__main__":
    main()
