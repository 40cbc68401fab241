"""What the sampler returns, made into the tree that a fit stores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from coefficacy.dims import CHAIN, DRAW

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["complete_chains", "data_groups", "tidy"]

_STATS = {
    "diverging": "diverging",
    "energy": "energy",
    "logp": "lp",
    "n_steps": "n_steps",
    "depth": "tree_depth",
    "maxdepth_reached": "reached_max_treedepth",
    "step_size": "step_size",
    "mean_tree_accept": "acceptance_rate",
}
"""Sampler statistics that are kept, under ArviZ's names."""


def tidy(posterior: xr.Dataset, stats: xr.Dataset, data: Mapping[str, xr.Dataset]) -> xr.DataTree:
    """Keep the posterior, the statistics worth keeping, and the data."""
    import xarray as xr

    stats = stats[[name for name in _STATS if name in stats]].rename(
        {old: new for old, new in _STATS.items() if old in stats and old != new}
    )
    groups = {
        name: dataset.drop_attrs(deep=False).assign_attrs(_plain(dataset.attrs))
        for name, dataset in (("posterior", posterior), ("sample_stats", stats))
    }
    return xr.DataTree.from_dict({**groups, **data})


def _plain(attrs: Mapping[Any, Any]) -> dict[Any, Any]:
    """Attributes that say how the draws were made; not when, so that the same seed gives the same tree."""
    return {key: value for key, value in attrs.items() if str(key).startswith("inference_library")}


def complete_chains(raw: xr.DataTree) -> xr.DataTree | None:
    """Cut an interrupted run to the chains and the length that keep the most draws; None if there is none.

    Chains that had not started are dropped, and the longer ones may be cut, so that no entry is missing.
    """
    stats = raw["sample_stats"].to_dataset()
    lengths = np.isfinite(stats["step_size"].values).sum(axis=1) if stats.sizes[DRAW] else np.zeros(1, int)
    ranked = np.argsort(-lengths, kind="stable")
    kept_draws = lengths[ranked] * np.arange(1, lengths.size + 1)
    best = int(np.argmax(kept_draws))
    if not kept_draws[best]:
        return None
    pick = {CHAIN: np.sort(ranked[: best + 1]), DRAW: slice(0, int(lengths[ranked[best]]))}
    cut = {
        name: raw[name].to_dataset().isel(pick).assign_coords({CHAIN: np.arange(best + 1)})
        for name in ("posterior", "sample_stats")
    }
    import xarray as xr

    return xr.DataTree.from_dict(cut)


def data_groups(model: Any, swapped: Mapping[str, np.ndarray]) -> dict[str, xr.Dataset]:
    """Return the data a model was sampled with as ``constant_data`` and ``observed_data``."""
    from pymc.backends.arviz import find_constants, find_observations

    constants = {**find_constants(model), **{k: v for k, v in swapped.items() if k in model.named_vars}}
    values = {rv.name: model.rvs_to_values[rv].name for rv in model.observed_RVs}
    observed = {
        name: np.asarray(swapped[values[name]]).astype(np.asarray(value).dtype)
        if values.get(name) in swapped
        else np.asarray(value)
        for name, value in find_observations(model).items()
    }
    return {"constant_data": _labelled(model, constants), "observed_data": _labelled(model, observed)}


def _labelled(model: Any, arrays: Mapping[str, Any]) -> xr.Dataset:
    """Label arrays with the model's dims; an axis whose length was swapped gets a dim of its own."""
    import xarray as xr

    variables: dict[str, xr.DataArray] = {}
    sizes = {dim: len(labels) for dim, labels in model.coords.items() if labels is not None}
    for name, value in arrays.items():
        array = np.asarray(value)
        named = model.named_vars_to_dims.get(name) or (None,) * array.ndim
        dims = [
            dim if dim is not None and sizes.setdefault(dim, size) == size else f"{name}_dim_{axis}"
            for axis, (dim, size) in enumerate(zip(named, array.shape, strict=True))
        ]
        coords = {dim: np.asarray(model.coords[dim]) for dim in dims if model.coords.get(dim) is not None}
        variables[name] = xr.DataArray(array, dims=dims, coords=coords)
    return xr.Dataset(variables)
