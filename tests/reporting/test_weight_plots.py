"""The figure of weights shows the means of each way in which they were found."""

from __future__ import annotations

import numpy as np
import xarray as xr

from coefficacy.reporting import plot_account_weights


def test_layers_are_matched_by_name():
    def weights(desk: float, field: float) -> xr.DataArray:
        values = np.array([desk, field]) + np.zeros((2, 30, 2))
        return xr.DataArray(values, dims=("chain", "draw", "layer"), coords={"layer": ["desk", "field"]})

    other = weights(0.6, 0.3).isel(layer=[1, 0])
    figure = plot_account_weights({"mixture": weights(0.8, 0.2), "stacking": other}, account="coordination")
    (axes,) = figure.axes
    np.testing.assert_allclose(axes.lines[1].get_xdata(), [0.8, 0.2])
    np.testing.assert_allclose(axes.lines[2].get_xdata(), [0.6, 0.3])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["desk", "field"]
    assert axes.get_xlabel() == "weight of coordination"
