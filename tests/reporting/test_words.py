from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from coefficacy.reporting.words import (
    check_sentence,
    effect_axis,
    headline,
    leftout_sentence,
    number,
    plain,
    probability,
    question_sentence,
    stated,
)
from coefficacy.spec import ModelSpec, Question, load_model
from coefficacy.spec.model import FamilySpec


@pytest.fixture(scope="module")
def spec() -> ModelSpec:
    return load_model("adaptation")


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (1234.5, 1, "1,234.5"),
        (-0.25, 2, "−0.25"),
        (-0.001, 2, "0.00"),
        (12345, 2, "12,345"),
        (None, 2, "n/a"),
        (math.nan, 2, "n/a"),
        (True, 2, "True"),
        ("x", 2, "x"),
    ],
)
def test_number(value: Any, digits: int, text: str) -> None:
    assert number(value, digits) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "< 0.001"),
        (0.0042, "0.004"),
        (0.5, "0.50"),
        (0.9973, "0.997"),
        (1.0, "> 0.999"),
        (None, "n/a"),
        (math.nan, "n/a"),
    ],
)
def test_probability_is_never_zero_or_one(value: float | None, text: str) -> None:
    assert probability(value) == text


def test_stated() -> None:
    assert stated("p", 0.04) == "p = 0.04"
    assert stated("p", 0.0) == "p < 0.001"
    assert stated("p", None) == "p: n/a"


def test_plain() -> None:
    assert plain("collective_efficacy:power") == "collective efficacy × power"


def test_question_names_effect_outcome_and_rival(spec: ModelSpec) -> None:
    assert question_sentence(spec) == (
        "Does collective efficacy predict higher adaptation of a team, beyond the rival “competence only”?"
    )
    assert question_sentence(replace(spec, question=None)) == ""


@pytest.mark.parametrize(
    ("answer", "fragment"),
    [
        (
            "supported",
            "These data support a positive relation between collective efficacy and adaptation that",
        ),
        ("refuted", "speak against a positive relation"),
        ("cannot tell", "cannot tell whether there is a positive relation"),
    ],
)
def test_headline(spec: ModelSpec, answer: str, fragment: str) -> None:
    assert fragment in headline(SimpleNamespace(verdict=answer), spec)  # type: ignore[arg-type]


def test_headline_without_a_question(spec: ModelSpec) -> None:
    assert "asks no question" in headline(
        SimpleNamespace(verdict="cannot tell"), replace(spec, question=None)
    )  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("family", "unit"),
    [
        ("gaussian", "(SD of adaptation per SD of collective efficacy)"),
        ("bernoulli", "(SD of latent adaptation per SD of collective efficacy)"),
        ("poisson", "(link scale per SD of collective efficacy)"),
    ],
)
def test_axis_names_the_unit(spec: ModelSpec, family: Any, unit: str) -> None:
    assert effect_axis(replace(spec, families=(("adaptation", FamilySpec(family)),))).endswith(unit)


def test_axis_without_a_question(spec: ModelSpec) -> None:
    assert effect_axis(replace(spec, question=None)) == "effect (standardised)"


def test_negative_direction(spec: ModelSpec) -> None:
    question = replace(spec.question or Question("", "", ""), direction="negative", rival="")
    assert "predict lower adaptation" in question_sentence(replace(spec, question=question))
    assert "beyond" not in question_sentence(replace(spec, question=question))


def test_left_out_sentence_says_what_the_probability_is() -> None:
    text = leftout_sentence({"rival": "competence_only", "diff": -1.25, "se": 2.0, "p_better": 0.27})
    assert "predicts them worse than the rival “competence only”" in text
    assert "differs by −1.2 (standard error 2.0)" in text
    assert "normal approximation that is poor for few teams" in text


@pytest.mark.parametrize(("p_value", "end"), [(0.004, "the rival fails"), (0.3, "the rival passes")])
def test_check_sentence(p_value: float, end: str) -> None:
    text = check_sentence({"statistic": "residual_correlation", "observed": 0.34, "p_value": p_value})
    assert "the residual correlation: 0.34 in the data" in text
    assert end in text
