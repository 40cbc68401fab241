"""How often does a true rival fail its predictive check, and how often a false one?

Worlds of the flagship (claim C4): 40 teams of 6 in 4 layers, five items of reliability 0.4 for each efficacy,
gaussian or with five categories. 200 worlds without an effect, where the rival is true, 50 each with effects
of 0.3 and 0.5. World k has the same seed whatever the effect. The rival is fitted in every world.

    uv run python benchmarks/rival_check.py --family gaussian

Worlds are kept in results/rival_check.jsonl as they come; started again, the script goes on where it was, and
with all worlds done it only writes results/rival_check.md anew.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from coefficacy.cli.show import checks_bar
from coefficacy.errors import Interrupted
from coefficacy.reporting.calibration import rate_text
from coefficacy.spec import ModelSpec, load_model
from coefficacy.studies import Cell, Design, Row, Sampling, Store, imitate, run_study, verdict_study

FOLDER = Path(__file__).resolve().parent / "results"
NAME = "rival_check"
TEAMS, MEMBERS, LAYERS, ITEMS, RELIABILITY = 40, 6, 4, 5, 0.4
EFFECTS = {0.0: 200, 0.3: 50, 0.5: 50}
FAMILIES = ("gaussian", "ordinal")
COLUMNS = (
    "items", "effect", "worlds", "rival fails (p < .05)", "P(better) > .80", "p: quartiles", "not compared",
)  # fmt: skip


def cells_of(family: str) -> tuple[Cell, ...]:
    design = Design.balanced(
        TEAMS, MEMBERS, layers=LAYERS, n_items=ITEMS, reliability=RELIABILITY, family=family
    )
    fitted = imitate(_spec(family), design)
    return tuple(Cell(f"{family}/{e:g}", fitted, design, e, worlds) for e, worlds in EFFECTS.items())


def _spec(family: str) -> ModelSpec:
    spec = load_model("C4")
    if family == "ordinal":
        return spec
    measures = (replace(m, family="gaussian", link="", scale=None) for m in spec.measures)
    return replace(spec, measures=tuple(measures))


def report(store: Store, command: str) -> str:
    """Return the text of the Markdown file."""
    lines = [
        "# The rival's predictive check",
        "",
        f"Simulated worlds of {TEAMS} teams of {MEMBERS} in {LAYERS} layers. In parentheses: exact 95% "
        "binomial intervals. At effect 0 the rival is true: it should fail in about 5 of 100 worlds.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{'---|' * len(COLUMNS)}",
        *(f"| {' | '.join(cells)} |" for cells in _rows(store.rows)),
        "",
        "## How it was made",
        "",
        *_origin(store, command),
    ]
    return "\n".join(lines) + "\n"


def _rows(rows: tuple[Row, ...]) -> Iterator[tuple[str, ...]]:
    for family in FAMILIES:
        for effect in EFFECTS:
            mine = [r for r in rows if r.key.rpartition("/")[0] == f"{family}/{effect:g}"]
            found = [r.result for r in mine if r.result is not None and r.result["p_check"] is not None]
            if not found:
                continue
            p = np.array([r["p_check"] for r in found])
            better = sum(r["p_better"] > 0.8 for r in found)
            quartiles = ", ".join(f"{q:.2f}" for q in np.quantile(p, [0.25, 0.5, 0.75]))
            yield (
                family, f"{effect:g}", str(len(found)), rate_text(int((p < 0.05).sum()), len(p)),
                rate_text(better, len(p)), quartiles, str(len(mine) - len(found)),
            )  # fmt: skip


def _origin(store: Store, command: str) -> Iterator[str]:
    rows = store.rows
    yield f"- Date: {store.headers[0].when[:10]} to {date.today()}."
    yield f"- Command: `{command}`"
    yield f"- Versions: {', '.join(f'{k} {v}' for k, v in store.headers[-1].versions.items())}."
    sources = sorted({row.source for row in rows})
    yield f"- Source of the package (hash): {', '.join(sources)}."
    seconds = np.array([row.seconds for row in rows])
    yield (
        f"- Seconds: {seconds.sum():.0f} added over processes, one thread each, on {os.cpu_count()} cores; a "
        f"world took {np.median(seconds):.0f} (median)."
    )
    for message in dict.fromkeys(row.error for row in rows if row.error):
        yield f"- Failed: {message}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--family", choices=FAMILIES, action="append", help="default both")
    parser.add_argument("--worlds-share", type=float, default=1.0, help="of every cell, the first worlds")
    parser.add_argument("--workers", type=int, help="processes; default one a processor")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder of the results")
    asked = parser.parse_args()
    cells = [cell for family in asked.family or FAMILIES for cell in cells_of(family)]
    study = verdict_study(
        "rival", cells, sampling=Sampling(every_rival=True), design={"world": "C4"}, share=asked.worlds_share
    )
    try:
        with checks_bar(quiet=False) as progress:
            store = run_study(
                study, store=asked.out / f"{NAME}.jsonl", workers=asked.workers, progress=progress
            )
    except Interrupted as stopped:
        raise SystemExit(f"{stopped}") from None
    command = shlex.join(["python", f"benchmarks/{NAME}.py", *sys.argv[1:]])
    (asked.out / f"{NAME}.md").write_text(report(store, command), encoding="utf-8")
    print(f"Written: {asked.out / f'{NAME}.md'}")


if __name__ == "__main__":
    main()
