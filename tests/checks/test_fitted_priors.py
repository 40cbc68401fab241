"""Priors as they stood in a fit.

Draws of a model's prior, made by PyMC, are handed in as if they were a posterior: of parameters whose prior
is normal, half-normal or log-normal, minus twice the log density is then chi-squared with as many degrees of
freedom as there are entries. It is not where a location or width differs from that of the model.
"""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from scipy import stats

from coefficacy.checks import fitted_priors
from coefficacy.checks.prior_density import log_density
from coefficacy.model import build
from coefficacy.sampling import Convergence, Fit
from coefficacy.spec import loads, parse_prior
from coefficacy.survey import read_survey

DRAWS = 800
FAMILIES = {
    "Normal(1, 2)": stats.norm(1, 2),
    "HalfNormal(2)": stats.halfnorm(scale=2),
    "StudentT(4, 1, 2)": stats.t(4, 1, 2),
    "HalfStudentT(4, 2)": stats.t(4, 0, 2),
    "Cauchy(1, 2)": stats.cauchy(1, 2),
    "HalfCauchy(2)": stats.halfcauchy(scale=2),
    "Gamma(3, 2)": stats.gamma(3, scale=1 / 2),
    "InverseGamma(3, 2)": stats.invgamma(3, scale=2),
    "Exponential(2)": stats.expon(scale=1 / 2),
    "Beta(2, 3)": stats.beta(2, 3),
    "Uniform(0, 5)": stats.uniform(0, 5),
}
LEVELS = '[levels]\nperson = "id"\nteam = "team"\nlayer = "layer"\n'
SPECS = {
    "gaussian items": """
[measures.a]
items = ["a_*"]
loadings = "free"
[measures.c]
items = ["c_1"]
[team]
a = "w + (1 | layer)"
y = "a + (1 + w | layer)"
[families]
y = { family = "gaussian", location = 5, scale = 2 }
[priors]
"team.y ~ a" = "Normal(0, 0.05)"
"team.a ~ w" = "raw Normal(0, 0.3)"
"sd(team.a)" = "HalfNormal(0.4)"
"a.item_sd" = "HalfNormal(0.2)"
""",
    "specific factors": """
[measures.a]
items = ["a_*"]
specific = { s = ["a_1", "a_2"] }
[team]
y = "a"
""",
    "graded items": """
[measures.a]
items = ["o_*"]
family = "ordinal"
[measures.b]
items = ["b_*"]
family = "bernoulli"
link = "probit"
[team]
z = "a + (1 | layer)"
[families]
z = "bernoulli"
[priors]
"team.z ~ a" = "Normal(0, 0.05)"
"a.threshold" = "Normal(1, 0.5)"
""",
    "counts": '[measures.a]\nitems = ["a_*"]\n[team]\nn = "a"\n[families]\nn = "negative_binomial"\n',
    "ordinal outcome": '[measures.a]\nitems = ["a_*"]\n[team]\no = "a"\n[families]\no = "ordinal"\n',
    "observed, two levels": """
[measures.x]
items = ["x"]
[person]
x = "v + (0 + v | team)"
[team]
x = "w + (1 | layer)"
""",
    "observed, team's residual written out": '[person]\nx = "v + (1 + v | team) + (1 | layer)"\n',
    "observed, ordinal": '[person]\no_1 = "v + (1 | team)"\n[families]\no_1 = "ordinal"\n',
}
"""Every kind of parameter whose default is normal, half-normal or log-normal, in a model of either engine."""

SLOPES = """
[measures.a]
items = ["a_*"]
[team]
y = "(0 + a | layer)"
"""


@cache
def prior_of(name: str) -> Fit:
    """A fit whose draws are those of the prior."""
    spec = loads(LEVELS + SPECS.get(name, name))
    persons, teams = tables()
    survey = read_survey(spec, persons=persons, teams=teams)
    engine = "auto" if "observed" in name else "explicit"
    built = build(spec, survey, engine=engine)
    wanted = [v.name for v in (*built.model.free_RVs, *built.model.deterministics) if _kept(v.name)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        draws = pm.sample_prior_predictive(DRAWS, model=built.model, var_names=wanted, random_seed=4)
    return Fit(
        spec=spec,
        survey=survey,
        tree=xr.DataTree.from_dict({"posterior": draws["prior"].to_dataset()}),
        engine=built.engine,
        engine_reason="",
        seed=4,
        seconds={},
        versions={},
        convergence=Convergence(True, 1.0, 1000.0, 0, (), (), False),
        parameters=built.parameters,
    )


def _kept(name: str) -> bool:
    return not name.endswith(".eta") and not name.startswith("standard")


def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(2)
    team = np.repeat(np.arange(8), 4)
    n = len(team)
    persons = pd.DataFrame(
        {"id": np.arange(n), "team": team, "v": rng.normal(3, 2, n), "x": rng.normal(size=n)}
    )
    for k in range(3):
        persons[f"a_{k}"] = rng.normal(10, 3, n)
        persons[f"o_{k}"] = rng.permutation(np.resize([1, 2, 3, 4], n))
        persons[f"b_{k}"] = rng.permutation(np.resize([0, 1], n))
    persons["c_1"] = rng.normal(2, 0.5, n)
    teams = pd.DataFrame({"team": np.arange(8), "layer": np.repeat(["p", "q"], 4), "w": rng.normal(1, 3, 8)})
    teams["y"], teams["z"] = rng.normal(5, 2, 8), np.resize([0, 1], 8)
    teams["n"], teams["o"] = rng.poisson(3, 8), np.resize([1, 2, 3], 8)
    return persons, teams


def entries(fit: Fit, name: str) -> int:
    """How many numbers a prior is about."""
    if " ~ " in name:
        return 1
    known = fit.posterior.data_vars
    if f"{name}.typical" in known and name not in dict(fit.spec.priors):
        return 1
    if name == "person.o_1.gap":
        return int(known["person.o_1.threshold"].size / DRAWS) - 1
    return int(known[name.replace(".threshold", ".middle")].size / DRAWS)


@pytest.mark.parametrize("name", SPECS)
def test_log_densities_have_the_distribution_that_the_prior_gives_them(name):
    fit = prior_of(name)
    # Effects are cut off where they would explain all the variance: those with a narrow prior are not.
    normal = [p for p in fitted_priors(fit) if "Normal(" in p.text and (p.given or p.group != "effects")]
    assert len(normal) >= 3
    for prior in normal:
        twice = -2 * prior.log_density.values.ravel()
        df = entries(fit, prior.name)
        # 40 or so priors are looked at; a width that is 10% off has p < 1e-4 for 4 entries and 800 draws.
        p_value = stats.kstest(twice, stats.chi2(df).cdf).pvalue
        assert p_value > 1e-3, f"{prior.name} ~ {prior.text}: {twice.mean():.2f}, not {df}"


@pytest.mark.parametrize("name", SPECS)
def test_every_parameter_has_a_prior(name):
    fit = prior_of(name)
    found = {p.name for p in fitted_priors(fit)}
    assert len(found) == len(fitted_priors(fit))
    for parameter in fit.parameters:
        stem = parameter.removesuffix(".std")
        if f"{stem}.std" in fit.posterior:
            terms = fit.posterior[f"{stem}.term"].values
            assert {f"{stem} ~ {term}" for term in terms} <= found
        elif parameter.endswith(".intercept"):
            assert {parameter, f"{parameter.removesuffix('.intercept')} ~ 1"} & found
        else:
            assert parameter in found


def test_what_the_file_gives_is_said_to_be_given():
    priors = {p.name: p for p in fitted_priors(prior_of("gaussian items"))}
    assert priors["team.a ~ w"].given
    assert priors["team.a ~ w"].text == "raw Normal(0, 0.3)"
    assert priors["sd(team.a)"].given
    assert priors["a.item_sd"].text == "HalfNormal(0.2)"
    assert not priors["sd(team.y)"].given
    assert priors["sd(team.y)"].text == "LogNormal(0.6931471805599453, 2)"
    assert priors["team.y ~ 1"].text == "StudentT(3, 5, 20)"
    assert priors["sd(team.y | layer)"].text == "HalfNormal(0.5 sd(team.y)) per SD of the predictor"


def test_correlations_have_the_density_of_lkj():
    fit = prior_of("graded items")
    prior = next(p for p in fitted_priors(fit) if p.name == "cor(team)")
    r = fit.posterior["cor(team)"].values[..., 0, 1]
    assert prior.text == "LKJ(2)"
    np.testing.assert_allclose(prior.log_density, np.log(1 - r**2), atol=1e-10)


@pytest.mark.parametrize("text", FAMILIES)
def test_densities_are_those_of_scipy_up_to_a_constant(text):
    values = xr.DataArray(np.random.default_rng(1).uniform(0.05, 0.95, (2, 30)), dims=("chain", "draw"))
    apart = log_density(parse_prior(text), values).values - FAMILIES[text].logpdf(values.values)
    np.testing.assert_allclose(apart, apart.flat[0], atol=1e-10)


def test_a_lognormal_prior_is_taken_on_the_logarithm():
    values = xr.DataArray(np.random.default_rng(1).lognormal(size=(2, 30)), dims=("chain", "draw"))
    apart = log_density(parse_prior("LogNormal(1, 2)"), values) - stats.norm(1, 2).logpdf(np.log(values))
    np.testing.assert_allclose(apart, apart.values.flat[0], atol=1e-10)


def test_a_slope_on_a_latent_takes_the_spread_of_the_latent_among_the_teams_drawn():
    fit = prior_of(SLOPES)
    found = next(p for p in fitted_priors(fit) if p.name == "sd(team.y | layer)")
    draws = fit.posterior
    width = 0.5 * draws["sd(team.y)"] / draws["sd(team.a)"]
    exact = -0.5 * (draws["sd(team.y | layer)"][..., 0] / width) ** 2
    ratio = found.log_density / exact
    # Nothing predicts the latent, so that its SD is a parameter; that of 8 teams has 7 degrees of freedom.
    assert stats.kstest(7 * ratio.values.ravel(), stats.chi2(7).cdf).pvalue > 1e-3
