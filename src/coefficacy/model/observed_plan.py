"""A model without latents, laid out: where its outcome varies, what predicts it there, what groups it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from coefficacy.errors import Problem, SpecError, SurveyError, did_you_mean
from coefficacy.model.design import Column, expand
from coefficacy.spec import queries
from coefficacy.spec.model import FamilySpec, GroupTerm, ModelSpec, Regression
from coefficacy.survey import Survey

__all__ = ["Block", "Equation", "Plan", "observed_only", "observed_values", "plan_observed"]

_FREE_PARTS = {"negative_binomial": "dispersion", "beta": "precision"}


@dataclass(frozen=True, slots=True)
class Block:
    """Random effects of one level: ``(1 + x | group)``.

    Attributes
    ----------
    level, where : of the equation they stand in, without and with the outcome: ``"team.adaptation"``
    slopes : columns over the units of `level`
    """

    level: str
    where: str
    group: str
    intercept: bool
    slopes: tuple[Column, ...]

    @property
    def name(self) -> str:
        """``"team.adaptation | layer"``."""
        return f"{self.where} | {self.group}"

    @property
    def labels(self) -> tuple[str, ...]:
        """``"1"`` for the intercept, then the slopes."""
        return ("1",) * self.intercept + tuple(column.label for column in self.slopes)

    @property
    def dim(self) -> str:
        return f"{self.where}|{self.group}.term"


@dataclass(frozen=True, slots=True)
class Equation:
    """What the outcome is regressed on at one level; columns over the units of that level."""

    level: str
    columns: tuple[Column, ...]
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole model.

    Attributes
    ----------
    level : whose table holds the outcome
    rows : units of `level` with an outcome, by position
    values : (row,) their outcomes
    equations : lowest level first; one for each level at which the outcome varies
    spread : columns, over the units of `level`, that the logarithm of the residual SD depends on
    replaced : levels whose residual is written as a random intercept, with the block that holds it
    """

    spec: ModelSpec
    survey: Survey
    outcome: str
    level: str
    family: FamilySpec
    link: str
    rows: np.ndarray
    values: np.ndarray
    equations: tuple[Equation, ...]
    replaced: dict[str, Block]
    spread: tuple[Column, ...] = ()

    @property
    def stem(self) -> str:
        return f"{self.level}.{self.outcome}"

    @property
    def is_measure(self) -> bool:
        """The outcome is written as a measure with one item."""
        return queries.is_measure(self.spec, self.outcome)

    @property
    def intercept_key(self) -> str:
        """Name of the intercept in ``[priors]``."""
        return f"{self.outcome}.intercept" if self.is_measure else f"{self.stem} ~ 1"

    @property
    def spread_name(self) -> str:
        """Name of the coefficients of the logarithm of the residual SD."""
        return f"log_sd({self.stem})"

    @property
    def blocks(self) -> tuple[Block, ...]:
        return tuple(block for equation in self.equations for block in equation.blocks)

    def index(self, upper: str) -> np.ndarray:
        """Position of each row's unit in `upper`."""
        return self.survey.index(self.level, upper)[self.rows]


def observed_only(spec: ModelSpec) -> bool:
    """Tell whether nothing in a model is latent.

    So it is without measures, and where the only measure is the only outcome: one gaussian item, taken as
    free of error, which predicts nothing. That is how an outcome with equations at two levels is written.
    """
    if not spec.measures:
        return True
    only, *more = spec.measures
    predictors = {
        factor.name for equation in spec.regressions for factor in queries.factors(equation.formula)
    }
    plain = only.family == "gaussian" and only.reliability in (None, 1.0) and not only.sd
    alone = not more and not queries.outcomes(spec) and only.name not in predictors
    return (
        alone
        and plain
        and queries.is_single_item(only)
        and any(r.response == only.name for r in spec.regressions)
    )


def observed_values(column: Column) -> np.ndarray:
    """Values of a column, (unit,); without measures every column is observed."""
    if column.values is None:
        raise SpecError(
            Problem(column.label, "is a latent, and the model has no measure.", "Add its measure.")
        )
    return column.values


def plan_observed(spec: ModelSpec, survey: Survey) -> Plan:
    """Lay out a model without latents.

    Raises
    ------
    SpecError
        More than one outcome, a residual that is named twice, priors of parameters it does not have.
    SurveyError
        Predictors that cannot be told apart.
    """
    outcome = _only_outcome(spec)
    by_level = {r.level: r for r in spec.regressions if r.response == outcome}
    levels = queries.level_names(spec)
    own, values = _outcome_values(spec, survey, outcome)
    varies = [
        level for level in levels if level in (own, *by_level) or (own == levels[0] and level in levels[1:2])
    ]
    rows = np.flatnonzero(~np.isnan(values))
    equations = tuple(_equation(spec, survey, level, outcome, by_level.get(level)) for level in varies)
    plan = Plan(
        spec=spec,
        survey=survey,
        outcome=outcome,
        level=own,
        family=queries.family_of(spec, outcome),
        link=queries.link_of(spec, outcome),
        rows=rows,
        values=values[rows],
        equations=equations,
        replaced=_replaced(equations),
        spread=_spread(spec, survey, own, outcome),
    )
    problems = [*_repeated(plan), *_unused_priors(plan)]
    if problems:
        raise SpecError(problems)
    _check_rank(plan)
    return plan


def _only_outcome(spec: ModelSpec) -> str:
    outcomes = (*queries.outcomes(spec), *(measure.name for measure in spec.measures))
    if len(outcomes) == 1:
        return outcomes[0]
    what = f"{len(outcomes)} outcomes ({', '.join(outcomes)}) and no latent: nothing links their equations."
    raise SpecError(Problem("the model", what, "Write one model file for each outcome."))


def _outcome_values(spec: ModelSpec, survey: Survey, outcome: str) -> tuple[str, np.ndarray]:
    """The level of an outcome, and its value for each unit there."""
    if queries.is_measure(spec, outcome):
        return queries.measure_level(spec, outcome), survey.answers(outcome).values[:, 0]
    own = next(level for level in queries.level_names(spec) if queries.regression(spec, level, outcome))
    return own, np.asarray(survey.column(own, outcome).values, dtype=float)


def _equation(
    spec: ModelSpec, survey: Survey, level: str, outcome: str, regression: Regression | None
) -> Equation:
    if regression is None:
        return Equation(level, (), ())
    where, formula = f"{level}.{outcome}", regression.formula
    columns = tuple(expand(spec, survey, level, formula.terms, (), where=where))
    blocks = tuple(_block(spec, survey, level, where, group) for group in formula.groups)
    return Equation(level, columns, blocks)


def _spread(spec: ModelSpec, survey: Survey, level: str, outcome: str) -> tuple[Column, ...]:
    where = f"sd({level}.{outcome})"
    terms = (term for s in spec.spreads if s.response == outcome for term in s.formula.terms)
    return tuple(expand(spec, survey, level, tuple(terms), (), where=where))


def _block(spec: ModelSpec, survey: Survey, level: str, where: str, group: GroupTerm) -> Block:
    slopes = tuple(expand(spec, survey, level, group.terms, (), where=where))
    return Block(level, where, group.level, group.intercept, slopes)


def _replaced(equations: tuple[Equation, ...]) -> dict[str, Block]:
    upper = {equation.level for equation in equations[1:]}
    blocks = (block for equation in equations for block in equation.blocks)
    return {block.group: block for block in blocks if block.intercept and block.group in upper}


def _repeated(plan: Plan) -> Iterator[Problem]:
    seen: dict[str, Block] = {}
    for block in plan.blocks:
        if block.intercept and block.group in seen:
            what = f"the random intercept of '{block.group}' is also in {seen[block.group].where}."
            yield Problem(block.where, what, "Keep one of the two.")
        elif block.intercept:
            seen[block.group] = block


def _unused_priors(plan: Plan) -> Iterator[Problem]:
    known = set(_parameters(plan))
    for name, _ in plan.spec.priors:
        if name not in known:
            yield Problem(f'priors: "{name}"', "no parameter of this model.", did_you_mean(name, known))


def _parameters(plan: Plan) -> Iterator[str]:
    family = plan.family.family
    yield f"{plan.stem}.threshold" if family == "ordinal" else plan.intercept_key
    if family in _FREE_PARTS:
        yield f"{plan.stem}.{_FREE_PARTS[family]}"
    if family == "gaussian":
        yield f"sd({plan.stem})"
    yield from (f"{plan.spread_name} ~ {column.term}" for column in plan.spread)
    for equation in plan.equations:
        where = f"{equation.level}.{plan.outcome}"
        yield from (f"{where} ~ {column.term}" for column in equation.columns)
        if equation.level != plan.level and equation.level not in plan.replaced:
            yield f"sd({where})"
    for block in plan.blocks:
        yield f"sd({block.name})"
        if len(block.labels) > 1:
            yield f"cor({block.name})"


def _check_rank(plan: Plan) -> None:
    """Refuse predictors of which one follows from the others (and the intercept)."""
    names, columns = [], [np.ones(plan.rows.size)]
    for equation in plan.equations:
        index = plan.index(equation.level)
        names += [f"{equation.level}.{plan.outcome} ~ {column.label}" for column in equation.columns]
        columns += [observed_values(column)[index] for column in equation.columns]
    for k in range(1, len(columns)):
        before, column = np.column_stack(columns[:k]), columns[k]
        rest = column - before @ np.linalg.lstsq(before, column, rcond=None)[0]
        if rest @ rest <= 1e-12 * (column @ column):
            others = ", ".join(name.split(" ~ ")[1] for name in names[: k - 1]) or "the intercept"
            what = f"follows from the other predictors ({others}): their effects cannot be told apart."
            raise SurveyError(Problem(names[k - 1], what, "Leave one of them out."))
