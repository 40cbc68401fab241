"""Stacking as a PyMC model of pointwise left-out scores, and the optimum of plain stacking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from coefficacy.dims import ACCOUNT, CONTRAST, COVARIATE
from coefficacy.model.built import Built

if TYPE_CHECKING:
    from coefficacy.scores.stacking_data import StackingData

__all__ = ["StackingPriors", "plain_weights", "stacking_model"]


@dataclass(frozen=True, slots=True)
class StackingPriors:
    """Scales of the priors of hierarchical stacking, on log odds against the last model.

    Attributes
    ----------
    mu : SD of the normal prior of a model's mean over groups
    sigma : of the half-normal prior of the SD between groups; small values pool the groups
    beta : SD of the normal prior of a slope, per SD of the covariate
    """

    mu: float = 1.0
    sigma: float = 1.0
    beta: float = 1.0


def stacking_model(data: StackingData, priors: StackingPriors) -> Built:
    """Build the model whose likelihood is the log score of the weighted mixture.

    Without covariates the weights have a flat prior on the simplex; else they are a softmax of ``mu``,
    ``mu + sigma z[group]``, each plus ``x beta``.
    """
    import pymc as pm

    coords = {data.unit: data.scores[data.unit].values, ACCOUNT: data.scores[ACCOUNT].values}
    if data.by:
        coords[data.by] = np.asarray(data.groups)
    with pm.Model(coords=coords) as model:
        # Relative to the best model of each team: the posterior is the same, and nothing underflows.
        relative = np.exp(data.scores.values - data.scores.values.max(axis=1, keepdims=True))
        density = pm.Data("density", relative, dims=(data.unit, ACCOUNT))
        names = _hierarchical(data, priors, density) if data.by or data.covariates else _constant(density)
    return Built(
        model=model,
        engine="explicit",
        reason="weights of several models",
        parameters=names,
        refit_data=("density",),
        hidden=("sigma.signed", "z"),
    )


def _constant(density: Any) -> tuple[str, ...]:
    import pymc as pm
    import pytensor.tensor as pt

    n_models = density.get_value().shape[1]
    weight = pm.Dirichlet("weight", np.ones(n_models), dims=ACCOUNT)
    pm.Potential("log_score", pt.log((density * weight).sum(axis=1)).sum())
    return ("weight",)


def _hierarchical(data: StackingData, priors: StackingPriors, density: Any) -> tuple[str, ...]:
    import pymc as pm
    import pytensor.tensor as pt

    model = pm.modelcontext(None)
    model.add_coords({CONTRAST: model.coords[ACCOUNT][:-1], COVARIATE: list(data.covariates)})
    names = ["mu"]
    logit = pm.Normal("mu", 0, priors.mu, dims=CONTRAST)[None, :]
    if data.by:
        # Both signs of sigma z are the same model; without its edge at 0 the SD mixes better.
        signed = pm.Normal("sigma.signed", 0, priors.sigma, dims=CONTRAST)
        sigma = pm.Deterministic("sigma", pt.abs(signed), dims=CONTRAST)
        z = pm.Normal("z", 0, 1, dims=(data.by, CONTRAST))
        logit = pm.Deterministic("logit", logit + sigma * z, dims=(data.by, CONTRAST))[data.group]
        names += ["sigma", "logit"]
    if data.covariates:
        beta = pm.Normal("beta", 0, priors.beta, dims=(COVARIATE, CONTRAST))
        logit = logit + (data.x[:, :, None] * beta[None, :, :]).sum(axis=1)
        names.append("beta")
    odds = pt.exp(logit)
    mixed = (density[:, :-1] * odds).sum(axis=1) + density[:, -1]
    pm.Potential("log_score", (pt.log(mixed) - pt.log1p(odds.sum(axis=1))).sum())
    return tuple(names)


def plain_weights(scores: np.ndarray, *, tolerance: float = 1e-9, steps: int = 100_000) -> np.ndarray:
    r"""Return the weights on the simplex that maximise the mean log score of the mixture.

    By expectation-maximisation, until the optimum is known to lie at most `tolerance` above: the objective is
    concave, and the largest of its partial derivatives bounds what is left to gain.

    Parameters
    ----------
    scores : (team, model) log predictive densities

    References
    ----------
    Yao, Vehtari, Simpson and Gelman (2018), https://doi.org/10.1214/17-BA1091
    """
    density = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights = np.full(density.shape[1], 1 / density.shape[1])
    for _ in range(steps):
        slope = np.mean(density / (density @ weights)[:, None], axis=0)
        if slope.max() - 1 <= tolerance:
            break
        weights = weights * slope
    return weights / weights.sum()
