"""The explicit engine: every latent of every person, team and layer is a variable of the model."""

from __future__ import annotations

import pymc as pm

from coefficacy.model.answers import add_answers
from coefficacy.model.built import Built
from coefficacy.model.frame import coordinates, hidden, parameters, store_latents
from coefficacy.model.outcomes import add_outcome
from coefficacy.model.structure import Structure
from coefficacy.spec import queries
from coefficacy.spec.model import ModelSpec
from coefficacy.survey import Survey

__all__ = ["build_explicit"]


def build_explicit(spec: ModelSpec, survey: Survey, *, reason: str = "") -> Built:
    """Build a doubly latent multilevel model with named dims and coords.

    Parameters
    ----------
    spec, survey : the model file and tables that fit it
    reason : why this engine was taken
    """
    with pm.Model(check_bounds=False) as model:
        structure = Structure(spec, survey)
        model.add_coords(coordinates(structure))
        for measure in spec.measures:
            add_answers(structure, measure)
        outcomes = queries.outcomes(spec)
        for outcome in outcomes:
            add_outcome(structure, outcome)
        for level in structure.levels[1:] or structure.levels:
            store_latents(structure, level)
        structure.parameters.close()
    rows = [f"{queries.outcome_level(spec, y)}.{y}.{part}" for y in outcomes for part in ("row", "y")]
    answers = [f"{m.name}.{part}" for m in spec.measures for part in ("y", "filled")]
    return Built(
        model=model,
        engine="explicit",
        reason=reason or "every latent is a variable",
        parameters=parameters(model),
        constant_entries=tuple(v.name for v in model.deterministics if v.name.startswith("cor(")),
        refit_data=(*rows, *(name for name in answers if name in model.named_vars)),
        hidden=hidden(model),
    )
