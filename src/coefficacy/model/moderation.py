r"""Coefficients of latents that differ between teams: products with columns, and random slopes.

A latent of a team may be multiplied by an observed column, or have a coefficient of its own in every unit of
a level above. Given these the model is still linear in the team's sources, but each distinct row of
moderators has forms of its own (:mod:`coefficacy.gaussian.moderation`). Fixed coefficients of
products have their prior with the others of their equation, in :mod:`coefficacy.gaussian.paths`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytensor.tensor as pt

from coefficacy.model.structure import Structure
from coefficacy.spec.model import GroupTerm

__all__ = ["Moderation"]


@dataclass(frozen=True, slots=True)
class _Pair:
    """A response and a predictor whose coefficient differs between teams.

    Attributes
    ----------
    label : of the coefficient
    column : position of the observed part among the moderators; None where it is one
    group, unit : of a random slope, the group and the position of the unit among the moderators; else None
    """

    response: str
    predictor: str
    label: str
    column: int | None
    group: GroupTerm | None = None
    unit: int | None = None


class Moderation:
    """The team's coefficients that differ between teams.

    Attributes
    ----------
    pairs : those of the first predictors first
    moderators : (team, moderator), what tells teams with different coefficients apart
    responses : with such a coefficient
    """

    def __init__(self, structure: Structure, outcomes: list[str]) -> None:
        self.structure, self.team = structure, structure.levels[1]
        self.order = (*structure.layouts[self.team].latents, *outcomes)
        self._columns: list[np.ndarray] = []
        found = [pair for response in self.order for pair in self._pairs(response)]
        self.pairs = sorted(found, key=lambda pair: self.order.index(pair.predictor))
        self.responses = list(dict.fromkeys(pair.response for pair in self.pairs))
        n_teams = structure.survey.levels[self.team].sizes[self.team]
        self.moderators = np.column_stack(self._columns) if self._columns else np.zeros((n_teams, 0))

    def _pairs(self, response: str) -> list[_Pair]:
        layout, found = self.structure.layouts[self.team], []
        for c in layout.columns.get(response, []):
            if c.latents and c.values is not None:
                found.append(_Pair(response, c.latents[0], c.label, self._moderator(c.values)))
        for group in layout.formulas[response].groups if response in layout.formulas else ():
            for c in self.structure.slopes(self.team, response, group):
                if c.latents:
                    unit = self._moderator(np.asarray(self.structure.survey.index(self.team, group.level)))
                    column = None if c.values is None else self._moderator(c.values)
                    found.append(_Pair(response, c.latents[0], c.label, column, group, unit))
        return found

    def _moderator(self, values: np.ndarray) -> int:
        """Position of a column among the moderators."""
        same = [k for k, known in enumerate(self._columns) if np.array_equal(known, values)]
        if not same:
            self._columns.append(np.asarray(values, float))
        return same[0] if same else len(self._columns) - 1

    # On the way to the forms --------------------------------------------------------------------------------

    def shocks(self) -> Any:
        """A column for every response here: what reaches others from it are total effects, (response, .)."""
        return np.eye(len(self.order))[:, [self.order.index(y) for y in self.responses]]

    def reach(self, totals: Any) -> Any:
        """Total effects by pair (row, pair), from those by response."""
        return totals[:, np.array([self.responses.index(pair.response) for pair in self.pairs], int)]

    @property
    def predictors(self) -> list[int]:
        """Positions of the distinct predictors among the responses."""
        return list(dict.fromkeys(self.order.index(pair.predictor) for pair in self.pairs))

    def by(self, first: int) -> np.ndarray:
        """Rows of the predictors of the pairs, if their forms stand from row `first` on."""
        at = self.predictors
        return np.array([first + at.index(self.order.index(p.predictor)) for p in self.pairs], int)

    def change(self, moderators: Any, coefficient: dict[tuple[str, str], Any]) -> Any:
        """By how much coefficients differ from those of a team at the mean, (cell, pair).

        Parameters
        ----------
        moderators : (cell, moderator)
        coefficient : of products, by response and label, in raw units
        """
        changes = []
        for pair in self.pairs:
            if pair.group is None:
                found = coefficient[pair.response, pair.label]
            else:
                found = self._slope(pair)[pt.cast(moderators[:, pair.unit], "int32")]
            changes.append(found if pair.column is None else found * moderators[:, pair.column])
        return pt.stack(changes, axis=1) if changes else pt.zeros((moderators.shape[0], 0))

    def _slope(self, pair: _Pair) -> Any:
        """The random slopes of all units."""
        structure, group = self.structure, pair.group
        assert group is not None
        sigma = structure.sd(self.team, pair.response)
        effects, slopes = structure.group_effects(self.team, pair.response, group, sigma)
        return effects[:, int(group.intercept) + [c.label for c in slopes].index(pair.label)]
