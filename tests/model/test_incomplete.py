"""Missing answers under the exact engine, against the explicit one with its latents integrated out."""

from __future__ import annotations

import numpy as np
import pytest
from gaussian_specs import SPECS, survey_of
from integrated import Integrated, densities_of_data, machine_of, values_of
from pytensor.compile.mode import Mode

from coefficacy.errors import FitError
from coefficacy.model.marginal import build_marginal
from coefficacy.model.obstacles import is_sampled
from coefficacy.model.structure import Structure
from coefficacy.sampling.density import density_of

TAKEN = [name for name in SPECS if "members" not in name and "bifactor" not in name]
MISSING = 0.3


def point_of(built, seed=4):
    start, rng = built.model.initial_point(), np.random.default_rng(seed)
    point = {k: v + 0.4 * rng.normal(size=v.shape) for k, v in start.items()}
    return point, np.concatenate([np.ravel(point[v.name]) for v in built.model.value_vars])


def density_of_data(built, point) -> float:
    (total,) = built.model.replace_rvs_by_values([sum(densities_of_data(built.model))])
    mode = Mode(linker="py", optimizer=None)
    return float(built.model.compile_fn(total, mode=mode, on_unused_input="ignore")(point))


@pytest.mark.parametrize("name", TAKEN)
def test_equal_to_the_explicit_model_with_its_latents_integrated_out(name):
    """Density of all data, of teams one by one, and of their outcomes; teams with and without all answers."""
    spec, survey = survey_of(name, MISSING)
    built = build_marginal(spec, survey)
    assert "teams with missing answers" in built.reason
    point, x = point_of(built)
    draw = machine_of(built).variables(x[None, None])
    reference = Integrated(spec, survey, values_of(built, draw)).log_density
    assert density_of_data(built, point) == pytest.approx(reference, rel=1e-9)
    by_team = draw["team.answers_density"].values.sum()
    if built.recover.outcomes:
        by_team += draw["team.outcome_density"].values.sum()
    assert by_team == pytest.approx(reference, rel=1e-9)


@pytest.mark.parametrize("name", ["two constructs", "free loadings", "single items", "moderators of both"])
def test_gradients_of_the_tape(name):
    """Against central differences of its values."""
    built = build_marginal(*survey_of(name, MISSING))
    _, x = point_of(built)
    density = density_of(built.model, built.model.initial_point())
    _, gradient = density(x)
    steps = 1e-5 * np.eye(x.size)
    numeric = [(density(x + step)[0] - density(x - step)[0]) / 2e-5 for step in steps]
    np.testing.assert_allclose(gradient, numeric, rtol=1e-5, atol=1e-5 * np.abs(gradient).max())


@pytest.mark.parametrize("name", ["two constructs", "single items", "two outcomes", "moderators of both"])
def test_recovered_teams_have_the_mean_of_the_explicit_model(name):
    """Within 5 Monte Carlo standard errors of the least certain team."""
    spec, survey = survey_of(name, MISSING)
    built = build_marginal(spec, survey)
    _, x = point_of(built)
    many = machine_of(built).variables(np.tile(x, (1, 4000, 1)))
    reference = Integrated(spec, survey, values_of(built, many))
    latent = many["team.latent"].values[0]
    np.testing.assert_allclose(latent.mean(0), reference.latent, atol=5 * latent.std(0).max() / np.sqrt(4000))
    for y, expected in zip(("y", "z"), reference.predicted, strict=False):
        drawn = many[f"team.{y}.eta"].values[0]
        np.testing.assert_allclose(drawn.mean(0), expected, atol=5 * drawn.std(0).max() / np.sqrt(4000))


@pytest.mark.parametrize("team", [0, 3])
def test_density_of_outcomes_given_answers(team):
    """Of a team with missing answers, and of the one with all."""
    spec, survey = survey_of("two outcomes", MISSING)
    built = build_marginal(spec, survey)
    _, x = point_of(built)
    draw = machine_of(built).variables(x[None, None])
    values, fewer = values_of(built, draw), survey
    for y in ("y", "z"):
        column = np.asarray(survey.column("team", y).values, float).copy()
        column[team] = np.nan
        fewer = fewer.with_column("team", y, column)
    difference = Integrated(spec, survey, values).log_density - Integrated(spec, fewer, values).log_density
    assert draw["team.outcome_density"].values[0, 0, team] == pytest.approx(difference, rel=1e-9)


def test_data_without_some_outcomes_are_those_of_a_survey_without_them():
    spec, survey = survey_of("two outcomes", MISSING)
    built, teams = build_marginal(spec, survey), np.array([0, 3])
    data = {v.name: v.get_value() for v in built.model.data_vars}
    column = np.asarray(survey.column("team", "z").values, float).copy()
    column[teams] = np.nan
    other = build_marginal(spec, survey.with_column("team", "z", column))
    expected = {v.name: v.get_value() for v in other.model.data_vars}
    changed = built.recover.without_outcomes(data, teams, ("z",))
    assert any(name.startswith("incomplete") for name in changed)
    for name, value in (data | changed).items():
        np.testing.assert_allclose(value, expected[name], err_msg=name)


def test_random_slopes_and_intercepts_of_layers_are_given(monkeypatch):
    """Effects of layers are sampled where answers are missing; given the same, both engines agree."""

    def held(self, level, response, group, sigma):
        sd, slopes = self.group_sd(level, response, group, sigma)
        n = self.survey.levels[group.level].sizes[group.level]
        normal = np.random.default_rng(len(response + str(group))).normal(size=(n, 1 + len(slopes)))
        return 0.5 * sd * normal, slopes

    monkeypatch.setattr(Structure, "_group_effects", held)
    for name in ("layers", "moderated layers", "slopes of latents by layer"):
        spec, survey = survey_of(name, MISSING)
        built = build_marginal(spec, survey)
        point, x = point_of(built)
        values = values_of(built, machine_of(built).variables(x[None, None]))
        reference = Integrated(spec, survey, values).log_density
        assert density_of_data(built, point) == pytest.approx(reference, rel=1e-9)


def test_members_and_measures_that_are_not_gaussian_keep_their_scores():
    for name, sampled in (("members", True), ("two constructs", False)):
        spec, survey = survey_of(name, MISSING)
        assert all(is_sampled(spec, survey, m) == sampled for m in spec.measures)
        built = build_marginal(spec, survey)
        assert any(v.startswith("incomplete") for v in built.model.named_vars) != sampled


def test_complete_answers_cost_nothing():
    built = build_marginal(*survey_of("two constructs"))
    assert not any(v.startswith("incomplete") for v in built.model.named_vars)
    assert built.recover.incomplete is None


def test_jax_says_that_it_does_not_take_missing_answers():
    pytest.importorskip("jax", reason="the extra 'jax' is not installed")
    pytest.importorskip("numpyro", reason="the extra 'jax' is not installed")
    built = build_marginal(*survey_of("two constructs", MISSING))
    with pytest.raises(FitError, match="missing answers are not integrated out in JAX"):
        density_of(built.model, built.model.initial_point(), "jax")
