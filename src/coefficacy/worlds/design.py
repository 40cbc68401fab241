"""The design of a survey, as far as a simulated company can have it: teams, layers, items."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any

from coefficacy.errors import CoefficacyError, Problem, did_you_mean

__all__ = ["FAMILIES", "MEASURES", "Design", "Scale"]

FAMILIES = ("ordinal", "gaussian")
MEASURES = ("collective_efficacy", "self_efficacy", "competence")


@dataclass(frozen=True, slots=True)
class Scale:
    """How one measure is asked.

    Attributes
    ----------
    n_items : at least 2
    reliability : share of a single answer's variance that comes from a latent of unit variance, team-level
        item residuals apart
    family : ``"ordinal"`` (cumulative logit) or ``"gaussian"``
    categories : of ordinal items
    """

    n_items: int
    reliability: float
    family: str = "ordinal"
    categories: int = 5


@dataclass(frozen=True, slots=True)
class Design:
    """Who was asked, and how; raises all problems together.

    Attributes
    ----------
    sizes : members of each team
    layers : position of each team's layer, 0, 1, ...; at least two layers
    collective_efficacy, self_efficacy, competence : the items of each
    missing : share of single answers that are missing completely at random
    """

    sizes: tuple[int, ...]
    layers: tuple[int, ...]
    collective_efficacy: Scale
    self_efficacy: Scale
    competence: Scale
    missing: float = 0.0

    def __post_init__(self) -> None:
        problems = [*self._units(), *(p for name in MEASURES for p in _of_scale(name, getattr(self, name)))]
        if problems:
            raise CoefficacyError(problems)

    @classmethod
    def balanced(
        cls,
        n_teams: int,
        team_size: int,
        *,
        layers: int = 4,
        n_items: int = 5,
        n_tests: int = 3,
        reliability: float = 0.4,
        test_reliability: float = 0.6,
        family: str = "ordinal",
    ) -> Design:
        """Return a design of equal teams, dealt to the layers by turns; both efficacies are asked alike."""
        items, tests = Scale(n_items, reliability, family), Scale(n_tests, test_reliability, "gaussian")
        dealt = tuple(k % max(layers, 1) for k in range(n_teams))
        return cls((team_size,) * n_teams, dealt, items, items, tests)

    @property
    def n(self) -> dict[str, int]:
        """Number of units by level."""
        return {"person": sum(self.sizes), "team": len(self.sizes), "layer": max(self.layers) + 1}

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self) | {"sizes": list(self.sizes), "layers": list(self.layers)}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Design:
        """Return the design that :meth:`as_dict` wrote."""
        plain = {item.name: content[item.name] for item in fields(cls)}
        scales = {name: Scale(**content[name]) for name in MEASURES}
        return cls(**(plain | scales | {k: tuple(plain[k]) for k in ("sizes", "layers")}))

    def _units(self) -> Iterator[Problem]:
        if len(self.sizes) != len(self.layers) or min(self.sizes, default=0) < 1:
            yield _problem("sizes", self.sizes, "at least one member in every team, and one layer a team")
        if len(set(self.layers)) < 2 or set(self.layers) != set(range(max(self.layers, default=0) + 1)):
            yield _problem("layers", sorted(set(self.layers)), "at least two layers, each with a team")
        if not 0 <= self.missing < 1:
            yield _problem("missing", self.missing, "a share of the answers, from 0 to below 1")


def _of_scale(name: str, scale: Scale) -> Iterator[Problem]:
    families = ("gaussian",) if name == "competence" else FAMILIES
    if scale.family not in families:
        known = did_you_mean(scale.family, families)
        yield Problem(f"design: {name}: family", f"'{scale.family}' is not possible.", known)
    if scale.n_items < 2:
        yield _problem(f"{name}: n_items", scale.n_items, "at least 2")
    if not 0 < scale.reliability < 1 or math.isnan(scale.reliability):
        yield _problem(f"{name}: reliability", scale.reliability, "of a single item, between 0 and 1")
    if not 3 <= scale.categories <= 11:
        yield _problem(f"{name}: categories", scale.categories, "from 3 to 11")


def _problem(name: str, value: object, wanted: str) -> Problem:
    shown = str(value)
    shown = shown if len(shown) < 60 else f"{shown[:57]}..."
    return Problem(f"design: {name}", f"{shown} is not possible.", f"Wanted: {wanted}.")
