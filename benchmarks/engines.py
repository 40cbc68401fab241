"""How fast is the exact engine, against PyMC with nutpie on the same model with every latent a variable?

The flagship's world with gaussian items, at several sizes. Sampling alone counts for ESS per second; the
smallest bulk ESS over all parameters is what a fit is worth. PyMC's runs may be shortened and are then
marked; where none was asked for, its row is missing.

    uv run python benchmarks/engines.py --peers 1000 10000
    uv run python benchmarks/engines.py --gradients 1000 10000 100000 1000000

Writes results/engines.json and results/engines.md; with --gradients, which samples nothing,
results/gradients.md.
The machine is noisy: compare within one run only.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from ctypes import POINTER, c_double
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


# One gradient ----------------------------------------------------------------------------------------------


def gradient_us(density: Any, x: np.ndarray, repeats: int = 9) -> float:
    """Processor time of one gradient, microseconds, as the sampler calls it: the best of several batches."""
    program, gradient, value = density.program, np.empty(x.size), np.empty(1)
    pointers = [a.ctypes.data_as(POINTER(c_double)) for a in (x, gradient, value)]
    run, memory = program.callback.ctypes, program.memory.ctypes.data
    calls, spent = 100, []
    for _ in range(repeats):
        started = time.process_time()
        for _ in range(calls):
            run(x.size, *pointers, memory)
        spent.append((time.process_time() - started) / calls)
    return 1e6 * min(spent)


def own_cells(native: Any, data: dict[str, np.ndarray]) -> Any:
    """The same density with every team a cell of its own."""
    rows, cell = data["teams.rows"], data["teams.cell"]
    values = {f"teams.{k}": data[f"teams.{k}"][cell] for k in ("size", "seen", "moderators")}
    values |= {"teams.between": rows[:, :, None] * rows[:, None, :], "teams.count": np.ones(len(rows))}
    return native.density.with_data({**values, "teams.cell": np.arange(len(rows))})


def with_missing_answers(spec: Any, tables: Any, share: float) -> Any:
    """Survey with a share of the answers missing at random."""
    rng, whole = np.random.default_rng(0), co.read_survey(spec, **tables)
    persons = tables["persons"].copy()
    for item in [i for m in spec.measures for i in whole.items[m.name]]:
        persons[item] = persons[item].astype(float).where(rng.random(len(persons)) >= share)
    return co.read_survey(spec, **{**tables, "persons": persons})


def gradients(people: int) -> dict[str, Any]:
    """Time one gradient: teams in cells, each its own cell, and with missing answers."""
    world = co.simulate("C4", seed=1, n_teams=round(people / 9), team_size=SIZES, family="gaussian")
    spec = loads(world.spec_text)
    survey = co.read_survey(spec, **world.tables)
    built = build(spec, survey, engine="marginal")
    native, data = compile_model(built).native, {v.name: v.get_value() for v in built.model.data_vars}
    x = native.start + 0.1
    teams = survey.n["team"]
    found = {"people": survey.n["person"], "teams": teams, "cells": len(data["teams.count"])}
    found["us"] = gradient_us(native.density, x)
    if teams <= 2_000:
        alone = own_cells(native, data)
        assert np.isclose(alone(x)[0], native.density(x)[0], rtol=1e-9)
        found["own_cells_us"] = gradient_us(alone, x)
        missing = build(spec, with_missing_answers(spec, world.tables, 0.05), engine="marginal")
        other = compile_model(missing).native
        found["missing_us"] = gradient_us(other.density, other.start + 0.1)
    return found


def gradient_table(rows: list[dict[str, Any]]) -> str:
    names = {"us": "cells, us", "own_cells_us": "every team a cell, us", "missing_us": "5 % missing, us"}
    lines = [f"| people | teams | cells | {' | '.join(names.values())} |", "|" + "---|" * 6]
    for r in rows:
        values = " | ".join(f"{r[k]:.0f}" if k in r else "" for k in names)
        lines.append(f"| {r['people']:,} | {r['teams']:,} | {r['cells']} | {values} |")
    return "\n".join(lines)


def write_gradients(rows: list[dict[str, Any]], folder: Path) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    text = f"""# One gradient of the exact engine

{gradient_table(rows)}

- Processor time of one call of the C function that the sampler calls, the best of nine batches of 100.
- Items and outcome of the flagship world, 3 to 15 people a team, four layers. "Every team a cell" is the
  same density (equal to 1e-9); "5 % missing" are answers missing at random, so that nearly every team is
  factorised for itself.
- Date: {date.today()}; peak memory of the process, simulation and reading included, {peak:.1f} GiB.
"""
    (folder / "gradients.md").write_text(text, encoding="utf-8")
    print(text)


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
    parser.add_argument("--gradients", type=int, nargs="*", help="sizes at which one gradient is timed")
    parser.add_argument("--out", type=Path, default=FOLDER)
    asked = parser.parse_args()
    if asked.gradients:
        write_gradients([gradients(people) for people in asked.gradients], asked.out)
        return
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
