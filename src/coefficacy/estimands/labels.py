"""How estimands are labelled: every variable says what it is, and the dataset which one is the headline."""

from __future__ import annotations

from collections.abc import Mapping

import xarray as xr

from coefficacy.dims import SAMPLE

__all__ = ["labelled"]


def labelled(
    variables: Mapping[str, tuple[xr.DataArray, str]], *, headline: str, source: str = ""
) -> xr.Dataset:
    """Return a dataset of draws.

    Parameters
    ----------
    variables : name to draws, (chain, draw, ...), and what they are, with their unit
    headline : the variable, (chain, draw), that an answer is about
    source : where the definition comes from
    """
    arrays = {
        name: draws.transpose(*SAMPLE, ...).drop_attrs().assign_attrs(long_name=what)
        for name, (draws, what) in variables.items()
    }
    return xr.Dataset(arrays, attrs={"headline": headline, **({"source": source} if source else {})})
