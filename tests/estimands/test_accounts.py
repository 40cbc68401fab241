"""Weights of accounts by layer: one small fit from the library's file, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import coefficacy as co
from coefficacy.errors import FitError
from coefficacy.estimands import account_weights
from coefficacy.spec import loads
from coefficacy.worlds import simulate_accounts

OPTIONS = {"of": "adaptation", "rival": "political_economy", "where": ["engineering_1"]}


@pytest.fixture(scope="module")
def fit() -> co.Fit:
    world = simulate_accounts(seed=2, n_teams=60, team_size=5, layers=2)
    spec = loads(world.spec_text)
    survey = co.read_survey(spec, **world.tables)
    return co.fit(spec, survey, seed=1, draws=300, tune=400, chains=2, progress=False)


def test_a_stated_prior_stands_beside_the_weights_and_leaves_the_headline_alone(fit: co.Fit) -> None:
    plain = account_weights(fit, **OPTIONS)
    stated = account_weights(fit, **OPTIONS, prior=(0.85, 0.25))
    np.testing.assert_array_equal(plain["contrast"], stated["contrast"])
    weight = plain["weight"]
    expected = weight.sel(layer="engineering_1") - weight.sel(layer="operational_1")
    np.testing.assert_allclose(plain["contrast"], expected)
    assert float(weight.mean("draw").sel(layer="engineering_1").mean()) > 0.5
    assert "weight_with_prior" not in plain
    sd = {
        name: float(stated[name].sel(layer="operational_1").std()) for name in ("weight", "weight_with_prior")
    }
    assert sd["weight_with_prior"] < sd["weight"]


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (["engineering_9"], "there is no layer 'engineering_9'"),
        (["engineering_1", "operational_1"], "names all"),
    ],
)
def test_layers_that_cannot_be_compared_are_refused(fit: co.Fit, where: list[str], said: str) -> None:
    with pytest.raises(FitError, match=said):
        account_weights(fit, **(OPTIONS | {"where": where}))


def test_nothing_is_concluded_from_a_second_stage_that_did_not_converge(fit: co.Fit, monkeypatch) -> None:
    from coefficacy.estimands import registry
    from coefficacy.verdicts import verdict

    found = account_weights(fit, **OPTIONS).assign_attrs(converged=0)
    monkeypatch.setattr(registry, "ESTIMANDS", {"account_weights": lambda *_, **__: found})
    sure = replace(fit, convergence=replace(fit.convergence, ok=True))
    said = verdict(sure)
    assert said.verdict == "cannot tell"
    assert "second stage" in said.reasons[0]
