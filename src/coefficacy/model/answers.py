"""The measurement part: answers to items given the latents of people and teams."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from coefficacy import dims
from coefficacy.model.ordinal import graded_answers, link_sd, thresholds
from coefficacy.model.structure import Structure, item_unit
from coefficacy.spec import queries
from coefficacy.spec.model import Measure

__all__ = [
    "add_answers",
    "answer_coords",
    "between_loadings",
    "item_intercepts",
    "item_residual_sds",
    "item_thresholds",
    "loadings",
    "ordered_thresholds",
    "residual_sds",
]


def answer_coords(structure: Structure, measure: Measure) -> dict[str, Any]:
    """Coordinates of a measure: its items, the answers given, the cuts between categories."""
    survey, name = structure.survey, measure.name
    answers = survey.answers(name).values
    coords: dict[str, Any] = {
        dims.item_dim(name): list(survey.items[name]),
        dims.answers_dim(name): np.arange(int(np.sum(~np.isnan(answers)))),
    }
    if measure.family == "ordinal":
        categories = survey.categories(name)
        coords[dims.threshold_dim(name)] = [f"{a}|{b}" for a, b in pairwise(categories)]
    return coords


def add_answers(structure: Structure, measure: Measure) -> None:
    r"""Add the likelihood of one measure's answers.

    :math:`\nu_m + \lambda_m w_{ij} + \lambda_m u_j + e_{jm}` on the link scale; thresholds stand in place of
    :math:`\nu_m` for ordinal items.
    """
    name, spec = measure.name, structure.spec
    level = queries.measure_level(spec, name)
    if name in structure.layouts[level].answered:
        structure.component(level, name)
        return
    answers = structure.survey.answers(name).values
    n_items = answers.shape[1]
    loading = loadings(structure, measure)
    own = _own_part(structure, measure, level)
    upper = structure.upper_of_items(name)
    part = None if upper is None else _upper_part(structure, measure, upper, loading)
    cell = np.flatnonzero(~np.isnan(answers.ravel()))
    y = answers.ravel()[cell]
    item = pm.Data(f"{name}.of", cell % n_items, dims=dims.answers_dim(name))
    if measure.family == "ordinal":
        unit = pm.Data(f"{name}.unit", cell // n_items, dims=dims.answers_dim(name))
        over = np.zeros(len(answers), int) if upper is None else structure.index(level, upper)
        graded_answers(
            name, pt.zeros(len(answers)) if own is None else own, loading,
            pt.zeros((1, n_items)) if part is None else part, item_thresholds(structure, measure),
            (unit, over, item), link=queries.link_of(spec, name),
            observed=pm.Data(f"{name}.y", y.astype("int64"), dims=dims.answers_dim(name)),
            dims=dims.answers_dim(name),
        )  # fmt: skip
        return
    eta = pt.zeros(answers.shape)
    if own is not None:
        eta = eta + own[:, None] * loading
    if part is not None and upper is not None:
        eta = eta + part[structure.index(level, upper)]
    cells = pm.Data(f"{name}.cell", cell, dims=dims.answers_dim(name))
    _likelihood(structure, measure, eta.ravel()[cells], item, y, cell // n_items)


def _own_part(structure: Structure, measure: Measure, level: str) -> Any:
    """What the units that answer differ by, (unit,), or None."""
    if measure.name not in structure.layouts[level].latents:
        return None
    own = structure.component(level, measure.name)
    return own if level == structure.levels[0] else own - structure.above(level, measure.name)


def _upper_part(structure: Structure, measure: Measure, upper: str, loading: Any) -> Any:
    """What the units above add to every item, (unit above, item)."""
    between = between_loadings(structure, measure, loading)
    component = structure.component(upper, measure.name)[:, None]
    return component * between + _item_residuals(structure, measure, upper)


def loadings(structure: Structure, measure: Measure) -> Any:
    """Positive loadings in the unit of the items (of the link for ordinal and bernoulli ones)."""
    n_items = len(structure.survey.items[measure.name])
    if n_items == 1:
        return pt.ones(1)
    unit = 0.7 * item_unit(structure.survey, measure.name)[1] if measure.family == "gaussian" else None
    centre = unit if unit is not None else 0.7 * link_sd(queries.link_of(structure.spec, measure.name))
    over = () if measure.form == "parallel" else (dims.item_dim(measure.name),)
    loading = structure.parameters.positive(f"{measure.name}.loading", centre, 0.5, over)
    return loading + pt.zeros(n_items)


def between_loadings(structure: Structure, measure: Measure, loading: Any) -> Any:
    """Team-level loadings: those of people unless they are free, the first one even then."""
    n_items = len(structure.survey.items[measure.name])
    if measure.loadings == "equal" or n_items == 1:
        return loading
    unit = item_unit(structure.survey, measure.name)[1] if measure.family == "gaussian" else 1.0
    dim = f"{measure.name}.item.free"
    pm.modelcontext(None).add_coords({dim: list(structure.survey.items[measure.name][1:])})
    free = structure.parameters.positive(f"{measure.name}.between_loading", 0.7 * unit, 0.5, (dim,))
    return pt.concatenate([loading[:1], free])


def item_residual_sds(structure: Structure, measure: Measure, *, integrated: bool = False) -> Any:
    """SDs of the team-level item residuals e_jm, partially pooled over items; None where there are none.

    Parameters
    ----------
    integrated : so are the residuals, see :meth:`Parameters.pooled_scales`
    """
    name, n_items = measure.name, len(structure.survey.items[measure.name])
    if n_items == 1 or not measure.item_residuals or measure.form == "parallel":
        return None
    unit = item_unit(structure.survey, name)[1] if measure.family == "gaussian" else 1.0
    if integrated:
        return structure.parameters.pooled_scales(f"{name}.item_sd", 0.3 * unit, dims.item_dim(name))
    typical = structure.parameters.spread(f"{name}.item_sd.typical", 0.3 * unit)
    return structure.parameters.spread(f"{name}.item_sd", typical, (dims.item_dim(name),))


def _item_residuals(structure: Structure, measure: Measure, upper: str) -> Any:
    sd = item_residual_sds(structure, measure)
    if sd is None:
        return 0.0
    n_items = len(structure.survey.items[measure.name])
    return sd * structure.parameters.normal(structure.survey.levels[upper].sizes[upper], n_items)


def _likelihood(
    structure: Structure, measure: Measure, eta: Any, item: Any, y: np.ndarray, unit: np.ndarray
) -> None:
    spec, name, given = structure.spec, measure.name, dims.answers_dim(measure.name)
    intercept = item_intercepts(structure, measure)
    if measure.family == "bernoulli":
        link = queries.link_of(spec, name)
        p = {"logit": pm.math.sigmoid, "probit": pm.math.invprobit}[link](eta + intercept[item])
        pm.Bernoulli(name, p=p, observed=pm.Data(f"{name}.y", y.astype("int64"), dims=given), dims=given)
        return
    if measure.sd:
        known = structure.survey.column(queries.measure_level(spec, name), measure.sd).values
        residual = pm.Data(f"{name}.sd", np.asarray(known, float)[unit], dims=given)
    else:
        residual = residual_sds(structure, measure)[item]
    pm.Normal(name, eta + intercept[item], residual, observed=pm.Data(f"{name}.y", y, dims=given), dims=given)


def item_intercepts(structure: Structure, measure: Measure, *, around: Any = None) -> Any:
    """Expected answers (on the link) of the average person, (item,); for `around` see :class:`Parameters`."""
    name, over = measure.name, (dims.item_dim(measure.name),)
    if measure.family == "bernoulli":
        scale = 1.5 * link_sd(queries.link_of(structure.spec, name))
        return structure.parameters.real(f"{name}.intercept", 0.0, scale, over, around=around)
    location, scale = item_unit(structure.survey, name)
    return structure.once(
        ("intercept", name),
        lambda: structure.parameters.real(f"{name}.intercept", location, 2.5 * scale, over, around=around),
    )


def residual_sds(structure: Structure, measure: Measure) -> Any:
    """SDs of what is left in gaussian answers, (item,)."""
    name = measure.name
    items, scale = np.ones(len(structure.survey.items[name])), item_unit(structure.survey, name)[1]
    if measure.reliability is not None:
        return pt.as_tensor(scale * float(np.sqrt(1 - measure.reliability)) * items)
    over = () if measure.form == "parallel" else (dims.item_dim(name),)
    return structure.parameters.scale(f"{name}.residual_sd", scale, over) * items


def item_thresholds(structure: Structure, measure: Measure, *, around: Any = None) -> Any:
    """Thresholds of ordinal items, (item, cut); for `around` see :class:`Parameters`."""
    name, n_cuts = measure.name, len(structure.survey.categories(measure.name)) - 1
    unit = link_sd(queries.link_of(structure.spec, name))
    over = (dims.item_dim(name), dims.threshold_dim(name))
    return ordered_thresholds(structure, name, unit, over, n_cuts, around=around)


def ordered_thresholds(
    structure: Structure, name: str, unit: float, over: tuple[str, str], n_cuts: int, *, around: Any = None
) -> Any:
    """Thresholds with a prior on the middle one (`name`.threshold in a model file) and on the gaps."""
    items, cuts = over
    middle = structure.parameters.real(
        f"{name}.threshold", 0.0, 1.5 * unit, (items,), stored_as=f"{name}.middle", around=around
    )
    pm.modelcontext(None).add_coords({f"{cuts}.gap": np.arange(1, n_cuts)})
    gaps = structure.parameters.positive(f"{name}.gap", 0.7 * unit, 0.6, (items, f"{cuts}.gap"))
    return pm.Deterministic(f"{name}.threshold", thresholds(middle, gaps), dims=over)
