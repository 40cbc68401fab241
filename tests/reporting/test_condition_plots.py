"""Figures of conditions show the numbers they are drawn from."""

from __future__ import annotations

import numpy as np
import xarray as xr

from coefficacy.estimands.corners import CORNERS
from coefficacy.estimands.labels import labelled
from coefficacy.reporting import plot_corners


def test_corners_are_drawn_at_their_posterior_means():
    values = np.array([0.1, 0.2, 0.3, 0.9]) + np.zeros((2, 50, 4))
    p = xr.DataArray(values, dims=("chain", "draw", "corner"), coords={"corner": list(CORNERS)})
    found = labelled({"probability": (p, "probability that y is above 1, by corner")}, headline="probability")
    axes = plot_corners(found.assign_attrs(first="collective_efficacy", others="power")).axes[0]
    low, high = (line.get_ydata() for line in axes.lines)
    np.testing.assert_allclose([low, high], [[0.1, 0.2], [0.3, 0.9]])
    assert [text.get_text() for text in axes.texts] == ["0.10", "0.20", "0.30", "0.90"]
    assert axes.get_xlabel() == "collective efficacy"
