"""Items of a survey given to other measures keep their answers and how they are to be read."""

from __future__ import annotations

import numpy as np
import pandas as pd

import coefficacy as co
from coefficacy.spec import loads, rival_spec
from coefficacy.survey.measured import matching, measured_as

TEXT = """
[levels]
person = "person_id"
team = "team_id"
[measures.a]
items = ["a_*"]
scale = [1, 5]
reversed = ["a_2"]
[measures.b]
items = ["b_2", "b_1"]
[team]
y = "a + b"
[rivals.one.measures.g]
items = ["b_2", "b_1", "a_*"]
scale = [1, 5]
[rivals.one.team]
y = "g"
"""


def test_answers_are_those_of_the_old_measures():
    rng, spec = np.random.default_rng(1), loads(TEXT)
    persons = pd.DataFrame({"person_id": range(8), "team_id": np.repeat([1, 2], 4)})
    persons = persons.assign(**{item: rng.uniform(1, 5, 8) for item in ("a_1", "a_2", "b_1", "b_2")})
    teams = pd.DataFrame({"team_id": [1, 2], "y": [0.0, 1.0]})
    survey = co.read_survey(spec, persons=persons, teams=teams)
    found = measured_as(survey, rival_spec(spec, "one"))
    assert found.items == {"g": ("b_2", "b_1", "a_1", "a_2")}
    before = np.column_stack([survey.answers("b").values, survey.answers("a").values])
    np.testing.assert_array_equal(found.answers("g").values, before)
    assert measured_as(survey, spec).items == survey.items
    assert measured_as(survey, spec).data_hash == survey.data_hash


def test_patterns_are_matched_in_their_order():
    assert matching(("b", "a_*"), ("a_1", "b", "a_2", "c")) == ("b", "a_1", "a_2")
