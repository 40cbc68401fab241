"""ICC(1), ICC(2) and the reliability of group means against R's `multilevel`, and in awkward cases.

Tolerance: 1e-9 absolute; both sides compute the same closed forms in double precision.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coefficacy.checks.measurement import icc, spearman_brown
from coefficacy.datasets import load_dataset

REFERENCE = json.loads(Path(__file__).with_name("agreement_reference.json").read_text())
GROUPS = {"bh1996": "GRP", "bhr2000_items": "GRP", "klein2000_sim": "GRPID", "awkward": "group"}
FOUR = ["AF06", "AF07", "AP33", "AP34"]


def table(name: str) -> pd.DataFrame:
    if name == "awkward":
        return pd.DataFrame(REFERENCE["awkward"]).astype(float)
    frame = load_dataset(name)
    return frame.assign(CE=frame[FOUR].mean(axis=1)) if name == "bhr2000_items" else frame


def entries() -> list[tuple[str, str]]:
    return [(name, key) for name, content in REFERENCE["icc"].items() for key in content]


@pytest.mark.reference
@pytest.mark.parametrize(("name", "variable"), entries())
def test_icc_equals_r(name: str, variable: str) -> None:
    frame = table(name)
    found = icc(frame[variable], frame[GROUPS[name]])
    reference = REFERENCE["icc"][name][variable]
    assert (found.icc1, found.icc2) == pytest.approx((reference["icc1"], reference["icc2"]), abs=1e-9)


def test_negative_icc_is_not_cut_at_zero() -> None:
    frame = load_dataset("klein2000_sim")
    assert icc(frame["PAY"], frame["GRPID"]).icc1 == pytest.approx(-0.0144, abs=5e-5)


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


@pytest.mark.reference
def test_reliability_of_means_equals_r() -> None:
    reference = REFERENCE["mean_reliability"]["bh1996"]["LEAD"]
    found = spearman_brown(reference["icc"], np.array(reference["size"]))
    np.testing.assert_allclose(found, reference["reliability"], atol=1e-9)


def test_icc2_is_the_reliability_of_a_mean_over_the_average_group() -> None:
    found = icc([1, 2, 2, 4, 4, 5, 3, 1], [1, 1, 2, 2, 2, 3, 3, 3])
    assert spearman_brown(found.icc1, found.n / found.n_groups) == pytest.approx(found.icc2)
