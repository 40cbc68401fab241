"""Compositions side by side: sums of left-out teams, differences, and what the answers show by themselves."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import stats

import coefficacy as co
from coefficacy.errors import FitError
from coefficacy.sampling import Fit
from coefficacy.spec import load_model, loads


def world(seed: int = 1) -> co.worlds.World:
    return co.simulate("C2", seed=seed, composition="referent", n_teams=40, team_size=6, effect=0.7)


@cache
def fitted(name: str, seed: int = 1, text: str = "") -> Fit:
    spec = loads(text) if text else load_model(f"composition_{name}")
    survey = co.read_survey(spec, **world(seed).tables)
    return co.fit(spec, survey, seed=1, draws=400, tune=400, chains=2, progress=False)


def test_the_wording_that_performance_rests_on_predicts_it_best():
    found = co.composition({"direct": fitted("direct"), "referent": fitted("referent")})
    own = {name: co.left_out_teams(fitted(name)).elpd_i.values for name in ("direct", "referent")}
    np.testing.assert_allclose(found["elpd"], [own["direct"].sum(), own["referent"].sum()])
    difference = own["direct"] - own["referent"]
    assert found["elpd_diff"].values == pytest.approx([difference.sum(), 0.0])
    se = np.sqrt(40) * difference.std(ddof=1)
    assert found["se"].values == pytest.approx([se, 0.0])
    better = float(found["p_better"].sel(composition="referent", rival="direct"))
    assert better == pytest.approx(stats.norm.cdf(-difference.sum() / se))
    assert better > 0.5  # one world of 40 teams: .88
    assert np.diag(found["p_better"]) == pytest.approx(0.5)
    agreement = co.agreement(fitted("referent").survey, "efficacy")
    row = found.sel(composition="referent")
    assert row["icc1"].item() == agreement.icc1
    assert row["rwg_j"].item() == agreement.rwg_j
    fit = co.reliability(fitted("referent"), "efficacy").summary.sel(statistic="mean")
    assert row["omega_between"].item() == pytest.approx(fit["omega_between"].item())


def test_other_outcomes_and_other_teams_are_refused():
    with pytest.raises(FitError, match="are not those of 'one'"):
        co.composition({"one": fitted("direct"), "two": fitted("direct", seed=2)})
    bare = '[levels]\nperson = "person_id"\nteam = "team_id"\n[measures.efficacy]\nitems = ["i_*"]\n'
    with pytest.raises(FitError, match="its outcomes are none"):
        co.composition({"one": fitted("direct"), "two": fitted("bare", text=bare)})
