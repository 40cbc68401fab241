"""Is the posterior of the exact engine that of the model with every latent a variable?

Both engines fit the same model to the same data: a simulated world and bundled data sets of others. Compared
is every parameter's posterior mean and SD, in Monte Carlo standard errors of the difference; of a hundred
numbers the largest |z| is expected near 2.6.

    uv run python benchmarks/engine_agreement.py --only univbct

Adds to results/engine_agreement.jsonl (a data set that is there already is skipped; delete its line to run it
again) and writes results/engine_agreement.md.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from arviz_stats.base import array_stats

import coefficacy as co
from coefficacy.sampling.result import package_versions
from coefficacy.spec import loads

FOLDER = Path(__file__).resolve().parent / "results"
TEAMS = 60
BHR = """
[levels]
soldier = "soldier"
company = "GRP"
[measures.cooperation]
items = ["AF06", "AF07"]
[measures.leaders]
items = ["AS14", "AS15", "AS16", "AS17"]
[company]
cooperation = "leaders"
"""
LAVAAN = """
[levels]
unit = "unit"
cluster = "cluster"
[measures.f]
items = ["y1", "y2", "y3"]
[measures.g]
items = ["y4", "y5", "y6"]
[unit]
f = "x1 + x2"
g = "f + x3"
[cluster]
f = "w1"
g = "f + w2"
"""
UNIVBCT = """
[levels]
occasion = "occasion"
soldier = "SUBNUM"
battalion = "BTN"
[measures.commitment]
items = ["COMMIT"]
[measures.satisfaction]
items = ["JSAT"]
[occasion]
satisfaction = "TIME"
commitment = "satisfaction + TIME"
[soldier]
satisfaction = "(1 | battalion)"
commitment = "satisfaction + (1 | battalion)"
"""
EGSINGLE = """
[levels]
occasion = "occasion"
child = "childid"
school = "schoolid"
[measures.math]
items = ["math"]
[occasion]
math = "year"
[child]
math = "black + hispanic + (1 | school)"
"""


def flagship() -> tuple[Any, Any]:
    world = co.simulate("C4", seed=1, n_teams=TEAMS, team_size=(3, 12), family="gaussian")
    spec = loads(world.spec_text)
    return spec, co.read_survey(spec, **world.tables)


def flagship_with_missing_answers() -> tuple[Any, Any]:
    """One answer in twenty missing at random."""
    world = co.simulate("C4", seed=1, n_teams=TEAMS, team_size=(3, 12), family="gaussian")
    spec = loads(world.spec_text)
    rng, tables = np.random.default_rng(0), dict(world.tables)
    whole = co.read_survey(spec, **tables)
    items = [i for m in spec.measures for i in whole.items[m.name]]
    persons = tables["persons"].copy()
    for i in items:
        persons[i] = persons[i].astype(float).where(rng.random(len(persons)) >= 0.05)
    return spec, co.read_survey(spec, **{**tables, "persons": persons})


def bundled(name: str, text: str, row: str) -> Callable[[], tuple[Any, Any]]:
    """Reads a bundled table, whose rows get a number in column `row`."""

    def read() -> tuple[Any, Any]:
        table, spec = co.load_dataset(name), loads(text)
        table[row] = np.arange(len(table))
        return spec, co.read_survey(spec, persons=table)

    return read


WORLDS = {
    "flagship": flagship,
    "flagship, 5 % of answers missing": flagship_with_missing_answers,
    "lavaan_demo_twolevel": bundled("lavaan_demo_twolevel", LAVAAN, "unit"),
    "univbct": bundled("univbct", UNIVBCT, "occasion"),
    "egsingle_3level": bundled("egsingle_3level", EGSINGLE, "occasion"),
    "bhr2000_items": bundled("bhr2000_items", BHR, "soldier"),
}


def numbers(fit: Any) -> dict[str, np.ndarray]:
    """Draws (chain, draw) of every number of the parameters."""
    found = {}
    for name in fit.parameters:
        if name.startswith("cor(") or name not in fit.posterior:
            continue
        draws = fit.posterior[name].transpose("chain", "draw", ...)
        for at in np.ndindex(draws.shape[2:]):
            label = ", ".join(str(draws[d].values[i]) for d, i in zip(draws.dims[2:], at, strict=True))
            found[f"{name}[{label}]" if label else name] = draws.values[(slice(None), slice(None), *at)]
    return found


def difference(one: np.ndarray, other: np.ndarray, method: str) -> float:
    """z of the posterior means or SDs of two sets of draws."""
    value = {"mean": np.mean, "sd": np.std}[method]
    square = sum(array_stats.mcse(x, chain_axis=0, draw_axis=1, method=method) ** 2 for x in (one, other))
    return float((value(one) - value(other)) / np.sqrt(square))


def compare(name: str, draws: int) -> dict[str, Any]:
    spec, survey = WORLDS[name]()
    found, row = {}, {"data": name, "people": int(next(iter(survey.n.values())))}
    for engine in ("marginal", "explicit"):
        started = time.perf_counter()
        fit = co.fit(spec, survey, engine=engine, draws=draws, chains=2, seed=1, progress=False, retry=False)
        found[engine] = numbers(fit)
        kept = [x for x in found[engine].values() if x.std() > 0]
        ess = [float(array_stats.ess(x, chain_axis=0, draw_axis=1, method="bulk")) for x in kept]
        row |= {f"{engine}_seconds": time.perf_counter() - started, f"{engine}_ess": min(ess)}
        row |= {f"{engine}_divergences": fit.convergence.divergences}
    both = [n for n, x in found["marginal"].items() if n in found["explicit"] and x.std() > 0]
    row |= {"parameters": len(both), "only_one": sorted(set(found["marginal"]) ^ set(found["explicit"]))}
    for method in ("mean", "sd"):
        z = {n: difference(found["marginal"][n], found["explicit"][n], method) for n in both}
        worst = max(z, key=lambda n: abs(z[n]))
        row |= {f"{method}_z": abs(z[worst]), f"{method}_worst": worst}
        row |= {f"{method}_rms": float(np.sqrt(np.mean(np.square(list(z.values())))))}
    return row


def table(rows: list[dict[str, Any]]) -> str:
    head = (
        "data | rows | numbers | mean: max abs z (RMS) | of | SD: max abs z (RMS) | min ESS exact, explicit"
    )
    lines = [f"| {head} |", "|" + "---|" * 7]
    for r in rows:
        lines.append(
            f"| {r['data']} | {r['people']:,} | {r['parameters']} | {r['mean_z']:.2f} ({r['mean_rms']:.2f}) "
            f"| `{r['mean_worst'].replace('|', 'by')}` | {r['sd_z']:.2f} ({r['sd_rms']:.2f}) "
            f"| {r['marginal_ess']:.0f}, {r['explicit_ess']:.0f} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", choices=list(WORLDS), default=list(WORLDS))
    parser.add_argument("--draws", type=int, default=1000)
    asked = parser.parse_args()
    store = FOLDER / "engine_agreement.jsonl"
    rows = [json.loads(x) for x in store.read_text().splitlines()] if store.exists() else []
    for name in asked.only:
        if name in {r["data"] for r in rows}:
            continue
        rows.append(compare(name, asked.draws))
        with store.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(rows[-1]) + "\n")
        print(table(rows[-1:]), flush=True)
    versions = ", ".join(f"{k} {v}" for k, v in package_versions().items())
    text = f"""# Posterior of both engines

{table(sorted(rows, key=lambda r: list(WORLDS).index(r["data"])))}

- z: the difference of posterior means (SDs) in its Monte Carlo standard error, of every number among the
  parameters; RMS over numbers, near 1 where both engines have the same posterior. 2 chains of {asked.draws}
  draws each.
- Where the explicit engine has fewer than 100 effective draws its standard errors are themselves rough.
- Made by `benchmarks/engine_agreement.py`. Versions: {versions}.
"""
    (FOLDER / "engine_agreement.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
