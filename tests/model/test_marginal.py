"""The exact engine against the explicit one with its latents integrated out.

Given the parameters, a linear-gaussian model is quadratic in its standard variables: their integral is known
from the gradient and the Hessian, to machine precision.
"""

from __future__ import annotations

import re

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
from gaussian_specs import LEVELS, SPECS, A, B, survey_of
from integrated import Integrated, densities_of_data, interpreted, machine_of, values_of
from pytensor.compile.mode import Mode

from coefficacy.errors import FitError
from coefficacy.model.explicit import build_explicit
from coefficacy.model.marginal import build_marginal
from coefficacy.model.obstacles import why_not_marginal
from coefficacy.model.structure import Structure
from coefficacy.sampling.density import density_of
from coefficacy.spec import loads


@pytest.mark.parametrize("name", SPECS)
def test_equal_to_the_explicit_model_with_its_latents_integrated_out(name):
    spec, survey = survey_of(name)
    built = build_marginal(spec, survey)
    model, rng = built.model, np.random.default_rng(4)
    densities = densities_of_data(model)
    function = model.compile_fn(
        model.replace_rvs_by_values([sum(densities)]),
        mode=Mode(linker="py", optimizer=None),
        on_unused_input="ignore",
    )
    start = model.initial_point()
    for _ in range(2):
        point = {k: v + 0.4 * rng.normal(size=v.shape) for k, v in start.items()}
        x = np.concatenate([np.ravel(point[v.name]) for v in model.value_vars])
        silent = machine_of(built)
        draw = silent.variables(x[None, None])
        values = values_of(built, draw)
        reference = Integrated(spec, survey, values)
        assert function(point)[0] == pytest.approx(reference.log_density, rel=1e-9)


def common_integrated(built, point, values) -> float:
    """The density of all data, with the mean of layers' effects integrated out at given intercepts."""
    model, n = built.model, built.model["standard.common"].type.shape[0] or 2
    densities = densities_of_data(model)
    intercepts = {model[k]: pt.as_tensor(v) for k, v in values.items() if k.endswith("intercept")}
    others = {v: pt.as_tensor(point[v.name]) for v in model.value_vars if v.name != "standard.common"}
    common = model.rvs_to_values[model["standard.common"]]
    (total,) = pytensor.graph.replace.graph_replace([sum(densities)], intercepts, strict=False)
    (total,) = model.replace_rvs_by_values([total])
    (total,) = pytensor.graph.replace.graph_replace([total], others, strict=False)
    function = interpreted([common], [total, pytensor.grad(total, common)])
    value, gradient = function(np.zeros(n))
    precision = -np.array([function(row)[1] - gradient for row in np.eye(n)])
    _, log_det = np.linalg.slogdet(precision)
    return (
        value
        + 0.5 * gradient @ np.linalg.solve(precision, gradient)
        + 0.5 * (n * np.log(2 * np.pi) - log_det)
    )


@pytest.mark.parametrize(
    "name", ["layers", "layers, free loadings", "moderated layers", "bifactor in layers"]
)
def test_layers_are_integrated_out(name):
    """By the kernel given the mean of their effects; here over that mean, too."""
    spec, survey = survey_of(name)
    built, rng = build_marginal(spec, survey), np.random.default_rng(4)
    assert "standard.common" in built.model.named_vars
    start = built.model.initial_point()
    point = {k: v + 0.4 * rng.normal(size=v.shape) for k, v in start.items()}
    x = np.concatenate([np.ravel(point[v.name]) for v in built.model.value_vars])
    values = values_of(built, machine_of(built).variables(x[None, None]))
    n = point["standard.common"].size
    found = common_integrated(built, point, values) - 0.5 * n * np.log(len(survey.levels["layer"]["layer"]))
    assert found == pytest.approx(Integrated(spec, survey, values).log_density, rel=1e-9)


def test_layers_with_slopes_stay_parameters():
    spec, survey = survey_of("slopes by layer")
    built = build_marginal(spec, survey)
    assert "standard.common" not in built.model.named_vars
    start, rng = built.model.initial_point(), np.random.default_rng(4)
    point = {k: v + 0.4 * rng.normal(size=v.shape) for k, v in start.items()}
    x = np.concatenate([np.ravel(point[v.name]) for v in built.model.value_vars])
    draw = machine_of(built).variables(x[None, None])
    assert draw["cor(team.a | layer)"].shape == (1, 1, 2, 2)
    (density,) = built.model.replace_rvs_by_values([sum(densities_of_data(built.model))])
    mode = Mode(linker="py", optimizer=None)
    found = built.model.compile_fn(density, mode=mode, on_unused_input="ignore")(point)
    assert np.isfinite(found)


def test_slopes_of_latents_at_given_effects(monkeypatch):
    """Both engines take the same effects of layers; given these the explicit model is quadratic."""

    def held(self, level, response, group, sigma):
        sd, slopes = self.group_sd(level, response, group, sigma)
        n = self.survey.levels[group.level].sizes[group.level]
        normal = np.random.default_rng(len(response + str(group))).normal(size=(n, 1 + len(slopes)))
        return 0.5 * sd * normal, slopes

    monkeypatch.setattr(Structure, "_group_effects", held)
    spec, survey = survey_of("slopes of latents by layer")
    built, rng = build_marginal(spec, survey), np.random.default_rng(4)
    start = built.model.initial_point()
    point = {k: v + 0.4 * rng.normal(size=v.shape) for k, v in start.items()}
    (density,) = built.model.replace_rvs_by_values([sum(densities_of_data(built.model))])
    mode = Mode(linker="py", optimizer=None)
    found = built.model.compile_fn(density, mode=mode, on_unused_input="ignore")(point)
    x = np.concatenate([np.ravel(point[v.name]) for v in built.model.value_vars])
    many = machine_of(built).variables(np.tile(x, (1, 4000, 1)))
    reference = Integrated(spec, survey, values_of(built, many))
    assert found == pytest.approx(reference.log_density, rel=1e-9)
    latent = many["team.latent"].values[0]
    np.testing.assert_allclose(latent.mean(0), reference.latent, atol=5 * latent.std(0).max() / np.sqrt(4000))


@pytest.mark.parametrize("name", ["a moderated latent", "slopes of latents by layer", "moderated layers"])
def test_gradients_of_moderated_models(name):
    """Of the tape, against central differences of its values."""
    built = build_marginal(*survey_of(name))
    start, rng = built.model.initial_point(), np.random.default_rng(4)
    density = density_of(built.model, start)
    x = np.concatenate([np.ravel(v) for v in start.values()])
    x = x + 0.3 * rng.normal(size=x.size)
    _, gradient = density(x)
    steps = 1e-5 * np.eye(x.size)
    numeric = [(density(x + step)[0] - density(x - step)[0]) / 2e-5 for step in steps]
    np.testing.assert_allclose(gradient, numeric, rtol=1e-5, atol=1e-5 * np.abs(gradient).max())


RECOVERED = ["two constructs", "members", "free loadings", "two outcomes", "moderators of both"]
RECOVERED += ["moderated members", "bifactor", "bifactor of two"]


@pytest.mark.parametrize("name", RECOVERED)
def test_recovered_teams_have_the_mean_of_the_explicit_model(name):
    spec, survey = survey_of(name)
    built = build_marginal(spec, survey)
    start, rng = built.model.initial_point(), np.random.default_rng(4)
    x = np.concatenate(
        [np.ravel(start[v.name]) + 0.3 * rng.normal(size=start[v.name].shape) for v in built.model.value_vars]
    )
    many = machine_of(built).variables(np.tile(x, (1, 4000, 1)))
    values = values_of(built, many)
    reference = Integrated(spec, survey, values)
    latent = many["team.latent"].values[0]
    np.testing.assert_allclose(latent.mean(0), reference.latent, atol=5 * latent.std(0).max() / np.sqrt(4000))
    for y, expected in zip(("y", "z"), reference.predicted, strict=False):
        drawn = many[f"team.{y}.eta"].values[0]
        np.testing.assert_allclose(drawn.mean(0), expected, atol=5 * drawn.std(0).max() / np.sqrt(4000))


@pytest.mark.parametrize("name", ["two constructs", "two outcomes", "moderated members"])
def test_density_of_outcomes_given_answers(name):
    """log p(outcomes | answers) of a team is what its outcomes add to the density of all data."""
    spec, survey = survey_of(name)
    built = build_marginal(spec, survey)
    start = built.model.initial_point()
    x = np.concatenate([np.ravel(start[v.name]) for v in built.model.value_vars])
    draw = machine_of(built).variables(x[None, None])
    values = values_of(built, draw)
    team, outcomes = 3, ["y", "z"] if name == "two outcomes" else ["y"]
    fewer = survey
    for y in outcomes:
        column = np.asarray(survey.column("team", y).values, float).copy()
        column[team] = np.nan
        fewer = fewer.with_column("team", y, column)
    difference = Integrated(spec, survey, values).log_density - Integrated(spec, fewer, values).log_density
    found = draw["team.outcome_density"].values[0, 0, team]
    assert found == pytest.approx(difference, rel=1e-9)


@pytest.mark.parametrize("name", [n for n in SPECS if n != "no outcome"])
def test_densities_of_teams_add_up_to_that_of_all_data(name):
    """Answers of a team, and its outcomes given these; without layers teams are independent."""
    spec, survey = survey_of(name)
    built, rng = build_marginal(spec, survey), np.random.default_rng(4)
    start = built.model.initial_point()
    x = [np.ravel(start[v.name]) + 0.4 * rng.normal(size=start[v.name].size) for v in built.model.value_vars]
    draw = machine_of(built).variables(np.concatenate(x)[None, None])
    found = draw["team.answers_density"].values.sum() + draw["team.outcome_density"].values.sum()
    reference = Integrated(spec, survey, values_of(built, draw))
    assert found == pytest.approx(reference.log_density, rel=1e-9)


@pytest.mark.parametrize("names", [("y",), ("z",), ("y", "z")])
def test_data_without_some_outcomes_are_those_of_a_survey_without_them(names):
    spec, survey = survey_of("two outcomes")
    built, fewer = build_marginal(spec, survey), survey
    data = {v.name: v.get_value() for v in built.model.data_vars}
    teams = np.array([0, 3])
    for name in names:
        column = np.asarray(survey.column("team", name).values, float).copy()
        column[teams] = np.nan
        fewer = fewer.with_column("team", name, column)
    expected = {v.name: v.get_value() for v in build_marginal(spec, fewer).model.data_vars}
    for name, value in (data | built.recover.without_outcomes(data, teams, names)).items():
        np.testing.assert_allclose(value, expected[name], err_msg=name)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (A + '[team]\ny = "a"\n[families]\ny = "bernoulli"\n', "y is not gaussian"),
        (A + B + '[team]\ny = "a * b"\n', "multiplies a latent by another (a:b)"),
        (A + B + '[person]\na = "b * x"\n[team]\ny = "a"\n', "multiplies a latent of persons (b:x)"),
    ],
)
def test_where_it_does_not_apply_it_says_why(text, words):
    _, survey = survey_of("two constructs")
    spec = loads(LEVELS + text)
    assert words in why_not_marginal(spec, survey)
    with pytest.raises(FitError, match=re.escape(words)):
        build_marginal(spec, survey)


def test_data_cannot_be_drawn_from_densities_of_data():
    from coefficacy.sampling import prior_predictive

    spec, survey = survey_of("two constructs")
    with pytest.raises(FitError, match="engine='explicit': the priors are the same"):
        prior_predictive(build_marginal(spec, survey))


class Effects:
    """Coefficients of both engines at the same coefficients per SD of the predictor."""

    def __init__(self, spec, survey, point):
        marginal, explicit = build_marginal(spec, survey), build_explicit(spec, survey).model
        x = np.concatenate([np.ravel(point[v.name]) for v in marginal.model.value_vars])
        draw = machine_of(marginal).variables(x[None, None])
        self.names = [n for n in draw if n.startswith("team.") and n.endswith(".std")]
        given = {explicit[k]: pt.as_tensor(v) for k, v in values_of(marginal, draw).items()}
        free, priors = point["team.standard.effect"], []
        for name in (n.removesuffix(".std") for n in self.names):
            sigma = draw[f"sd({name})"].values[0, 0] if name.split(".")[1] in ("a", "b") else 1.0
            of_y, free = np.split(free, [draw.sizes[f"{name}.term"]])
            scaled = explicit[f"{name}.scaled"]
            del given[explicit[name]]
            given[scaled] = pt.as_tensor(of_y * sigma)
            priors.append(pm.logp(scaled, given[scaled]).sum() + of_y.size * np.log(sigma))
        wanted = [explicit[n] for std in self.names for n in (std, std.removesuffix(".std"))]
        replaced = pytensor.graph.replace.graph_replace([sum(priors), *wanted], given, strict=False)
        prior, *self.expected = interpreted([], replaced)()
        self.found = [draw[v.name].values[0, 0] for v in wanted]
        (own,) = [p for p in marginal.model.potentials if p.name == "team.effects"]
        (own,) = marginal.model.replace_rvs_by_values([own])
        values = {v: pt.as_tensor(point[v.name]) for v in marginal.model.value_vars}
        (own,) = pytensor.graph.replace.graph_replace([own], values, strict=False)
        self.difference = interpreted([], [own])()[0] - prior


@pytest.mark.parametrize("name", ["moderators of both", "moderated members", "moderated, raw priors"])
def test_effects_of_products_are_standardised_and_weighed_as_in_the_explicit_model(name):
    spec, survey = survey_of(name)
    rng, start = np.random.default_rng(4), build_marginal(spec, survey).model.initial_point()
    point = {k: v + 0.4 * rng.normal(size=v.shape) for k, v in start.items()}
    differences = []
    for _ in range(2):
        point["team.standard.effect"] = 0.2 * rng.normal(size=start["team.standard.effect"].shape)
        effects = Effects(spec, survey, point)
        assert len(effects.names) > 1
        for one, other in zip(effects.found, effects.expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9)
        differences.append(effects.difference)
    assert differences[0] == pytest.approx(differences[1], abs=1e-9)
