"""Worlds with the design of a given survey."""

from __future__ import annotations

import json

import numpy as np
import pytest

from coefficacy.errors import CoefficacyError
from coefficacy.spec import loads
from coefficacy.survey import read_survey
from coefficacy.worlds import Design, Scale, simulate, simulate_adaptation

DESIGN = Design(
    sizes=(3, 9, 4, 4, 7, 5),
    layers=(0, 0, 1, 2, 2, 1),
    collective_efficacy=Scale(4, 0.5, "ordinal", 7),
    self_efficacy=Scale(3, 0.3, "gaussian"),
    competence=Scale(2, 0.6, "gaussian"),
    missing=0.1,
)


def test_tables_have_the_teams_layers_and_items_of_the_design() -> None:
    world = simulate("C4", seed=1, design=DESIGN)
    persons, teams = world.tables["persons"], world.tables["teams"]
    assert persons.groupby("team_id").size().tolist() == list(DESIGN.sizes)
    assert teams["layer"].factorize()[0].tolist() == list(DESIGN.layers)
    counts = {prefix: persons.filter(regex=f"^{prefix}_").shape[1] for prefix in ("ce", "se", "skill")}
    assert counts == {"ce": 4, "se": 3, "skill": 2}
    assert persons["ce_1"].dropna().between(1, 7).all()
    assert world.truth["n"] == DESIGN.n
    assert world.truth["options"]["design"] == json.loads(json.dumps(DESIGN.as_dict()))


def test_the_model_file_fits_the_design() -> None:
    world = simulate("C4", seed=1, design=DESIGN)
    spec = loads(world.spec_text)
    assert [m.family for m in spec.measures] == ["ordinal", "gaussian", "gaussian"]
    assert spec.measures[0].scale == (1, 7)
    assert read_survey(spec, **world.tables).n == DESIGN.n


def test_a_design_survives_json() -> None:
    assert Design.from_dict(json.loads(json.dumps(DESIGN.as_dict()))) == DESIGN


def test_balanced_teams_are_dealt_to_the_layers() -> None:
    design = Design.balanced(10, 4, layers=3, family="gaussian")
    assert design.n == {"person": 40, "team": 10, "layer": 3}
    assert np.bincount(design.layers).tolist() == [4, 3, 3]


def test_worlds_without_a_design_are_as_they_were() -> None:
    assert "design" not in simulate_adaptation(seed=1, n_teams=8).truth["options"]


@pytest.mark.parametrize("categories", [3, 4, 7, 11])
def test_every_category_of_any_number_is_used(categories: int) -> None:
    scale = Scale(4, 0.4, "ordinal", categories)
    sizes = (20,) * 60
    layers = tuple(k % 2 for k in range(60))
    design = Design(sizes, layers, scale, scale, Scale(2, 0.6, "gaussian"))
    items = simulate("C4", seed=1, design=design).tables["persons"].filter(regex="^(se|ce)_")
    for item in items:
        share = items[item].value_counts(normalize=True).reindex(range(1, categories + 1), fill_value=0.0)
        assert share.min() > 0.01, (item, share.to_dict())


def test_all_impossible_designs_are_named_together() -> None:
    with pytest.raises(CoefficacyError) as caught:
        Design((3, 0), (0, 2), Scale(1, 0.4), Scale(2, 1.0), Scale(2, 0.4, categories=2), missing=1.0)
    message = str(caught.value)
    for name in (
        "sizes", "layers", "missing", "collective_efficacy: n_items", "self_efficacy: reliability",
        "competence: family", "competence: categories",
    ):  # fmt: skip
        assert f"design: {name}: " in message
    assert len(caught.value.problems) == 7
