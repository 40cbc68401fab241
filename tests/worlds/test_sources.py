"""The world of two sources: its truth against what its own tables and latents show.

Tolerances are three to four standard errors of the statistic, worked out beside it.
"""

from __future__ import annotations

import numpy as np
import pytest

from coefficacy.errors import CoefficacyError
from coefficacy.spec import loads
from coefficacy.worlds import CLAIMS, simulate, simulate_two_sources

SE, CE = "self_efficacy", "collective_efficacy"


@pytest.fixture(scope="module")
def large():
    """4,000 teams: an R^2 near one half leaves standard errors of coefficients of about .04."""
    return simulate_two_sources(seed=2, n_teams=4000, team_size=4, layers=4, n_items=2)


def _regression(y, *x):
    b, *_ = np.linalg.lstsq(np.column_stack([*x, np.ones(len(y))]), y, rcond=None)
    return b


def _teams(world):
    teams, persons = world.tables["teams"], world.tables["persons"]
    share = persons.groupby("team_id")["licensed"].mean().reindex(teams["team_id"]).to_numpy()
    latents = {name: np.array(values) for name, values in world.truth["latents"]["team"].items()}
    layers = [(teams["layer"] == name).to_numpy(float) for name in teams["layer"].unique()[1:]]
    return teams, share, latents, layers


def test_true_latents_and_adaptation_show_the_planted_paths(large) -> None:
    teams, share, u, layers = _teams(large)
    projects, prior = teams["shared_projects"].to_numpy(), teams["prior_performance"].to_numpy()
    a = _regression(u[SE], share, projects, prior, *layers)
    c = _regression(u[CE], u[SE], projects, share, prior, *layers)
    y = teams["adaptation"].to_numpy()
    b = _regression(y, u[SE], u[CE], share, projects, prior, *layers)
    truth = large.truth["estimands"]["two_sources"]
    assert c[1] * b[1] == pytest.approx(truth[f"effect[shared_projects, {CE}]"], abs=0.03)
    assert a[0] * b[0] == pytest.approx(truth[f"effect[mean(licensed), {SE}]"], abs=0.08)
    assert a[0] * c[0] * b[1] == pytest.approx(truth[f"effect[mean(licensed), {SE} > {CE}]"], abs=0.05)
    assert b[2] == pytest.approx(truth["effect[mean(licensed), direct]"], abs=0.2)


def test_adaptation_has_unit_sd_within_layers(large) -> None:
    y = large.tables["teams"].groupby("layer")["adaptation"]
    assert y.std().mean() == pytest.approx(1, abs=0.04)


def test_licences_raise_self_efficacy_within_and_between(large) -> None:
    persons, truth = large.tables["persons"], large.truth["estimands"]["two_sources"]
    teams, share, u, layers = _teams(large)
    eta = np.array(large.truth["latents"]["person"][SE])
    team = persons["team_id"].map({name: k for k, name in enumerate(teams["team_id"])}).to_numpy()
    deviation = persons["licensed"].to_numpy() - share[team]
    within = _regression(eta - u[SE][team], deviation)[0]
    assert within == pytest.approx(0.4, abs=0.08)
    covariates = teams["shared_projects"].to_numpy(), teams["prior_performance"].to_numpy()
    between = _regression(u[SE], share, *covariates, *layers)[0]
    assert between - within == pytest.approx(truth["between_minus_within"], abs=0.12)


def test_in_the_null_world_both_carry_the_same() -> None:
    truth = simulate("C5", seed=1, n_teams=20, null=True).truth["estimands"]["two_sources"]
    assert truth["difference"] == pytest.approx(0)
    assert truth[f"effect[mean(licensed), {SE}]"] == pytest.approx(0.25)


def test_its_model_file_reads_its_tables() -> None:
    import coefficacy as co

    for family in ("gaussian", "ordinal"):
        world = simulate("C5", seed=1, n_teams=12, family=family)
        survey = co.read_survey(loads(world.spec_text), **world.tables)
        assert survey.n["team"] == 12
    assert set(world.tables["persons"]["licensed"]) == {0, 1}
    assert "C5" in CLAIMS


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"team_size": 1}, "team_size"),
        ({"n_teams": 2}, "one a layer"),
        ({"family": "counts"}, "gaussian"),
        ({"carried_by_projects": 0.9}, "of the variance of adaptation"),
    ],
)
def test_impossible_worlds_are_refused(options, said) -> None:
    with pytest.raises(CoefficacyError, match=said):
        simulate("C5", seed=1, **options)
