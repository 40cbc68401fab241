"""Replicated outcomes of models without latents, which Bambi builds.

*Same teams*: what a team has of its own stays as drawn, the outcome is drawn anew. *New teams*, for an
outcome of persons: what a team has of its own is drawn anew around what its covariates and the units above
say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from coefficacy.checks.predictive.copies import Copies
from coefficacy.checks.predictive.draws import Draws
from coefficacy.checks.predictive.upper import Block, block_of, draw_upper

if TYPE_CHECKING:
    from coefficacy.model.observed_plan import Equation, Plan
    from coefficacy.spec.model import ModelSpec
    from coefficacy.survey import Survey

__all__ = ["ObservedModel"]


@dataclass(frozen=True, slots=True)
class ObservedModel:
    """A model without latents, ready to replicate its outcome from draws.

    Attributes
    ----------
    upper : the level right above the outcome's at which it varies; empty: none
    """

    plan: Plan
    upper: str

    @classmethod
    def of(cls, spec: ModelSpec, survey: Survey) -> ObservedModel:
        from coefficacy.model.observed_plan import plan_observed

        plan = plan_observed(spec, survey)
        return cls(plan, plan.equations[1].level if len(plan.equations) > 1 else "")

    def obstacle(self, new_teams: bool) -> str:
        """Return why there can be no such replicates, in plain words; empty if there can."""
        plan = self.plan
        if plan.spread:
            return f"the residual SD of {plan.stem} differs from unit to unit"
        own = plan.equations[0].blocks if self._of_persons else ()
        slopes = any(block.slopes for block in own)
        stored_intercepts = all(block.intercept and self._reaches(block.group) for block in own)
        if slopes or (own and not stored_intercepts):
            return f"{plan.stem} has random effects, which are not kept with a fit"
        if not new_teams:
            return ""
        if not self.upper or not self._of_persons:
            return "nothing varies between teams but what is observed: new teams are the same teams"
        if len(plan.equations) > 2:
            return f"what {plan.equations[2].level}.{plan.outcome} gives to teams is not kept with a fit"
        return ""

    @property
    def _of_persons(self) -> bool:
        return self.plan.level == next(iter(self.plan.survey.levels))

    def _reaches(self, group: str) -> bool:
        """Whether the stored expectation of the upper units holds random intercepts of `group`."""
        levels = list(self.plan.survey.levels)
        return bool(self.upper) and levels.index(group) >= levels.index(self.upper)

    def copies(self, draws: Draws, new_teams: bool, rng: np.random.Generator) -> Copies:
        """Draw one copy of the outcome for every draw."""
        from coefficacy.scores.density import replicate

        plan = self.plan
        eta = self._eta(draws, new_teams, rng)
        posterior = draws.posterior.drop_vars(f"{plan.stem}.eta", errors="ignore")
        posterior = posterior.assign({f"{plan.stem}.eta": (("chain", "draw", plan.level), eta[None])})
        y = replicate(posterior, plan.spec, plan.level, plan.outcome, rng)[0].astype(float)
        if plan.is_measure:
            return Copies({plan.outcome: y[..., None]}, {})
        return Copies({}, {plan.outcome: y})

    def _eta(self, draws: Draws, new_teams: bool, rng: np.random.Generator) -> np.ndarray:
        plan, lowest = self.plan, self.plan.equations[0]
        n = plan.survey.n[plan.level]
        if not self._of_persons:
            return draws.get(f"{plan.stem}.eta")
        if not self.upper:
            return self._intercept(draws)[:, None] + _fixed(draws, plan, lowest, np.ones(n, bool))
        index = plan.survey.index(plan.level, self.upper)
        expected = draws.named(f"{self.upper}.latent", f"{self.upper}.name")[plan.outcome]
        if new_teams:
            expected = self._new_expectation(draws, expected, rng)
        varies = np.array([not _is_constant(c.values, index) for c in lowest.columns], bool)
        return expected[:, index] + _fixed(draws, plan, lowest, varies)

    def _intercept(self, draws: Draws) -> np.ndarray:
        plan = self.plan
        if plan.family.family == "ordinal":
            return np.zeros(draws.size)
        if plan.is_measure:
            return draws.get(plan.intercept_key)[:, 0]
        return draws.get(f"{plan.stem}.intercept")

    def _new_expectation(self, draws: Draws, kept: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Expected outcomes of new units with the same covariates, in the same units above."""
        plan, equation = self.plan, self.plan.equations[1]
        fixed = _fixed(draws, plan, equation, np.ones(len(equation.columns), bool))
        index = plan.survey.index(plan.level, self.upper)
        fixed += self._intercept(draws)[:, None] + self._constant_within(draws, index, kept.shape)
        if self.upper in plan.replaced:
            sd = draws.get(f"sd({plan.replaced[self.upper].name})")[:, 0]
        else:
            sd = draws.get(f"sd({self.upper}.{plan.outcome})")
        blocks = self._blocks_above()
        if blocks:
            covariance = (sd**2)[:, None, None, None]
            fixed += draw_upper(draws, blocks, (kept - fixed)[..., None], covariance, rng)[..., 0]
        return fixed + sd[:, None] * rng.standard_normal(kept.shape)

    def _blocks_above(self) -> list[Block]:
        """Random effects of the units above, over the units of `upper`."""
        plan, n = self.plan, self.plan.survey.n[self.upper]
        found = []
        for block in plan.blocks:
            if block.group == self.upper:
                continue
            ones = [np.ones(n)] if block.intercept else []
            x = np.column_stack([*ones, *(np.asarray(c.values, float) for c in block.slopes)])
            index = plan.survey.index(self.upper, block.group)
            found.append(block_of(block.name, 0, x, index, plan.survey.n[block.group]))
        return found

    def _constant_within(self, draws: Draws, index: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """What terms of the lowest equation give that are the same for all units below one, (draw, unit)."""
        plan, lowest = self.plan, self.plan.equations[0]
        first = np.zeros(shape[1], int)
        first[index[::-1]] = np.arange(index.size)[::-1]
        constant = np.array([_is_constant(c.values, index) for c in lowest.columns], bool)
        return _fixed(draws, plan, lowest, constant)[:, first]


def _fixed(draws: Draws, plan: Plan, equation: Equation, which: np.ndarray) -> np.ndarray:
    """Fixed effects of one equation, (draw, unit of its level)."""
    n = plan.survey.n[equation.level]
    if not equation.columns or not which.any():
        return np.zeros((draws.size, n))
    x = np.column_stack([np.asarray(c.values, float) for c in equation.columns])
    return draws.get(f"{equation.level}.{plan.outcome}")[:, which] @ x[:, which].T


def _is_constant(values: np.ndarray | None, index: np.ndarray) -> bool:
    assert values is not None
    first = np.zeros(index.max() + 1, int)
    first[index[::-1]] = np.arange(index.size)[::-1]
    return bool(np.allclose(values, values[first][index]))
