"""The flagship world has the truth that it says it has.

Recovered numbers come from one world of 4,000 teams; a tolerance is four standard errors of the estimate.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coefficacy.errors import CoefficacyError
from coefficacy.spec import loads
from coefficacy.worlds import World, simulate_adaptation

TEAMS = 4000
CE, SE, COMPETENCE = "collective_efficacy", "self_efficacy", "competence"


@pytest.fixture(scope="module")
def ordinal() -> World:
    return simulate_adaptation(seed=7, n_teams=TEAMS)


@pytest.fixture(scope="module")
def null() -> World:
    return simulate_adaptation(seed=7, n_teams=TEAMS, null=True)


@pytest.fixture(scope="module")
def gaussian() -> World:
    return simulate_adaptation(seed=8, n_teams=TEAMS, family="gaussian")


def latents(world: World, level: str) -> dict[str, np.ndarray]:
    return {name: np.array(values) for name, values in world.truth["latents"][level].items()}


def within_layers(world: World, values: Any) -> np.ndarray:
    series = pd.Series(np.asarray(values, float))
    return (series - series.groupby(world.tables["teams"]["layer"].to_numpy()).transform("mean")).to_numpy()


def regress(y: np.ndarray, columns: dict[str, np.ndarray]) -> tuple[dict[str, tuple[float, float]], float]:
    """Coefficients with standard errors, and the residual SD; everything is centred beforehand."""
    x = np.stack(list(columns.values()), axis=1)
    b, *_ = np.linalg.lstsq(x, y, rcond=None)
    residual = y - x @ b
    sd = math.sqrt(residual @ residual / (len(y) - x.shape[1]))
    se = sd * np.sqrt(np.diag(np.linalg.inv(x.T @ x)))
    return {name: (float(v), float(s)) for name, v, s in zip(columns, b, se)}, sd


def team_predictors(world: World, names: list[str]) -> dict[str, np.ndarray]:
    known = {
        **{k: world.tables["teams"][k] for k in ("shared_mastery", "prior_performance")},
        **latents(world, "team"),
    }
    return {name: within_layers(world, known[name]) for name in names}


def assert_recovered(found: dict[str, tuple[float, float]], world: World, response: str) -> None:
    for name, (estimate, se) in found.items():
        assert abs(estimate - world.truth["parameters"][f"{response}[{name}]"]) < 4 * se, name


@pytest.mark.calibration
@pytest.mark.parametrize("kind", ["ordinal", "gaussian", "null"])
def test_adaptation_follows_the_planted_equation(kind: str, request: pytest.FixtureRequest) -> None:
    world: World = request.getfixturevalue(kind)
    y = within_layers(world, world.tables["teams"]["adaptation"])
    found, sd = regress(y, team_predictors(world, [CE, SE, COMPETENCE, "prior_performance"]))
    assert_recovered(found, world, "team.adaptation")
    assert sd == pytest.approx(world.truth["parameters"]["sd(team.adaptation)"], rel=4 / math.sqrt(2 * TEAMS))
    assert found[CE][1] < 0.05


@pytest.mark.calibration
def test_collective_efficacy_follows_its_equation_at_both_levels(ordinal: World) -> None:
    names = ["shared_mastery", SE, COMPETENCE, "prior_performance"]
    team = latents(ordinal, "team")
    found, sd = regress(within_layers(ordinal, team[CE]), team_predictors(ordinal, names))
    assert_recovered(found, ordinal, f"team.{CE}")
    assert sd == pytest.approx(ordinal.truth["parameters"][f"sd(team.{CE})"], rel=4 / math.sqrt(2 * TEAMS))

    person, index = latents(ordinal, "person"), team_index(ordinal)
    w = {name: person[name] - team[name][index] for name in (CE, SE)}
    found, sd = regress(w[CE], {SE: w[SE]})
    assert_recovered(found, ordinal, f"person.{CE}")
    assert sd == pytest.approx(1.0, rel=4 / math.sqrt(2 * len(index)))


def team_index(world: World) -> np.ndarray:
    ids = {name: k for k, name in enumerate(world.tables["teams"]["team_id"])}
    return world.tables["persons"]["team_id"].map(ids).to_numpy()


@pytest.mark.calibration
def test_correlations_and_spreads_between_and_within_teams(ordinal: World) -> None:
    truth, index = ordinal.truth["parameters"], team_index(ordinal)
    person = latents(ordinal, "person")
    counts = np.bincount(index)
    mean = {name: np.bincount(index, weights=person[name]) / counts for name in person}
    deviation = {name: person[name] - mean[name][index] for name in person}
    residual = deviation[CE] - 0.4 * deviation[SE]
    error = 4 / math.sqrt(len(index) - TEAMS)
    for a, b, key in ((residual, deviation[COMPETENCE], CE), (deviation[SE], deviation[COMPETENCE], SE)):
        assert np.corrcoef(a, b)[0, 1] == pytest.approx(truth[f"cor(person)[{key}, {COMPETENCE}]"], abs=error)
    team = latents(ordinal, "team")
    sampling = np.mean(1 / counts)
    population_variance = team[COMPETENCE].var() - sampling
    error = 4 / math.sqrt(2 * TEAMS)
    assert team[SE].std() == pytest.approx(truth[f"sd(team.{SE})"], rel=error)
    assert population_variance == pytest.approx(truth[f"sd(team.{COMPETENCE})"] ** 2, rel=4 * error)
    covariance = (
        truth[f"cor(team)[{SE}, {COMPETENCE}]"] * truth[f"sd(team.{SE})"] * truth[f"sd(team.{COMPETENCE})"]
    )
    assert np.cov(team[SE], team[COMPETENCE])[0, 1] == pytest.approx(covariance, abs=0.025)
    np.testing.assert_allclose(mean[COMPETENCE], team[COMPETENCE], atol=1e-3)


@pytest.mark.parametrize("effect", [0.3, 0.0, -0.25, 0.45])
@pytest.mark.parametrize("family", ["ordinal", "gaussian"])
def test_the_standardised_effect_is_exact(effect: float, family: str) -> None:
    truth = simulate_adaptation(seed=3, n_teams=40, effect=effect, family=family).truth
    raw = truth["parameters"][f"team.adaptation[{CE}]"]
    assert raw * truth["sd"][f"team.{CE}"] / truth["sd"]["team.adaptation"] == pytest.approx(
        effect, abs=1e-14
    )
    assert truth["effect"] == {"name": f"team.adaptation ~ {CE}", "raw": raw, "standardised": effect}
    assert truth["standardised"][f"team.adaptation[{CE}]"] == effect


@pytest.mark.calibration
def test_the_sds_behind_the_standardised_effect_are_those_of_the_teams(ordinal: World) -> None:
    error = 4 / math.sqrt(2 * TEAMS)
    sd = ordinal.truth["sd"]
    for name, values in latents(ordinal, "team").items():
        assert within_layers(ordinal, values).std() == pytest.approx(sd[f"team.{name}"], rel=error)
    y = within_layers(ordinal, ordinal.tables["teams"]["adaptation"])
    assert y.std() == pytest.approx(sd["team.adaptation"], rel=error)


@pytest.mark.calibration
def test_a_null_world_has_no_effect_but_the_correlation_stays(null: World, ordinal: World) -> None:
    assert null.truth["effect"]["raw"] == 0.0
    assert null.truth["options"]["effect"] == 0.0
    u, y = latents(null, "team")[CE], null.tables["teams"]["adaptation"]
    assert np.corrcoef(within_layers(null, u), within_layers(null, y))[0, 1] > 0.25
    pd.testing.assert_frame_equal(null.tables["persons"], ordinal.tables["persons"])
    others = {k: v for k, v in null.truth["standardised"].items() if CE not in k.partition("[")[2]}
    assert others.items() <= ordinal.truth["standardised"].items()


@pytest.mark.calibration
def test_the_driver_matters_and_is_independent_of_what_the_model_knows(ordinal: World) -> None:
    driver = np.array(ordinal.truth["unmodelled"]["driver"])
    y = ordinal.tables["teams"]["adaptation"]
    error = 4 / math.sqrt(TEAMS)
    assert np.corrcoef(driver, within_layers(ordinal, y))[0, 1] == pytest.approx(0.4, abs=error)
    for name, values in latents(ordinal, "team").items():
        assert abs(np.corrcoef(driver, values)[0, 1]) < error, name


def test_every_category_is_used(ordinal: World) -> None:
    items = ordinal.tables["persons"].filter(regex="^(se|ce)_")
    assert items.shape[1] == 10
    for item in items:
        share = items[item].value_counts(normalize=True).reindex(range(1, 6), fill_value=0.0)
        assert share.between(0.03, 0.60).all(), (item, share.to_dict())


@pytest.mark.calibration
@pytest.mark.parametrize("measure", [CE, SE])
def test_ordinal_answers_follow_loadings_thresholds_and_item_residuals(ordinal: World, measure: str) -> None:
    """Share of answers up to each cut, apart for people low and high on the latent, against the model's."""
    truth = ordinal.truth["parameters"]
    eta = latents(ordinal, "person")[measure]
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    weights = weights / weights.sum()
    prefix = "ce" if measure == CE else "se"
    for item in [f"{prefix}_{k}" for k in range(1, 6)]:
        y = ordinal.tables["persons"][item].to_numpy()
        loading, tau = truth[f"{measure}.loading[{item}]"], truth[f"{measure}.item_sd[{item}]"]
        assert 1 < loading < 2
        for low in (True, False):
            some = (eta < np.median(eta)) == low
            for k in range(1, 5):
                cut = truth[f"{measure}.threshold[{item}, {k}|{k + 1}]"]
                linear = loading * eta[some, None] + tau * nodes
                expected = float((1 / (1 + np.exp(linear - cut)) @ weights).mean())
                assert (y[some] <= k).mean() == pytest.approx(expected, abs=0.02), (item, k)


@pytest.mark.calibration
def test_gaussian_answers_follow_intercepts_loadings_and_residuals(gaussian: World) -> None:
    truth, index = gaussian.truth["parameters"], team_index(gaussian)
    counts = np.bincount(index)
    person = latents(gaussian, "person")
    for measure, prefix, k in ((CE, "ce", 5), (SE, "se", 5), (COMPETENCE, "skill", 3)):
        for item in [f"{prefix}_{i}" for i in range(1, k + 1)]:
            y = gaussian.tables["persons"][item].to_numpy()
            slope, intercept = np.polyfit(person[measure], y, 1)
            assert slope == pytest.approx(truth[f"{measure}.loading[{item}]"], rel=0.03)
            assert intercept == pytest.approx(truth[f"{measure}.intercept[{item}]"], abs=0.03)
            residual = (
                y
                - truth[f"{measure}.intercept[{item}]"]
                - truth[f"{measure}.loading[{item}]"] * person[measure]
            )
            mean = np.bincount(index, weights=residual) / counts
            noise = np.sum((residual - mean[index]) ** 2) / (len(y) - TEAMS)
            assert math.sqrt(noise) == pytest.approx(truth[f"{measure}.residual_sd[{item}]"], rel=0.03)
            tau = math.sqrt(max(mean.var() - noise * np.mean(1 / counts), 0))
            assert tau == pytest.approx(truth[f"{measure}.item_sd[{item}]"], rel=0.15)


def test_more_reliable_items_load_more() -> None:
    def mean_loading(reliability: float) -> float:
        truth = simulate_adaptation(seed=1, n_teams=8, item_reliability=reliability).truth["parameters"]
        return float(np.mean([v for k, v in truth.items() if k.startswith(f"{CE}.loading")]))

    assert mean_loading(0.6) == pytest.approx(mean_loading(0.3) * math.sqrt((0.6 / 0.4) / (0.3 / 0.7)))


def test_the_seed_makes_the_world() -> None:
    one, again, other = (simulate_adaptation(seed=seed, n_teams=20) for seed in (5, 5, 6))
    for name, table in one.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])
    assert one.truth == again.truth
    assert not one.tables["persons"].equals(other.tables["persons"])
    assert not one.tables["teams"].equals(other.tables["teams"])


def test_tables_fit_each_other_and_the_options() -> None:
    world = simulate_adaptation(seed=2, n_teams=31, layers=3, team_size=(3, 15), n_items=4)
    persons, teams, layers = (world.tables[name] for name in ("persons", "teams", "layers"))
    sizes = persons.groupby("team_id").size()
    assert sizes.between(3, 15).all()
    assert sizes.nunique() > 3
    assert set(persons["team_id"]) == set(teams["team_id"])
    assert list(layers["layer"]) == ["engineering_1", "operational_1", "engineering_2"]
    assert teams["layer"].value_counts().between(10, 11).all()
    assert persons["person_id"].is_unique
    assert len([c for c in persons if c.startswith("ce_")]) == 4
    assert (layers["discretion"] > layers["measurement"]).tolist() == [True, False, True]
    assert world.truth["n"] == {"person": len(persons), "team": 31, "layer": 3}
    fixed = simulate_adaptation(seed=2, n_teams=5, team_size=6)
    assert fixed.tables["persons"].groupby("team_id").size().tolist() == [6] * 5


def test_missing_answers_are_few_or_many_as_asked() -> None:
    world = simulate_adaptation(seed=2, n_teams=400, missing=0.1)
    answers = world.tables["persons"].filter(regex="^(se|ce|skill)_")
    n = answers.size
    assert answers.isna().to_numpy().mean() == pytest.approx(0.1, abs=4 * math.sqrt(0.1 * 0.9 / n))
    whole = simulate_adaptation(seed=2, n_teams=400).tables["persons"]
    assert not whole.isna().to_numpy().any()
    kept = answers["ce_1"].notna()
    assert (answers.loc[kept, "ce_1"] == whole.loc[kept, "ce_1"]).all()


@pytest.mark.parametrize("family", ["ordinal", "gaussian"])
def test_the_model_file_fits_the_tables(family: str) -> None:
    world = simulate_adaptation(seed=2, n_teams=12, family=family)
    spec = loads(world.spec_text)
    assert spec.claim == "C4"
    assert spec.question is not None
    assert spec.question.effect == world.truth["effect"]["name"]
    found = {measure.name: measure.family for measure in spec.measures}
    assert found == {CE: family, SE: family, COMPETENCE: "gaussian"}
    for level, table in zip(spec.levels, ("persons", "teams", "layers")):
        assert set(level.key) <= set(world.tables[table].columns)
    (equation,) = [r for r in spec.regressions if r.response == "adaptation"]
    planted = {k for k in world.truth["parameters"] if k.startswith("team.adaptation[")}
    assert {f"team.adaptation[{term}]" for term in equation.formula.terms} == planted


def test_the_truth_is_plain_json(ordinal: World) -> None:
    assert json.loads(json.dumps(ordinal.truth, allow_nan=False)) == ordinal.truth


def test_all_impossible_options_are_named_together() -> None:
    with pytest.raises(CoefficacyError) as caught:
        simulate_adaptation(
            seed=-1, n_teams=2, team_size=(4, 3), layers=1, effect=1.5, family="ordnal", item_reliability=1.0,
            missing=1.0, n_items=1, item_sd=float("nan"),
        )  # fmt: skip
    message = str(caught.value)
    for name in (
        "seed",
        "team_size",
        "layers",
        "effect",
        "family",
        "item_reliability",
        "missing",
        "n_items",
        "item_sd",
    ):
        assert f"simulate C4: {name}: " in message
    assert "Did you mean 'ordinal'?" in message
    assert len(caught.value.problems) == 9


def test_effects_that_explain_more_than_everything_are_refused() -> None:
    with pytest.raises(
        CoefficacyError, match=r"would explain \d+% of the variance of adaptation. Make them smaller."
    ):
        simulate_adaptation(seed=1, effect=0.8)
