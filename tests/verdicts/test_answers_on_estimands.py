"""The rule for estimands with a bound, on draws with known quantiles."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from coefficacy.estimands.labels import labelled
from coefficacy.spec import EstimandSpec
from coefficacy.verdicts.estimands import _answer, entries_of


def _found(mean: float, sd: float = 0.1, chains: int = 4, draws: int = 500) -> xr.Dataset:
    values = np.random.default_rng(1).normal(size=(chains, draws))
    values = mean + sd * (values - values.mean()) / values.std()
    array = xr.DataArray(values, dims=("chain", "draw"))
    return labelled({"share": (array, "share of something")}, headline="share")


def _fit(ok: bool = True):
    return SimpleNamespace(convergence=SimpleNamespace(ok=ok))


@pytest.mark.parametrize(
    ("mean", "bounds", "answer"),
    [
        (0.5, {"above": 0.1}, "supported"),
        (0.25, {"above": 0.1}, "cannot tell"),
        (-0.2, {"above": 0.1}, "refuted"),
        (0.5, {"below": 0.1}, "refuted"),
        (-0.2, {"below": 0.1}, "supported"),
        (0.0, {"below": 0.1}, "cannot tell"),
        (0.5, {}, None),
    ],
)
def test_the_answer_follows_interval_and_bound(mean, bounds, answer):
    found, reason = _answer(_fit(), EstimandSpec("emergent_share", **bounds), _found(mean))
    assert found == answer
    assert bool(reason) == bool(bounds)


def test_nothing_is_concluded_without_convergence_or_from_few_effective_draws():
    asked = EstimandSpec("emergent_share", above=0.1)
    assert _answer(_fit(ok=False), asked, _found(0.5))[0] == "cannot tell"
    few, reason = _answer(_fit(), asked, _found(0.5, chains=2, draws=100))
    assert few == "cannot tell"
    assert "effective draws" in reason


def test_entries_carry_their_coordinates():
    array = xr.DataArray(
        np.arange(12.0).reshape(2, 3, 2), dims=("chain", "draw", "kind"), coords={"kind": ["a", "b"]}
    ).rename("gain")
    entries = entries_of(array)
    assert list(entries) == ["gain[a]", "gain[b]"]
    np.testing.assert_array_equal(entries["gain[b]"], [1, 3, 5, 7, 9, 11])
