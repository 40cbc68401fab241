"""What stands at which level, before any number: latents, their order, and which residuals may correlate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coefficacy.model.design import Column, expand, observed_columns
from coefficacy.spec import queries
from coefficacy.spec.model import Formula, ModelSpec
from coefficacy.survey import Survey

__all__ = ["Layout", "lay_out"]


@dataclass(frozen=True, slots=True)
class Layout:
    """One level of a model.

    Attributes
    ----------
    latents : names with a value at this level, predictors before what they predict; ``"sd(x)"`` is the
        logarithm of the SD of x among a unit's members, where that has an equation
    answered : those of them that are single gaussian items observed without error at this level
    correlated : those of them whose residuals may correlate, in the order of `free`
    free : (d, d) True where no regression links the pair
    columns : response -> multipliers of its coefficients; exogenous latents take the level's observed
        predictors, so that all exogenous variables covary
    formulas : response -> formula; exogenous latents take the random intercepts of the level's equations
    observed : labels of the distinct observed columns
    root : (label, label) Cholesky factor of their sample covariance
    """

    level: str
    latents: tuple[str, ...]
    answered: tuple[str, ...]
    correlated: tuple[str, ...]
    free: np.ndarray
    columns: dict[str, list[Column]]
    formulas: dict[str, Formula]
    observed: tuple[str, ...]
    root: np.ndarray


def lay_out(spec: ModelSpec, survey: Survey, level: str) -> Layout:
    """Arrange one level of a model for a survey."""
    measures = [m for m in queries.latents(spec, level) if not _is_link_only(spec, survey, level, m)]
    below = queries.outcomes(spec, spec.lowest.name) if queries.rank(spec, level) == 1 else ()
    equations = {r.response: r.formula for r in spec.regressions if r.level == level}
    spreads = queries.spreads_of_members(spec, level)
    equations |= spreads
    latents = _ordered((*measures, *spreads, *(y for y in below if y not in measures)), equations)
    formulas = _with_exogenous(equations, latents, level, spec)
    columns = {
        y: expand(spec, survey, level, f.terms, latents, where=f"{level}.{y}") for y, f in formulas.items()
    }
    observed = {c.label: c.values for cs in columns.values() for c in cs if not c.latents}
    return Layout(
        level=level,
        latents=latents,
        answered=tuple(m for m in latents if m in measures and _is_answered(spec, survey, level, m)),
        correlated=tuple(m for m in latents if m in measures),
        free=_free([m for m in latents if m in measures], equations),
        columns=columns,
        formulas=formulas,
        observed=tuple(observed),
        root=_root([v for v in observed.values() if v is not None]),
    )


def _is_link_only(spec: ModelSpec, survey: Survey, level: str, name: str) -> bool:
    """A single bernoulli or ordinal item: the link's residual is all its variance at its own level."""
    own = queries.measure_level(spec, name) == level
    return own and len(survey.items[name]) == 1 and queries.measure(spec, name).family != "gaussian"


def _is_answered(spec: ModelSpec, survey: Survey, level: str, name: str) -> bool:
    measure = queries.measure(spec, name)
    single = len(survey.items[name]) == 1 and measure.family == "gaussian"
    exact = measure.reliability in (None, 1.0) and not measure.sd
    return single and exact and queries.measure_level(spec, name) == level


def _ordered(names: tuple[str, ...], equations: dict[str, Formula]) -> tuple[str, ...]:
    done: dict[str, None] = {}

    def place(name: str) -> None:
        if name in done:
            return
        for factor in queries.factors(equations.get(name, Formula())):
            if str(factor) in names:
                place(str(factor))
        done[name] = None

    for name in names:
        place(name)
    return tuple(done)


def _with_exogenous(
    equations: dict[str, Formula], latents: tuple[str, ...], level: str, spec: ModelSpec
) -> dict[str, Formula]:
    mains = observed_columns(equations.values(), (*latents, *equations))
    groups = tuple(
        dict.fromkeys(
            type(g)(level=g.level)
            for f in equations.values()
            for g in f.groups
            if g.intercept and not g.terms
        )
    )
    exogenous = {name: Formula(terms=mains, groups=groups) for name in latents if name not in equations}
    return {**exogenous, **equations}


def _free(names: list[str], equations: dict[str, Formula]) -> np.ndarray:
    def predicts(a: str, b: str) -> bool:
        formula = equations.get(b, Formula())
        return any(a == str(f) for term in formula.terms for f in term.factors)

    free = np.array([[a != b and not predicts(a, b) and not predicts(b, a) for b in names] for a in names])
    return free.reshape(len(names), len(names))


def _root(columns: list[np.ndarray]) -> np.ndarray:
    """Cholesky factor of the sample covariance; a small ridge keeps collinear indicators harmless."""
    if not columns:
        return np.zeros((0, 0))
    covariance = np.atleast_2d(np.cov(np.array(columns), ddof=0))
    return np.linalg.cholesky(covariance + 1e-10 * np.diag(np.diag(covariance)))
