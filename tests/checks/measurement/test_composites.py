"""Reliability of composites: against lavaan, Lai's published figures and a million simulated answers.

Tolerances: 1e-12 where both sides compute the same closed form; 1e-6 for what lavaan derives from its own
matrices; 1e-5 for published figures, made with other versions of lavaan; squared correlations of 200,000
simulated teams have a standard error of at most 2 r (1 - r^2) / sqrt(200,000) < 0.002; four are allowed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coefficacy.checks.measurement import Composite, mean_reliability, omega, spearman_brown

REFERENCE = json.loads(Path(__file__).with_name("reliability_reference.json").read_text())


def of_lavaan(model: str) -> Composite:
    within, between = (REFERENCE[model][level] for level in ("within", "between"))
    return Composite(
        loading_within=sum(within["loading"]),
        loading_between=sum(between["loading"]),
        within=within["variance"],
        between=between["variance"],
        independent=within["variance"],
        unique_within=sum(within["residual"]),
        unique_between=sum(between["residual"]),
    )


@pytest.mark.reference
@pytest.mark.parametrize("model", ["free", "equal"])
def test_omega_at_each_level_is_the_share_of_the_variance_lavaan_implies(model: str) -> None:
    parts = of_lavaan(model)
    within = omega(parts.common_within, parts.unique_within)
    between = omega(parts.common_between, parts.unique_between)
    assert within == pytest.approx(REFERENCE[model]["within"]["omega"], abs=1e-6)
    assert between == pytest.approx(REFERENCE[model]["between"]["omega"], abs=1e-6)


@pytest.mark.reference
def test_published_figures_of_the_same_data() -> None:
    """Lai (2022), https://quantscience.rbind.io/posts/2022-11-13-multilevel-composite-reliability/."""
    parts = of_lavaan("equal")
    harmonic = 1 / np.mean(1 / np.array(REFERENCE["size"]))
    common = parts.common_within + parts.common_between
    total = omega(common, parts.unique_within + parts.unique_between)
    assert omega(parts.common_within, parts.unique_within) == pytest.approx(0.6761273, abs=1e-5)
    assert total == pytest.approx(0.7669377, abs=1e-5)
    assert mean_reliability(parts, harmonic) == pytest.approx(0.7837490, abs=1e-5)


@pytest.fixture(scope="module")
def simulated() -> dict[str, Any]:
    """Answers of 200,000 teams of five to three items, loadings and residuals differing between levels."""
    rng, teams, members = np.random.default_rng(5), 200_000, 5
    within, between = np.array([0.9, 0.6, 1.2]), np.array([0.9, 0.8, 0.5])
    theta_w, theta_b, psi_w, psi_b = np.array([0.5, 1.0, 0.8]), np.array([0.1, 0.3, 0.05]), 1.3, 0.4
    u = rng.normal(0, np.sqrt(psi_b), teams)
    w = rng.normal(0, np.sqrt(psi_w), (teams, members))
    level = u[:, None] * between + rng.normal(0, np.sqrt(theta_b), (teams, 3))
    deviation = w[..., None] * within + rng.normal(0, np.sqrt(theta_w), (teams, members, 3))
    parts = Composite(
        loading_within=within.sum(), loading_between=between.sum(), within=psi_w, between=psi_b,
        independent=psi_w, unique_within=theta_w.sum(), unique_between=theta_b.sum(),
    )  # fmt: skip
    return {"parts": parts, "u": u, "w": w, "team": level.sum(1), "person": deviation.sum(2), "size": members}


def squared_correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1] ** 2)


def test_omega_is_the_squared_correlation_of_composite_and_latent(simulated: dict[str, Any]) -> None:
    parts = simulated["parts"]
    within = squared_correlation(simulated["person"], simulated["w"])
    between = squared_correlation(simulated["team"], simulated["u"])
    assert omega(parts.common_within, parts.unique_within) == pytest.approx(within, abs=0.008)
    assert omega(parts.common_between, parts.unique_between) == pytest.approx(between, abs=0.008)


def test_reliability_of_a_mean_is_its_squared_correlation_with_the_team(simulated: dict[str, Any]) -> None:
    mean = simulated["team"] + simulated["person"].mean(axis=1)
    found = mean_reliability(simulated["parts"], simulated["size"])
    assert found == pytest.approx(squared_correlation(mean, simulated["u"]), abs=0.008)


def test_where_the_members_are_the_team_drawing_them_is_no_error(simulated: dict[str, Any]) -> None:
    mean = simulated["team"] + simulated["person"].mean(axis=1)
    value = simulated["u"] + simulated["w"].mean(axis=1)
    found = mean_reliability(simulated["parts"], simulated["size"], of_members=True)
    assert found == pytest.approx(squared_correlation(mean, value), abs=0.008)
    assert found > mean_reliability(simulated["parts"], simulated["size"])


def test_iccs_are_correlations_of_two_members(simulated: dict[str, Any]) -> None:
    parts = simulated["parts"]
    latent = simulated["u"][:, None] + simulated["w"]
    score = simulated["team"][:, None] + simulated["person"]
    for found, values in ((parts.icc1_latent, latent), (parts.icc1_observed, score)):
        assert found == pytest.approx(np.corrcoef(values[:, 0], values[:, 1])[0, 1], abs=0.009)


def test_observed_icc2_times_omega_between_is_the_reliability_of_the_mean(simulated: dict[str, Any]) -> None:
    parts = simulated["parts"]
    items = omega(parts.common_between, parts.unique_between)
    product = spearman_brown(parts.icc1_observed, 7) * items
    assert mean_reliability(parts, 7) == pytest.approx(product, abs=1e-12)


def test_with_many_members_only_the_items_are_error(simulated: dict[str, Any]) -> None:
    parts = simulated["parts"]
    items = omega(parts.common_between, parts.unique_between)
    assert mean_reliability(parts, 1e12) == pytest.approx(items, abs=1e-9)
