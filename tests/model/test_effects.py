"""Priors of coefficients hold on the standardised scale."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytest
from pytensor.compile.mode import Mode
from scipy import integrate, stats

from coefficacy.errors import SpecError
from coefficacy.model.effects import coefficients
from coefficacy.spec.model import Formula, Level, ModelSpec, PriorSpec, Regression

PLAIN = Mode(linker="py", optimizer="fast_compile")
SPREADS = np.array([[2.0, 0.0], [0.3, 0.4]])


def make(n: int = 1, *, sigma: float = 1.5, priors: tuple = (), bounded: bool = True) -> pm.Model:
    spec = ModelSpec((Level("team", ("team",)),), (Regression("team", "y", Formula()),), priors=priors)
    terms = [f"x{k}" for k in range(n)]
    with pm.Model(coords={"term": terms}) as model:
        coefficients(
            spec, "team.y", terms, dim="term", spreads=SPREADS[:n], sigma=np.float64(sigma),
            bounded=bounded,
        )  # fmt: skip
    return model


def test_density_of_one_coefficient_is_that_of_the_standardised_one():
    model = make(1)
    density = model.compile_logp(mode=PLAIN)
    total, _ = integrate.quad(lambda g: np.exp(density({"team.y.scaled": np.array([g])})), -np.inf, np.inf)
    inside = stats.norm(0, 0.5).cdf(1) - stats.norm(0, 0.5).cdf(-1)
    assert total == pytest.approx(inside * np.sqrt(2 * np.pi) * 0.5, rel=1e-6)


def test_density_of_two_correlated_coefficients_integrates_over_the_ellipse_where_r_squared_is_below_one():
    density = make(2).compile_logp(mode=PLAIN)
    r = SPREADS[0] @ SPREADS[1] / np.linalg.norm(SPREADS[0]) / np.linalg.norm(SPREADS[1])
    grid = np.tan(np.linspace(-np.pi / 2, np.pi / 2, 62)[1:-1])
    weight = (1 + grid**2) * np.pi / 61
    values = [[np.exp(density({"team.y.scaled": np.array([a, b])})) for b in grid] for a in grid]
    total = weight @ np.array(values) @ weight
    draws = np.random.default_rng(1).normal(0, 0.5, (400_000, 2))
    inside = np.mean(draws[:, 0] ** 2 + 2 * r * draws[:, 0] * draws[:, 1] + draws[:, 1] ** 2 < 1)
    assert total == pytest.approx(inside * 2 * np.pi * 0.25, rel=0.01)


def test_raw_and_standardised_coefficients_agree_with_their_definition():
    model = make(2, sigma=0.8)
    point = {"team.y.scaled": np.array([0.5, -0.3])}
    raw, std = model.compile_fn(
        model.replace_rvs_by_values([model["team.y"], model["team.y.std"]]), mode=PLAIN
    )(point)
    covariance = SPREADS @ SPREADS.T
    sd = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(raw, point["team.y.scaled"] / sd)
    np.testing.assert_allclose(std, raw * sd / np.sqrt(raw @ covariance @ raw + 0.8**2))


def test_prior_from_the_file_is_on_the_standardised_scale():
    priors = (("team.y ~ x0", PriorSpec("StudentT", (3.0, 0.2, 0.1))),)
    density = make(1, priors=priors).compile_logp(mode=PLAIN)
    total, _ = integrate.quad(lambda g: np.exp(density({"team.y.scaled": np.array([g])})), -60, 60, limit=400)
    t = stats.t(3, 0.2, 0.1)
    assert total == pytest.approx(t.cdf(1) - t.cdf(-1), rel=1e-3)


def test_a_raw_prior_is_on_the_raw_coefficients():
    priors = tuple((f"team.y ~ x{k}", PriorSpec("Normal", (0.2, 3.0), raw=True)) for k in range(2))
    density = make(2, priors=priors).compile_logp(mode=PLAIN)
    sd = np.linalg.norm(SPREADS, axis=1)
    raw = np.array([[0.7, -5.0], [0.2, 0.2]])
    found = [float(density({"team.y.scaled": b * sd})) for b in raw]
    expected = stats.norm(0.2, 3).logpdf(raw).sum(axis=1)
    assert found[0] - found[1] == pytest.approx(expected[0] - expected[1])
    one = make(1, priors=priors[:1]).compile_logp(mode=PLAIN)
    total, _ = integrate.quad(lambda g: np.exp(one({"team.y.scaled": np.array([g])})), -100, 100, limit=200)
    assert total == pytest.approx(np.sqrt(2 * np.pi) * 3, rel=1e-6)


def test_prior_of_an_effect_must_cover_the_line():
    with pytest.raises(SpecError, match="does not cover the whole line"):
        make(1, priors=(("team.y ~ x0", PriorSpec("HalfNormal", (1.0,))),))
