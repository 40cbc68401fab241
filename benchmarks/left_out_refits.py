"""Do scores of left-out teams agree with brute force, a fit without each team?

Worlds of the flagship (claim C4) of 30 teams with gaussian items in three layers; every fit has 4 x 2,000
draws. Each part compares a sum over teams of log p(what is left out | the rest) with another way to it:

- "model": outcomes, in closed form with PSIS from one fit, against 30 fits without one team's outcome;
- "rival": the same for the rival, a regression on expected latents, held fixed;
- "folds": outcomes, by the ten refits of the explicit engine, short as they are by default, against fits of
  the exact engine without the outcomes of the same folds, scored in closed form;
- "long_folds": the same with refits of as many draws as all other fits;
- "all", "answers": of wholly left-out teams, without layers in the model, against 30 fits of which one team's
  answers and outcome are no part.

    uv run python benchmarks/left_out_refits.py

A part is added to results/left_out_refits.jsonl as soon as it is done; started again, the script goes on with
those that are not, and with all done it only writes results/left_out_refits.md anew.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from rows import add_row, read_rows
from scipy import stats

import coefficacy as co
from coefficacy.sampling import compiled_model
from coefficacy.sampling.result import package_versions
from coefficacy.scores import Refits, left_out_units, team_scores, with_expected
from coefficacy.scores.density import log_density
from coefficacy.scores.equation import equation_spec
from coefficacy.scores.refitting import averaged

type Row = dict[str, Any]

FOLDER = Path(__file__).resolve().parent / "results"
NAME = "left_out_refits"
TEAMS, DRAWS, CHAINS, REPEATS = 30, 2000, 4, 5
LEVEL, OUTCOME, RIVAL = "team", "adaptation", "competence_only"
NARROW = 0.02
SHORT = Refits(seed=1)
LONG = Refits(draws=DRAWS, tune=1000, chains=CHAINS, seed=1)
FOLDS = ("folds", "long_folds")


# Worlds and fits --------------------------------------------------------------------------------------------


def world(team_size: int, n_items: int) -> tuple[co.ModelSpec, co.Survey]:
    made = co.simulate(
        "C4", seed=1, n_teams=TEAMS, team_size=team_size, layers=3, n_items=n_items, family="gaussian"
    )
    library = co.load_model("C4")
    measures = (replace(m, family="gaussian", link="", scale=None) for m in library.measures)
    spec, tables = replace(library, measures=tuple(measures)), made.tables
    return spec, co.read_survey(spec, **{k: tables[k] for k in ("persons", "teams", "layers")})


def fitted(spec: co.ModelSpec, survey: co.Survey, seed: int, **options: Any) -> co.Fit:
    found = co.fit(
        spec, survey, seed=seed, draws=DRAWS, chains=CHAINS, target_accept=0.9, progress=False, **options
    )
    if not found.convergence.ok:
        print(f"seed {seed}: {'; '.join(found.convergence.failures)}", flush=True)
    return found


def without(survey: co.Survey, teams: Sequence[int] | np.ndarray) -> co.Survey:
    y = np.array(survey.column(LEVEL, OUTCOME).values, float)
    y[teams] = np.nan
    return survey.with_column(LEVEL, OUTCOME, y)


def scored_in_closed_form(fit: co.Fit, survey: co.Survey, teams: np.ndarray) -> np.ndarray:
    """Log p(outcome | answers, parameters), (chain, draw, team), of outcomes the fit has not seen."""
    y = survey.column(LEVEL, OUTCOME).values[teams].astype(float)
    stem = f"{LEVEL}.{OUTCOME}"
    mean, sd = (fit.posterior[f"{stem}.{part}"].values[..., teams] for part in ("predicted", "predicted_sd"))
    return stats.norm.logpdf(y, mean, sd)


# Parts ------------------------------------------------------------------------------------------------------


def compared(ours: Sequence[float], se: float, mcse_ours: float, theirs: Sequence[Any]) -> Row:
    """A row of the results.

    Parameters
    ----------
    ours : sums of scores, the same from fits with several seeds; the first is compared
    mcse_ours : where there is one sum
    theirs : averages over the draws of each refit
    """
    spread = float(np.std(ours, ddof=1)) if len(ours) > 1 else mcse_ours
    return {
        "ours": ours[0],
        "theirs": float(sum(a.score.sum() for a in theirs)),
        "se": se,
        "mcse_ours": spread,
        "mcse_theirs": float(np.sqrt(sum(a.mcse**2 for a in theirs))),
    }


def model() -> Row:
    spec, survey = world(6, 4)
    found = [co.left_out_teams(fitted(spec, survey, seed)) for seed in range(1, REPEATS + 1)]
    refits = []
    for j in range(TEAMS):
        fit = fitted(spec, without(survey, [j]), 100 + j)
        refits.append(averaged(scored_in_closed_form(fit, survey, np.array([j]))))
        print(f"model: {j + 1} of {TEAMS}", flush=True)
    row = compared([e.elpd for e in found], found[0].se, 0.0, refits)
    each = found[0].elpd_i.values - np.array([a.score[0] for a in refits])
    return row | {"khat": float(found[0].pareto_k.max()), "largest": float(np.abs(each).max())}


def rival() -> Row:
    spec, survey = world(6, 4)
    fit = fitted(spec, survey, 1)
    refits, quiet = Refits(seed=1), lambda *_: None
    latents = team_scores(fit, refits, quiet).latents
    equation, known, found = equation_spec(spec, RIVAL), with_expected(survey, latents), []
    for seed in range(1, REPEATS + 1):
        other = fitted(equation, known, seed)
        found.append(team_scores(fit, Refits(seed=seed), quiet, rival=RIVAL, rival_fit=other).score)
    y, averages = np.asarray(survey.column(LEVEL, OUTCOME).values, float), []
    for j in range(TEAMS):
        other = fitted(equation, without(known, [j]), 100 + j)
        given = log_density(other.posterior, equation, LEVEL, OUTCOME, y, np.array([j]))
        averages.append(averaged(given))
        print(f"rival: {j + 1} of {TEAMS}", flush=True)
    first = found[0]
    row = compared(
        [float(s.sum()) for s in found], float(np.sqrt(TEAMS) * first.values.std(ddof=1)), 0.0, averages
    )
    each = first.values - np.array([a.score[0] for a in averages])
    return row | {"khat": float(first["pareto_k"].max()), "largest": float(np.abs(each).max())}


def folds(refits: Refits) -> Row:
    spec, survey = world(4, 3)
    compiled = compiled_model(spec, survey, engine="explicit")
    found = left_out_units(
        compiled, spec, survey, LEVEL, refits=refits,
        progress=lambda k, n: print(f"folds, explicit: {k} of {n}", flush=True),
    ).score  # fmt: skip
    shuffled = np.random.default_rng([refits.seed, 10]).permutation(TEAMS)
    averages, each = [], np.zeros(TEAMS)
    for k, fold in enumerate(np.array_split(shuffled, refits.folds)):
        fit = fitted(spec, without(survey, fold), 100 + k)
        averages.append(averaged(scored_in_closed_form(fit, survey, fold)))
        each[fold] = found.values[fold] - averages[-1].score
        print(f"folds, exact: {k + 1} of {refits.folds}", flush=True)
    se = float(np.sqrt(TEAMS) * found.values.std(ddof=1))
    row = compared([float(found.sum())], se, found.attrs["mcse"], averages)
    return row | {"khat": None, "largest": float(np.abs(each).max())}


def whole(scored: str) -> Row:
    spec, survey = world(6, 4)
    spec = replace(spec, rivals=(), regressions=tuple(_bare(r) for r in spec.regressions))
    found = [co.left_out_teams(fitted(spec, survey, seed), scored=scored) for seed in range(1, REPEATS + 1)]
    compiled, averages = compiled_model(spec, survey), []
    for j in range(TEAMS):
        posterior = compiled.sample(
            draws=DRAWS, chains=CHAINS, seed=100 + j, target_accept=0.9, data=without_team(compiled, j)
        )["posterior"].to_dataset()
        given = posterior[f"{LEVEL}.answers_density"].values[..., [j]]
        if scored == "all":
            given = given + posterior[f"{LEVEL}.outcome_density"].values[..., [j]]
        averages.append(averaged(given))
        print(f"{scored}: {j + 1} of {TEAMS}", flush=True)
    row = compared([e.elpd for e in found], found[0].se, 0.0, averages)
    each = found[0].elpd_i.values - np.array([a.score[0] for a in averages])
    return row | {"khat": float(found[0].pareto_k.max()), "largest": float(np.abs(each).max())}


def _bare(regression: Any) -> Any:
    return replace(regression, formula=replace(regression.formula, groups=()))


def without_team(compiled: Any, j: int) -> dict[str, np.ndarray]:
    """Cross-products and counts without one team; what is recovered still shows all of them."""
    data = {v.name.removeprefix("teams."): v.get_value() for v in compiled.built.model.data_vars}
    row, cell = data["rows"][j], data["cell"][j]
    people = data["person_rows"][data["team"] == j]
    between, count = data["between"].copy(), data["count"].copy()
    between[cell] -= np.outer(row, row)
    count[cell] -= 1
    return {
        "teams.between": between,
        "teams.count": count,
        "teams.within": data["within"] - people.T @ people,
        "teams.degrees": data["degrees"] - (len(people) - 1),
    }


PARTS: dict[str, Callable[[], Row]] = {
    "model": model,
    "rival": rival,
    "folds": lambda: folds(SHORT),
    "long_folds": lambda: folds(LONG),
    "all": lambda: whole("all"),
    "answers": lambda: whole("answers"),
}
HEADS = (
    "part", "sum", "brute force", "difference", "MC error", "2% of SE", "within", "SE", "largest k-hat",
    "largest difference of a team", "minutes",
)  # fmt: skip


# The report -------------------------------------------------------------------------------------------------


def report(rows: Sequence[Row]) -> str:
    lines = [
        "# Scores of left-out teams against brute-force refits",
        "",
        f"{TEAMS} teams in 3 layers, gaussian items, {CHAINS} x {DRAWS:,} draws a fit, on both sides (our "
        f"refits in *folds*: {SHORT.chains} x {SHORT.draws}). What the parts compare stands in "
        "`benchmarks/left_out_refits.py`. *SE*: standard error of the sum over teams. *MC error*: Monte "
        "Carlo standard error of the difference: of brute-force sums from effective draws, of ours from the "
        f"spread over {REPEATS} fits with other seeds (folds: from effective draws). "
        "*Within*: the difference is less than twice the MC error plus, but for folds, 2% of the SE.",
        "",
        f"| {' | '.join(HEADS)} |",
        f"|{'---|' * len(HEADS)}",
        *(f"| {' | '.join(_cells(row))} |" for row in rows),
        "",
        f"- {rows[-1]['when'][:10]}, {_versions(rows[-1]['versions'])}.",
        "- Command: `python benchmarks/left_out_refits.py`, one core.",
    ]
    return "\n".join(lines) + "\n"


def _cells(row: Row) -> Iterator[str]:
    difference, error = row["ours"] - row["theirs"], float(np.hypot(row["mcse_ours"], row["mcse_theirs"]))
    margin = 0.0 if row["part"] in FOLDS else NARROW * row["se"]
    yield from (row["part"], f"{row['ours']:.3f}", f"{row['theirs']:.3f}", f"{difference:+.3f}")
    yield from (f"{error:.3f}", f"{NARROW * row['se']:.3f}")
    yield "yes" if abs(difference) < 2 * error + margin else "no"
    yield f"{row['se']:.2f}"
    yield "" if row["khat"] is None else f"{row['khat']:.2f}"
    yield f"{row['largest']:.3f}"
    yield f"{row['seconds'] / 60:.0f}"


def _versions(versions: dict[str, str]) -> str:
    return ", ".join(f"{k} {versions[k]}" for k in ("python", "coefficacy", "pymc", "nutpie", "arviz"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=PARTS, action="append", help="default all")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder of the results")
    asked = parser.parse_args()
    store = asked.out / f"{NAME}.jsonl"
    rows = read_rows(store)
    for part in asked.part or PARTS:
        if part in {row["part"] for row in rows}:
            continue
        started = time.perf_counter()
        found = PARTS[part]()
        origin = {"when": datetime.now(UTC).isoformat(timespec="seconds"), "versions": package_versions()}
        row = {"part": part, **found, "seconds": round(time.perf_counter() - started, 1), **origin}
        rows.append(row)
        add_row(store, row)
    rows.sort(key=lambda row: list(PARTS).index(row["part"]))
    (asked.out / f"{NAME}.md").write_text(report(rows), encoding="utf-8")
    print(f"Written: {asked.out / f'{NAME}.md'}")


if __name__ == "__main__":
    main()
