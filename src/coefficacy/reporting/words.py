"""A result in plain words, and numbers as readers expect them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from coefficacy.spec.estimands import question_of

if TYPE_CHECKING:
    from coefficacy.spec import EstimandSpec, ModelSpec
    from coefficacy.verdicts import Verdict

__all__ = [
    "check_sentence",
    "effect_axis",
    "headline",
    "leftout_sentence",
    "number",
    "plain",
    "probability",
    "question_sentence",
    "stated",
]

_NONE = "n/a"


def number(value: Any, digits: int = 2) -> str:
    """Return `value` with `digits` decimals and a real minus sign; ``"n/a"`` for None and NaN."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return _NONE
    if isinstance(value, (str, bool)):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    text = f"{float(value):,.{digits}f}"
    return text.replace("-", "−") if float(text.replace(",", "")) else text.replace("-", "")


def probability(value: Any) -> str:
    """Return a probability to two or three decimals, never 0 or 1: ``"0.97"``, ``"< 0.001"``."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return _NONE
    if value < 0.001:
        return "< 0.001"
    if value > 0.999:
        return "> 0.999"
    return f"{value:.3f}" if value < 0.01 or value > 0.99 else f"{value:.2f}"


def stated(symbol: str, value: Any) -> str:
    """Return ``"p = 0.04"``, ``"p < 0.001"`` or ``"p: n/a"``."""
    text = probability(value)
    if text == _NONE:
        return f"{symbol}: {text}"
    return f"{symbol} {text}" if text[0] in "<>" else f"{symbol} = {text}"


def plain(name: str) -> str:
    """Return a name from a model file as words: ``"collective efficacy"``."""
    return name.replace("_", " ").replace(":", " × ")


def question_sentence(spec: ModelSpec) -> str:
    """Return the question of a model file as a sentence; empty if it asks none."""
    question, estimand = spec.question, _asked(spec)
    if question is None:
        return question_of(estimand) if estimand else ""
    comparative = "higher" if question.direction == "positive" else "lower"
    beyond = f", beyond the rival “{plain(question.rival)}”" if question.rival else ""
    outcome = f"{plain(question.response)} of a {plain(question.level)}"
    return f"Does {plain(question.term)} predict {comparative} {outcome}{beyond}?"


def effect_axis(spec: ModelSpec) -> str:
    """Return the label, with its unit, of an axis that shows the standardised effect."""
    question = spec.question
    if question is None:
        return "effect (standardised)"
    effect, outcome = plain(question.term), plain(question.response)
    family = dict(spec.families).get(question.response)
    kind = family.family if family else "gaussian"
    unit = {
        "gaussian": f"SD of {outcome}",
        "bernoulli": f"SD of latent {outcome}",
        "ordinal": f"SD of latent {outcome}",
    }
    return f"effect of {effect} on {outcome} ({unit.get(kind, 'link scale')} per SD of {effect})"


def headline(verdict: Verdict, spec: ModelSpec) -> str:
    """Return what the verdict means for the question, in one sentence."""
    question = spec.question
    if question is None:
        return _on_estimand(verdict, spec)
    effect = f"{plain(question.term)} and {plain(question.response)}"
    if verdict.verdict == "supported":
        rival = f" that “{plain(question.rival)}” does not explain" if question.rival else ""
        return f"These data support a {question.direction} relation between {effect}{rival}."
    if verdict.verdict == "refuted":
        low, high = question.rope
        return (
            f"These data speak against a {question.direction} relation between {effect} "
            f"that is larger than the region {number(low)} to {number(high)} of no practical effect."
        )
    return f"These data cannot tell whether there is a {question.direction} relation between {effect}."


def _asked(spec: ModelSpec) -> EstimandSpec | None:
    return next((estimand for estimand in spec.estimands if estimand.is_asked), None)


def _on_estimand(verdict: Verdict, spec: ModelSpec) -> str:
    estimand = _asked(spec)
    if estimand is None:
        return "The model file asks no question, so there is nothing to decide."
    return {
        "supported": "These data say yes.",
        "refuted": "These data say no.",
        "cannot tell": "These data cannot tell.",
    }[verdict.verdict]


def leftout_sentence(elpd: Mapping[str, Any]) -> str:
    """Return the comparison on left-out teams in words."""
    better = "better" if elpd["diff"] > 0 else "worse"
    difference = f"{number(elpd['diff'], 1)} (standard error {number(elpd['se'], 1)})"
    return (
        f"Where outcomes of teams were left out, the model predicts them {better} than the rival "
        f"“{plain(str(elpd['rival']))}”: the expected log predictive density differs by {difference}. "
        f"The model is the better one with probability {probability(elpd['p_better'])}, by a normal "
        "approximation that is poor for few teams."
    )


def check_sentence(ppc: Mapping[str, Any]) -> str:
    """Return the rival's predictive check in words."""
    statistic, observed = plain(str(ppc["statistic"])), number(ppc["observed"])
    share = probability(ppc["p_value"])
    ends = "fails" if ppc["p_value"] < 0.05 else "passes"
    return (
        f"The check’s statistic is the {statistic}: {observed} in the data. Outcomes replicated from the "
        f"rival reach that with probability {share} (one-sided): the rival {ends} its check "
        "(threshold 0.05)."
    )
