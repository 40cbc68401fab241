"""Are two latents of teams two things, or one? (claim C11)"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from coefficacy.errors import FitError, Problem
from coefficacy.estimands.labels import labelled
from coefficacy.model.variances import Implied
from coefficacy.spec import queries
from coefficacy.survey.nesting import plural

if TYPE_CHECKING:
    import xarray as xr

    from coefficacy.sampling import Fit

__all__ = ["latent_correlation"]


def latent_correlation(fit: Fit, *, between: Sequence[str]) -> xr.Dataset:
    r"""Return the correlation of two latents between teams and among people.

    .. math:: \rho = \frac{Cov(u_1, u_2)}{SD(u_1)\, SD(u_2)}

    between the teams of a layer, as the draw's parameters imply it: free of errors of measurement, of what
    single items have in teams, and of who is on the team. Where it is 1 the two order teams alike, and no
    data on teams can tell them apart. A cut of .9 for "two things" is a convention (Rönkkö and Cho 2022
    weigh it).

    Parameters
    ----------
    between : two latents of teams

    Returns
    -------
    xarray.Dataset
        ``correlation`` (headline) between teams of a layer, and ``person_correlation`` among people of one
        team where both vary there; dims (chain, draw).

    Raises
    ------
    FitError
        Not two latents are named, or the variances have no closed form (a product of latents, random slopes).

    References
    ----------
    Rönkkö and Cho (2022), https://doi.org/10.1177/1094428120968614

    Examples
    --------
    >>> found = latent_correlation(fit, between=["adopt", "resist"])  # doctest: +SKIP
    >>> float((found.correlation < 0.9).mean())  # doctest: +SKIP
    """
    if len(between) != 2 or between[0] == between[1]:
        what = f"{len(set(between))} named."
        raise FitError(Problem("estimands.latent_correlation: between", what, "Name two latents."))
    lowest, team = queries.level_names(fit.spec)[:2]
    implied = Implied(fit.posterior, fit.spec, fit.survey)
    words = " and ".join(name.replace("_", " ") for name in between)
    of_one = f" of one {fit.spec.levels[2].name}" if len(fit.spec.levels) > 2 else ""
    found = {
        "correlation": (
            _correlation(implied.covariance(team, between, within=True)),
            f"correlation of {words} between {plural(team)}{of_one}",
        )
    }
    if all(name in queries.latents(fit.spec, lowest) for name in between):
        found["person_correlation"] = (
            _correlation(implied.covariance(lowest, between, within=True)),
            f"correlation of {words} among people of one {team}",
        )
    return labelled(found, headline="correlation", source="https://doi.org/10.1177/1094428120968614")


def _correlation(covariance: xr.DataArray) -> xr.DataArray:
    def at(i: int, k: int) -> xr.DataArray:
        return covariance.isel({"name": i, "name'": k}, drop=True)

    return (at(0, 1) / np.sqrt(at(0, 0) * at(1, 1))).clip(-1.0, 1.0)
