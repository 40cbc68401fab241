"""``[rivals.NAME.priors]``: read, written, applied and refused."""

from __future__ import annotations

import pytest

from coefficacy.errors import SpecError
from coefficacy.scores.equation import keeps_measurement
from coefficacy.spec import dumps, load_model, loads, rival_spec

SECTION = """
[rivals.sure.priors]
"team.adaptation ~ competence" = "Normal(0, 0.1)"
"sd(team.adaptation)" = "HalfNormal(0.5)"
"""


def _text(section: str = SECTION) -> str:
    return dumps(load_model("adaptation")) + section


def test_a_rival_may_differ_in_priors_alone():
    spec = loads(_text())
    assert loads(dumps(spec)) == spec
    rival = rival_spec(spec, "sure")
    assert rival.regressions == spec.regressions
    assert str(dict(rival.priors)["sd(team.adaptation)"]) == "HalfNormal(0.5)"
    assert spec.priors == ()


def test_its_priors_replace_those_of_the_model():
    more = '\n[priors]\n"sd(team.adaptation)" = "HalfNormal(3)"\n'
    spec = loads(_text(SECTION + more))
    assert str(dict(rival_spec(spec, "sure").priors)["sd(team.adaptation)"]) == "HalfNormal(0.5)"
    assert str(dict(rival_spec(spec, "competence_only").priors)["sd(team.adaptation)"]) == "HalfNormal(3)"


def test_a_rival_with_priors_of_its_own_is_fitted_as_a_whole():
    spec = loads(_text())
    assert not keeps_measurement(spec, "sure")
    assert keeps_measurement(spec, "competence_only")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("~ competence", "~ competense", "rivals.sure.priors"),
        ("HalfNormal(0.5)", "Normal(0, 0.5)", "Did you mean 'HalfNormal'?"),
        ("HalfNormal(0.5)", "HalfNormal(x)", "is not a number"),
        ("Normal(0, 0.1)", "raw Normal(0, 0.1)", "is raw, but that of"),
    ],
)
def test_what_is_wrong_is_said(before: str, after: str, said: str):
    with pytest.raises(SpecError) as refused:
        loads(_text(SECTION.replace(before, after)))
    assert said in str(refused.value)


def test_the_model_s_own_priors_again_are_no_rival():
    with pytest.raises(SpecError, match="is the same as the model"):
        loads(_text('[priors]\n"sd(team.adaptation)" = "HalfNormal(3)"\n'
                    '[rivals.sure.priors]\n"sd(team.adaptation)" = "HalfNormal(3)"\n'))  # fmt: skip
