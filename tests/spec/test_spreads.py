"""``sd(y)`` on a left-hand side: read, written, named and refused."""

from __future__ import annotations

import pytest

from coefficacy.errors import SpecError
from coefficacy.spec import dumps, load_model, loads, parameter_names, plain_columns

TEXT = """
[levels]
answer = ["team", "person", "wave"]
person = ["team", "person"]
team = "team"

[answer]
belief = "wave + (1 | team)"
"sd(belief)" = "wave + mood"

[priors]
"log_sd(answer.belief) ~ wave" = "Normal(0, 2)"
"""


def test_it_is_read_and_written_back():
    spec = loads(TEXT)
    (spread,) = spec.spreads
    assert (spread.level, spread.response, str(spread.formula)) == ("answer", "belief", "wave + mood")
    assert [r.response for r in spec.regressions] == ["belief"]
    assert loads(dumps(spec)) == spec


def test_its_columns_are_needed_and_its_effects_have_names():
    spec = loads(TEXT)
    assert set(plain_columns(spec, "answer")) == {"wave", "mood"}
    assert {"log_sd(answer.belief) ~ wave", "log_sd(answer.belief) ~ mood"} <= set(parameter_names(spec))
    assert "answer.belief ~ mood" not in parameter_names(spec)


def test_a_claim_with_one_model_is_found_by_its_code():
    assert load_model("C2").spreads


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"sd(belief)"', '"sd(belif)"', "'belif' is no outcome with an equation of its own"),
        ('"sd(belief)"', '"var(belief)"', "Write sd(y)"),
        ("wave + mood", "wave + (1 | team)", "random effects are not part of the format yet here"),
        ("[priors]", '[families]\nbelief = "poisson"\n[priors]', "is for gaussian outcomes"),
        ("[priors]", '[measures.mood]\nitems = ["m_*"]\n[priors]', "without measures"),
        ("~ wave", "~ age", "the model has no such parameter"),
        ('[answer]\nbelief', '[person]\n"sd(belief)" = "wave"\n[answer]\nbelief', "Put it under [answer]"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(before: str, after: str, said: str):
    assert before in TEXT
    with pytest.raises(SpecError) as refused:
        loads(TEXT.replace(before, after))
    assert said in str(refused.value)


def test_a_rival_has_none():
    rival = '[rivals.same]\n[rivals.same.answer]\nbelief = "(1 | team)"\n"sd(belief)" = "wave"\n'
    with pytest.raises(SpecError, match="of a rival is not part of the format yet"):
        loads(TEXT + rival)
