"""The world of two accounts has the truth that it says it has; tolerances are four standard errors."""

from __future__ import annotations

import numpy as np
import pytest

from coefficacy.errors import CoefficacyError
from coefficacy.spec import loads
from coefficacy.worlds import simulate_accounts


def test_teams_follow_their_accounts_in_the_shares_that_were_planted() -> None:
    world = simulate_accounts(seed=1, n_teams=2000, team_size=2)
    teams, truth = world.tables["teams"], world.truth
    first = np.array(truth["account"]) == "coordination"
    for layer, here in teams.groupby("layer").indices.items():
        share = truth["estimands"]["account_weights"][f"weight[{layer}]"]
        assert first[here].mean() == pytest.approx(share, abs=4 * 0.5 / 500**0.5)
    z = np.array(truth["latents"]["team"]["collective_efficacy"]) / truth["sd"]["team.collective_efficacy"]
    layers = (teams["layer"].to_numpy()[:, None] == np.unique(teams["layer"])).astype(float)
    x = np.column_stack([z, teams[["authority", "slack", "claim", "prior_performance"]], layers])
    of_first = np.linalg.lstsq(x[first], teams["adaptation"][first], rcond=None)[0][:5]
    of_second = np.linalg.lstsq(x[~first], teams["adaptation"][~first], rcond=None)[0][:5]
    assert of_first == pytest.approx([0.8, 0, 0, 0, 0.2], abs=4 * 0.4 / 800**0.5)
    assert of_second == pytest.approx([0, 0.45, 0.45, 0.45, 0.2], abs=4 * 0.4 / 800**0.5)


def test_in_a_null_world_layers_do_not_differ() -> None:
    truth = simulate_accounts(seed=1, n_teams=12, null=True).truth["estimands"]["account_weights"]
    assert truth["contrast"] == 0
    assert truth["weight[engineering_1]"] == pytest.approx(0.55)


def test_its_model_names_the_layers_with_discretion() -> None:
    (asked,) = loads(simulate_accounts(seed=1, n_teams=12, layers=6).spec_text).estimands
    assert dict(asked.options)["where"] == ("engineering_1", "engineering_2", "engineering_3")


def test_impossible_arguments_are_refused() -> None:
    with pytest.raises(CoefficacyError, match="share_measured"):
        simulate_accounts(seed=1, share_measured=2.0)
