"""Estimands by the names that model files use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from coefficacy.errors import FitError, Problem, did_you_mean
from coefficacy.estimands.accounts import account_weights
from coefficacy.estimands.ceilings import ceiling
from coefficacy.estimands.consensus import consensus_emergence
from coefficacy.estimands.contexts import contextual_effect
from coefficacy.estimands.corners import necessity
from coefficacy.estimands.discordance import discordant_teams
from coefficacy.estimands.distinct import latent_correlation
from coefficacy.estimands.emergence import emergent_share
from coefficacy.estimands.mediation import two_sources
from coefficacy.estimands.scatter import dispersion
from coefficacy.estimands.slopes import layer_paths
from coefficacy.estimands.weakest_link import elasticity
from coefficacy.spec.estimands import options_of

if TYPE_CHECKING:
    import xarray as xr

    from coefficacy.sampling import Fit

__all__ = ["ESTIMANDS", "estimate"]

ESTIMANDS: Mapping[str, Callable[..., xr.Dataset]] = MappingProxyType(
    {
        "account_weights": account_weights,
        "ceiling": ceiling,
        "consensus_emergence": consensus_emergence,
        "contextual_effect": contextual_effect,
        "discordant_teams": discordant_teams,
        "dispersion": dispersion,
        "elasticity": elasticity,
        "emergent_share": emergent_share,
        "latent_correlation": latent_correlation,
        "layer_paths": layer_paths,
        "necessity": necessity,
        "two_sources": two_sources,
    }
)
"""Name of a section ``[estimands.NAME]`` to the function that computes it from a fit."""


def estimate(fit: Fit, kind: str = "") -> xr.Dataset:
    """Compute an estimand that the fit's model file asks for.

    Parameters
    ----------
    kind : its name there; default: the first

    Returns
    -------
    xarray.Dataset
        Draws, dims (chain, draw, ...); its attribute ``headline`` names the variable an answer is about.

    Raises
    ------
    FitError
        The model asks for no such estimand, or it cannot be computed.

    Examples
    --------
    >>> estimate(fit, "emergent_share")["share"].mean()  # doctest: +SKIP
    """
    asked = {estimand.kind: estimand for estimand in fit.spec.estimands}
    if not asked:
        mend = "Add a section such as [estimands.emergent_share]."
        raise FitError(Problem("estimands", "the model asks for none.", mend))
    kind = kind or next(iter(asked))
    if kind not in asked:
        raise FitError(Problem("estimands", f"the model asks for no '{kind}'.", did_you_mean(kind, asked)))
    return ESTIMANDS[kind](fit, **options_of(asked[kind]))
