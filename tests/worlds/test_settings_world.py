"""The world of settings holds what its truth says."""

from __future__ import annotations

import numpy as np
import pytest

import coefficacy as co
from coefficacy.errors import CoefficacyError
from coefficacy.spec import loads


def test_a_large_world_has_the_shares_and_effects_of_its_truth():
    """4,000 teams: standard errors of .006 (share) and .02 (slope); averages of 60 answers are off by .01."""
    world = co.simulate("C15", seed=1, n_teams=4000, team_size=20, n_divisions=400, division_sd=0.4)
    truth, table = world.truth["estimands"]["contextual_effect"], world.tables["persons"]
    y = table["satisfaction"]
    teams = table.groupby(["division_id", "team_id"])[["satisfaction", "efficacy"]].mean()
    within = teams - teams.groupby("division_id").transform("mean")
    share = within["satisfaction"].var(ddof=0) * 10 / 9 / y.var()
    assert share == pytest.approx(truth["share"], abs=0.03)
    divisions = teams["satisfaction"].groupby("division_id").mean().var() - within["satisfaction"].var() / 9
    assert divisions / y.var() == pytest.approx(truth["share_above"], abs=0.03)
    people = table.groupby(["team_id", "person_id"])[["satisfaction", "efficacy"]].mean()
    deviation = people - people.groupby("team_id").transform("mean")
    w, b = (np.polyfit(t["efficacy"], t["satisfaction"], 1)[0] for t in (deviation, within))
    # within: .4 on the person's own part, .2 on what waves leave of the other, .12 of the variance of .48
    assert w == pytest.approx((0.4 * 0.36 + 0.2 * 0.12) / 0.48, abs=0.02)
    assert b == pytest.approx(0.4 + truth["contextual_raw"], abs=0.05)


def test_the_model_file_reads_the_table_and_the_null_world_adds_nothing():
    world = co.simulate("C15", seed=2, n_teams=6, team_size=2, n_divisions=2)
    survey = co.read_survey(loads(world.spec_text), **world.tables)
    assert dict(survey.n) == {"answer": 36, "person": 12, "team": 6, "division": 2}
    assert co.simulate("C15", seed=2, null=True).truth["estimands"]["contextual_effect"]["contextual"] == 0


def test_impossible_sizes_are_refused():
    with pytest.raises(CoefficacyError, match="Give 2 or more"):
        co.simulate("C15", seed=1, n_divisions=1)
