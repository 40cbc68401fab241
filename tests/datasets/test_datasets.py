"""Bundled tables: complete, as documented, with licence; the demo says that it is simulated."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coefficacy.datasets import describe_dataset, list_datasets, load_dataset, load_demo
from coefficacy.errors import CoefficacyError

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "src" / "coefficacy" / "datasets" / "data"
REFERENCES = json.loads((ROOT / "tests" / "reference" / "references.json").read_text())
NAMES = [dataset.name for dataset in list_datasets()]
ANCHORED = [("bh1996", "GRP", "bh1996", name) for name in ("HRS", "COHES", "LEAD", "WBEING")] + [
    ("klein2000_sim", "GRPID", "klein2000_sim", name) for name in ("JOBSAT", "COHES", "PHYSEN", "PAY")
]


@pytest.mark.parametrize("name", NAMES)
def test_every_table_has_its_rows_and_its_documented_columns(name: str) -> None:
    table = load_dataset(name)
    dataset = describe_dataset(name)
    assert len(table) == dataset.rows
    named = [column for column in table.columns if column in dataset.description]
    assert len(named) >= min(3, table.shape[1])
    assert not table.columns.duplicated().any()


@pytest.mark.parametrize("name", NAMES)
def test_every_table_has_source_licence_and_reference(name: str) -> None:
    dataset = describe_dataset(name)
    assert dataset.licence in {"GPL-2.0-or-later", "LGPL-2.0-or-later"}
    assert dataset.source.startswith("R package ")
    assert any(char.isdigit() for char in dataset.reference)


def test_the_catalogue_and_the_folder_agree() -> None:
    stems = {path.name.split(".")[0] for path in DATA.iterdir() if ".csv" in path.name}
    assert {stem for stem in stems if not stem.startswith("demo_")} == set(NAMES)


def test_only_what_computers_made_is_called_simulated() -> None:
    assert {d.name for d in list_datasets() if d.simulated} == {"klein2000_sim", "lavaan_demo_twolevel"}


def test_large_tables_are_compressed_and_all_together_stay_small() -> None:
    sizes = {path.name: path.stat().st_size for path in DATA.iterdir() if path.is_file()}
    assert max(size for name, size in sizes.items() if name.endswith(".csv")) < 100_000
    assert sum(sizes.values()) < 700_000


def test_an_unknown_name_gets_the_known_ones_and_a_suggestion() -> None:
    with pytest.raises(CoefficacyError) as caught:
        load_dataset("bh1995")
    assert "no dataset is called 'bh1995'" in str(caught.value)
    assert "Did you mean 'bh1996'?" in str(caught.value)


@pytest.mark.reference
@pytest.mark.parametrize(("name", "group", "entry", "variable"), ANCHORED)
def test_anova_icc_is_that_of_r(name: str, group: str, entry: str, variable: str) -> None:
    """The table arrived whole: ICC(1) by ANOVA agrees with multilevel::ICC1 to the eight decimals kept."""
    table = load_dataset(name)
    y, groups = table[variable], table.groupby(group)[variable]
    n, means = groups.size(), groups.mean()
    between = (n * (means - y.mean()) ** 2).sum() / (len(n) - 1)
    within = ((y - groups.transform("mean")) ** 2).sum() / (len(y) - len(n))
    icc1 = (between - within) / (between + (len(y) / len(n) - 1) * within)
    expected = REFERENCES[entry]["icc"][variable]
    assert icc1 == pytest.approx(expected["icc1"], abs=1e-7)
    assert 1 - within / between == pytest.approx(expected["icc2"], abs=1e-7)


def test_the_demo_says_that_it_is_simulated() -> None:
    demo = load_demo()
    assert demo.description.startswith("SIMULATED data: no company and no person stands behind them.")
    assert f"{len(demo.persons)} persons in {len(demo.teams)} teams" in demo.description
    assert demo.truth["simulated"] is True


def test_the_demo_is_a_small_survey_with_teams_of_3_to_15() -> None:
    demo = load_demo()
    sizes = demo.persons.groupby("team_id").size()
    assert len(demo.teams) == 40
    assert sizes.between(3, 15).all()
    assert sizes.between(4, 9).mean() > 0.7
    assert set(demo.persons["team_id"]) == set(demo.teams["team_id"])
    assert set(demo.teams["layer"]) == set(demo.layers["layer"])
    assert set(demo.layers["kind"]) == {"engineering", "operational"}
    for item in demo.persons.filter(regex="^(se|ce)_"):
        assert set(demo.persons[item]) == {1, 2, 3, 4, 5}


def test_the_demo_is_what_its_script_makes() -> None:
    world = runpy.run_path(str(ROOT / "benchmarks" / "make_demo_data.py"))["make_demo"]()
    demo = load_demo()
    for name in ("persons", "teams", "layers"):
        pd.testing.assert_frame_equal(getattr(demo, name), world.tables[name], check_dtype=False)
    assert demo.truth["options"] == world.truth["options"]
    planted, made = demo.truth["parameters"], world.truth["parameters"]
    assert planted.keys() == made.keys()
    np.testing.assert_allclose(list(planted.values()), list(made.values()), rtol=1e-9)
    assert demo.truth["effect"]["standardised"] == 0.45
