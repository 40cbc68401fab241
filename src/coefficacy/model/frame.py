"""What both engines lay around a model: coordinates, the latents to store, which variables are parameters."""

from __future__ import annotations

from typing import Any

import pymc as pm
import pytensor.tensor as pt

from coefficacy import dims
from coefficacy.model.answers import answer_coords
from coefficacy.model.outcomes import outcome_coords
from coefficacy.model.recovered import RECOVER
from coefficacy.model.structure import Structure
from coefficacy.spec import queries

__all__ = ["coordinates", "hidden", "parameters", "store_latents"]

_HIDDEN = tuple(
    f"standard.{kind}"
    for kind in ("normal", "half", "folded", "effect", "score", "common", "location", "direction")
)


def coordinates(structure: Structure) -> dict[str, Any]:
    """Labels of units, items, cuts and terms."""
    coords: dict[str, Any] = {}
    for level in structure.levels:
        layout = structure.layouts[level]
        coords[level] = structure.survey.levels[level][level].values
        coords[f"{level}.name"] = list(layout.latents)
        coords[f"{level}.correlated"] = list(layout.correlated)
        coords[f"{level}.correlated'"] = list(layout.correlated)
        for response, columns in layout.columns.items():
            coords[dims.term_dim(level, response)] = [c.label for c in columns]
    for measure in structure.spec.measures:
        coords |= answer_coords(structure, measure)
    for outcome in queries.outcomes(structure.spec):
        coords |= outcome_coords(structure, outcome)
    return coords


def store_latents(structure: Structure, level: str) -> None:
    """Store the latents of a level's units as one variable."""
    names = structure.layouts[level].latents
    if names:
        values = pt.stack([structure.value(level, n) for n in names], axis=1)
        pm.Deterministic(f"{level}.latent", values, dims=(level, f"{level}.name"))


def parameters(model: pm.Model) -> tuple[str, ...]:
    """Names of what a reader calls parameters: no latents, no steps on the way to a matrix."""
    inner = (
        ".step",
        ".scaled",
        ".gap",
        ".middle",
        ".latent",
        ".eta",
        ".typical",
        *_HIDDEN,
    )
    names = [v.name for v in (*model.free_RVs, *model.deterministics)]
    return tuple(n for n in names if not n.endswith(inner) and not n.startswith(RECOVER))


def hidden(model: pm.Model) -> tuple[str, ...]:
    """Names of the long vectors that parameters are functions of."""
    return tuple(v.name for v in model.free_RVs if v.name.endswith(_HIDDEN))
