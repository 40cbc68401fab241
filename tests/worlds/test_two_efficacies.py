"""The world of two efficacies has the truth that it says it has.

Recovered numbers come from one world of 4,000 teams; a tolerance is four standard errors of the estimate.
"""

from __future__ import annotations

import numpy as np
import pytest

from coefficacy.errors import CoefficacyError
from coefficacy.spec import loads
from coefficacy.worlds import World, simulate_two_efficacies

LATENTS = ("adopt", "resist")


@pytest.fixture(scope="module")
def planted() -> World:
    return simulate_two_efficacies(seed=1, n_teams=4000, team_size=2)


def _latents(world: World, level: str) -> np.ndarray:
    return np.column_stack([world.truth["latents"][level][name] for name in LATENTS])


def _layers(world: World) -> tuple[np.ndarray, np.ndarray]:
    return np.unique(world.tables["teams"]["layer"], return_inverse=True)


def test_the_two_correlate_as_asked_between_teams_of_a_layer_and_within_teams(planted: World) -> None:
    truth, teams = planted.truth["estimands"]["latent_correlation"], _latents(planted, "team")
    names, layer = _layers(planted)
    within = teams - np.array([teams[layer == k].mean(axis=0) for k in range(len(names))])[layer]
    assert np.corrcoef(within.T)[0, 1] == pytest.approx(truth["correlation"], abs=4 * 0.75 / 4000**0.5)
    assert within.std(axis=0) == pytest.approx([0.5, 0.5], rel=4 / 8000**0.5)
    own = _latents(planted, "person") - np.repeat(teams, 2, axis=0)
    assert np.corrcoef(own.T)[0, 1] == pytest.approx(truth["person_correlation"], abs=4 * 0.75 / 8000**0.5)


def test_paths_by_layer_are_those_of_a_regression_on_true_latents(planted: World) -> None:
    truth, table = planted.truth["estimands"]["layer_paths"], planted.tables["teams"]
    names, layer = _layers(planted)
    for k, name in enumerate(names):
        here = layer == k
        x = np.column_stack([_latents(planted, "team")[here] / 0.5, table["prior_performance"][here]])
        x = np.column_stack([x, np.ones(here.sum())])
        for outcome in ("adoption", "renegotiation"):
            b = np.linalg.lstsq(x, table[outcome][here].to_numpy(), rcond=None)[0]
            wanted = [truth[f"path[{name}, {outcome}, {latent}]"] for latent in LATENTS]
            assert b[:2] == pytest.approx(wanted, abs=4 * 0.7 / (1000 * 0.75) ** 0.5)


def test_averages_and_crossing_are_of_the_paths(planted: World) -> None:
    truth = planted.truth["estimands"]["layer_paths"]
    average = {
        key: np.mean([v for k, v in truth.items() if k.startswith("path[") and k.endswith(f", {key}]")])
        for key in (f"{o}, {m}" for o in ("adoption", "renegotiation") for m in LATENTS)
    }
    assert all(truth[f"average[{key}]"] == pytest.approx(value) for key, value in average.items())
    leads = (
        average["adoption, adopt"] - average["adoption, resist"],
        average["renegotiation, resist"] - average["renegotiation, adopt"],
    )
    assert truth["crossing"] == pytest.approx(min(leads))


def test_in_a_null_world_there_is_one_thing() -> None:
    null = simulate_two_efficacies(seed=1, n_teams=40, null=True)
    assert null.truth["estimands"] == {"latent_correlation": {"correlation": 1.0, "person_correlation": 1.0}}
    for level in ("team", "person"):
        np.testing.assert_allclose(*_latents(null, level).T, atol=2e-4)


def test_the_world_comes_with_the_library_s_model() -> None:
    assert loads(simulate_two_efficacies(seed=1, n_teams=8).spec_text).claim == "C11"


@pytest.mark.parametrize(
    "wrong", [{"n_teams": 4}, {"correlation": 1.2}, {"item_reliability": 1.0}, {"layers": 1}]
)
def test_impossible_arguments_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(CoefficacyError, match=next(iter(wrong))):
        simulate_two_efficacies(seed=1, **wrong)
