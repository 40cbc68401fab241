"""Fits of real tables against results this package did not make: lavaan, lme4, quadrature.

What is compared with a maximum likelihood solution is the posterior median: ratios and squares of parameters
are skewed, and a median keeps its place under them. Distances are in the standard errors of the reference.

The default priors of effects are on the standardised scale (mean 0, SD .5, R² below one), so they pull a
strong effect of few teams towards zero. For the 99 companies of bh1996 that is a third of a standard error;
there a file's raw priors, which are all but flat in the slopes, take their place.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import pytest

import coefficacy as co
from coefficacy.sampling import Fit
from coefficacy.spec import loads

pytestmark = [pytest.mark.slow, pytest.mark.reference]

HERE = Path(__file__).resolve().parent
REFERENCES: dict[str, Any] = json.loads((HERE / "references.json").read_text())
SCHOOLS: dict[str, Any] = json.loads((HERE / "eight_schools.json").read_text())


def fitted(text: str, persons: pd.DataFrame, teams: pd.DataFrame | None = None, **options: Any) -> Fit:
    spec = loads(text)
    tables = {"persons": persons} if teams is None else {"persons": persons, "teams": teams}
    found = co.fit(spec, co.read_survey(spec, **tables), progress=False, **{"seed": 1, **options})
    assert found.convergence.ok, found.convergence.failures
    return found


def draws(fit: Fit, name: str) -> np.ndarray:
    """All draws of a parameter, (draw, ...)."""
    values = fit.posterior[name].values
    return values.reshape(-1, *values.shape[2:])


def lavaan(rows: list[dict[str, Any]]) -> dict[tuple[int, str, str, str], tuple[float, float]]:
    """Estimates and standard errors by level, left side, operator and right side."""
    return {(r["level"], r["lhs"], r["op"], r["rhs"]): (r["est"], r["se"]) for r in rows}


# lavaan's two-level demonstration -------------------------------------------------------------------------

TWOLEVEL = lavaan(REFERENCES["lavaan_demo_twolevel"]["parameters"])
TWOLEVEL_MODEL = """
[levels]
person = "row"
team = "cluster"
[measures.f]
items = ["y1", "y2", "y3"]
loadings = "free"
[person]
f = "x1 + x2 + x3"
[team]
f = "w1 + w2"
"""


@cache
def two_level() -> dict[tuple[int, str, str, str], np.ndarray]:
    """Draws in lavaan's unit: the first loading is one at both levels."""
    table = co.load_dataset("lavaan_demo_twolevel")
    table = table.assign(row=range(len(table)))
    teams = table[["cluster", "w1", "w2"]].drop_duplicates()
    found = fitted(TWOLEVEL_MODEL, table.drop(columns=["w1", "w2"]), teams)
    assert found.engine == "marginal"
    loading, between = draws(found, "f.loading"), draws(found, "f.between_loading")
    unit = loading[:, 0]
    residual, item = draws(found, "f.residual_sd") ** 2, draws(found, "f.item_sd") ** 2
    converted = {}
    for k, y in enumerate(("y1", "y2", "y3")):
        converted[1, y, "~~", y], converted[2, y, "~~", y] = residual[:, k], item[:, k]
        if k:
            converted[1, "fw", "=~", y] = loading[:, k] / unit
            converted[2, "fb", "=~", y] = between[:, k - 1] / unit
    for level, factor, name, columns in (
        (1, "fw", "person.f", ("x1", "x2", "x3")),
        (2, "fb", "team.f", ("w1", "w2")),
    ):
        assert tuple(found.posterior[f"{name}.term"].values) == columns
        for k, column in enumerate(columns):
            converted[level, factor, "~", column] = draws(found, name)[:, k] * unit
    return converted


LOADINGS_AND_SLOPES = [
    key for key, (_, se) in TWOLEVEL.items() if key[1] in ("fw", "fb") and key[2] in ("=~", "~") and se > 0
]
ITEM_VARIANCES = [
    key for key, (_, se) in TWOLEVEL.items() if key[1] == key[3] and key[1].startswith("y") and se > 0
]


def test_all_that_is_free_is_compared() -> None:
    assert (len(LOADINGS_AND_SLOPES), len(ITEM_VARIANCES)) == (9, 6)


@pytest.mark.parametrize("key", [*LOADINGS_AND_SLOPES, *ITEM_VARIANCES])
def test_two_levels_within_a_third_of_a_standard_error(key: tuple[int, str, str, str]) -> None:
    """lavaan leaves x1-x3 uncentred; centred on the cluster, its slopes of w are .189 and .124."""
    estimate, se = TWOLEVEL[key]
    assert abs(np.median(two_level()[key]) - estimate) < se / 3


@pytest.mark.parametrize("key", LOADINGS_AND_SLOPES)
def test_two_levels_are_as_uncertain(key: tuple[int, str, str, str]) -> None:
    assert two_level()[key].std() == pytest.approx(TWOLEVEL[key][1], rel=0.1)


# Well-being and leadership: the contextual effect ---------------------------------------------------------

LATENT = lavaan(REFERENCES["bh1996"]["leadership_latent"])
CONTEXTUAL_MODEL = """
[levels]
person = "row"
company = "GRP"
[measures.WBEING]
items = ["WBEING"]
[measures.LEAD]
items = ["LEAD"]
[person]
WBEING = "LEAD"
[company]
WBEING = "LEAD"
"""


FLAT = """
[priors]
"person.WBEING ~ LEAD" = "raw Normal(0, 10)"
"company.WBEING ~ LEAD" = "raw Normal(0, 10)"
"""


@cache
def wellbeing(priors: str = "") -> Fit:
    table = co.load_dataset("bh1996")
    found = fitted(CONTEXTUAL_MODEL + priors, table.assign(row=range(len(table))))
    assert found.engine == "marginal"
    return found


def test_the_latent_contextual_slope() -> None:
    """-.115 (.066) in lavaan, -.114 from the manifest one: a tenth of its error, under flat priors."""
    fit = wellbeing(FLAT)
    contextual = draws(fit, "company.WBEING")[:, 0] - draws(fit, "person.WBEING")[:, 0]
    estimate, se = LATENT[0, "contextual", ":=", "b-w"]
    manifest = REFERENCES["bh1996"]["leadership_corrected"]["by_mean_reliability"]
    assert abs(contextual.mean() - estimate) < se / 10
    assert abs(contextual.mean() - manifest) < se / 10
    assert contextual.std() == pytest.approx(se, rel=0.1)


def test_the_default_prior_costs_the_contextual_slope_what_it_should() -> None:
    """The default result is lavaan's likelihood times the documented prior, on a grid."""
    fit = wellbeing()
    (b, b_se), (v, v_se) = LATENT[2, "WBEING", "~", "LEAD"], LATENT[2, "WBEING", "~~", "WBEING"]
    variance = LATENT[2, "LEAD", "~~", "LEAD"][0]
    slope, log_v = np.meshgrid(
        b + b_se * np.linspace(-6, 6, 241), np.log(v) + v_se / v * np.linspace(-5, 5, 201), indexing="ij"
    )
    residual = np.exp(log_v)
    whole = slope**2 * variance + residual
    log_p = -0.5 * ((slope - b) / b_se) ** 2 - 0.5 * ((log_v - np.log(v)) / (v_se / v)) ** 2
    log_p += -0.5 * slope**2 * variance / whole / 0.25 + np.log(residual) - 1.5 * np.log(whole)
    p = np.exp(log_p - log_p.max())
    expected = float((p * slope).sum() / p.sum())
    assert b - expected > b_se / 5
    assert draws(fit, "company.WBEING")[:, 0].mean() == pytest.approx(expected, abs=b_se / 10)


def test_slope_and_variances_of_wellbeing() -> None:
    """The companies' variance by REML, which like a posterior is free of the bias of maximum likelihood."""
    fit = wellbeing()
    estimate, se = LATENT[1, "WBEING", "~", "LEAD"]
    assert abs(np.median(draws(fit, "person.WBEING")) - estimate) < se / 3
    variance = REFERENCES["bh1996"]["leadership"]["variance"]
    for name, level, expected in (
        ("sd(person.WBEING)", 1, variance["residual"]),
        ("sd(company.WBEING)", 2, variance["group"]),
    ):
        found = np.median(draws(fit, name)) ** 2
        assert abs(found - expected) < LATENT[level, "WBEING", "~~", "WBEING"][1] / 3, name


# Four items on what the company can do --------------------------------------------------------------------

FOUR = REFERENCES["bhr2000_items"]["four"]
ITEMS = ["AF06", "AF07", "AP33", "AP34"]
CAPABILITY_MODEL = """
[levels]
person = "row"
company = "GRP"
[measures.capability]
items = ["AF06", "AF07", "AP33", "AP34"]
"""


@cache
def capability(more: str, most: int | None = None) -> Fit:
    """Fit the items with lines of the measure, to at most so many soldiers of each company."""
    table = co.load_dataset("bhr2000_items")[["GRP", *ITEMS]]
    if most is not None:
        table = table.groupby("GRP").head(most)
    longer = {} if most is None else {"draws": 2000, "tune": 2000}  # small SDs of item residuals mix slowly
    found = fitted(CAPABILITY_MODEL + more, table.assign(row=range(len(table))), **longer)
    assert found.engine == "marginal"
    return found


def company_sizes() -> np.ndarray:
    return co.load_dataset("bhr2000_items").groupby("GRP").size().to_numpy()


def icc(fit: Fit) -> np.ndarray:
    """Share of companies in the variance of the latent, whose SD within companies is one."""
    between = draws(fit, "sd(company.capability)") ** 2
    return between / (1 + between)


def test_parallel_items_are_the_random_intercepts_of_lmer() -> None:
    fit = capability('form = "parallel"')
    loading, residual = draws(fit, "capability.loading") ** 2, draws(fit, "capability.residual_sd") ** 2
    company = draws(fit, "sd(company.capability)") ** 2 * loading
    for name, found in (("company", company), ("person", loading), ("residual", residual)):
        assert abs(np.median(found) - FOUR["variance"][name]) < found.std() / 3, name
    noise = (loading + residual / len(ITEMS))[:, None] / company_sizes()
    reliability = (company[:, None] / (company[:, None] + noise)).mean(axis=1)
    assert abs(np.median(reliability) - FOUR["company_reliability"]) < reliability.std() / 3


def test_congeneric_items_are_the_factor_of_lavaan() -> None:
    """One factor fits these four badly (RMSEA .168, CFI .80): a check of the numbers, not of the model."""
    fit, expected = capability(""), lavaan(FOUR["one_factor"]["parameters"])
    loading = draws(fit, "capability.loading")
    between = draws(fit, "sd(company.capability)") ** 2
    for k, item in enumerate(ITEMS):
        found = {
            (1, item, "~~", item): draws(fit, "capability.residual_sd")[:, k] ** 2,
            (2, item, "~~", item): draws(fit, "capability.item_sd")[:, k] ** 2,
        }
        if k:
            found[1, "within", "=~", item] = loading[:, k] / loading[:, 0]
        for key, values in found.items():
            estimate, se = expected[key]
            assert abs(np.median(values) - estimate) < se / 3, key
    for key, values in (
        ((1, "within", "~~", "within"), loading[:, 0] ** 2),
        ((2, "between", "~~", "between"), between * loading[:, 0] ** 2),
    ):
        estimate, se = expected[key]
        assert abs(np.median(values) - estimate) < se / 3, key


def test_ordinal_items_tell_of_companies_what_gaussian_ones_do() -> None:
    """Ten soldiers a company: sampling the scores of all 5,400 takes more than three minutes.

    Five categories say what the numbers 1-5 do: ICC, companies' values and their reliability.
    """
    ordinal, gaussian = capability('family = "ordinal"\nscale = [1, 5]', most=10), capability("", most=10)
    assert abs(np.median(icc(ordinal)) - np.median(icc(gaussian))) < icc(gaussian).std()
    latents = [f.posterior["company.latent"] for f in (ordinal, gaussian)]
    means = [latent.mean(("chain", "draw")).values[:, 0] for latent in latents]
    assert np.corrcoef(means)[0, 1] > 0.97
    unknown = [float(latent.var(("chain", "draw")).mean()) for latent in latents]
    whole = [np.mean(draws(f, "sd(company.capability)") ** 2) for f in (ordinal, gaussian)]
    reliability = 1 - np.divide(unknown, whole)
    assert reliability[0] == pytest.approx(reliability[1], abs=0.05)


# Eight schools --------------------------------------------------------------------------------------------

SCHOOLS_MODEL = """
[levels]
school = "school"
[measures.theta]
items = ["y"]
sd = "sigma"
[priors]
"theta.intercept" = "Normal(0, 5)"
"sd(school.theta)" = "HalfCauchy(5)"
"""


@cache
def eight_schools() -> Fit:
    table = pd.DataFrame({key: SCHOOLS[key] for key in ("school", "y", "sigma")})
    return fitted(SCHOOLS_MODEL, table, draws=4000)


@cache
def schools_by_quadrature() -> np.ndarray:
    """Exact means and second moments of the schools' effects: mu in closed form given tau, tau on a grid."""
    y, sigma = np.array(SCHOOLS["y"], float)[:, None], np.array(SCHOOLS["sigma"], float)[:, None]
    tau = np.linspace(0.0005, 300, 300_000)
    variance = sigma**2 + tau**2
    precision = 1 / 25 + (1 / variance).sum(axis=0)
    mu = (y / variance).sum(axis=0) / precision
    log_p = -np.log1p(tau**2 / 25) - 0.5 * np.log(variance).sum(axis=0) - 0.5 * np.log(precision)
    log_p -= 0.5 * ((y**2 / variance).sum(axis=0) - mu**2 * precision)
    weight = np.exp(log_p - log_p.max())
    weight /= weight.sum()
    shrunk = sigma**2 / variance
    mean = (1 - shrunk) * y + shrunk * mu
    spread = shrunk * tau**2 + shrunk**2 / precision
    return np.array([mean @ weight, (spread + mean**2) @ weight])


def schools_expected() -> dict[str, tuple[float, float]]:
    quadrature = SCHOOLS["quadrature"]
    exact = {name: (quadrature[name]["mean"], quadrature[name]["sd"]) for name in ("mu", "tau")}
    first, second = schools_by_quadrature()
    return exact | {
        f"theta[{s}]": (m, np.sqrt(q - m**2)) for s, m, q in zip(SCHOOLS["school"], first, second)
    }


@pytest.mark.parametrize("name", ["mu", "tau", *(f"theta[{s}]" for s in SCHOOLS["school"])])
def test_eight_schools_within_monte_carlo_error(name: str) -> None:
    """The same priors as the reference's, by ``[priors]``; four Monte Carlo errors, which are below .1."""
    posterior = eight_schools().posterior
    mu = posterior["theta.intercept"].isel({"theta.item": 0})
    if name == "mu":
        found = mu
    elif name == "tau":
        found = posterior["sd(school.theta)"]
    else:
        found = mu + posterior["school.latent"].sel(school=name[6:-1]).isel({"school.name": 0})
    mean, sd = schools_expected()[name]
    errors = [float(az.mcse(found.values, method=method)) for method in ("mean", "sd")]
    assert max(errors) < 0.1
    assert abs(float(found.mean()) - mean) < 4 * errors[0]
    assert abs(float(found.std()) - sd) < 4 * errors[1]
