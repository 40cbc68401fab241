"""Cumulative answers against SciPy's distribution functions."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytest
from pytensor.compile.mode import Mode
from scipy import stats

from coefficacy.model.ordinal import cumulative, graded_answers, thresholds

PLAIN = Mode(linker="py", optimizer="fast_compile")
CUTS = np.array([[-1.5, -0.2, 0.9, 2.0], [-0.5, 0.1, 0.4, 3.0]])
ETA = np.array([-9.0, -1.0, 0.0, 0.3, 2.5, 9.0])


@pytest.mark.parametrize(("link", "law"), [("logit", stats.logistic), ("probit", stats.norm)])
@pytest.mark.parametrize("item", [0, 1])
def test_log_probabilities(link, law, item):
    expected, found = [], []
    ends = np.concatenate([[-np.inf], CUTS[item], [np.inf]])
    for category in range(5):
        with pm.Model() as model:
            cumulative("y", ETA * 1.0, CUTS * 1.0, np.full(6, item), link=link, observed=np.full(6, category))
        found.append(model.compile_logp(sum=False, mode=PLAIN)({})[0])
        expected.append(law.cdf(ends[category + 1] - ETA) - law.cdf(ends[category] - ETA))
    np.testing.assert_allclose(np.exp(found), expected, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(np.exp(found).sum(axis=0), 1.0)


@pytest.mark.parametrize(("link", "law"), [("logit", stats.logistic), ("probit", stats.norm)])
def test_replicates_have_the_probabilities(link, law):
    n = 20_000
    with pm.Model() as model:
        y = cumulative(
            "y", np.full(n, 0.3), CUTS * 1.0, np.zeros(n, int), link=link, observed=np.zeros(n, int)
        )
    drawn = pm.draw(y, random_seed=1, mode=PLAIN)
    share = np.bincount(drawn, minlength=5) / n
    expected = np.diff(np.concatenate([[0], law.cdf(CUTS[0] - 0.3), [1]]))
    np.testing.assert_allclose(share, expected, atol=4 * np.sqrt(0.25 / n))
    assert model.observed_RVs


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_answers_through_the_kernel_are_cumulative_answers(link):
    """Two items of three people in two teams; density to rounding, replicates by their share."""
    score, loading = np.array([0.5, -1.0, 2.0]), np.array([0.8, 1.3])
    residual, of = np.array([[0.2, -0.4], [1.0, 0.1]]), np.array([0, 1, 1])
    unit, item = np.repeat(np.arange(3), 2), np.tile(np.arange(2), 3)
    category = np.array([0, 4, 2, 1, 3, 2])
    eta = loading[item] * score[unit] + residual[of[unit], item]
    law = {"logit": stats.logistic, "probit": stats.norm}[link]
    ends = np.column_stack([np.full(2, -np.inf), CUTS, np.full(2, np.inf)])
    low, high = ends[item, category] - eta, ends[item, category + 1] - eta
    upper_tail = low + high > 0
    low, high = np.where(upper_tail, -high, low), np.where(upper_tail, -low, high)
    expected = np.log(law.cdf(high) - law.cdf(low)).sum()
    with pm.Model() as fused:
        y = graded_answers(
            "y", score, loading, residual, CUTS, (unit, of, item), link=link, observed=category
        )
    assert fused.compile_logp(mode=PLAIN)({}) == pytest.approx(expected, rel=1e-9)
    drawn = pm.draw(y, 4000, random_seed=1, mode=PLAIN)
    above = 1 - law.cdf(CUTS[item, 1] - eta)
    np.testing.assert_allclose((drawn > 1).mean(axis=0), above, atol=5 * np.sqrt(0.25 / 4000))


def test_thresholds_are_ordered_around_the_middle_one():
    cuts = thresholds(np.array([0.5, -1.0]), np.array([[1.0, 2.0, 0.5]] * 2)).eval()
    np.testing.assert_allclose(cuts, [[-2.5, -1.5, 0.5, 1.0], [-4.0, -3.0, -1.0, -0.5]])
