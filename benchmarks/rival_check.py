"""How often does a true rival fail its predictive check, and how often a false one?

Worlds of the flagship (claim C4): 40 teams of 6 in 4 layers, five items of reliability 0.4 for each efficacy,
gaussian or with five categories. 200 worlds without an effect, where the rival is true, 50 each with effects
of 0.3 and 0.5. World k has the same seed whatever the effect. The rival is fitted in every world.

    uv run python benchmarks/rival_check.py --family gaussian

Worlds are kept in results/rival_check.jsonl as they come; started again, the script goes on where it was, and
with all worlds done it only writes results/rival_check.md anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from verdict_worlds import kept_worlds, options, origin

from coefficacy.reporting.calibration import rate_text
from coefficacy.spec import ModelSpec, load_model
from coefficacy.studies import Cell, Design, Row, Sampling, Store, imitate, verdict_study

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


def report(store: Store) -> str:
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
        *origin(store),
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


def main() -> None:
    parser = options(__doc__.splitlines()[0])
    parser.add_argument("--family", choices=FAMILIES, action="append", help="default both")
    asked = parser.parse_args()
    cells = [cell for family in asked.family or FAMILIES for cell in cells_of(family)]
    study = verdict_study(
        "rival", cells, sampling=Sampling(every_rival=True), design={"world": "C4"}, share=asked.worlds_share
    )
    store = kept_worlds(study, asked.out / f"{NAME}.jsonl", asked.workers)
    (asked.out / f"{NAME}.md").write_text(report(store), encoding="utf-8")
    print(f"Written: {asked.out / f'{NAME}.md'}")


if __name__ == "__main__":
    main()
