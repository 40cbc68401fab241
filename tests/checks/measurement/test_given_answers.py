"""Agreement of a survey against R's `multilevel` (agreement_reference.R), and in awkward cases.

Tolerance: 1e-9 absolute; both sides compute the same closed forms in double precision.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coefficacy.checks.measurement import agreement, icc
from coefficacy.datasets import load_dataset
from coefficacy.errors import SurveyError
from coefficacy.spec import loads
from coefficacy.survey import read_survey

REFERENCE = json.loads(Path(__file__).with_name("agreement_reference.json").read_text())
FOUR = ["AF06", "AF07", "AP33", "AP34"]


def expected(values: list[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values])


def company_model(items: list[str], *, more: str = "scale = [1, 5]", family: str = "ordinal"):
    return loads(
        f"""
        [levels]
        person = "person"
        company = "GRP"
        [measures.ce]
        items = {items}
        family = "{family}"
        {more}
        """
    )


def test_agreement_of_a_survey_equals_r() -> None:
    frame = load_dataset("bhr2000_items").assign(person=lambda d: np.arange(len(d)))
    found = agreement(read_survey(company_model(FOUR), persons=frame), "ce")
    reference = REFERENCE["icc"]["bhr2000_items"]["CE"]
    assert (found.icc1, found.icc2) == pytest.approx((reference["icc1"], reference["icc2"]), abs=1e-9)
    by_company = expected(REFERENCE["multi"]["bhr2000_items"]["four"]["rwg_j"])
    np.testing.assert_allclose(found.by_team["rwg_j"], by_company, atol=1e-9)
    assert found.rwg_j == pytest.approx(by_company.mean(), abs=1e-9)
    assert (found.icc.n, found.icc.n_groups, found.null_variance) == (5400, 99, 2.0)


def small(**columns) -> pd.DataFrame:
    base = {"person": range(6), "GRP": list("aabbcc"), "i1": [1, 2, 3, 3, 5, 4], "i2": [2, 2, 3, 4, 5, 5]}
    return pd.DataFrame(base | columns)


def test_agreement_uses_the_answers_that_are_there() -> None:
    gaps = small(i2=[2, np.nan, 3, 4, np.nan, np.nan], i1=[1, 2, 3, 3, 5, np.nan])
    found = agreement(read_survey(company_model(["i1", "i2"]), persons=gaps), "ce")
    wanted = icc([1.5, 2, 3, 3.5, 5], [0, 0, 1, 1, 2])
    assert (found.icc1, found.icc2) == (wanted.icc1, wanted.icc2)
    assert (found.icc.n, found.icc.n_groups) == (5, 3)
    ratio_a = 0.5 / 2.0  # of the one item that two members of 'a' answered
    ratio_b = (0.0 + 0.5) / 2 / 2.0
    wanted_j = [2 * (1 - r) / (2 * (1 - r) + r) for r in (ratio_a, ratio_b)]
    np.testing.assert_allclose(found.by_team["rwg_j"].sel(company=["a", "b"]), wanted_j)
    assert np.isnan(found.by_team["rwg_j"].sel(company="c"))
    assert found.rwg_j == pytest.approx(np.mean(wanted_j))


def test_reversed_items_are_turned_first() -> None:
    straight = agreement(read_survey(company_model(["i1", "i2"]), persons=small()), "ce")
    turned = small(i2=[6 - x for x in small()["i2"]])
    model = company_model(["i1", "i2"], more='scale = [1, 5]\nreversed = ["i2"]')
    assert agreement(read_survey(model, persons=turned), "ce").icc1 == pytest.approx(straight.icc1)


def test_numbers_without_a_scale_have_icc_but_no_rwg() -> None:
    found = agreement(
        read_survey(company_model(["i1", "i2"], more="", family="gaussian"), persons=small()), "ce"
    )
    assert np.isfinite(found.icc1)
    assert np.isnan(found.rwg_j)
    assert np.isnan(found.null_variance)


def test_bernoulli_items_have_two_categories() -> None:
    frame = small(i1=[0, 1, 1, 1, 0, 0], i2=[0, 0, 1, 1, 0, 1])
    found = agreement(
        read_survey(company_model(["i1", "i2"], more="", family="bernoulli"), persons=frame), "ce"
    )
    assert found.null_variance == 0.25
    assert found.by_team["rwg_j"].sel(company="b").item() == 1


def test_a_measure_of_the_highest_level_has_no_teams() -> None:
    model = loads(
        """
        [levels]
        school = "school"
        [measures.effect]
        items = ["y"]
        """
    )
    survey = read_survey(model, persons=pd.DataFrame({"school": [1, 2, 3], "y": [1.0, 2.0, 4.0]}))
    with pytest.raises(SurveyError, match="agreement: 'effect' is measured at the highest level, school"):
        agreement(survey, "effect")
    with pytest.raises(SurveyError, match=r"unknown measure 'efect'.*Did you mean 'effect'"):
        agreement(survey, "efect")


@pytest.mark.reference
@pytest.mark.parametrize("index", ["rwg_j", "rwg_lindell", "awg", "ad_mean"])
def test_every_index_of_a_survey_equals_r(index: str) -> None:
    frame = load_dataset("bhr2000_items").assign(person=lambda d: np.arange(len(d)))
    found = agreement(read_survey(company_model(FOUR), persons=frame), "ce")
    by_company = expected(REFERENCE["multi"]["bhr2000_items"]["four"][index])
    np.testing.assert_allclose(found.by_team[index], by_company, atol=1e-9)
    wanted = [f(by_company) for f in (np.mean, np.median, np.min, np.max)]
    np.testing.assert_allclose(found.overall[index], wanted, atol=1e-9)
    assert list(found.overall["statistic"].values) == ["mean", "median", "smallest", "largest"]


def test_awkward_teams_equal_r_and_are_told_apart() -> None:
    frame = pd.DataFrame(REFERENCE["awkward"]).astype(float).assign(person=lambda d: np.arange(len(d)))
    frame = frame.rename(columns={"group": "GRP"}).dropna()
    found = agreement(read_survey(company_model(["a", "b"]), persons=frame), "ce")
    for index in ("rwg_j", "rwg_lindell", "awg", "ad_mean"):
        reference = expected(REFERENCE["multi"]["awkward"]["both"][index])
        np.testing.assert_allclose(found.by_team[index], reference, atol=1e-9)
    assert found.notes == (
        "In 1 company one person alone answered: no agreement there; they count for ICC(1) and ICC(2).",
        "In 2 companies all gave the same answers. That is full agreement by every index, and what careless "
        "answering looks like, too.",
        "In 1 company answers vary more than random ones would: r_wg(j) is set to 0 there, r*_wg(j) is "
        "negative.",
        "In 2 companies the mean of an item is too near an end of the scale for a_wg: such items are left "
        "out of it (1 without any other).",
    )


def test_reliability_of_a_mean_grows_with_the_team() -> None:
    frame = pd.DataFrame({"person": range(7), "GRP": list("aabbbcc"), "i": [1, 2, 4, 4, 5, 3, 3]})
    found = agreement(read_survey(company_model(["i"]), persons=frame), "ce")
    k, ratio = np.array([2, 3, 2]), found.icc1
    np.testing.assert_allclose(found.by_team["mean_reliability"], k * ratio / (1 + (k - 1) * ratio))
    np.testing.assert_array_equal(found.by_team["n"], k)
    assert "One item: r_wg(j) is r_wg." in found.notes


def test_limit_of_ad_is_a_sixth_of_the_categories() -> None:
    assert agreement(read_survey(company_model(["i1"]), persons=small()), "ce").ad_cutoff == 5 / 6


def noted(frame: pd.DataFrame, items: list[str], **options: str) -> tuple[str, ...]:
    return agreement(read_survey(company_model(items, **options), persons=frame), "ce").notes


def test_an_ordinary_survey_needs_no_note() -> None:
    frame = pd.DataFrame(
        {
            "person": range(8),
            "GRP": list("aaaabbbb"),
            "i1": [2, 3, 3, 2, 4, 3, 4, 4],
            "i2": [3, 3, 2, 2, 4, 4, 3, 4],
        }
    )
    assert noted(frame, ["i1", "i2"]) == ()


def test_negative_icc_is_said_and_no_mean_is_reliable() -> None:
    frame = small(i1=[1, 5, 2, 4, 5, 1], i2=[1, 5, 2, 4, 5, 2])
    found = agreement(read_survey(company_model(["i1", "i2"]), persons=frame), "ce")
    assert found.icc1 < 0
    assert (found.by_team["mean_reliability"] == 0).all()
    assert any(
        note.startswith("ICC(1) is negative: companies differ less than persons") for note in found.notes
    )


def test_no_variance_at_all_is_said() -> None:
    frame = small(i1=[1, 2, 3, 4, 5, 3], i2=[5, 4, 3, 2, 1, 3])
    found = agreement(read_survey(company_model(["i1", "i2"]), persons=frame), "ce")
    assert np.isnan([found.icc1, found.icc2]).all()
    assert np.isnan(found.by_team["mean_reliability"]).all()
    assert "All persons have the same mean answer: ICC(1) and ICC(2) are not defined." in found.notes


def test_teams_of_one_only_are_said() -> None:
    notes = noted(small(GRP=list("abcdef")), ["i1", "i2"])
    assert "No company with two answers: ICC(1) and ICC(2) are not defined." in notes


def test_missing_answers_are_counted() -> None:
    notes = noted(small(i1=[1, 2, 3, 3, np.nan, np.nan], i2=[2, np.nan, 3, 4, np.nan, np.nan]), ["i1", "i2"])
    assert notes[0] == "In 1 company nobody answered: left out."
    assert "1 person answered some of the items: the answers given are used." in notes


def test_items_without_a_scale_are_said_and_ad_has_no_limit() -> None:
    found = agreement(
        read_survey(company_model(["i1", "i2"], more="", family="gaussian"), persons=small()), "ce"
    )
    assert np.isnan(found.ad_cutoff)
    assert np.isnan(found.by_team["awg"]).all()
    assert np.isfinite(found.by_team["ad_mean"]).all()
    assert any(note.startswith("The items have no scale") for note in found.notes)


def test_ad_of_two_categories_has_no_limit() -> None:
    frame = small(i1=[0, 1, 1, 1, 0, 0], i2=[0, 0, 1, 0, 0, 1])
    found = agreement(
        read_survey(company_model(["i1", "i2"], more="", family="bernoulli"), persons=frame), "ce"
    )
    assert np.isnan(found.ad_cutoff)
    assert "With two possible answers the limit c/6 of AD does not apply." in found.notes
