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
from coefficacy.gaussian.op import CellsDensity, GradedDensity, Paths, Scatter
from coefficacy.gaussian.paths import PRIORS
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
from coefficacy.model.effects import effect_prior
from coefficacy.model.frame import coordinates, hidden, parameters, store_latents
from coefficacy.model.obstacles import is_sampled, why_not_marginal
from coefficacy.model.outcomes import outcome_intercept
from coefficacy.model.recovered import RECOVER, TeamRecovery
from coefficacy.model.structure import Structure
from coefficacy.spec import queries
from coefficacy.spec.model import Measure, ModelSpec
from coefficacy.survey import Survey

__all__ = ["build_marginal"]

MOST_COLUMNS = 150


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
class _Equations:
    """The regressions of one level, ready for :class:`Paths`."""

    level: str
    responses: tuple[str, ...]
    x: Any = None
    z: Any = None
    m: Any = None
    shift: dict[str, Any] = field(default_factory=dict)


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
        self.reason = self._reason()
        self.forms: dict[str, Any] = {}

    def _reason(self) -> str:
        if not self.sampled:
            return "linear and gaussian below the third level: people and teams are integrated out"
        names = ", ".join(m.name for m in self.sampled)
        return f"teams are integrated out, and people but for their scores on {names}"

    # Building ---------------------------------------------------------------------------------------------

    def add(self) -> None:
        """Add the density of all answers and outcomes."""
        statistics = self._statistics()
        person = self._equations(self.lowest, statistics)
        team = self._equations(self.team, statistics, below=person)
        self._add_data(statistics)
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

    # Equations ----------------------------------------------------------------------------------------------

    def _equations(self, level: str, statistics: Statistics, below: _Equations | None = None) -> _Equations:
        structure, layout = self.structure, self.structure.layouts[level]
        outcomes = self.outcomes if level == self.team else []
        found = _Equations(level, (*layout.latents, *outcomes))
        n, labels = len(found.responses), list(layout.observed)
        terms = [
            (
                i,
                bool(c.latents),
                found.responses.index(c.latents[0]) if c.latents else labels.index(c.label),
                c.label,
            )
            for i, y in enumerate(found.responses)
            for c in layout.columns.get(y, [])
        ]
        g = pm.Flat(f"{level}.standard.effect", shape=len(terms)) if terms else pt.zeros(0)
        sigma = pt.stack([pt.as_tensor(structure.sd(level, y)).astype("float64") for y in found.responses])
        factor = self._factor(level, n, len(layout.latents))
        direct = pt.zeros((n, 0))
        if below is not None:
            direct = self.above.coefficients(found.responses)
        members, shrink = pt.zeros((n, 0)), 0.0
        if below is not None:
            rows = [
                below.z[below.responses.index(y)]
                if structure.is_members(level, y)
                else pt.zeros(len(below.responses))
                for y in found.responses
            ]
            members, shrink = pt.stack(rows), float(np.sqrt(np.mean(1 / statistics.size[statistics.cell])))
        root = pm.Data(f"{level}.root", layout.root)
        found.x, found.z, found.m, log_prior, whole, sd, scaled = Paths()(
            g, sigma, factor, members, direct, np.arange(n) < len(layout.latents),
            np.array([t[0] for t in terms], int), np.array([t[1] for t in terms], bool),
            np.array([t[2] for t in terms], int), root, pm.Data(f"{level}.shrink", np.asarray(shrink)),
            self._priors(level, [(found.responses[t[0]], t[3]) for t in terms]),
        )  # fmt: skip
        if terms:
            pm.Potential(f"{level}.effects", log_prior)
            self._store_effects(found, terms, scaled, whole, sd, root)
        self.forms[f"{level}.members"] = members
        return found

    def _factor(self, level: str, n: int, n_latents: int) -> Any:
        layout = self.structure.layouts[level]
        if not layout.free.any():
            return pt.eye(n)
        return pt.set_subtensor(pt.eye(n)[:n_latents, :n_latents], self.structure.factor(level))

    def _priors(self, level: str, terms: list[tuple[str, str]]) -> np.ndarray:
        rows = []
        for response, label in terms:
            prior = effect_prior(self.spec, f"{level}.{response}", label)
            location, scale = prior.args[-2:]
            degrees = prior.args[0] if len(prior.args) == 3 else 0.0
            rows.append([PRIORS[prior.distribution], degrees, location, scale, prior.raw])
        return np.array(rows, float).reshape(-1, 5)

    def _store_effects(
        self, found: _Equations, terms: list[Any], scaled: Any, whole: Any, sd: Any, root: Any
    ) -> None:
        column_sd = pt.sqrt(pt.sum(root**2, axis=1))
        for i, y in enumerate(found.responses):
            at = [k for k, t in enumerate(terms) if t[0] == i]
            if not at:
                continue
            dim, own = dims.term_dim(found.level, y), scaled[at[0] : at[-1] + 1]
            widths = pt.stack([sd[terms[k][2]] if terms[k][1] else column_sd[terms[k][2]] for k in at])
            pm.Deterministic(f"{found.level}.{y}.std", own / whole[i], dims=dim)
            pm.Deterministic(f"{found.level}.{y}", own / widths, dims=dim)

    # Answers ------------------------------------------------------------------------------------------------

    def _score_rows(self, team: _Equations, statistics: Statistics) -> tuple[Any, Any]:
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
        self, person: _Equations, team: _Equations, statistics: Statistics, within: Any, between: Any
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
            pt.zeros((len(at), 0)), pt.zeros(0), data["within"], first, starts, np.asarray(-1),
            data["degrees"], np.ones(1), np.ones((1, 0), bool), np.asarray(0), np.asarray(0),
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
        z, m, b, spread = self._forms(rows, person, team)
        constant = statistics.team_rows.shape[1] - self.first_score - len(rows.response) - 1
        constant += len(self.starts) - 1
        density = CellsDensity()(
            between_loading, theta, tau2, nu, z, m, b, between, spread, self.above.common,
            data["between"], first, self.starts, np.asarray(constant),
            data["count"], data["size"], data["seen"],
            np.asarray(self.above.first), np.asarray(self.above.n_units),
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
        self, person: _Equations, team: _Equations, loading: list[Any]
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
    def _around(team: _Equations, response: str, loading: Any) -> Any:
        return -loading * team.shift[response] if team.shift else None

    def _forms(self, rows: _Rows, person: _Equations, team: _Equations) -> tuple[Any, Any, Any, Any]:
        own = pt.concatenate([person.z, pt.zeros((1, len(person.responses)))])[np.array(rows.member, int)]
        at = np.array(rows.response, int)
        z, m, x = team.z[at], team.m[at], team.x[at]
        if any(not isinstance(s, float) for s in rows.scale):
            scale = pt.stack([pt.as_tensor(s).astype("float64") for s in rows.scale])[:, None]
            below = pt.stack([pt.as_tensor(s).astype("float64") for s in rows.below])[:, None]
            z, m, x, own = z * scale, m * scale, x * scale, own * below
        constant = pt.stack([pt.as_tensor(c).astype("float64") for c in rows.constant])
        return z, m + own, *self.above.columns_and_spread(x, constant)

    # Recovery -----------------------------------------------------------------------------------------------

    def _store_forms(self, forms: dict[str, Any], team: _Equations) -> None:
        """Keep what drawing teams' values afterwards needs."""
        latents, n = len(team.responses) - len(self.outcomes), len(team.responses)
        own = np.ones((n, n))
        for i in range(latents, n):
            own[i, i] = 0.0
        constant = pt.stack(
            [pt.zeros(()) for _ in range(latents)]
            + [outcome_intercept(self.structure, y) for y in self.outcomes]
        )
        members = self.forms[f"{self.team}.members"]
        columns, spread = self.above.columns_and_spread(team.x, constant)
        forms = {
            **forms,
            "value_z": team.z * own,
            "value_m": team.m + members,
            "value_b": columns,
            "value_spread": spread,
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
        )


def _joined(parts: list[Any]) -> Any:
    return pt.concatenate(parts) if parts else pt.zeros(0)
