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

from dataclasses import replace
from itertools import product

from verdict_worlds import kept_worlds, options, origin

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
    verdict_study,
)

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


def report(cells: dict[tuple[str, ...], Cell], store: Store) -> str:
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
        *origin(store),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    asked = options(__doc__.splitlines()[0]).parse_args()
    cells = cells_of_grid()
    design = {"world": "C4", "cells": {cell.name: cell.worlds for cell in cells.values()}}
    study = verdict_study(
        "worlds", cells.values(), sampling=SAMPLING, design=design, share=asked.worlds_share
    )
    store = kept_worlds(study, asked.out / f"{NAME}.jsonl", asked.workers)
    (asked.out / f"{NAME}.md").write_text(report(cells, store), encoding="utf-8")
    print(f"Written: {asked.out / f'{NAME}.md'}")


if __name__ == "__main__":
    main()
