r"""What the units above teams add to the teams' latents, drawn given these latents.

Random effects are not among the stored draws, but given a team's latents, what their equations leave of
them is :math:`v_j = Z_j a + \varepsilon_j` with :math:`a \sim N(0, D)` and
:math:`\varepsilon_j \sim N(0, \Sigma)`, so that a has a normal full conditional: drawing from it
gives draws from the posterior.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from coefficacy.checks.predictive.draws import Draws
from coefficacy.model.design import expand

if TYPE_CHECKING:
    from coefficacy.model.layout import Layout
    from coefficacy.spec.model import GroupTerm, ModelSpec
    from coefficacy.survey import Survey

__all__ = ["Block", "block_of", "blocks_of", "draw_upper"]

_JITTER = 1e-10


@dataclass(frozen=True, slots=True)
class Block:
    """Random effects of one equation for the units of one level above.

    Attributes
    ----------
    name : of their SDs, ``"team.adaptation | layer"``
    response : position of the response among the latents
    design : (unit, effect), each effect one term of one unit above, terms running fastest
    n_terms : of one unit above
    """

    name: str
    response: int
    design: np.ndarray
    n_terms: int


def blocks_of(spec: ModelSpec, survey: Survey, layout: Layout) -> list[Block]:
    """Return the random effects in the equations of a level's latents."""
    return [
        _block(spec, survey, layout, name, group)
        for name in layout.latents
        if name in layout.formulas
        for group in layout.formulas[name].groups
    ]


def _block(spec: ModelSpec, survey: Survey, layout: Layout, name: str, group: GroupTerm) -> Block:
    where = f"{layout.level}.{name}"
    slopes = expand(spec, survey, layout.level, group.terms, layout.latents, where=where)
    n = survey.n[layout.level]
    ones = [np.ones(n)] if group.intercept else []
    x = np.column_stack([*ones, *(np.asarray(c.values) for c in slopes)])
    index = survey.index(layout.level, group.level)
    response = layout.latents.index(name)
    return block_of(f"{where} | {group.level}", response, x, index, survey.n[group.level])


def block_of(name: str, response: int, x: np.ndarray, index: np.ndarray, n_above: int) -> Block:
    """Lay the terms of one group out over the units above.

    Parameters
    ----------
    x : (unit, term), 1 for the intercept
    index : (unit,) positions of the units above, of which there are `n_above`
    """
    unit = np.eye(n_above)[index]
    return Block(name, response, (unit[:, :, None] * x[:, None, :]).reshape(len(index), -1), x.shape[1])


def draw_upper(
    draws: Draws, blocks: list[Block], rest: np.ndarray, covariance: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw what the units above add, (draw, unit, latent).

    Parameters
    ----------
    rest : (draw, unit, latent), what the equations without random effects leave
    covariance : (draw, unit or 1, latent, latent) of the residuals
    """
    n_draws, n_units, n_latents = rest.shape
    design = np.zeros((n_units, n_latents, sum(b.design.shape[1] for b in blocks)))
    start = 0
    for block in blocks:
        stop = start + block.design.shape[1]
        design[:, block.response, start:stop] = block.design
        start = stop
    found = np.zeros(rest.shape)
    factors = [_factors(draws, block) for block in blocks]
    for s in range(n_draws):
        scaled = design @ _scale([own[s] for own in factors], blocks)
        found[s] = scaled @ _effects(scaled, rest[s], covariance[s], rng)
    return found


def _effects(
    scaled: np.ndarray, rest: np.ndarray, covariance: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw standardised effects from their full conditional."""
    ridge = _JITTER * np.trace(covariance, axis1=1, axis2=2)[:, None, None] * np.eye(rest.shape[1])
    whitening = np.linalg.inv(np.linalg.cholesky(covariance + ridge))
    a = (whitening @ scaled).reshape(-1, scaled.shape[-1])
    v = (whitening @ rest[..., None]).ravel()
    root = np.linalg.cholesky(np.eye(a.shape[1]) + a.T @ a)
    mean = np.linalg.solve(root.T, np.linalg.solve(root, a.T @ v))
    return mean + np.linalg.solve(root.T, rng.standard_normal(a.shape[1]))


def _factors(draws: Draws, block: Block) -> np.ndarray:
    """Square root of the covariance of the terms of one unit above, (draw, term, term)."""
    sd = draws.get(f"sd({block.name})")[..., None]
    return sd * (np.linalg.cholesky(draws.get(f"cor({block.name})")) if block.n_terms > 1 else 1.0)


def _scale(factors: list[np.ndarray], blocks: list[Block]) -> np.ndarray:
    """Square root of the covariance of all effects under one draw, from that of each block's terms."""
    from scipy.linalg import block_diag

    units = [block.design.shape[1] // block.n_terms for block in blocks]
    return block_diag(*(np.kron(np.eye(n), own) for n, own in zip(units, factors, strict=True)))
