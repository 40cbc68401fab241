"""Does the exact engine's 90% interval hold the truth? Fits the flagship to worlds in which it is known.

Worlds of 40 teams of 8 and gaussian items. Three in four have a standardised effect of collective efficacy:
0.15, 0.30 (the world's default) and 0.45 by turns; the fourth has none. There is no room for 0.6, which
together with the world's other effects would explain 124% of the outcome. The seed of world and sampler is
the number of the world, fixed before any was fitted. Every world is fitted as users fit it: engine "auto",
the convergence gate, and the second try where it is missed.

    uv run python benchmarks/flagship_coverage.py

A line is added to results/flagship_coverage.jsonl as soon as a world is done. Started again, the script goes
on where it was; with all worlds done it only writes results/flagship_coverage.md anew.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from rows import Row, add_row, read_rows

import coefficacy as co
from coefficacy.errors import Interrupted
from coefficacy.spec import loads
from coefficacy.studies import source_hash

FOLDER = Path(__file__).resolve().parent / "results"
NAME = "flagship_coverage"
WORLDS, TEAMS, TEAM_SIZE = 48, 40, 8
PLANTED = (0.15, 0.30, 0.45, 0.0)
LEVEL = 0.90


# One world --------------------------------------------------------------------------------------------------


def planted(seed: int) -> float:
    """The standardised effect planted in world `seed`; zero in every fourth."""
    return PLANTED[(seed - 1) % len(PLANTED)]


def make_world(seed: int) -> Any:
    effect = planted(seed)
    what = {"effect": effect} if effect else {"null": True}
    return co.simulate("C4", family="gaussian", n_teams=TEAMS, team_size=TEAM_SIZE, seed=seed, **what)


def run_world(seed: int, settings: dict[str, int]) -> Row:
    """Fit one world; what goes wrong in it becomes part of its row."""
    started = time.perf_counter()
    world = make_world(seed)
    row: Row = {"seed": seed, "null": not planted(seed), "truth": world.truth["effect"]["standardised"]}
    try:
        row |= found(world, seed, settings)
    except Interrupted:
        raise
    except Exception as error:
        row["error"] = f"{type(error).__name__}: {error}"
    return {**row, "world_seconds": round(time.perf_counter() - started, 1)}


def found(world: Any, seed: int, settings: dict[str, int]) -> Row:
    """Fit a world and compare the standardised effect with the truth."""
    spec = loads(world.spec_text)
    fit = co.fit(spec, co.read_survey(spec, **world.tables), seed=seed, progress=False, **settings)
    verdict = co.verdict(fit)
    question, truth, gate = spec.question, world.truth["effect"]["standardised"], fit.convergence
    assert question.effect == world.truth["effect"]["name"]
    name = f"{question.level}.{question.response}"
    draws = fit.posterior[f"{name}.std"].sel({f"{name}.term": question.term}).values.ravel()
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    mean, sd = float(draws.mean()), float(draws.std(ddof=1))
    return {
        "engine": fit.engine,
        "covered": bool(low <= truth <= high),
        "low": float(low), "high": float(high), "mean": mean, "sd": sd, "z": (mean - truth) / sd,
        "below_truth": float(np.mean(draws < truth)),
        "ok": gate.ok, "retried": gate.retried, "failures": list(gate.failures),
        "rhat_max": gate.rhat_max, "ess_min": gate.ess_min, "ess_effect": gate.ess_effect,
        "divergences": gate.divergences, "draws": fit.settings.draws, "tune": fit.settings.tune,
        "verdict": verdict.verdict, "elpd": verdict.elpd, "ppc": verdict.ppc and verdict.ppc["p_value"],
        "seconds": {k: round(v, 2) for k, v in verdict.seconds.items() if v is not None},
        "versions": fit.versions,
    }  # fmt: skip


# Report -----------------------------------------------------------------------------------------------------


def report(rows: Sequence[Row], command: str) -> str:
    """Return the text of the Markdown file; nothing that was run is left out of it."""
    done = [r for r in rows if "error" not in r]
    groups = [(f"{p:.2f}", [r for r in done if r["truth"] == p]) for p in PLANTED if p]
    null = [r for r in done if r["null"]]
    groups += [("planted", [r for r in done if not r["null"]]), ("null", null), ("all", done)]
    lines = [
        "# Coverage of the flagship's effect",
        "",
        f"Standardised effect of collective efficacy on adaptation in {len(rows)} simulated worlds "
        f"({TEAMS} teams of {TEAM_SIZE}, gaussian items), against the truth that was planted. "
        f"Coverage is of the {LEVEL:.0%} interval, with its exact 95% binomial interval; bias is the mean of "
        "the posterior minus the truth, with its standard error over worlds; z is bias over posterior SD. "
        "Fits that missed the convergence gate are included.",
        "",
        "| effect | worlds | covered | coverage | 95% | bias | z mean | z SD | width | supported | refuted "
        "| cannot tell |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
        *(_line(name, group) for name, group in groups if group),
        "",
        f"**Null worlds supported: {_supported(null)} of {len(null)}.**",
        "",
        "## Convergence",
        "",
        *_convergence(rows, done),
        "",
        "## How it was made",
        "",
        *_origin(rows, done, command),
    ]
    return "\n".join(lines) + "\n"


def _line(name: str, rows: Sequence[Row]) -> str:
    from scipy.stats import binomtest

    n, covered = len(rows), sum(r["covered"] for r in rows)
    low, high = binomtest(covered, n).proportion_ci(method="exact")
    bias, z = np.array([r["mean"] - r["truth"] for r in rows]), np.array([r["z"] for r in rows])
    spread = f" ± {bias.std(ddof=1) / np.sqrt(n):.3f}" if n > 1 else ""
    answers = Counter(r["verdict"] for r in rows)
    cells = [
        name, n, covered, f"{covered / n:.0%}", f"{low:.0%} to {high:.0%}", f"{bias.mean():+.3f}{spread}",
        f"{z.mean():+.2f}", f"{z.std(ddof=1):.2f}" if n > 1 else "",
        f"{np.mean([r['high'] - r['low'] for r in rows]):.2f}",
        *(answers[a] for a in ("supported", "refuted", "cannot tell")),
    ]  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def _supported(rows: Sequence[Row]) -> int:
    return sum(r["verdict"] == "supported" for r in rows)


def _convergence(rows: Sequence[Row], done: Sequence[Row]) -> Iterator[str]:
    missed = [r for r in done if not r["ok"]]
    yield f"- Errors: {len(rows) - len(done)} of {len(rows)} worlds."
    again = sum(r["retried"] for r in done)
    yield f"- Missed the gate at first and were sampled again: {again} of {len(done)}."
    yield f'- Missed it for good, so the verdict is "cannot tell": {len(missed)} of {len(done)}.'
    if done:
        yield (
            f"- Worst r_hat {max(r['rhat_max'] for r in done):.3f}; smallest ESS of any parameter "
            f"{min(r['ess_min'] for r in done):.0f}, of the effect {min(r['ess_effect'] for r in done):.0f}; "
            f"divergences {sum(r['divergences'] for r in done)} in all."
        )
        ok = [r for r in done if r["ok"]]
        covered = sum(r["covered"] for r in ok)
        yield f"- Coverage where the gate was passed: {covered} of {len(ok)}."
    for r in missed:
        yield f"- World {r['seed']}: {'; '.join(r['failures'])}."
    for r in rows:
        if "error" in r:
            yield f"- World {r['seed']}: {' '.join(r['error'].split())}"


def _origin(rows: Sequence[Row], done: Sequence[Row], command: str) -> Iterator[str]:
    days = sorted({r["when"][:10] for r in rows})
    versions = done[0]["versions"] if done else {}
    yield f"- Date: {' to '.join(dict.fromkeys((days[0], days[-1])))}."
    yield f"- Command: `{command}`"
    asked = rows[0]["settings"]
    yield (
        f"- Asked for {asked['chains']} chains of {asked['draws']} draws after {asked['tune']}; engine "
        f"{_counted(r['engine'] for r in done)}."
    )
    named = ", ".join(f"{k} {v}" for k, v in versions.items())
    yield f"- Versions: {named}; Python {platform.python_version()} wrote this."
    yield f"- Source of the package (hash): {_counted(r['source'] for r in rows)}."
    parts = {k: [r["seconds"].get(k, 0.0) for r in done] for k in ("build", "compile", "sample", "checks")}
    medians = ", ".join(f"{k} {np.median(v):.0f}" for k, v in parts.items() if v)
    total = sum(r["world_seconds"] for r in rows)
    yield f"- Seconds: {total:.0f} in all on {os.cpu_count()} cores; median of a world: {medians}."


def _counted(values: Iterator[str]) -> str:
    return ", ".join(f"{value} ({n} worlds)" for value, n in Counter(values).most_common())


# Command ----------------------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=WORLDS, help="worlds in all, those done included")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--tune", type=int, default=1000)
    parser.add_argument("--chains", type=int, default=4)
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder of the results")
    asked = parser.parse_args()
    settings = {"draws": asked.draws, "tune": asked.tune, "chains": asked.chains}
    asked.out.mkdir(parents=True, exist_ok=True)
    path, source = asked.out / f"{NAME}.jsonl", source_hash()
    rows = read_rows(path)
    if any(r["settings"] != settings for r in rows):
        raise SystemExit(f"{path} holds worlds run with other settings: name another --out.")
    done = {r["seed"] for r in rows}
    for seed in range(1, asked.worlds + 1):
        if seed in done:
            continue
        row = run_world(seed, settings)
        row |= {
            "settings": settings,
            "source": source,
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        add_row(path, row)
        rows.append(row)
        print(_told(row), flush=True)
    command = " ".join(["python", f"benchmarks/{NAME}.py", *sys.argv[1:]])
    if rows:
        rows.sort(key=lambda r: r["seed"])
        (asked.out / f"{NAME}.md").write_text(report(rows, command), encoding="utf-8")
        print(f"Written: {asked.out / f'{NAME}.md'}")


def _told(row: Row) -> str:
    head = f"world {row['seed']:2d}, effect {row['truth']:.2f}"
    if "error" in row:
        return f"{head}: {row['error']}"
    interval = f"{row['mean']:+.2f} ({row['low']:+.2f} to {row['high']:+.2f})"
    gate = ("passed" if row["ok"] else "missed") + (" at the second try" if row["retried"] else "")
    missed = "" if row["covered"] else " MISSED"
    return f"{head}: {interval}{missed}, {row['verdict']}, gate {gate}, {row['world_seconds']:.0f} s"


if __name__ == "__main__":
    main()
