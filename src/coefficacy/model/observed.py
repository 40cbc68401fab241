r"""Models with observed variables only, built by Bambi.

The outcome of person *i* in team *j* is :math:`g(E\,y_{ij}) = \alpha + x_{ij}'b_w + x_j'b_b + u_j + \ldots`,
where people's predictors are deviations from their team's mean and all others are centred on their grand mean
(:mod:`coefficacy.model.design`). Bambi gets these columns under the names of their parameters and writes the
likelihood; all priors are given, so that none of Bambi's own, which look at the outcome, is used:

* intercept StudentT(3, location, 10 scale) for gaussian outcomes, Normal(0, 1.5) times the link's SD for
  bernoulli, ordinal and beta ones, Normal(0, 2.5) for counts;
* residual SD LogNormal(log scale, 2), in the unit that ``[families]`` declares (location 0, scale 1);
* effects: Normal(0, 0.5) on the standardised scale, SD(y) being that of the outcome itself, its residuals of
  all levels included (but not the effects of groups, ``(1 | layer)``);
* effects on the logarithm of the residual SD, where the file has ``sd(y)`` on a left-hand side: Normal(0, 1)
  per SD of the predictor; ``sd(L.y)`` is then the residual SD at the mean of the predictors;
* SDs of the levels above: half-normal, as wide as the residual below; of random effects: half as wide.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from coefficacy.model.built import Built
from coefficacy.model.design import Column
from coefficacy.model.observed_effects import Effects
from coefficacy.model.observed_plan import Block, Plan, observed_only, observed_values, plan_observed
from coefficacy.spec.model import ModelSpec
from coefficacy.survey import Survey

if TYPE_CHECKING:
    import pandas as pd
    import pymc as pm

__all__ = ["build_observed", "observed_only"]

_REASON = "the model has observed variables only"
_BAMBI_FAMILIES = {"negative_binomial": "negativebinomial", "ordinal": "cumulative"}
_FREE_PARTS = {"gaussian": "sigma", "negative_binomial": "alpha", "beta": "kappa"}
_ROWS = "__obs__"


def build_observed(spec: ModelSpec, survey: Survey) -> Built:
    """Build a model file without latents by way of Bambi.

    Parameters
    ----------
    spec : one outcome with an equation at one level or more, a column or (see :func:`observed_only`) a
        measure with one item
    survey : tables that fit it; rows without the outcome take no part in the likelihood

    Returns
    -------
    Built
        Its variables have the names of every engine: coefficients ``L.y``, the intercept ``L.y.intercept``,
        residual SDs ``sd(L.y)``, SDs of random effects ``sd(L.y | G)``.

    Raises
    ------
    SpecError
        More than one outcome, a random intercept given twice, a prior of no parameter.
    SurveyError
        A predictor that does not vary, or follows from the others.

    Notes
    -----
    A random intercept of the level right above a person's outcome, ``(1 + x | team)``, is the team's residual
    written out: it then carries the name ``sd(person.y | team)`` and there is no ``sd(team.y)`` beside it.
    """
    plan = plan_observed(spec, survey)
    effects = Effects(plan)
    bambi_model = _bambi_model(plan, effects)
    effects.order = {
        str(term.name).rpartition("|")[2]: [str(label) for label in term.groups]
        for term in _predictor(bambi_model).group_specific_terms.values()
    }
    bambi_model.build()
    model = bambi_model.backend.model
    with model:
        effects.store_latents()
    model.set_dim(_ROWS, plan.rows.size, coord_values=_row_ids(plan))
    return Built(
        model=model,
        engine="bambi",
        reason=_REASON,
        parameters=_parameters(model),
        constant_entries=tuple(f"cor({block.name})" for block in plan.blocks if len(block.labels) > 1),
        hidden=(bambi_model.family.likelihood.parent,),
    )


def _predictor(bambi_model: Any) -> Any:
    return bambi_model.parameters[bambi_model.family.likelihood.parent]


def _row_ids(plan: Plan) -> np.ndarray:
    return plan.survey.levels[plan.level][plan.level].values[plan.rows]


def _parameters(model: pm.Model) -> tuple[str, ...]:
    names = [variable.name for variable in (*model.free_RVs, *model.deterministics)]
    spreads_on = {name for name in names if name.startswith("log_sd(") and name.endswith(")")}
    shown = (".intercept", ".threshold", ".dispersion", ".precision")
    effects = {name.removesuffix(".std") for name in names if name.endswith(".std")}
    spreads = {name for name in names if name.startswith(("sd(", "cor(")) and name.endswith(")")}
    return tuple(
        name
        for name in names
        if name in effects or name in spreads or name in spreads_on or name.endswith(shown)
    )


def _bambi_model(plan: Plan, effects: Effects) -> Any:
    import bambi

    family = plan.family.family
    main = {"gaussian": "mu", "poisson": "mu", "negative_binomial": "mu", "beta": "mu"}.get(family, "p")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The intercept is omitted in ordinal families")
        return bambi.Model(
            bambi.Formula(_formula(plan), *_formula_of_spread(plan)),
            _frame(plan),
            family=_BAMBI_FAMILIES.get(family, family),
            link={main: plan.link, **({"sigma": "log"} if plan.spread else {})},
            priors=_priors(plan, effects),
            auto_scale=False,
            center_predictors=False,
        )


def _formula(plan: Plan) -> str:
    terms = [f"`{name}`" for name, *_ in _columns(plan)]
    for block in plan.blocks:
        terms += [f"(1|{block.group})"] * block.intercept
        terms += [
            f"(0 + `{_slope(block, label)}`|{block.group})" for label in block.labels[block.intercept :]
        ]
    terms += [f"(1|{level})" for level in _residual_levels(plan)]
    return f"`{plan.outcome}` ~ {' + '.join(['1', *terms])}"


def _formula_of_spread(plan: Plan) -> list[str]:
    terms = [f"`{_spread(plan, column)}`" for column in plan.spread]
    return [f"sigma ~ {' + '.join(['1', *terms])}"] if terms else []


def _spread(plan: Plan, column: Column) -> str:
    return f"{plan.spread_name} ~ {column.label}"


def _columns(plan: Plan) -> list[tuple[str, str, int, np.ndarray]]:
    """Name, level, position and values by row of every coefficient."""
    return [
        (f"{level}.{plan.outcome} ~ {column.label}", level, k, _by_row(plan, level, column))
        for level, columns in ((equation.level, equation.columns) for equation in plan.equations)
        for k, column in enumerate(columns)
    ]


def _by_row(plan: Plan, level: str, column: Column) -> np.ndarray:
    return observed_values(column)[plan.index(level)]


def _slope(block: Block, label: str) -> str:
    return f"{block.where} ~ {label} (varies)"


def _residual_levels(plan: Plan) -> list[str]:
    return [e.level for e in plan.equations if e.level not in (plan.level, *plan.replaced)]


def _frame(plan: Plan) -> pd.DataFrame:
    import pandas as pd

    frame: dict[str, Any] = {plan.outcome: _outcome(plan)}
    frame |= {name: values for name, _, _, values in _columns(plan)}
    frame |= {_spread(plan, c): observed_values(c)[plan.rows] for c in plan.spread}
    for block in plan.blocks:
        frame |= {_slope(block, c.label): _by_row(plan, block.level, c) for c in block.slopes}
    for level in (*(block.group for block in plan.blocks), *_residual_levels(plan)):
        frame[level] = plan.survey.levels[level][level].values[plan.index(level)].astype(str)
    return pd.DataFrame(frame)


def _outcome(plan: Plan) -> Any:
    import pandas as pd

    if plan.family.family == "ordinal":
        whole = plan.values.astype(int)
        return pd.Categorical(whole, categories=list(plan.survey.categories(plan.outcome)), ordered=True)
    return plan.values if plan.family.family in ("gaussian", "beta") else plan.values.astype(int)


def _priors(plan: Plan, effects: Effects) -> dict[str, Any]:
    """Priors by Bambi's names. Each makes, or finds, the variable that stands for it."""
    family = plan.family.family
    priors = {name: _prior(partial(_entry, effects, level, k)) for name, level, k, _ in _columns(plan)}
    start = ("threshold", effects.thresholds) if family == "ordinal" else ("Intercept", effects.intercept)
    priors[start[0]] = _prior(start[1])
    if plan.spread:
        priors["sigma"] = _priors_of_spread(plan, effects)
    elif family in _FREE_PARTS:
        priors[_FREE_PARTS[family]] = _prior(effects.free_part)
    for block in plan.blocks:
        for k, label in enumerate(block.labels):
            term = "1" if label == "1" else _slope(block, label)
            priors[f"{term}|{block.group}"] = _group_prior(partial(_block_effects, effects, block, k))
    for level in _residual_levels(plan):
        priors[f"1|{level}"] = _group_prior(partial(_residuals, effects, level))
    return priors


def _priors_of_spread(plan: Plan, effects: Effects) -> dict[str, Any]:
    def each(position: int) -> Any:
        return effects.spread()[position]

    slopes = {_spread(plan, column): _prior(partial(each, k)) for k, column in enumerate(plan.spread)}
    return {"Intercept": _prior(partial(_log_sd, effects)), **slopes}


def _log_sd(effects: Effects) -> Any:
    import pytensor.tensor as pt

    return pt.log(effects.free_part())


def _entry(effects: Effects, level: str, position: int) -> Any:
    return effects.coefficients(level)[position]


def _block_effects(effects: Effects, block: Block, position: int) -> Any:
    return effects.in_order(block.group, effects.block(block)[:, position])


def _residuals(effects: Effects, level: str) -> Any:
    return effects.in_order(level, effects.residual(level))


def _prior(make: Callable[[], Any]) -> Any:
    """A prior whose variable is made by `make`. Bambi copies priors deeply, but not plain functions."""
    import bambi

    return bambi.Prior("Normal", auto_scale=False, dist=lambda label, **_: make(), mu=0.0, sigma=1.0)


def _group_prior(make: Callable[[], Any]) -> Any:
    """The same for random effects. Bambi wants a hyperprior there; `make` brings its own."""
    import bambi

    unit = bambi.Prior("HalfNormal", auto_scale=False, dist=lambda label, **_: 1.0, sigma=1.0)
    return bambi.Prior(
        "Normal", auto_scale=False, noncentered=False, dist=lambda label, **_: make(), mu=0.0, sigma=unit
    )
