"""One level, four levels, levels read off the tables below, and keys of several columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
from company_tables import layers, model, persons, teams

from coefficacy.datasets import load_dataset
from coefficacy.survey import read_survey


def test_one_level_with_known_standard_errors() -> None:
    eight_schools = model("""
        [levels]
        school = "school"
        [measures.effect]
        items = ["y"]
        sd = "sigma"
        [school]
        effect = "1"
        """)
    frame = pd.DataFrame(
        {"school": list("ABCDEFGH"), "y": [28, 8, -3, 7, -1, 1, 18, 12], "sigma": range(9, 17)}
    )
    survey = read_survey(eight_schools, persons=frame)
    assert survey.n == {"school": 8}
    assert survey.answers("effect").dims == ("school", "effect.item")
    assert survey.column("school", "sigma").values.tolist() == list(range(9, 17))
    assert survey.levels["school"]["sigma"].attrs["role"] == "sd"


def test_four_levels_from_one_table() -> None:
    soldiers = model("""
        [levels]
        occasion = ["SUBNUM", "TIME"]
        soldier = "SUBNUM"
        company = ["BTN", "COMPANY"]
        battalion = "BTN"
        [occasion]
        JSAT = "TIME + (1 | soldier) + (1 | company) + (1 | battalion)"
        """)
    frame = load_dataset("univbct")
    survey = read_survey(soldiers, persons=frame)
    assert survey.n == {"occasion": 1485, "soldier": 495, "company": 43, "battalion": 16}
    assert survey.levels["occasion"]["occasion"].values[:2].tolist() == ["1/0", "1/1"]
    assert survey.levels["company"]["company"].values[0] == "1022/HHC"
    assert survey.levels["occasion"]["soldier"].dtype == np.int64
    battalion = survey.levels["battalion"]["battalion"].values[survey.index("occasion", "battalion")]
    assert (battalion == frame["BTN"].to_numpy()).all()
    np.testing.assert_array_equal(
        survey.index("occasion", "battalion"),
        survey.index("company", "battalion")[survey.index("occasion", "company")],
    )
    np.testing.assert_array_equal(survey.column("occasion", "TIME"), frame["TIME"])
    assert int(survey.column("occasion", "JSAT").notnull().sum()) == frame["JSAT"].notna().sum()


TWO_LEVELS = """
[levels]
person = "person_id"
team = "team_id"
layer = "layer"
[measures.ce]
items = ["ce_*"]
family = "ordinal"
scale = [1, 5]
[team]
ce = "shared + budget + (1 | layer)"
adaptation = "ce + mean(age)"
"""


def flat() -> pd.DataFrame:
    return persons().merge(teams(), on="team_id").merge(layers(), on="layer")


def test_upper_levels_are_read_off_the_table_below() -> None:
    separate = read_survey(model(TWO_LEVELS), persons=persons(), teams=teams(), layers=layers())
    together = read_survey(model(TWO_LEVELS), persons=flat())
    without_layers = read_survey(
        model(TWO_LEVELS), persons=persons(), teams=teams().merge(layers(), on="layer")
    )
    assert together.n == separate.n == without_layers.n
    for level in separate.levels:
        for name in separate.levels[level].data_vars:
            for other in (together, without_layers):
                found = other.column("person", str(name))
                np.testing.assert_array_equal(found, separate.column("person", str(name)))


def test_layer_id_may_sit_in_persons_only() -> None:
    separate = read_survey(model(TWO_LEVELS), persons=persons(), teams=teams(), layers=layers())
    ids = dict(zip(teams()["team_id"], teams()["layer"]))
    found = read_survey(
        model(TWO_LEVELS),
        persons=persons(layer=[ids[team] for team in persons()["team_id"]]),
        teams=teams().drop(columns="layer"),
        layers=layers(),
    )
    assert found.data_hash == separate.data_hash


def test_a_layer_column_may_sit_in_persons_and_the_layer_id_in_teams() -> None:
    ids = dict(zip(teams()["team_id"], teams()["layer"]))
    budget = dict(zip(layers()["layer"], layers()["budget"]))
    people = persons(budget=[budget[ids[team]] for team in persons()["team_id"]])
    found = read_survey(model(TWO_LEVELS), persons=people, teams=teams())
    assert found.column("team", "budget").values.tolist() == [10.0, 10.0, 4.0, 4.0]


def test_missing_cells_of_a_team_may_be_missing_in_all_its_rows() -> None:
    frame = flat().assign(adaptation=[None] * 3 + [1.0] * 3 + [2.0] * 3 + [3.0] * 3)
    survey = read_survey(model(TWO_LEVELS), persons=frame)
    np.testing.assert_array_equal(survey.column("team", "adaptation"), [np.nan, 1, 2, 3])


def test_tables_by_level_name() -> None:
    named = read_survey(model(TWO_LEVELS), tables={"person": persons(), "layer": layers(), "team": teams()})
    plain = read_survey(model(TWO_LEVELS), persons=persons(), teams=teams(), layers=layers())
    assert named.data_hash == plain.data_hash
    assert list(named.levels) == ["person", "team", "layer"]


def test_ids_that_start_again_in_each_team() -> None:
    again = persons(person_id=[1, 2, 3] * 4)
    text = TWO_LEVELS.replace('person = "person_id"', 'person = ["team_id", "person_id"]')
    survey = read_survey(model(text), persons=again, teams=teams(), layers=layers())
    assert survey.levels["person"]["person"].values[:4].tolist() == ["t1/1", "t1/2", "t1/3", "t2/1"]
    assert survey.index("person", "team").tolist() == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3


def test_team_waves() -> None:
    text = """
        [levels]
        person_wave = ["person_id", "wave"]
        team_wave = ["team_id", "wave"]
        team = "team_id"
        [measures.ce]
        items = ["ce_*"]
        family = "ordinal"
        scale = [1, 5]
        [team_wave]
        adaptation = "ce + wave + (1 | team)"
        """
    people = pd.concat([persons(wave=1), persons(wave=2)])
    waves = pd.concat([teams(wave=1), teams(wave=2, adaptation=[3, 2, 1, 0])])
    survey = read_survey(model(text), persons=people, teams=waves)
    assert survey.n == {"person_wave": 24, "team_wave": 8, "team": 4}
    assert survey.levels["team_wave"]["team_wave"].values[[0, 4]].tolist() == ["t1/1", "t1/2"]
    assert survey.column("team_wave", "wave").values.tolist() == [1.0] * 4 + [2.0] * 4


def test_measures_of_the_team_have_their_items_in_teams() -> None:
    text = """
        [levels]
        person = "person_id"
        team = "team_id"
        [measures.climate]
        items = ["cl_*"]
        level = "team"
        [team]
        adaptation = "climate"
        """
    survey = read_survey(model(text), persons=persons(), teams=teams(cl_1=[1, 2, 3, 4], cl_2=[2, 1, 4, 3]))
    assert survey.answers("climate").dims == ("team", "climate.item")
    assert survey.answers("climate").shape == (4, 2)


def test_outcomes_of_persons() -> None:
    text = """
        [levels]
        person = "person_id"
        team = "team_id"
        [person]
        test = "age + (1 + age | team)"
        """
    survey = read_survey(model(text), persons=persons(test=[None, *range(11)]))
    assert survey.coding["test"].level == "person"
    assert survey.notes == ("test: missing for 1 of 12 persons ('p1'); they get predictions.",)


def test_real_data_of_one_table() -> None:
    pupils = model("""
        [levels]
        pupil = "id"
        school = "school"
        [pupil]
        mAch = "ses + mean_ses + (1 | school)"
        """)
    frame = load_dataset("hsb82").assign(id=lambda d: np.arange(len(d)), mean_ses=lambda d: d["meanses"])
    survey = read_survey(pupils, persons=frame)
    assert survey.n == {"pupil": 7185, "school": 160}
    sizes = np.bincount(survey.index("pupil", "school"))
    assert (sizes.min(), sizes.max()) == (14, 67)


def test_large_and_small_teams_together() -> None:
    sizes = [1, 2, 3000, 7]
    team = np.repeat(["a", "b", "c", "d"], sizes)
    frame = pd.DataFrame({"person_id": range(3010), "team_id": team, "q": np.arange(3010) % 5})
    text = '[levels]\nperson = "person_id"\nteam = "team_id"\n[measures.m]\nitems = ["q"]\n'
    survey = read_survey(model(text), persons=frame)
    assert np.bincount(survey.index("person", "team")).tolist() == sizes
    assert "persons per team: 1 to 3000, median 4.5" in repr(survey)
