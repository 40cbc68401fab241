"""Questions to a :class:`ModelSpec`: its levels, measures, outcomes, equations, columns and parameters."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from coefficacy.errors import Problem, SpecError, did_you_mean
from coefficacy.spec.model import (
    Factor,
    FamilySpec,
    Formula,
    Level,
    Measure,
    ModelSpec,
    Regression,
    Term,
)
from coefficacy.spec.priors import ParameterKind
from coefficacy.spec.write import dumps

__all__ = [
    "DEFAULT_LINKS",
    "averaged_columns",
    "canonical_name",
    "effects",
    "equations",
    "factors",
    "family_of",
    "has_item_residuals",
    "is_measure",
    "is_single_item",
    "latents",
    "level",
    "level_below",
    "level_names",
    "levels_above",
    "link_of",
    "lowest",
    "measure",
    "measure_level",
    "outcome_level",
    "outcomes",
    "parameter_names",
    "plain_columns",
    "rank",
    "regression",
    "rival_spec",
    "spec_hash",
    "spread_name",
    "spreads_of_members",
]

DEFAULT_LINKS: dict[str, str] = {
    "gaussian": "identity",
    "bernoulli": "logit",
    "ordinal": "logit",
    "poisson": "log",
    "negative_binomial": "log",
    "beta": "logit",
}


# Levels ---------------------------------------------------------------------------------------------------


def lowest(spec: ModelSpec) -> Level:
    """Return the level of the smallest units."""
    return spec.levels[0]


def level_names(spec: ModelSpec) -> tuple[str, ...]:
    """Return the names of the levels, from the smallest unit up."""
    return tuple(level.name for level in spec.levels)


def level(spec: ModelSpec, name: str) -> Level:
    """Return the level of that name, or raise a SpecError."""
    return spec.levels[rank(spec, name)]


def rank(spec: ModelSpec, name: str) -> int:
    """Return the position of a level; 0 is the lowest."""
    names = level_names(spec)
    if name not in names:
        raise SpecError(Problem("levels", f"unknown level '{name}'.", did_you_mean(name, names)))
    return names.index(name)


def levels_above(spec: ModelSpec, name: str) -> tuple[str, ...]:
    """Return the levels above `name`, nearest first."""
    return level_names(spec)[rank(spec, name) + 1 :]


def level_below(spec: ModelSpec, name: str) -> str | None:
    """Return the level right below `name`, or None for the lowest."""
    position = rank(spec, name)
    return spec.levels[position - 1].name if position else None


# Measures and outcomes ------------------------------------------------------------------------------------


def is_measure(spec: ModelSpec, name: str) -> bool:
    """Tell whether `name` is a measure (a latent) rather than a column."""
    return any(measure.name == name for measure in spec.measures)


def measure(spec: ModelSpec, name: str) -> Measure:
    """Return the measure of that name, or raise a SpecError."""
    for candidate in spec.measures:
        if candidate.name == name:
            return candidate
    known = did_you_mean(name, (m.name for m in spec.measures))
    raise SpecError(Problem("measures", f"unknown measure '{name}'.", known))


def measure_level(spec: ModelSpec, name: str) -> str:
    """Return the level whose table holds the measure's items."""
    return measure(spec, name).level or lowest(spec).name


def is_single_item(measure: Measure) -> bool:
    """Tell whether a measure has one item, as far as its patterns show."""
    return len(measure.items) == 1 and not set("*?[") & set(measure.items[0])


def has_item_residuals(spec: ModelSpec, name: str) -> bool:
    """Tell whether a measure has team-level item residuals."""
    it = measure(spec, name)
    above = [level for level in levels_above(spec, measure_level(spec, name)) if name in latents(spec, level)]
    return it.item_residuals and it.form == "congeneric" and not is_single_item(it) and bool(above)


def latents(spec: ModelSpec, level: str) -> tuple[str, ...]:
    """Return the measures that vary as latents at `level`.

    A measure of the lowest level varies there and at the level above it (doubly latent), any other at its own
    level; both also at a higher level where an equation names them.
    """
    here = rank(spec, level)
    named = {
        name
        for equation in equations(spec)
        if equation.level == level
        for name in (equation.response, *(factor.name for factor in factors(equation.formula)))
    }

    def varies(name: str) -> bool:
        own = rank(spec, measure_level(spec, name))
        return here == own or (own == 0 and here == 1) or (here > own and name in named)

    return tuple(m.name for m in spec.measures if varies(m.name))


def outcomes(spec: ModelSpec, level: str | None = None) -> tuple[str, ...]:
    """Return the left-hand sides that are columns, no measures; of one level or of all."""
    return tuple(
        dict.fromkeys(
            r.response
            for r in spec.regressions
            if level in (None, r.level) and not is_measure(spec, r.response)
        )
    )


def outcome_level(spec: ModelSpec, outcome: str) -> str:
    """Return the lowest level with an equation for the outcome: its column stands in that level's table."""
    return next(lv for lv in level_names(spec) if regression(spec, lv, outcome) is not None)


def family_of(spec: ModelSpec, response: str) -> FamilySpec:
    """Return the family of an outcome (gaussian if none is given) or of a measure's items."""
    if is_measure(spec, response):
        return FamilySpec(measure(spec, response).family, measure(spec, response).link)
    return dict(spec.families).get(response, FamilySpec())


def link_of(spec: ModelSpec, response: str) -> str:
    """Return the link of an outcome or measure, defaults filled in."""
    family = family_of(spec, response)
    return family.link or DEFAULT_LINKS[family.family]


# Equations and the columns they name ----------------------------------------------------------------------


def equations(spec: ModelSpec) -> Iterator[Regression]:
    """Yield the equations of the model and of its rivals."""
    yield from spec.regressions
    for rival in spec.rivals:
        yield from rival.regressions


def regression(spec: ModelSpec, level: str, response: str) -> Regression | None:
    """Return the equation of `response` at `level`, or None."""
    return next((r for r in spec.regressions if (r.level, r.response) == (level, response)), None)


def effects(spec: ModelSpec) -> tuple[tuple[str, str, Term], ...]:
    """Return (level, response, term) of every coefficient, lowest level first."""
    return tuple((r.level, r.response, term) for r in spec.regressions for term in r.formula.terms)


def factors(formula: Formula) -> tuple[Factor, ...]:
    """Return the factors of a formula, those of random slopes included, each once."""
    terms = (*formula.terms, *(term for group in formula.groups for term in group.terms))
    return tuple(dict.fromkeys(factor for term in terms for factor in term.factors))


def plain_columns(spec: ModelSpec, level: str) -> tuple[str, ...]:
    """Return the columns, of this level's table or of one above, on the right of equations of `level`."""
    return _columns(spec, level, function="")


def averaged_columns(spec: ModelSpec, level: str) -> tuple[str, ...]:
    """Return the columns of the level below whose ``mean(x)`` equations of `level` hold."""
    return _columns(spec, level, function="mean")


def _columns(spec: ModelSpec, level: str, *, function: str) -> tuple[str, ...]:
    found = (
        factor.name
        for equation in (*equations(spec), *spec.spreads)
        if equation.level == level
        for factor in factors(equation.formula)
        if factor.function == function and not is_measure(spec, factor.name)
    )
    return tuple(dict.fromkeys(found))


# Parameters -----------------------------------------------------------------------------------------------


def parameter_names(spec: ModelSpec) -> dict[str, ParameterKind]:
    """Return the parameters of a model and its rivals, coordinates left out: the names ``[priors]`` may use.

    Examples of names: ``collective_efficacy.loading``, ``team.adaptation ~ collective_efficacy``,
    ``team.adaptation ~ 1``, ``sd(team.adaptation)``, ``sd(team.adaptation | layer)``, ``cor(team)``.
    """
    names: dict[str, ParameterKind] = {}
    for m in spec.measures:
        names |= _measure_parameters(spec, m)
    for at in level_names(spec):
        here = latents(spec, at)
        names |= {f"sd({at}.{name})": "positive" for name in here if _has_free_sd(spec, name, at)}
        if len(here) > 1:
            names[f"cor({at})"] = "correlation"
    for equation in equations(spec):
        names |= _equation_parameters(spec, equation)
    for spread in spec.spreads:
        names |= {f"{spread_name(spread)} ~ {term}": "real" for term in spread.formula.terms}
        if is_measure(spec, spread.response):
            names[f"sd({spread_name(spread)})"] = "positive"
    return names


def _measure_parameters(spec: ModelSpec, m: Measure) -> dict[str, ParameterKind]:
    names: dict[str, ParameterKind] = {}
    if m.family != "ordinal":
        names[f"{m.name}.intercept"] = "real"
    if m.family not in ("gaussian", "bernoulli"):
        names[f"{m.name}.threshold"] = "real"
    if not is_single_item(m):
        names[f"{m.name}.loading"] = "positive"
        if m.loadings == "free":
            names[f"{m.name}.between_loading"] = "positive"
        if m.family not in ("ordinal", "bernoulli"):
            names[f"{m.name}.residual_sd"] = "positive"
    if has_item_residuals(spec, m.name):
        names[f"{m.name}.item_sd"] = "positive"
    return names


def _has_free_sd(spec: ModelSpec, name: str, level: str) -> bool:
    """At its own level a latent's scale is fixed; only a single gaussian item keeps its own unit."""
    if level != measure_level(spec, name):
        return True
    return is_single_item(measure(spec, name)) and measure(spec, name).family == "gaussian"


_OUTCOME_PARAMETERS: dict[str, tuple[tuple[str, ParameterKind], ...]] = {
    "gaussian": (("{} ~ 1", "real"), ("sd({})", "positive")),
    "bernoulli": (("{} ~ 1", "real"),),
    "poisson": (("{} ~ 1", "real"),),
    "negative_binomial": (("{} ~ 1", "real"), ("{}.dispersion", "positive")),
    "beta": (("{} ~ 1", "real"), ("{}.precision", "positive")),
    "ordinal": (("{}.threshold", "real"),),
}


def _equation_parameters(spec: ModelSpec, equation: Regression) -> dict[str, ParameterKind]:
    stem = f"{equation.level}.{equation.response}"
    names: dict[str, ParameterKind] = {f"{stem} ~ {term}": "real" for term in equation.formula.terms}
    if not is_measure(spec, equation.response):
        family = family_of(spec, equation.response).family
        own = _OUTCOME_PARAMETERS.get(family, tuple(chain.from_iterable(_OUTCOME_PARAMETERS.values())))
        names |= {pattern.format(stem): kind for pattern, kind in own}
    for group in equation.formula.groups:
        names[f"sd({stem} | {group.level})"] = "positive"
        if group.intercept + len(group.terms) > 1:
            names[f"cor({stem} | {group.level})"] = "correlation"
    return names


def spreads_of_members(spec: ModelSpec, level: str) -> dict[str, Formula]:
    """Return ``"sd(x)"`` to its formula, for measures whose SD among members differs between the units."""
    return {
        f"sd({s.response})": s.formula
        for s in spec.spreads
        if s.level == level and is_measure(spec, s.response)
    }


def spread_name(spread: Regression) -> str:
    """Return the name of the coefficients of an equation of ``sd(y)``: ``"log_sd(occasion.y)"``."""
    return f"log_sd({spread.level}.{spread.response})"


def canonical_name(text: str) -> str:
    """Return a parameter name in one form: spaces and the order of factors do not count."""
    tight = re.sub(r"\s*([~|:().,])\s*", r"\1", text.strip())
    left, tilde, right = tight.partition("~")
    return left + tilde + ":".join(sorted(right.split(":"))) if tilde else tight


# Variants and identity ------------------------------------------------------------------------------------


def rival_spec(spec: ModelSpec, name: str) -> ModelSpec:
    """Return the model with the rival's equations and priors, without question, estimands and rivals.

    Priors of parameters that the rival does not have are left out.
    """
    rivals = {rival.name: rival for rival in spec.rivals}
    if name not in rivals:
        raise SpecError(Problem("rivals", f"unknown rival '{name}'.", did_you_mean(name, rivals)))
    changed = {(r.level, r.response): r for r in rivals[name].regressions}
    equations = tuple(changed.get((r.level, r.response), r) for r in spec.regressions)
    bare = replace(spec, regressions=equations, rivals=(), question=None, estimands=())
    known = parameter_names(bare)
    priors = dict(spec.priors) | dict(rivals[name].priors)
    return replace(bare, priors=tuple((key, prior) for key, prior in priors.items() if key in known))


def spec_hash(spec: ModelSpec) -> str:
    """Return the SHA-256 of the model file that `dumps` writes."""
    return hashlib.sha256(dumps(spec).encode()).hexdigest()
