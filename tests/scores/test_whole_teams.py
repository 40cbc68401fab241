"""Scores of wholly left-out teams: weights by hand, and what is refused."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import coefficacy as co
from coefficacy.errors import FitError
from coefficacy.scores.whole import left_out_whole
from coefficacy.spec import loads

N_TEAMS = 6
TEXT = """
[levels]
person = "person_id"
team = "team_id"
[measures.a]
items = ["a_*"]
[team]
y = "a + w"
[rivals.no_a.team]
y = "w"
[question]
effect = "team.y ~ a"
rival = "no_a"
"""

PRODUCT = TEXT.replace('["a_*"]', '["a_0", "a_1"]\n[measures.b]\nitems = ["a_2"]').replace("a + w", "a * b")
MEMBERS = TEXT.replace('["a_*"]', '["a_*"]\naggregate = "members"')


def data(*, missing: bool = False):
    rng, team = np.random.default_rng(2), np.repeat(np.arange(N_TEAMS), 3)
    persons = {"person_id": np.arange(len(team)), "team_id": team}
    persons |= {f"a_{k}": rng.normal(size=len(team)) for k in range(3)}
    persons["a_0"][0] = np.nan if missing else 1.0
    teams = {"team_id": np.arange(N_TEAMS), "y": rng.normal(size=N_TEAMS), "w": rng.normal(size=N_TEAMS)}
    return pd.DataFrame(persons), pd.DataFrame(teams)


def fit_of(text: str = TEXT, *, engine: str = "marginal", missing: bool = False, **densities):
    spec, (persons, teams) = loads(text), data(missing=missing)
    dims = ("chain", "draw", "team")
    posterior = xr.Dataset(
        {f"team.{name}": (dims, value) for name, value in densities.items()},
        coords={"team": np.arange(N_TEAMS)} if densities else {},
    )
    survey = co.read_survey(spec, persons=persons, teams=teams)
    return SimpleNamespace(
        spec=spec, survey=survey, posterior=posterior, engine=engine, tree=xr.DataTree(), seed=1,
        convergence=SimpleNamespace(ok=True),
    )  # fmt: skip


def densities() -> dict[str, np.ndarray]:
    """Mild enough for plain weights: tails that are smoothed move the sums by less than 0.01."""
    drawn = np.random.default_rng(3).normal(0, 0.2, (2, 1000, N_TEAMS, 2))
    return {"answers_density": -20 + drawn[..., 0], "outcome_density": -1 + drawn[..., 1]}


def test_answers_are_weighted_by_answers_and_outcomes():
    """A team is left out with both, also where its answers alone are scored."""
    given = densities()
    fit = fit_of(**given)
    answers, both = given["answers_density"], given["answers_density"] + given["outcome_density"]
    weights = np.exp(-both)
    for scored, density in (("answers", answers), ("all", both)):
        expected = np.log((weights * np.exp(density)).sum(axis=(0, 1)) / weights.sum(axis=(0, 1)))
        score = left_out_whole(fit, scored).score
        np.testing.assert_allclose(score.values, expected, atol=0.01)
        assert score["team"].values.tolist() == list(range(N_TEAMS))
        assert score.attrs["outcomes"] == (["y"] if scored == "all" else [])
    other = left_out_whole(fit_of(answers_density=answers), "all").score
    assert abs(other - left_out_whole(fit, "answers").score).max() < 0.05


def test_scores_are_kept_apart_and_are_of_arviz():
    fit = fit_of(**densities())
    found = {scored: co.left_out_teams(fit, scored=scored) for scored in ("answers", "all")}
    assert set(fit.tree["left_out"].data_vars) == {"model (answers)", "model (all)"}
    assert found["all"].kind == "loo"
    assert found["all"].elpd == pytest.approx(found["answers"].elpd - N_TEAMS, abs=1)
    fit.posterior = xr.Dataset()
    assert co.left_out_teams(fit, scored="all").elpd == found["all"].elpd


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"missing": True, "text": MEMBERS}, "the items of a are not gaussian and complete"),
        ({"engine": "explicit"}, "this fit is of engine 'explicit'"),
        ({}, "made by an earlier version"),
        ({"text": PRODUCT}, "multiplies a latent by another"),
    ],
)
def test_where_there_is_no_closed_form_it_says_why(options, words):
    with pytest.raises(FitError, match=words.replace("*", r"\*")):
        left_out_whole(fit_of(**options), "all")


def test_a_rival_of_the_outcomes_equation_and_an_unknown_word_are_refused():
    fit = fit_of(**densities())
    with pytest.raises(FitError, match="'no_a' differs in the outcome's equation alone"):
        co.left_out_teams(fit, "no_a", scored="all")
    with pytest.raises(FitError, match="Did you mean 'answers'"):
        co.left_out_teams(fit, scored="answer")
