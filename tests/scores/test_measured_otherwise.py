"""Rivals that measure otherwise are fitted to the same answers and ranked by teams left out with these."""

from __future__ import annotations

import pytest

import coefficacy as co
from coefficacy.errors import FitError
from coefficacy.spec import loads
from coefficacy.worlds import simulate_two_efficacies


@pytest.fixture(scope="module")
def fit() -> co.Fit:
    world = simulate_two_efficacies(seed=1, n_teams=30, team_size=6, person_correlation=0.3)
    spec = loads(world.spec_text.replace("(1 + adopt + resist | layer)", "(1 | layer)"))
    survey = co.read_survey(spec, **world.tables)
    return co.fit(spec, survey, seed=1, draws=500, tune=600, chains=2, progress=False)


def test_one_factor_is_far_behind_where_there_are_two(fit: co.Fit) -> None:
    """The gap is some 150 here, its standard error some 20."""
    two = co.left_out_teams(fit, scored="answers")
    one = co.left_out_teams(fit, "one_factor", scored="answers")
    assert one.elpd_i.sizes == two.elpd_i.sizes == {"team": 30}
    assert float((one.pareto_k < 0.7).mean()) > 0.8
    assert two.elpd - one.elpd > 50
    assert "one_factor (answers)" in str(fit.tree["left_out"])


def test_its_outcomes_are_scored_too(fit: co.Fit) -> None:
    found = co.left_out_teams(fit, "one_factor")
    assert found.elpd_i.sizes == {"team": 30}
    assert found.elpd < 0


def test_an_unknown_score_is_refused(fit: co.Fit) -> None:
    with pytest.raises(FitError, match="unknown 'answer'"):
        co.left_out_teams(fit, "one_factor", scored="answer")  # type: ignore[arg-type]


def test_a_verdict_on_an_estimand_holds_rivals_of_the_answers_against_it(fit: co.Fit) -> None:
    said = co.verdict(fit)
    two = co.left_out_teams(fit, scored="answers")
    one = co.left_out_teams(fit, "one_factor", scored="answers")
    rivals = said.estimands["rivals"]
    assert rivals["one_factor"]["elpd"]["diff"] == pytest.approx(float(two.elpd - one.elpd))
    assert rivals["one_factor"]["ppc"] is None
    for name in ("one_factor", "bifactor"):
        sentence = next(reason for reason in said.reasons if f"rival {name} " in reason)
        assert ("wholly left-out teams" in sentence) == (name in rivals)
    assert any("predicts the answers" in reason and "one_factor" in reason for reason in said.reasons)
