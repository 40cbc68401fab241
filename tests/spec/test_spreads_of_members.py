"""``sd(x)`` of a measure: its own equation, a predictor, refused where it cannot be."""

from __future__ import annotations

import pytest

from coefficacy.errors import SpecError
from coefficacy.spec import dumps, loads, parameter_names

TEXT = """
[levels]
person = "person"
team = "team"
[measures.belief]
items = ["b_*"]
[measures.mood]
items = ["m_*"]
[team]
"sd(belief)" = "dependence + mood"
y = "belief + sd(belief)"
[priors]
"team.y ~ sd(belief)" = "Normal(0, 1)"
"log_sd(team.belief) ~ dependence" = "Normal(0, 1)"
"sd(log_sd(team.belief))" = "HalfNormal(1)"
"""


def test_it_is_read_written_back_and_named():
    spec = loads(TEXT)
    assert loads(dumps(spec)) == spec
    names = {"team.y ~ sd(belief)", "log_sd(team.belief) ~ mood", "sd(log_sd(team.belief))"}
    assert names <= set(parameter_names(spec))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"sd(belief)" = "dependence + mood"\n', "", 'Write "sd(belief)" = "1" under [team]'),
        ('[team]\n"sd(belief)"', '[person]\n"sd(belief)"', "Put it under [team]"),
        ("dependence + mood", "sd(belief)", "a cycle"),
        ("dependence + mood", "(1 | team)", "random effects are not part of the format yet here"),
        ('items = ["b_*"]', 'items = ["b"]\nfamily = "bernoulli"', "Give it several items"),
        ("belief + sd(belief)", "belief + sd(mood)", "no SD of 'mood' differs"),
        ("sd(log_sd(team.belief))", "sd(log_sd(team.mood))", "the model has no such parameter"),
    ],
)
def test_what_is_wrong_is_said(before: str, after: str, said: str):
    assert before in TEXT
    with pytest.raises(SpecError) as refused:
        loads(TEXT.replace(before, after))
    assert said in str(refused.value)
