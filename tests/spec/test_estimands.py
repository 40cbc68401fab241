"""``[estimands]`` of a model file: read, written and refused."""

from __future__ import annotations

import pytest

from coefficacy.errors import SpecError
from coefficacy.estimands import ESTIMANDS
from coefficacy.spec import EstimandSpec, dumps, load_model, loads, rival_spec
from coefficacy.spec.estimands import KINDS, options_of, question_of

SECTION = """
[estimands.emergent_share]
of = "collective_efficacy"
given = ["self_efficacy", "competence"]
above = 0.1
"""


def _text(section: str = SECTION) -> str:
    return dumps(load_model("adaptation")) + section


def test_every_kind_has_a_function_and_the_reverse():
    assert set(KINDS) == set(ESTIMANDS)


def test_a_section_is_read_and_written_back():
    spec = loads(_text())
    assert spec.estimands == (
        EstimandSpec(
            "emergent_share",
            (("of", "collective_efficacy"), ("given", ("self_efficacy", "competence"))),
            above=0.1,
        ),
    )
    assert loads(dumps(spec)) == spec
    assert options_of(spec.estimands[0])["of"] == "collective_efficacy"
    assert rival_spec(spec, "competence_only").estimands == ()


def test_its_question_is_a_sentence():
    asked = question_of(loads(_text()).estimands[0])
    assert "collective efficacy" in asked
    assert "self efficacy and competence" in asked
    assert asked.endswith("?")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("emergent_share", "emergent_shares", "Did you mean 'emergent_share'?"),
        ('of = "collective_efficacy"', 'of = "colective_efficacy"', "Did you mean 'collective_efficacy'?"),
        ('of = "collective_efficacy"\n', "", "no of. Give of, of: collective_efficacy"),
        ('"self_efficacy", ', '"adaptation", ', "'adaptation' is not among what it may be"),
        ("above = 0.1", "above = 0.1\nbelow = 0.5", "Give one of them."),
        ("above = 0.1", 'above = "much"', "Write a number."),
        ("above", "abov", "unknown key 'abov'"),
    ],
)
def test_what_is_wrong_is_said(before: str, after: str, said: str):
    with pytest.raises(SpecError) as refused:
        loads(_text(SECTION.replace(before, after)))
    assert said in str(refused.value)
