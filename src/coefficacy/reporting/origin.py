"""Whether the data of a fit are simulated: kept with its draws, so that no page forgets to say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coefficacy.sampling import Fit

__all__ = ["mark_simulated", "simulated_note"]

_GROUP, _KEY = "origin", "simulated"


def mark_simulated(fit: Fit, note: str | None) -> None:
    """Write `note` into the tree of `fit`, to be saved with the draws; None changes nothing."""
    import xarray as xr

    if note:
        fit.tree[_GROUP] = xr.DataTree(xr.Dataset(attrs={_KEY: note}))


def simulated_note(fit: Fit) -> str:
    """Return what `mark_simulated` wrote; empty for real data."""
    return str(fit.tree[_GROUP].attrs.get(_KEY, "")) if _GROUP in fit.tree.children else ""
