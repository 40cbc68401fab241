"""What keeps the exact engine from applying to a model."""

from __future__ import annotations

import numpy as np

from coefficacy.spec import queries
from coefficacy.spec.model import Measure, ModelSpec, Term
from coefficacy.survey import Survey
from coefficacy.survey.nesting import plural

__all__ = ["is_sampled", "why_not_marginal"]


def why_not_marginal(spec: ModelSpec, survey: Survey) -> str:
    """Return what keeps the engine from applying, in plain words; empty if it applies."""
    if not spec.measures or len(spec.levels) < 2:
        return "it needs measures of people in teams"
    lowest, team = (lv.name for lv in spec.levels[:2])
    for name in queries.spreads_of_members(spec, team):
        return f"{name} differs between {plural(team)}"
    for equation in spec.regressions:
        where = f"{equation.level}.{equation.response}"
        below = equation.level in (lowest, team)
        latents = set(queries.latents(spec, equation.level))
        if equation.level == lowest and equation.formula.groups:
            return f"{where} has random effects of its own"
        for term in equation.formula.terms if below else ():
            n_latents = _latents_in(term, latents)
            if n_latents > 1:
                return f"{where} multiplies a latent by another ({term}), which is not gaussian"
            if n_latents and len(term.factors) > 1 and equation.level == lowest:
                return f"{where} multiplies a latent of {plural(lowest)} ({term})"
        for group in equation.formula.groups if below else ():
            for term in group.terms:
                if _latents_in(term, latents) > 1:
                    return f"{where} has a random slope of a product of latents ({term})"
    for outcome in queries.outcomes(spec):
        if queries.family_of(spec, outcome).family != "gaussian":
            return f"{outcome} is not gaussian"
        if queries.outcome_level(spec, outcome) != team:
            return f"{outcome} is not an outcome of {plural(team)}"
    for measure in spec.measures:
        obstacle = _measure_obstacle(spec, survey, measure, lowest, team)
        if obstacle:
            return f"{measure.name} {obstacle}"
    return ""


def _measure_obstacle(spec: ModelSpec, survey: Survey, measure: Measure, lowest: str, team: str) -> str:
    name = measure.name
    if queries.measure_level(spec, name) != lowest:
        return f"is not answered by {plural(lowest)}"
    if name not in queries.latents(spec, team):
        return f"has no part that varies between {plural(team)}"
    if measure.sd:
        return "has a known standard error for each answer"
    single, sampled = len(survey.items[name]) == 1, is_sampled(survey, measure)
    if single and sampled:
        return "has a single item that is not gaussian and complete"
    if sampled and measure.loadings == "free":
        return "has free team-level loadings and items that are not gaussian and complete"
    return ""


def _latents_in(term: Term, latents: set[str]) -> int:
    return sum(f.name in latents and not f.function for f in term.factors)


def is_sampled(survey: Survey, measure: Measure) -> bool:
    """Whether people's scores cannot be integrated out."""
    return measure.family != "gaussian" or bool(np.isnan(survey.answers(measure.name).values).any())
