"""The exact engine: people and teams are integrated out, the sampler sees only the parameters.

What the engine needs of a model is linear: every latent of a team and every outcome is a form in observed
columns and independent normal sources (`gaussian.paths`), and the density follows from cross-products of the
data (`gaussian.likelihood`). Scores of people on ordinal, yes/no or incomplete measures cannot be integrated
out; they are sampled and enter as data would, and the teams above them are still integrated out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from coefficacy import dims
from coefficacy.errors import FitError, Problem
from coefficacy.gaussian.op import CellsDensity, GradedDensity, Scatter
from coefficacy.gaussian.statistics import Statistics, summarise
from coefficacy.model.above import UnitsAbove
from coefficacy.model.answers import (
    between_loadings,
    item_intercepts,
    item_residual_sds,
    item_thresholds,
    loadings,
    residual_sds,
)
from coefficacy.model.built import Built
from coefficacy.model.equations import Equations, person_equations, team_equations
from coefficacy.model.frame import coordinates, hidden, parameters, store_latents
from coefficacy.model.moderation import Moderation
from coefficacy.model.obstacles import is_sampled, why_not_marginal
from coefficacy.model.outcomes import outcome_intercept
from coefficacy.model.recovered import RECOVER, TeamRecovery
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


@dataclass(slots=True)
class _Rows:
    """Groups of items and single responses of a level, as rows of linear forms."""

    response: list[int] = field(default_factory=list)
    member: list[int] = field(default_factory=list)
    scale: list[Any] = field(default_factory=list)
    below: list[Any] = field(default_factory=list)
    constant: list[Any] = field(default_factory=list)


class _Collapsed:
    """Builds the density of one model from its structure."""

    def __init__(self, structure: Structure) -> None:
        self.structure, self.spec, self.survey = structure, structure.spec, structure.survey
        self.lowest, self.team = structure.levels[:2]
        measures = [queries.measure(self.spec, n) for n in structure.layouts[self.lowest].latents]
        answered = structure.layouts[self.lowest].answered
        self.sampled = [m for m in measures if is_sampled(self.survey, m)]
        self.exact = [m for m in measures if m.name in answered and m not in self.sampled]
        self.projected = [m for m in measures if m not in self.sampled and m not in self.exact]
        self.outcomes = [
            y for y in queries.outcomes(self.spec) if queries.outcome_level(self.spec, y) == self.team
        ]
        self.first_score = sum(len(self.survey.items[m.name]) for m in self.projected)
        self.above = UnitsAbove(structure, self.outcomes)
        self.moderation = Moderation(structure, self.outcomes)
        self.reason = self._reason()

    def _reason(self) -> str:
        if not self.sampled:
            return "linear and gaussian below the third level: people and teams are integrated out"
        names = ", ".join(m.name for m in self.sampled)
        return f"teams are integrated out, and people but for their scores on {names}"

    # Building ---------------------------------------------------------------------------------------------

    def add(self) -> None:
        """Add the density of all answers and outcomes."""
        statistics = self._statistics()
        self._add_data(statistics)
        person = person_equations(self.structure)
        shrink = float(np.sqrt(np.mean(1 / statistics.size[statistics.cell])))
        team = team_equations(
            self.structure, person, self.above, self.moderation,
            moderators=self.data["moderators"], shrink=shrink,
        )  # fmt: skip
        team.shift = self.above.add_common(team.x, team.responses)
        within, between = self._score_rows(team, statistics)
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

    def _statistics(self) -> Statistics:
        survey = self.survey
        n, n_teams = (survey.levels[lv].sizes[lv] for lv in (self.lowest, self.team))

        def stacked(parts: Sequence[np.ndarray], rows: int) -> np.ndarray:
            return np.column_stack(parts) if len(parts) else np.zeros((rows, 0))

        answers = [survey.answers(m.name).values for m in self.projected]
        singles = [np.zeros((n, len(self.sampled))), *(survey.answers(m.name).values for m in self.exact)]
        outcomes = [np.asarray(survey.column(self.team, y).values, float) for y in self.outcomes]
        columns = [*self._columns(self.team).values(), *self.above.columns()]
        person_columns = list(self._columns(self.lowest).values())
        return summarise(
            stacked(answers, n),
            stacked(singles, n),
            stacked(person_columns, n),
            stacked(outcomes, n_teams),
            stacked(columns, n_teams),
            np.asarray(survey.index(self.lowest, self.team)),
            self.moderation.moderators,
        )

    def _columns(self, level: str) -> dict[str, np.ndarray]:
        """Distinct observed columns of a level by label, in the order of the layout."""
        found = {
            c.label: c.values
            for columns in self.structure.layouts[level].columns.values()
            for c in columns
            if c.values is not None and not c.latents
        }
        return {label: found[label] for label in self.structure.layouts[level].observed}

    # Answers ------------------------------------------------------------------------------------------------

    def _score_rows(self, team: Equations, statistics: Statistics) -> tuple[Any, Any]:
        """Sample people's scores on some measures, add their answers, and cross-multiply the scores."""
        if not self.sampled:
            widths = statistics.within.shape[-1], statistics.between.shape[-1]
            return pt.zeros((1, 0, widths[0])), pt.zeros((self.data["count"].shape[0], 0, widths[1]))
        n = len(statistics.person_rows)
        free = pm.Flat("standard.score", shape=(n, len(self.sampled)))
        # The mean over all people is as uncertain as that of the teams, many times more than one person's
        # score in the sampler's unit; stretched, it mixes as fast as the rest.
        stretch = np.sqrt(2 * n / len(statistics.team_rows))
        scores = free + (stretch - 1) * pt.mean(free, axis=0)
        if team.shift:
            scores = scores + pt.stack([team.shift[m.name] for m in self.sampled])
        pm.Deterministic(f"{RECOVER}scores", scores)
        for k, measure in enumerate(self.sampled):
            self._add_sampled_answers(measure, scores[:, k], statistics)
        data = [self.data[name] for name in ("person_rows", "rows", "team", "cell", "count")]
        return Scatter()(scores, *data, np.asarray(self.first_score))

    def _add_sampled_answers(self, measure: Measure, score: Any, statistics: Statistics) -> None:
        structure, name = self.structure, measure.name
        answers = self.survey.answers(name).values
        n_items, n_teams = answers.shape[1], len(statistics.team_rows)
        given = np.flatnonzero(~np.isnan(answers.ravel()))
        unit, item = given // n_items, given % n_items
        loading, sd = loadings(structure, measure), item_residual_sds(structure, measure)
        residual = (
            pt.zeros((n_teams, n_items)) if sd is None else sd * structure.parameters.normal(n_teams, n_items)
        )
        if measure.family == "gaussian":
            intercept = item_intercepts(structure, measure, around=-loading * pt.mean(score))
            eta = loading * score[:, None] + residual[statistics.team] + intercept
            pm.Normal(
                name, eta.ravel()[given], residual_sds(structure, measure)[item],
                observed=pm.Data(f"{name}.y", answers.ravel()[given]), dims=dims.answers_dim(name),
            )  # fmt: skip
            return
        mean = loading * pt.mean(score)
        if measure.family == "ordinal":
            cuts = item_thresholds(structure, measure, around=mean)
        else:
            cuts = -item_intercepts(structure, measure, around=-mean)[:, None]
        density = GradedDensity()(
            score, loading, residual, cuts,
            pm.Data(f"{name}.unit", unit), pm.Data(f"{name}.team", statistics.team),
            pm.Data(f"{name}.of", item),
            pm.Data(f"{name}.y", answers.ravel()[given].astype("int64")),
            np.asarray(queries.link_of(self.spec, name) == "logit"),
        )[0]  # fmt: skip
        pm.Potential(name, density)

    # Density ------------------------------------------------------------------------------------------------

    def _density(
        self, person: Equations, team: Equations, statistics: Statistics, within: Any, between: Any
    ) -> None:
        structure, data, first = self.structure, self.data, np.asarray(self.first_score)
        loading = [loadings(structure, m) for m in self.projected]
        theta = _joined([residual_sds(structure, m) ** 2 for m in self.projected])
        tau2 = _joined([self._tau2(m) for m in self.projected])

        at = np.array(
            [person.responses.index(m.name) for m in (*self.projected, *self.sampled, *self.exact)], int
        )
        starts = np.cumsum([0, *(len(self.survey.items[m.name]) for m in self.projected)])
        self.person_starts = starts
        none = pt.zeros(self.first_score)
        density = CellsDensity()(
            _joined(loading), theta, none, none, pt.zeros((len(at), 0)), person.z[at], person.x[at], within,
            pt.zeros((len(at), 0)), pt.zeros(0), pt.zeros((1, 0)), pt.zeros((len(at), 0)),
            data["within"], first, starts, np.asarray(-1),
            data["degrees"], np.ones(1), np.ones((1, 0), bool), np.asarray(0), np.asarray(0),
            np.zeros(0, int),
        )[0]  # fmt: skip
        pm.Potential("persons.density", density)

        rows, self.starts, own_loading = self._between_rows(person, team, loading)
        nu = _joined(
            [
                item_intercepts(structure, m, around=self._around(team, m.name, ls))
                for m, ls in zip(self.projected, own_loading, strict=True)
            ]
        )
        between_loading = _joined(
            [
                ls if self._is_one_group(m) else pt.ones(len(self.survey.items[m.name]))
                for m, ls in zip(self.projected, own_loading, strict=True)
            ]
        )
        z, m, b, spread, reach = self._forms(rows, person, team)
        self.by = self.moderation.by(len(rows.response))
        constant = statistics.team_rows.shape[1] - self.first_score - len(rows.response) - 1
        constant += len(self.starts) - 1
        density = CellsDensity()(
            between_loading, theta, tau2, nu, z, m, b, between, spread, self.above.common,
            team.change, reach, data["between"], first, self.starts, np.asarray(constant),
            data["count"], data["size"], data["seen"],
            np.asarray(self.above.first), np.asarray(self.above.n_units), self.by,
        )[0]  # fmt: skip
        pm.Potential("teams.density", density)
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
                "change": team.change,
                "reach": reach,
                "person_loading": _joined(loading),
                "person_z": person.z[at],
                "person_x": person.x[at],
            },
            team,
        )

    def _tau2(self, measure: Measure) -> Any:
        sd = item_residual_sds(self.structure, measure, integrated=True)
        return pt.zeros(len(self.survey.items[measure.name])) if sd is None else sd**2

    def _between_rows(
        self, person: Equations, team: Equations, loading: list[Any]
    ) -> tuple[_Rows, Any, list[Any]]:
        """Rows of linear forms, where their items start, and the team-level loadings of each measure."""
        rows, starts, between = _Rows(), [0], []

        def add(name: str, scale: Any = 1.0, below: Any = 1.0, constant: Any = 0.0) -> None:
            rows.response.append(team.responses.index(name))
            known = name in person.responses
            rows.member.append(person.responses.index(name) if known else len(person.responses))
            rows.scale.append(scale)
            rows.below.append(below)
            rows.constant.append(constant)

        for measure, own in zip(self.projected, loading, strict=True):
            n = len(self.survey.items[measure.name])
            between.append(between_loadings(self.structure, measure, own))
            if self._is_one_group(measure):
                add(measure.name)
                starts.append(starts[-1] + n)
                continue
            for i in range(n):
                add(measure.name, between[-1][i], own[i])
                starts.append(starts[-1] + 1)
        for measure in self.sampled:
            add(measure.name)
        for measure in self.exact:
            around = self._around(team, measure.name, pt.ones(1))
            add(measure.name, constant=item_intercepts(self.structure, measure, around=around)[0])
        for outcome in self.outcomes:
            around = self._around(team, outcome, 1.0)
            add(outcome, constant=outcome_intercept(self.structure, outcome, around=around))
        return rows, np.array(starts), between

    def _is_one_group(self, measure: Measure) -> bool:
        """Whether the items of a measure show one form of the teams."""
        return measure.loadings == "equal" or len(self.survey.items[measure.name]) == 1

    @staticmethod
    def _around(team: Equations, response: str, loading: Any) -> Any:
        return -loading * team.shift[response] if team.shift else None

    def _forms(self, rows: _Rows, person: Equations, team: Equations) -> tuple[Any, Any, Any, Any, Any]:
        """Forms of the rows, then of predictors whose coefficients differ; how far these reach."""
        own = pt.concatenate([person.z, pt.zeros((1, len(person.responses)))])[np.array(rows.member, int)]
        at = np.array(rows.response, int)
        z, m, x, totals = team.z[at], team.m[at], team.x[at], team.totals[at]
        if any(not isinstance(s, float) for s in rows.scale):
            scale = pt.stack([pt.as_tensor(s).astype("float64") for s in rows.scale])[:, None]
            below = pt.stack([pt.as_tensor(s).astype("float64") for s in rows.below])[:, None]
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
            "value_z": team.z * own,
            "value_m": team.m + team.members,
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


def _joined(parts: list[Any]) -> Any:
    return pt.concatenate(parts) if parts else pt.zeros(0)
