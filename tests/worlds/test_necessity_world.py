"""The world of C13: its truth against the equation as written, and against a large sample."""

from __future__ import annotations

import numpy as np
import pytest

from coefficacy.errors import CoefficacyError
from coefficacy.spec import load_model, loads
from coefficacy.worlds import simulate


def test_the_model_file_of_the_world_is_the_librarys():
    assert loads(simulate("C13", seed=1, n_teams=8).spec_text) == load_model("C13")


def test_null_worlds_add_up():
    truth = simulate("C13", seed=2, n_teams=30, null=True).truth["estimands"]["necessity"]
    assert truth["interaction"] == 0
    assert truth["necessity"] < 0


def test_planted_effects_are_found_by_least_squares_on_the_true_latents():
    """2,000 teams, residual SD .7: standard errors of .016 to .02; four of them."""
    world = simulate("C13", seed=3, n_teams=2000, team_size=3)
    teams, truth = world.tables["teams"], world.truth
    latent = {name: np.array(v) for name, v in truth["latents"]["team"].items()}
    z = (latent["collective_efficacy"] - latent["collective_efficacy"].mean()) / truth["sd"][
        "team.collective_efficacy"
    ]
    p = teams["power"].to_numpy()
    layers = (teams["layer"].to_numpy()[:, None] == np.unique(teams["layer"])[None]).astype(float)
    others = [latent["self_efficacy"], latent["competence"], teams["prior_performance"]]
    x = np.column_stack([z, p, z * p, *others, layers])
    y = teams["adaptation"].to_numpy()
    b, *_ = np.linalg.lstsq(x, y, rcond=None)
    np.testing.assert_allclose(b[:3], [0.5, 0.3, 0.35], atol=0.08)
    assert np.std(y - x @ b) == pytest.approx(0.7, abs=0.05)


def test_a_weakest_link_is_below_the_average_of_the_two():
    curved = simulate("C13", seed=4, n_teams=40, shape="weakest_link").truth
    assert curved["estimands"] == {"elasticity": {"elasticity": 0.2}}


@pytest.mark.parametrize("wrong", [{"elasticity": 1.0}, {"shape": "weak"}, {"residual_sd": 0.0}])
def test_impossible_options_are_refused(wrong):
    with pytest.raises(CoefficacyError):
        simulate("C13", seed=1, n_teams=8, **wrong)
