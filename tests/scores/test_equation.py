"""A rival's equation as a model of its own, on what is expected of its predictors."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import coefficacy as co
from coefficacy.scores.equation import equation_spec, keeps_measurement, with_expected
from coefficacy.spec import loads, queries

MODEL = """
[levels]
person = "person_id"
team = "team_id"
layer = "layer"
[measures.belief]
items = ["b_1", "b_2"]
[measures.skill]
items = ["s_1", "s_2"]
[measures.climate]
items = ["c_1", "c_2"]
level = "layer"
[team]
belief = "skill + mean(age) + (1 | layer)"
output = "belief + skill + mean(age) + belief:funds + climate + (1 | layer)"
morale = "belief"
[families]
output = { family = "gaussian", location = 5 }
morale = "poisson"
[priors]
"team.output ~ skill" = "Normal(0, 1)"
"team.output ~ belief" = "Normal(0.2, 1)"
"team.belief ~ skill" = "Normal(0, 0.1)"
"sd(team.output | layer)" = "HalfNormal(0.3)"
[rivals.plain.team]
output = "skill + mean(age) + (1 | layer)"
[rivals.layered.team]
output = "skill + climate"
[rivals.rewired.team]
belief = "mean(age)"
output = "skill"
[question]
effect = "team.output ~ belief"
rival = "plain"
"""


@pytest.fixture(scope="module")
def spec():
    return loads(MODEL)


def test_only_rivals_of_the_outcomes_equation_keep_what_was_measured(spec):
    assert keeps_measurement(spec, "plain")
    assert not keeps_measurement(spec, "rewired")


def test_a_latent_of_another_level_has_no_expectation_among_those_of_teams(spec):
    assert not keeps_measurement(spec, "layered")


def test_the_equation_is_a_model_that_a_file_could_hold(spec):
    found = equation_spec(spec, "plain")
    assert [str(r.formula) for r in found.regressions] == ["skill + mean(age) + (1 | layer)"]
    assert found.measures == found.rivals == ()
    assert dict(found.families)["output"].location == 5
    assert {name for name, _ in found.priors} == {"team.output ~ skill", "sd(team.output | layer)"}
    assert queries.level_names(found) == ("person", "team", "layer")


def test_expected_latents_become_columns_and_the_answers_go():
    world = co.simulate("C4", seed=1, n_teams=6, team_size=3, family="gaussian")
    survey = co.read_survey(loads(world.spec_text), **world.tables)
    values = np.arange(12.0).reshape(6, 2)
    latents = xr.DataArray(
        values,
        dims=("team", "team.name"),
        coords={"team": survey.levels["team"]["team"].values, "team.name": ["self_efficacy", "competence"]},
    )
    found = with_expected(survey, latents)
    np.testing.assert_array_equal(found.column("team", "competence").values, values[:, 1])
    np.testing.assert_array_equal(
        found.column("team", "adaptation").values, survey.column("team", "adaptation").values
    )
    assert found.items == {}
    assert set(found.coding) == set(survey.coding) - set(survey.items)
    assert "competence" not in survey.levels["team"]
