"""A few draws of a posterior, evenly spaced, as plain arrays with draws first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from coefficacy.dims import CHAIN, DRAW, SAMPLE

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Draws", "Unavailable", "thinned"]


class Unavailable(Exception):
    """What a replication needs is not among the draws; the message says what."""


@dataclass(frozen=True, slots=True)
class Draws:
    """Draws of parameters and latents.

    Attributes
    ----------
    posterior : dims (chain: 1, draw, ...)
    """

    posterior: xr.Dataset

    @property
    def size(self) -> int:
        return int(self.posterior.sizes[DRAW])

    def has(self, name: str) -> bool:
        return name in self.posterior.data_vars

    def get(self, name: str) -> np.ndarray:
        """Return a variable, (draw, ...).

        Raises
        ------
        Unavailable : it is not there
        """
        if not self.has(name):
            raise Unavailable(f"the fit holds no draws of {name}")
        return self.posterior[name].values[0]

    def named(self, name: str, dim: str) -> dict[str, np.ndarray]:
        """Return the entries of a variable along its last dimension by label, each (draw, ...)."""
        values = self.get(name)
        return {str(label): values[..., k] for k, label in enumerate(self.posterior[dim].values)}

    def part(self, start: int, stop: int) -> Draws:
        return Draws(self.posterior.isel({DRAW: slice(start, stop)}))


def thinned(posterior: xr.Dataset, count: int) -> Draws:
    """Take about `count` draws, as many of each chain, evenly spaced and joined to one chain."""
    import xarray as xr

    n_chains, n_draws = (posterior.sizes[d] for d in SAMPLE)
    each = min(n_draws, max(1, -(-count // n_chains)))
    at = np.linspace(0, n_draws - 1, each).round().astype(int)
    few = posterior.isel({DRAW: at}).transpose(*SAMPLE, ...)
    joined = {
        name: ((*SAMPLE, *v.dims[2:]), v.values.reshape(1, n_chains * each, *v.shape[2:]))
        for name, v in few.data_vars.items()
        if v.dims[:2] == SAMPLE
    }
    coords = {name: c for name, c in few.coords.items() if not {CHAIN, DRAW} & set(c.dims)}
    return Draws(xr.Dataset(joined, coords=coords))
