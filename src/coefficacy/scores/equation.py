"""A rival's equation, fitted to what its predictors are expected to be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from coefficacy.spec import queries
from coefficacy.spec.model import ModelSpec
from coefficacy.survey import Survey

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["equation_spec", "is_rival_of_answers", "keeps_measurement", "with_expected"]


def keeps_measurement(spec: ModelSpec, rival: str) -> bool:
    """Tell whether a rival differs in the equation of the question's outcome alone.

    Such a rival says nothing else about what was measured than the model does.
    """
    question = spec.question
    (found,) = [r for r in spec.rivals if r.name == rival]
    return (
        question is not None
        and not found.priors
        and not found.measures
        and all(
            (e.level, e.response) == (question.level, question.response)
            and not queries.is_measure(spec, e.response)
            and _terms_are_of_level(spec, e.level, rival)
            for e in found.regressions
        )
    )


def is_rival_of_answers(spec: ModelSpec, rival: str) -> bool:
    """Tell whether a rival has priors, measures or equations of latents of its own."""
    (found,) = [r for r in spec.rivals if r.name == rival]
    return bool(
        found.priors or found.measures or any(queries.is_measure(spec, e.response) for e in found.regressions)
    )


def _terms_are_of_level(spec: ModelSpec, level: str, rival: str) -> bool:
    """Whether all latents among the predictors are latents of the level, whose expectations are kept."""
    equation = queries.regression(queries.rival_spec(spec, rival), level, _outcome(spec))
    measured, own = {m.name for m in spec.measures}, set(queries.latents(spec, level))
    names = {f.name for f in queries.factors(equation.formula)} if equation else set()
    return not names & (measured - own)


def _outcome(spec: ModelSpec) -> str:
    return spec.question.response if spec.question else ""


def equation_spec(spec: ModelSpec, rival: str) -> ModelSpec:
    """Return the rival's equation of the question's outcome as a model of its own, without measures."""
    question = spec.question
    assert question is not None
    whole = queries.rival_spec(spec, rival)
    equation = queries.regression(whole, question.level, question.response)
    assert equation is not None
    bare = replace(
        whole,
        measures=(),
        regressions=(equation,),
        families=tuple(f for f in whole.families if f[0] == question.response),
    )
    known = queries.parameter_names(bare)
    return replace(bare, priors=tuple((key, prior) for key, prior in whole.priors if key in known))


def with_expected(survey: Survey, latents: xr.DataArray) -> Survey:
    """Return a survey in which expected latents are columns of their level, and no measure is left.

    Parameters
    ----------
    latents : (level, level.name), of every unit
    """
    level, names = (str(dim) for dim in latents.dims)
    columns = {
        str(name): (level, np.asarray(latents.sel({names: name}).values, float))
        for name in latents[names].values
    }
    upper = survey.levels[level].assign(columns)
    coding = {name: code for name, code in survey.coding.items() if name not in survey.items}
    return replace(survey, levels={**survey.levels, level: upper}, items={}, coding=coding)
