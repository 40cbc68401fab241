"""The rule of the verdict, case by case."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from coefficacy.verdicts import Evidence, decide, settled
from coefficacy.verdicts.rule import stated

GOOD = {"lower": 0.2, "p_below": 0.01, "bound": 0.1, "p_better": 0.95, "p_check": 0.01, "converged": True}


@pytest.mark.parametrize(
    ("change", "answer", "reason"),
    [
        ({}, "supported", "lies above 0.1 SD"),
        ({"lower": 0.1}, "cannot tell", "reaches to 0.10 SD"),
        ({"p_better": 0.80}, "cannot tell", "does not clearly predict"),
        ({"p_check": 0.05}, "cannot tell", "passes its predictive check"),
        ({"p_better": None, "p_check": None}, "cannot tell", "No rival"),
        ({"p_below": 0.95, "lower": -0.2}, "refuted", "below 0.1 SD"),
        ({"p_below": 0.94, "lower": -0.2}, "cannot tell", "reaches to -0.20 SD"),
        ({"converged": False}, "cannot tell", "did not converge"),
        ({"converged": False, "p_below": 0.99}, "cannot tell", "did not converge"),
        ({"sign": -1, "p_below": 0.99}, "refuted", "above -0.1 SD"),
        ({"sign": -1}, "supported", "below -0.1 SD"),
    ],
)
def test_answer_and_reason(change, answer, reason):
    found, reasons = decide(Evidence(**{**GOOD, **change}))
    assert found == answer
    assert reason in " ".join(reasons)


@pytest.mark.parametrize(
    ("change", "fragment"),
    [
        ({"p_check": 0.0}, "fails its predictive check (p < 0.001, below 0.05 wanted)"),
        ({"p_check": 0.0009}, "(p < 0.001, "),
        ({"p_check": 0.001}, "(p = 0.001, "),
        ({"p_check": 0.012}, "(p = 0.012, "),
        ({"p_check": 1.0}, "passes its predictive check (p > 0.99, "),
        ({"p_better": 1.0}, "better than the rival (P > 0.99, more than 0.80 wanted; "),
        ({"p_better": 0.991}, "(P > 0.99, "),
        ({"p_better": 0.99}, "(P = 0.99, "),
        ({"p_better": 0.0}, "(P < 0.01, "),
        ({"p_below": 1.0, "lower": -0.2}, "with probability > 0.99."),
        ({"p_below": 0.962, "lower": -0.2}, "with probability 0.96."),
    ],
)
def test_no_probability_is_said_to_be_zero_or_one(change, fragment):
    text = " ".join(decide(Evidence(**{**GOOD, **change}))[1])
    assert fragment in text
    assert not {"0.00", "0.000", "1.00", "1.000"} & set(text.replace(",", " ").replace(")", " ").split())


@pytest.mark.parametrize("digits", [2, 3])
def test_every_probability_is_stated_between_zero_and_one(digits):
    for value in np.linspace(0, 1, 2001):
        sign, number = stated("p", float(value), digits).split()[1:]
        shown = float(number)
        assert 0 < shown < 1
        assert sign != "<" or value < shown
        assert sign != ">" or value > shown
        assert sign != "=" or shown == pytest.approx(value, abs=0.501 * 10**-digits)


RIVALS = [(None, None), *product((0.0, 0.5, 0.80, 0.8001, 1.0), (0.0, 0.0499, 0.05, 0.5, 1.0))]


@pytest.mark.parametrize("converged", [True, False])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("lower", [-0.2, 0.0999, 0.1, 0.1001, 0.6])
@pytest.mark.parametrize("p_below", [0.0, 0.2, 0.9499, 0.95, 1.0])
def test_a_settled_answer_is_that_of_the_rule_whatever_the_rival(p_below, lower, sign, converged):
    evidence = Evidence(lower, p_below, 0.1, None, None, converged, sign)
    answers = {decide(replace(evidence, p_better=b, p_check=c))[0] for b, c in RIVALS}
    found = settled(evidence)
    assert answers == {found} if found else len(answers) == 2


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, None),
        ({"lower": 0.1}, "cannot tell"),
        ({"p_below": 0.95, "lower": -0.2}, "refuted"),
        ({"converged": False}, "cannot tell"),
    ],
)
def test_the_rival_matters_only_where_the_effect_is_clear(change, answer):
    assert settled(Evidence(**{**GOOD, **change})) == answer
