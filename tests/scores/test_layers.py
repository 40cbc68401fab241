"""Scores of left-out layers against normal densities of stacked answers and outcomes, draw by draw.

Parameters come from fits of their own, without one layer's outcomes; given these, all that is observed in
the layer is one normal vector, whose covariance is written out here.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import special
from scipy.stats import multivariate_normal

import coefficacy as co
from coefficacy.errors import FitError
from coefficacy.scores import Refits
from coefficacy.spec import loads

N_LAYERS, TEAMS, PEOPLE, ITEMS = 6, 3, 3, 2
LEVELS = '[levels]\nperson = "person_id"\nteam = "team_id"\nlayer = "layer"\n'
LATENT = LEVELS + '[measures.a]\nitems = ["a_*"]\n[team]\ny = "a + (1 | layer)"\n'
OBSERVED = LEVELS + '[team]\ny = "w + (1 | layer)"\n'
LAYER = np.repeat(np.arange(N_LAYERS), TEAMS)
REFITS = Refits(draws=1000, tune=500, chains=2, seed=3)
DRAWS = {"draws": 1000, "tune": 1000, "chains": 4, "target_accept": 0.95, "progress": False}


@cache
def tables(n_layers: int = N_LAYERS):
    rng, n = np.random.default_rng(4), n_layers * TEAMS
    layer, team = np.arange(n) // TEAMS, np.repeat(np.arange(n), PEOPLE)
    effect, w = rng.normal(size=(2, n_layers)), rng.normal(size=n)
    u = 0.8 * rng.normal(size=n) + 0.5 * effect[0, layer]
    persons = {"person_id": np.arange(len(team)), "team_id": team}
    for m in range(ITEMS):
        persons[f"a_{m}"] = 3 + u[team] + rng.normal(size=len(team)) + 0.5 * rng.normal(size=len(team))
    y = 0.6 * u + 0.3 * w + 0.6 * effect[1, layer] + 0.7 * rng.normal(size=n)
    y[4] = np.nan
    return pd.DataFrame(persons), pd.DataFrame({"team_id": np.arange(n), "layer": layer, "y": y, "w": w})


def read(text: str, n_layers: int = N_LAYERS):
    persons, teams = tables(n_layers)
    spec = loads(text)
    return spec, co.read_survey(spec, persons=persons, teams=teams)


def without(survey, teams):
    y = np.array(survey.column("team", "y").values, float)
    y[teams] = np.nan
    return survey.with_column("team", "y", y)


def log_mean(given: np.ndarray) -> tuple[float, float]:
    """Log of an average density, and its Monte Carlo error by chains of independent refits."""
    value = special.logsumexp(given) - np.log(given.size)
    by_chain = np.exp(special.logsumexp(given, axis=1) - np.log(given.shape[1]) - value)
    return float(value), float(by_chain.std(ddof=1) / np.sqrt(len(by_chain)))


def joint_of_latent(draw, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of all answers, then the outcomes, of `size` teams in one layer."""
    loading, nu = draw["a.loading"], draw["a.intercept"]
    b = draw["team.y"][0]
    team = draw["sd(team.a | layer)"][0] ** 2 + draw["sd(team.a)"] ** 2 * np.eye(size)
    items = np.kron(np.eye(size), np.ones((PEOPLE, 1))) @ team
    wide = np.kron(np.eye(size * PEOPLE), loading[:, None])
    answers = wide @ (items @ np.kron(np.eye(size), np.ones((1, PEOPLE))) + np.eye(size * PEOPLE)) @ wide.T
    answers += np.kron(np.eye(size), np.kron(np.ones((PEOPLE, PEOPLE)), np.diag(draw["a.item_sd"] ** 2)))
    answers += np.kron(np.eye(size * PEOPLE), np.diag(draw["a.residual_sd"] ** 2))
    outcomes = b**2 * team + draw["sd(team.y | layer)"][0] ** 2 + draw["sd(team.y)"] ** 2 * np.eye(size)
    both = wide @ items * b
    mean = np.concatenate([np.tile(nu, size * PEOPLE), np.full(size, draw["team.y.intercept"])])
    return mean, np.block([[answers, both], [both.T, outcomes]])


def brute_force_of_latent(survey, posterior, teams) -> np.ndarray:
    y = survey.column("team", "y").values[teams]
    answers = survey.answers("a").values[np.isin(survey.index("person", "team"), teams)].ravel()
    known = np.concatenate([np.ones(len(answers), bool), np.isfinite(y)])
    data, n = np.concatenate([answers, y])[known], len(answers)

    def one(draw) -> float:
        mean, covariance = joint_of_latent(draw, len(teams))
        mean, covariance = mean[known], covariance[np.ix_(known, known)]
        given = multivariate_normal.logpdf(data, mean, covariance)
        return given - multivariate_normal.logpdf(data[:n], mean[:n], covariance[:n, :n])

    return over_draws(posterior, one)


def brute_force_of_observed(survey, posterior, teams) -> np.ndarray:
    y, w = (survey.column("team", name).values[teams].astype(float) for name in ("y", "w"))
    w, seen = w - survey.column("team", "w").values.mean(), np.isfinite(y)

    def one(draw) -> float:
        mean = draw["team.y.intercept"] + draw["team.y"][0] * w
        covariance = draw["sd(team.y | layer)"][0] ** 2 + draw["sd(team.y)"] ** 2 * np.eye(len(y))
        return multivariate_normal.logpdf(y[seen], mean[seen], covariance[np.ix_(seen, seen)])

    return over_draws(posterior, one)


def over_draws(posterior, one) -> np.ndarray:
    names = [n for n in posterior.data_vars if n.startswith(("a.", "sd(", "team.y"))]
    arrays = {n: posterior[n].values for n in names}
    shape = posterior.sizes["chain"], posterior.sizes["draw"]
    return np.array(
        [[one({n: a[c, d] for n, a in arrays.items()}) for d in range(shape[1])] for c in range(shape[0])]
    )


# Refits are of the engine that a fit says it is of: no long fit of every latent is needed to begin with.
CASES = {
    "exact": (LATENT, "marginal", brute_force_of_latent),
    "explicit": (LATENT, "explicit", brute_force_of_latent),
    "observed": (OBSERVED, "auto", brute_force_of_observed),
}


@pytest.mark.parametrize("name", ["exact", pytest.param("explicit", marks=pytest.mark.slow), "observed"])
def test_scores_are_those_of_the_layers_integrated_by_hand(name):
    text, engine, brute_force = CASES[name]
    spec, survey = read(text)
    fit = co.fit(spec, survey, seed=1, **DRAWS)
    if engine == "explicit":
        fit = replace(fit, engine=engine)
    found = co.left_out_layers(fit, refits=REFITS)
    assert (found.kind, found.n_folds, found.warning) == ("loo_kfold", N_LAYERS, False)
    assert found.elpd_i["layer"].values.tolist() == list(range(N_LAYERS))
    score = fit.tree["left_out_layers"].to_dataset()["model by layer"]
    for layer in (0, 1):
        teams = np.flatnonzero(layer == LAYER)
        other = co.fit(spec, without(survey, teams), seed=20 + layer, **DRAWS)
        expected, mcse = log_mean(brute_force(survey, other.posterior.isel(draw=slice(None, None, 2)), teams))
        ours = score.attrs["mcse"] / np.sqrt(N_LAYERS)
        assert score.values[layer] == pytest.approx(expected, abs=4 * np.hypot(2 * ours, mcse))
    assert co.left_out_layers(fit).elpd == found.elpd


def test_what_is_refused():
    spec, survey = read(OBSERVED, n_layers=4)
    fit = co.fit(spec, survey, seed=1, **DRAWS)
    with pytest.raises(FitError, match="4 units of 'layer' have outcomes, and fewer than 5 tell neither"):
        co.left_out_layers(fit)
    with pytest.raises(FitError, match="Did you mean 'layer'"):
        co.left_out_layers(fit, level="layr")
