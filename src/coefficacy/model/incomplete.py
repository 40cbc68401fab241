"""Teams in which answers are missing: each has a density of its own, beside the cells of all others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
import pymc as pm

from coefficacy.gaussian.incomplete import Entries, enter
from coefficacy.gaussian.op import PatternsDensity

__all__ = ["FORMS", "PREFIX", "Forms", "IncompleteRecovery", "IncompleteTeams"]

FORMS = (
    "loading", "between", "theta", "tau2", "nu", "person_z", "person_x", "z", "b", "change", "reach",
)  # fmt: skip
VALUE_FORMS = ("value_z", "value_b", "value_reach")
PREFIX = "incomplete."


class Forms(NamedTuple):
    """What the density takes of the parameters, see :func:`coefficacy.gaussian.patterns.patterns_density`."""

    loading: Any
    between: Any
    theta: Any
    tau2: Any
    nu: Any
    person_z: Any
    person_x: Any
    z: Any
    b: Any
    change: Any
    reach: Any


class IncompleteTeams:
    """The teams of a survey in which some answer is missing.

    Attributes
    ----------
    teams : their positions
    people : of all people, whether they are in another team
    moderators : (team, moderator), of these teams
    """

    def __init__(self, answers: np.ndarray, team: np.ndarray, n_teams: int) -> None:
        """Find them.

        Parameters
        ----------
        answers : (person, item), NaN where missing
        team : (person,)
        """
        missing = np.bincount(team, np.isnan(answers).any(axis=1), n_teams) > 0
        self.teams = np.flatnonzero(missing)
        self.people = ~missing[team]
        self.answers, self.team, self.place = answers, team, np.cumsum(missing) - 1
        self.data: dict[str, Any] = {}

    def add_data(
        self,
        columns: np.ndarray,
        outcomes: np.ndarray,
        team_columns: np.ndarray,
        moderators: np.ndarray,
    ) -> None:
        """Put what the density needs of the data where it can be swapped.

        Parameters
        ----------
        columns : (person, column), outcomes : (team, outcome), team_columns : (team, column), moderators :
            (team, moderator), of all people and teams
        """
        inside = ~self.people
        entries = enter(self.answers[inside], columns[inside], self.place[self.team[inside]], len(self.teams))
        seen = np.isfinite(outcomes[self.teams])
        rows = np.column_stack([np.where(seen, outcomes[self.teams], 0.0), team_columns[self.teams]])
        rows = np.column_stack([rows, np.ones(len(rows))])
        people = np.column_stack([np.nan_to_num(self.answers[inside]), columns[inside]])[entries.member]
        values = {f.name: getattr(entries, f.name) for f in fields(Entries) if f.name != "member"}
        values |= {"outcomes": rows, "seen": seen, "moderators": moderators[self.teams], "members": people}
        self.data = {name: pm.Data(f"{PREFIX}{name}", value) for name, value in values.items()}

    def density(self, forms: Forms, starts: np.ndarray, exact: np.ndarray, by: np.ndarray) -> Any:
        """Log-density of their answers and outcomes.

        Parameters
        ----------
        starts : where the items of each measure start; exact : (measure,), a single item without error
        by : rows of the predictors whose coefficients differ between teams
        """
        d = self.data
        return PatternsDensity()(
            *forms, d["observed"], d["squares"], d["people"], d["rows"], d["count"], d["pattern"], d["start"],
            d["outcomes"], d["seen"], np.arange(len(self.teams)), starts, exact, by,
        )[0]  # fmt: skip


@dataclass(frozen=True, slots=True)
class IncompleteRecovery:
    """Draws of these teams' values.

    Attributes
    ----------
    teams : their positions
    n_teams : of the survey
    starts, exact, by : as for :meth:`IncompleteTeams.density`
    """

    teams: np.ndarray
    n_teams: int
    starts: np.ndarray
    exact: np.ndarray
    by: np.ndarray

    @property
    def others(self) -> np.ndarray:
        """Positions of the teams without missing answers."""
        return np.setdiff1d(np.arange(self.n_teams), self.teams)

    def __call__(
        self, draws: Mapping[str, np.ndarray], data: Mapping[str, np.ndarray], rng: np.random.Generator
    ) -> tuple[np.ndarray, ...]:
        """Return what :func:`coefficacy.gaussian.pattern_recovery.recover_incomplete` does."""
        from coefficacy.gaussian.pattern_recovery import recover_incomplete

        forms = [np.ascontiguousarray(draws[f"{PREFIX}{name}"]) for name in FORMS]
        values = [np.ascontiguousarray(draws[name]) for name in VALUE_FORMS]
        names = ("observed", "rows", "count", "pattern", "start", "members", "outcomes", "seen")
        known = [np.asarray(data[f"{PREFIX}{name}"]) for name in names]
        n_draws, n_values = values[0].shape[:2]
        found: tuple[np.ndarray, ...] = recover_incomplete(
            *forms, *values, *known, np.arange(len(self.teams)), self.starts, self.exact, self.by,
            rng.standard_normal((n_draws, len(self.teams), n_values)),
        )  # fmt: skip
        return found

    def merged(self, of_others: tuple[np.ndarray, ...], own: tuple[np.ndarray, ...]) -> list[np.ndarray]:
        """Arrays (draw, team, ...) of all teams from those of the others and of these."""
        whole = []
        for one, other in zip(of_others, own, strict=True):
            both = np.empty((one.shape[0], self.n_teams, *one.shape[2:]))
            both[:, self.others], both[:, self.teams] = one, other
            whole.append(both)
        return whole

    def without_outcomes(
        self, data: Mapping[str, np.ndarray], teams: np.ndarray, outcomes: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Return data in which these outcomes (by position) of some teams are missing."""
        rows, seen = np.array(data[f"{PREFIX}outcomes"]), np.array(data[f"{PREFIX}seen"])
        at = np.ix_(np.flatnonzero(np.isin(self.teams, teams)), outcomes)
        rows[at], seen[at] = 0.0, False
        return {f"{PREFIX}outcomes": rows, f"{PREFIX}seen": seen}
