"""Draws become variables on a tape as they do by NumPy, with other data, too."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest

from coefficacy.sampling.expansion import _by_numpy, expansion_of

NAMES = ("scale", "line", "fixed", "total")


@pytest.fixture(scope="module")
def model() -> pm.Model:
    with pm.Model(coords={"row": range(4)}) as made:
        x = pm.Data("x", np.arange(4.0), dims="row")
        scale = pm.HalfNormal("scale")
        slope = pm.Normal("slope", shape=2)
        pm.Deterministic("line", slope[0] + slope[1] * x, dims="row")
        pm.Deterministic("fixed", pt.sqr(x), dims="row")
        pm.Deterministic("total", scale * pt.sum(slope))
    return made


@pytest.mark.parametrize("data", [{}, {"x": np.array([2.0, 5.0])}])
def test_tape_and_numpy_agree(model, data):
    draws = np.random.default_rng(1).normal(size=(5, 3))
    wanted = tuple(model.replace_rvs_by_values([model[name] for name in NAMES]))
    taped, plain = expansion_of(model, NAMES), _by_numpy(model, wanted)
    assert type(taped) is not type(plain)
    if data:
        taped, plain = taped.with_data(data), plain.with_data(data)
    for one, other in zip(taped(draws), plain(draws), strict=True):
        np.testing.assert_allclose(one, np.broadcast_to(other, one.shape), rtol=1e-12)


def test_what_a_tape_cannot_hold_is_left_to_numpy():
    with pm.Model() as model:
        x = pm.Normal("x", shape=3)
        pm.Deterministic("sorted", pt.sort(x))
    draws = np.array([[2.0, 1.0, 3.0]])
    (found,) = expansion_of(model, ("sorted",))(draws)
    np.testing.assert_array_equal(found, [[1, 2, 3]])
