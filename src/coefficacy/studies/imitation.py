"""Which worlds imitate a user's model and survey, and which of their models can be imitated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from coefficacy.errors import Problem, StudyError
from coefficacy.spec import ModelSpec, load_model, queries
from coefficacy.spec.model import Regression
from coefficacy.worlds import Design, simulate
from coefficacy.worlds.design import FAMILIES, MEASURES

__all__ = ["CLAIM", "WORLD", "imitate", "is_imitable", "refuse_strangers"]

CLAIM = "C4"
WORLD = (
    "the flagship world (claim C4) with the teams, layers, items, scales, reliabilities and share of missing "
    "answers of this design; paths, variances between teams and covariates are the world's own, not those of "
    "any survey"
)
_CAN = (
    "Worlds can be made for models with the measures, equations and question of the library's 'adaptation'; "
    "items, keys, scales, priors, rivals and the ROPE may be your own. For any other model give tables: its "
    "worlds are drawn from its own priors."
)
_OPTIONS = ("level", "aggregate", "loadings", "form", "item_residuals", "reliability", "sd")


def imitate(spec: ModelSpec, design: Design) -> ModelSpec:
    """Return the model as it is fitted to worlds of that design.

    It is the user's, with the world's names of keys and items. Rivals beside the question's are left out, as
    they do not enter the answer.

    Raises
    ------
    StudyError
        The model is none that the world can imitate; says in what and what could be.
    """
    refuse_strangers(spec)
    from coefficacy.survey import read_survey
    from coefficacy.worlds.text import as_asked

    ours = load_model(CLAIM)
    names = {m.name: m.items for m in ours.measures}
    asked = {m.name: as_asked(m, getattr(design, m.name)) for m in spec.measures}
    fitted = replace(
        spec,
        levels=ours.levels,
        measures=tuple(replace(m, items=names[name]) for name, m in asked.items()),
        rivals=tuple(r for r in spec.rivals if spec.question and r.name == spec.question.rival),
    )
    tables = simulate(CLAIM, seed=0, design=design).tables
    read_survey(fitted, persons=tables["persons"], teams=tables["teams"], layers=tables["layers"])
    return fitted


def is_imitable(spec: ModelSpec) -> bool:
    """Whether the flagship's world imitates the model."""
    return not _strange(spec)


def refuse_strangers(spec: ModelSpec) -> None:
    """Raise a StudyError that names everything in which the model is not the flagship's."""
    where, found = f"calibrate: {spec.title or 'model'}", _strange(spec)
    if found:
        raise StudyError([Problem(where, what, _CAN if k == 0 else "") for k, what in enumerate(found)])


def _strange(spec: ModelSpec) -> list[str]:
    ours = load_model(CLAIM)
    return [*_levels_and_measures(spec, ours)] or [*_equations(spec, ours), *_question(spec, ours)]


def _levels_and_measures(spec: ModelSpec, ours: ModelSpec) -> Iterator[str]:
    if queries.level_names(spec) != queries.level_names(ours):
        yield _differs("levels are", queries.level_names(spec), queries.level_names(ours))
    if {m.name for m in spec.measures} != set(MEASURES):
        yield _differs("measures are", sorted(m.name for m in spec.measures), sorted(MEASURES))
        return
    for name in MEASURES:
        mine, theirs = queries.measure(spec, name), queries.measure(ours, name)
        families = FAMILIES if theirs.family == "ordinal" else (theirs.family,)
        if mine.family not in families:
            yield f"items of {name} are {mine.family}, not {' or '.join(families)}."
        options = [o for o in _OPTIONS if getattr(mine, o) != getattr(theirs, o)]
        options += ["link"] if mine.link not in ("", "logit", "identity") else []
        if options:
            yield f"measure {name} has its own {', '.join(options)}."


def _equations(spec: ModelSpec, ours: ModelSpec) -> Iterator[str]:
    pairs = dict.fromkeys((r.level, r.response) for r in (*spec.regressions, *ours.regressions))
    for level, response in pairs:
        mine, theirs = (queries.regression(one, level, response) for one in (spec, ours))
        if _parts(mine) != _parts(theirs):
            shown = (str(r.formula) if r else "none" for r in (mine, theirs))
            yield f"the equation of {level}.{response} is '{next(shown)}', not '{next(shown)}'."
        elif not queries.is_measure(spec, response) and queries.family_of(
            spec, response
        ) != queries.family_of(ours, response):
            yield f"{response} is not gaussian with location 0 and scale 1."


def _question(spec: ModelSpec, ours: ModelSpec) -> Iterator[str]:
    asked = spec.question.effect if spec.question else "none"
    assert ours.question is not None
    if asked != ours.question.effect:
        yield f"the question is '{asked}', not '{ours.question.effect}'."
    elif spec.question and spec.question.direction != ours.question.direction:
        yield f"the question has direction {spec.question.direction}, not {ours.question.direction}."


def _parts(regression: Regression | None) -> tuple[frozenset[str], ...]:
    """Terms and random effects; their order does not count."""
    if regression is None:
        return ()
    formula = regression.formula
    return frozenset(map(str, formula.terms)), frozenset(map(str, formula.groups))


def _differs(what: str, found: Sequence[str], wanted: Sequence[str]) -> str:
    return f"its {what} {', '.join(found) or 'none'}, not {', '.join(wanted)}."
