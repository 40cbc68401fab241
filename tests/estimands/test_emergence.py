"""Emergent share and discordant teams against what simulated teams have.

The share: parameters are invented and 54,000 teams drawn from them by code that shares nothing with the
model's algebra; standard errors of a share stay below .005, .015 is allowed.
"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from invented_posterior import OTHER, Values, model, posterior, simulate, survey
from scipy.stats import multivariate_normal

import coefficacy as co
from coefficacy.errors import FitError
from coefficacy.estimands import discordant_teams, emergent_share
from coefficacy.estimands.discordance import KINDS
from coefficacy.spec import loads
from coefficacy.worlds import simulate_emergence


def _fit(*draws: tuple[float, float, float]) -> SimpleNamespace:
    return SimpleNamespace(posterior=_of(draws), spec=loads(TWO), survey=survey(model()))


TWO = """
[levels]
person = "person"
team = "team"
layer = "layer"
[measures.a]
items = ["a*"]
[measures.b]
items = ["b*"]
[team]
a = "b + (1 | layer)"
"""


def _of(sds: tuple[tuple[float, float, float], ...]) -> xr.Dataset:
    """Draws of (path, SD of what emerges, SD of the predictor)."""
    path, left, of_b = (np.array([column]) for column in zip(*sds, strict=True))
    at = ("chain", "draw")
    return xr.Dataset(
        {
            "team.a": ((*at, "team.a.term"), path[..., None]),
            "sd(team.a)": (at, left),
            "sd(team.b)": (at, of_b),
            "sd(team.a | layer)": ((*at, "team.a|layer.term"), np.full((1, len(sds), 1), 3.0)),
            "sd(team.b | layer)": ((*at, "team.b|layer.term"), np.full((1, len(sds), 1), 2.0)),
        },
        coords={"team.a.term": ["b"], "team.a|layer.term": ["1"], "team.b|layer.term": ["1"],
                "chain": [0], "draw": np.arange(len(sds))},
    )  # fmt: skip


def test_the_share_is_what_a_regression_of_simulated_teams_leaves_over():
    draws = ((0.8, 0.4, 0.5), (0.2, 0.9, 1.5))
    found = emergent_share(_fit(*draws), of="a", given=["b"])
    rng = np.random.default_rng(1)
    for k, (path, left, of_b) in enumerate(draws):
        b = of_b * rng.normal(size=54_000)
        a = path * b + left * rng.normal(size=b.size)
        unexplained = 1 - np.corrcoef(a, b)[0, 1] ** 2
        assert found["share"].values[0, k] == pytest.approx(unexplained, abs=0.015)
        assert found["sd"].values[0, k] == pytest.approx(left)


def test_effects_of_layers_are_no_part_of_the_share():
    found = emergent_share(_fit((1.0, 1.0, 1.0)), of="a", given=["b"])
    assert found["share"].item() == pytest.approx(0.5)


@pytest.mark.parametrize("values", [Values(), OTHER], ids=["one", "other"])
@pytest.mark.parametrize("aggregate", ["population", "members"])
def test_columns_other_latents_and_members_have_their_part_in_it(values: Values, aggregate: str):
    """a = b + c + z between teams, b and c correlated: what b alone leaves over."""
    spec = model(aggregate=aggregate)
    fit = SimpleNamespace(posterior=posterior(values), spec=spec, survey=survey(spec))
    drawn = simulate(replace(values, layer_a=0.0, slope_a=0.0), members=aggregate == "members")
    unexplained = 1 - np.corrcoef(drawn.u.ravel(), drawn.u_of_b.ravel())[0, 1] ** 2
    assert emergent_share(fit, of="a", given=["b"])["share"].item() == pytest.approx(unexplained, abs=0.02)


def test_nothing_emerges_without_a_residual():
    assert emergent_share(_fit((1.0, 0.0, 1.0)), of="a", given=["b"])["share"].item() == pytest.approx(0)


# Discordant teams -------------------------------------------------------------------------------------------


def _placed(of: np.ndarray, given: np.ndarray, layers: np.ndarray) -> SimpleNamespace:
    """A fit with draws (draw, team) of two latents."""
    latent = np.stack([of, given], axis=-1)[None]
    dims = ("chain", "draw", "team", "team.name")
    ids = [f"t{k}" for k in range(latent.shape[2])]
    posterior = xr.Dataset({"team.latent": (dims, latent)}, coords={"team": ids, "team.name": ["a", "b"]})
    place = SimpleNamespace(index=lambda *_: layers, n={"team": len(ids)})
    return SimpleNamespace(posterior=posterior, spec=loads(TWO), survey=place)


def test_teams_in_opposite_corners_are_discordant():
    of = np.array([[-1.0, 1.0, 1.0, -1.0], [-1.0, 1.0, -1.0, 1.0]])
    given = np.array([[1.0, -1.0, 1.0, -1.0], [1.0, -1.0, -1.0, 1.0]])
    found = discordant_teams(_placed(of, given, np.zeros(4, int)), of="a", given="b")
    chance = found["discordant"].mean(("chain", "draw"))
    assert chance.sel(kind=KINDS[0]).values.tolist() == [1, 0, 0, 0]
    assert chance.sel(kind=KINDS[1]).values.tolist() == [0, 1, 0, 0]
    assert found["share"].values.tolist() == [[0.5, 0.5]]
    np.testing.assert_array_equal(found["share_by_kind"].sum("kind"), found["share"])


def test_a_layer_that_is_high_or_low_as_a_whole_makes_no_team_discordant():
    of, given = np.array([[1.0, 3.0, -3.0, -1.0]]), np.array([[-3.0, -1.0, 1.0, 3.0]])
    apart = discordant_teams(_placed(of, given, np.array([0, 0, 1, 1])), of="a", given="b")
    together = discordant_teams(_placed(of, given, np.zeros(4, int)), of="a", given="b")
    assert apart["share"].item() == 0
    assert together["share"].item() == 1


def test_the_share_of_a_corner_is_that_of_a_bivariate_normal():
    """P(X > 0, Y < 0) = 1/4 - asin(r) / 2 pi (Sheppard 1899); 200,000 teams; .004 is 4 standard errors."""
    rng, r = np.random.default_rng(2), 0.6
    given, other = rng.normal(size=(2, 1, 200_000))
    of = r * given + np.sqrt(1 - r**2) * other
    fit = _placed(of, given, np.zeros(of.shape[1], int))
    corner = 0.25 - np.arcsin(r) / (2 * np.pi)
    found = discordant_teams(fit, of="a", given="b")
    np.testing.assert_allclose(found["share_by_kind"].values.ravel(), corner, atol=0.004)
    margin = discordant_teams(fit, of="a", given="b", margin=0.25)["share_by_kind"]
    box = multivariate_normal([0, 0], [[1, -r], [-r, 1]]).cdf([-0.25, -0.25])
    np.testing.assert_allclose(margin.values.ravel(), box, atol=0.004)


def test_a_margin_below_zero_and_draws_without_teams_are_refused():
    fit = _placed(np.ones((1, 2)), np.ones((1, 2)), np.zeros(2, int))
    with pytest.raises(FitError, match="Write 0 or more"):
        discordant_teams(fit, of="a", given="b", margin=-1)
    bare = SimpleNamespace(posterior=xr.Dataset(), spec=fit.spec, survey=fit.survey)
    with pytest.raises(FitError, match=r"team\.latent"):
        discordant_teams(bare, of="a", given="b")


# A whole fit ------------------------------------------------------------------------------------------------


def test_a_small_world_is_fitted_answered_and_compared_with_its_rival():
    world = simulate_emergence(seed=2, n_teams=30, team_size=6, share=0.95)
    spec = loads(world.spec_text)
    fit = co.fit(spec, co.read_survey(spec, **world.tables), seed=1, draws=400, tune=400, chains=2,
                 progress=False)  # fmt: skip
    said = co.verdict(fit)
    assert set(said.estimands) == {"emergent_share", "discordant_teams", "rivals"}
    assert said.estimands["emergent_share"]["share"]["q97_5"] > 0.5
    own = co.left_out_teams(fit, scored="answers")
    rival = co.left_out_teams(fit, "aggregate", scored="answers")
    assert own.elpd > rival.elpd
    compared = said.estimands["rivals"]["aggregate"]["elpd"]
    assert compared["diff"] == pytest.approx(float(own.elpd - rival.elpd))
