r"""Coefficients whose prior is on the standardised scale.

With predictors of SDs :math:`s_k` and correlation :math:`R`, and a residual SD :math:`\sigma`, let
:math:`g_k = b_k s_k`. The response has :math:`SD(y)^2 = g'Rg + \sigma^2`, the standardised coefficients are
:math:`\beta_k = g_k / SD(y)`. The prior is on :math:`\beta` (where :math:`R^2 < 1`). The sampler moves in
:math:`g`, which the data tell about even where a latent predictor hardly varies; the Jacobian of
:math:`g \mapsto \beta` is :math:`\sigma^2 / SD(y)^{K+2}`. A file's ``raw`` priors are on :math:`b`, with the
Jacobian :math:`1 / \prod s_k`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from coefficacy.errors import Problem, SpecError
from coefficacy.model.distributions import REAL_LINE, named_arguments, prior_of, random_effect
from coefficacy.spec.model import ModelSpec, PriorSpec

__all__ = ["DEFAULT_EFFECT", "coefficients", "effect_prior"]

DEFAULT_EFFECT = PriorSpec("Normal", (0.0, 0.5))


def _response_sd(g: Any, correlation: Any, sigma: Any) -> Any:
    return pt.sqrt(sigma**2 + pt.sum(g[:, None] * correlation * g[None, :]))


def coefficients(
    spec: ModelSpec,
    name: str,
    terms: Sequence[str],
    *,
    dim: str,
    spreads: Any,
    sigma: Any,
    bounded: bool = True,
) -> Any:
    """Add the coefficients of one regression and return them in raw units.

    Parameters
    ----------
    name : ``"team.adaptation"``: the raw coefficients get it, the standardised ones ``name + ".std"``
    terms : term labels, the coordinate of `dim`
    spreads : (K, source), model-implied, of the predictors within the units of the levels above: inner
        products of the rows are covariances
    sigma : residual SD of the response (of its latent response for bernoulli and ordinal outcomes)
    bounded : False for counts and proportions, where the standardised effect is per SD of the predictor on
        the link and SD(y) has no part in it
    """
    priors = [effect_prior(spec, name, term) for term in terms]
    raw = priors[0].raw
    normal = np.array([p.args for p in priors]).T if all(p.distribution == "Normal" for p in priors) else None
    sd = pt.sqrt(pt.sum(spreads**2, axis=1))
    unit = spreads / sd[:, None]
    correlation = pt.sum(unit[:, None, :] * unit[None, :, :], axis=-1)

    def logp(value: Any, correlation: Any, sigma: Any, sd: Any) -> Any:
        if raw:
            beta, jacobian = value / sd, -pt.sum(pt.log(sd))
        elif bounded:
            whole = _response_sd(value, correlation, sigma)
            beta, jacobian = value / whole, 2 * pt.log(sigma) - (len(terms) + 2) * pt.log(whole)
        else:
            beta, jacobian = value, 0.0
        if normal is not None:
            return jacobian - 0.5 * pt.sum(((beta - normal[0]) / normal[1]) ** 2)
        each = [
            pm.logp(getattr(pm, p.distribution).dist(**named_arguments(p)), beta[k])
            for k, p in enumerate(priors)
        ]
        return jacobian + sum(each)

    def random(
        correlation: np.ndarray, sigma: Any, sd: np.ndarray, rng: Any = None, size: Any = None
    ) -> np.ndarray:
        beta = np.array([random_effect(p, rng) for p in priors])
        if raw:
            return beta * sd
        return _scaled(beta, correlation, sigma) if bounded else beta

    scaled = pm.CustomDist(
        f"{name}.scaled", correlation, sigma, sd, logp=logp, random=random, dims=dim,
        signature="(k,k),(),(k)->(k)",
    )  # fmt: skip
    whole = _response_sd(scaled, correlation, sigma) if bounded else 1.0
    pm.Deterministic(f"{name}.std", scaled / whole, dims=dim)
    return pm.Deterministic(name, scaled / sd, dims=dim)


def _scaled(beta: np.ndarray, correlation: np.ndarray, sigma: Any) -> np.ndarray:
    """Coefficients per SD of the predictor; NaN where they would explain more than all the variance."""
    with np.errstate(invalid="ignore"):
        return beta * sigma / np.sqrt(1 - beta @ correlation @ beta)


def effect_prior(spec: ModelSpec, name: str, term: str) -> PriorSpec:
    key = f"{name} ~ {term}"
    prior = prior_of(spec, key) or DEFAULT_EFFECT
    if prior.distribution not in REAL_LINE:
        raise SpecError(
            Problem(
                f'priors: "{key}"',
                f"{prior} does not cover the whole line. Valid for an effect: {', '.join(REAL_LINE)}.",
                "Write e.g. Normal(0, 0.5); it is on the standardised scale.",
            )
        )
    return prior
