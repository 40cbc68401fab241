"""Do the engines sample the posterior? Simulation-based calibration of the library's models.

Parameters are drawn from a model's own prior, then answers and outcomes of 20 teams of five people in four
layers (the flagship with three items a measure, other models with the items of their world); each world is
fitted and the truth ranked among 99 of its draws (49 for the explicit engine, which draws slowly). Ranks of
every parameter, of the first team's latents and of the outcome's likelihood should be uniform: their
empirical distributions are held against a band that is 99% for all of them together.

    uv run python benchmarks/sbc.py adaptation --engine marginal
    uv run python benchmarks/sbc.py adaptation --engine explicit
    uv run python benchmarks/sbc.py emergence

200 worlds for the exact engine, 100 for the explicit one. They are kept in results/sbc_MODEL_ENGINE.jsonl as
they come; started again, the script goes on where it was, and with all worlds done it only writes the table
(.md) and the picture (.png) of the same name anew; --report does so at any time. A fresh run has a seed of
its own (--seed 2) and adds it to the names of its files.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from coefficacy.cli.show import checks_bar
from coefficacy.errors import Interrupted
from coefficacy.spec import ModelSpec, load_model
from coefficacy.studies import (
    Design,
    Store,
    imitate,
    rank_band,
    rank_counts,
    read_store,
    run_study,
    sbc_ranks,
    sbc_study,
    uniformity,
)
from coefficacy.survey import Survey, read_survey
from coefficacy.worlds import simulate

FOLDER = Path(__file__).resolve().parent / "results"
TEAMS, MEMBERS, LAYERS, ITEMS = 20, 5, 4, 3
SIMS = {"marginal": 200, "explicit": 100}
AMONG = {"marginal": 99, "explicit": 49}
LEVEL = 0.99
GROUPS = {
    "Effects (standardised)": (".std[",),
    "SDs and correlations": ("sd(", "cor("),
    "Thresholds": (".threshold[",),
    "Loadings, intercepts, residuals": (".loading[", ".intercept", ".residual_sd[", ".item_sd["),
    "A team's latents, log likelihood": (".latent[", "log p("),
}
RAW = "Effects (raw)"


def model_and_survey(model: str) -> tuple[ModelSpec, Survey]:
    """A model of the library and a survey whose units, items and columns every world has."""
    spec = load_model(model)
    if spec.claim == "C4":
        design = Design.balanced(TEAMS, MEMBERS, layers=LAYERS, n_items=ITEMS, reliability=0.4)
        spec = imitate(spec, design)
        tables = simulate("C4", seed=0, design=design).tables
    else:
        tables = simulate(spec.claim, seed=0, n_teams=TEAMS, team_size=MEMBERS, layers=LAYERS).tables
    return spec, read_survey(spec, **{name: tables[name] for name in ("persons", "teams", "layers")})


def group_of(quantity: str) -> str:
    return next((g for g, parts in GROUPS.items() if any(part in quantity for part in parts)), RAW)


def quantities_by_group(names: np.ndarray) -> dict[str, list[int]]:
    """Positions of the quantities of every group that has any."""
    groups = [group_of(str(name)) for name in names]
    return {g: [k for k, own in enumerate(groups) if own == g] for g in (RAW, *GROUPS) if g in groups}


# Table ------------------------------------------------------------------------------------------------------


def report(store: Store, name: str, model: str, engine: str, command: str) -> str:
    """Return the text of the Markdown file; nothing that was run is left out of it."""
    ranks = sbc_ranks(store)
    among = ranks.attrs["among"]
    p = uniformity(ranks.values, among)
    least = int(np.argmin(p))
    names, limit = ranks["quantity"].values, (1 - LEVEL) / len(p)
    outside = [str(name) for name, value in zip(names, p, strict=True) if value < limit]
    lines = [
        f"# Simulation-based calibration: `{model}`, engine `{engine}`",
        "",
        f"Ranks of {len(names)} quantities among {among} draws in {len(ranks)} worlds from the model's own "
        f"prior ({TEAMS} teams of {MEMBERS} in {LAYERS} layers, {ITEMS} items a measure). p: how often "
        "uniform ranks stray as far from the diagonal, somewhere, as these do (exact). The band that is "
        f"{LEVEL:.0%} for all quantities together is left where p < {limit:.1e} (Bonferroni).",
        "",
        f"**{_passed(outside, len(names), SIMS[engine] - len(store.rows))}** Smallest p: {p[least]:.2g} "
        f"({names[least]}); among {len(names)} uniform p the smallest is below "
        f"{1 - 0.5 ** (1 / len(p)):.2g} in half of all runs.",
        "",
        *_fits(store, engine),
        "",
        f"| group | quantities | smallest p | of | mean rank / {among}, lowest to highest |",
        "|---|---|---|---|---|",
        *_groups(ranks, p),
        "",
        f"![ECDFs less the diagonal]({name}.png)",
        "",
        "## How it was made",
        "",
        *_origin(store, command),
        "",
        "## Every quantity",
        "",
        f"| quantity | p | mean rank / {among} | share of ranks in the lowest tenth | in the highest |",
        "|---|---|---|---|---|",
        *(
            _line(name, ranks.sel(quantity=name).values / among, value)
            for name, value in zip(names, p, strict=True)
        ),
    ]
    return "\n".join(lines) + "\n"


def _passed(outside: list[str], n: int, to_do: int) -> str:
    if outside:
        return f"{len(outside)} of {n} leave the band: {', '.join(outside)}."
    if to_do > 0:
        return f"Not done: all {n} are inside the band so far, with {to_do} worlds to do."
    return f"All {n} stay inside the band."


def _fits(store: Store, engine: str) -> Iterator[str]:
    results = [row.result for row in store.rows if row.result is not None]
    failed = [row for row in store.rows if row.result is None]
    unusable = [r for r in results if not r["usable"]]
    every, ranks = sbc_ranks(store, usable=False), 1 + store.headers[0].settings["ranked_among"]
    smallest = uniformity(every.values, ranks - 1).min()
    short = f" of at least {SIMS[engine]} wanted" if len(store.rows) < SIMS[engine] else ""
    yield f"- Worlds fitted: {len(store.rows)}{short}; failed with an error: {len(failed)}."
    yield (
        "- Not ranked among, as chains hardly moved even at the second try (smallest ESS below "
        f"{ranks}, r_hat above {1 + 5 / ranks:.2f}, or more than 0.1% divergent): {len(unusable)}. With "
        f"these worlds the smallest p is {smallest:.2g}."
    )
    yield (
        f"- Sampled twice: {sum(r['retried'] for r in results)}. Passed the gate users have, at these few "
        f"draws: {sum(r['gate'] for r in results)}."
    )
    ess = np.array([r["ess_min"] for r in results])
    yield (
        f"- Smallest ESS of a world: median {np.median(ess):.0f}, least {ess.min():.0f}; "
        f"{sum(r['divergences'] for r in results)} divergences, in "
        f"{sum(r['divergences'] > 0 for r in results)} worlds."
    )
    for message in dict.fromkeys(row.error for row in failed):
        yield f"- Failed: {message}"


def _groups(ranks: xr.DataArray, p: np.ndarray) -> Iterator[str]:
    names = ranks["quantity"].values
    for group, mine in quantities_by_group(names).items():
        least = mine[int(np.argmin(p[mine]))]
        means = ranks.values[:, mine].mean(axis=0) / ranks.attrs["among"]
        yield (
            f"| {group} | {len(mine)} | {p[least]:.2g} | {_cell(names[least])} | {means.min():.2f} to "
            f"{means.max():.2f} |"
        )


def _line(name: Any, ranks: np.ndarray, p: float) -> str:
    low, high = np.mean(ranks < 0.1), np.mean(ranks > 0.9)
    return f"| {_cell(name)} | {p:.2g} | {ranks.mean():.2f} | {low:.2f} | {high:.2f} |"


def _cell(name: Any) -> str:
    return str(name).replace("|", "\\|")


def _origin(store: Store, command: str) -> Iterator[str]:
    rows, asked = store.rows, store.headers[-1].settings
    yield f"- Date: {store.headers[0].when[:10]} to {date.today()}."
    yield f"- Command: `{command}`"
    yield (
        f"- Each fit: {asked['chains']} chains of {asked['draws']} draws after {asked['tune']}; twice as "
        f"many of smaller steps at the second try. Seed {asked['seed']}."
    )
    yield f"- Versions: {', '.join(f'{k} {v}' for k, v in store.headers[-1].versions.items())}."
    yield f"- Source of the package (hash): {', '.join(sorted({row.source for row in rows}))}."
    seconds = np.array([row.seconds for row in rows])
    yield (
        f"- Seconds: {seconds.sum():.0f} added over processes, one thread each, on {os.cpu_count()} cores; a "
        f"world took {np.median(seconds):.0f} (median)."
    )


# Picture ----------------------------------------------------------------------------------------------------


def picture(store: Store, model: str, engine: str, path: Path) -> None:
    """Draw ECDFs less the diagonal, one panel a group, in the joint band and in one for a single quantity."""
    from matplotlib.figure import Figure

    ranks = sbc_ranks(store)
    n, names, among = len(ranks), ranks["quantity"].values, ranks.attrs["among"]
    joint, single = (rank_band(n, among, q) for q in (1 - (1 - LEVEL) / len(names), LEVEL))
    figure = Figure(figsize=(10, 6), layout="constrained")
    axes = figure.subplots(2, 3, sharex=True, sharey=True)
    groups = quantities_by_group(names)
    for panel in axes.flat[len(groups) :]:
        panel.set_visible(False)
    for panel, (group, mine) in zip(axes.flat, groups.items(), strict=False):
        z = joint.points
        panel.fill_between(z, joint.lower - z, joint.upper - z, step="mid", color="#dfe2e6", lw=0)
        panel.fill_between(z, single.lower - z, single.upper - z, step="mid", color="#c3c8ce", lw=0)
        panel.plot(
            z, rank_counts(ranks.values[:, mine], among) / n - z[:, None], color="#0072b2", lw=0.7, alpha=0.6
        )
        panel.set_title(f"{group} ({len(mine)})", fontsize=10)
    figure.supxlabel("rank of the truth, as a share", fontsize=10)
    figure.supylabel("share of worlds ranked below, less the diagonal", fontsize=10)
    figure.suptitle(
        f"{model}, engine {engine}: {n} worlds. Light: {LEVEL:.0%} band for all {len(names)} quantities "
        f"together; dark: for a single one",
        fontsize=11,
    )
    figure.savefig(path, dpi=130, facecolor="white")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="of the library, e.g. adaptation")
    parser.add_argument("--engine", choices=tuple(SIMS), default="marginal")
    parser.add_argument("--sims", type=int, help="worlds in all, those done included; default 200 or 100")
    parser.add_argument("--seed", type=int, default=1, help="of the worlds")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--report", action="store_true", help="only write table and picture of what is there")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder of the results")
    asked = parser.parse_args()
    name = f"sbc_{asked.model}_{asked.engine}" + (f"_{asked.seed}" if asked.seed != 1 else "")
    path = asked.out / f"{name}.jsonl"
    if asked.report:
        store = read_store(path)
    else:
        sims = asked.sims or SIMS[asked.engine]
        study = sbc_study(
            *model_and_survey(asked.model),
            engine=asked.engine,
            sims=sims,
            seed=asked.seed,
            among=AMONG[asked.engine],
        )
        try:
            with checks_bar(quiet=False) as progress:
                store = run_study(study, store=path, workers=asked.workers, progress=progress)
        except Interrupted as stopped:
            raise SystemExit(f"{stopped}") from None
    command = shlex.join(["python", "benchmarks/sbc.py", *sys.argv[1:]])
    picture(store, asked.model, asked.engine, asked.out / f"{name}.png")
    (asked.out / f"{name}.md").write_text(
        report(store, name, asked.model, asked.engine, command), encoding="utf-8"
    )
    print(f"Written: {asked.out / name}.md and .png")


if __name__ == "__main__":
    main()
