"""The world of consensus emergence holds what it says."""

from __future__ import annotations

import numpy as np
import pytest

import coefficacy as co
from coefficacy.errors import CoefficacyError
from coefficacy.spec import loads


def residual_sds(world: co.worlds.World) -> np.ndarray:
    """SD at every wave of what neither a team's line nor a person's mean explains, roughly."""
    table = world.tables["persons"]
    wide = table.pivot_table(index=["team_id", "person_id"], columns="wave", values="belief")
    within = wide - wide.groupby("team_id").transform("mean")
    return within.std(ddof=0).to_numpy()


def test_differences_within_teams_shrink_as_planted():
    options = {"n_teams": 400, "team_size": 20, "person_sd": 0.0}
    ratios = residual_sds(co.simulate("C2", seed=1, delta=-0.3, **options))
    # 8,000 values a wave: the standard error of an SD is .8% of it, of their ratio 1.1%.
    np.testing.assert_allclose(ratios[1:] / ratios[:-1], np.exp(-0.3), rtol=0.04)
    null = residual_sds(co.simulate("C2", seed=1, null=True, **options))
    np.testing.assert_allclose(null[1:] / null[:-1], 1.0, rtol=0.04)


def test_the_model_file_reads_the_tables_and_the_truth_names_its_estimand():
    world = co.simulate("C2", seed=2, n_teams=3, team_size=2, waves=3)
    spec = loads(world.spec_text)
    survey = co.read_survey(spec, persons=world.tables["persons"])
    assert dict(survey.n) == {"answer": 18, "person": 6, "team": 3}
    assert set(world.truth["estimands"]) == {estimand.kind for estimand in spec.estimands}
    assert co.simulate("C2", seed=2, null=True).truth["estimands"]["consensus_emergence"]["delta"] == 0


def test_impossible_sizes_are_refused():
    with pytest.raises(CoefficacyError, match="Give 2 or more"):
        co.simulate("C2", seed=1, waves=1)
