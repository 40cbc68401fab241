"""What must hold in a model before any data are seen.

Values a single measure, family or prior may take are checked in `validate_parts`; here stands what ties the
parts of a model together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

from coefficacy.errors import Problem, SpecError, did_you_mean
from coefficacy.spec.estimands import estimand_problems
from coefficacy.spec.formula import is_name
from coefficacy.spec.model import Factor, GroupTerm, ModelSpec, PriorSpec, Regression, Rival, Term
from coefficacy.spec.priors import prior_problems, support_problem
from coefficacy.spec.queries import (
    effects,
    equations,
    factors,
    family_of,
    is_measure,
    is_single_item,
    latents,
    level_names,
    levels_above,
    measure_level,
    outcomes,
    parameter_names,
    rank,
    rival_spec,
    spreads_of_members,
)
from coefficacy.spec.validate_parts import Found, family_problems, measure_problems

__all__ = ["LATER_SECTIONS", "SECTIONS", "check", "problems", "without_unknown_levels"]

SECTIONS = ("about", "levels", "measures", "families", "rivals", "priors", "question", "estimands")
"""Sections of a model file, besides one for each level."""

LATER_SECTIONS = ("tables", "curves", "mixture")
"""Names kept for sections to come."""

_RESERVED_LEVELS = {*SECTIONS, *LATER_SECTIONS, "chain", "draw", "sample"}
_RESERVED_RESPONSES = {"latent", "name"}
_NAME_MEND = "Names start with a letter; letters, digits and '_' follow."


def check(spec: ModelSpec, *, where: str = "<model>") -> ModelSpec:
    """Return `spec`, or raise a SpecError with everything that is wrong with it.

    Parameters
    ----------
    spec : a model built in Python
    where : its name for error messages
    """
    found = problems(spec, where=where)
    if found:
        raise SpecError(found)
    return spec


def problems(spec: ModelSpec, *, where: str = "<model>", complete: bool = True) -> tuple[Problem, ...]:
    """Return everything that is wrong with `spec`.

    Parameters
    ----------
    spec : a model, which may be invalid
    where : its name for error messages
    complete : False if equations are known to be missing or empty, so that nothing can be looked up in them
    """
    found = list(_levels(spec))
    if not found:
        found += _measures(spec)
        named = outcomes(spec) if complete else None
        found += family_problems(spec.families, [m.name for m in spec.measures], named)
        spec = without_unknown_levels(spec)
        found += _equations(spec)
        found += _outcomes(spec)
        found += _spreads(spec)
        if complete:
            found += _rivals(spec)
            found += _priors(spec, spec.priors, "priors")
            found += _question(spec)
            found += estimand_problems(spec)
    return tuple(dict.fromkeys(Problem(f"{where}: {place}", what, mend) for place, what, mend in found))


def without_unknown_levels(spec: ModelSpec) -> ModelSpec:
    """Return an invalid `spec` without levels that it does not have, so that queries can be put to it."""
    names = level_names(spec)
    return replace(
        spec,
        measures=tuple(m if m.level in ("", *names) else replace(m, level="") for m in spec.measures),
        regressions=tuple(r for r in spec.regressions if r.level in names),
        spreads=tuple(r for r in spec.spreads if r.level in names),
        rivals=tuple(
            replace(rival, regressions=tuple(r for r in rival.regressions if r.level in names))
            for rival in spec.rivals
        ),
    )


def _levels(spec: ModelSpec) -> Iterator[Found]:
    if not spec.levels:
        example = 'Write [levels] with the smallest unit first, e.g. person = "person_id".'
        yield "levels", "no level is given.", example
    seen: dict[tuple[str, ...], str] = {}
    for level in spec.levels:
        place = f"levels.{level.name}"
        if not is_name(level.name):
            yield place, f"'{level.name}' is no name.", _NAME_MEND
        if level.name in _RESERVED_LEVELS:
            yield place, f"'{level.name}' is kept for another use.", "Name the level otherwise."
        if len(set(level.key)) < len(level.key) or not level.key:
            yield place, f"the key {list(level.key)} must name one or more different columns.", ""
        if level.key in seen:
            yield place, f"has the same key as '{seen[level.key]}'.", "Each level needs a key of its own."
        seen.setdefault(level.key, level.name)
    if len(set(level_names(spec))) < len(spec.levels):
        yield "levels", "a level is given twice.", "Name each level once."
    strangers = {r.level for r in equations(spec)} - set(level_names(spec))
    for name in sorted(strangers):
        yield name, f"unknown level '{name}'.", did_you_mean(name, level_names(spec))


def _measures(spec: ModelSpec) -> Iterator[Found]:
    names = [measure.name for measure in spec.measures]
    owners: dict[str, str] = {}
    for measure in spec.measures:
        place = f"measures.{measure.name}"
        if not is_name(measure.name):
            yield place, f"'{measure.name}' is no name.", _NAME_MEND
        if measure.name in level_names(spec):
            yield place, f"'{measure.name}' is a level as well.", "Name the measure or the level otherwise."
        if measure.name in _RESERVED_RESPONSES:
            yield place, f"'{measure.name}' is kept for another use.", "Name the measure otherwise."
        if names.count(measure.name) > 1:
            yield place, "is given twice.", "Name each measure once."
        for item in measure.items:
            if owners.setdefault(item, measure.name) != measure.name:
                what = f"'{item}' is an item of '{owners[item]}' too."
                yield f"{place}.items", what, "Give it to one measure."
        yield from measure_problems(measure, level_names(spec))


def _equations(spec: ModelSpec) -> Iterator[Found]:
    for prefix, regressions in _blocks(spec):
        seen: set[tuple[str, str]] = set()
        for r in regressions:
            place = f"{prefix}{r.level}.{r.response}"
            if (r.level, r.response) in seen:
                yield place, "has two equations.", "Write one."
            seen.add((r.level, r.response))
            yield from _response(spec, r, place)
            for factor in factors(r.formula):
                yield from _factor(spec, r, factor, place)
            for term in r.formula.terms:
                yield from _above_its_own_level(spec, r, term, place)
            for group in r.formula.groups:
                yield from _group(spec, r, group, place)
        yield from _cycles(spec, prefix, regressions)


def _blocks(spec: ModelSpec) -> Iterator[tuple[str, tuple[Regression, ...]]]:
    """Yield the equations of the model and those of each rival, with the prefix of their keys."""
    yield "", spec.regressions
    for rival in spec.rivals:
        yield f"rivals.{rival.name}.", rival.regressions


def _response(spec: ModelSpec, r: Regression, place: str) -> Iterator[Found]:
    if not is_name(r.response):
        yield place, f"'{r.response}' on the left-hand side is no name.", _NAME_MEND
    elif r.response in level_names(spec):
        yield place, f"'{r.response}' is a level, not an outcome.", "Put a measure or column on the left."
    elif r.response in _RESERVED_RESPONSES:
        yield place, f"'{r.response}' is kept for another use.", "Rename the column."
    elif is_measure(spec, r.response) and rank(spec, measure_level(spec, r.response)) > rank(spec, r.level):
        own = measure_level(spec, r.response)
        what = f"'{r.response}' is measured at {own}, above {r.level}."
        yield place, what, f"Put its equation under [{own}]."


def _factor(spec: ModelSpec, r: Regression, factor: Factor, place: str) -> Iterator[Found]:
    if factor.name in level_names(spec):
        mend = f"Write (1 | {factor.name}), or (1 + x | {factor.name}) for effects that differ in it."
        yield place, f"'{factor.name}' is a level, not a column.", mend
    if factor.function == "sd":
        yield from _spread_factor(spec, r, factor, place)
    elif factor.function == "mean" and is_measure(spec, factor.name):
        what = f"'{factor}': '{factor.name}' is a measure, which has a {r.level} value of its own."
        mend = f'Write {factor.name}; with aggregate = "members" it is the mean of the members.'
        yield place, what, mend
    elif factor.function == "mean" and rank(spec, r.level) == 0:
        yield place, f"'{factor}': there is no level below {r.level}.", f"Write {factor.name}."


def _spread_factor(spec: ModelSpec, r: Regression, factor: Factor, place: str) -> Iterator[Found]:
    known = spreads_of_members(spec, r.level)
    if str(factor) not in known:
        what = f"'{factor}': no SD of '{factor.name}' differs between units of {r.level}."
        mend = f'Write "{factor}" = "1" under [{r.level}], or with what it depends on.'
        yield place, what, mend if is_measure(spec, factor.name) else did_you_mean(str(factor), known)


def _above_its_own_level(spec: ModelSpec, r: Regression, term: Term, place: str) -> Iterator[Found]:
    """A latent's deviations within a unit cannot depend on what is the same for the whole unit."""
    if not _deviates(spec, r):
        return
    own = [rank(spec, measure_level(spec, f.name)) if is_measure(spec, f.name) else 0 for f in term.factors]
    if min(own) > rank(spec, r.level):
        above = levels_above(spec, r.level)[0]
        what = f"'{term}' does not vary within {above}; '{r.response}' at {r.level} is a deviation from it."
        yield place, what, f"Put it in the equation under [{above}]."


def _group(spec: ModelSpec, r: Regression, group: GroupTerm, place: str) -> Iterator[Found]:
    above = levels_above(spec, r.level)
    if group.level not in above:
        what = f"'{group}': '{group.level}' is no level above {r.level}."
        yield place, what, did_you_mean(group.level, above)
    elif group.intercept and _deviates(spec, r):
        what = f"'{group}': '{r.response}' at {r.level} is a deviation from its {above[0]}."
        slopes = " + ".join(map(str, group.terms)) or "x"
        own = "has an equation of its own" if group.level == above[0] else f"takes (1 | {group.level})"
        mend = f"That part {own} under [{above[0]}]; for slopes write (0 + {slopes} | {group.level})."
        yield place, what, mend


def _deviates(spec: ModelSpec, r: Regression) -> bool:
    """Tell whether the response is a latent that has a part at a higher level, too."""
    if not is_measure(spec, r.response) or measure_level(spec, r.response) != r.level:
        return False
    return any(r.response in latents(spec, level) for level in levels_above(spec, r.level))


def _cycles(spec: ModelSpec, prefix: str, regressions: tuple[Regression, ...]) -> Iterator[Found]:
    changed = {(r.level, r.response) for r in regressions}
    whole = (*regressions, *(r for r in spec.regressions if (r.level, r.response) not in changed))
    for level in sorted({r.level for r in regressions}):
        here = {r.response: r.formula for r in whole if r.level == level} | spreads_of_members(spec, level)
        graph: dict[str, set[str]] = {
            response: {str(factor) for factor in factors(formula) if factor.function in ("", "sd")}
            for response, formula in here.items()
        }
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            cycle = " -> ".join(error.args[1])
            yield f"{prefix}{level}", f"a cycle: {cycle}.", "Take one of these predictors out."


def _outcomes(spec: ModelSpec) -> Iterator[Found]:
    if not spec.measures and not spec.regressions:
        yield "measures", "the model has no measure and no equation.", "Write [measures.NAME] or an equation."
    for name in outcomes(spec):
        levels = list(dict.fromkeys(r.level for r in spec.regressions if r.response == name))
        if len(levels) > 1:
            mend = f'Make it a measure: [measures.{name}] with items = ["{name}"].'
            what = f"'{name}' is a column with equations at {' and '.join(levels)}."
            yield f"{levels[-1]}.{name}", what, mend


def _spreads(spec: ModelSpec) -> Iterator[Found]:
    outcomes_here = {r.response: r.level for r in reversed(spec.regressions)}
    for spread in spec.spreads:
        place, outcome = f"{spread.level}.sd({spread.response})", spread.response
        if is_measure(spec, outcome):
            yield from _spread_of_members(spec, spread, place)
            continue
        if outcome not in outcomes_here or is_measure(spec, outcome):
            what = f"'{outcome}' is no outcome with an equation of its own."
            yield place, what, did_you_mean(outcome, (y for y in outcomes_here if not is_measure(spec, y)))
            continue
        if outcomes_here[outcome] != spread.level:
            what = f"'{outcome}' is an outcome of {outcomes_here[outcome]}."
            yield place, what, f"Put it under [{outcomes_here[outcome]}]."
        if family_of(spec, outcome).family != "gaussian":
            yield (
                place,
                f"'{outcome}' is {family_of(spec, outcome).family}.",
                "sd(y) is for gaussian outcomes.",
            )
        if spread.formula.groups:
            yield place, "random effects are not part of the format yet here.", "Leave them out."
        if spec.measures:
            what = "is for models without measures."
            yield place, what, "Write the outcome as a column, in a model of its own."
        for factor in factors(spread.formula):
            yield from _factor(spec, spread, factor, place)


def _spread_of_members(spec: ModelSpec, spread: Regression, place: str) -> Iterator[Found]:
    """The SD of a latent among members, an equation of the unit they are members of."""
    names = level_names(spec)
    unit = names[1] if len(names) > 1 else ""
    if measure_level(spec, spread.response) != names[0] or spread.level != unit:
        mend = f"Put it under [{unit}]." if unit else "Give the model a level of groups."
        yield place, "is for measures of the lowest level, in an equation of the level above it.", mend
    one = next(m for m in spec.measures if m.name == spread.response)
    if is_single_item(one) and one.family != "gaussian":
        what = f"'{spread.response}' is a single {one.family} item, whose SD within {unit} is the link's."
        yield place, what, "Give it several items."
    if spread.formula.groups:
        yield place, "random effects are not part of the format yet here.", "Leave them out."
    for factor in factors(spread.formula):
        yield from _factor(spec, spread, factor, place)


def _rivals(spec: ModelSpec) -> Iterator[Found]:
    known = {f"{r.level}.{r.response}" for r in spec.regressions}
    names = [rival.name for rival in spec.rivals]
    for rival in spec.rivals:
        place = f"rivals.{rival.name}"
        if not is_name(rival.name):
            yield place, f"'{rival.name}' is no name.", _NAME_MEND
        if names.count(rival.name) > 1:
            yield place, "is given twice.", "Name each rival once."
        yield from _rival(spec, rival, known)


def _rival(spec: ModelSpec, rival: Rival, known: set[str]) -> Iterator[Found]:
    place = f"rivals.{rival.name}"
    for r in rival.regressions:
        if f"{r.level}.{r.response}" not in known:
            mend = did_you_mean(f"{r.level}.{r.response}", known)
            yield f"{place}.{r.level}.{r.response}", "the model itself has no such equation.", mend
    as_fitted = rival_spec(spec, rival.name)
    if not rival.regressions and not rival.priors:
        mend = f"Write [{place}.LEVEL] with an equation of the model in another form, or [{place}.priors]."
        yield place, "changes no equation.", mend
    elif (as_fitted.regressions, dict(as_fitted.priors)) == (spec.regressions, dict(spec.priors)):
        yield place, "is the same as the model.", "Take a predictor out of one of its equations."
    yield from _priors(as_fitted, rival.priors, f"{place}.priors")


def _priors(spec: ModelSpec, priors: tuple[tuple[str, PriorSpec], ...], section: str) -> Iterator[Found]:
    """Check the priors of a section; `spec` is the model that they belong to."""
    kinds = parameter_names(spec)
    names = [name for name, _ in priors]
    fixed = {f"sd({measure_level(spec, m.name)}.{m.name})" for m in spec.measures}
    for name, prior in priors:
        place = f'{section}."{name}"'
        for problem in prior_problems(prior, where=place):
            yield place, problem.what, problem.mend
        if names.count(name) > 1:
            yield place, "is given twice.", "Write one prior for each parameter."
        if name in fixed - set(kinds):
            yield place, "is fixed at 1: it sets the scale of the latent.", "Leave the prior out."
        elif name not in kinds:
            yield place, "the model has no such parameter.", did_you_mean(name, kinds)
        elif refused := support_problem(prior, kinds[name]):
            yield place, *refused
        elif prior.raw and name not in _effect_names(spec):
            yield place, f"'{prior}': raw is for effects only.", "Leave raw out."
    for equation in equations(spec):
        yield from _raw_priors(spec, equation, section)


def _raw_priors(spec: ModelSpec, equation: Regression, section: str) -> Iterator[Found]:
    """Priors on standardised effects share the bound R² < 1, so one equation has one scale."""
    names = [f"{equation.level}.{equation.response} ~ {term}" for term in equation.formula.terms]
    given = dict(spec.priors)
    raw = [name for name in names if name in given and given[name].raw]
    if raw and len(raw) < len(names):
        other = next(name for name in names if name not in raw)
        mend = f'Give "{other}" a raw prior, too, such as raw Normal(0, 10).'
        yield f'{section}."{raw[0]}"', f'is raw, but that of "{other}" is standardised.', mend


def _effect_names(spec: ModelSpec) -> list[str]:
    return [f"{level}.{response} ~ {term}" for level, response, term in effects(spec)]


def _question(spec: ModelSpec) -> Iterator[Found]:
    question = spec.question
    if question is None:
        return
    known = _effect_names(spec)
    if question.effect not in known:
        what = f"the model has no effect '{question.effect}'."
        yield "question.effect", what, did_you_mean(question.effect, known)
    if question.direction not in ("positive", "negative"):
        mend = did_you_mean(question.direction, ("positive", "negative"))
        yield "question.direction", f"unknown direction '{question.direction}'.", mend
    if not question.rope[0] <= question.rope[1]:
        yield "question.rope", f"{list(question.rope)} is not in order.", "Write the lower bound first."
    rivals = [rival.name for rival in spec.rivals]
    if question.rival and question.rival not in rivals:
        yield "question.rival", f"unknown rival '{question.rival}'.", did_you_mean(question.rival, rivals)
    elif question.rival and question.effect in known:
        rival = rival_spec(spec, question.rival)
        if question.effect in _effect_names(rival):
            what = f"rival '{question.rival}' has the effect '{question.effect}' too."
            mend = f"Write its equation of {question.response} without {question.term}."
            yield "question.rival", what, mend
