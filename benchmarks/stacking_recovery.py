"""Do the 90% intervals of hierarchical stacking hold a weight that was planted as a share of teams?

Two kinds of layer with 40 teams each. In one, account A produces a team's outcome with probability .85, in
the other with .25; else account B does. A and B are regressions of the outcome on a predictor of their own,
the two independent. What an account expects of a team is learnt by least squares (flat priors: Student t),
and is scored on outcomes it has not seen, in two ways:

- "own kind": from as many other teams (40) that are known to follow it;
- "all teams": from all the scored teams but the one left out, whichever account they follow. This is what
  fitting two models to one survey does.

Stacking weighs predictive densities by log score. Where these are the densities outcomes are drawn from, the
best weight is the share that was planted. An account learnt from all teams is blurred by those that follow
the other one, and its best weight is another number: the target, found here from 400,000 teams.

    uv run python benchmarks/stacking_recovery.py

A line is added to results/stacking_recovery.jsonl as soon as a world is done; seeds are the numbers of the
worlds. Started again, the script goes on where it was.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from rows import Row, add_row, read_rows
from scipy import stats

import coefficacy as co
from coefficacy.sampling.result import package_versions
from coefficacy.scores.stacking_model import plain_weights

FOLDER = Path(__file__).resolve().parent / "results"
NAME = "stacking_recovery"
TEAMS, MANY = 40, 200_000
PLANTED = {"direct": 0.25, "discretion": 0.85}


@dataclass(frozen=True, slots=True)
class Design:
    """How accounts are learnt, and the SD of an outcome around its account; predictors have SD 1."""

    learnt: str
    noise: float
    teams: int = TEAMS
    worlds: int = 100

    @property
    def name(self) -> str:
        size = "" if self.teams == TEAMS else f", {self.teams} teams"
        return f"{self.learnt}, noise {self.noise}{size}"


DESIGNS = (
    Design("own kind", 0.5),
    Design("own kind", 1.0),
    Design("all teams", 0.5),
    Design("all teams", 1.0),
    Design("own kind", 0.5, 400, 30),
    Design("all teams", 0.5, 400, 30),
)


# Worlds -----------------------------------------------------------------------------------------------------


def made(design: Design, teams: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Kinds of layer, predictors (account, team) and outcomes of so many teams in each kind."""
    kind = np.repeat(list(PLANTED), teams)
    x = rng.normal(size=(2, len(kind)))
    account = (rng.random(len(kind)) > np.repeat(list(PLANTED.values()), teams)).astype(int)
    return kind, x, x[account, np.arange(len(kind))] + design.noise * rng.normal(size=len(kind))


def scores(design: Design, x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Log predictive densities of outcomes their account has not seen, (team, account)."""
    if design.learnt == "all teams":
        return np.column_stack([left_out(own, y) for own in x])
    columns = []
    for own in x:
        seen = rng.normal(size=design.teams)
        columns.append(unseen(seen, seen + design.noise * rng.normal(size=design.teams), own, y))
    return np.column_stack(columns)


def left_out(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Leave-one-out densities of a least-squares line, in closed form."""
    design = np.column_stack([np.ones_like(x), x])
    inverse = np.linalg.inv(design.T @ design)
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    residual = y - design @ (inverse @ design.T @ y)
    df = len(y) - 3
    variance = (residual @ residual - residual**2 / (1 - leverage)) / df
    return stats.t.logpdf(residual / (1 - leverage), df, 0, np.sqrt(variance / (1 - leverage)))


def unseen(x: np.ndarray, y: np.ndarray, new_x: np.ndarray, new_y: np.ndarray) -> np.ndarray:
    """Densities of new outcomes under a least-squares line of others."""
    design, new = (np.column_stack([np.ones_like(v), v]) for v in (x, new_x))
    inverse = np.linalg.inv(design.T @ design)
    line, df = inverse @ design.T @ y, len(y) - 2
    variance = ((y - design @ line) ** 2).sum() / df * (1 + np.einsum("ij,jk,ik->i", new, inverse, new))
    return stats.t.logpdf(new_y, df, new @ line, np.sqrt(variance))


def target(design: Design) -> dict[str, float]:
    """The weights of A that score best on very many teams, over many reference samples."""
    rng, batch = np.random.default_rng(0), MANY if design.learnt == "all teams" else 1000
    kinds, tables = [], []
    for _ in range(MANY // batch):
        kind, x, y = made(design, batch, rng)
        kinds.append(kind)
        tables.append(scores(design, x, y, rng))
    kind, table = np.concatenate(kinds), np.concatenate(tables)
    return {k: float(plain_weights(table[kind == k], tolerance=1e-8)[0]) for k in PLANTED}


def run_world(seed: int, design: Design) -> Row:
    """Stack the two accounts in one world."""
    started = time.perf_counter()
    rng = np.random.default_rng([seed, DESIGNS.index(design)])
    kind, x, y = made(design, design.teams, rng)
    ids = [f"team {k + 1}" for k in range(len(y))]
    table = xr.DataArray(scores(design, x, y, rng), coords={"team": ids, "model": ["A", "B"]})
    given = {m: table.sel(model=m, drop=True) for m in ("A", "B")}
    found = co.stack(given, pd.DataFrame({"kind": kind}, index=ids), by="kind", seed=seed)
    summary, gate = found.summary.sel(model="A"), found.convergence
    weights = {
        k: {name: float(summary[name].sel(kind=k)) for name in ("mean", "sd", "low", "high")} for k in PLANTED
    }
    return {
        "design": design.name, "seed": seed, "weights": weights, "ok": gate.ok, "retried": gate.retried,
        "rhat_max": gate.rhat_max, "ess_min": gate.ess_min, "divergences": gate.divergences,
        "diff": found.diff, "seconds": round(time.perf_counter() - started, 2),
        "when": datetime.now(UTC).isoformat(timespec="seconds"), "versions": package_versions(),
    }  # fmt: skip


# Report -----------------------------------------------------------------------------------------------------


def report(rows: Sequence[Row], targets: dict[str, dict[str, float]], command: str) -> str:
    """Return the text of the Markdown file."""
    head = (
        "accounts learnt from | kind of layer | planted | target | worlds | hold planted | 95% | hold target "
        "| mean estimate | width | tell A from B"
    )
    lines = [
        "# Weights of hierarchical stacking against planted shares",
        "",
        f"{TEAMS} teams in each kind of layer unless said otherwise; account A, else B, makes a team's "
        "outcome with the planted probability. *Own kind*: an account is learnt from as many other teams "
        "that follow it; *all teams*: from the scored teams themselves, the left-out one excepted. *Noise* "
        "is the SD of an outcome around its account; predictors have SD 1. *Target* is the weight that "
        f"scores best over {2 * MANY:,} teams: what stacking estimates. *Hold*: the 90% interval does, in so "
        "many worlds, with the exact 95% binomial interval of the share. *Width*: mean width of the "
        "interval. *Tell A from B*: worlds in which the interval lies on the planted side of 1/2.",
        "",
        f"| {head} |",
        "|" + "---|" * 11,
        *(_line(d.name, kind, [r for r in rows if r["design"] == d.name], targets[d.name][kind])
          for d in DESIGNS for kind in PLANTED),
        "",
        *_origin(rows, command),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _line(name: str, kind: str, rows: Sequence[Row], target: float) -> str:
    found, planted, n = [r["weights"][kind] for r in rows], PLANTED[kind], len(rows)
    held = sum(f["low"] <= planted <= f["high"] for f in found)
    at_target = sum(f["low"] <= target <= f["high"] for f in found)
    low, high = stats.binomtest(held, n).proportion_ci(method="exact")
    means = np.array([f["mean"] for f in found])
    told = sum(f["low"] > 0.5 if planted > 0.5 else f["high"] < 0.5 for f in found)
    cells = [
        name, kind, f"{planted:.2f}", f"{target:.3f}", n, held, f"{low:.0%} to {high:.0%}", at_target,
        f"{means.mean():.3f} ± {means.std(ddof=1) / np.sqrt(n):.3f}",
        f"{np.mean([f['high'] - f['low'] for f in found]):.2f}", told,
    ]  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def _origin(rows: Sequence[Row], command: str) -> Iterator[str]:
    yield (
        f"- Convergence: gate passed in {sum(r['ok'] for r in rows)} of {len(rows)}, "
        f"{sum(r['retried'] for r in rows)} of them sampled twice; worst r_hat "
        f"{max(r['rhat_max'] for r in rows):.3f}, smallest ESS {min(r['ess_min'] for r in rows):.0f}."
    )
    days = sorted({r["when"][:10] for r in rows})
    yield f"- Date: {' to '.join(dict.fromkeys((days[0], days[-1])))}."
    yield f"- Command: `{command}`"
    yield f"- Versions: {', '.join(f'{k} {v}' for k, v in rows[-1]['versions'].items())}."
    seconds = [r["seconds"] for r in rows]
    yield (
        f"- Seconds: {sum(seconds):.0f} in all on one core, median {np.median(seconds):.1f} a world, without "
        f"the targets; Python {platform.python_version()}."
    )


# Command ----------------------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, help="worlds a design, those done included")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder of the results")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    path = asked.out / f"{NAME}.jsonl"
    rows = read_rows(path)
    done = {(r["design"], r["seed"]) for r in rows}
    for design in DESIGNS:
        for seed in range(1, (asked.worlds or design.worlds) + 1):
            if (design.name, seed) not in done:
                rows.append(run_world(seed, design))
                add_row(path, rows[-1])
        print(f"{design.name}: done", flush=True)
    targets = {d.name: target(d) for d in DESIGNS}
    command = " ".join(["python", f"benchmarks/{NAME}.py", *sys.argv[1:]])
    (asked.out / f"{NAME}.md").write_text(report(rows, targets, command), encoding="utf-8")
    print(f"Written: {asked.out / f'{NAME}.md'}")


if __name__ == "__main__":
    main()
