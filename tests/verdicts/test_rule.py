"""The rule of the verdict, case by case."""

from __future__ import annotations

import pytest

from coefficacy.verdicts import Evidence, decide

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
