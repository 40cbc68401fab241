"""What stacking refuses, and what it says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from arviz_stats.utils import ELPDData

from coefficacy.errors import FitError
from coefficacy.scores.stacking_data import stacking_data

IDS = ["ash", "birch", "cedar", "elm", "fir"]
TABLE = pd.DataFrame(
    {
        "layer": ["x", "x", "y", "y", "y"],
        "kind": ["x", None, "y", "y", "y"],
        "only": "x",
        "size": [3.0, 4, 5, 6, 7],
        "gaps": [3.0, np.nan, 5, 6, 7],
        "flat": 2.0,
    },
    index=IDS,
)


def score(ids=IDS, dim="team", **changes) -> xr.DataArray:
    values = np.linspace(-2, -1, len(ids))
    for name, value in changes.items():
        values[ids.index(name)] = value
    return xr.DataArray(values, dims=dim, coords={dim: ids})


def elpd(**changes) -> ELPDData:
    return ELPDData(
        **{"elpd": -7.0, "se": 1.0, "p": 1.0, "n_samples": 10, "n_data_points": 5, "scale": "log",
           "warning": False, "good_k": 0.7, "elpd_i": score(), **changes}
    )  # fmt: skip


A, B = score(), score() + 0.1


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ({"a": A}, "stacking: takes the scores of at least two models"),
        ([A, B], "stacking: takes the scores of at least two models"),
        ({"a": A, "b": np.zeros(5)}, "scores of 'b': are neither ArviZ's ELPDData nor a DataArray"),
        ({"a": A, "b": xr.DataArray(np.zeros((5, 2)))}, "scores of 'b': are neither"),
        ({"a": A, "b": elpd(elpd_i=None)}, "scores of 'b': have no pointwise values. .*pointwise=True"),
        ({"a": A, "b": elpd(scale="deviance")}, "scores of 'b': are on the scale 'deviance'"),
        ({"a": A, "b": score(["ash", *IDS[:4]])}, "scores of 'b': name the same team twice"),
        ({"a": A, "b": score(IDS, "layer")}, "scores of 'b': are by layer, those of 'a' by team"),
        ({"a": A, "b": score(IDS[1:])}, "scores of 'b': lack ash, which those of 'a' have"),
        ({"a": score(IDS[:4]), "b": B}, "scores of 'b': have fir, which those of 'a' lack"),
        ({"a": score(IDS[:1]), "b": B}, "have birch, cedar, elm and 1 more, which"),
        ({"a": score(elm=np.nan), "b": B}, "scores of 'a': elm has no finite score"),
        ({"a": A, "b": score(elm=-np.inf, ash=np.nan)}, "scores of 'b': ash, elm have no finite score"),
    ],
)
def test_scores_that_cannot_be_stacked(scores, message):
    with pytest.raises(FitError, match=message):
        stacking_data(scores, None, None, ())


@pytest.mark.parametrize(
    ("teams", "by", "covariates", "message"),
    [
        (None, "layer", (), "covariate 'layer': there is no table it could be in. Give teams="),
        (TABLE, "layr", (), "unknown covariate 'layr'. Known: .*Did you mean 'layer'"),
        (TABLE, None, ("sizes",), "unknown covariate 'sizes'. .*Did you mean 'size'"),
        (TABLE, "kind", (), "covariate 'kind': 1 of 5 teams have no value"),
        (TABLE, "only", (), "covariate 'only': all teams are 'x'"),
        (TABLE, None, ("layer",), "covariate 'layer': is not a number. Give it as by="),
        (TABLE, None, ("gaps",), "covariate 'gaps': 1 of 5 teams have no value"),
        (TABLE, None, ("flat",), "covariate 'flat': is the same for all teams"),
        (TABLE.iloc[1:], "layer", (), "teams: the table lacks ash, which the scores have"),
        (TABLE.iloc[[0, *range(5)]], "layer", (), "teams: the table names the same team twice"),
        (TABLE.assign(model="x"), "model", (), "the name 'model' is taken"),
    ],
)
def test_covariates_that_cannot_be_used(teams, by, covariates, message):
    with pytest.raises(FitError, match=message):
        stacking_data({"a": A, "b": B}, teams, by, covariates)


def test_all_problems_are_shown_together():
    with pytest.raises(FitError) as caught:
        stacking_data({"a": A, "b": B}, TABLE, "only", ("gaps", "flat"))
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    "teams",
    [TABLE, TABLE.rename_axis("team").reset_index(), TABLE.rename_axis("team").to_xarray()],
    ids=["index", "column", "dataset"],
)
def test_tables_of_any_kind_are_aligned_by_id(teams):
    data = stacking_data({"a": A[::-1], "b": elpd(elpd_i=B)}, teams, "layer", ("size",))
    assert data.scores["team"].values.tolist() == IDS[::-1]
    assert data.scores.sel(model="b").values.tolist() == B.values[::-1].tolist()
    assert np.asarray(data.groups)[data.group].tolist() == ["y", "y", "y", "x", "x"]
    assert data.x[:, 0] == pytest.approx([1.2649, 0.6325, 0, -0.6325, -1.2649], abs=1e-4)


def test_scores_without_ids_are_those_of_the_same_teams_in_the_same_order():
    plain = {k: xr.DataArray(np.zeros(3), dims="team") for k in "ab"}
    data = stacking_data(plain, pd.DataFrame({"layer": list("xyx")}), "layer", ())
    assert data.group.tolist() == [0, 1, 0]
