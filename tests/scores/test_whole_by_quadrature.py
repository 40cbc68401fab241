"""Wholly left-out teams of ordinal models: what the engine keeps, against the model written out by hand."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
import pytest

import coefficacy as co
from coefficacy.scores.quadrature import Graded, TeamForms, whole_team_density
from coefficacy.scores.whole import left_out_whole
from coefficacy.spec import loads

N_TEAMS, SIZE = 12, 4
TEXT = """
[levels]
person = "person_id"
team = "team_id"
[measures.a]
items = ["a_*"]
family = "ordinal"
scale = [1, 4]
item_residuals = false
[measures.b]
items = ["b_*"]
family = "bernoulli"
item_residuals = false
[person]
a = "b"
[team]
a = "b + w"
y = "a + w"
"""


@lru_cache
def fitted() -> co.Fit:
    rng, team = np.random.default_rng(2), np.repeat(np.arange(N_TEAMS), SIZE)
    score = rng.normal(size=(2, N_TEAMS))[:, team] + rng.normal(size=(2, len(team)))
    persons = {"person_id": np.arange(len(team)), "team_id": team}
    for k in range(3):
        noise = rng.logistic(size=(2, len(team)))
        persons[f"a_{k}"] = 1.0 + np.digitize(1.5 * score[0] + noise[0], [-1, 0, 1])
        persons[f"b_{k}"] = (1.5 * score[1] + noise[1] > 0).astype(float)
    persons["a_0"][0] = np.nan
    teams = {"team_id": np.arange(N_TEAMS), "y": rng.normal(size=N_TEAMS), "w": rng.normal(size=N_TEAMS)}
    teams["y"][3] = np.nan
    spec = loads(TEXT)
    survey = co.read_survey(spec, persons=pd.DataFrame(persons), teams=pd.DataFrame(teams))
    return co.fit(spec, survey, seed=1, draws=60, tune=200, chains=2, retry=False, progress=False)


def by_hand(fit: co.Fit, c: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Densities of one draw, from parameters alone."""
    p, survey = fit.posterior.isel(chain=c, draw=d), fit.survey

    def number(name: str, **at: str) -> float:
        return float(p[name].sel({k.replace("__", "."): v for k, v in at.items()}).squeeze())

    w = survey.column("team", "w").values
    w = w - w.mean()
    of_a, of_y = p["team.a"], p["team.y"]
    ab, aw = (float(of_a.sel({"team.a.term": term})) for term in ("b", "w"))
    ya, yw = (float(of_y.sel({"team.y.term": term})) for term in ("a", "w"))
    bw = float(p["team.b"].sel({"team.b.term": "w"}))
    sa, sb, sy = number("sd(team.a)"), number("sd(team.b)"), number("sd(team.y)")
    mean_b = bw * w
    mean_a = ab * mean_b + aw * w
    mean_y = number("team.y.intercept") + ya * mean_a + yw * w
    paths = {"b": np.array([sb, 0, 0]), "a": np.array([ab * sb, sa, 0])}
    paths["y"] = ya * paths["a"] + np.array([0, 0, sy])
    own = float(p["person.a"].sel({"person.a.term": "b"}))
    within = np.array([[1, own], [own, own**2 + 1]])
    z = np.array([paths["b"], paths["a"], paths["y"]])
    forms = TeamForms(np.column_stack([mean_b, mean_a, mean_y]), z @ z.T, within)
    factors = [
        Graded(survey.answers("b").values, p["b.loading"].values, -p["b.intercept"].values[:, None], True),
        Graded(survey.answers("a").values, p["a.loading"].values, p["a.threshold"].values, True),
    ]
    y = survey.column("team", "y").values.astype(float)
    return whole_team_density(forms, factors, survey.index("person", "team"), y[:, None])


def test_densities_are_those_made_by_hand() -> None:
    """At three draws, to rounding; weights 1/p and their smoothing are ArviZ's."""
    from coefficacy.scores.whole import _by_quadrature

    fit = fitted()
    answers, both = _by_quadrature(fit, "team")
    for c, d in ((0, 0), (1, 30), (1, 59)):
        expected = by_hand(fit, c, d)
        np.testing.assert_allclose(answers.values[c, d], expected[0], rtol=1e-8)
        np.testing.assert_allclose(both.values[c, d], expected[1], rtol=1e-8)
    assert both.values[0, 0, 3] == answers.values[0, 0, 3]


@pytest.mark.slow
def test_teams_are_scored() -> None:
    for scored, outcomes in (("answers", []), ("all", ["y"])):
        score = left_out_whole(fitted(), scored).score
        assert score.sizes == {"team": N_TEAMS}
        assert np.isfinite(score.values).all()
        assert score.attrs["outcomes"] == outcomes
