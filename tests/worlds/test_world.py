"""Worlds by claim, and their files: written whole or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from coefficacy.errors import CoefficacyError
from coefficacy.worlds import CLAIMS, World, simulate, simulate_adaptation

FILES = {"persons.csv", "teams.csv", "layers.csv", "model.toml", "truth.json"}


@pytest.fixture(scope="module")
def world() -> World:
    return simulate("C4", seed=1, n_teams=8)


@pytest.mark.parametrize("claim", CLAIMS)
def test_every_claim_has_a_world_that_names_it(claim: str) -> None:
    made = simulate(claim, seed=1)
    assert made.claim == claim
    assert made.truth["claim"] == claim
    assert made.truth["simulated"] is True
    assert made.truth["options"]["seed"] == 1


def test_the_registry_passes_options_on(world: World) -> None:
    direct = simulate_adaptation(seed=1, n_teams=8)
    pd.testing.assert_frame_equal(world.tables["persons"], direct.tables["persons"])


def test_an_unknown_claim_gets_the_known_ones() -> None:
    with pytest.raises(CoefficacyError, match=r"there is no world for claim 'C99'. Known: .*C4"):
        simulate("C99", seed=1)


def test_unknown_options_and_a_missing_seed_are_named_together() -> None:
    with pytest.raises(CoefficacyError) as caught:
        simulate("C4", n_team=8)
    message = str(caught.value)
    assert "unknown option 'n_team'" in message
    assert "Did you mean 'n_teams'?" in message
    assert "no seed is given" in message


def test_the_files_hold_the_world(world: World, tmp_path: Path) -> None:
    folder = world.write(tmp_path / "deep" / "world")
    assert {path.name for path in folder.iterdir()} == FILES
    for name, table in world.tables.items():
        pd.testing.assert_frame_equal(pd.read_csv(folder / f"{name}.csv"), table, check_dtype=False)
    assert json.loads((folder / "truth.json").read_text()) == world.truth
    assert (folder / "model.toml").read_text() == world.spec_text
    assert [path.name for path in folder.parent.iterdir()] == ["world"]


def test_an_earlier_world_and_an_empty_folder_are_replaced(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "world"
    folder.mkdir()
    world.write(folder)
    (folder / "stale.txt").write_text("from before")
    world.write(folder)
    assert {path.name for path in folder.iterdir()} == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["world"]


def test_other_files_are_left_alone(world: World, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("keep")
    (tmp_path / "file").write_text("keep")
    with pytest.raises(
        CoefficacyError, match=r"holds other files and no truth.json. Name a new or an empty folder."
    ):
        world.write(tmp_path / "mine")
    with pytest.raises(CoefficacyError, match=r"is a file. Name a folder."):
        world.write(tmp_path / "file")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "keep"
    assert (tmp_path / "file").read_text() == "keep"


def test_a_failure_half_way_leaves_nothing_new(world: World, tmp_path: Path) -> None:
    folder = world.write(tmp_path / "world")
    before = (folder / "truth.json").read_text()
    broken = replace(world, truth={"not a number": float("nan")})
    for target in (folder, tmp_path / "other"):
        with pytest.raises(ValueError, match="JSON"):
            broken.write(target)
    assert (folder / "truth.json").read_text() == before
    assert [path.name for path in tmp_path.iterdir()] == ["world"]
