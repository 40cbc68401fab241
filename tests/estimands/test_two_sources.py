"""Paths of two treatments: against the world's own arithmetic, graph simulation, and numbers by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from two_sources_fit import CE, LICENCES, NAMES, PROJECTS, SE, Y, given_fit, planted_fit, with_options, world

from coefficacy.errors import FitError, SpecError
from coefficacy.estimands import estimate, two_sources
from coefficacy.spec import dumps, load_model, loads
from coefficacy.spec.estimands import question_of
from coefficacy.spec.model import FamilySpec
from coefficacy.verdicts.estimands import entries_of

BY_HAND = {
    SE: {LICENCES: 2.0, PROJECTS: 0.5},
    CE: {SE: 3.0, PROJECTS: 0.25},
    Y: {SE: 0.1, CE: 0.2, LICENCES: 1.0},
}
UNIT = {SE: 1.0, CE: 1.0, Y: 1.0}


def _entries(found):
    return {key: x.item() for v in found.data_vars.values() for key, x in entries_of(v).items()}


def test_everything_planted_comes_back_from_the_planted_parameters() -> None:
    found, truth = _entries(two_sources(planted_fit(), **NAMES)), world().truth["estimands"]["two_sources"]
    assert set(found) == set(truth)
    assert found == pytest.approx(truth, abs=1e-9)


def test_paths_are_products_along_them() -> None:
    found = two_sources(given_fit(BY_HAND, UNIT), **NAMES, changes=(0.5, 3.0)).isel(chain=0, draw=0)
    raw = (found.effect / found.effect.sel(treatment=LICENCES, path="direct") * 0.5).sel
    assert raw(treatment=LICENCES, path=SE).item() == pytest.approx(0.5 * 2.0 * 0.1)
    assert raw(treatment=LICENCES, path=f"{SE} > {CE}").item() == pytest.approx(0.5 * 2.0 * 3.0 * 0.2)
    assert raw(treatment=LICENCES, path=CE).item() == 0
    assert raw(treatment=PROJECTS, path=CE).item() == pytest.approx(3 * 0.25 * 0.2)
    assert raw(treatment=PROJECTS, path=SE).item() == pytest.approx(3 * 0.5 * 0.1)
    parts = found.effect.drop_sel(path="total").sum("path")
    np.testing.assert_allclose(found.effect.sel(path="total"), parts)
    assert found.between_minus_within.item() == pytest.approx(2.0 - 0.4)


def test_the_within_effect_is_no_part_of_what_a_share_does() -> None:
    """Members of one team with and without a licence may differ by anything."""
    one, other = (two_sources(given_fit(BY_HAND, UNIT, within=w), **NAMES) for w in (0.0, 5.0))
    np.testing.assert_array_equal(one.effect, other.effect)
    assert (one.between_minus_within - other.between_minus_within).item() == pytest.approx(5.0)


def test_confounding_is_integrated_over_only_where_asked_for() -> None:
    fit = planted_fit()
    assert "difference_confounded" in estimate(fit)
    assert "difference_confounded" not in two_sources(fit, **NAMES)


def test_the_question_is_a_sentence() -> None:
    (asked,) = load_model("C5").estimands
    assert "shared projects" in question_of(asked)
    assert question_of(asked).endswith("?")


def _edited(before: str, after: str):
    return loads(dumps(load_model("C5")).replace(before, after))


def test_products_and_other_families_have_no_closed_form() -> None:
    product = _edited('adaptation = "collective_efficacy + ', 'adaptation = "collective_efficacy * ')
    with pytest.raises(FitError, match="intervene"):
        two_sources(given_fit(BY_HAND, UNIT, spec=product), **NAMES)
    counted = replace(load_model("C5"), families=(("adaptation", FamilySpec("poisson")),))
    with pytest.raises(FitError, match="is not gaussian"):
        two_sources(given_fit(BY_HAND, UNIT, spec=counted), **NAMES)


def test_mediators_act_in_the_order_of_the_equations() -> None:
    with pytest.raises(FitError, match="order in which they act"):
        two_sources(planted_fit(), **{**NAMES, "mediators": (CE, SE)})
    with pytest.raises(FitError, match="Give two"):
        two_sources(planted_fit(), **{**NAMES, "mediators": (SE,)})


def test_treatments_have_to_be_columns_of_teams_equations() -> None:
    spec = with_options(treatments=("licensed", "shared_projects"))
    with pytest.raises(SpecError, match=r"mean\(licensed\)"):
        loads(dumps(spec))
