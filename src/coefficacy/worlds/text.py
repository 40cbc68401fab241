"""The model file that goes with a simulated world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from coefficacy.spec import Measure, dumps, list_models, load_model
from coefficacy.spec.model import ItemFamily
from coefficacy.worlds.design import Scale

__all__ = ["as_asked", "model_text"]


def model_text(scales: Mapping[str, Scale], claim: str = "C4") -> str:
    """Return the library's model of a claim, its items changed where `scales` says so."""
    spec = load_model(claim)
    measures = tuple(as_asked(m, scales[m.name]) if m.name in scales else m for m in spec.measures)
    if measures == spec.measures:
        path = next(entry.path for entry in list_models() if entry.claim == claim and not entry.variant)
        return path.read_text(encoding="utf-8")
    return dumps(replace(spec, measures=measures))


def as_asked(measure: Measure, scale: Scale) -> Measure:
    """Return a measure with the answers of a simulated scale; its items keep their names."""
    ordinal = scale.family == "ordinal"
    link = measure.link if measure.family == scale.family else ""
    answers = (1.0, float(scale.categories)) if ordinal else None
    family = cast(ItemFamily, scale.family)
    return replace(measure, family=family, link=link, scale=answers, reversed=())
