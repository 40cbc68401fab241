"""Draws of team latents and scores of outcomes, added to the draws of the parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

__all__ = ["EXPECTED", "OUTCOME_DENSITY", "PREDICTED", "PREDICTED_SD", "RECOVER", "TeamRecovery"]

RECOVER = "recover."
EXPECTED = "expected"
OUTCOME_DENSITY = "outcome_density"
PREDICTED = "predicted"
PREDICTED_SD = "predicted_sd"
_FORMS = ("loading", "theta", "tau2", "nu", "z", "m", "b", "spread", "common")
_VALUE_FORMS = ("value_z", "value_m", "value_b", "value_spread")


@dataclass(frozen=True, slots=True)
class TeamRecovery:
    """Replaces the linear forms among stored draws by what they are needed for.

    ``LEVEL.latent`` (draw, team, latent); given the team's answers alone, without its outcomes:
    ``LEVEL.expected`` (draw, team, latent), and of every outcome ``LEVEL.y.predicted`` with
    ``LEVEL.y.predicted_sd`` (draw, team) and ``LEVEL.outcome_density`` (draw, team), the log density of all;
    ``LEVEL.y.eta`` (draw, team), the expected outcome given the team's latents.

    Attributes
    ----------
    level : of teams
    latents, outcomes : of that level, in order
    starts : where the items of each group start among the rows of the data
    first_score : row of the first sampled score; `sampled` says whether there are any
    first_unit : column of the first unit above teams; their effects are drawn, too, if integrated out
    """

    level: str
    latents: tuple[str, ...]
    outcomes: tuple[str, ...]
    starts: np.ndarray
    first_score: int
    sampled: bool
    first_unit: int

    @property
    def dims(self) -> dict[str, tuple[str, ...]]:
        """Dimensions of what is added."""
        added = {
            f"{self.level}.{name}.{kind}": (self.level,)
            for name in self.outcomes
            for kind in ("eta", PREDICTED, PREDICTED_SD)
        }
        if self.outcomes:
            added[f"{self.level}.{OUTCOME_DENSITY}"] = (self.level,)
        latents = (self.level, f"{self.level}.name")
        return {f"{self.level}.latent": latents, f"{self.level}.{EXPECTED}": latents, **added}

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
        n_draws, n_values, n_sources = forms[-1].shape
        n_units = forms[6].shape[2] - self.first_unit - 1 if n_sources else 0
        rows = np.asarray(data["teams.rows"])
        scores = draws[f"{RECOVER}scores"] if self.sampled else np.zeros((n_draws, 0, 0))
        values, density, expected, mean, sd = recover_teams(
            *forms, np.ascontiguousarray(scores), self.starts, self.first_score, rows,
            np.asarray(data["teams.team"]), np.asarray(data["teams.cell"]), np.asarray(data["teams.size"]),
            np.asarray(data["teams.seen"]), rng.standard_normal((n_draws, len(rows), n_values)),
            self.first_unit, rng.standard_normal((n_draws, n_units, n_sources)),
        )  # fmt: skip
        kept = {k: v for k, v in draws.items() if not k.startswith(RECOVER)}
        kept[f"{self.level}.latent"] = values[..., : len(self.latents)]
        kept[f"{self.level}.{EXPECTED}"] = expected[..., : len(self.latents)]
        for k, name in enumerate(self.outcomes):
            kept[f"{self.level}.{name}.eta"] = values[..., len(self.latents) + k]
            kept[f"{self.level}.{name}.{PREDICTED}"] = mean[..., k]
            kept[f"{self.level}.{name}.{PREDICTED_SD}"] = sd[..., k]
        if self.outcomes:
            kept[f"{self.level}.{OUTCOME_DENSITY}"] = density
        return kept
