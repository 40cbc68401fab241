"""How well can one condition stand in for another? Elasticity of substitution (claim C13)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from coefficacy.dims import SAMPLE
from coefficacy.errors import FitError, Problem
from coefficacy.estimands.additive import Drawn, drawn_rows
from coefficacy.estimands.equation import Equation
from coefficacy.estimands.labels import labelled

if TYPE_CHECKING:
    from coefficacy.sampling import Fit

__all__ = ["elasticity", "log_ces"]

ARROW = "Arrow, Chenery, Minhas & Solow (1961), https://doi.org/10.2307/1927286"
_LOG_ELASTICITY = np.linspace(-3.0, 3.0, 25)
_SHARES = np.linspace(0.1, 0.9, 5)
_PRIOR_SD = 1.0


def elasticity(fit: Fit, *, of: str, needs: Sequence[str], every: float = 4, seed: float = 1) -> xr.Dataset:
    r"""Return the elasticity of substitution between two conditions of an outcome.

    A second stage on draws of the teams' latents (plausible values), in which the equation's main effects
    and product give way to a CES aggregate of the two conditions, z in SDs over the teams:

    .. math:: y = b \, Q + \text{others} + e, \quad
        Q = \tfrac{1}{\rho} \log\bigl(s e^{\rho z_1} + (1 - s) e^{\rho z_2}\bigr), \quad
        \sigma = \frac{1}{1 - \rho}

    :math:`\sigma = 1` is additive (Cobb and Douglas on :math:`e^z`); towards 0 the weaker of the two decides,
    above 1 they replace each other. Priors: log sigma ~ N(0, 1) on (-3, 3), s uniform on .1 to .9, b > 0 as a
    half normal of one residual SD per SD of Q, everything else flat, units above fixed. Given the drawn
    latents the posterior is exact (a grid over sigma and s, the rest in closed form), and one value is drawn
    from it: errors of measurement are thus averaged over. The latents were drawn under the fitted model,
    whose product stands in for the curve: this is no joint fit of the CES model, and it leans towards the
    fitted model's shape where the items are few.

    Parameters
    ----------
    of : a gaussian outcome of teams
    needs : two predictors in its equation
    every : only every so-many-th draw is taken
    seed : of the draws

    Returns
    -------
    xarray.Dataset
        ``elasticity`` (headline), ``share`` (s, of the first condition); dims (chain, draw).

    Raises
    ------
    FitError
        Not two conditions, or too few teams.

    References
    ----------
    Arrow, Chenery, Minhas and Solow (1961), https://doi.org/10.2307/1927286

    Examples
    --------
    >>> found = elasticity(fit, of="adaptation", needs=["collective_efficacy", "power"])  # doctest: +SKIP
    >>> (found.elasticity < 1).mean()  # doctest: +SKIP
    """
    if len(needs) != 2:
        raise FitError(Problem("elasticity", f"{len(needs)} conditions; it is between two.", "Name two."))
    equation, rng, step = Equation.of(fit, of, needs), np.random.default_rng(int(seed)), int(every)
    kept = fit.posterior[list(SAMPLE)].isel(draw=slice(None, None, step))
    shape = tuple(kept.sizes[name] for name in SAMPLE)
    sigma, share = np.empty(shape), np.empty(shape)
    for row in drawn_rows(equation, tuple(needs), every=step):
        sigma[row.at], share[row.at] = _draw(row, rng)
    coords = {name: kept[name].values for name in SAMPLE}
    a, b = (name.replace("_", " ") for name in needs)
    return labelled(
        {
            "elasticity": (
                xr.DataArray(sigma, coords, SAMPLE),
                f"elasticity of substitution between {a} and {b}",
            ),
            "share": (xr.DataArray(share, coords, SAMPLE), f"share of {a}"),
        },
        headline="elasticity",
        source=ARROW,
    )


def log_ces(z: np.ndarray, sigma: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return the logarithm of the CES aggregate of exp(z).

    Parameters
    ----------
    z : (..., 2)
    sigma : elasticity, above 0; at 1 the weighted sum of z
    share : of the first, in (0, 1)
    """
    rho = 1 - 1 / np.asarray(sigma, float)
    near = np.abs(rho) < 1e-8
    safe = np.where(near, 1.0, rho)
    curved = np.logaddexp(np.log(share) + safe * z[..., 0], np.log1p(-share) + safe * z[..., 1]) / safe
    return np.where(near, share * z[..., 0] + (1 - share) * z[..., 1], curved)


def _draw(row: Drawn, rng: np.random.Generator) -> tuple[float, float]:
    """One draw of elasticity and share, given the drawn predictors."""
    from scipy.stats import t

    z = (row.conditions - row.conditions.mean(axis=0)) / row.conditions.std(axis=0)
    log_sigma, share = (grid.ravel() for grid in np.meshgrid(_LOG_ELASTICITY, _SHARES, indexing="ij"))
    q = log_ces(z[:, None, :], np.exp(log_sigma), share)
    q = q / q.std(axis=0)
    basis, _ = np.linalg.qr(row.others)
    q, y = q - basis @ (basis.T @ q), row.y - basis @ (basis.T @ row.y)
    freedom = len(y) - basis.shape[1]
    precision = np.sum(q**2, axis=0) + 1 / _PRIOR_SD**2
    mean = (q.T @ y) / precision
    left = y @ y - mean**2 * precision
    scale = np.sqrt(left / freedom / precision)
    log_density = -0.5 * np.log(precision) - 0.5 * freedom * np.log(left)
    log_density += t.logcdf(mean / scale, freedom) - 0.5 * log_sigma**2
    weights = np.exp(log_density - log_density.max())
    at = rng.choice(len(weights), p=weights / weights.sum())
    width = _LOG_ELASTICITY[1] - _LOG_ELASTICITY[0]
    return float(np.exp(log_sigma[at] + width * (rng.random() - 0.5))), float(share[at])
