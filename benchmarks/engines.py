"""How fast is the exact engine, against PyMC with nutpie on the same model with every latent a variable?

The flagship's world with gaussian items, at several sizes. Sampling alone counts for ESS per second; the
smallest bulk ESS over all parameters is what a fit is worth. PyMC's runs may be shortened and are then
marked; where none was asked for, its row is missing.

    uv run python benchmarks/engines.py --peers 1000 10000

Writes results/engines.json and results/engines.md. The machine is noisy: compare within one run only.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import arviz as az
import numpy as np

import coefficacy as co
from coefficacy.model import build
from coefficacy.sampling import compile_model
from coefficacy.sampling.result import package_versions
from coefficacy.spec import loads

FOLDER = Path(__file__).resolve().parent / "results"
PEOPLE = (1_000, 10_000, 100_000)
SIZES = (3, 15)
SHORT = {1_000: (500, 500), 10_000: (100, 150)}


def survey_of(people: int, seed: int = 1) -> tuple[Any, Any]:
    """Spec and survey of a world of about so many people in teams of 3 to 15."""
    world = co.simulate("C4", seed=seed, n_teams=round(people / 9), team_size=SIZES, family="gaussian")
    spec = loads(world.spec_text)
    return spec, co.read_survey(spec, **world.tables)


def worst_ess(draws: Any, names: tuple[str, ...]) -> tuple[float, str]:
    """The smallest bulk ESS of the parameters, and whose it is."""
    kept = [n for n in names if n in draws and not n.startswith("cor(")]
    found = az.ess(draws[kept])
    return min((float(found[n].min()), n) for n in kept)


def exact(spec: Any, survey: Any) -> dict[str, Any]:
    """Time the exact engine: from the survey to the first draw, one gradient, sampling."""
    started = time.perf_counter()
    built = build(spec, survey, engine="marginal")
    compiled = compile_model(built)
    waited = time.perf_counter() - started
    density, x = compiled.native.density, compiled.native.start
    started, calls = time.perf_counter(), 2_000
    for _ in range(calls):
        density(x)
    gradient = (time.perf_counter() - started) / calls
    started = time.perf_counter()
    raw = sampled(compiled.native.sampler(), 1000, 1000, 4, "low_rank")
    seconds = time.perf_counter() - started
    parameters_only = replace(compiled.native, stored=built.parameters, recover=None)
    ess, worst = worst_ess(parameters_only.variables(raw["posterior"]["x"].values), built.parameters)
    return row("exact", seconds, ess, worst, raw, wait=waited, gradient_us=gradient * 1e6)


def peer(spec: Any, survey: Any, draws: int, tune: int) -> dict[str, Any]:
    """Time PyMC's model with every latent a variable, compiled and sampled by nutpie as its manual says."""
    import nutpie

    built = build(spec, survey, engine="explicit")
    started = time.perf_counter()
    compiled = nutpie.compile_pymc_model(built.model)
    waited = time.perf_counter() - started
    started = time.perf_counter()
    raw = sampled(compiled, draws, tune, 2, "diag")
    seconds = time.perf_counter() - started
    ess, worst = worst_ess(raw["posterior"].to_dataset(), built.parameters)
    return row("PyMC + nutpie, explicit", seconds, ess, worst, raw, wait=waited)


def sampled(model: Any, draws: int, tune: int, chains: int, adaptation: str) -> Any:
    import nutpie

    return nutpie.sample(
        model, draws=draws, tune=tune, chains=chains, cores=2, seed=1, progress_bar=False,
        save_warmup=False, adaptation=adaptation,
    )  # fmt: skip


def row(name: str, seconds: float, ess: float, worst: str, raw: Any, **more: float) -> dict[str, Any]:
    stats = raw["sample_stats"]
    return {
        "engine": name, "chains": stats.sizes["chain"], "draws": stats.sizes["draw"],
        "sample_seconds": seconds, "ess_min": ess, "worst": worst, "ess_per_second": ess / seconds,
        "divergences": int(stats["diverging"].sum()), **more,
    }  # fmt: skip


def table(rows: list[dict[str, Any]]) -> str:
    head = "people | engine | to first draw, s | gradient, us | chains x draws | sampling, s | minimum ESS"
    lines = [f"| {head} | ESS/s | of |", "|" + "---|" * 9]
    for r in rows:
        us = f"{r['gradient_us']:.0f}" if "gradient_us" in r else ""
        lines.append(
            f"| {r['people']:,} | {r['engine']} | {r['wait']:.1f} | {us} | {r['chains']} x {r['draws']}"
            f"{' (short)' if r['draws'] < 500 else ''} | {r['sample_seconds']:.1f} | {r['ess_min']:.0f} "
            f"| {r['ess_per_second']:.3g} | `{r['worst'].replace('|', 'by')}` |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, nargs="*", default=PEOPLE)
    parser.add_argument("--peers", type=int, nargs="*", default=[1_000], help="sizes at which PyMC runs, too")
    parser.add_argument("--out", type=Path, default=FOLDER)
    asked = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for people in asked.people:
        started = time.perf_counter()
        spec, survey = survey_of(people)
        n = survey.levels["person"].sizes["person"]
        print(f"{n:,} people: simulated and read in {time.perf_counter() - started:.0f} s", flush=True)
        first = len(rows)
        rows.append({"people": n, **exact(spec, survey)})
        if people in asked.peers:
            rows.append({"people": n, **peer(spec, survey, *SHORT.get(people, (100, 150)))})
        print(table(rows[first:]), flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    text = f"""# The exact engine's speed

{table(rows)}

- Date: {date.today()}; {os.cpu_count()} cores; peak memory of the process {peak:.1f} GiB.
- Versions: {", ".join(f"{k} {v}" for k, v in package_versions().items())}.
- "To first draw" is from the survey to a function that can be sampled, with a warm cache on disk.
- Stan is not among the peers yet.
"""
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "engines.md").write_text(text, encoding="utf-8")
    kept = [{k: float(v) if isinstance(v, np.floating) else v for k, v in r.items()} for r in rows]
    (asked.out / "engines.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(f"Written: {asked.out / 'engines.md'}")


if __name__ == "__main__":
    main()
