"""The figure of settings: a row each, intervals where the draws are."""

from __future__ import annotations

import numpy as np
import xarray as xr

import coefficacy as co


def found() -> xr.Dataset:
    rng = np.random.default_rng(1)
    at = ("setting", "chain", "draw")

    def draws(*means: float) -> tuple:
        return (at, np.array(means)[:, None, None] + 0.05 * rng.normal(size=(len(means), 1, 400)))

    shares = {"share": draws(0.3, 0.2), "share_above": (at, np.zeros((2, 1, 400)))}
    return xr.Dataset(
        {"own": draws(0.2, 0.4), "contextual": draws(0.1, -0.3), **shares},
        coords={"setting": ["companies", "schools"], "of": ("setting", ["well_being", "math"]),
                "by": ("setting", ["climate", "status"]), "group": ("setting", ["company", "school"]),
                "groups": ("setting", [99, 160])},
    )  # fmt: skip


def test_every_setting_has_a_row_with_both_effects_and_its_share():
    figure = co.plot_settings(found())
    left, right = figure.axes
    labels = [label.get_text() for label in left.get_yticklabels()]
    assert labels == [
        "companies\nwell being by climate\n99 companies",
        "schools\nmath by status\n160 schools",
    ]
    lines = {line.get_label(): line.get_xdata() for line in left.get_lines()}
    np.testing.assert_allclose(lines["what the group adds"], [0.1, -0.3], atol=0.02)
    np.testing.assert_allclose(lines["the member's own"], [0.2, 0.4], atol=0.02)
    assert [line.get_label() for line in right.get_lines() if len(line.get_xdata())] == ["between groups"]
