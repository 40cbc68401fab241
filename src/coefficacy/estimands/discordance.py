"""Teams in which belief in the team and members' belief in themselves point in opposite directions (C1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from coefficacy.dims import SAMPLE
from coefficacy.errors import FitError, Problem
from coefficacy.estimands.labels import labelled
from coefficacy.spec import queries
from coefficacy.survey.nesting import plural

if TYPE_CHECKING:
    from coefficacy.sampling import Fit

__all__ = ["KINDS", "discordant_teams"]

KINDS = ("strong_members_weak_team", "weak_members_strong_team")
"""Coordinate ``kind``: above the average on `given` and below it on `of`, and the reverse."""


def discordant_teams(fit: Fit, *, of: str, given: str, margin: float = 0.0) -> xr.Dataset:
    r"""Return which teams are discordant: strong members and a weak team, or the reverse, draw by draw.

    With z a team's distance from the average team of its layer, in SDs of such distances over all teams, team
    j has strong members and is weak in draw s if

    .. math:: z^{given(s)}_j > m \quad\text{and}\quad z^{of(s)}_j < -m.

    Both latents are drawn together, so their errors of measurement are in the probability.

    Parameters
    ----------
    of : a latent of teams, e.g. ``"collective_efficacy"``
    given : the latent that says how strong members are, e.g. ``"self_efficacy"``
    margin : m, in SDs between teams of a layer, 0 or more

    Returns
    -------
    xarray.Dataset
        ``share`` (headline, in [0, 1]) of teams that are discordant, dims (chain, draw); ``share_by_kind``,
        dims (chain, draw, kind), see `KINDS`; ``discordant``, dims (chain, draw, kind, team), 1 or 0: its
        mean over draws is a team's probability; ``position``, dims (chain, draw, latent, team), z of `given`
        and `of`. The attributes ``of``, ``given`` and ``margin`` say what was asked, ``unit`` the level.

    Raises
    ------
    FitError
        The fit has no draws of the teams' latents, or the margin is negative.

    Notes
    -----
    The only team of its layer is its average, and never discordant.

    Examples
    --------
    >>> found = discordant_teams(fit, of="collective_efficacy", given="self_efficacy")  # doctest: +SKIP
    >>> found["discordant"].mean(("chain", "draw")).to_pandas()                     # doctest: +SKIP
    """
    if margin < 0:
        raise FitError(Problem("discordant_teams: margin", f"{margin:g} is negative.", "Write 0 or more."))
    team = queries.level_names(fit.spec)[1]
    position = _position(fit, team, [given, of])
    x, y = (position.sel(latent=name, drop=True) for name in (given, of))
    kinds = [(x > margin) & (y < -margin), (x < -margin) & (y > margin)]
    found = xr.concat(kinds, "kind").assign_coords(kind=list(KINDS))
    discordant = found.astype(float)
    by_kind = discordant.mean(team)
    words = f"{of.replace('_', ' ')} and {given.replace('_', ' ')}"
    result = labelled(
        {
            "share": (
                by_kind.sum("kind"),
                f"share of {plural(team)} with {words} on opposite sides of the average",
            ),
            "share_by_kind": (by_kind, f"the same by kind: strength of members, of the {team}"),
            "discordant": (discordant, "1 where it is so, else 0"),
            "position": (position, f"distance from the average {team} of the level above, in SDs"),
        },
        headline="share",
    )
    return result.assign_attrs(of=of, given=given, margin=margin, unit=team)


def _position(fit: Fit, team: str, names: list[str]) -> xr.DataArray:
    """Distances from the mean of the teams in the same unit above, in their SD over teams of the draw."""
    variable = f"{team}.latent"
    if variable not in fit.posterior:
        what = f"holds no '{variable}', the {plural(team)}' own values."
        raise FitError(Problem("posterior", what, "Fit a model with latents for its measures."))
    known = fit.posterior[variable].sel({f"{team}.name": names}).rename({f"{team}.name": "latent"})
    values = known.transpose(*SAMPLE, "latent", team)
    deviation = values - _means(values, _groups(fit, team), team)
    return deviation / deviation.std(team)


def _groups(fit: Fit, team: str) -> np.ndarray:
    above = queries.levels_above(fit.spec, team)
    return fit.survey.index(team, above[0]) if above else np.zeros(fit.survey.n[team], int)


def _means(values: xr.DataArray, group: np.ndarray, team: str) -> xr.DataArray:
    """Mean of each team's group, at every team of it."""
    _, at = np.unique(group, return_inverse=True)
    member = np.eye(at.max() + 1)[at]
    return values.copy(data=(values.values @ (member / member.sum(axis=0)))[..., at])
