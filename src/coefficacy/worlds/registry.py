"""Worlds by the claim they stand for."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from coefficacy.errors import CoefficacyError, Problem, did_you_mean
from coefficacy.worlds.composition import simulate_composition
from coefficacy.worlds.emergence import simulate_emergence
from coefficacy.worlds.flagship import simulate_adaptation
from coefficacy.worlds.necessity import simulate_necessity
from coefficacy.worlds.settings import simulate_settings
from coefficacy.worlds.sources import simulate_two_sources
from coefficacy.worlds.world import World

__all__ = ["CLAIMS", "simulate"]

CLAIMS: Mapping[str, Callable[..., World]] = MappingProxyType(
    {
        "C1": simulate_emergence,
        "C2": simulate_composition,
        "C4": simulate_adaptation,
        "C5": simulate_two_sources,
        "C13": simulate_necessity,
        "C15": simulate_settings,
    }
)
"""Claim code to the function that simulates a world in which its truth is known."""


def simulate(claim: str, **options: Any) -> World:
    """Simulate the world of a claim.

    Parameters
    ----------
    claim : a key of `CLAIMS`
    options : keyword arguments of that world's function; `seed` always

    Raises
    ------
    CoefficacyError
        if there is no world for the claim, or it has no such option

    Examples
    --------
    >>> simulate("C4", n_teams=8, seed=1).truth["n"]["team"]
    8
    """
    if claim not in CLAIMS:
        raise CoefficacyError(
            Problem("simulate", f"there is no world for claim '{claim}'.", did_you_mean(claim, CLAIMS))
        )
    world = CLAIMS[claim]
    known = inspect.signature(world).parameters
    problems = [
        Problem(f"simulate {claim}", f"unknown option '{name}'.", did_you_mean(name, known))
        for name in options
        if name not in known
    ]
    if "seed" not in options:
        mend = "Give one, so that the world can be made again."
        problems.append(Problem(f"simulate {claim}", "no seed is given.", mend))
    if problems:
        raise CoefficacyError(problems)
    return world(**options)
