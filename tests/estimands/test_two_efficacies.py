"""Correlation of two latents and paths by layer, against what simulated numbers have.

Draws repeat one set of invented parameters; what is drawn by layer is held against the conditional normal of
effects and outcomes together, which the function does not use. Tolerances are five standard errors.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import coefficacy as co
from coefficacy.errors import FitError
from coefficacy.estimands import latent_correlation, layer_paths
from coefficacy.spec import loads

TEXT = """
[levels]
person = "person_id"
team = "team_id"
layer = "layer"
[measures.a]
items = ["a_*"]
[measures.b]
items = ["b_*"]
[team]
a = "w + (1 | layer)"
b = "w + (1 | layer)"
y = "a + b + w + (1 + a | layer)"
z = "a + b"
"""
N, DRAWS = 24, 4000
SD, COR, PATH = {"a": 0.6, "b": 0.8}, 0.4, {"a": 0.5, "b": -0.3}
B = {"y": [0.7, 0.2, 0.3], "z": [0.1, 0.6]}
EFFECT_SD, EFFECT_COR, SIGMA, INTERCEPT = np.array([0.4, 0.3]), -0.5, 0.9, 0.2


@pytest.fixture(scope="module")
def fit() -> SimpleNamespace:
    rng, spec = np.random.default_rng(5), loads(TEXT)
    team = np.repeat(np.arange(N), 2)
    persons = pd.DataFrame({"person_id": range(2 * N), "team_id": team})
    persons = persons.assign(**{f"{m}_{k}": rng.normal(size=2 * N) for m in "ab" for k in (1, 2)})
    table = {"team_id": range(N), "layer": np.arange(N) % 3, "w": rng.normal(size=N)}
    teams = pd.DataFrame(table | {y: rng.normal(size=N) for y in ("y", "z")})
    teams.loc[4, "y"] = np.nan
    survey = co.read_survey(spec, persons=persons, teams=teams)
    latent = rng.normal(size=(N, 2))
    return SimpleNamespace(spec=spec, survey=survey, posterior=_posterior(latent), latent=latent)


def _posterior(latent: np.ndarray) -> xr.Dataset:
    at, names = ("chain", "draw"), ["team.correlated", "team.correlated'"]
    cor = np.array([[1, COR], [COR, 1]])
    of = {
        "team.latent": (("team", "team.name"), latent),
        "team.a": (("team.a.term",), [PATH["a"]]),
        "team.b": (("team.b.term",), [PATH["b"]]),
        "team.y": (("team.y.term",), B["y"]),
        "team.z": (("team.z.term",), B["z"]),
        "team.y.eta": (("team",), np.zeros(N)),
        "cor(team)": (tuple(names), cor),
        "cor(person)": (("person.correlated", "person.correlated'"), np.array([[1, 0.25], [0.25, 1]])),
        "cor(team.y | layer)": (
            ("team.y|layer.term", "team.y|layer.term'"), [[1, EFFECT_COR], [EFFECT_COR, 1]]
        ),
        "sd(team.y | layer)": (("team.y|layer.term",), EFFECT_SD),
        "team.y.intercept": ((), INTERCEPT), "team.z.intercept": ((), 0.0),
        "sd(team.y)": ((), SIGMA), "sd(team.z)": ((), 1.0),
        "sd(team.a)": ((), SD["a"]), "sd(team.b)": ((), SD["b"]),
        "sd(team.a | layer)": (("team.a|layer.term",), [3.0]),
        "sd(team.b | layer)": (("team.b|layer.term",), [2.0]),
    }  # fmt: skip
    shape = (1, DRAWS)
    data = {k: ((*at, *dims), np.broadcast_to(v, (*shape, *np.shape(v)))) for k, (dims, v) in of.items()}
    labels = {
        "team.a.term": ["w"],
        "team.b.term": ["w"],
        "team.y.term": ["a", "b", "w"],
        "team.z.term": ["a", "b"],
    }
    both = {
        f"{d}{prime}": ["a", "b"] for d in ("team.correlated", "person.correlated") for prime in ("", "'")
    }
    terms = {"team.y|layer.term": ["1", "a"], "team.y|layer.term'": ["1", "a"]}
    ones = {"team.a|layer.term": ["1"], "team.b|layer.term": ["1"]}
    coords = {"chain": [0], "draw": np.arange(DRAWS), "team.name": ["a", "b"]}
    return xr.Dataset(data, coords=coords | labels | both | terms | ones)


def _teams(fit: SimpleNamespace, n: int) -> np.ndarray:
    """Latents of teams of one layer, drawn from the invented parameters."""
    rng, w = np.random.default_rng(6), np.asarray(fit.survey.column("team", "w").values, float)
    x = rng.choice(w - w.mean(), n)
    covariance = np.array([[SD["a"] ** 2, COR * SD["a"] * SD["b"]], [0, SD["b"] ** 2]])
    covariance[1, 0] = covariance[0, 1]
    return x[:, None] * [PATH["a"], PATH["b"]] + rng.multivariate_normal([0, 0], covariance, n)


def test_the_correlation_is_that_of_teams_of_one_layer(fit: SimpleNamespace) -> None:
    found = latent_correlation(fit, between=["a", "b"])
    expected = np.corrcoef(_teams(fit, 200_000).T)[0, 1]
    assert found.attrs["headline"] == "correlation"
    assert found["correlation"].values == pytest.approx(expected, abs=5 / 200_000**0.5)
    assert found["person_correlation"].values == pytest.approx(0.25)


def _conditional(fit: SimpleNamespace, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of a layer's effects, from the joint normal of effects and outcomes."""
    y = np.asarray(fit.survey.column("team", "y").values, float)
    w = np.asarray(fit.survey.column("team", "w").values, float)
    here = (np.asarray(fit.survey.index("team", "layer")) == k) & ~np.isnan(y)
    prior = np.outer(EFFECT_SD, EFFECT_SD) * np.array([[1, EFFECT_COR], [EFFECT_COR, 1]])
    z = np.column_stack([np.ones(N), fit.latent[:, 0]])[here]
    mean = INTERCEPT + fit.latent @ B["y"][:2] + B["y"][2] * (w - w.mean())
    gain = prior @ z.T @ np.linalg.inv(z @ prior @ z.T + SIGMA**2 * np.eye(here.sum()))
    return gain @ (y - mean)[here], prior - gain @ z @ prior


def test_paths_are_fixed_plus_drawn_effects_per_sd(fit: SimpleNamespace) -> None:
    found = layer_paths(fit, of=["y", "z"], by=["a", "b"])
    sd = _teams(fit, 200_000).std(axis=0)
    for k in range(3):
        mean, covariance = _conditional(fit, k)
        draws = found["path"].isel(layer=k).sel(outcome="y")
        assert float(draws.sel(predictor="a").mean()) == pytest.approx(
            (B["y"][0] + mean[1]) * sd[0], abs=5 * covariance[1, 1] ** 0.5 * sd[0] / DRAWS**0.5 + 0.01
        )
        assert float(draws.sel(predictor="a").std()) == pytest.approx(
            covariance[1, 1] ** 0.5 * sd[0], rel=5 / (2 * DRAWS) ** 0.5
        )
        np.testing.assert_allclose(draws.sel(predictor="b"), B["y"][1] * sd[1], rtol=0.01)
    np.testing.assert_allclose(found["path"].sel(outcome="z", predictor="b"), B["z"][1] * sd[1], rtol=0.01)
    np.testing.assert_allclose(found["average"], found["path"].mean("layer"))


def test_each_outcome_has_its_own_predictor(fit: SimpleNamespace) -> None:
    found = layer_paths(fit, of=["y", "z"], by=["a", "b"])
    average = found["average"]
    own = average.sel(outcome="y", predictor="a") - average.sel(outcome="y", predictor="b")
    other = average.sel(outcome="z", predictor="b") - average.sel(outcome="z", predictor="a")
    np.testing.assert_allclose(found["crossing"], np.minimum(own, other))
    assert found["lead"].dims == ("chain", "draw", "layer", "outcome")
    swapped = layer_paths(fit, of=["y", "z"], by=["b", "a"])
    assert float(swapped["crossing"].mean()) < 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"of": ["y"], "by": ["a"]}, "two or more outcomes"),
        ({"of": ["y", "z"], "by": ["a", "c"]}, "'c' is no number in this equation"),
        ({"of": ["y", "z"], "by": ["a", "w"]}, "'w' is no number in this equation"),
    ],
)
def test_what_cannot_be_answered_is_refused(fit: SimpleNamespace, options: dict, said: str) -> None:
    with pytest.raises(FitError, match=said):
        layer_paths(fit, **options)


def test_one_latent_has_no_correlation_with_itself(fit: SimpleNamespace) -> None:
    with pytest.raises(FitError, match="Name two latents"):
        latent_correlation(fit, between=["a", "a"])
