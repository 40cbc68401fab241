"""Is what a claim's world holds found again, and is nothing claimed of worlds that do not hold it?

For each claim 100 worlds in which it is true and 50 in which it is not are simulated and fitted by the model
file of the world. The 90% interval of every estimand of the claim should hold the truth in 82 to 97 of 100
worlds, and at most 4 of 50 null worlds may be called supported; what is zero there and cannot be less, such
as a share, lies in no interval.

    uv run python benchmarks/claims.py C1

Worlds are kept in results/claims_CLAIM.jsonl as they come; started again, the script goes on where it was and
writes results/claims_CLAIM.md anew. --planted and --null say how many worlds, --options the simulator's
options as JSON. A fresh run has a seed of its own (--seed 2) and adds it to the names of its files.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from verdict_worlds import kept_worlds, options, origin_of_fits

from coefficacy.studies import Recovered, Row, Store, recovered, recovery_study

SAMPLING = {"draws": 1000, "tune": 700, "chains": 2}
WANTED = (0.82, 0.97)


def report(claim: str, store: Store, asked: dict[str, int]) -> str:
    """Return the text of the Markdown file; nothing that was run is left out of it."""
    kinds = {kind: [row for row in store.rows if row.key.startswith(f"{kind}/")] for kind in asked}
    lines = [f"# Recovery: claim {claim}", ""]
    for kind, rows in kinds.items():
        quantities, verdicts = recovered(rows)
        lines += [
            f"## Worlds in which the claim is {'true' if kind == 'planted' else 'not true'}",
            "",
            *_about(rows, verdicts, asked[kind]),
            "",
            "| estimand | worlds | covered | coverage | 95% | bias | z SD |",
            "|---|---|---|---|---|---|---|",
            *(_line(one, flagged=kind == "planted") for one in quantities),
            "",
        ]
    return "\n".join([*lines, "## How it was made", "", *origin_of_fits(store)]) + "\n"


def _about(rows: list[Row], verdicts: Counter[str], wanted: int) -> Iterator[str]:
    results = [row.result for row in rows if row.result is not None]
    said = ", ".join(f"{answer} {verdicts[answer]}" for answer in ("supported", "refuted", "cannot tell"))
    yield f"- {len(rows)} of {wanted} worlds; failed with an error: {len(rows) - len(results)}."
    yield f"- Verdicts: {said}."
    yield (
        f"- Did not converge: {sum(not r['converged'] for r in results)}; sampled twice: "
        f"{sum(r['retried'] for r in results)}; divergences: {sum(r['divergences'] for r in results)}."
    )


def _line(one: Recovered, *, flagged: bool) -> str:
    from scipy.stats import binomtest

    low, high = binomtest(one.covered, one.worlds).proportion_ci(method="exact")
    share = one.covered / one.worlds
    outside = " (outside 82 to 97%)" if flagged and not WANTED[0] <= share <= WANTED[1] else ""
    name = one.name.replace("|", "\\|")
    return (
        f"| {name} | {one.worlds} | {one.covered} | {share:.0%}{outside} | {low:.0%} to {high:.0%} | "
        f"{one.bias:+.3f} ± {one.bias_se:.3f} | {one.z_sd:.2f} |"
    )


def main() -> None:
    parser = options(__doc__.splitlines()[0])
    parser.add_argument("claim", help="code, e.g. C1")
    parser.add_argument("--planted", type=int, default=100, help="worlds in which the claim is true")
    parser.add_argument("--null", type=int, default=50, help="worlds in which it is not")
    parser.add_argument("--seed", type=int, default=1, help="of the worlds")
    parser.add_argument("--options", type=json.loads, default={}, help="of the simulator, as JSON")
    asked = parser.parse_args()
    worlds = {"planted": asked.planted, "null": asked.null}
    study = recovery_study(asked.claim, **worlds, options=asked.options, sampling=SAMPLING, seed=asked.seed)
    name = f"claims_{asked.claim}" + (f"_{asked.seed}" if asked.seed != 1 else "")
    store = kept_worlds(study, asked.out / f"{name}.jsonl", asked.workers)
    (asked.out / f"{name}.md").write_text(report(asked.claim, store, worlds), encoding="utf-8")
    print(f"Written: {asked.out / f'{name}.md'}")


if __name__ == "__main__":
    main()
