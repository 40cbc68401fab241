"""Every check: where it fires, where it stays silent, where it does not apply.

Draws are the truth itself, so that p-values of the silent cases are exact: below 0.01 in one of a hundred
data sets, and the data sets are fixed.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from gaussian_specs import survey_of
from known_model import N_LAYERS, N_TEAMS, SIZE, as_fit, changed, known, with_parameters

from coefficacy.checks import Check, predictive_checks
from coefficacy.checks.predictive import CHECKS
from coefficacy.sampling import Fit
from coefficacy.spec import loads
from coefficacy.survey import read_survey

CODES = [definition.code for definition in CHECKS]


def found(fit: Fit, code: str, replication: str = "new teams") -> Check:
    return predictive_checks(fit, replication=replication, seed=3).get(code)


def worst_of(check: Check) -> str:
    assert check.worst is not None
    return str(check.worst["entry"])


@pytest.mark.parametrize("replication", ["same teams", "new teams"])
def test_data_from_the_model_pass(replication):
    checks = predictive_checks(known().fit, replication=replication, seed=3)
    assert {check.status for check in checks if check.code != "outcome.calibration"} == {"passed"}
    assert all(check.p_value > 0.01 for check in checks if check.p_value is not None)


def test_p_values_are_not_extreme_over_many_data_sets():
    """Twenty worlds, five checks each: at most 5 below 0.05 each way around (binomial, P < 0.0003)."""
    p = np.array(
        [
            [check.p_value for check in predictive_checks(known(seed, 60).fit, draws=60) if check.p_value]
            for seed in range(20)
        ]
    )
    assert p.shape == (20, 10)
    assert ((p < 0.05).sum(axis=0) <= 5).all()
    assert ((p > 0.05).mean(axis=0) > 0.7).all()
    assert (np.abs(p.mean(axis=0) - 0.5) < 0.3).all()


# answers.categories -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("replication", ["same teams", "new teams"])
def test_answers_categories_fires_where_a_floor_is_inflated(replication):
    answers = known().tables["persons"]["b_1"].to_numpy().copy()
    answers[::3] = 1
    check = found(changed(known(), b_1=answers), "answers.categories", replication)
    assert check.status == "failed"
    assert worst_of(check) == "b_1: category 1"
    assert check.worst["observed"] > check.worst["q97_5"]


def test_answers_categories_counts_the_shares_of_the_data():
    check = found(known().fit, "answers.categories")
    shares = check.table.set_index("entry")["observed"]
    given = known().tables["persons"]["b_0"]
    assert shares["b_0: category 3"] == pytest.approx((given == 3).mean())
    assert shares.filter(like="b_0").sum() == pytest.approx(1)


# answers.agreement ------------------------------------------------------------------------------------------


def test_answers_agreement_fires_where_some_teams_speak_with_one_voice():
    persons = known().tables["persons"]
    first = np.arange(len(persons)) // SIZE * SIZE
    united = persons["team_id"] % 4 == 0
    columns = {
        name: persons[name].where(~united, persons[name].to_numpy()[first]) for name in ("b_0", "b_1", "b_2")
    }
    check = found(changed(known(), **columns), "answers.agreement")
    assert check.status == "failed"
    assert worst_of(check) == "belief: SD of it between teams"


def test_answers_agreement_is_the_variance_that_rwg_rests_on():
    table = found(known().fit, "answers.agreement").table.set_index("entry")["observed"]
    by_team = known().tables["persons"].groupby("team_id")[["b_0", "b_1", "b_2"]]
    sd = np.sqrt(by_team.var(ddof=1).mean(axis=1))
    assert table["belief: mean SD within teams"] == pytest.approx(sd.mean())
    assert table["belief: SD of it between teams"] == pytest.approx(sd.std(ddof=0))


# between.teams ----------------------------------------------------------------------------------------------


def test_between_teams_fires_where_teams_differ_more_than_the_model_allows():
    shift = np.repeat(np.random.default_rng(1).normal(0, 1.0, N_TEAMS), SIZE)
    persons = known().tables["persons"]
    columns = {name: persons[name] + shift for name in ("s_0", "s_1")}
    check = found(changed(known(), **columns), "between.teams")
    assert check.status == "failed"
    assert worst_of(check) == "skill"


def test_between_teams_fires_where_an_outcome_varies_too_little():
    outcome = 0.3 * known().tables["teams"]["y"]
    assert worst_of(found(changed(known(), "teams", y=outcome), "between.teams")) == "y"
    assert found(changed(known(), "teams", y=outcome), "between.teams").status == "failed"


# between.items ----------------------------------------------------------------------------------------------


def test_between_items_fires_where_item_residuals_are_fixed_to_zero_and_exist():
    shift = np.repeat(np.random.default_rng(2).normal(0, 0.6, N_TEAMS), SIZE)
    data = changed(known(), s_0=known().tables["persons"]["s_0"] + shift)
    spec = loads(_without_item_residuals())
    check = found(replace(data, spec=spec), "between.items")
    assert check.status == "failed"
    assert worst_of(check).startswith("s_")
    assert check.side == "larger"


def test_between_items_does_not_mind_items_that_differ_less():
    fit = with_parameters(known(), **{"skill.item_sd": 2.0})
    assert found(fit, "between.items").status == "passed"


def _without_item_residuals() -> str:
    from known_model import TEXT

    return TEXT.replace('items = ["s_*"]', 'items = ["s_*"]\nitem_residuals = false')


# between.layers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("replication", ["same teams", "new teams"])
def test_between_layers_fires_where_layers_lie_apart(replication):
    teams = known().tables["teams"]
    apart = teams["y"] + 4.0 * (teams["layer"] == N_LAYERS - 1)
    check = found(changed(known(), "teams", y=apart), "between.layers", replication)
    assert check.status == "failed"
    assert worst_of(check) == "y: layer"


# outcome.calibration ----------------------------------------------------------------------------------------


def exact(outcome: np.ndarray, seed: int = 4) -> Fit:
    """Draws of an exact engine that predicts N(0, 1) for every team, up to the noise of draws."""
    rng, source = np.random.default_rng(seed), known()
    fit = changed(source, "teams", y=outcome)
    mean = rng.normal(0, 0.1, (2, 100, N_TEAMS))
    sd = np.ones((2, 100, N_TEAMS))
    density = -0.5 * (np.asarray(outcome) - mean) ** 2 - 0.5 * np.log(2 * np.pi)
    dims = ("chain", "draw", "team")
    added = {"team.y.predicted": mean, "team.y.predicted_sd": sd, "team.outcome_density": density}
    posterior = fit.posterior.assign({name: (dims, value) for name, value in added.items()})
    return as_fit(fit.spec, fit.survey, posterior, engine="marginal")


def test_outcome_calibration_stays_silent_where_outcomes_are_as_predicted():
    outcome = np.random.default_rng(5).normal(size=N_TEAMS)
    check = found(exact(outcome), "outcome.calibration")
    assert check.status == "passed"
    assert check.replication == "left-out teams"


@pytest.mark.parametrize("kind", ["bimodal", "heavy tails", "too narrow"])
def test_outcome_calibration_fires(kind):
    rng = np.random.default_rng(6)
    outcome = {
        "bimodal": rng.choice([-1.0, 1.0], N_TEAMS) + rng.normal(0, 0.15, N_TEAMS),
        "heavy tails": 1.5 * rng.standard_t(1, N_TEAMS),
        "too narrow": rng.normal(0, 0.4, N_TEAMS),
    }[kind]
    check = found(exact(outcome), "outcome.calibration")
    assert check.status == "failed"
    assert len(check.table) == 2


# What does not apply ----------------------------------------------------------------------------------------


def one_level() -> Fit:
    text = '[levels]\nperson = "person_id"\n[measures.skill]\nitems = ["s_*"]\n[person]\nskill = "x"\n'
    spec, persons = loads(text), known().tables["persons"]
    survey = read_survey(spec, persons=persons)
    rng = np.random.default_rng(7)
    draws = ("chain", "draw")
    posterior = xr.Dataset(
        {
            "person.latent": ((*draws, "person", "person.name"), rng.normal(size=(2, 20, len(persons), 1))),
            "skill.loading": ((*draws, "item"), np.ones((2, 20, 2))),
            "skill.intercept": ((*draws, "item"), np.zeros((2, 20, 2))),
            "skill.residual_sd": ((*draws, "item"), np.ones((2, 20, 2))),
            "person.skill": ((*draws, "term"), np.ones((2, 20, 1))),
        },
        coords={"person.name": ["skill"]},
    )
    return as_fit(spec, survey, posterior)


REASONS = {
    "answers.categories": "no item has categories",
    "answers.agreement": "nobody is in a team",
    "between.teams": "nobody is in a team",
    "between.items": "nobody is in a team",
    "between.layers": "no level above persons",
    "outcome.calibration": "the model has no outcome",
}


@pytest.mark.parametrize("code", CODES)
def test_it_does_not_apply_and_says_why(code):
    check = found(one_level(), code)
    assert check.status == "not applicable"
    assert REASONS[code] in check.reason
    assert check.p_value is None
    assert check.table.empty


def test_calibration_does_not_apply_to_an_engine_without_closed_form():
    check = found(known().fit, "outcome.calibration")
    assert check.status == "not applicable"
    assert "engine 'explicit'" in check.reason


def test_values_of_specific_factors_are_not_kept():
    spec, survey = survey_of("bifactor, one set without")
    checks = predictive_checks(as_fit(spec, survey, known().fit.posterior))
    assert {check.status for check in checks} == {"not applicable"}
    assert "g has specific factors" in checks.get(CODES[0], "same teams").reason


def test_draws_that_lack_a_parameter_are_no_error():
    posterior = known().fit.posterior.drop_vars("belief.loading")
    checks = predictive_checks(as_fit(known().fit.spec, known().fit.survey, posterior))
    assert {check.status for check in checks} == {"not applicable"}
    assert "no draws of belief.loading" in checks.get("answers.categories").reason
