"""Densities and replicates of outcomes from a stored posterior, against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from coefficacy.scores import compare
from coefficacy.scores.density import log_density, replicate
from coefficacy.spec.model import FamilySpec, Formula, Level, ModelSpec, Regression

ETA = np.random.default_rng(2).normal(size=(2, 3, 4))
SIZE = np.full((2, 3), 2.0)
CUTS = np.tile([-1.0, 0.5], (2, 3, 1, 1))


def posterior(repeats: int = 1) -> xr.Dataset:
    sample = ("chain", "draw")
    once = xr.Dataset(
        {
            "team.y.eta": ((*sample, "team"), ETA),
            "sd(team.y)": (sample, SIZE),
            "team.y.dispersion": (sample, SIZE),
            "team.y.precision": (sample, SIZE),
            "team.y.threshold": ((*sample, "item", "cut"), CUTS),
        }
    )
    return once.isel(draw=np.tile(np.arange(ETA.shape[1]), repeats))


def spec(family: str) -> ModelSpec:
    return ModelSpec(
        (Level("team", ("team",)),),
        (Regression("team", "y", Formula()),),
        families=(("y", FamilySpec(family)),),
    )


MEAN = 1 / (1 + np.exp(-ETA))
CASES = {
    "gaussian": ([0.3, -1.0, np.nan, 2.0], lambda y: stats.norm.logpdf(y, ETA, 2.0)),
    "bernoulli": ([0, 1, np.nan, 1], lambda y: np.log(np.where(y == 1, MEAN, 1 - MEAN))),
    "poisson": ([0, 4, np.nan, 1], lambda y: stats.poisson.logpmf(y, np.exp(ETA))),
    "negative_binomial": (
        [0, 4, np.nan, 1],
        lambda y: stats.nbinom.logpmf(y, 2.0, 2.0 / (2.0 + np.exp(ETA))),
    ),
    "beta": ([0.2, 0.9, np.nan, 0.5], lambda y: stats.beta.logpdf(y, 2 * MEAN, 2 * (1 - MEAN))),
    "ordinal": (
        [1, 2, np.nan, 3],
        lambda y: np.log(
            stats.logistic.cdf(np.where(y == 3, np.inf, np.where(y == 2, 0.5, -1.0)) - ETA)
            - stats.logistic.cdf(np.where(y == 1, -np.inf, np.where(y == 2, -1.0, 0.5)) - ETA)
        ),
    ),
}


@pytest.mark.parametrize("family", CASES)
def test_log_density(family):
    y, expected = np.array(CASES[family][0], float), CASES[family][1]
    found = log_density(posterior(), spec(family), "team", "y", y, np.array([0, 2, 3]))
    wanted = np.where(np.isnan(y), 0.0, expected(np.where(np.isnan(y), 1.0, y)))[..., [0, 2, 3]]
    np.testing.assert_allclose(found, wanted, rtol=1e-10)
    assert (found[..., 1] == 0).all()


@pytest.mark.parametrize("family", CASES)
def test_replicates_have_the_mean_of_the_family(family):
    rng = np.random.default_rng(5)
    drawn = replicate(posterior(repeats=3000), spec(family), "team", "y", rng)
    many = drawn.reshape(2, 3000, *ETA.shape[1:]).mean(axis=1)
    below = stats.logistic.cdf(CUTS[:, :, 0, :][:, :, None, :] - ETA[..., None])
    means = {
        "gaussian": ETA,
        "bernoulli": MEAN,
        "poisson": np.exp(ETA),
        "negative_binomial": np.exp(ETA),
        "beta": MEAN,
        "ordinal": 2 - below.sum(axis=-1),
    }
    spread = np.sqrt(np.exp(ETA) + np.exp(ETA) ** 2 / 2).max() if "o" in family else 2.0
    np.testing.assert_allclose(many, means[family], atol=5 * max(spread, 2.0) / np.sqrt(3000))


def test_compare_is_the_sum_of_differences_with_its_standard_error():
    rng = np.random.default_rng(0)
    a, b = (xr.DataArray(rng.normal(size=30), dims="team") for _ in range(2))
    found, d = compare(a, b), (a - b).values
    assert found.diff == pytest.approx(d.sum())
    assert found.se == pytest.approx(np.sqrt(30) * d.std(ddof=1))
    assert found.p_better == pytest.approx(stats.norm.cdf(found.diff / found.se))
    assert compare(a, a).p_better == 0.5
