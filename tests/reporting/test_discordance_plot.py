"""The figure of discordant teams as data: who is named, where, and with which probability."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from coefficacy.estimands.discordance import KINDS
from coefficacy.reporting import plot_discordant_teams


def found(chances: tuple[tuple[float, float], ...], draws: int = 100) -> xr.Dataset:
    """Teams with given probabilities of the two kinds."""
    at = np.arange(draws) / draws
    kinds = np.array([[[at < p for p in team] for team in chances]], float).transpose(0, 3, 2, 1)
    place = np.zeros((1, draws, 2, len(chances))) + np.arange(len(chances))
    ids = [f"t{k}" for k in range(len(chances))]
    return xr.Dataset(
        {
            "discordant": (("chain", "draw", "kind", "crew"), kinds),
            "position": (("chain", "draw", "latent", "crew"), place),
        },
        coords={"kind": list(KINDS), "crew": ids, "latent": ["self_efficacy", "collective_efficacy"]},
        attrs={"of": "collective_efficacy", "given": "self_efficacy", "margin": 0.25, "unit": "crew"},
    )


def test_teams_are_named_from_a_probability_on_the_surest_first():
    _, bars = plot_discordant_teams(found(((0.6, 0.0), (0.0, 0.9), (0.3, 0.1)))).axes
    assert [label.get_text() for label in bars.get_yticklabels()] == ["t1", "t0"]
    assert [bar.get_width() for bar in bars.patches] == pytest.approx([0.9, 0.6])


def test_every_team_has_its_place_and_a_colour_as_strong_as_its_probability():
    points, _ = plot_discordant_teams(found(((0.6, 0.0), (0.0, 0.9)))).axes
    (drawn,) = (c for c in points.collections if len(c.get_offsets()) == 2 and len(c.get_facecolors()) == 2)
    np.testing.assert_allclose(drawn.get_offsets(), [[0, 0], [1, 1]])
    np.testing.assert_allclose(drawn.get_facecolors()[:, 3], [0.6, 0.9])
    assert "crew: collective efficacy" in points.get_ylabel()


def test_where_no_team_is_sure_enough_it_says_so():
    _, bars = plot_discordant_teams(found(((0.2, 0.0), (0.0, 0.1)))).axes
    assert not bars.patches
    assert "No crew reaches 0.5" in bars.texts[0].get_text()
    assert "0.20" in bars.texts[0].get_text()
