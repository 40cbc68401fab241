"""Saving and loading lose nothing, and never leave a broken file."""

from __future__ import annotations

import os
from dataclasses import fields, replace

import numpy as np
import pytest
import toy_model
import xarray as xr

from coefficacy.errors import FitError
from coefficacy.sampling import Fit, storage


@pytest.fixture
def fit(draws_of):
    rng = np.random.default_rng(0)
    tree = draws_of(
        person__mood=rng.normal(size=(2, 10, 2)),
        coords={"person.mood.term": np.array(["sleep", "kind[u]:x"], dtype=object)},
    )
    odd = xr.Dataset(
        {
            "sd(team.adaptation | layer)": (("chain", "draw", "team-wave"), rng.normal(size=(2, 10, 3))),
            "team.y ~ a:b": (("chain", "draw"), rng.normal(size=(2, 10))),
            "50% off, 100%": (("chain", "draw"), rng.normal(size=(2, 10))),
            "cor(team)": (("chain", "draw", "a", "a'"), np.ones((2, 10, 2, 2), dtype=np.float32)),
        },
        coords={"team-wave": np.array(["t1/2", "té", ""], dtype=object), "a": ["x", "yy"], "a'": [3, 4]},
    )
    notes = xr.Dataset(
        {
            "message": ("row", np.array(["a", None, 2, 1.5], dtype=object)),
            "flag": ("row", np.array([True, False, True, True])),
            "count": ("row", np.array([1, 2, 3, 2**40], dtype=np.uint64)),
            "gap": ("row", np.array([1.0, np.nan, np.inf, -0.0])),
        },
        attrs={"inference_library": "nutpie"},
    )
    groups = {name: tree[name].to_dataset() for name in tree.children}
    groups["posterior"] = groups["posterior"].merge(odd)
    return toy_model.made_fit(xr.DataTree.from_dict({**groups, "constant_data": notes}))


def test_everything_comes_back(fit, tmp_path):
    loaded = Fit.load(fit.save(tmp_path / "fit.nc"))
    assert loaded.tree.identical(fit.tree)
    for group in fit.tree.children:
        for name, variable in fit.tree[group].to_dataset().variables.items():
            assert loaded.tree[group][name].dtype == variable.dtype, name
    for field in fields(Fit):
        if field.name not in ("tree", "survey"):
            assert getattr(loaded, field.name) == getattr(fit, field.name), field.name
    assert loaded.survey.data_hash == fit.survey.data_hash
    assert loaded.survey.notes == fit.survey.notes
    assert loaded.survey.coding == fit.survey.coding
    for level, dataset in fit.survey.levels.items():
        assert loaded.survey.levels[level].identical(dataset)


def test_a_loaded_fit_can_be_saved_again(fit, tmp_path):
    once = Fit.load(fit.save(tmp_path / "one.nc"))
    twice = Fit.load(once.save(tmp_path / "two.nc"))
    assert twice.tree.identical(fit.tree)


def test_a_missing_r_hat_comes_back(fit, tmp_path):
    alone = replace(fit, convergence=replace(fit.convergence, rhat_max=float("nan")))
    assert np.isnan(Fit.load(alone.save(tmp_path / "fit.nc")).convergence.rhat_max)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FitError, match=r"none\.nc: there is no such file"):
        Fit.load(tmp_path / "none.nc")


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.7, 0.99])
def test_a_truncated_file_is_refused(fit, tmp_path, share):
    whole = fit.save(tmp_path / "fit.nc").read_bytes()
    broken = tmp_path / "broken.nc"
    broken.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(FitError, match=r"broken\.nc: not a saved fit, or damaged"):
        Fit.load(broken)


def test_other_files_are_refused(tmp_path):
    text, other = tmp_path / "notes.txt", tmp_path / "other.nc"
    text.write_text("no fit at all")
    xr.Dataset({"x": 1.0}).to_netcdf(other, engine="h5netcdf")
    for path in (text, other):
        with pytest.raises(FitError, match="not a saved fit, or damaged"):
            Fit.load(path)


def test_another_layout_is_refused(fit, tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "SCHEMA", 99)
    path = fit.save(tmp_path / "fit.nc")
    monkeypatch.undo()
    with pytest.raises(FitError, match="written with layout 99; this version reads layout 1"):
        Fit.load(path)


def test_a_failed_write_leaves_the_earlier_file(fit, tmp_path, monkeypatch):
    path = fit.save(tmp_path / "fit.nc")
    before = path.read_bytes()

    def full(self, temporary, **_):
        temporary.write_bytes(before[:1000])
        raise OSError("No space left on device")

    monkeypatch.setattr(xr.DataTree, "to_netcdf", full)
    with pytest.raises(FitError, match="could not be written \\(No space left on device\\)"):
        fit.save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["fit.nc"]


def test_a_folder_that_does_not_exist_is_an_error(fit, tmp_path):
    with pytest.raises(FitError, match="could not be written"):
        fit.save(tmp_path / "nowhere" / "fit.nc")
