"""The regressions of one level as the exact engine takes them: linear forms, and coefficients' prior."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from coefficacy import dims
from coefficacy.gaussian.op import Paths
from coefficacy.gaussian.paths import PRIORS
from coefficacy.model.above import UnitsAbove
from coefficacy.model.effects import effect_prior
from coefficacy.model.moderation import Moderation
from coefficacy.model.structure import Structure

__all__ = ["Equations", "person_equations", "team_equations"]


@dataclass(slots=True)
class Equations:
    """The regressions of one level.

    Attributes
    ----------
    responses : predictors first
    x, z, m : linear forms of the responses, see :func:`coefficacy.gaussian.paths.paths`
    members : (response, source below), what the members' mean adds to a response as a predictor
    shift : by how much the mean over units above moves each response
    totals : (response, response'), total effects of those whose coefficients differ between teams
    change : (cell, pair), see :class:`coefficacy.model.moderation.Moderation`
    """

    level: str
    responses: tuple[str, ...]
    members: Any
    x: Any = None
    z: Any = None
    m: Any = None
    shift: dict[str, Any] = field(default_factory=dict)
    totals: Any = None
    change: Any = None


class _Term(NamedTuple):
    """A coefficient: positions of response and predictor, and by what column the predictor is multiplied."""

    response: int
    latent: bool
    predictor: int
    label: str
    product: float


class _Solved(NamedTuple):
    """SDs of responses as predictors, and raw coefficients by response and label."""

    sd: Any
    raw: dict[tuple[str, str], Any]


def person_equations(structure: Structure) -> Equations:
    """Make the equations of the lowest level."""
    level = structure.levels[0]
    responses = structure.layouts[level].latents
    found = Equations(level, responses, pt.zeros((len(responses), 0)))
    _solve(structure, found, pt.zeros((len(responses), 0)), 0.0)
    return found


def team_equations(
    structure: Structure,
    below: Equations,
    above: UnitsAbove,
    moderation: Moderation,
    *,
    moderators: Any,
    shrink: float,
) -> Equations:
    """Make the equations of teams, outcomes last.

    Parameters
    ----------
    moderators : (cell, moderator)
    shrink : root of the mean of 1/n over teams
    """
    level, responses = structure.levels[1], moderation.order
    none = pt.zeros(len(below.responses))
    members = [
        below.z[below.responses.index(y)] if structure.is_members(level, y) else none for y in responses
    ]
    found = Equations(level, responses, pt.stack(members))
    direct = above.coefficients(responses)
    if moderation.pairs:
        direct = pt.concatenate([direct, moderation.shocks()], axis=1)
    solved = _solve(structure, found, direct, shrink)
    found.change = pt.zeros((moderators.shape[0], 0))
    found.totals = pt.zeros((len(responses), 0))
    if moderation.pairs:
        n = len(moderation.responses)
        found.x, found.totals = found.x[:, :-n], found.x[:, -n:]
        for i in moderation.predictors:
            structure.take_sd(level, responses[i], solved.sd[i])
        found.x = found.x + _waiting(above, moderation, found.totals)
        found.change = moderation.change(moderators, solved.raw)
    return found


def _waiting(above: UnitsAbove, moderation: Moderation, totals: Any) -> Any:
    """Coefficients on columns that come from effects whose SDs follow from the equations."""
    rows = [(k, above.waiting(y)) for k, y in enumerate(moderation.responses)]
    given = [totals[:, k, None] * row for k, row in rows if row is not None]
    if not given:
        return 0.0
    return pt.concatenate([pt.zeros((totals.shape[0], above.first)), sum(given)], axis=1)


def _solve(structure: Structure, found: Equations, direct: Any, shrink: float) -> _Solved:
    """Add the prior of the coefficients, store them, and set the forms."""
    level, layout, n = found.level, structure.layouts[found.level], len(found.responses)
    terms = _terms(structure, found)
    g = pm.Flat(f"{level}.standard.effect", shape=len(terms)) if terms else pt.zeros(0)
    sigma = pt.stack([pt.as_tensor(structure.sd(level, y)).astype("float64") for y in found.responses])
    root = pm.Data(f"{level}.root", layout.root)
    product = np.array([t.product for t in terms], float)
    found.x, found.z, found.m, log_prior, sd, scaled, whole = Paths()(
        g, sigma, _factor(structure, level, n), found.members, direct, np.arange(n) < len(layout.latents),
        np.array([t.response for t in terms], int), np.array([t.latent for t in terms], bool),
        np.array([t.predictor for t in terms], int),
        pm.Data(f"{level}.product", product) if product.any() else product,
        root, pm.Data(f"{level}.shrink", np.asarray(shrink)), _priors(structure, found, terms),
    )  # fmt: skip
    raw: dict[tuple[str, str], Any] = {}
    if terms:
        pm.Potential(f"{level}.effects", log_prior)
        raw = _store_effects(found, terms, scaled, whole, sd, root)
    return _Solved(sd, raw)


def _terms(structure: Structure, found: Equations) -> list[_Term]:
    layout = structure.layouts[found.level]
    terms = []
    for i, y in enumerate(found.responses):
        for c in layout.columns.get(y, []):
            at = found.responses.index(c.latents[0]) if c.latents else layout.observed.index(c.label)
            product = 0.0 if c.values is None or not c.latents else float(np.sqrt(np.mean(c.values**2)))
            terms.append(_Term(i, bool(c.latents), at, c.label, product))
    return terms


def _factor(structure: Structure, level: str, n: int) -> Any:
    layout = structure.layouts[level]
    if not layout.free.any():
        return pt.eye(n)
    n_latents = len(layout.latents)
    return pt.set_subtensor(pt.eye(n)[:n_latents, :n_latents], structure.factor(level))


def _priors(structure: Structure, found: Equations, terms: list[_Term]) -> np.ndarray:
    rows = []
    for term in terms:
        prior = effect_prior(structure.spec, f"{found.level}.{found.responses[term.response]}", term.label)
        location, scale = prior.args[-2:]
        degrees = prior.args[0] if len(prior.args) == 3 else 0.0
        rows.append([PRIORS[prior.distribution], degrees, location, scale, prior.raw])
    return np.array(rows, float).reshape(-1, 5)


def _store_effects(
    found: Equations, terms: list[_Term], scaled: Any, whole: Any, sd: Any, root: Any
) -> dict[tuple[str, str], Any]:
    column_sd = pt.sqrt(pt.sum(root**2, axis=1))
    raw: dict[tuple[str, str], Any] = {}
    for i, y in enumerate(found.responses):
        at = [k for k, t in enumerate(terms) if t.response == i]
        if not at:
            continue
        dim, own = dims.term_dim(found.level, y), scaled[at[0] : at[-1] + 1]
        widths = pt.stack([_width(terms[k], sd, column_sd) for k in at])
        pm.Deterministic(f"{found.level}.{y}.std", own / whole[i], dims=dim)
        stored = pm.Deterministic(f"{found.level}.{y}", own / widths, dims=dim)
        raw |= {(y, terms[k].label): stored[k - at[0]] for k in at}
    return raw


def _width(term: _Term, sd: Any, column_sd: Any) -> Any:
    """SD of what a coefficient multiplies."""
    if not term.latent:
        return column_sd[term.predictor]
    return sd[term.predictor] * (term.product or 1.0)
