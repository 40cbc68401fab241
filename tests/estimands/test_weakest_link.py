"""The CES aggregate's limits, and its elasticity found again where nothing is measured with error."""

from __future__ import annotations

import numpy as np
import pytest
from known_fit import known_fit

from coefficacy.errors import FitError
from coefficacy.estimands import ceiling, elasticity
from coefficacy.estimands.additive import Drawn
from coefficacy.estimands.weakest_link import _draw, log_ces

Z = np.random.default_rng(2).normal(size=(400, 2))


def test_limits_of_the_aggregate():
    np.testing.assert_allclose(log_ces(Z, 1.0, 0.3), Z @ [0.3, 0.7])
    np.testing.assert_allclose(log_ces(Z, 1 + 1e-4, 0.3), Z @ [0.3, 0.7], atol=1e-3)
    np.testing.assert_allclose(log_ces(Z, 1e-3, 0.5), Z.min(axis=1), atol=1e-3)
    np.testing.assert_allclose(log_ces(Z, 1e6, 0.3), np.log(np.exp(Z) @ [0.3, 0.7]), atol=1e-4)


@pytest.mark.parametrize("true", [0.2, 1.0, 4.0])
def test_the_elasticity_is_found_in_many_teams(true):
    """400 teams, residual SD .3: the interval of 200 draws holds the truth, in units of its logarithm."""
    rng = np.random.default_rng(7)
    y = log_ces(Z, true, 0.5) + 0.3 * rng.normal(size=len(Z))
    row = Drawn((0, 0), Z, np.ones((len(Z), 1)), y)
    drawn = np.log([_draw(row, rng)[0] for _ in range(200)])
    low, high = np.quantile(drawn, [0.005, 0.995])
    assert low - 0.05 < np.log(true) < high + 0.05
    assert high - low < 2


def test_datasets_have_what_their_claims_need():
    fit, *_ = known_fit(0.5, 0.4, 0.3)
    found = elasticity(fit, of="y", needs=["a", "b"], every=5)
    assert found.sizes == {"chain": 2, "draw": 10}
    assert np.all(found.elasticity.values > 0)
    again = elasticity(fit, of="y", needs=["a", "b"], every=5)
    np.testing.assert_array_equal(found.elasticity, again.elasticity)
    sizes = ceiling(fit, of="y", needs=["a", "b"], every=5)
    assert sizes.d.dims == ("chain", "draw", "condition")
    assert np.ptp(sizes.d.sel(condition="a").values) == 0
    assert np.ptp(sizes.d_additive.sel(condition="a").values) > 0
    np.testing.assert_allclose(sizes.least_excess, sizes.excess.min("condition"))
    with pytest.raises(FitError, match="between two"):
        elasticity(fit, of="y", needs=["a", "b", "x"])
