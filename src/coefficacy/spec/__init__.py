"""Model files and what they say: ``models/*.toml`` <-> frozen :class:`ModelSpec`; formulas; priors.

| module | holds |
|---|---|
| `model` | the value types: `ModelSpec`, `Level`, `Measure`, `Formula`, ... |
| `formula` | right-hand sides, parsed against an allow-list and never evaluated |
| `priors` | prior distributions by name |
| `estimands` | quantities a file may ask for, their options and questions |
| `toml`, `write`, `fields` | reading and writing model files |
| `validate`, `validate_parts` | what must hold before any data are seen |
| `queries` | levels, latents, outcomes, columns, parameters and rivals of a model |
| `library` | the models that come with the package |
"""

from __future__ import annotations

from coefficacy.spec.formula import FUNCTIONS, parse_formula
from coefficacy.spec.library import LibraryEntry, list_models, load_model
from coefficacy.spec.model import (
    EstimandSpec,
    Factor,
    FamilySpec,
    Formula,
    GroupTerm,
    Level,
    Measure,
    ModelSpec,
    PriorSpec,
    Question,
    Regression,
    Rival,
    Term,
)
from coefficacy.spec.priors import DISTRIBUTIONS, parse_prior
from coefficacy.spec.queries import (
    averaged_columns,
    effects,
    family_of,
    is_measure,
    is_single_item,
    latents,
    level,
    level_below,
    level_names,
    levels_above,
    link_of,
    lowest,
    measure,
    measure_level,
    outcomes,
    parameter_names,
    plain_columns,
    rank,
    regression,
    rival_spec,
    spec_hash,
)
from coefficacy.spec.toml import dumps, loads
from coefficacy.spec.validate import check

__all__ = [
    "DISTRIBUTIONS",
    "FUNCTIONS",
    "EstimandSpec",
    "Factor",
    "FamilySpec",
    "Formula",
    "GroupTerm",
    "Level",
    "LibraryEntry",
    "Measure",
    "ModelSpec",
    "PriorSpec",
    "Question",
    "Regression",
    "Rival",
    "Term",
    "averaged_columns",
    "check",
    "dumps",
    "effects",
    "family_of",
    "is_measure",
    "is_single_item",
    "latents",
    "level",
    "level_below",
    "level_names",
    "levels_above",
    "link_of",
    "list_models",
    "load_model",
    "loads",
    "lowest",
    "measure",
    "measure_level",
    "outcomes",
    "parameter_names",
    "parse_formula",
    "parse_prior",
    "plain_columns",
    "rank",
    "regression",
    "rival_spec",
    "spec_hash",
]
