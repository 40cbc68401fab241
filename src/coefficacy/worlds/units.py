"""Units of a simulated world: their ids, how many there have to be, true values as plain numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coefficacy.errors import Problem

__all__ = ["plain_values", "too_few", "unit_ids"]


def unit_ids(prefix: str, n: int) -> np.ndarray:
    """Return ``"t01"``, ``"t02"``, ...: as wide as the last, so that they sort as numbers do."""
    width = max(2, len(str(n)))
    return np.array([f"{prefix}{k:0{width}d}" for k in range(1, n + 1)])


def plain_values(values: NDArray[np.float64]) -> list[float]:
    """Return one number a unit, for ``truth.json``."""
    return [round(float(value), 4) for value in values]


def too_few(claim: str, **given: tuple[int, int]) -> list[Problem]:
    """Return a problem for each argument below its least value.

    Parameters
    ----------
    given : argument to (value, least)
    """
    return [
        Problem(f"simulate {claim}: {name}", f"{value} is below {least}.", f"Give {least} or more.")
        for name, (value, least) in given.items()
        if value < least
    ]
