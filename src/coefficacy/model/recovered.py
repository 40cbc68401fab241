"""Draws of team latents and scores of outcomes, added to the draws of the parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from coefficacy.gaussian.statistics import cells

if TYPE_CHECKING:
    from coefficacy.model.incomplete import IncompleteRecovery

__all__ = [
    "ANSWERS_DENSITY",
    "EXPECTED",
    "OUTCOME_DENSITY",
    "PREDICTED",
    "PREDICTED_SD",
    "RECOVER",
    "WHOLE_BETWEEN",
    "WHOLE_MEAN",
    "WHOLE_WITHIN",
    "TeamRecovery",
]

RECOVER = "recover."
EXPECTED = "expected"
OUTCOME_DENSITY = "outcome_density"
ANSWERS_DENSITY = "answers_density"
PREDICTED = "predicted"
PREDICTED_SD = "predicted_sd"
WHOLE_MEAN, WHOLE_BETWEEN, WHOLE_WITHIN = "whole_mean", "whole_between", "whole_within"
_FORMS = ("loading", "theta", "tau2", "nu", "z", "m", "b", "spread", "common", "change", "reach")
_PERSON_FORMS = ("person_loading", "theta", "person_z", "person_x")
_VALUE_FORMS = ("value_z", "value_m", "value_b", "value_spread", "value_reach")


@dataclass(frozen=True, slots=True)
class TeamRecovery:
    """Replaces the linear forms among stored draws by what they are needed for.

    ``LEVEL.latent`` (draw, team, latent); given the team's answers alone, without its outcomes:
    ``LEVEL.expected`` (draw, team, latent), and of every outcome ``LEVEL.y.predicted`` with
    ``LEVEL.y.predicted_sd`` (draw, team) and ``LEVEL.outcome_density`` (draw, team), the log density of all;
    ``LEVEL.y.eta`` (draw, team), the expected outcome given the team's latents. Where no scores are sampled
    ``LEVEL.answers_density`` (draw, team), the log density of all answers in a team given the parameters and
    the effects of the units above it. Where `whole` is set, what quadrature over the factors of whole teams
    needs: ``LEVEL.whole_mean`` (draw, team, response), ``LEVEL.whole_between`` (draw, response, response),
    factors first, then outcomes, and ``LEVEL.whole_within`` (draw, factor, factor), of people.

    Attributes
    ----------
    level : of teams
    latents, outcomes : of that level, in order
    starts : where the items of each group start among the rows of the data
    first_score : row of the first sampled score; `sampled` says whether there are any
    first_outcome : row of the first outcome
    person_starts : as `starts`, among people
    first_unit : column of the first unit above teams; their effects are drawn, too, if integrated out
    by : rows of the predictors whose coefficients differ between teams, see
        :func:`coefficacy.gaussian.moderation.moderate`
    incomplete : of teams in which answers are missing; the data of others hold no rows for these
    whole : every answer enters by a sampled score, and scores and outcomes are forms in columns and sources
        of the team alone
    """

    level: str
    latents: tuple[str, ...]
    outcomes: tuple[str, ...]
    starts: np.ndarray
    first_score: int
    sampled: bool
    first_unit: int
    first_outcome: int
    person_starts: np.ndarray
    by: np.ndarray
    incomplete: IncompleteRecovery | None = None
    whole: bool = False

    @property
    def dims(self) -> dict[str, tuple[str, ...]]:
        """Dimensions of what is added."""
        added: dict[str, tuple[str, ...]] = {
            f"{self.level}.{name}.{kind}": (self.level,)
            for name in self.outcomes
            for kind in ("eta", PREDICTED, PREDICTED_SD)
        }
        densities = [OUTCOME_DENSITY] * bool(self.outcomes) + [ANSWERS_DENSITY] * (not self.sampled)
        added |= {f"{self.level}.{name}": (self.level,) for name in densities}
        latents = (self.level, f"{self.level}.name")
        if self.whole:
            response, factor = f"{self.level}.response", f"{self.level}.factor"
            added[f"{self.level}.{WHOLE_MEAN}"] = (self.level, response)
            added[f"{self.level}.{WHOLE_BETWEEN}"] = (response, f"{response}'")
            added[f"{self.level}.{WHOLE_WITHIN}"] = (factor, f"{factor}'")
        return {f"{self.level}.latent": latents, f"{self.level}.{EXPECTED}": latents, **added}

    def without_outcomes(
        self, data: Mapping[str, np.ndarray], teams: np.ndarray, left_out: Sequence[str]
    ) -> dict[str, np.ndarray]:
        """Return what stands in for the model's data where some teams' outcomes are missing.

        Parameters
        ----------
        data : of the model, by name
        teams : positions of those teams; `left_out` names their outcomes that are
        """
        at = np.array([self.outcomes.index(name) for name in left_out], int)
        own: dict[str, np.ndarray] = {}
        if self.incomplete is not None:
            own = self.incomplete.without_outcomes(data, teams, at)
            teams = np.flatnonzero(np.isin(self.incomplete.others, teams))
        rows, cell = np.array(data["teams.rows"]), np.asarray(data["teams.cell"])
        seen = np.array(data["teams.seen"])[cell]
        seen[np.ix_(teams, at)] = False
        rows[np.ix_(teams, self.first_outcome + at)] = 0.0
        moderators = np.asarray(data["teams.moderators"])[cell]
        found = cells(rows, np.asarray(data["teams.size"])[cell], seen, moderators)
        named = {"between": found.between, "cell": found.cell, "count": found.count, "size": found.size}
        named["moderators"] = found.moderators
        return own | {f"teams.{k}": v for k, v in {**named, "seen": found.seen, "rows": rows}.items()}

    def __call__(
        self, draws: Mapping[str, np.ndarray], data: Mapping[str, np.ndarray], rng: np.random.Generator
    ) -> dict[str, np.ndarray]:
        """Return `draws` (draw, ...) without the forms, and with what they give.

        Parameters
        ----------
        data : of the model, by name
        """
        from coefficacy.gaussian.recovery import recover_teams

        forms = [np.ascontiguousarray(draws[f"{RECOVER}{name}"]) for name in (*_FORMS, *_VALUE_FORMS)]
        n_draws, n_values, n_sources = draws[f"{RECOVER}value_spread"].shape
        n_units = draws[f"{RECOVER}b"].shape[2] - self.first_unit - 1 if n_sources else 0
        rows = np.asarray(data["teams.rows"])
        scores = draws[f"{RECOVER}scores"] if self.sampled else np.zeros((n_draws, 0, 0))
        found = recover_teams(
            *forms, np.ascontiguousarray(scores), self.starts, self.first_score, rows,
            np.asarray(data["teams.team"]), np.asarray(data["teams.cell"]), np.asarray(data["teams.size"]),
            np.asarray(data["teams.seen"]), self.by, rng.standard_normal((n_draws, len(rows), n_values)),
            self.first_unit, rng.standard_normal((n_draws, n_units, n_sources)),
        )  # fmt: skip
        values, density, of_answers, expected, mean, sd = found
        if not self.sampled:
            of_answers = of_answers + self._deviations(draws, data)
        if self.incomplete is not None:
            stored = {k.removeprefix(RECOVER): v for k, v in draws.items()}
            known = values, density, of_answers, expected, mean, sd
            merged = self.incomplete.merged(known, self.incomplete(stored, data, rng))
            values, density, of_answers, expected, mean, sd = merged
        kept = {k: v for k, v in draws.items() if not k.startswith(RECOVER)}
        kept[f"{self.level}.latent"] = values[..., : len(self.latents)]
        kept[f"{self.level}.{EXPECTED}"] = expected[..., : len(self.latents)]
        for k, name in enumerate(self.outcomes):
            kept[f"{self.level}.{name}.eta"] = values[..., len(self.latents) + k]
            kept[f"{self.level}.{name}.{PREDICTED}"] = mean[..., k]
            kept[f"{self.level}.{name}.{PREDICTED_SD}"] = sd[..., k]
        if self.outcomes:
            kept[f"{self.level}.{OUTCOME_DENSITY}"] = density
        if not self.sampled:
            kept[f"{self.level}.{ANSWERS_DENSITY}"] = of_answers
        if self.whole:
            kept |= self._whole(draws, rows)
        return kept

    def _whole(self, draws: Mapping[str, np.ndarray], rows: np.ndarray) -> dict[str, np.ndarray]:
        columns, z, person = (draws[f"{RECOVER}{name}"] for name in ("b", "z", "person_z"))
        observed = rows[:, self.first_outcome + len(self.outcomes) :]
        return {
            f"{self.level}.{WHOLE_MEAN}": np.einsum("drc,tc->dtr", columns, observed, optimize=True),
            f"{self.level}.{WHOLE_BETWEEN}": z @ z.swapaxes(1, 2),
            f"{self.level}.{WHOLE_WITHIN}": person @ person.swapaxes(1, 2),
        }

    def _deviations(self, draws: Mapping[str, np.ndarray], data: Mapping[str, np.ndarray]) -> np.ndarray:
        from coefficacy.gaussian.whole import deviations_density, scatter_by_team

        forms = [np.ascontiguousarray(draws[f"{RECOVER}{name}"]) for name in _PERSON_FORMS]
        team, rows = np.asarray(data["teams.team"]), np.asarray(data["teams.person_rows"])
        scatter, people = scatter_by_team(rows, team, len(data["teams.rows"]))
        return deviations_density(*forms, self.person_starts, scatter, people)
