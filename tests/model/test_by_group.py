"""Models of one measure by group: the sampler sees the sum over teams, and lavaan has the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from coefficacy.model.by_group import Equal, GroupedAnswers, answers_density, build_by_group
from coefficacy.sampling.density import density_of
from coefficacy.sampling.expansion import expansion_of

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "checks" / "measurement" / "invariance_reference.json").read_text()
)
EQUAL = {
    "configural": Equal(False, False),
    "metric": Equal(True, False),
    "scalar": Equal(True, True),
    "partial": Equal(True, True, ("i2",)),
}
STORED = ("loading", "intercept", "residual_sd", "item_sd", "mean", "sd_within", "sd_between")


def measured(rows: slice = slice(None)) -> GroupedAnswers:
    team = np.array(REFERENCE["team"])[rows]
    group = np.array(REFERENCE["group"])[rows]
    _, first, position = np.unique(team, return_index=True, return_inverse=True)
    items = ("i1", "i2", "i3", "i4")
    return GroupedAnswers(np.array(REFERENCE["answers"])[rows], items, ("a", "b"), position, group[first])


def as_posterior(model: dict[str, Any]) -> xr.Dataset:
    """Estimates as one draw; variances that lavaan names become SDs."""
    groups = model["groups"]
    values = {name: [g[name] for g in groups] for name in ("loading", "intercept", "mean")}
    values |= {
        "residual_sd": np.sqrt([g["residual_variance"] for g in groups]),
        "item_sd": np.sqrt([g["item_variance"] for g in groups]).ravel(),
        "sd_within": np.sqrt([g["within"] for g in groups]),
        "sd_between": np.sqrt([g["between"] for g in groups]),
    }
    arrays = {name: np.asarray(v, float)[None, None] for name, v in values.items()}
    return xr.Dataset(
        {n: (("chain", "draw", *(f"{n}_{k}" for k in range(v.ndim - 2))), v) for n, v in arrays.items()}
    )


@pytest.mark.reference
@pytest.mark.parametrize("name", EQUAL)
def test_log_likelihood_at_the_maximum_is_lavaans(name: str) -> None:
    model = REFERENCE["models"][name]
    found = answers_density(as_posterior(model), measured()).sum()
    assert found == pytest.approx(model["logl"], abs=1e-4)


@pytest.mark.parametrize("name", EQUAL)
def test_the_sampler_sees_the_sum_over_teams(name: str) -> None:
    """Between two points the log posterior changes as the sum over teams plus the priors do.

    With other data the same two points change it by other teams' densities, but the same priors.
    """
    some, fewer = measured(), np.array([0, 7, 30])
    built = build_by_group(some, EQUAL[name])
    start = built.model.initial_point()
    density = density_of(built.model, start, "numba")
    other = density.with_data(some.data(fewer))
    expand = expansion_of(built.model, STORED)
    rng = np.random.default_rng(2)
    points = rng.normal(scale=0.2, size=(2, sum(np.size(v) for v in start.values())))

    def change(of: Any) -> float:
        return float(of(points[1])[0] - of(points[0])[0])

    drawn = dict(zip(STORED, expand(points), strict=True))
    posterior = xr.Dataset(
        {
            n: (("chain", "draw", *(f"{n}_{k}" for k in range(v.ndim - 1))), _full(v, 2)[None])
            for n, v in drawn.items()
        }
    )
    by_team = answers_density(posterior, some)[0]
    expected = (by_team[1] - by_team[0])[fewer].sum()
    assert change(density) - change(other) == pytest.approx(expected, rel=1e-8)


def _full(values: np.ndarray, n: int) -> np.ndarray:
    return np.broadcast_to(values, (n, *values.shape[1:])) if len(values) != n else values


def test_what_is_equal_is_equal() -> None:
    for name, equal in EQUAL.items():
        built = build_by_group(measured(slice(0, 200)), equal)
        start = built.model.initial_point()
        n = sum(np.size(v) for v in start.values())
        found = expansion_of(built.model, ("loading", "intercept", "mean", "sd_within"))(
            np.random.default_rng(1).normal(size=(1, n))
        )
        loading, intercept, mean, sd = (np.asarray(v)[0] for v in found)
        free = [equal.but == ("i2",) and i == 1 for i in range(4)]
        same = [bool(np.allclose(loading[0, i], loading[1, i])) for i in range(4)]
        assert same == [equal.loadings and not f for f in free], name
        same = [bool(np.allclose(intercept[0, i], intercept[1, i])) for i in range(4)]
        assert same == [equal.intercepts and not f for f in free], name
        assert np.mean(np.log(sd)) == pytest.approx(0)
        assert np.mean(mean) == pytest.approx(0)
