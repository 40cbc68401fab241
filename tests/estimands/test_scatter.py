"""The effect of members' SD: coefficients as they stand, a doubling as log 2 of the raw one; a small fit."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

import coefficacy as co
from coefficacy.errors import FitError
from coefficacy.spec import load_model, loads


def test_it_reads_the_coefficient_of_the_log_sd():
    at = ("chain", "draw")
    term = {"team.performance.term": ["efficacy", "sd(efficacy)"]}
    draws = xr.Dataset(
        {
            "team.performance": ((*at, "team.performance.term"), np.array([[[1.0, -2.0]]])),
            "team.performance.std": ((*at, "team.performance.term"), np.array([[[0.3, -0.6]]])),
            "sd(log_sd(team.efficacy))": (at, np.array([[0.25]])),
        },
        coords={"chain": [0], "draw": [0], **term},
    )
    fit = SimpleNamespace(spec=load_model("composition_dispersion"), posterior=draws)
    found = co.dispersion(fit, of="performance", by="efficacy")
    assert found["effect"].item() == -0.6
    assert found["effect_of_doubling"].item() == pytest.approx(-2 * np.log(2))
    assert found["log_sd"].item() == 0.25
    plain = SimpleNamespace(spec=load_model("composition_referent"), posterior=draws)
    with pytest.raises(FitError, match="is not in the equation"):
        co.dispersion(plain, of="performance", by="efficacy")


@pytest.mark.slow
def test_a_planted_effect_and_spread_are_found_and_go_through_the_verdict():
    world = co.simulate("C2", seed=4, composition="dispersion", n_teams=40, team_size=12, items=1, effect=0.6)
    spec = loads(world.spec_text)
    fit = co.fit(spec, co.read_survey(spec, **world.tables), seed=1, chains=2, progress=False)
    assert fit.engine == "explicit"
    found = co.estimate(fit, "dispersion")
    for name, truth in world.truth["estimands"]["dispersion"].items():
        values = found[name].values
        assert abs(values.mean() - truth) < 3 * values.std(), name
    assert co.verdict(fit).estimands["dispersion"]["answer"] == "supported"
    assert "sd(efficacy)" in fit.posterior["team.name"].values
