"""Parameters one by one: every entry of every parameter under its name in ``summary.csv``."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from coefficacy.dims import SAMPLE

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["PARAMETER", "effect_labels", "parameter_entries"]

PARAMETER = "parameter"


def parameter_entries(posterior: xr.Dataset, names: Iterable[str]) -> xr.DataArray:
    """Put the entries of the parameters side by side.

    Parameters
    ----------
    posterior : variables with dims chain, draw and any others
    names : of the variables that are parameters

    Returns
    -------
    xr.DataArray
        dims (chain, draw, parameter); the labels are ``name``, ``name[a]`` or ``name[a, b]``.
    """
    import xarray as xr

    labels: list[str] = []
    blocks: list[np.ndarray] = []
    for name in names:
        variable = posterior[name].transpose(*SAMPLE, ...)
        blocks.append(variable.values.reshape(*variable.shape[:2], -1))
        labels += _labels(variable)
    shape = tuple(posterior.sizes[dim] for dim in SAMPLE)
    values = np.concatenate(blocks, axis=-1) if blocks else np.empty((*shape, 0))
    return xr.DataArray(values, dims=(*SAMPLE, PARAMETER), coords={PARAMETER: np.array(labels, dtype=object)})


def _labels(variable: xr.DataArray) -> list[str]:
    axes = [[str(label) for label in variable[dim].values] for dim in variable.dims[2:]]
    if not axes:
        return [str(variable.name)]
    return [f"{variable.name}[{', '.join(place)}]" for place in product(*axes)]


def effect_labels(labels: Iterable[str], effect: str) -> tuple[str, ...]:
    """Return the entries of an effect such as ``"team.adaptation ~ prior"``.

    A categorical covariate has one entry for each category but the first.
    """
    name, _, term = effect.partition(" ~ ")
    if term == "1":
        return tuple(label for label in labels if label == f"{name}.intercept")
    exact, categories = f"{name}[{term}]", f"{name}[{term}["
    return tuple(label for label in labels if label == exact or label.startswith(categories))
