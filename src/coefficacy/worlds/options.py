"""Arguments of the flagship world, checked together."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from coefficacy.errors import CoefficacyError, Problem, did_you_mean
from coefficacy.worlds.design import FAMILIES, Design, Scale

__all__ = ["AdaptationOptions"]

_TESTS = 3
_EFFECTS = ("effect", "self_efficacy", "competence", "prior_performance", "driver")
_SHARES = ("item_reliability", "test_reliability")
_SDS = ("item_sd", "layer_sd_efficacy", "layer_sd_adaptation")


@dataclass(frozen=True, slots=True)
class AdaptationOptions:
    """What `simulate_adaptation` was asked for (see there); raises all problems together."""

    seed: int
    n_teams: int
    team_size: tuple[int, int]
    layers: int
    effect: float
    self_efficacy: float
    competence: float
    prior_performance: float
    driver: float
    layer_sd_efficacy: float
    layer_sd_adaptation: float
    n_items: int
    family: str
    item_reliability: float
    test_reliability: float
    item_sd: float
    missing: float
    null: bool
    design: Design | None = None

    def __post_init__(self) -> None:
        problems = [*self._counts(), *self._numbers()]
        if problems:
            raise CoefficacyError(problems)

    @property
    def planted(self) -> float:
        """The standardised effect of collective efficacy: zero in a null world."""
        return 0.0 if self.null else self.effect

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; `effect` is the planted one."""
        plain = {**asdict(self), "team_size": list(self.team_size), "effect": self.planted}
        return plain | {"design": self.design.as_dict()} if self.design else _without(plain, "design")

    def scale(self, measure: str) -> Scale:
        """Return how a measure is asked."""
        if self.design is not None:
            return getattr(self.design, measure)
        if measure == "competence":
            return Scale(_TESTS, self.test_reliability, "gaussian")
        return Scale(self.n_items, self.item_reliability, self.family)

    def _counts(self) -> Iterator[Problem]:
        low, high = self.team_size
        if self.layers < 2:
            yield _problem("layers", self.layers, "at least 2")
        if self.n_teams < max(2, self.layers):
            yield _problem("n_teams", self.n_teams, f"at least {max(2, self.layers)}, a team for each layer")
        if not 1 <= low <= high:
            yield _problem("team_size", self.team_size, "a size, or the smallest and the largest one")
        if self.n_items < 2:
            yield _problem("n_items", self.n_items, "at least 2")
        if self.seed < 0:
            yield _problem("seed", self.seed, "a whole number from 0 on")
        if self.family not in FAMILIES:
            known = did_you_mean(self.family, FAMILIES)
            yield Problem("simulate C4: family", f"unknown family '{self.family}'.", known)

    def _numbers(self) -> Iterator[Problem]:
        for name in _EFFECTS:
            if not -1 < getattr(self, name) < 1:
                yield _problem(name, getattr(self, name), "standardised, between -1 and 1")
        for name in _SHARES:
            if not 0 < getattr(self, name) < 1:
                yield _problem(name, getattr(self, name), "between 0 and 1")
        for name in _SDS:
            if not 0 <= getattr(self, name) < math.inf:
                yield _problem(name, getattr(self, name), "0 or more")
        if not 0 <= self.missing < 1:
            yield _problem("missing", self.missing, "a share of the answers, from 0 to below 1")


def _without(plain: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in plain.items() if key != name}


def _problem(name: str, value: object, wanted: str) -> Problem:
    return Problem(f"simulate C4: {name}", f"{value} is not possible.", f"Wanted: {wanted}.")
