"""The correction for correlated errors, against regressions on many simulated teams.

Tolerance: with 400,000 teams standard errors of coefficients are below .004; .015 is allowed.
"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from two_sources_fit import CE, LICENCES, NAMES, PROJECTS, SE, Y, given_fit, planted_fit, regressed, simulated

from coefficacy.errors import FitError
from coefficacy.estimands import confounding, estimate, two_sources
from coefficacy.estimands.confounders import _Errors
from coefficacy.estimands.linear_paths import linear_paths


def _fitted(rho: tuple[float, float]):
    """A fit with the coefficients that a regression finds where errors correlate, and the true ones."""
    values, true = simulated(np.random.default_rng(5), 400_000, rho)
    equations = {SE: (LICENCES, PROJECTS), CE: (SE, LICENCES, PROJECTS), Y: (SE, CE, LICENCES, PROJECTS)}
    found = {y: regressed(values, y, predictors) for y, predictors in equations.items()}
    return given_fit(found, {y: b["sd"] for y, b in found.items()}), true


@pytest.mark.parametrize("rho", [(0.0, 0.0), (0.3, 0.0), (0.0, -0.4), (0.4, 0.3), (-0.2, 0.5)])
def test_the_true_coefficients_come_back_at_the_true_correlations(rho: tuple[float, float]) -> None:
    fit, true = _fitted(rho)
    corrected = _Errors(fit, linear_paths(fit, **NAMES)).corrected(np.array(rho)).ravel()
    np.testing.assert_allclose(corrected, [true[SE], true[CE]], atol=0.015)


def test_confounding_bias_is_there_to_correct() -> None:
    fit, true = _fitted((0.4, 0.3))
    fitted = linear_paths(fit, **NAMES).to_outcome.ravel()
    assert np.abs(fitted - [true[SE], true[CE]]).min() > 0.2


def test_one_mediator_is_theorem_4_of_imai_keele_yamamoto() -> None:
    """s1/s2 (r - rho sqrt((1 - r^2) / (1 - rho^2))), with r the correlation of reduced-form errors."""
    fit = given_fit({SE: {LICENCES: 1.0}, CE: {PROJECTS: 0.7}, Y: {CE: 0.5}}, {SE: 1.0, CE: 0.8, Y: 1.1})
    rho, s2, left = 0.35, 0.8, 1.1
    s1 = np.hypot(0.5 * s2, left)
    r = 0.5 * s2 / s1
    expected = s1 / s2 * (r - rho * np.sqrt((1 - r**2) / (1 - rho**2)))
    corrected = _Errors(fit, linear_paths(fit, **NAMES)).corrected(np.array([0.0, rho])).ravel()
    assert corrected[1] == pytest.approx(expected)


def test_signs_are_lost_where_the_curves_cross_zero() -> None:
    found = confounding(planted_fit(), correlations=np.linspace(-0.95, 0.95, 381)).isel(chain=0, draw=0)
    for curve, lost in (("difference", "sign_lost"), ("second_path", "sign_lost_second")):
        for mediator in (SE, CE):
            at = found[lost].sel(mediator=mediator).item()
            if np.isnan(at):
                assert np.ptp(found[curve].sel(mediator=mediator).values) == pytest.approx(0, abs=1e-12)
            elif abs(at) < 0.95:
                crossing = found[curve].sel(mediator=mediator).interp(correlation=at).item()
                assert crossing == pytest.approx(0, abs=1e-3)
    assert found.sign_lost_second.isnull().sel(mediator=SE).item()
    assert 0 < found.sign_lost.sel(mediator=CE).item() < 1


def test_no_correlation_leaves_the_estimate() -> None:
    fit = planted_fit()
    left = confounding(fit, correlations=(0.0,)).difference
    expected = two_sources(fit, **NAMES).difference.item()
    np.testing.assert_allclose(left, expected)


def test_a_prior_widens_and_does_not_move() -> None:
    """One draw of parameters, copied 4,000 times: all spread is the prior's.

    The mean's standard error is sd / 63, of which four are allowed. The SD follows the slopes at zero but for
    the curvature of rho / sqrt(1 - rho^2), some 2%, and sampling error of 1%; 8% are allowed.
    """
    fit = planted_fit()
    fit.posterior = fit.posterior.isel(draw=np.zeros(4000, int)).assign_coords(draw=np.arange(4000))
    found = estimate(fit)
    spread = found.difference_confounded
    assert found.difference.std().item() == pytest.approx(0, abs=1e-12)
    single = SimpleNamespace(spec=fit.spec, survey=fit.survey, posterior=fit.posterior.isel(draw=[0]))
    slope = confounding(single, correlations=(-0.05, 0.05))
    steps = np.diff(slope.difference.isel(chain=0, draw=0), axis=-1).ravel() / 0.1
    assert spread.std().item() == pytest.approx(0.1 * np.hypot(*steps), rel=0.08)
    away = spread.mean().item() - found.difference.mean().item()
    assert abs(away) < 4 * spread.std().item() / 4000**0.5


def test_impossible_correlations_and_models_without_the_section_are_refused() -> None:
    fit = planted_fit()
    with pytest.raises(FitError, match="within -1 and 1"):
        confounding(fit, correlations=(1.0,))
    fit.spec = replace(fit.spec, estimands=())
    with pytest.raises(FitError, match=r"estimands\.two_sources"):
        confounding(fit)
