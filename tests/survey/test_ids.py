"""Ids as text: what is the same, what is not, and what the units' coordinates hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from company_tables import model
from hypothesis import given, settings
from hypothesis import strategies as st

from coefficacy.errors import SurveyError
from coefficacy.survey import Survey, read_survey
from coefficacy.survey.cells import id_text, join_ids

TEXT = """
[levels]
person = "person"
team = "team"
[person]
y = "1"
[team]
z = "x"
"""


def read(team: list, teams: list, *, person: list | None = None) -> Survey:
    n = len(team)
    people = pd.DataFrame({"person": person or range(n), "team": team, "y": np.arange(n) + 0.5})
    upper = pd.DataFrame({"team": teams, "x": range(len(teams)), "z": np.arange(len(teams)) * 2.0})
    return read_survey(model(TEXT), persons=people, teams=upper)


@pytest.mark.parametrize("same", [1, 1.0, "1", "1.0", "1.00", " 1 ", np.int8(1), np.float32(1)])
def test_one_id_in_many_forms(same: object) -> None:
    assert id_text(same) == "1"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("007", "007"),
        ("007.0", "007.0"),
        ("1.10", "1.10"),
        (1.5, "1.5"),
        (-2.0, "-2"),
        (True, "True"),
        (10**17, "1" + "0" * 17),
        ("Ärzte", "Ärzte"),
        (pd.Timestamp("2024-05-01"), "2024-05-01"),
    ],
)
def test_ids_as_text(value: object, text: str) -> None:
    assert id_text(value) == text


@pytest.mark.parametrize(
    ("lower", "upper", "coordinate", "rows"),
    [
        ([1, 1, 2, 2], [1, 2], [1, 2], [1, 1, 2, 2]),
        ([1.0, 1.0, 2.0, 2.0], [1, 2], [1, 2], [1, 1, 2, 2]),
        ([1, 1, 2, 2], ["1", "2"], ["1", "2"], ["1", "1", "2", "2"]),
        (["1.0", "1", "2", "2.0"], [1.0, 2.0], ["1", "2"], ["1", "1", "2", "2"]),
        (["007", "007", "8", "8"], ["8", "007"], ["8", "007"], ["007", "007", "8", "8"]),
        (["a", "a ", "b", "b"], ["a", "b"], ["a", "b"], ["a", "a", "b", "b"]),
        ([True, True, False, False], [True, False], ["True", "False"], ["True", "True", "False", "False"]),
        ([-1, -1, 0, 0], [0, -1], [0, -1], [-1, -1, 0, 0]),
    ],
)
def test_tables_match_whatever_the_ids_came_as(
    lower: list, upper: list, coordinate: list, rows: list
) -> None:
    survey = read(lower, upper)
    assert survey.levels["team"]["team"].values.tolist() == coordinate
    assert survey.index("person", "team").tolist() == [coordinate.index(x) for x in rows]


def test_leading_zeros_are_part_of_an_id() -> None:
    with pytest.raises(SurveyError, match=r"2 teams without a row in teams: '007' .*, '008'"):
        read(["007", "007", "008", "008"], [7, 8])


def test_ids_from_text_files_keep_leading_zeros(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("person,team,y\n01,1,1\n02,1,2\n03,2,3\n04,2,5\n")
    (tmp_path / "t.csv").write_text("team,x,z\n1,3,2\n2,4,3\n")
    survey = read_survey(model(TEXT), persons=tmp_path / "p.csv", teams=tmp_path / "t.csv")
    assert survey.levels["person"]["person"].values.tolist() == ["01", "02", "03", "04"]
    assert survey.levels["team"]["team"].dtype == np.int64


def test_whole_numbers_in_text_files_and_frames_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("person,team,y\n0,1,0.5\n1,1,1.5\n2,2,2.5\n3,2,3.5\n")
    upper = pd.DataFrame({"team": [1, 2], "x": [0, 1], "z": [0.0, 2.0]})
    mixed = read_survey(model(TEXT), persons=tmp_path / "p.csv", teams=upper)
    assert mixed.levels["team"].identical(read([1, 1, 2, 2], [1, 2]).levels["team"])
    assert mixed.data_hash == read([1, 1, 2, 2], [1, 2]).data_hash == read(list("1122"), ["1", "2"]).data_hash


parts = st.text(alphabet="ab/\\ 1.", min_size=1, max_size=4)


@given(st.lists(st.tuples(parts, parts), min_size=2, max_size=2, unique=True))
def test_joined_ids_stay_apart(keys: list[tuple[str, str]]) -> None:
    first, second = keys
    assert join_ids(first) != join_ids(second)


@given(st.one_of(st.integers(-(10**17), 10**17), st.text(min_size=1), st.floats(allow_nan=False)))
def test_an_id_read_again_is_the_same(value: object) -> None:
    assert id_text(id_text(value)) == id_text(value)


labels = st.one_of(
    st.integers(-50, 50), st.text(alphabet=st.characters(categories=["L", "Nd"]), min_size=1, max_size=3)
)


@given(
    teams=st.lists(labels, min_size=2, max_size=6, unique_by=id_text),
    picks=st.lists(st.integers(0, 5), min_size=1, max_size=20),
    order=st.randoms(use_true_random=False),
)
@settings(deadline=None, max_examples=25)
def test_index_finds_each_persons_team(teams: list, picks: list[int], order) -> None:
    chosen = [*range(len(teams)), *(pick % len(teams) for pick in picks)]
    order.shuffle(chosen)
    people = [teams[pick] for pick in chosen]
    survey = read(people, teams)
    assert survey.index("person", "team").tolist() == chosen
    assert survey.levels["team"]["team"].values.astype(str).tolist() == [id_text(team) for team in teams]
    found = survey.column("person", "x").values
    assert found.tolist() == [float(pick) for pick in chosen]
    shuffled = list(range(len(people)))
    order.shuffle(shuffled)
    again = read_survey(
        model(TEXT),
        persons=pd.DataFrame(
            {"person": shuffled, "team": [people[i] for i in shuffled], "y": np.array(shuffled) + 0.5}
        ),
        teams=pd.DataFrame({"team": teams, "x": range(len(teams)), "z": np.arange(len(teams)) * 2.0})[::-1],
    )
    assert again.data_hash == survey.data_hash
