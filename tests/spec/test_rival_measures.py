"""``[rivals.NAME.measures]`` and ``specific``: read, written, applied and refused."""

from __future__ import annotations

import pytest

from coefficacy.errors import SpecError
from coefficacy.scores.equation import keeps_measurement
from coefficacy.spec import dumps, load_model, loads, rival_spec
from coefficacy.spec.queries import parameter_names, plain_columns

TEXT = """
[levels]
person = "person_id"
team = "team_id"
[measures.a]
items = ["a_*"]
[measures.b]
items = ["b_1", "b_2"]
[measures.c]
items = ["c_*"]
[team]
a = "w"
y = "a + b + c"
z = "c"
[rivals.one.measures.g]
items = ["a_*", "b_1", "b_2"]
[rivals.one.team]
g = "w"
y = "g + c + v"
"""
SETS = 'items = ["a_*", "b_1", "b_2"]\nspecific = { left = ["a_*"], right = ["b_*"] }'


def test_its_measures_stand_in_place_of_those_whose_items_they_take():
    spec = loads(TEXT)
    rival = rival_spec(spec, "one")
    assert [m.name for m in rival.measures] == ["c", "g"]
    assert {f"{r.response} ~ {r.formula}" for r in rival.regressions} == {"g ~ w", "y ~ g + c + v", "z ~ c"}
    assert loads(dumps(spec)) == spec
    assert loads(dumps(rival)) == rival


def test_it_is_fitted_as_a_whole_and_its_columns_are_read_with_the_model_s():
    spec = loads(TEXT + '[question]\neffect = "y ~ a"\n')
    assert not keeps_measurement(spec, "one")
    assert plain_columns(spec, "team") == ("w", "v")
    assert "team.y ~ v" not in parameter_names(spec)
    assert "team.y ~ v" in parameter_names(rival_spec(spec, "one"))


def test_specific_factors_are_read_written_and_have_parameters():
    spec = loads(TEXT.replace('items = ["a_*", "b_1", "b_2"]', SETS))
    (measure,) = spec.rivals[0].measures
    assert measure.specific == (("left", ("a_*",)), ("right", ("b_*",)))
    assert loads(dumps(spec)) == spec
    assert {"g.specific_loading", "g.specific_sd"} <= set(parameter_names(rival_spec(spec, "one")))


def test_its_priors_are_of_its_own_parameters():
    priors = '[rivals.one.priors]\n"g.loading" = "LogNormal(0, 1)"\n"y ~ g" = "Normal(0, 1)"\n'
    with pytest.raises(SpecError, match="the model has no such parameter"):
        loads(TEXT + priors)
    spec = loads(TEXT + priors.replace("y ~ g", "team.y~g"))
    assert set(dict(rival_spec(spec, "one").priors)) == {"g.loading", "team.y ~ g"}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('items = ["a_*", "b_1", "b_2"]', 'items = ["a_*", "b_1"]', "leaves out 'b_2' of a and b"),
        ('items = ["a_*", "b_1", "b_2"]', 'items = ["a_*", "b_*"]', "'b_*' is not among the model's items"),
        ('y = "g + c + v"\n', "", "rivals.one.team.y: 'a' is not measured in this rival"),
        ("measures.g]\n", 'measures.g]\nfamily = "gausian"\n', "rivals.one.measures.g.family"),
        ('g = "w"\n', 'h = "w"\n', "the model itself has no such equation"),
        ("measures.g]\n", "measures.team]\n", "level"),
        ("measures.g]\n", 'measures.g]\nspecific = { s = "a_1" }\n', "names with lists"),
        ("measures.g]\n", "measures.g]\nspecific = { s = [] }\n", "no items"),
        ("measures.g]\n", 'measures.g]\nspecific = { s = ["a_1"], t = ["a_1"] }\n', "'a_1' is in 's' too"),
        ("measures.g]\n", 'measures.g]\nfamily = "ordinal"\nspecific = { s = ["a_1"] }\n', "gaussian items"),
        ("measures.g]\n", 'measures.g]\nloadings = "free"\nspecific = { s = ["a_1"] }\n', "does not go with"),
    ],
)
def test_what_is_wrong_is_said(before: str, after: str, said: str):
    with pytest.raises(SpecError) as refused:
        loads(after.join(TEXT.rsplit(before, 1)))
    assert said in str(refused.value)


def test_the_verdict_s_rival_keeps_the_measures():
    with pytest.raises(SpecError, match="'one' measures otherwise"):
        loads(TEXT + '[question]\neffect = "y ~ a"\nrival = "one"\n')


def test_the_library_s_rivals_measure_otherwise():
    spec = load_model("C11")
    assert [m.name for m in rival_spec(spec, "one_factor").measures] == ["efficacy"]
    assert rival_spec(spec, "bifactor").measures[0].specific == (("resist", ("resist_*",)),)
