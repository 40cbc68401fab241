"""The world of emergence has the truth that it says it has.

Recovered numbers come from one world of 4,000 teams; a tolerance is four standard errors of the estimate.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coefficacy.errors import CoefficacyError
from coefficacy.spec import load_model, loads
from coefficacy.worlds import World, simulate_emergence

CE, SE = "collective_efficacy", "self_efficacy"


@pytest.fixture(scope="module")
def planted() -> World:
    return simulate_emergence(seed=1, n_teams=4000, team_size=4)


def within_layers(world: World) -> pd.DataFrame:
    teams = pd.DataFrame(world.truth["latents"]["team"])
    return teams - teams.groupby(world.tables["teams"]["layer"].to_numpy()).transform("mean")


def test_the_share_is_what_self_efficacy_leaves_over(planted: World) -> None:
    teams, truth = within_layers(planted), planted.truth
    share = 1 - teams.corr().loc[CE, SE] ** 2
    assert share == pytest.approx(truth["estimands"]["emergent_share"]["share"], abs=4 * 2 * 0.5 / 4000**0.5)
    assert teams.std()[CE] == pytest.approx(truth["sd"][f"team.{CE}"], rel=4 / 8000**0.5)
    left = teams[CE] - truth["parameters"][f"team.{CE}[{SE}]"] * teams[SE]
    assert left.std() == pytest.approx(truth["estimands"]["emergent_share"]["sd"], rel=4 / 8000**0.5)


def test_people_follow_their_own_self_efficacy_within_teams(planted: World) -> None:
    team = planted.tables["persons"]["team_id"].astype("category").cat.codes.to_numpy()
    between = {k: np.array(v) for k, v in planted.truth["latents"]["team"].items()}
    within = {k: np.array(v) - between[k][team] for k, v in planted.truth["latents"]["person"].items()}
    slope = np.polyfit(within[SE], within[CE], 1)[0]
    assert slope == pytest.approx(planted.truth["parameters"][f"person.{CE}[{SE}]"], abs=4 / 16000**0.5)


def test_items_vary_between_teams_beyond_the_latent(planted: World) -> None:
    table, parameters = planted.tables["persons"], planted.truth["parameters"]
    latent = np.array(planted.truth["latents"]["person"][CE])
    left = table["ce_1"] - parameters[f"{CE}.loading[ce_1]"] * latent - parameters[f"{CE}.intercept[ce_1]"]
    means = left.groupby(table["team_id"]).mean()
    expected = parameters[f"{CE}.item_sd[ce_1]"] ** 2 + parameters[f"{CE}.residual_sd[ce_1]"] ** 2 / 4
    assert means.var() == pytest.approx(expected, rel=4 * (2 / 4000) ** 0.5)


def test_in_a_null_world_nothing_emerges_and_no_team_is_discordant() -> None:
    null = simulate_emergence(seed=1, n_teams=60, null=True)
    assert null.truth["estimands"]["emergent_share"] == {"share": 0.0, "sd": 0.0}
    assert null.truth["estimands"]["discordant_teams"]["share"] == 0
    assert within_layers(null).corr().loc[CE, SE] == pytest.approx(1, abs=1e-6)


def test_discordant_teams_are_counted_as_a_reader_of_the_tables_would(planted: World) -> None:
    teams = within_layers(planted)
    z = teams / teams.std(ddof=0)
    kinds = [(z[SE] > 0.25) & (z[CE] < -0.25), (z[SE] < -0.25) & (z[CE] > 0.25)]
    truth = planted.truth["estimands"]["discordant_teams"]
    assert truth["share"] == pytest.approx(sum(kind.mean() for kind in kinds), abs=2 / 4000)
    assert truth["share_by_kind[strong_members_weak_team]"] == pytest.approx(kinds[0].mean(), abs=2 / 4000)


def test_its_model_is_the_library_s_where_the_items_are() -> None:
    assert loads(simulate_emergence(seed=1, n_teams=8).spec_text) == load_model("C1")
    ordinal = loads(simulate_emergence(seed=1, n_teams=8, family="ordinal").spec_text)
    assert {m.family for m in ordinal.measures} == {"ordinal"}
    assert ordinal.estimands == load_model("C1").estimands


def test_impossible_arguments_are_named_together() -> None:
    with pytest.raises(CoefficacyError) as caught:
        simulate_emergence(seed=1, share=1.5, layers=1, family="poisson")
    message = str(caught.value)
    assert all(f"simulate C1: {name}" in message for name in ("share", "layers", "family"))
