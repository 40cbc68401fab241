"""From a simulated world to ``verdict.json``: few draws, as only the way is tested."""

from __future__ import annotations

import json

import pytest
from two_sources_fit import survey, world

import coefficacy as co
from coefficacy.spec import loads


@pytest.fixture(scope="module")
def fit() -> co.Fit:
    options = {"draws": 500, "tune": 400, "chains": 2, "progress": False}
    return co.fit(loads(world().spec_text), survey(), seed=1, **options)


def test_the_exact_engine_takes_it(fit) -> None:
    assert fit.engine == "marginal"


def test_the_verdict_holds_every_planted_quantity_and_an_answer(fit) -> None:
    found = json.loads(co.verdict(fit).to_json())
    said = found["estimands"]["two_sources"]
    assert set(world().truth["estimands"]["two_sources"]) <= set(said)
    assert said["headline"] == "difference"
    assert found["verdict"] == said["answer"]
    assert said["difference_confounded"]["sd"] > said["difference"]["sd"]


def test_paths_add_up_in_every_draw(fit) -> None:
    effect = co.estimate(fit)["effect"]
    off = effect.drop_sel(path="total").sum("path") - effect.sel(path="total")
    assert abs(off).max().item() < 1e-12
