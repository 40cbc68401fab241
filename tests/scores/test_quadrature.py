"""Whole teams by quadrature against brute force, where people are few enough for it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, special, stats

from coefficacy.scores.quadrature import Graded, TeamForms, whole_team_density

CUTS = np.array([[-1.2, 0.1, 1.0], [-0.5, 0.4, 1.5]])
LOADING = np.array([1.3, 0.8])


def one_factor(answers: list[list[float]], *, logit: bool = True) -> Graded:
    return Graded(np.array(answers), LOADING, CUTS, logit)


def person(graded: Graded, i: int, eta: np.ndarray) -> np.ndarray:
    """P(answers of a person | eta), item by item from differences of the cumulative curve."""
    curve, found = special.expit if graded.logit else stats.norm.cdf, np.ones_like(eta)
    for answer, loading, cuts in zip(graded.answers[i], graded.loading, graded.cuts, strict=True):
        if np.isnan(answer):
            continue
        k = int(answer)
        above = curve(loading * eta - cuts[k - 1]) if k else 1.0
        found = found * (above - (curve(loading * eta - cuts[k]) if k < len(cuts) else 0.0))
    return found


@pytest.mark.parametrize("logit", [True, False])
def test_one_factor_against_brute_force(logit: bool) -> None:
    """Two teams, of three people and of one, with an outcome; one answer and one outcome are missing.

    Both integrals by the trapezoidal rule on 1,201 points over eight SDs either side.
    """
    graded = one_factor([[0, 3], [1, np.nan], [2, 2], [3, 3]], logit=logit)
    team, y = np.array([0, 0, 0, 1]), np.array([[0.7], [np.nan]])
    forms = TeamForms(
        np.array([[0.3, 0.2], [-0.5, 0.1]]), np.array([[0.36, 0.2], [0.2, 0.8]]), np.array([[1.1]])
    )
    answers, both = whole_team_density(forms, [graded], team, y)
    z = np.linspace(-8, 8, 1201)
    weight = stats.norm.pdf(z)

    def whole(j: int, *, outcome: bool) -> float:
        u = forms.mean[j, 0] + 0.6 * z
        found = weight.copy()
        for i in np.flatnonzero(team == j):
            eta = u[:, None] + np.sqrt(1.1) * z
            found *= integrate.trapezoid(weight * person(graded, i, eta), z, axis=1)
        if outcome:
            slope = 0.2 / 0.36
            mean = forms.mean[j, 1] + slope * (u - forms.mean[j, 0])
            found *= stats.norm.pdf(y[j, 0], mean, np.sqrt(0.8 - 0.2 * slope))
        return float(np.log(integrate.trapezoid(found, z)))

    expected = [whole(0, outcome=False), whole(1, outcome=False)]
    np.testing.assert_allclose(answers, expected, atol=1e-6)
    np.testing.assert_allclose(both, [whole(0, outcome=True), expected[1]], atol=1e-6)


def test_a_large_team_that_is_well_known() -> None:
    """Forty people, teams that differ much: the answers settle the factor to a sixth of its SD."""
    rng = np.random.default_rng(4)
    graded = one_factor(rng.integers(0, 4, (40, 2)).tolist())
    forms = TeamForms(np.array([[-1.0]]), np.array([[2.25]]), np.array([[1.0]]))
    (found,), _ = whole_team_density(forms, [graded], np.zeros(40, int), np.full((1, 0), np.nan))
    z = np.linspace(-8, 8, 1601)
    u, total = -1 + 1.5 * z, stats.norm.logpdf(z)
    for i in range(40):
        given = stats.norm.pdf(z) * person(graded, i, u[:, None] + z)
        total += np.log(integrate.trapezoid(given, z, axis=1))
    assert found == pytest.approx(np.log(integrate.trapezoid(np.exp(total + 100), z)) - 100, abs=1e-4)


def test_two_factors_against_simulation() -> None:
    """Correlated at both levels; tolerance four standard errors of 400,000 simulated teams."""
    first, second = one_factor([[0, 3], [1, 2]]), one_factor([[1, 2], [0, np.nan]])
    forms = TeamForms(
        np.array([[0.3, -0.2]]), np.array([[0.5, 0.3], [0.3, 0.6]]), np.array([[1.0, 0.4], [0.4, 1.2]])
    )
    team, none = np.array([0, 0]), np.full((1, 0), np.nan)
    (found,), (same,) = whole_team_density(forms, [first, second], team, none)
    rng = np.random.default_rng(1)
    u = rng.multivariate_normal(forms.mean[0], forms.between, 400_000)
    total = np.ones(len(u))
    for i in range(2):
        eta = u + rng.multivariate_normal(np.zeros(2), forms.within, len(u))
        for k, graded in enumerate((first, second)):
            logs = Graded(graded.answers[[i]], graded.loading, graded.cuts, logit=True).log_density(eta[:, k])
            total *= np.exp(logs[0])
    error = total.std() / np.sqrt(len(u)) / total.mean()
    assert found == same
    assert abs(found - np.log(total.mean())) < 4 * error
    assert error < 0.005


def test_two_unrelated_factors_are_the_product_of_each() -> None:
    first, second = one_factor([[0, 3], [1, 2]]), one_factor([[1, 2], [0, np.nan]], logit=False)
    team, none = np.array([0, 0]), np.full((1, 0), np.nan)
    mean, between, within = np.array([[0.3, -0.2]]), np.diag([0.5, 0.6]), np.diag([1.0, 1.2])
    (both,), _ = whole_team_density(TeamForms(mean, between, within), [first, second], team, none)
    each = [
        whole_team_density(
            TeamForms(mean[:, [k]], between[[k]][:, [k]], within[[k]][:, [k]]), [graded], team, none
        )[0][0]
        for k, graded in enumerate((first, second))
    ]
    assert both == pytest.approx(sum(each), abs=1e-6)
