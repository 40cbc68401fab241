"""The explicit engine: every latent of every person, team and layer is a variable of the model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from coefficacy import dims
from coefficacy.model.answers import add_answers, answer_coords
from coefficacy.model.built import Built
from coefficacy.model.outcomes import add_outcome, outcome_coords, own_level
from coefficacy.model.structure import Structure
from coefficacy.spec import queries
from coefficacy.spec.model import Formula, ModelSpec
from coefficacy.survey import Survey

__all__ = ["build_explicit", "nested_rivals"]


def build_explicit(spec: ModelSpec, survey: Survey, *, reason: str = "") -> Built:
    """Build a doubly latent multilevel model with named dims and coords.

    Parameters
    ----------
    spec, survey : the model file and tables that fit it
    reason : why this engine was taken

    Returns
    -------
    Built : with the data of rivals that only leave terms of outcomes out, which need no model of their own
    """
    with pm.Model(check_bounds=False) as model:
        keep: dict[tuple[str, str], Any] = {}
        structure = Structure(spec, survey, keep)
        model.add_coords(_coords(structure))
        keep |= {key: pm.Data(name, np.ones(n)) for key, (name, n) in _kept_terms(structure).items()}
        for measure in spec.measures:
            add_answers(structure, measure)
        outcomes = queries.outcomes(spec)
        for outcome in outcomes:
            add_outcome(structure, outcome)
        for level in structure.levels[1:] or structure.levels:
            _store_latents(structure, level)
        structure.parameters.close()
    rows = [f"{own_level(spec, y)}.{y}.{part}" for y in outcomes for part in ("row", "y")]
    return Built(
        model=model,
        engine="explicit",
        reason=reason or "every latent is a variable",
        parameters=_parameters(model),
        constant_entries=tuple(v.name for v in model.deterministics if v.name.startswith("cor(")),
        refit_data=(*rows, *(name for name, _ in _kept_terms(structure).values())),
        rivals=_rival_data(structure),
        hidden=("standard.normal", "standard.half"),
    )


def nested_rivals(spec: ModelSpec) -> tuple[str, ...]:
    """Rivals that only leave terms of an outcome's equation out: the main model with coefficients at zero."""

    def nested(response: str, level: str, formula: Formula) -> bool:
        main = queries.regression(spec, level, response)
        return (
            main is not None
            and not queries.is_measure(spec, response)
            and level != (spec.levels[1].name if response in queries.outcomes(spec, spec.lowest.name) else "")
            and set(formula.terms) <= set(main.formula.terms)
            and set(formula.groups) == set(main.formula.groups)
        )

    return tuple(
        r.name for r in spec.rivals if all(nested(e.response, e.level, e.formula) for e in r.regressions)
    )


def _kept_terms(structure: Structure) -> dict[tuple[str, str], tuple[str, int]]:
    """Equations in which a nested rival leaves terms out -> (name of the 0/1 data, number of terms)."""
    names = nested_rivals(structure.spec)
    pairs = [
        (r.level, r.response)
        for rival in structure.spec.rivals
        if rival.name in names
        for r in rival.regressions
    ]
    return {
        (level, y): (f"{level}.{y}.keep", len(structure.layouts[level].columns[y]))
        for level, y in dict.fromkeys(pairs)
        if structure.layouts[level].columns[y]
    }


def _rival_data(structure: Structure) -> dict[str, dict[str, np.ndarray]]:
    spec, kept = structure.spec, _kept_terms(structure)
    data: dict[str, dict[str, np.ndarray]] = {}
    for rival in spec.rivals:
        if rival.name not in nested_rivals(spec):
            continue
        data[rival.name] = {}
        for equation in rival.regressions:
            columns = structure.layouts[equation.level].columns[equation.response]
            main = queries.regression(spec, equation.level, equation.response)
            if not columns or main is None:
                continue
            left_out = {str(t) for t in main.formula.terms} - {str(t) for t in equation.formula.terms}
            name, _ = kept[equation.level, equation.response]
            data[rival.name][name] = np.array([float(c.term not in left_out) for c in columns])
    return data


def _coords(structure: Structure) -> dict[str, Any]:
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


def _store_latents(structure: Structure, level: str) -> None:
    names = structure.layouts[level].latents
    if names:
        values = pt.stack([structure.value(level, n) for n in names], axis=1)
        pm.Deterministic(f"{level}.latent", values, dims=(level, f"{level}.name"))


def _parameters(model: pm.Model) -> tuple[str, ...]:
    """Names of what a reader calls parameters: no latents, no steps on the way to a matrix."""
    inner = (
        ".step",
        ".scaled",
        ".gap",
        ".middle",
        ".latent",
        ".eta",
        ".typical",
        "standard.normal",
        "standard.half",
    )
    names = [v.name for v in (*model.free_RVs, *model.deterministics)]
    return tuple(n for n in names if not n.endswith(inner))
