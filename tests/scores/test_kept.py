"""Scores as a fit keeps them, and as ArviZ's objects, against those ArviZ makes itself."""

from __future__ import annotations

from types import SimpleNamespace

import arviz as az
import numpy as np
import pytest
import xarray as xr

from coefficacy.sampling.encoding import decoded, encoded
from coefficacy.scores import LeftOut, Refits, elpd_data, refits_of
from coefficacy.scores.exact import _relative_efficiency, left_out_exact
from coefficacy.scores.kept import keep, kept
from coefficacy.spec.model import Formula, Level, ModelSpec, Regression

IDS = ["north", "east", "south", "west", "centre"]
SCORED = ["north", "east", "west", "centre"]
SPEC = ModelSpec((Level("team", ("team",)),), (Regression("team", "y", Formula()),))


def survey():
    y = xr.DataArray([0.5, 1.0, np.nan, 2.0, -1.0], dims="team", coords={"team": IDS})
    return SimpleNamespace(column=lambda level, name: y, levels={"team": xr.Dataset({"y": y})})


def density() -> xr.DataArray:
    """Log densities of one normal outcome a team, the mean drawn from its posterior; the last is far off."""
    rng = np.random.default_rng(1)
    values = -0.5 * (rng.normal(0, 0.4, (2, 400, 1)) - np.array([0, 1, 0, 0.5, 6])) ** 2
    return xr.DataArray(values, dims=("chain", "draw", "team"), coords={"team": IDS})


def posterior() -> xr.Dataset:
    """With the mean of a latent in every draw: uneven weights are to be seen in its expectation."""
    latents = np.random.default_rng(3).normal(size=(2, 400, 5, 1))
    drawn = xr.DataArray(latents, dims=("chain", "draw", "team", "team.name"), coords={"team.name": ["ce"]})
    return xr.Dataset({"team.outcome_density": density(), "team.expected": drawn})


def exact() -> LeftOut:
    return left_out_exact(posterior(), SPEC, survey(), "team")


def refitted() -> LeftOut:
    values = np.random.default_rng(2).normal(-1, 0.3, 4)
    attrs = {"folds": 3, "rhat_max": 1.0, "n_samples": 800}
    return LeftOut(xr.DataArray(values, dims="team", coords={"team": SCORED}, name="elpd", attrs=attrs), None)


def empty_fit(seed: int = 4):
    return SimpleNamespace(tree=xr.DataTree(), seed=seed)


def test_it_says_what_arviz_says_of_the_same_densities():
    seen = density().isel(team=[0, 1, 3, 4])
    tree = xr.DataTree.from_dict({"posterior": xr.Dataset(), "log_likelihood": seen.to_dataset(name="y")})
    score = exact().score
    with pytest.warns(UserWarning, match="Estimated shape parameter"):
        theirs = az.loo(tree, pointwise=True, reff=_relative_efficiency(seen))
    own = elpd_data(score)
    for name in ("elpd", "se", "p"):
        assert own[name] == pytest.approx(theirs[name])
    for name in ("kind", "n_samples", "n_data_points", "scale", "good_k", "warning"):
        assert own[name] == theirs[name]
    assert own.elpd_i["team"].values.tolist() == SCORED
    assert set(own.pareto_k.coords) == set(own.elpd_i.coords) == {"team"}
    assert "Pareto k" in str(own)


def test_latents_are_expected_without_the_outcome_of_their_own_team():
    """Weights 1 / p(y_j | answers, draw); the team without an outcome needs none. No tail is smoothed by hand
    here, which moves the weights of the four others little: their k-hats are small but for the last."""
    found = exact().latents
    drawn = posterior()["team.expected"].values[..., 0]
    assert found.dims == ("team", "team.name")
    assert found.values[2, 0] == pytest.approx(drawn[..., 2].mean())
    weights = np.exp(-density().values)
    plain = (weights * drawn).sum(axis=(0, 1)) / weights.sum(axis=(0, 1))
    np.testing.assert_allclose(found.values[[0, 1, 3], 0], plain[[0, 1, 3]], atol=0.005)


def test_refits_have_neither_pareto_k_nor_an_effective_number_of_parameters():
    found = elpd_data(refitted().score)
    assert (found.kind, found.n_folds, found.pareto_k, found.good_k) == ("loo_kfold", 3, None, None)
    assert np.isnan(found.p)
    assert found.se == pytest.approx(np.sqrt(4) * refitted().score.values.std(ddof=1))
    assert az.compare({"a": found, "b": elpd_data(refitted().score)}).loc["a", "weight"] == 0.5


@pytest.mark.parametrize(
    ("attrs", "unsure"), [({}, False), ({"rhat_max": 1.2}, True), ({"khat_max": 0.9}, True)]
)
def test_refits_that_did_not_converge_or_hang_on_few_draws_are_marked(attrs, unsure):
    assert elpd_data(refitted().score.assign_attrs(attrs)).warning is unsure


def test_scores_of_layers_have_settings_of_their_own():
    fit, teams, layers = empty_fit(), Refits(folds=3), Refits(draws=1000)
    keep(fit, "model", exact(), teams)
    keep(fit, "model by layer", refitted(), layers, group="left_out_layers")
    assert kept(fit, "model", teams) is not None
    assert kept(fit, "model by layer", layers) is None
    assert kept(fit, "model by layer", layers, group="left_out_layers").score.identical(refitted().score)
    assert refits_of(fit, None, group="left_out_layers", default=Refits(seed=9)) == layers


@pytest.mark.parametrize("make", [exact, refitted])
def test_nothing_is_lost_in_a_fit_or_its_file(make, tmp_path):
    fit, found, refits = empty_fit(), make(), Refits(folds=3, seed=9)
    keep(fit, "model", found, refits)
    keep(fit, "other", refitted(), refits)
    assert kept(fit, "model", refits).score.identical(found.score)
    for name in list(fit.tree.children):
        encoded(fit.tree[name].to_dataset()).to_netcdf(tmp_path / name, engine="h5netcdf")
        fit.tree[name] = xr.DataTree(decoded(xr.load_dataset(tmp_path / name, engine="h5netcdf")))
    again = kept(fit, "model", refits)
    xr.testing.assert_equal(again.score, found.score)
    assert elpd_data(again.score).n_samples == elpd_data(found.score).n_samples
    assert (again.latents is None) == (found.latents is None)
    if found.latents is not None:
        xr.testing.assert_equal(again.latents, found.latents)
    assert kept(fit, "nobody", refits) is None


def test_other_settings_leave_nothing_of_the_earlier_scores():
    fit, first, second = empty_fit(), Refits(folds=3), Refits(folds=4)
    keep(fit, "model", exact(), first)
    assert kept(fit, "model", second) is None
    keep(fit, "rival", refitted(), second)
    assert kept(fit, "model", first) is None
    assert set(fit.tree["left_out"].data_vars) == {"rival"}
    assert not fit.tree["left_out_pareto_k"].data_vars


def test_settings_are_those_asked_for_then_those_kept_then_the_default():
    fit = empty_fit(seed=4)
    assert refits_of(fit, None) == Refits(seed=4)
    keep(fit, "model", refitted(), Refits(folds=3, seed=9))
    assert refits_of(fit, None) == Refits(folds=3, seed=9)
    assert refits_of(fit, Refits(folds=2)) == Refits(folds=2)


def test_scores_kept_by_an_earlier_version_are_not_read():
    fit = empty_fit()
    fit.tree["left_out"] = xr.DataTree(xr.Dataset({"model": refitted().score.drop_attrs()}))
    assert kept(fit, "model", Refits(seed=4)) is None
    assert refits_of(fit, None) == Refits(seed=4)
