"""Which models and surveys a world imitates, and how well."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import coefficacy as co
from coefficacy.errors import StudyError
from coefficacy.spec import dumps, loads
from coefficacy.studies import Design, Scale, design_of, imitate, planned_design
from coefficacy.studies.designs import single_item_reliability
from coefficacy.worlds import World
from coefficacy.worlds.answers import LOGISTIC_VARIANCE

FLAGSHIP = co.load_model("C4")
OWN = (
    dumps(FLAGSHIP)
    .replace('"ce_*"', '"ours_1", "ours_2", "ours_3"')
    .replace('"se_*"', '"mine_*"')
    .replace('"team_id"', '"crew"')
    .replace("scale = [1, 5]", "scale = [0, 6]")
    .replace("rope = [-0.1, 0.1]", "rope = [-0.2, 0.2]")
)


def test_names_scales_and_rope_may_be_the_users_own() -> None:
    spec = loads(OWN)
    design = planned_design(spec, 8, 5, layers=2, n_items=4, reliability=0.3)
    assert design.collective_efficacy == Scale(3, 0.3, "ordinal", 7)
    assert design.self_efficacy == Scale(4, 0.3, "ordinal", 7)
    fitted = imitate(spec, design)
    assert fitted.question == spec.question
    assert [m.items for m in fitted.measures] == [m.items for m in FLAGSHIP.measures]
    assert fitted.measures[0].scale == (1, 7)
    assert [r.name for r in fitted.rivals] == ["competence_only"]


def test_the_order_of_terms_does_not_count() -> None:
    text = dumps(FLAGSHIP).replace("collective_efficacy + self_efficacy + competence + prior", "X")
    text = text.replace("X", "self_efficacy + collective_efficacy + competence + prior")
    assert loads(text).regressions != FLAGSHIP.regressions
    imitate(loads(text), planned_design(FLAGSHIP, 8, 3))


STRANGERS = {
    "another level": ('person = "person_id"', 'person = "person_id"\nsquad = "squad_id"', "its levels are"),
    "another link": ('family = "ordinal"', 'family = "ordinal"\nlink = "probit"', "has its own link"),
    "free loadings": ('family = "ordinal"', 'family = "ordinal"\nloadings = "free"', "has its own loadings"),
    "another family": (
        'family = "ordinal"',
        'family = "bernoulli"',
        "are bernoulli, not ordinal",
    ),
    "a predictor less": ("shared_mastery + ", "", "the equation of team.collective_efficacy is"),
    "another direction": ("[question]", '[question]\ndirection = "negative"', "has direction negative"),
    "another unit": (
        'adaptation = "gaussian"',
        'adaptation = { family = "gaussian", location = 50, scale = 10 }',
        "adaptation is not gaussian with location 0",
    ),
}


@pytest.mark.parametrize(("old", "new", "fragment"), STRANGERS.values(), ids=STRANGERS)
def test_other_models_are_refused_with_what_can_be_done(old: str, new: str, fragment: str) -> None:
    text = dumps(FLAGSHIP)
    if "direction" in new:
        text = text.replace('direction = "positive"\n', "")
    if "scale" not in new and "bernoulli" in new:
        text = text.replace("scale = [1, 5]\n", "")
    assert old in text
    with pytest.raises(StudyError) as caught:
        planned_design(loads(text.replace(old, new)), 8, 3)
    assert fragment in str(caught.value)
    assert "Worlds can be made for models with the measures" in str(caught.value)


def test_a_model_of_something_else_is_refused() -> None:
    spec = replace(FLAGSHIP, measures=FLAGSHIP.measures[:1], regressions=(), rivals=(), question=None)
    with pytest.raises(StudyError, match="its measures are collective_efficacy, not"):
        imitate(spec, planned_design(FLAGSHIP, 8, 3))


def realised(world: World, measure: str) -> float:
    """Mean correlation of two items by the parameters that the world drew around the wanted ones."""
    truth = world.truth["parameters"]
    loading = np.array([v for k, v in truth.items() if k.startswith(f"{measure}.loading[")])
    residual = np.array([v for k, v in truth.items() if k.startswith(f"{measure}.residual_sd[")])
    noise = residual**2 if residual.size else LOGISTIC_VARIANCE
    share = loading / np.sqrt(loading**2 + noise)
    return float(np.outer(share, share)[np.triu_indices(share.size, 1)].mean())


@pytest.mark.parametrize("family", ["gaussian", "ordinal"])
def test_a_survey_gives_its_design_back(family: str) -> None:
    rng = np.random.default_rng(1)
    efficacy = Scale(4, 0.3, family, 7)
    design = Design(
        sizes=tuple(rng.integers(4, 12, 150).tolist()),
        layers=tuple(k % 3 for k in range(150)),
        collective_efficacy=efficacy,
        self_efficacy=Scale(5, 0.55, family),
        competence=Scale(3, 0.6, "gaussian"),
        missing=0.05,
    )
    world = co.simulate("C4", seed=2, design=design)
    spec = loads(world.spec_text)
    found = design_of(spec, co.read_survey(spec, **dict(world.tables)))
    assert found.sizes == design.sizes
    assert sorted(np.bincount(found.layers)) == sorted(np.bincount(design.layers))
    assert found.missing == pytest.approx(0.05, abs=0.01)
    for name in ("collective_efficacy", "self_efficacy", "competence"):
        mine, planted = getattr(found, name), getattr(design, name)
        assert (mine.n_items, mine.family) == (planted.n_items, planted.family)
        assert mine.reliability == pytest.approx(realised(world, name), abs=0.04)
        assert mine.family == "gaussian" or mine.categories == planted.categories


def test_coarse_answers_hide_some_reliability() -> None:
    exact = single_item_reliability(0.3, 5, "gaussian")
    assert exact == pytest.approx(0.3, abs=0.01)
    assert (
        single_item_reliability(0.3, 5, "ordinal", 3) > single_item_reliability(0.3, 5, "ordinal", 7) > exact
    )


def test_impossible_plans_are_problems_of_the_study() -> None:
    with pytest.raises(StudyError, match=r"design: layers: .* at least two layers"):
        planned_design(FLAGSHIP, 8, 3, layers=1)
    with pytest.raises(StudyError, match="design: collective_efficacy: reliability"):
        planned_design(FLAGSHIP, 8, 3, reliability=1.5)
