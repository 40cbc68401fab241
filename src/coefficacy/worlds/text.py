"""The model file that goes with a simulated world."""

from __future__ import annotations

from dataclasses import replace

from coefficacy.spec import Measure, dumps, list_models, load_model

__all__ = ["model_text"]


def model_text(family: str) -> str:
    """Return the library's flagship model, with its ordinal items gaussian if `family` says so."""
    if family == "ordinal":
        path = next(entry.path for entry in list_models() if entry.claim == "C4")
        return path.read_text(encoding="utf-8")
    spec = load_model("C4")
    return dumps(replace(spec, measures=tuple(_gaussian(measure) for measure in spec.measures)))


def _gaussian(measure: Measure) -> Measure:
    if measure.family != "ordinal":
        return measure
    return replace(measure, family="gaussian", link="", scale=None)
