"""Which of two accounts do teams follow, and does that differ between layers? (claim C12)"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from coefficacy.errors import FitError, Problem, did_you_mean
from coefficacy.estimands.labels import labelled
from coefficacy.spec import queries

if TYPE_CHECKING:
    import xarray as xr

    from coefficacy.sampling import Fit

__all__ = ["account_weights"]


def account_weights(
    fit: Fit,
    *,
    of: str,
    rival: str,
    where: Sequence[str],
    prior: tuple[float, float] | None = None,
    seed: float = 1,
) -> xr.Dataset:
    r"""Return the share of teams of each layer that follow the model's equation of an outcome, not a rival's.

    By the mixture likelihood: each team follows one of the two, which one is summed out
    (:func:`coefficacy.scores.mix`). Weights of stacking are another thing; see :func:`coefficacy.stack`.

    Parameters
    ----------
    of : gaussian outcome of teams
    rival : with another equation of it
    where : layers in which the model's own account is expected to hold for more teams
    prior : medians of the weight in these layers and in the others, for a second run beside the first; the
        headline is of the run without it
    seed : of the sampler

    Returns
    -------
    xarray.Dataset
        Dims (chain, draw, ...): ``contrast`` (headline), the mean weight of the layers in `where` less
        that of the others; ``weight`` (layer) of the model's account; with `prior` also
        ``weight_with_prior`` (layer). Draws are the mixture's own; its attribute ``converged`` is
        1 where these passed the gate.

    Raises
    ------
    FitError
        There are no such layers, or `where` names all of them.

    Examples
    --------
    >>> found = co.estimate(fit, "account_weights")  # doctest: +SKIP
    >>> found.weight.mean(("chain", "draw"))  # doctest: +SKIP
    """
    from coefficacy.scores import mix

    layer = queries.level_names(fit.spec)[-1]
    units = [str(name) for name in fit.survey.levels[layer][layer].values] if len(fit.spec.levels) > 2 else []
    place = "estimands.account_weights: where"
    for name in where:
        if name not in units:
            raise FitError(Problem(place, f"there is no {layer} '{name}'.", did_you_mean(name, units)))
    if not set(units) - set(where) or not where:
        raise FitError(Problem(place, f"names all {layer}s or none.", "Name some of them."))
    first = np.isin(units, list(where))
    found = mix(fit, rival, of=of, seed=int(seed))
    weight = (
        found.posterior["weight"].rename({"layer": layer}) if layer != "layer" else found.posterior["weight"]
    )
    contrast = weight.isel({layer: first}).mean(layer) - weight.isel({layer: ~first}).mean(layer)
    title = "share of teams that follow the model's account"
    variables = {
        "contrast": (contrast, f"{title}: {layer}s named less the others"),
        "weight": (weight, f"{title}, by {layer}"),
    }
    if prior is not None:
        stated = {name: prior[0] if own else prior[1] for name, own in zip(units, first, strict=True)}
        other = mix(fit, rival, of=of, stated=stated, seed=int(seed)).posterior["weight"]
        variables["weight_with_prior"] = (
            other.rename({"layer": layer}) if layer != "layer" else other,
            f"{title}, by {layer}, under the stated prior ({prior[0]:g} and {prior[1]:g})",
        )
    return labelled(variables, headline="contrast").assign_attrs(converged=int(found.convergence.ok))
