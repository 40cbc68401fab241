"""The exact engine: people and teams are integrated out, the sampler sees only the parameters.

What the engine needs of a model is linear: every latent of a team and every outcome is a form in observed
columns and independent normal sources (`gaussian.paths`), and the density follows from cross-products of the
data (`gaussian.likelihood`); teams with missing answers have one of their own (`model.incomplete`). Scores of
people on ordinal and yes/no measures cannot be integrated out; they are sampled and enter as data would, and
the teams above them are still integrated out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from coefficacy.errors import FitError, Problem
from coefficacy.gaussian.op import CellsDensity
from coefficacy.gaussian.statistics import Statistics, summarise
from coefficacy.model.above import UnitsAbove
from coefficacy.model.answers import (
    between_loadings,
    item_intercepts,
    item_residual_sds,
    loadings,
    residual_sds,
)
from coefficacy.model.built import Built
from coefficacy.model.equations import Equations, person_equations, team_equations
from coefficacy.model.frame import coordinates, hidden, parameters, store_latents
from coefficacy.model.incomplete import FORMS, PREFIX, Forms, IncompleteRecovery, IncompleteTeams
from coefficacy.model.moderation import Moderation
from coefficacy.model.obstacles import is_sampled, takes_missing, why_not_marginal
from coefficacy.model.outcomes import outcome_intercept
from coefficacy.model.recovered import RECOVER, TeamRecovery
from coefficacy.model.rows import Rows, column, joined, person_forms, person_rows, with_specifics
from coefficacy.model.sampled import score_rows
from coefficacy.model.structure import Structure
from coefficacy.spec import queries
from coefficacy.spec.model import Measure, ModelSpec
from coefficacy.survey import Survey

__all__ = ["build_marginal"]

_MOST_FACTORS = 2


def build_marginal(spec: ModelSpec, survey: Survey, *, reason: str = "") -> Built:
    """Build a model whose people and teams are integrated out.

    Parameters
    ----------
    spec, survey : the model file and tables that fit it
    reason : why this engine was taken

    Raises
    ------
    FitError : the model is not linear below the third level; the message says where
    """
    obstacle = why_not_marginal(spec, survey)
    if obstacle:
        raise FitError(Problem("engine", f"'marginal' does not apply: {obstacle}.", "Take 'auto'."))
    with pm.Model(check_bounds=False) as model:
        structure = Structure(spec, survey)
        model.add_coords(coordinates(structure))
        collapsed = _Collapsed(structure)
        collapsed.add()
        for level in structure.levels[2:]:
            store_latents(structure, level)
        structure.parameters.close()
    return Built(
        model=model,
        engine="marginal",
        reason=reason or collapsed.reason,
        parameters=parameters(model),
        constant_entries=tuple(v.name for v in model.deterministics if v.name.startswith("cor(")),
        refit_data=tuple(v.name for v in model.data_vars),
        hidden=hidden(model),
        recover=collapsed.recovery(),
    )


class _Collapsed:
    """Builds the density of one model from its structure."""

    def __init__(self, structure: Structure) -> None:
        self.structure, self.spec, self.survey = structure, structure.spec, structure.survey
        self.lowest, self.team = structure.levels[:2]
        measures = [queries.measure(self.spec, n) for n in structure.layouts[self.lowest].latents]
        answered = structure.layouts[self.lowest].answered
        self.sampled = [m for m in measures if is_sampled(self.spec, self.survey, m)]
        self.exact = [m for m in measures if m.name in answered and m not in self.sampled]
        self.projected = [m for m in measures if m not in self.sampled and m not in self.exact]
        self.outcomes = [
            y for y in queries.outcomes(self.spec) if queries.outcome_level(self.spec, y) == self.team
        ]
        self.first_score = sum(len(self.survey.items[m.name]) for m in self.projected)
        self.incomplete = self._incomplete_teams()
        self.above = UnitsAbove(structure, self.outcomes, given=self.incomplete is not None)
        self.moderation = Moderation(structure, self.outcomes)
        self.incomplete_recovery: IncompleteRecovery | None = None
        self.reason = self._reason()

    def _reason(self) -> str:
        if not self.sampled:
            reason = "linear and gaussian below the third level: people and teams are integrated out"
            if self.incomplete is not None:
                return f"{reason}, one by one the {len(self.incomplete.teams)} teams with missing answers"
            return reason
        names = ", ".join(m.name for m in self.sampled)
        return f"teams are integrated out, and people but for their scores on {names}"

    def _incomplete_teams(self) -> IncompleteTeams | None:
        """Teams in which answers are missing, if these are integrated out, too, and there are any."""
        measures = [*self.projected, *self.exact]
        if not takes_missing(self.spec) or not measures:
            return None
        answers = np.column_stack([self.survey.answers(m.name).values for m in measures])
        n_teams = self.survey.levels[self.team].sizes[self.team]
        found = IncompleteTeams(answers, np.asarray(self.survey.index(self.lowest, self.team)), n_teams)
        return found if len(found.teams) else None

    # Building ---------------------------------------------------------------------------------------------

    def add(self) -> None:
        """Add the density of all answers and outcomes."""
        statistics = self._statistics()
        self._add_data(statistics)
        person = person_equations(self.structure)
        people = np.bincount(np.asarray(self.survey.index(self.lowest, self.team)))
        team = team_equations(
            self.structure, person, self.above, self.moderation,
            moderators=self._all_moderators(), shrink=float(np.sqrt(np.mean(1 / people))),
        )  # fmt: skip
        team.shift = self.above.add_common(team.x, team.responses)
        within, between = score_rows(
            self.structure, self.sampled, team.shift, statistics, self.data, self.first_score
        )
        self._density(person, team, statistics, within, between)
        pm.Potential("centring", self.data["centring"] * 1.0)

    def _add_data(self, statistics: Statistics) -> None:
        """Put what the density and the recovery need of the data where it can be swapped."""
        values = {
            "within": statistics.within,
            "between": statistics.between,
            "degrees": statistics.degrees,
            "count": statistics.count,
            "size": statistics.size,
            "seen": statistics.seen,
            "rows": statistics.team_rows,
            "team": statistics.team,
            "cell": statistics.cell,
            "centring": np.asarray(statistics.constant),
            "person_rows": statistics.person_rows,
            "moderators": statistics.moderators,
        }
        self.data = {name: pm.Data(f"teams.{name}", value) for name, value in values.items()}

    def _all_moderators(self) -> Any:
        """Of cells, then of teams with missing answers."""
        own = self.data["moderators"]
        return pt.concatenate([own, self.incomplete.data["moderators"]]) if self.incomplete else own

    def _statistics(self) -> Statistics:
        survey = self.survey
        n, n_teams = (survey.levels[lv].sizes[lv] for lv in (self.lowest, self.team))

        def stacked(parts: Sequence[np.ndarray], rows: int) -> np.ndarray:
            return np.column_stack(parts) if len(parts) else np.zeros((rows, 0))

        of_items = [survey.answers(m.name).values for m in self.projected]
        of_singles = [np.zeros((n, len(self.sampled))), *(survey.answers(m.name).values for m in self.exact)]
        of_outcomes = [np.asarray(survey.column(self.team, y).values, float) for y in self.outcomes]
        of_columns = [*self._columns(self.team).values(), *self.above.columns()]
        own = list(self._columns(self.lowest).values())
        of_people = [stacked(part, n) for part in (of_items, of_singles, own)]
        of_teams = [stacked(of_outcomes, n_teams), stacked(of_columns, n_teams), self.moderation.moderators]
        index = np.asarray(survey.index(self.lowest, self.team))
        if self.incomplete is not None:
            self.incomplete.add_data(of_people[2], *of_teams)
            of_people = [part[self.incomplete.people] for part in of_people]
            of_teams = [np.delete(part, self.incomplete.teams, axis=0) for part in of_teams]
            index = np.unique(index[self.incomplete.people], return_inverse=True)[1]
        (answers, singles, person_columns), (outcomes, columns, moderators) = of_people, of_teams
        return summarise(answers, singles, person_columns, outcomes, columns, index, moderators)

    def _columns(self, level: str) -> dict[str, np.ndarray]:
        """Distinct observed columns of a level by label, in the order of the layout."""
        found = {
            c.label: c.values
            for columns in self.structure.layouts[level].columns.values()
            for c in columns
            if c.values is not None and not c.latents
        }
        return {label: found[label] for label in self.structure.layouts[level].observed}

    # Density ------------------------------------------------------------------------------------------------

    def _density(
        self, person: Equations, team: Equations, statistics: Statistics, within: Any, between: Any
    ) -> None:
        structure, data, first = self.structure, self.data, np.asarray(self.first_score)
        loading = [loadings(structure, m) for m in self.projected]
        theta = joined([residual_sds(structure, m) ** 2 for m in self.projected])
        tau2 = joined([self._tau2(m) for m in self.projected])

        others = (*self.sampled, *self.exact)
        own, self.person_starts = person_rows(self.structure, self.projected, others, person, loading)
        starts, n_rows = self.person_starts, len(own.response)
        person_z, person_x = person_forms(self.structure, self.projected, own, person)
        person_loading = self._group_loadings(loading)
        none = pt.zeros(self.first_score)
        density = CellsDensity()(
            person_loading, theta, none, none, pt.zeros((n_rows, 0)), person_z, person_x, within,
            pt.zeros((n_rows, 0)), pt.zeros(0), pt.zeros((1, 0)), pt.zeros((n_rows, 0)),
            data["within"], first, starts, np.asarray(-1),
            data["degrees"], np.ones(1), np.ones((1, 0), bool), np.asarray(0), np.asarray(0),
            np.zeros(0, int),
        )[0]  # fmt: skip
        pm.Potential("persons.density", density)

        rows, self.starts, own_loading = self._between_rows(person, team, loading)
        nu = joined(
            [
                item_intercepts(structure, m, around=self._around(team, m.name, ls))
                for m, ls in zip(self.projected, own_loading, strict=True)
            ]
        )
        between_loading = joined(
            [
                ls if self._is_one_group(m) else pt.ones(len(self.survey.items[m.name]))
                for m, ls in zip(self.projected, own_loading, strict=True)
            ]
        )
        z, m, b, spread, reach = self._forms(rows, person, team)
        self.by = self.moderation.by(len(rows.response))
        constant = statistics.team_rows.shape[1] - self.first_score - len(rows.response) - 1
        constant += len(self.starts) - 1
        change = team.change[: data["count"].shape[0]]
        density = CellsDensity()(
            between_loading, theta, tau2, nu, z, m, b, between, spread, self.above.common,
            change, reach, data["between"], first, self.starts, np.asarray(constant),
            data["count"], data["size"], data["seen"],
            np.asarray(self.above.first), np.asarray(self.above.n_units), self.by,
        )[0]  # fmt: skip
        pm.Potential("teams.density", density)
        if self.incomplete is not None:
            self._add_incomplete(person, team, rows, loading, own_loading, theta, tau2, nu)
        self._store_forms(
            {
                "loading": between_loading,
                "theta": theta,
                "tau2": tau2,
                "nu": nu,
                "z": z,
                "m": m,
                "b": b,
                "spread": spread,
                "common": self.above.common,
                "change": change,
                "reach": reach,
                "person_loading": person_loading,
                "person_z": person_z,
                "person_x": person_x,
            },
            team,
        )

    def _add_incomplete(
        self,
        person: Equations,
        team: Equations,
        rows: Rows,
        loading: list[Any],
        own_loading: list[Any],
        theta: Any,
        tau2: Any,
        nu: Any,
    ) -> None:
        """Add the density of teams with missing answers."""
        assert self.incomplete is not None
        n_exact, measures = len(self.exact), [*self.projected, *self.exact]
        ones, none = pt.ones(n_exact), pt.zeros(n_exact)
        intercepts = rows.constant[len(rows.constant) - len(self.outcomes) - n_exact :]
        plain = Rows()
        for name in [*(m.name for m in measures), *self.outcomes]:
            _add(plain, person, team, name)
        plain.constant[len(measures) :] = intercepts[n_exact:]
        z, _, b, _, reach = self._forms(plain, person, team)
        below = np.array([person.responses.index(m.name) for m in measures], int)
        forms = Forms(
            loading=joined([*loading, ones]),
            between=joined([*own_loading, ones]),
            theta=pt.concatenate([theta, none]),
            tau2=pt.concatenate([tau2, none]),
            nu=joined([nu, *([pt.stack(intercepts[:n_exact])] if n_exact else [])]),
            person_z=person.z[below],
            person_x=person.x[below],
            z=z,
            b=b,
            change=team.change[self.data["count"].shape[0] :],
            reach=reach,
        )
        starts = np.cumsum([0, *(len(self.survey.items[m.name]) for m in measures)])
        exact = np.array([m in self.exact for m in measures])
        by = self.moderation.by(len(plain.response))
        pm.Potential("incomplete.density", self.incomplete.density(forms, starts, exact, by))
        for name in FORMS:
            pm.Deterministic(f"{RECOVER}{PREFIX}{name}", getattr(forms, name))
        n_teams = self.survey.levels[self.team].sizes[self.team]
        self.incomplete_recovery = IncompleteRecovery(self.incomplete.teams, n_teams, starts, exact, by)

    def _tau2(self, measure: Measure) -> Any:
        sd = item_residual_sds(self.structure, measure, integrated=True)
        return pt.zeros(len(self.survey.items[measure.name])) if sd is None else sd**2

    def _group_loadings(self, loading: list[Any]) -> Any:
        """Loadings of items on the form of their group: one where each item has a form of its own."""
        return joined(
            [
                pt.ones(len(self.survey.items[m.name])) if m.specific else own
                for m, own in zip(self.projected, loading, strict=True)
            ]
        )

    def _between_rows(
        self, person: Equations, team: Equations, loading: list[Any]
    ) -> tuple[Rows, Any, list[Any]]:
        """Rows of linear forms, where their items start, and the team-level loadings of each measure."""
        rows, starts, between = Rows(), [0], []

        for measure, own in zip(self.projected, loading, strict=True):
            n = len(self.survey.items[measure.name])
            between.append(between_loadings(self.structure, measure, own))
            if self._is_one_group(measure):
                _add(rows, person, team, measure.name)
                starts.append(starts[-1] + n)
                continue
            for i in range(n):
                _add(rows, person, team, measure.name, scale=between[-1][i], below=own[i], item=(measure, i))
                starts.append(starts[-1] + 1)
        for measure in self.sampled:
            _add(rows, person, team, measure.name)
        for measure in self.exact:
            around = self._around(team, measure.name, pt.ones(1))
            constant = item_intercepts(self.structure, measure, around=around)[0]
            _add(rows, person, team, measure.name, constant=constant)
        for outcome in self.outcomes:
            around = self._around(team, outcome, 1.0)
            constant = outcome_intercept(self.structure, outcome, around=around)
            _add(rows, person, team, outcome, constant=constant)
        return rows, np.array(starts), between

    def _is_one_group(self, measure: Measure) -> bool:
        """Whether the items of a measure show one form of the teams."""
        if measure.specific:
            return False
        return measure.loadings == "equal" or len(self.survey.items[measure.name]) == 1

    @staticmethod
    def _around(team: Equations, response: str, loading: Any) -> Any:
        return -loading * team.shift[response] if team.shift else None

    def _forms(self, rows: Rows, person: Equations, team: Equations) -> tuple[Any, Any, Any, Any, Any]:
        """Forms of the rows, then of predictors whose coefficients differ; how far these reach."""
        own = pt.concatenate([person.z, pt.zeros((1, len(person.responses)))])[np.array(rows.member, int)]
        at = np.array(rows.response, int)
        z, m, x, totals = team.z[at], team.m[at], team.x[at], team.totals[at]
        if any(not isinstance(s, float) for s in rows.scale):
            scale, below = column(rows.scale), column(rows.below)
            z, m, x, totals, own = z * scale, m * scale, x * scale, totals * scale, own * below
        constant = pt.stack([pt.as_tensor(c).astype("float64") for c in rows.constant])
        m = m + own
        by = np.array(self.moderation.predictors, int)
        if len(by):
            z, x = pt.concatenate([z, team.z[by]]), pt.concatenate([x, team.x[by]])
            m = pt.concatenate([m, team.m[by] + team.members[by]])
            totals = pt.concatenate([totals, team.totals[by]])
            constant = pt.concatenate([constant, pt.zeros(len(by))])
        columns, spread = self.above.columns_and_spread(x, constant)
        z = with_specifics(self.structure, self.projected, z, rows.item, "between")
        m = with_specifics(self.structure, self.projected, m, rows.item, "within")
        return z, m, columns, spread, self.moderation.reach(totals)

    # Recovery -----------------------------------------------------------------------------------------------

    def _store_forms(self, forms: dict[str, Any], team: Equations) -> None:
        """Keep what drawing teams' values afterwards needs."""
        latents, n = len(team.responses) - len(self.outcomes), len(team.responses)
        own = np.ones((n, n))
        for i in range(latents, n):
            own[i, i] = 0.0
        constant = pt.stack(
            [pt.zeros(()) for _ in range(latents)]
            + [outcome_intercept(self.structure, y) for y in self.outcomes]
        )
        columns, spread = self.above.columns_and_spread(team.x, constant)
        forms = {
            **forms,
            "value_z": with_specifics(self.structure, self.projected, team.z * own, [], "between"),
            "value_m": with_specifics(self.structure, self.projected, team.m + team.members, [], "within"),
            "value_b": columns,
            "value_spread": spread,
            "value_reach": self.moderation.reach(team.totals),
        }
        for name, value in forms.items():
            pm.Deterministic(f"{RECOVER}{name}", value)

    def recovery(self) -> TeamRecovery:
        """What turns the stored forms into draws of teams' values."""
        return TeamRecovery(
            level=self.team,
            first_unit=self.above.first,
            latents=self.structure.layouts[self.team].latents,
            outcomes=tuple(self.outcomes),
            starts=np.asarray(self.starts),
            first_score=self.first_score,
            sampled=bool(self.sampled),
            first_outcome=self.first_score + len(self.sampled) + len(self.exact),
            person_starts=self.person_starts,
            by=self.by,
            incomplete=self.incomplete_recovery,
            whole=self._is_whole(),
        )

    def _is_whole(self) -> bool:
        """Whether one or two factors of people and teams are all that there is to a team."""
        lowest, team = (self.structure.layouts[level] for level in (self.lowest, self.team))
        return (
            1 <= len(self.sampled) == len(self.spec.measures) <= _MOST_FACTORS
            and not (self.projected or self.exact or lowest.observed or len(self.by))
            and not any(m.family == "gaussian" for m in self.sampled)
            and not any(queries.has_item_residuals(self.spec, m.name) for m in self.sampled)
            and not any(self.structure.is_members(self.team, m.name) for m in self.sampled)
            and not any(f.groups for f in team.formulas.values())
        )


def _add(rows: Rows, person: Equations, team: Equations, name: str, **more: Any) -> None:
    """Add the row of a response of teams, with that of people where they have it."""
    known = name in person.responses
    member = person.responses.index(name) if known else len(person.responses)
    rows.add(team.responses.index(name), member, **more)
