"""Teams that follow one of two accounts of an outcome each, as a PyMC model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from coefficacy.model.built import Built

if TYPE_CHECKING:
    import pymc as pm

__all__ = ["AccountData", "MixtureData", "mixture_model"]

_LOG_2PI = float(np.log(2 * np.pi))
_PRIOR_SD = 0.5
"""Of log odds around the weights that a prior states."""


@dataclass(frozen=True, slots=True)
class AccountData:
    """Predictors of one account, each in SDs.

    Attributes
    ----------
    names : of the predictors
    x : (team, predictor), values, of latents what is expected given the answers
    uncertainty : (team, predictor, predictor), covariance of what answers leave open; zero for columns
    """

    names: tuple[str, ...]
    x: np.ndarray
    uncertainty: np.ndarray


@dataclass(frozen=True, slots=True)
class MixtureData:
    """Outcomes and predictors of the teams whose outcome is known.

    Attributes
    ----------
    y : (team,), in its family's unit
    accounts : the two
    layers : their ids; `layer`: (team,) position of each team's
    """

    y: np.ndarray
    accounts: tuple[AccountData, AccountData]
    layers: tuple[str, ...]
    layer: np.ndarray


def mixture_model(data: MixtureData, *, stated: np.ndarray | None = None) -> Built:
    r"""Build the mixture, its indicator summed out.

    .. math::
        y_j \sim \sum_k w_{k\,l(j)}\, N\bigl(a_{l(j)} + x_{jk}' b_k,\; \sigma^2 + b_k' V_{jk} b_k\bigr), \quad
        \mathrm{logit}\, w_{1l} \sim N(\mu, \tau^2)

    with :math:`a \sim N(0, 1)`, :math:`b \sim N(0, 1)` per SD, :math:`\mu \sim N(0, 1.5^2)`,
    :math:`\tau \sim N^+(0, 1.5^2)` and :math:`\sigma \sim N^+(0, 1)`.
    Layers' intercepts and the residual SD are common to both accounts: a team's account is told by what its
    outcome goes with, not by how high it is.

    Parameters
    ----------
    stated : (layer,) weights that a prior states; default: none are
    """
    import pymc as pm
    import pytensor.tensor as pt

    with pm.Model(coords={"layer": list(data.layers)}) as model:
        level = pm.Normal("intercept", 0, 1, dims="layer")[data.layer]
        sigma = pm.HalfNormal("sigma", 1)
        logit = _log_odds(model, stated)[data.layer]
        first, second = (
            _log_density(k, account, data.y - level, sigma) for k, account in enumerate(data.accounts)
        )
        # log(w e^a + (1 - w) e^b) around the mean of both terms
        a, b = first - pt.log1p(pt.exp(-logit)), second - pt.log1p(pt.exp(logit))
        middle = (a + b) / 2
        pm.Potential("mixture", (middle + pt.log(pt.exp(a - middle) + pt.exp(b - middle))).sum())
    names = ("intercept", "sigma", "logit", "b.0", "b.1")
    more = () if stated is not None else ("mu", "tau")
    return Built(
        model,
        "explicit",
        "two accounts, each team following one",
        (*names, *more),
        hidden=("tau.signed", "z"),
    )


def _log_odds(model: pm.Model, stated: np.ndarray | None) -> Any:
    import pymc as pm
    import pytensor.tensor as pt

    z = pm.Normal("z", 0, 1, dims="layer")
    if stated is not None:
        return pm.Deterministic("logit", np.log(stated / (1 - stated)) + _PRIOR_SD * z, dims="layer")
    mu, tau = pm.Normal("mu", 0, 1.5), pm.Normal("tau.signed", 0, 1.5)
    size = pm.Deterministic("tau", pt.abs(tau))
    return pm.Deterministic("logit", mu + size * z, dims="layer")


def _log_density(k: int, account: AccountData, rest: Any, sigma: Any) -> Any:
    import pymc as pm
    import pytensor.tensor as pt

    pm.modelcontext(None).add_coords({f"predictor.{k}": list(account.names)})
    b = pm.Normal(f"b.{k}", 0, 1, dims=f"predictor.{k}")
    mean = (account.x * b[None, :]).sum(axis=1)
    pairs = b[:, None] * b[None, :]
    open_variance = (account.uncertainty * pairs[None, :, :]).sum(axis=(1, 2))
    variance = sigma**2 + open_variance
    return -0.5 * (_LOG_2PI + pt.log(variance) + (rest - mean) ** 2 / variance)
