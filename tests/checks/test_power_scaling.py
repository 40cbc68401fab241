"""Power-scaling of a normal posterior, where everything is known in closed form.

Draws are the quantiles of the posterior in random order, so that only Pareto smoothing and the grid
stand between the weighted draws and the truth: 0.01 posterior SDs for means.
"""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from coefficacy.checks.power_scaling import (
    THRESHOLD,
    diagnose,
    expected_log_likelihood,
    power_scaled,
    sensitivity,
)

BOUND = 0.1
# SD of the prior (mean 0), mean and SD of the likelihood
CASES = {"usual": (0.5, 0.6, 0.2), "wide prior": (5.0, 0.6, 0.2), "tight prior": (0.1, 0.5, 0.3)}


def posterior(prior_sd: float, mean: float, sd: float, alpha: float = 1.0, beta: float = 1.0):
    """The prior to the power alpha, the likelihood to the power beta."""
    precision = alpha / prior_sd**2 + beta / sd**2
    return stats.norm(beta * mean / sd**2 / precision, precision**-0.5)


def draws(distribution, n: int = 8000) -> xr.DataArray:
    values = distribution.ppf((np.arange(n) + 0.5) / n)
    return xr.DataArray(np.random.default_rng(3).permutation(values).reshape(4, -1), dims=("chain", "draw"))


def normal(values: xr.DataArray, mean: float, sd: float) -> xr.DataArray:
    return -0.5 * ((values - mean) / sd) ** 2


@pytest.mark.reference
@pytest.mark.parametrize("alpha", [0.5, 0.8, 1.25, 2.0])
@pytest.mark.parametrize("case", CASES)
def test_scaled_prior_gives_the_known_posterior(case, alpha):
    prior_sd, mean, sd = CASES[case]
    effect = draws(posterior(prior_sd, mean, sd))
    found = power_scaled(effect, normal(effect, 0, prior_sd), alpha, bound=BOUND)
    truth = posterior(prior_sd, mean, sd, alpha)
    assert found.reliable
    assert found.mean == pytest.approx(truth.mean(), abs=0.01 * truth.std())
    # The tail of a posterior that widens by up to a third rests on few draws.
    assert found.lower == pytest.approx(truth.ppf(0.025), abs=0.03 * truth.std())
    assert found.p_below == pytest.approx(truth.cdf(BOUND), abs=0.002)


def test_power_one_changes_nothing():
    effect = draws(stats.norm(0.3, 0.2))
    found = power_scaled(effect, normal(effect, 0, 0.5), 1.0, bound=BOUND)
    assert found.khat is None
    assert found.mean == pytest.approx(float(effect.mean()))
    assert found.lower == pytest.approx(float(np.quantile(effect, 0.025)), abs=1e-3)


def test_weights_that_rest_on_few_draws_are_called_unreliable():
    rng = np.random.default_rng(1)
    effect = draws(stats.norm(0, 1))
    heavy = effect.copy(data=rng.standard_cauchy(effect.shape))
    found = power_scaled(effect, heavy, 2.0, bound=BOUND)
    assert not found.reliable
    assert found.khat is not None
    assert found.khat > 0.7


def departure(p: np.ndarray, q: np.ndarray, step: float) -> float:
    """Cumulative Jensen-Shannon divergence of two distribution functions, scaled."""
    middle = (p + q) / 2
    both = p * np.log2(p / middle) + q * np.log2(q / middle)
    return float(np.sum(both) * step) / float(np.sum(p + q) * step)


@pytest.mark.reference
@pytest.mark.parametrize("case", CASES)
def test_sensitivity_is_the_speed_of_departure_per_doubling(case):
    prior_sd, mean, sd = CASES[case]
    base = posterior(prior_sd, mean, sd)
    effect = draws(base)
    found = sensitivity(effect, normal(effect, 0, prior_sd))
    x = np.linspace(float(effect.min()), float(effect.max()), 100_001)
    speeds = []
    for alpha in (0.99, 1.01):
        other = posterior(prior_sd, mean, sd, alpha)
        sides = ((base.cdf(x), other.cdf(x)), (base.sf(x), other.sf(x)))
        furthest = max(departure(p, q, x[1] - x[0]) for p, q in sides)
        speeds.append(np.sqrt(furthest) / abs(np.log2(alpha)))
    # 8,000 steps in place of a smooth distribution.
    assert found == pytest.approx(np.mean(speeds), rel=0.02, abs=1e-4)


def test_what_has_nothing_to_do_with_the_effect_has_no_sensitivity():
    effect = draws(stats.norm(0, 1))
    assert sensitivity(effect, xr.zeros_like(effect)) == 0
    noise = effect.copy(data=np.random.default_rng(5).normal(size=effect.shape))
    # 8,000 independent draws and a log density with SD 1: noise of about a tenth of the threshold.
    assert sensitivity(effect, noise) < 0.2 * THRESHOLD


@pytest.mark.parametrize("case", CASES)
def test_expected_log_likelihood_is_the_log_likelihood_of_a_normal_model(case):
    prior_sd, mean, sd = CASES[case]
    effect = draws(posterior(prior_sd, mean, sd))
    found = expected_log_likelihood(effect, normal(effect, 0, prior_sd))
    truth = normal(effect, mean, sd)
    apart = found - found.mean() - (truth - truth.mean())
    # Normal scores of ranks stand in for z; they differ in the far tails.
    assert float(abs(apart).quantile(0.99)) < 0.02


@pytest.mark.parametrize(
    ("prior_sd", "mean", "sd", "words"),
    [
        (5.0, 0.6, 0.2, "none"),
        (0.1, 0.6, 0.1, "prior-data conflict"),
        (0.1, 0.0, 1.0, "weak likelihood"),
    ],
)
def test_diagnosis_of_known_cases(prior_sd, mean, sd, words):
    effect = draws(posterior(prior_sd, mean, sd))
    prior = normal(effect, 0, prior_sd)
    likelihood = expected_log_likelihood(effect, prior)
    assert diagnose(sensitivity(effect, prior), sensitivity(effect, likelihood)) == words
