"""What do averages per team say of emergence, where the truth is known?

The usual analysis regresses each team's average of the collective items on its average of the self items,
within layers, and takes what is left over (1 - R²) for more than the sum of the members. What is left over
also holds the sampling of members, the errors of items and the teams' item residuals. Worlds in which half of
the variance emerges and worlds in which nothing does are analysed both ways; the model's estimates are those
of results/claims_C1.jsonl, of the same worlds.

    uv run python benchmarks/emergence_manifest.py

Writes results/emergence_manifest.md. Nothing is sampled.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from coefficacy.studies import read_store, recovery_study
from coefficacy.worlds import World, simulate

HERE = Path(__file__).parent
CE, SE = "collective_efficacy", "self_efficacy"
MARGIN = 0.25


def averages(world: World) -> pd.DataFrame:
    """Return the teams' averages of both sets of items, centred on their layer."""
    persons, teams = world.tables["persons"], world.tables["teams"].set_index("team_id")
    means = pd.DataFrame(
        {
            name: persons.filter(regex=rf"^{prefix}_\d+$").mean(axis=1).groupby(persons["team_id"]).mean()
            for name, prefix in ((CE, "ce"), (SE, "se"))
        }
    )
    return means - means.groupby(teams["layer"].reindex(means.index)).transform("mean")


def manifest(world: World) -> dict[str, float]:
    """Return what averages call emergent, and the share of teams that they call discordant."""
    means = averages(world)
    z = means / means.std(ddof=0)
    apart = ((z[SE] > MARGIN) & (z[CE] < -MARGIN)) | ((z[SE] < -MARGIN) & (z[CE] > MARGIN))
    return {"share": 1 - float(means.corr().loc[CE, SE]) ** 2, "discordant": float(apart.mean())}


def expected_share(truth: dict, size: int) -> dict[str, float]:
    """Return the share that averages give in teams of one size, one source of error added after the other.

    Covariances of averages of K items follow from the model: members' deviations are divided by the team's
    size n, item residuals of the team by K, errors by both.
    """
    p, latent = truth["parameters"], {}
    path, within = p[f"team.{CE}[{SE}]"], p[f"person.{CE}[{SE}]"]
    of_se = p[f"sd(team.{SE})"] ** 2
    team = np.array([[of_se, path * of_se], [path * of_se, path**2 * of_se + p[f"sd(team.{CE})"] ** 2]])
    members = np.array([[1, within], [within, within**2 + 1]]) / size
    for name in (SE, CE):
        items = [key.partition("[")[2][:-1] for key in p if key.startswith(f"{name}.loading[")]
        mean = {kind: np.array([p[f"{name}.{kind}[{i}]"] for i in items]) for kind in
                ("loading", "item_sd", "residual_sd")}  # fmt: skip
        unit = mean["loading"].mean()
        latent[name] = [np.sum(mean[k] ** 2) / len(items) ** 2 / unit**2 for k in ("item_sd", "residual_sd")]
    item = np.diag([latent[SE][0], latent[CE][0]])
    error = np.diag([latent[SE][1], latent[CE][1]]) / size
    sums = {
        "what is true": team,
        "and members are a sample": team + members,
        "and items have errors": team + members + error,
        "and teams have item residuals": team + members + error + item,
    }
    return {name: 1 - v[0, 1] ** 2 / (v[0, 0] * v[1, 1]) for name, v in sums.items()}


def _worlds(n: int) -> pd.DataFrame:
    study = recovery_study("C1", planted=n, null=n)
    store = HERE / "results" / "claims_C1.jsonl"
    fitted = {row.key: row.result for row in read_store(store).rows} if store.exists() else {}
    rows = []
    for job in study.jobs:
        world = simulate("C1", seed=job.seed, **job.inputs[1])
        found = (fitted.get(job.key) or {}).get("found", {})
        rows.append(
            {
                "kind": job.key.partition("/")[0],
                **{f"{name} by averages": value for name, value in manifest(world).items()},
                "true discordant": world.truth["estimands"]["discordant_teams"]["share"],
                "share by model": found.get("emergent_share.share", {}).get("mean", np.nan),
                "discordant by model": found.get("discordant_teams.share", {}).get("mean", np.nan),
            }
        )
    return pd.DataFrame(rows)


HEAD = """# Emergence by averages and by the model

Means over worlds (SD over worlds) of 60 teams of 3 to 15. Posterior means stand for the model, which was
fitted to {fitted} of these worlds.

| emergent share | worlds | by averages | by the model | discordant teams | by averages | by the model |
|---|---|---|---|---|---|---|
"""
WHY = """
## Why

The share that averages give by the covariances of one world of each kind, as one source of error after the
other is added.

| emergent share | members | {sources} |
|---|---|---|---|---|---|
"""
SHOWN = (
    "share by averages", "share by model", "true discordant", "discordant by averages", "discordant by model",
)  # fmt: skip


def report(table: pd.DataFrame) -> str:
    """Return the text of the Markdown file."""
    text = HEAD.format(fitted=table["share by model"].notna().sum())
    for kind, truth in (("planted", 0.5), ("null", 0.0)):
        part = table[table["kind"] == kind]
        cells = " | ".join(_cell(part[name]) for name in SHOWN)
        text += f"| {truth:g} | {len(part)} | {cells} |\n"
    worlds = {share: simulate("C1", seed=1, null=not share).truth for share in (0.5, 0.0)}
    text += WHY.format(sources=" | ".join(expected_share(worlds[0.5], 4)))
    for share, truth in worlds.items():
        for size in (4, 8, 16):
            cells = " | ".join(f"{s:.2f}" for s in expected_share(truth, size).values())
            text += f"| {share:g} | {size} | {cells} |\n"
    return text


def _cell(values: pd.Series) -> str:
    known = values.dropna()
    if known.empty:
        return "not fitted"
    return f"{known.mean():.2f} ({known.std():.2f})" if len(known) > 1 else f"{known.mean():.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=50, help="of each kind")
    table = _worlds(parser.parse_args().worlds)
    out = HERE / "results" / "emergence_manifest.md"
    out.write_text(report(table), encoding="utf-8")
    print(f"Written: {out}")


if __name__ == "__main__":
    main()
