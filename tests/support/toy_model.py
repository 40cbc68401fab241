"""A small model with a known posterior: mood of 24 people in 6 teams, all variances known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coefficacy.model.built import Built
from coefficacy.sampling import Convergence, Fit
from coefficacy.sampling.result import package_versions
from coefficacy.spec import loads
from coefficacy.survey import read_survey

SPEC = loads("""
[about]
title = "Mood and sleep"
[levels]
person = "id"
team = "team"
[person]
mood = "sleep"
[question]
effect = "person.mood ~ sleep"
direction = "positive"
""")
N_TEAMS, N_MEMBERS = 6, 4
PRIOR_SD = np.r_[5.0, 1.0, np.ones(N_TEAMS)]


def toy_table() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    team = np.repeat(np.arange(N_TEAMS), N_MEMBERS)
    sleep = rng.normal(size=team.size)
    mood = 2.0 + 0.8 * sleep + rng.normal(size=N_TEAMS)[team] + rng.normal(size=team.size)
    return pd.DataFrame(
        {
            "id": [f"p{k:02d}" for k in range(team.size)],
            "team": [f"T {k}" for k in team],
            "sleep": sleep,
            "mood": mood,
        }
    )


def toy_survey():
    return read_survey(SPEC, persons=toy_table())


def toy_built(spec=SPEC, survey=None, engine: str = "auto") -> Built:
    """mood ~ N(a + b sleep + u_team, 1), a ~ N(0, 5), b ~ N(0, 1), u ~ N(0, 1)."""
    import pymc as pm
    import pytensor.tensor as pt

    survey = survey or toy_survey()
    persons = survey.levels["person"]
    coords = {
        "team": survey.levels["team"]["team"].values,
        "person": persons["person"].values,
        "person.mood.term": ["sleep"],
        "person.mood.row": persons["person"].values,
        "team.name": ["mood"],
        "who": ["a", "b"],
        "who'": ["a", "b"],
    }
    with pm.Model(coords=coords) as model:
        y = pm.Data("person.mood.y", persons["mood"].values, dims="person.mood.row")
        rows = pm.Data("person.mood.rows", np.arange(persons.sizes["person"]), dims="person.mood.row")
        x = pm.Data("person.sleep", persons["sleep"].values, dims="person")
        index = pm.Data("person.team", survey.index("person", "team"), dims="person")
        a = pm.Normal("person.mood.intercept", 0, 5)
        b = pm.Normal("person.mood", 0, 1, dims="person.mood.term")
        u = pm.Normal("u", 0, 1, dims="team")
        r = pm.Uniform("r", -1, 1)
        pm.Deterministic("cor(team)", pt.stack([[1.0, r], [r, 1.0]]), dims=("who", "who'"))
        mu = pm.Deterministic("mu", a + b[0] * x + u[index], dims="person")
        pm.Deterministic("team.latent", (a + u)[:, None], dims=("team", "team.name"))
        pm.Normal("mood", mu[rows], 1.0, observed=y, dims="person.mood.row")
    return Built(
        model=model,
        engine="explicit",
        reason="a toy",
        parameters=("person.mood.intercept", "person.mood", "cor(team)"),
        constant_entries=("cor(team)",),
        refit_data=("person.mood.y", "person.mood.rows"),
        hidden=("mu", "r"),
    )


def exact_posterior(table: pd.DataFrame, rows: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Mean and SD of (a, b, u_1, ..., u_J), Gaussian as all variances are known."""
    used = table if rows is None else table.iloc[rows]
    teams = used["team"].str.removeprefix("T ").astype(int).to_numpy()
    design = np.column_stack([np.ones(len(used)), used["sleep"], np.eye(N_TEAMS)[teams]])
    covariance = np.linalg.inv(design.T @ design + np.diag(PRIOR_SD**-2))
    return covariance @ design.T @ used["mood"].to_numpy(), np.sqrt(np.diag(covariance))


def made_fit(tree, **changes) -> Fit:
    """A fit around any tree of draws."""
    values = {
        "spec": SPEC,
        "survey": toy_survey(),
        "tree": tree,
        "engine": "explicit",
        "engine_reason": "a toy",
        "seed": 5,
        "seconds": {"import": 0.5, "build": 0.25, "compile": 1.0, "sample": 2.0},
        "versions": package_versions(),
        "convergence": Convergence(False, 1.02, 150.0, 3, ("too few draws",), ("Draw more.",), True, None),
        "parameters": ("person.mood.intercept", "person.mood", "cor(team)"),
        "constant_entries": ("cor(team)",),
    }
    return Fit(**{**values, **changes})
