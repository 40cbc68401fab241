"""Agreement indices and ICCs against R's `multilevel` (agreement_reference.R), and in awkward cases.

Tolerance: 1e-9 absolute; both sides compute the same closed forms in double precision.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coefficacy.checks.agreement import (
    ad_mean,
    agreement,
    awg,
    icc,
    rwg,
    rwg_j,
    rwg_lindell,
    uniform_variance,
)
from coefficacy.datasets import load_dataset
from coefficacy.errors import SurveyError
from coefficacy.spec import loads
from coefficacy.survey import read_survey

REFERENCE = json.loads(Path(__file__).with_name("agreement_reference.json").read_text())
GROUPS = {"bh1996": "GRP", "bhr2000_items": "GRP", "klein2000_sim": "GRPID", "awkward": "group"}
FOUR = ["AF06", "AF07", "AP33", "AP34"]


def table(name: str) -> pd.DataFrame:
    if name == "awkward":
        return pd.DataFrame(REFERENCE["awkward"]).astype(float)
    frame = load_dataset(name)
    return frame.assign(CE=frame[FOUR].mean(axis=1)) if name == "bhr2000_items" else frame


def expected(values: list[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values])


def entries(section: str) -> list[tuple[str, str]]:
    return [(name, key) for name, content in REFERENCE[section].items() for key in content]


@pytest.mark.reference
@pytest.mark.parametrize(("name", "variable"), entries("icc"))
def test_icc_equals_r(name: str, variable: str) -> None:
    frame = table(name)
    found = icc(frame[variable], frame[GROUPS[name]])
    reference = REFERENCE["icc"][name][variable]
    assert (found.icc1, found.icc2) == pytest.approx((reference["icc1"], reference["icc2"]), abs=1e-9)


def test_negative_icc_is_not_cut_at_zero() -> None:
    frame = load_dataset("klein2000_sim")
    assert icc(frame["PAY"], frame["GRPID"]).icc1 == pytest.approx(-0.0144, abs=5e-5)


@pytest.mark.reference
@pytest.mark.parametrize(("name", "variable"), entries("single"))
@pytest.mark.parametrize(("key", "index"), [("rwg", rwg), ("awg", awg), ("ad_mean", ad_mean)])
def test_index_of_one_item_equals_r(name: str, variable: str, key: str, index) -> None:
    frame = table(name)
    found = index(frame[variable], frame[GROUPS[name]])
    np.testing.assert_allclose(found, expected(REFERENCE["single"][name][variable][key]), atol=1e-9, rtol=0)


@pytest.mark.reference
@pytest.mark.parametrize(("name", "case"), entries("multi"))
@pytest.mark.parametrize(
    ("key", "index"), [("rwg_j", rwg_j), ("rwg_lindell", rwg_lindell), ("awg", awg), ("ad_mean", ad_mean)]
)
def test_index_of_several_items_equals_r(name: str, case: str, key: str, index) -> None:
    frame, reference = table(name), REFERENCE["multi"][name][case]
    found = index(frame[reference["items"]], frame[GROUPS[name]])
    np.testing.assert_allclose(found, expected(reference[key]), atol=1e-9, rtol=0)


def test_indices_are_labelled_with_the_groups() -> None:
    found = rwg([1, 2, 4, 4], ["b", "b", "a", "a"])
    assert found.dims == ("group",)
    assert found.sel(group="a").item() == 1
    assert found.sel(group="b").item() == pytest.approx(0.75)


def test_uniform_variance_of_two_and_five_categories() -> None:
    assert uniform_variance(2) == 0.25
    assert uniform_variance(5) == 2.0


def test_group_of_one_has_no_agreement() -> None:
    groups = ["a", "b", "b"]
    for index in (rwg, rwg_j, rwg_lindell, awg, ad_mean):
        found = index([3, 3, 3], groups)
        assert np.isnan(found.sel(group="a"))
        assert not np.isnan(found.sel(group="b"))


@pytest.mark.parametrize(
    ("x", "groups", "icc1", "icc2"),
    [
        ([1.1, 1.1, 1.1, 1.1], [1, 1, 2, 2], None, None),
        ([1, 1, 2, 2], [1, 1, 2, 2], 1.0, 1.0),
        ([1, 2, 1, 2], [1, 1, 2, 2], -1.0, None),
        ([1, 2, 3], [1, 2, 3], None, None),
        ([1, 2, 3], [1, 1, 1], None, None),
        ([], [], None, None),
    ],
    ids=["no variance", "none within", "none between", "groups of one", "one group", "nobody"],
)
def test_icc_where_a_variance_is_missing(x, groups, icc1, icc2) -> None:
    found = icc(x, groups)
    for value, wanted in ((found.icc1, icc1), (found.icc2, icc2)):
        assert np.isnan(value) if wanted is None else value == pytest.approx(wanted)


def test_icc_leaves_missing_values_out() -> None:
    with_gap, without = icc([1, 2, np.nan, 4, 6], [1, 1, 1, 2, 2]), icc([1, 2, 4, 6], [1, 1, 2, 2])
    assert with_gap == without
    assert (with_gap.n, with_gap.n_groups) == (4, 2)


def test_rows_and_groups_must_match() -> None:
    with pytest.raises(ValueError, match="3 rows of answers, but groups of shape"):
        rwg([1, 2, 3], [1, 2])


answers = st.lists(
    st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(0, 4)), min_size=2, max_size=40
)


@given(answers)
@settings(deadline=None)
def test_bounds_and_order_of_rows(rows: list[tuple[int, int, int]]) -> None:
    items, groups = np.array([row[:2] for row in rows], float), np.array([row[2] for row in rows])
    found = rwg_j(items, groups)
    assert ((found >= 0) & (found <= 1) | np.isnan(found)).all()
    assert (rwg_lindell(items, groups).fillna(0) <= 1 + 1e-12).all()
    turned = rwg_j(6 - items[::-1], groups[::-1])
    np.testing.assert_allclose(found, turned, atol=1e-12)
    ratio = icc(items[:, 0], groups)
    if not np.isnan(ratio.icc1):
        assert -1 / (ratio.n / ratio.n_groups - 1) - 1e-9 <= ratio.icc1 <= 1 + 1e-12
    assert np.isnan(ratio.icc2) or ratio.icc2 <= 1 + 1e-12


# From a survey --------------------------------------------------------------------------------------------


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
    np.testing.assert_allclose(found.rwg_j_by_team, by_company, atol=1e-9)
    assert found.rwg_j == pytest.approx(by_company.mean(), abs=1e-9)
    assert (found.n, found.n_teams, found.null_variance) == (5400, 99, 2.0)


def small(**columns) -> pd.DataFrame:
    base = {"person": range(6), "GRP": list("aabbcc"), "i1": [1, 2, 3, 3, 5, 4], "i2": [2, 2, 3, 4, 5, 5]}
    return pd.DataFrame(base | columns)


def test_agreement_uses_the_answers_that_are_there() -> None:
    gaps = small(i2=[2, np.nan, 3, 4, np.nan, np.nan], i1=[1, 2, 3, 3, 5, np.nan])
    found = agreement(read_survey(company_model(["i1", "i2"]), persons=gaps), "ce")
    wanted = icc([1.5, 2, 3, 3.5, 5], [0, 0, 1, 1, 2])
    assert (found.icc1, found.icc2) == (wanted.icc1, wanted.icc2)
    assert (found.n, found.n_teams) == (5, 3)
    ratio_a = 0.5 / 2.0  # of the one item that two members of 'a' answered
    ratio_b = (0.0 + 0.5) / 2 / 2.0
    wanted_j = [2 * (1 - r) / (2 * (1 - r) + r) for r in (ratio_a, ratio_b)]
    np.testing.assert_allclose(found.rwg_j_by_team.sel(company=["a", "b"]), wanted_j)
    assert np.isnan(found.rwg_j_by_team.sel(company="c"))
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
    assert found.rwg_j_by_team.sel(company="b").item() == 1


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
