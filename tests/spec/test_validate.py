"""Models built in Python get the same checks as model files."""

from __future__ import annotations

import pytest

from coefficacy.errors import SpecError
from coefficacy.spec import (
    FamilySpec,
    Formula,
    Level,
    Measure,
    ModelSpec,
    PriorSpec,
    Question,
    Regression,
    Rival,
    check,
    parse_formula,
)

PERSON, TEAM = Level("person", ("person_id",)), Level("team", ("team_id",))
CE = Measure("ce", ("ce_*",))


def equation(level: str, response: str, text: str) -> Regression:
    return Regression(level, response, parse_formula(text))


VALID = {
    "one level": ModelSpec((PERSON,), (equation("person", "y", "x"),)),
    "measures alone": ModelSpec((PERSON, TEAM), (), measures=(CE,)),
    "single item with known error": ModelSpec((TEAM,), (), measures=(Measure("effect", ("y",), sd="sigma"),)),
    "no predictor": ModelSpec((PERSON, TEAM), (equation("team", "y", "1"),)),
    "same names at two levels": ModelSpec(
        (PERSON, TEAM),
        (equation("person", "ce", "se"), equation("team", "se", "ce")),
        measures=(CE, Measure("se", ("se_*",))),
    ),
    "outcome predicts outcome": ModelSpec((TEAM,), (equation("team", "y", "z"), equation("team", "z", "x"))),
    "random slope of people": ModelSpec(
        (PERSON, TEAM), (equation("person", "ce", "age + (0 + age | team)"),), measures=(CE,)
    ),
    "random effects of an outcome": ModelSpec(
        (PERSON, TEAM), (equation("person", "y", "age + (1 + age | team)"),)
    ),
    "no width of the rope": ModelSpec(
        (TEAM,), (equation("team", "y", "x"),), question=Question("team", "y", "x", rope=(0.0, 0.0))
    ),
}

Y = equation("team", "y", "x")
BAD = {
    "levels: a level is given twice": ModelSpec((TEAM, Level("team", ("t",))), (Y,)),
    "levels.team: the key [] must name": ModelSpec((Level("team", ()),), (Y,)),
    "firm: unknown level 'firm'": ModelSpec((TEAM,), (Y, equation("firm", "z", "x"))),
    "measures.ce: is given twice": ModelSpec((TEAM,), (Y,), measures=(CE, Measure("ce", ("other",)))),
    "team.y: has two equations": ModelSpec((TEAM,), (Y, equation("team", "y", "z"))),
    "families.y: is given twice": ModelSpec(
        (TEAM,), (Y,), families=(("y", FamilySpec()), ("y", FamilySpec()))
    ),
    "families.y.scale: nan is not above 0": ModelSpec(
        (TEAM,), (Y,), families=(("y", FamilySpec(scale=float("nan"))),)
    ),
    "arguments is 1, not 2": ModelSpec((TEAM,), (Y,), priors=(("team.y ~ x", PriorSpec("Normal", (0.0,))),)),
    "unknown distribution 'Norm'": ModelSpec(
        (TEAM,), (Y,), priors=(("team.y ~ x", PriorSpec("Norm", (0.0, 1.0))),)
    ),
    'priors."team.y~x": the model has no such parameter': ModelSpec(
        (TEAM,), (Y,), priors=(("team.y~x", PriorSpec("Normal", (0.0, 1.0))),)
    ),
    "'raw Normal(0, 1)': raw is for effects only": ModelSpec(
        (TEAM,), (Y,), priors=(("team.y ~ 1", PriorSpec("Normal", (0.0, 1.0), raw=True)),)
    ),
    """priors."team.y ~ x": is raw, but that of "team.y ~ z" is standardised""": ModelSpec(
        (TEAM,),
        (equation("team", "y", "x + z"),),
        priors=(("team.y ~ x", PriorSpec("Normal", (0.0, 1.0), raw=True)),),
    ),
    "rivals.a: is given twice": ModelSpec(
        (TEAM,),
        (Y,),
        rivals=(Rival("a", (equation("team", "y", "1"),)), Rival("a", (equation("team", "y", "z"),))),
    ),
    "question.effect: the model has no effect 'team.y ~ z'": ModelSpec(
        (TEAM,), (Y,), question=Question("team", "y", "z")
    ),
    "question.rope: [nan, 0.1] is not in order": ModelSpec(
        (TEAM,), (Y,), question=Question("team", "y", "x", rope=(float("nan"), 0.1))
    ),
    "'boss' does not vary within team": ModelSpec(
        (PERSON, TEAM),
        (equation("person", "ce", "boss"),),
        measures=(CE, Measure("boss", ("b_*",), level="team")),
    ),
}


@pytest.mark.parametrize("spec", VALID.values(), ids=VALID)
def test_accepts(spec: ModelSpec) -> None:
    assert check(spec) is spec


@pytest.mark.parametrize(("fragment", "spec"), BAD.items(), ids=BAD)
def test_refuses(fragment: str, spec: ModelSpec) -> None:
    with pytest.raises(SpecError) as caught:
        check(spec, where="mine")
    assert f"mine: {fragment}" in str(caught.value) or fragment in str(caught.value)
    assert len(caught.value.problems) == 1


def test_the_whole_cycle_is_named() -> None:
    spec = ModelSpec(
        (TEAM,), (equation("team", "a", "b"), equation("team", "b", "c + x"), equation("team", "c", "x:a"))
    )
    with pytest.raises(SpecError) as caught:
        check(spec)
    (problem,) = caught.value.problems
    assert problem.where == "<model>: team"
    assert problem.what.count("->") == 3
    assert {"a", "b", "c"} <= set(problem.what.replace(".", " ").split())


def test_equations_are_kept_by_level() -> None:
    team, person = equation("team", "y", "x"), equation("person", "z", "x")
    spec = ModelSpec((PERSON, TEAM), (team, person), rivals=(Rival("r", (team, person)),))
    assert spec.regressions == (person, team)
    assert spec.rivals[0].regressions == (person, team)


def test_intercept_alone_is_an_empty_formula() -> None:
    assert parse_formula("1") == Formula()
