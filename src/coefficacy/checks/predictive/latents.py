r"""Latents of the units of one level, drawn from their equations.

With predictors before what they predict, as :func:`coefficacy.model.layout.lay_out` orders them,

.. math:: u_j = B u_j + \Gamma x_j + a_{g(j)} + D z_j, \qquad z_j \sim N(0, R)

where D holds ``sd(L.y)`` and R is ``cor(L)``; the part a of the units above is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from coefficacy import dims
from coefficacy.checks.predictive.draws import Draws
from coefficacy.model.design import Column
from coefficacy.spec import queries

if TYPE_CHECKING:
    from coefficacy.model.layout import Layout
    from coefficacy.spec.model import ModelSpec
    from coefficacy.survey import Survey

__all__ = ["Latents", "draw_latents", "linear", "residual_covariance", "residual_sd"]

type Named = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Latents:
    """Latents of the units of a level.

    Attributes
    ----------
    own : latent -> (draw, unit), what varies at this level and above
    value : the same with the mean of a team's members added where the measure is aggregated over members
    """

    own: Named
    value: Named


def linear(
    draws: Draws, where: str, columns: Sequence[Column], values: Named, shape: tuple[int, int]
) -> np.ndarray:
    """Return what the terms of one equation add up to, (draw, unit).

    Parameters
    ----------
    where : ``"team.adaptation"``, the name of the coefficients
    values : latents of the level, by name
    """
    total = np.zeros(shape)
    if not columns:
        return total
    b = draws.get(where)
    for k, column in enumerate(columns):
        product = 1.0 if column.values is None else column.values
        for name in column.latents:
            product = product * values[name]
        total += b[:, k, None] * product
    return total


def residual_sd(draws: Draws, spec: ModelSpec, survey: Survey, level: str, name: str) -> np.ndarray:
    """Return the residual SD of a latent, (draw,); 1 at the level that sets its scale."""
    own = queries.is_measure(spec, name) and queries.measure_level(spec, name) == level
    if own and len(survey.items[name]) > 1:
        return np.ones(draws.size)
    return draws.get(f"sd({dims.equation_name(level, name)})")


def residual_factor(draws: Draws, layout: Layout) -> np.ndarray:
    """Return the Cholesky factor of the residuals' correlations, (draw, latent, latent)."""
    n = len(layout.correlated)
    if not layout.free.any():
        return np.broadcast_to(np.eye(n), (draws.size, n, n))
    return np.linalg.cholesky(draws.get(f"cor({layout.level})"))


def residual_covariance(draws: Draws, spec: ModelSpec, survey: Survey, layout: Layout) -> np.ndarray:
    """Return the covariance of the residuals of all latents of a level, (draw, latent, latent)."""
    n, d = len(layout.latents), len(layout.correlated)
    at = [layout.latents.index(name) for name in layout.correlated]
    correlation = np.broadcast_to(np.eye(n), (draws.size, n, n)).copy()
    factor = residual_factor(draws, layout)
    if d:
        correlation[:, np.array(at)[:, None], np.array(at)] = factor @ factor.swapaxes(1, 2)
    sd = np.stack([residual_sd(draws, spec, survey, layout.level, y) for y in layout.latents], axis=1)
    return sd[:, :, None] * correlation * sd[:, None, :]


def draw_latents(
    draws: Draws,
    spec: ModelSpec,
    survey: Survey,
    layout: Layout,
    rng: np.random.Generator,
    *,
    upper: Named | None = None,
    members: Named | None = None,
    scales: Named | None = None,
) -> Latents:
    """Draw the latents of all units of a level.

    Parameters
    ----------
    upper : the part that comes from the units above, by latent
    members : mean deviation of the unit's members, by latent that is aggregated over members
    scales : what residuals are multiplied by, (draw, unit), by latent whose SD differs between units above
    """
    shape = (draws.size, survey.n[layout.level])
    source = rng.standard_normal((*shape, len(layout.correlated)))
    residual = source @ residual_factor(draws, layout).swapaxes(1, 2)
    own: dict[str, np.ndarray] = {}
    value: dict[str, np.ndarray] = {}
    for name in layout.latents:
        where = dims.equation_name(layout.level, name)
        mean = linear(draws, where, layout.columns.get(name, []), value, shape)
        known = name in layout.correlated
        z = residual[..., layout.correlated.index(name)] if known else rng.standard_normal(shape)
        sd = residual_sd(draws, spec, survey, layout.level, name)[:, None] * (scales or {}).get(name, 1.0)
        own[name] = mean + sd * z
        own[name] += (upper or {}).get(name, 0.0)
        value[name] = own[name] + (members or {}).get(name, 0.0)
    return Latents(own, value)
