"""Answers to the items of one measure, drawn from latents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coefficacy.checks.predictive.draws import Draws
from coefficacy.spec import queries

if TYPE_CHECKING:
    from coefficacy.spec.model import Measure, ModelSpec
    from coefficacy.survey import Survey

__all__ = ["draw_items"]


def draw_items(
    draws: Draws,
    spec: ModelSpec,
    survey: Survey,
    measure: Measure,
    own: np.ndarray | None,
    between: np.ndarray | None,
    index: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw every unit's answer to every item, (draw, unit, item); ordinal ones coded 0, 1, ...

    Team-level item residuals are drawn anew, as they are not among the stored draws.

    Parameters
    ----------
    own : (draw, unit), the part of the latent at the items' own level; None if there is none
    between : (draw, unit above), the part at the next level with one; None if there is none
    index : (unit,) positions of the units above
    """
    name, n_items = measure.name, len(survey.items[measure.name])
    loading = _loading(draws, name, n_items)
    eta = np.zeros((draws.size, len(index), n_items))
    if own is not None:
        eta += own[..., None] * loading[:, None]
    if between is not None:
        upper = between[..., None] * _between_loading(draws, measure, loading)[:, None]
        sd = _item_sd(draws, spec, measure, n_items)
        if sd is not None:
            upper = upper + sd[:, None] * rng.standard_normal(upper.shape)
        eta += upper[:, index]
    if measure.family == "ordinal":
        return _graded(draws.get(f"{name}.threshold"), eta, queries.link_of(spec, name), rng)
    eta += draws.get(f"{name}.intercept")[:, None]
    if measure.family == "bernoulli":
        return (eta + _noise(queries.link_of(spec, name), eta.shape, rng) > 0).astype(float)
    return eta + _residual_sd(draws, spec, survey, measure) * rng.standard_normal(eta.shape)


def _per_item(values: np.ndarray, n_items: int) -> np.ndarray:
    """Parameters of parallel items are one number for all of them."""
    return np.broadcast_to(values[:, None], (len(values), n_items)) if values.ndim == 1 else values


def _loading(draws: Draws, name: str, n_items: int) -> np.ndarray:
    if n_items == 1:
        return np.ones((draws.size, 1))
    return _per_item(draws.get(f"{name}.loading"), n_items)


def _between_loading(draws: Draws, measure: Measure, loading: np.ndarray) -> np.ndarray:
    if measure.loadings == "equal" or loading.shape[1] == 1:
        return loading
    return np.concatenate([loading[:, :1], draws.get(f"{measure.name}.between_loading")], axis=1)


def _item_sd(draws: Draws, spec: ModelSpec, measure: Measure, n_items: int) -> np.ndarray | None:
    if n_items == 1 or not measure.item_residuals or measure.form == "parallel":
        return None
    return draws.get(f"{measure.name}.item_sd")


def _noise(link: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    return rng.logistic(size=shape) if link == "logit" else rng.standard_normal(shape)


def _graded(cuts: np.ndarray, eta: np.ndarray, link: str, rng: np.random.Generator) -> np.ndarray:
    propensity = eta + _noise(link, eta.shape, rng)
    found = np.zeros(eta.shape)
    for k in range(cuts.shape[-1]):
        found += propensity > cuts[:, None, :, k]
    return found


def _residual_sd(draws: Draws, spec: ModelSpec, survey: Survey, measure: Measure) -> np.ndarray:
    """SDs of what is left in gaussian answers, to be multiplied with (draw, unit, item)."""
    name, n_items = measure.name, len(survey.items[measure.name])
    if measure.sd:
        known = survey.column(queries.measure_level(spec, name), measure.sd).values
        return np.asarray(known, float)[None, :, None]
    if n_items == 1 and measure.reliability in (None, 1.0):
        return np.zeros((1, 1, 1))
    if measure.reliability is not None:
        scale = float(np.nanstd(survey.answers(name).values))
        return np.full((1, 1, n_items), scale * np.sqrt(1 - measure.reliability))
    return _per_item(draws.get(f"{name}.residual_sd"), n_items)[:, None]
