"""Columns of a regression, centred where the unit lives."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coefficacy.model.design import expand
from coefficacy.spec import loads
from coefficacy.survey import Survey, read_survey

MODEL = """
[about]
title = "x"
[levels]
person = "person"
team = "team"
[measures.ce]
items = ["ce_*"]
family = "gaussian"
[person]
ce = "age + kind + age:size"
[team]
ce = "size + mean(age)"
y = "ce + ce:size"
"""


@pytest.fixture(scope="module")
def survey() -> Survey:
    rng = np.random.default_rng(1)
    n = 24
    persons = pd.DataFrame(
        {
            "person": range(n),
            "team": np.repeat(range(6), 4),
            "age": rng.normal(40, 5, n),
            "kind": rng.choice(["a", "b", "c"], n),
            "ce_1": rng.normal(size=n),
            "ce_2": rng.normal(size=n),
        }
    )
    teams = pd.DataFrame({"team": range(6), "size": [3.0, 4, 5, 6, 7, 8], "y": rng.normal(size=6)})
    return read_survey(loads(MODEL), persons=persons, teams=teams)


def columns(survey: Survey, level: str, response: str, latents: tuple[str, ...] = ("ce",)):
    spec = loads(MODEL)
    formula = next(r.formula for r in spec.regressions if (r.level, r.response) == (level, response))
    return {c.label: c for c in expand(spec, survey, level, formula.terms, latents, where="x")}


def test_persons_are_deviations_from_their_team(survey):
    found = columns(survey, "person", "ce")
    assert list(found) == ["age", "kind[b]", "kind[c]", "age:size"]
    for label in ("age", "kind[b]"):
        means = pd.Series(found[label].values).groupby(survey.index("person", "team")).mean()
        np.testing.assert_allclose(means, 0, atol=1e-12)
    size = survey.column("person", "size").values
    np.testing.assert_allclose(found["age:size"].values, found["age"].values * (size - size.mean()))


def test_teams_are_centred_on_the_grand_mean_and_may_use_the_mean_of_their_members(survey):
    found = columns(survey, "team", "ce")
    np.testing.assert_allclose(found["size"].values, [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])
    age = survey.column("person", "age").values
    means = np.array([age[survey.index("person", "team") == j].mean() for j in range(6)])
    np.testing.assert_allclose(found["mean(age)"].values, means - means.mean())


def test_latents_stay_names_and_their_observed_partner_is_centred(survey):
    found = columns(survey, "team", "y")
    assert found["ce"].latents == ("ce",)
    assert found["ce"].values is None
    assert found["ce:size"].latents == ("ce",)
    np.testing.assert_allclose(found["ce:size"].values, [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])
