"""The figure of paths by layer shows the numbers it is drawn from."""

from __future__ import annotations

import numpy as np
import xarray as xr

from coefficacy.estimands.labels import labelled
from coefficacy.reporting import plot_layer_paths


def test_every_layer_and_the_average_are_drawn_at_their_means():
    values = np.arange(8.0).reshape(2, 2, 2) + np.zeros((2, 50, 2, 2, 2))
    dims = ("chain", "draw", "layer", "outcome", "predictor")
    coords = {"layer": ["desk", "field"], "outcome": ["y", "z"], "predictor": ["a_b", "c"]}
    path = xr.DataArray(values, dims=dims, coords=coords)
    found = labelled({"path": (path, ""), "average": (path.mean("layer"), "")}, headline="average")
    figure = plot_layer_paths(found)
    first, second = figure.axes
    assert [label.get_text() for label in first.get_yticklabels()] == ["desk", "field", "average"]
    np.testing.assert_allclose(first.lines[2].get_xdata(), [0, 4, 2])
    np.testing.assert_allclose(second.lines[3].get_xdata(), [3, 7, 5])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a b", "c"]
