"""Agreement indices against R's `multilevel` (agreement_reference.R), and in awkward cases.

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

from coefficacy.checks.measurement import ad_mean, awg, icc, rwg, rwg_j, rwg_lindell, uniform_variance
from coefficacy.datasets import load_dataset

REFERENCE = json.loads(Path(__file__).with_name("agreement_reference.json").read_text())
GROUPS = {"bh1996": "GRP", "bhr2000_items": "GRP", "awkward": "group"}


def table(name: str) -> pd.DataFrame:
    if name == "awkward":
        return pd.DataFrame(REFERENCE["awkward"]).astype(float)
    return load_dataset(name)


def expected(values: list[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values])


def entries(section: str) -> list[tuple[str, str]]:
    return [(name, key) for name, content in REFERENCE[section].items() for key in content]


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
