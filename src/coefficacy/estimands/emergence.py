"""What a team has that its members do not bring with them (claim C1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from coefficacy.estimands.labels import labelled
from coefficacy.model.variances import Implied
from coefficacy.spec import queries
from coefficacy.survey.nesting import plural

if TYPE_CHECKING:
    from coefficacy.sampling import Fit

__all__ = ["emergent_share"]


def emergent_share(fit: Fit, *, of: str, given: Sequence[str]) -> xr.Dataset:
    r"""Return the emergent share of a latent of teams: what their members' own latents do not account for.

    .. math:: s = 1 - c' V^{-1} c / \sigma^2

    with :math:`\sigma^2` the variance of the latent between teams of a layer, V the covariance of the
    latents in `given`, and c that of the one with the others, all implied by the draw's parameters.
    Team-level residuals of single items and errors of measurement are no part of it.

    Parameters
    ----------
    of : a latent of teams, e.g. ``"collective_efficacy"``
    given : latents of teams that sum up what members bring, e.g. ``["self_efficacy"]``

    Returns
    -------
    xarray.Dataset
        ``share`` (headline, in [0, 1]) and ``sd``, the SD between teams of a layer of what emerges, in the
        latent's unit; dims (chain, draw).

    Raises
    ------
    FitError
        The variances have no closed form (a product of latents, random slopes).

    Examples
    --------
    >>> emergent_share(fit, of="collective_efficacy", given=["self_efficacy"]).share  # doctest: +SKIP
    """
    team, words = queries.level_names(fit.spec)[1], of.replace("_", " ")
    names = [of, *given]
    covariance = Implied(fit.posterior, fit.spec, fit.survey).covariance(team, names, within=True)
    matrix = covariance.values
    c, v = matrix[..., 0, 1:], matrix[..., 1:, 1:]
    explained = np.einsum("...i,...i->...", c, np.linalg.solve(v, c[..., None])[..., 0])
    total = covariance.isel({"name": 0, "name'": 0}, drop=True)
    left = (total - explained).clip(min=0.0)
    return labelled(
        {
            "share": (
                left / total,
                f"share of the variance of {words} between {plural(team)} that emerges in them",
            ),
            "sd": (np.sqrt(left), f"SD of what emerges, in units of {words}"),
        },
        headline="share",
    )
