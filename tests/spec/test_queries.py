"""Questions to a model."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coefficacy.errors import SpecError
from coefficacy.spec import (
    FamilySpec,
    Level,
    averaged_columns,
    dumps,
    effects,
    family_of,
    is_measure,
    is_single_item,
    latents,
    level,
    level_below,
    level_names,
    levels_above,
    link_of,
    load_model,
    loads,
    lowest,
    measure,
    measure_level,
    outcomes,
    parameter_names,
    plain_columns,
    rank,
    regression,
    rival_spec,
    spec_hash,
)
from coefficacy.spec.queries import has_item_residuals

MODEL = """
[levels]
wave = ["person_id", "wave"]
person = "person_id"
team = "team_id"
firm = "firm"
[measures.ce]
items = ["ce_*"]
family = "ordinal"
link = "probit"
[measures.mood]
items = ["mood"]
[measures.vote]
items = ["vote"]
family = "bernoulli"
[measures.strain]
items = ["s1", "s2"]
loadings = "free"
[measures.support]
items = ["sup_1", "sup_2"]
level = "team"
[measures.plain]
items = ["p_*"]
form = "parallel"
[wave]
mood = "time + strain"
[person]
ce = "mood + mean(hours) + (1 + mean(pay) | team)"
[team]
size = "support + region"
profit = "ce * region + (1 | firm)"
[families]
size = "negative_binomial"
[rivals.no_ce.team]
profit = "region + industry + (1 | firm)"
[priors]
"team.profit ~ ce" = "Normal(0, 1)"
"team.profit ~ industry" = "Normal(0, 2)"
"sd(team.profit | firm)" = "HalfNormal(1)"
[question]
effect = "profit ~ ce"
rival = "no_ce"
"""
SPEC = loads(MODEL)


def test_levels() -> None:
    assert SPEC.lowest == lowest(SPEC) == Level("wave", ("person_id", "wave"))
    assert level_names(SPEC) == ("wave", "person", "team", "firm")
    assert level(SPEC, "firm") == Level("firm", ("firm",))
    assert rank(SPEC, "team") == 2
    assert levels_above(SPEC, "person") == ("team", "firm")
    assert levels_above(SPEC, "firm") == ()
    assert level_below(SPEC, "team") == "person"
    assert level_below(SPEC, "wave") is None


def test_measures_and_outcomes() -> None:
    assert is_measure(SPEC, "ce")
    assert not is_measure(SPEC, "profit")
    assert measure_level(SPEC, "ce") == "wave"
    assert measure_level(SPEC, "support") == "team"
    assert is_single_item(measure(SPEC, "mood"))
    assert not is_single_item(measure(SPEC, "ce"))
    assert outcomes(SPEC) == ("size", "profit")
    assert outcomes(SPEC, "wave") == ()


def test_latents_vary_at_their_level_the_next_and_where_equations_name_them() -> None:
    lower = ("ce", "mood", "vote", "strain", "plain")
    assert latents(SPEC, "wave") == lower
    assert latents(SPEC, "person") == lower
    assert latents(SPEC, "team") == ("ce", "support")
    assert latents(SPEC, "firm") == ()


def test_item_residuals() -> None:
    having = [m.name for m in SPEC.measures if has_item_residuals(SPEC, m.name)]
    assert having == ["ce", "strain"]


def test_families_and_links() -> None:
    assert family_of(SPEC, "profit") == FamilySpec("gaussian")
    assert family_of(SPEC, "ce") == FamilySpec("ordinal", "probit")
    links = {name: link_of(SPEC, name) for name in ("profit", "size", "ce", "mood", "vote")}
    assert links == {"profit": "identity", "size": "log", "ce": "probit", "mood": "identity", "vote": "logit"}


def test_columns_include_those_of_rivals_and_slopes() -> None:
    assert plain_columns(SPEC, "wave") == ("time",)
    assert plain_columns(SPEC, "team") == ("region", "industry")
    assert averaged_columns(SPEC, "person") == ("hours", "pay")
    assert averaged_columns(SPEC, "team") == ()


def test_equations() -> None:
    found = regression(SPEC, "team", "profit")
    assert found is not None
    assert str(found.formula) == "ce + region + ce:region + (1 | firm)"
    assert regression(SPEC, "firm", "profit") is None
    assert [f"{at}.{name} ~ {term}" for at, name, term in effects(SPEC)][:3] == [
        "wave.mood ~ time",
        "wave.mood ~ strain",
        "person.ce ~ mood",
    ]


def test_parameters() -> None:
    names = parameter_names(SPEC)
    assert {
        name: kind
        for name, kind in names.items()
        if name.partition(".")[0] in ("ce", "mood", "vote", "plain")
    } == {
        "ce.threshold": "real",
        "ce.loading": "positive",
        "ce.item_sd": "positive",
        "mood.intercept": "real",
        "vote.intercept": "real",
        "plain.intercept": "real",
        "plain.loading": "positive",
        "plain.residual_sd": "positive",
    }
    assert {name for name in names if name.startswith(("strain", "support"))} == {
        "strain.intercept",
        "strain.loading",
        "strain.between_loading",
        "strain.residual_sd",
        "strain.item_sd",
        "support.intercept",
        "support.loading",
        "support.residual_sd",
    }
    assert {name for name in names if name.startswith("sd(")} == {
        "sd(wave.mood)",
        "sd(person.ce)",
        "sd(person.mood)",
        "sd(person.vote)",
        "sd(person.strain)",
        "sd(person.plain)",
        "sd(person.ce | team)",
        "sd(team.ce)",
        "sd(team.profit)",
        "sd(team.profit | firm)",
    }
    assert {name for name in names if name.startswith("cor(")} == {
        "cor(wave)",
        "cor(person)",
        "cor(team)",
        "cor(person.ce | team)",
    }
    assert names["team.profit ~ ce:region"] == "real"
    assert names["team.profit ~ industry"] == "real"
    assert names["team.size ~ 1"] == "real"
    assert "person.ce ~ 1" not in names


def test_rival_takes_its_equations_and_drops_priors_of_what_it_lacks() -> None:
    rival = rival_spec(SPEC, "no_ce")
    changed = regression(rival, "team", "profit")
    assert changed is not None
    assert str(changed.formula) == "region + industry + (1 | firm)"
    assert [name for name, _ in rival.priors] == ["team.profit ~ industry", "sd(team.profit | firm)"]
    assert rival.measures == SPEC.measures
    assert (rival.rivals, rival.question) == ((), None)
    assert loads(dumps(rival)) == rival


def test_hash_tells_models_apart_and_nothing_else() -> None:
    commented = loads("# a remark\n" + MODEL.replace("time + strain", "time  +  (strain)"))
    assert spec_hash(commented) == spec_hash(SPEC)
    assert spec_hash(replace(SPEC, note="other")) != spec_hash(SPEC)
    assert len(spec_hash(SPEC)) == 64


@pytest.mark.parametrize(
    ("ask", "fragment"),
    [
        (
            lambda: rank(SPEC, "taem"),
            "unknown level 'taem'. Known: firm, person, team, wave. Did you mean 'team'?",
        ),
        (lambda: measure(SPEC, "strian"), "unknown measure 'strian'."),
        (lambda: rival_spec(SPEC, "no_se"), "unknown rival 'no_se'. Known: no_ce. Did you mean 'no_ce'?"),
    ],
)
def test_unknown_names(ask, fragment: str) -> None:
    with pytest.raises(SpecError) as caught:
        ask()
    assert fragment in str(caught.value)


def test_flagship_parameters() -> None:
    names = parameter_names(load_model("adaptation"))
    assert {
        "team.adaptation ~ collective_efficacy",
        "team.adaptation ~ 1",
        "sd(team.adaptation | layer)",
    } <= set(names)
