"""What a survey holds and answers, once the tables are right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from company_tables import MODEL, layers, model, persons, teams

from coefficacy.errors import SurveyError
from coefficacy.survey import Coding, Survey, read_survey


def company(*, text: str = MODEL, **changed: pd.DataFrame) -> Survey:
    tables = {"persons": persons(), "teams": teams(), "layers": layers()} | changed
    return read_survey(model(text), **tables)


@pytest.fixture(scope="module")
def survey() -> Survey:
    return company()


def test_levels_are_datasets_with_the_columns_used(survey: Survey) -> None:
    assert list(survey.levels) == ["person", "team", "layer"]
    assert set(survey.levels["person"].data_vars) == {
        "team",
        "layer",
        "ce_1",
        "ce_2",
        "ce_3",
        "test",
        "age",
        "sex",
    }
    assert set(survey.levels["team"].data_vars) == {"layer", "shared", "prior", "kind", "adaptation"}
    assert set(survey.levels["layer"].data_vars) == {"budget"}
    assert survey.levels["team"]["layer"].values.tolist() == ["eng", "eng", "ops", "ops"]
    assert survey.levels["person"]["layer"].values.tolist() == ["eng"] * 6 + ["ops"] * 6
    assert survey.levels["person"]["ce_1"].attrs["role"] == "item"
    assert survey.levels["team"]["adaptation"].attrs["role"] == "outcome"
    assert survey.n == {"person": 12, "team": 4, "layer": 2}


def test_items_and_coding(survey: Survey) -> None:
    assert survey.items == {"ce": ("ce_1", "ce_2", "ce_3"), "skill": ("test",)}
    assert survey.coding == {
        "ce": Coding("person", "ordinal", 1.0, 5.0, ("ce_3",)),
        "skill": Coding("person", "gaussian"),
        "adaptation": Coding("team", "gaussian"),
    }


def test_index_points_upwards(survey: Survey) -> None:
    assert survey.index("person", "team").tolist() == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3
    assert survey.index("person", "layer").tolist() == [0] * 6 + [1] * 6
    assert survey.index("team", "layer").tolist() == [0, 0, 1, 1]
    assert survey.index("team", "team").tolist() == [0, 1, 2, 3]


def test_index_follows_the_order_of_the_upper_table() -> None:
    shuffled = company(teams=teams().iloc[[2, 0, 3, 1]])
    assert shuffled.levels["team"]["team"].values.tolist() == ["t3", "t1", "t4", "t2"]
    assert shuffled.index("person", "team").tolist() == [1] * 3 + [3] * 3 + [0] * 3 + [2] * 3


def test_index_downwards_or_of_unknown_levels_is_an_error(survey: Survey) -> None:
    with pytest.raises(SurveyError, match=r"level 'layer': does not lie below 'team'. Swap the two levels"):
        survey.index("layer", "team")
    with pytest.raises(
        SurveyError, match=r"unknown level 'teem'. Known: layer, person, team. Did you mean 'team'"
    ):
        survey.index("person", "teem")


def test_answers_are_coded_from_zero_and_turned(survey: Survey) -> None:
    answers = survey.answers("ce")
    assert answers.dims == ("person", "ce.item")
    assert answers["ce.item"].values.tolist() == ["ce_1", "ce_2", "ce_3"]
    assert answers.sel(person="p1").values.tolist() == [0, 1, 0]
    assert answers.sel(person="p5").values.tolist() == [4, 3, 4]
    assert survey.answers("skill").values[:3, 0].tolist() == [0.5, 1.25, -0.5]
    with pytest.raises(SurveyError, match="unknown measure 'cee'"):
        survey.answers("cee")


def test_reversed_bernoulli_and_gaussian_items() -> None:
    text = """
        [levels]
        person = "person_id"
        team = "team_id"
        [measures.yes]
        items = ["b_*"]
        family = "bernoulli"
        reversed = ["b_2"]
        [measures.score]
        items = ["s_1", "s_2"]
        scale = [0, 10]
        reversed = ["s_1"]
        """
    frame = persons(b_1=[0, 1] * 6, b_2=[0, 0, 1, 1] * 3, s_1=np.arange(12) / 2, s_2=np.arange(12) / 4)
    survey = read_survey(model(text), persons=frame)
    assert survey.answers("yes").values[:4].tolist() == [[0, 1], [1, 1], [0, 0], [1, 0]]
    assert survey.answers("score").values[3].tolist() == [8.5, 0.75]
    assert survey.categories("yes") == (0, 1)
    assert survey.categories("score") == ()


def test_categories(survey: Survey) -> None:
    assert survey.categories("ce") == (1, 2, 3, 4, 5)
    assert survey.categories("adaptation") == ()
    with pytest.raises(
        SurveyError, match=r"unknown measure or outcome 'adaption'.*Did you mean 'adaptation'"
    ):
        survey.categories("adaption")


def test_categories_without_a_scale_are_those_observed() -> None:
    text = MODEL.replace('scale = [1, 5]\nreversed = ["ce_3"]', "")
    survey = company(text=text, persons=persons(ce_1=[2, 2, 3, 4, 5, 3, 2, 2, 4, 5, 4, 3], ce_2=[4, 3] * 6))
    assert survey.categories("ce") == (1, 2, 3, 4, 5)
    assert "ce: no scale is given; it is taken to run from 1 to 5, as answers do." in survey.notes
    assert "ce: nobody chose some of the answers 1 to 5: ce_1 (1), ce_2 (1, 2, 5)." in survey.notes


def test_ordinal_outcomes_have_the_categories_observed() -> None:
    text = MODEL.replace('adaptation = "gaussian"', 'adaptation = "ordinal"')
    survey = company(text=text, teams=teams(adaptation=[2, 3, 5, None]))
    assert survey.categories("adaptation") == (2, 3, 4, 5)


def test_column_is_repeated_for_the_units_below(survey: Survey) -> None:
    assert survey.column("team", "prior").values.tolist() == [0.1, 0.7, -0.4, 1.2]
    budget = survey.column("person", "budget")
    assert budget.dims == ("person",)
    assert budget.values.tolist() == [10.0] * 6 + [4.0] * 6
    assert budget["person"].values.tolist() == survey.levels["person"]["person"].values.tolist()
    assert survey.column("person", "kind").values.tolist() == (["a"] * 3 + ["b"] * 3) * 2
    with pytest.raises(SurveyError, match=r"no column 'age' at 'team' or above. Known: adaptation, budget"):
        survey.column("team", "age")


def test_a_column_above_is_found_for_an_equation_below() -> None:
    text = MODEL.replace('ce = "age + sex"', 'ce = "age + shared + budget"')
    survey = company(text=text)
    assert "shared" in survey.levels["team"]
    assert survey.column("person", "shared").values.tolist() == [1.0] * 3 + [4.0] * 3 + [2.0] * 3 + [6.0] * 3


def test_own_table_comes_before_the_others() -> None:
    survey = company(persons=persons(prior=np.arange(12)), layers=layers(prior=[7, 8]))
    assert survey.column("team", "prior").values.tolist() == [0.1, 0.7, -0.4, 1.2]


def test_with_column_replaces_values_only(survey: Survey) -> None:
    changed = survey.with_column("team", "adaptation", np.array([1.0, np.nan, 3.0, 4.0]))
    assert changed.column("team", "adaptation").values[[0, 2, 3]].tolist() == [1, 3, 4]
    assert changed.column("team", "adaptation").attrs["role"] == "outcome"
    assert survey.column("team", "adaptation").values.tolist() == [0.2, 1.1, -0.6, 1.5]
    assert changed.levels["person"] is survey.levels["person"]
    assert changed.data_hash != survey.data_hash
    with pytest.raises(SurveyError, match=r"no column 'adaption' at 'team'.*Did you mean 'adaptation'"):
        survey.with_column("team", "adaption", np.zeros(4))


# Hash -----------------------------------------------------------------------------------------------------


def test_hash_depends_on_the_data_used_and_nothing_else(survey: Survey) -> None:
    assert len(survey.data_hash) == 64
    same = [
        company(
            persons=persons().sample(frac=1, random_state=2),
            teams=teams().iloc[::-1],
            layers=layers().iloc[::-1],
        ),
        company(persons=persons()[sorted(persons().columns, reverse=True)]),
        company(persons=persons(comment=["x"] * 12, more=range(12))),
        company(teams=teams().assign(prior=lambda d: d["prior"].astype(object))),
    ]
    assert {other.data_hash for other in same} == {survey.data_hash}


@pytest.mark.parametrize(
    "changed",
    [
        {"persons": persons(ce_1=[2, 2, 3, 4, 5, 3, 2, 2, 4, 5, 4, 3])},
        {"persons": persons(ce_1=[None, 2, 3, 4, 5, 3, 2, 2, 4, 5, 4, 3])},
        {"persons": persons(sex=["m", "m", "f", "m", "f", "f", "m", "m", "f", "m", "f", "m"])},
        {"persons": persons(team_id=["t1"] * 2 + ["t2"] * 4 + ["t3"] * 3 + ["t4"] * 3)},
        {"persons": persons(person_id=[f"q{i}" for i in range(12)])},
        {"teams": teams(layer=["eng", "ops", "ops", "eng"])},
        {"layers": layers(budget=[10.0, 4.1])},
        {"text": MODEL.replace("[1, 5]", "[1, 6]")},
        {"text": MODEL.replace('reversed = ["ce_3"]', "")},
    ],
)
def test_hash_changes_with_what_is_used(changed: dict, survey: Survey) -> None:
    assert company(**changed).data_hash != survey.data_hash


def test_hash_ignores_the_sign_of_zero() -> None:
    assert (
        company(layers=layers(budget=[0.0, 4.0])).data_hash
        == company(layers=layers(budget=[-0.0, 4.0])).data_hash
    )


# Notes and words ------------------------------------------------------------------------------------------


def test_a_clean_survey_has_no_notes(survey: Survey) -> None:
    assert survey.notes == ()


def test_people_without_answers_are_kept_and_noted() -> None:
    none = [None] * 4
    silent = persons(
        ce_1=[2, 2, 3, 4, 5, 3, 2, 1, *none],
        ce_2=[2, 2, 3, 4, 4, 3, 1, 5, *none],
        ce_3=[5, 4, 3, 2, 1, 2, 5, 4, *none],
        test=[0.5, 1.25, -0.5, 2.0, 1.5, 0.0, -1.0, 0.25, *none],
    )
    survey = company(persons=silent)
    assert survey.n["person"] == 12
    note = "4 of 12 persons answered no item ('p9', 'p10', 'p11' and 1 more); they are kept, and add nothing."
    assert note in survey.notes
    assert "nobody answered in 1 team ('t4'); only their predictors inform them." in survey.notes
    assert np.isnan(survey.answers("ce").sel(person="p10")).all()


def test_missing_outcomes_are_kept_and_noted() -> None:
    survey = company(teams=teams(adaptation=[0.2, None, 1.0, None]))
    note = (
        "adaptation: missing for 2 of 4 teams ('t2', 't4'); their answers are used, and they get predictions."
    )
    assert note in survey.notes
    assert np.isnan(survey.column("team", "adaptation").values).tolist() == [False, True, False, True]


def test_teams_of_one_are_noted() -> None:
    uneven = company(persons=persons(team_id=["t1"] * 7 + ["t2"] * 3 + ["t3"] + ["t4"]))
    assert "2 of 4 teams have a single person." in uneven.notes
    single = company(
        text=MODEL.replace(" + (1 | layer)", ""),
        teams=teams(layer=[1, 2, 3, 4]),
        layers=pd.DataFrame({"layer": [1, 2, 3, 4], "budget": [1, 2, 3, 4]}),
    )
    assert (
        "every layer has one team: differences within and between layers are not separable." in single.notes
    )


def test_a_column_named_as_a_measure_is_noted() -> None:
    assert (
        "persons: column 'ce' is not used; the name stands for the measure."
        in company(persons=persons(ce=range(12))).notes
    )


def test_repr_is_worth_reading() -> None:
    uneven = persons(
        team_id=["t1"] * 5 + ["t2"] * 2 + ["t3"] * 2 + ["t4"] * 3, ce_1=[None] * 2 + [1, 2, 3, 4, 5] * 2
    )
    shown = repr(company(persons=uneven, teams=teams(adaptation=[0.2, None, 1.0, 1.5])))
    assert (
        shown.splitlines()
        == [
            "Survey: 12 persons, 4 teams, 2 layers",
            "  persons per team: 2 to 5, median 2.5",
            "  teams per layer: 2 each",
            "  ce: 3 items (ce_1 ... ce_3) of the person, ordinal 1 to 5, 5.6% missing",
            "  skill: 1 item (test) of the person, gaussian, none missing",
            "  adaptation: outcome of the team, gaussian, 25.0% missing",
            "  note: adaptation: missing for 1 of 4 teams ('t2'); their answers are used, and they "
            "get predictions.",
            "  note: ce: nobody chose some of the answers 1 to 5: ce_2 (5).",
        ]
        or shown
    )


def test_html_escapes_ids() -> None:
    shown = company(
        teams=teams(adaptation=[0.2, None, 1.0, 1.5], team_id=["t1", "<b>", "t3", "t4"]),
        persons=persons(team_id=["t1"] * 3 + ["<b>"] * 3 + ["t3"] * 3 + ["t4"] * 3),
    )._repr_html_()
    assert "<strong>Survey: 12 persons, 4 teams, 2 layers</strong>" in shown
    assert "&#x27;&lt;b&gt;&#x27;" in shown
    assert "<b>" not in shown


# Trees ----------------------------------------------------------------------------------------------------


def test_tree_round_trip(survey: Survey, tmp_path: Path) -> None:
    survey.to_tree().to_netcdf(tmp_path / "survey.nc")
    with xr.open_datatree(tmp_path / "survey.nc") as tree:
        back = Survey.from_tree(tree.load())
    assert back.data_hash == survey.data_hash
    assert (back.items, back.coding, back.notes) == (survey.items, survey.coding, survey.notes)
    for level in survey.levels:
        assert back.levels[level].identical(survey.levels[level])
    assert back.answers("ce").identical(survey.answers("ce"))


def test_tree_keeps_awkward_names_and_ids(tmp_path: Path) -> None:
    text = """
        [levels]
        person = "person_id"
        team = ["site", "unit"]
        [measures.ce]
        items = ["a/b", "c d"]
        family = "gaussian"
        """
    frame = persons(site=["x/y"] * 6 + ["z"] * 6, unit=[1, 2] * 6, **{"a/b": range(12), "c d": range(12)})
    frame["person_id"] = range(12)
    survey = read_survey(model(text), persons=frame)
    survey.to_tree().to_netcdf(tmp_path / "survey.nc")
    with xr.open_datatree(tmp_path / "survey.nc") as tree:
        back = Survey.from_tree(tree.load())
    assert back.levels["team"]["team"].values.tolist() == ["x\\/y/1", "x\\/y/2", "z/1", "z/2"]
    for level in survey.levels:
        assert back.levels[level].identical(survey.levels[level])
