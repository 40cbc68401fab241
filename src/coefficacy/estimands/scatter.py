"""What it does to a team how far its members are apart (claim C2, dispersion composition)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import xarray as xr

from coefficacy import dims
from coefficacy.errors import FitError, Problem
from coefficacy.estimands.labels import labelled
from coefficacy.model.variances import drawn
from coefficacy.spec import queries
from coefficacy.survey.nesting import plural

if TYPE_CHECKING:
    from coefficacy.sampling import Fit

__all__ = ["dispersion"]


def dispersion(fit: Fit, *, of: str, by: str) -> xr.Dataset:
    r"""Return what the SD of a latent among a team's members does to an outcome of the team.

    .. math:: w_{ij} \sim N(0, \sigma_j^2), \quad \log \sigma_j = \gamma' x_j + \omega\, \delta_j, \quad
        y_j = \ldots + b \log \sigma_j

    Parameters
    ----------
    of : an outcome of teams in whose equation ``sd(x)`` stands
    by : the measure x

    Returns
    -------
    xarray.Dataset
        Dims (chain, draw). ``effect`` (headline), in SDs of the outcome per SD of the log SD, below zero
        where teams of one mind have more; ``effect_of_doubling``, in units of the outcome, when the SD among
        members doubles; ``log_sd``, omega, how much teams differ in the log SD beyond what is known of them.

    Raises
    ------
    FitError
        The outcome's equation holds no such SD.

    References
    ----------
    Brunton-Smith, Sturgis and Leckie (2018), doi:10.1111/1745-9125.12180.

    Examples
    --------
    >>> dispersion(fit, of="performance", by="efficacy").effect  # doctest: +SKIP
    """
    import numpy as np

    level, term = queries.outcome_level(fit.spec, of), f"sd({by})"
    equation = queries.regression(fit.spec, level, of)
    if equation is None or term not in map(str, equation.formula.terms):
        mend = f'Write {of} = "{by} + {term}" beside "{term}" = "1".'
        raise FitError(Problem("dispersion", f"{term} is not in the equation of {of}.", mend))
    name = f"{level}.{of}"
    at = {f"{name}.term": term}
    raw = drawn(fit.posterior, name).sel(at, drop=True)
    y, x, many = of.replace("_", " "), by.replace("_", " "), plural(level)
    return labelled(
        {
            "effect": (
                drawn(fit.posterior, f"{name}.std").sel(at, drop=True),
                f"effect of the log SD of {x} among members on {y}, in SDs per SD",
            ),
            "effect_of_doubling": (raw * np.log(2.0), f"units of {y} when the SD of {x} doubles"),
            "log_sd": (
                drawn(fit.posterior, f"sd({dims.equation_name(level, term)})"),
                f"SD between {many} of the log SD of {x} among members",
            ),
        },
        headline="effect",
        source="doi:10.1111/1745-9125.12180",
    )
