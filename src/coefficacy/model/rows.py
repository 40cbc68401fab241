"""What the density of teams is of: groups of items and single responses, each a linear form."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from coefficacy.model.equations import Equations

__all__ = ["Rows"]


@dataclass(slots=True)
class Rows:
    """Groups of items and single responses of a level, as rows of linear forms."""

    response: list[int] = field(default_factory=list)
    member: list[int] = field(default_factory=list)
    scale: list[Any] = field(default_factory=list)
    below: list[Any] = field(default_factory=list)
    constant: list[Any] = field(default_factory=list)

    def add(
        self,
        name: str,
        person: Equations,
        team: Equations,
        scale: Any = 1.0,
        below: Any = 1.0,
        constant: Any = 0.0,
    ) -> None:
        """Add the row of a response."""
        self.response.append(team.responses.index(name))
        known = name in person.responses
        self.member.append(person.responses.index(name) if known else len(person.responses))
        self.scale.append(scale)
        self.below.append(below)
        self.constant.append(constant)
