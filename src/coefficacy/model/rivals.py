"""Rivals that are the main model with some coefficients at zero, and the data that put them there."""

from __future__ import annotations

import numpy as np

from coefficacy.model.structure import Structure
from coefficacy.spec import queries
from coefficacy.spec.model import Formula, ModelSpec

__all__ = ["kept_terms", "nested_rivals", "rival_data"]


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


def kept_terms(structure: Structure) -> dict[tuple[str, str], tuple[str, int]]:
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


def rival_data(structure: Structure) -> dict[str, dict[str, np.ndarray]]:
    spec, kept = structure.spec, kept_terms(structure)
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
