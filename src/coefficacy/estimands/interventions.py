"""Outcomes of teams under interventions: g-computation through the graph of the explicit model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from coefficacy.dims import SAMPLE
from coefficacy.errors import FitError, Problem, did_you_mean
from coefficacy.estimands.labels import labelled
from coefficacy.model.layout import Layout, lay_out
from coefficacy.spec import queries

if TYPE_CHECKING:
    import pymc as pm

    from coefficacy.sampling import Fit

__all__ = ["intervene"]


def intervene(
    fit: Fit,
    changes: Mapping[str, float],
    *,
    outcome: str = "",
    equations: Sequence[str] = (),
    without: Sequence[str] = (),
    draws: int = 200,
    seed: int = 1,
) -> xr.Dataset:
    r"""Simulate what a change of teams' columns does to the mean outcome of teams (g-computation).

    .. math:: E[y \mid do(t + \delta)] - E[y \mid do(t)]

    Averaged over the survey's teams, with their other columns as they are. Every draw of the parameters is
    put into the graph of the explicit model, the columns of the named equations are replaced (``pymc.do``),
    and new latents of teams and layers follow from the equations; both arms share their random numbers. A
    latent of a team is that of its population, its members drawn anew. Nothing has to be linear: use it where
    :func:`coefficacy.two_sources` has no closed form.

    A change in the equations of one mediator alone is a change of the part of the treatment that acts on that
    mediator (separable effects; Robins and Richardson 2010).

    Parameters
    ----------
    fit : of either engine
    changes : column as the equations name it, ``"shared_projects"`` or ``"mean(licensed)"``, to its change
    outcome : of teams; default: the only one
    equations : responses in whose equations columns change; default: all that hold one of them
    without : effects taken to be nil in both arms, e.g. ``"collective_efficacy ~ self_efficacy"``
    draws : at most this many draws, evenly spaced
    seed : of latents

    Returns
    -------
    xarray.Dataset
        ``change`` (headline) of the mean outcome, in the outcome's unit (a probability for bernoulli, an
        expected count for counts); dims (chain, draw)

    Raises
    ------
    FitError
        No such column, equation or effect; an ordinal outcome; a column multiplied by another column.

    References
    ----------
    Robins, J. M. (1986). A new approach to causal inference in mortality studies with a sustained exposure
    period. *Mathematical Modelling, 7*, 1393-1512. https://doi.org/10.1016/0270-0255(86)90088-6

    Examples
    --------
    >>> intervene(fit, {"mean(licensed)": 1.0}).change.mean()  # doctest: +SKIP
    """
    level = queries.level_names(fit.spec)[1]
    layout = lay_out(fit.spec, fit.survey, level)
    outcome = outcome or _only_outcome(fit, level)
    inverse = _inverse_link(fit, outcome)
    moved = _moved_designs(fit, level, layout, changes, equations)
    posterior = _thinned(_without(fit, level, without), draws)
    eta = f"{level}.{outcome}.eta"
    model = _explicit(fit)
    arms = [_simulate(model, posterior, eta, fit.parameters, data, seed) for data in ({}, moved)]
    change = inverse(arms[1]).mean(axis=-1) - inverse(arms[0]).mean(axis=-1)
    coords = {name: posterior[name].values for name in SAMPLE}
    array = xr.DataArray(change, dims=SAMPLE, coords=coords)
    words = ", ".join(f"{name} {by:+g}" for name, by in changes.items())
    what = f"change of mean {outcome.replace('_', ' ')} with {words}"
    return labelled({"change": (array, what)}, headline="change")


def _explicit(fit: Fit) -> pm.Model:
    from coefficacy.model.explicit import build_explicit

    return build_explicit(fit.spec, fit.survey).model


def _simulate(
    model: pm.Model,
    posterior: xr.Dataset,
    name: str,
    parameters: Sequence[str],
    data: Mapping[str, np.ndarray],
    seed: int,
) -> np.ndarray:
    """Return a variable of the model, (chain, draw, ...), given parameters, what is below them drawn anew."""
    import pymc as pm
    from pytensor import function

    moved = pm.do(model, dict(data)) if data else model
    given = [moved[p] for p in parameters if p in moved.named_vars and p in posterior]
    (values,) = pm.vectorize_over_posterior([moved[name]], posterior, given)
    for k, rng in enumerate(_generators(values)):
        rng.set_value(np.random.default_rng([seed, k]))
    return np.asarray(function([], values, mode="FAST_COMPILE")())


def _generators(values: Any) -> list[Any]:
    from pytensor.compile import SharedVariable
    from pytensor.graph import ancestors
    from pytensor.tensor.random.type import RandomType

    found = [
        v for v in ancestors([values]) if isinstance(v, SharedVariable) and isinstance(v.type, RandomType)
    ]
    return sorted(found, key=lambda v: str(v.name))


def _moved_designs(
    fit: Fit, level: str, layout: Layout, changes: Mapping[str, float], equations: Sequence[str]
) -> dict[str, np.ndarray]:
    """Designs of equations by the names of their data, their columns changed."""
    responses = [r.response for r in fit.spec.regressions if r.level == level]
    for name in equations:
        if name not in responses:
            what = f"no equation of '{name}' at the level {level}."
            raise FitError(Problem("equations", what, did_you_mean(name, responses)))
    found: dict[str, np.ndarray] = {}
    seen: set[str] = set()
    for response in equations or responses:
        columns = layout.columns[response]
        observed = [c for c in columns if c.values is not None and not c.latents]
        observed += [c for c in columns if c.values is not None and c.latents]
        design = np.column_stack([np.asarray(c.values) for c in observed]) if observed else np.zeros((0, 0))
        for k, column in enumerate(observed):
            parts = [part for part in column.label.split(":") if part not in layout.latents]
            for name, by in changes.items():
                if name in parts and len(parts) > 1:
                    what = f"{column.label} multiplies columns."
                    raise FitError(Problem(f"{level}.{response}", what, "Change a column that stands alone."))
                if parts == [name]:
                    design[:, k] += by
                    seen.add(name)
                    found[f"{level}.{response}.x"] = design
    for name in changes:
        if name not in seen:
            known = {c.label for r in responses for c in layout.columns[r] if not c.latents}
            what = f"no column '{name}' in these equations."
            raise FitError(Problem("changes", what, did_you_mean(name, sorted(known))))
    return found


def _without(fit: Fit, level: str, effects: Sequence[str]) -> xr.Dataset:
    """Draws with some coefficients set to zero."""
    posterior = fit.posterior
    for effect in effects:
        response, _, term = (part.strip() for part in effect.partition("~"))
        name = f"{level}.{response.removeprefix(f'{level}.')}"
        if name not in posterior or term not in posterior[name][f"{name}.term"]:
            known = [f"{y} ~ {t}" for lv, y, t in queries.effects(fit.spec) if lv == level]
            raise FitError(Problem("without", f"no effect '{effect}'.", did_you_mean(effect, known)))
        posterior[name] = posterior[name].where(posterior[name][f"{name}.term"] != term, 0.0)
    return posterior


def _thinned(posterior: xr.Dataset, draws: int) -> xr.Dataset:
    chains, each = (posterior.sizes[name] for name in SAMPLE)
    step = max(1, -(-chains * each // max(draws, chains)))
    return posterior.isel(draw=slice(None, None, step)).transpose(*SAMPLE, ...)


def _only_outcome(fit: Fit, level: str) -> str:
    known = queries.outcomes(fit.spec, level)
    if len(known) != 1:
        what = f"{len(known)} outcomes at the level {level}."
        raise FitError(Problem("outcome", what, f"Name one of: {', '.join(known)}." if known else ""))
    return known[0]


def _inverse_link(fit: Fit, outcome: str) -> Any:
    from scipy.special import expit, ndtr

    if queries.family_of(fit.spec, outcome).family == "ordinal":
        raise FitError(Problem("outcome", f"{outcome} is ordinal and has no mean.", "Name another one."))
    known = {"identity": np.asarray, "logit": expit, "probit": ndtr, "log": np.exp}
    return known[queries.link_of(fit.spec, outcome)]
