"""The rival's check on made-up draws: it sees what the rival leaves out, and stays calm where nothing is."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import coefficacy as co
from coefficacy.checks import rival_check
from coefficacy.scores import with_expected
from coefficacy.spec import loads, queries

N_TEAMS, N_DRAWS = 60, 400
LATENTS = ["self_efficacy", "competence", "collective_efficacy"]


@pytest.fixture(scope="module")
def world():
    return co.simulate("C4", seed=1, n_teams=N_TEAMS, team_size=3, family="gaussian")


def p_value(world, effect: float, seed: int) -> float:
    """Of outcomes that the rival predicts up to noise and `effect` times the latent it leaves out."""
    rng, spec = np.random.default_rng(seed), loads(world.spec_text)
    survey = co.read_survey(spec, **world.tables)
    expected = rng.normal(size=(N_TEAMS, 3))
    expected[:, 2] += expected[:, 0]
    predicted = 0.5 * expected[:, 0] + 0.3 * expected[:, 1]
    outcome = predicted + effect * (expected[:, 2] - expected[:, 0]) + rng.normal(size=N_TEAMS)
    latents = xr.DataArray(expected, dims=("team", "team.name"), coords={"team.name": LATENTS})
    known = with_expected(survey.with_column("team", "adaptation", outcome), latents)
    noise = rng.normal(0, 0.05, (1, N_DRAWS, N_TEAMS))
    posterior = xr.Dataset(
        {
            "team.adaptation.eta": (("chain", "draw", "team"), predicted + noise),
            "sd(team.adaptation)": (("chain", "draw"), np.ones((1, N_DRAWS))),
        }
    )
    rival = queries.rival_spec(spec, "competence_only")
    return rival_check(posterior, rival, spec, known, seed=seed).p_value


def test_it_fails_where_the_outcome_holds_what_is_left_out(world):
    assert p_value(world, 1.0, 1) < 0.001
    assert p_value(world, -1.0, 1) > 0.999


def test_its_p_values_are_even_where_nothing_is_left_out(world):
    found = np.array([p_value(world, 0.0, seed) for seed in range(40)])
    assert np.sum(found < 0.05) <= 6
    assert 0.35 < found.mean() < 0.65
