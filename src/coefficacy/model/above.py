"""What the units above teams give to teams: random intercepts that are integrated out, or parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from coefficacy.model.structure import Structure
from coefficacy.spec.model import GroupTerm

__all__ = ["UnitsAbove"]


class UnitsAbove:
    """The levels above teams, as columns of the exact engine.

    Attributes
    ----------
    integrated : all that comes from above are independent random intercepts of the next level, and these are
        integrated out given their mean over units
    varying : responses with such an intercept; each has a source of its own
    n_units : units of the next level if they are integrated out, else 0
    common : (varying,), the mean of the sources over units
    first : where the indicators of the units stand among the columns
    """

    def __init__(self, structure: Structure, outcomes: list[str], *, given: bool = False) -> None:
        """Find out what comes from above.

        Parameters
        ----------
        given : sample the effects of all units in any case
        """
        self.structure, self.spec, self.survey = structure, structure.spec, structure.survey
        self.team, self.outcomes = structure.levels[1], outcomes
        formulas = structure.layouts[self.team].formulas
        self.integrated = not given and self._is_integrated()
        self.varying = [y for y in formulas if self.integrated and formulas[y].groups]
        self.n_units = self.survey.n[structure.levels[2]] if self.integrated else 0
        self.first = len(structure.layouts[self.team].observed)
        self.common: Any = pt.zeros(0)

    def coefficients(self, responses: tuple[str, ...]) -> Any:
        """What stands behind the observed columns, (response, column): coefficients on sources or columns."""
        return pt.stack([self._own_source(y) if self.integrated else self._direct(y) for y in responses])

    def _slopes(self) -> dict[str, np.ndarray]:
        """Observed columns with random slopes."""
        found = {}
        for response, formula in self.structure.layouts[self.team].formulas.items():
            for group in formula.groups:
                for c in self.structure.slopes(self.team, response, group):
                    if not c.latents:
                        found[c.label] = np.asarray(c.values)
        return found

    def _waits(self, response: str, group: GroupTerm) -> bool:
        """Whether SDs of random effects depend on those of latents, which follow from the equations."""
        return any(c.latents for c in self.structure.slopes(self.team, response, group))

    def columns(self) -> list[np.ndarray]:
        """Indicators of the units above, and these times the columns with random slopes."""
        if len(self.structure.levels) < 3:
            return []
        upper = self.structure.levels[2]
        index, n = np.asarray(self.survey.index(self.team, upper)), self.survey.levels[upper].sizes[upper]
        ones = np.eye(n)[index]
        return [ones, *(ones * x[:, None] for x in self._slopes().values())]

    def _is_integrated(self) -> bool:
        """Whether all that comes from above teams are independent random intercepts of the next level."""
        structure = self.structure
        if len(structure.levels) < 3:
            return False
        formulas = structure.layouts[self.team].formulas.values()
        groups = [group for formula in formulas for group in formula.groups]
        responses = (*structure.layouts[self.team].latents, *self.outcomes)
        if any(structure.has_component(upper, y) for upper in structure.levels[2:] for y in responses):
            return False
        plain = [g.intercept and not g.terms and g.level == structure.levels[2] for g in groups]
        return bool(groups) and all(plain)

    def _own_source(self, response: str) -> Any:
        """SD of a response's random intercept, as the coefficient on a source of its own."""
        structure, row = self.structure, pt.zeros(len(self.varying))
        if response not in self.varying:
            return row
        (group,) = structure.layouts[self.team].formulas[response].groups
        sigma = structure.sd(self.team, response)
        sd, _ = structure.group_sd(self.team, response, group, sigma, integrated=True)
        return pt.set_subtensor(row[self.varying.index(response)], sd[0])

    def add_common(self, x: Any, responses: tuple[str, ...]) -> dict[str, Any]:
        """Make the mean over units a parameter; returns by how much it moves each response.

        Parameters
        ----------
        x : (response, column), coefficients of the teams' equations
        """
        if not self.varying:
            return {}
        self.common = pm.Flat("standard.common", shape=len(self.varying)) / np.sqrt(self.n_units)
        shift = pt.dot(x[:, self.first :], self.common)
        return {y: shift[i] for i, y in enumerate(responses)}

    def _direct(self, response: str) -> Any:
        """Coefficients of a response on :meth:`columns`, but for effects that wait."""
        structure = self.structure
        if len(structure.levels) < 3:
            return pt.zeros(0)
        upper = structure.levels[2]
        parts = self._of_groups(response, [g for g in self._groups(response) if not self._waits(response, g)])
        higher = next((u for u in structure.levels[2:] if structure.has_component(u, response)), None)
        if higher is not None:
            value = structure.component(higher, response)
            parts[0] = parts[0] + (value if higher == upper else value[structure.index(upper, higher)])
        return pt.concatenate(parts)

    def waiting(self, response: str) -> Any:
        """What :meth:`coefficients` leave out, (column,), made when SDs of latents are known; or None."""
        waiting = [g for g in self._groups(response) if self._waits(response, g)]
        return pt.concatenate(self._of_groups(response, waiting)) if waiting else None

    def _groups(self, response: str) -> tuple[GroupTerm, ...]:
        formula = self.structure.layouts[self.team].formulas.get(response)
        return formula.groups if formula else ()

    def _of_groups(self, response: str, groups: list[GroupTerm]) -> list[Any]:
        """Random intercepts, and slopes of observed columns, of the units of the next level."""
        structure, upper = self.structure, self.structure.levels[2]
        n, labels = self.survey.levels[upper].sizes[upper], list(self._slopes())
        parts: list[Any] = [pt.zeros(n) for _ in range(1 + len(labels))]
        sigma = structure.sd(self.team, response)
        for group in groups:
            effects, slopes = structure.group_effects(self.team, response, group, sigma)
            effects = effects if group.level == upper else effects[structure.index(upper, group.level)]
            if group.intercept:
                parts[0] = parts[0] + effects[:, 0]
            for k, slope in enumerate(slopes):
                if not slope.latents:
                    at = 1 + labels.index(slope.label)
                    parts[at] = parts[at] + effects[:, int(group.intercept) + k]
        return parts

    def columns_and_spread(self, x: Any, constant: Any) -> tuple[Any, Any]:
        """Coefficients on all columns, those of integrated units zero, and on the sources of these."""
        if not self.integrated:
            return pt.concatenate([x, constant[:, None]], axis=1), pt.zeros((constant.shape[0], 0))
        observed, units = self.first, pt.zeros((constant.shape[0], self.n_units))
        return pt.concatenate([x[:, :observed], units, constant[:, None]], axis=1), x[:, observed:]
