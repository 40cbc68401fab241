"""Answers to the items of a measure, given its latents."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pytensor.compile.mode import Mode
from scipy import stats

import coefficacy as co
from coefficacy.model import build
from coefficacy.spec import loads

MODEL = """
[levels]
person = "person_id"
team = "team_id"
layer = "layer"
[measures.power]
items = ["p1", "p2", "p3"]
level = "team"
item_residuals = false
[measures.mood]
items = ["a1", "a2"]
[layer]
power = "size"
[team]
mood = "power"
"""


def test_what_a_layer_gives_to_a_teams_measure_counts_once():
    """A team's value holds its layer's part already; items measured at the team show it, and nothing more."""
    rng, n = np.random.default_rng(0), 12
    teams = pd.DataFrame(rng.normal(size=(n, 3)), columns=["p1", "p2", "p3"])
    teams = teams.assign(team_id=[f"t{k}" for k in range(n)], layer=[f"l{k % 4}" for k in range(n)])
    layers = pd.DataFrame({"layer": [f"l{k}" for k in range(4)], "size": rng.normal(size=4)})
    persons = pd.DataFrame({"person_id": range(24), "team_id": [f"t{k // 2}" for k in range(24)]})
    persons[["a1", "a2"]] = rng.normal(size=(24, 2))
    spec = loads(MODEL)
    survey = co.read_survey(spec, persons=persons, teams=teams, layers=layers)
    model = build(spec, survey, engine="explicit").model
    mode = Mode(linker="py", optimizer="fast_compile")
    options = {"inputs": model.value_vars, "mode": mode, "on_unused_input": "ignore"}
    start = model.initial_point()
    point = {k: v + 0.5 * rng.normal(size=v.shape) for k, v in start.items()}
    names = ["team.latent", "power.loading", "power.intercept", "power.residual_sd"]
    stored = model.replace_rvs_by_values([model[name] for name in names])
    latent, loading, intercept, sd = model.compile_fn(stored, **options)(point)
    value = latent[:, list(model.coords["team.name"]).index("power")]
    expected = stats.norm.logpdf(survey.answers("power").values, intercept + value[:, None] * loading, sd)
    (density,) = model.logp([model["power"]], sum=False)
    found = model.compile_fn(density, **options)(point)
    np.testing.assert_allclose(np.sort(found), np.sort(expected.ravel()), rtol=1e-9)
