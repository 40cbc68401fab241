r"""Replicated data of models with latents, the same way for every engine.

*Same teams*: the teams' latents stay as drawn. Their members are drawn anew from the distribution within
teams, as the exact engine has integrated them out and the explicit one keeps no draws of them; where a
measure is aggregated over members, deviations are taken around the team's value, which stays. Team-level item
residuals, answers and outcomes are drawn anew.

*New teams*: teams with the same covariates and as many members, in the same units above. Their latents are
drawn from the teams' equations, what the units above add stays
(:func:`coefficacy.checks.predictive.upper.draw_upper`), and everything below is drawn as before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from coefficacy.checks.predictive.copies import Copies
from coefficacy.checks.predictive.draws import Draws
from coefficacy.checks.predictive.groups import Groups, groups
from coefficacy.checks.predictive.items import draw_items
from coefficacy.checks.predictive.latents import (
    Latents,
    draw_latents,
    linear,
    residual_covariance,
)
from coefficacy.checks.predictive.upper import blocks_of, draw_upper
from coefficacy.model.layout import Layout, lay_out
from coefficacy.spec import queries
from coefficacy.survey.nesting import plural

if TYPE_CHECKING:
    from coefficacy.spec.model import Measure, ModelSpec
    from coefficacy.survey import Survey

__all__ = ["LatentModel"]

type Named = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class LatentModel:
    """A model with latents, ready to replicate data from draws.

    Attributes
    ----------
    levels : from the lowest up
    unit : the level whose latents stay or are drawn anew: teams, or the only level there is
    layouts : by level
    members : who belongs to which unit; None where there is one level
    """

    spec: ModelSpec
    survey: Survey
    levels: tuple[str, ...]
    unit: str
    layouts: Mapping[str, Layout]
    members: Groups | None = field(repr=False)

    @classmethod
    def of(cls, spec: ModelSpec, survey: Survey) -> LatentModel:
        levels = queries.level_names(spec)
        unit = levels[min(1, len(levels) - 1)]
        below = groups(survey.index(levels[0], unit), survey.n[unit]) if len(levels) > 1 else None
        return cls(spec, survey, levels, unit, {lv: lay_out(spec, survey, lv) for lv in levels}, below)

    def obstacle(self, new_teams: bool) -> str:
        """Return why there can be no such replicates, in plain words; empty if there can."""
        for measure in self.spec.measures:
            if measure.specific:
                return f"{measure.name} has specific factors, whose values are not kept with a fit"
        lowest, own = self.layouts[self.levels[0]], self.layouts[self.unit]
        for name, formula in lowest.formulas.items():
            if formula.groups and self.unit != self.levels[0]:
                return f"{self.levels[0]}.{name} has random effects of its own, which are not kept with a fit"
        for name, formula in own.formulas.items() if new_teams else ():
            inside = {f.name for g in formula.groups for t in g.terms for f in t.factors if not f.function}
            if inside & set(own.latents):
                return f"{self.unit}.{name} has random slopes of a latent, which are not kept with a fit"
        if new_teams and queries.spreads_of_members(self.spec, self.unit):
            return f"people's SDs differ between {self.unit}s, and new ones have none yet"
        for name in own.latents if new_teams else ():
            for upper in self.levels[self.levels.index(self.unit) + 1 :]:
                equation = queries.regression(self.spec, upper, name)
                if equation is not None and name not in self.layouts[upper].latents:
                    return f"what {upper}.{name} gives to {plural(self.unit)} is not kept with a fit"
        return ""

    def copies(self, draws: Draws, new_teams: bool, rng: np.random.Generator) -> Copies:
        """Draw one copy of all answers and outcomes for every draw."""
        people = self._people(draws, rng)
        kept = self._kept(draws)
        if new_teams:
            latents = self._new(draws, kept, people, rng)
        else:
            latents, people = kept, self._around_members(people)
        measures = [m for m in self.spec.measures if new_teams or not self._is_given(m)]
        answers = {m.name: self._answers(draws, m, latents, people, rng) for m in measures}
        outcomes = queries.outcomes(self.spec)
        return Copies(answers, {y: self._outcome(draws, y, kept, latents, people, rng) for y in outcomes})

    # Persons ------------------------------------------------------------------------------------------------

    def _people(self, draws: Draws, rng: np.random.Generator) -> Named:
        """Deviations of persons from their team."""
        if self.members is None:
            return {}
        lowest = self.layouts[self.levels[0]]
        return draw_latents(draws, self.spec, self.survey, lowest, rng, scales=self._scales(draws)).own

    def _scales(self, draws: Draws) -> dict[str, np.ndarray]:
        """SDs of each person's team, by latent whose SD among members differs between teams."""
        index = self.survey.index(self.levels[0], self.unit)
        return {
            name[3:-1]: np.exp(self._stored(draws, self.unit)[name])[:, index]
            for name in queries.spreads_of_members(self.spec, self.unit)
        }

    def _aggregated(self) -> list[str]:
        """Latents whose value in a team is the mean of its members."""
        if self.members is None:
            return []
        below = self.layouts[self.levels[0]].latents
        measures = [queries.measure(self.spec, n) for n in below if queries.is_measure(self.spec, n)]
        return [m.name for m in measures if m.aggregate == "members"]

    def _member_means(self, people: Named) -> dict[str, np.ndarray]:
        if self.members is None:
            return {}
        counts = np.maximum(np.bincount(self.members.index, minlength=self.survey.n[self.unit]), 1)
        return {name: self.members.sums(people[name]) / counts for name in self._aggregated()}

    def _around_members(self, people: Named) -> Named:
        """Take deviations around the mean of the team's members, where that mean is the team's value."""
        if self.members is None:
            return people
        index = self.members.index
        centred = {name: people[name] - mean[:, index] for name, mean in self._member_means(people).items()}
        return {**people, **centred}

    # Teams --------------------------------------------------------------------------------------------------

    def _stored(self, draws: Draws, level: str) -> Named:
        if not self.layouts[level].latents:
            return {}
        return draws.named(f"{level}.latent", f"{level}.name")

    def _kept(self, draws: Draws) -> Latents:
        stored = self._stored(draws, self.unit)
        return Latents(stored, stored)

    def _new(self, draws: Draws, kept: Latents, people: Named, rng: np.random.Generator) -> Latents:
        layout, upper = self.layouts[self.unit], self._above(draws)
        blocks = blocks_of(self.spec, self.survey, layout)
        if blocks:
            found = draw_upper(draws, blocks, self._rest(draws, kept, upper), self._scatter(draws), rng)
            upper = {name: upper.get(name, 0.0) + found[..., k] for k, name in enumerate(layout.latents)}
        return draw_latents(
            draws, self.spec, self.survey, layout, rng, upper=upper, members=self._member_means(people)
        )

    def _above(self, draws: Draws) -> dict[str, np.ndarray]:
        """What equations of levels above give to the teams' latents."""
        found = {}
        above = self.levels[self.levels.index(self.unit) + 1 :]
        for name in self.layouts[self.unit].latents:
            higher = next((u for u in above if name in self.layouts[u].latents), None)
            if higher is not None:
                found[name] = self._stored(draws, higher)[name][:, self.survey.index(self.unit, higher)]
        return found

    def _rest(self, draws: Draws, kept: Latents, upper: Named) -> np.ndarray:
        layout = self.layouts[self.unit]
        shape = (draws.size, self.survey.n[self.unit])
        left = [
            kept.value[y]
            - linear(draws, f"{self.unit}.{y}", layout.columns.get(y, []), kept.value, shape)
            - upper.get(y, 0.0)
            for y in layout.latents
        ]
        return np.stack(left, axis=-1)

    def _scatter(self, draws: Draws) -> np.ndarray:
        """Covariance of the teams' residuals, with that of members' means where these are part of a value."""
        layout = self.layouts[self.unit]
        found = residual_covariance(draws, self.spec, self.survey, layout)[:, None]
        aggregated = self._aggregated()
        if not aggregated or self.members is None:
            return found
        below = self.layouts[self.levels[0]]
        within = _implied(draws, below, residual_covariance(draws, self.spec, self.survey, below))
        at = [layout.latents.index(name) for name in aggregated]
        of = [below.latents.index(name) for name in aggregated]
        counts = np.maximum(np.bincount(self.members.index, minlength=self.survey.n[self.unit]), 1)
        members = np.zeros((draws.size, len(counts), *found.shape[2:]))
        block = within[:, np.array(of)[:, None], np.array(of)]
        members[:, :, np.array(at)[:, None], np.array(at)] = block[:, None] / counts[:, None, None]
        return found + members

    # Data ---------------------------------------------------------------------------------------------------

    def _is_given(self, measure: Measure) -> bool:
        """Whether the latent is the answer itself, so that nothing is left to draw for the same units."""
        own = queries.measure_level(self.spec, measure.name)
        drawn_anew = own == self.levels[0] and self.members is not None
        return measure.name in self.layouts[own].answered and not drawn_anew

    def _part(self, draws: Draws, name: str, level: str, latents: Latents, people: Named) -> np.ndarray:
        if level == self.unit:
            return latents.own[name]
        return people[name] if level == self.levels[0] else self._stored(draws, level)[name]

    def _answers(
        self, draws: Draws, measure: Measure, latents: Latents, people: Named, rng: np.random.Generator
    ) -> np.ndarray:
        level, name = queries.measure_level(self.spec, measure.name), measure.name
        has = [lv for lv in self.levels[self.levels.index(level) :] if name in self.layouts[lv].latents]
        own = self._part(draws, name, level, latents, people) if level in has else None
        upper = next((lv for lv in has if lv != level), None)
        between = None if upper is None else self._part(draws, name, upper, latents, people)
        index = self.survey.index(level, upper or level)
        if own is not None and between is not None and level != self.levels[0]:
            own = own - between[:, index]
        return draw_items(draws, self.spec, self.survey, measure, own, between, index, rng)

    def _outcome(
        self,
        draws: Draws,
        outcome: str,
        kept: Latents,
        latents: Latents,
        people: Named,
        rng: np.random.Generator,
    ) -> np.ndarray:
        from coefficacy.scores.density import replicate

        level = queries.outcome_level(self.spec, outcome)
        stem, shape = f"{level}.{outcome}", (draws.size, self.survey.n[level])
        columns = self.layouts[level].columns.get(outcome, [])
        if level != self.levels[0] or self.members is None:
            eta = draws.get(f"{stem}.eta")
            if level == self.unit and latents is not kept:
                before, after = (linear(draws, stem, columns, v.value, shape) for v in (kept, latents))
                eta = eta + after - before
        else:
            eta = linear(draws, stem, columns, people, shape) + latents.own[outcome][:, self.members.index]
            if queries.family_of(self.spec, outcome).family != "ordinal":
                eta = eta + draws.get(f"{stem}.intercept")[:, None]
        posterior = draws.posterior.drop_vars(f"{stem}.eta", errors="ignore")
        posterior = posterior.assign({f"{stem}.eta": (("chain", "draw", level), eta[None])})
        return replicate(posterior, self.spec, level, outcome, rng)[0].astype(float)


def _implied(draws: Draws, layout: Layout, residual: np.ndarray) -> np.ndarray:
    """Covariance of a level's latents that follows from that of their residuals; products are left out."""
    n = len(layout.latents)
    paths = np.zeros((draws.size, n, n))
    for i, name in enumerate(layout.latents):
        for k, column in enumerate(layout.columns.get(name, [])):
            if len(column.latents) == 1 and column.values is None:
                paths[:, i, layout.latents.index(column.latents[0])] = draws.get(f"{layout.level}.{name}")[
                    :, k
                ]
    total = np.linalg.inv(np.eye(n) - paths)
    return total @ residual @ total.swapaxes(1, 2)
