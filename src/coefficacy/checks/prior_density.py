"""Log densities of the distributions that a prior may name, up to a constant."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from coefficacy.dims import SAMPLE
from coefficacy.spec.model import PriorSpec

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["log_density"]


def log_density(prior: PriorSpec, values: xr.DataArray) -> xr.DataArray:
    """Return the log density of a prior in every draw, (chain, draw), summed over the parameter's entries.

    Parameters
    ----------
    prior : any distribution but LKJ; that of a LogNormal is on the logarithm
    values : (chain, draw, ...)

    Notes
    -----
    Constants are left out: they do not change how draws weigh against each other.
    """
    density = values.copy(data=_KERNELS[prior.distribution](np.asarray(values.values, float), *prior.args))
    return density.sum([dim for dim in values.dims if dim not in SAMPLE])


def _normal(x: Any, mu: float, sigma: float) -> Any:
    return -0.5 * ((x - mu) / sigma) ** 2


def _student(x: Any, nu: float, mu: float, sigma: float) -> Any:
    return -0.5 * (nu + 1) * np.log1p(((x - mu) / sigma) ** 2 / nu)


_KERNELS: dict[str, Callable[..., Any]] = {
    "Normal": _normal,
    "HalfNormal": lambda x, sigma: _normal(x, 0.0, sigma),
    "StudentT": _student,
    "HalfStudentT": lambda x, nu, sigma: _student(x, nu, 0.0, sigma),
    "Cauchy": lambda x, alpha, beta: _student(x, 1.0, alpha, beta),
    "HalfCauchy": lambda x, beta: _student(x, 1.0, 0.0, beta),
    "LogNormal": lambda x, mu, sigma: _normal(np.log(x), mu, sigma),
    "Gamma": lambda x, alpha, beta: (alpha - 1) * np.log(x) - beta * x,
    "InverseGamma": lambda x, alpha, beta: -(alpha + 1) * np.log(x) - beta / x,
    "Exponential": lambda x, lam: -lam * x,
    "Beta": lambda x, alpha, beta: (alpha - 1) * np.log(x) + (beta - 1) * np.log1p(-x),
    "Uniform": lambda x, lower, upper: np.zeros_like(x),
}
