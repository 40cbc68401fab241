"""Variances of latents that a model's parameters imply, draw by draw.

A latent is a sum of sources: columns (with their covariance in the survey), residuals (which may correlate),
random effects of units above, and what comes from the equations of higher levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import xarray as xr

from coefficacy import dims
from coefficacy.dims import SAMPLE
from coefficacy.errors import FitError, Problem
from coefficacy.model.design import Column, expand
from coefficacy.model.layout import Layout, lay_out
from coefficacy.spec import queries
from coefficacy.spec.model import GroupTerm, ModelSpec
from coefficacy.survey import Survey

__all__ = ["Implied", "drawn", "level_of_teams"]


class _Source(NamedTuple):
    """`kind`: column, residual, members (mean of the members' residuals) or effect (of unit variance)."""

    kind: str
    level: str
    label: str


type _Form = dict[_Source, np.ndarray]
"""Coefficients on sources, each (chain, draw)."""


def level_of_teams(spec: ModelSpec, measure: str) -> str | None:
    """Return the level above the items' own at which a measure has a value of its own, or None."""
    own = queries.rank(spec, queries.measure_level(spec, measure))
    above = queries.level_names(spec)[own + 1 :]
    return next((level for level in above if measure in queries.latents(spec, level)), None)


@dataclass(slots=True)
class Implied:
    """Variances that the draws of a posterior imply.

    Parameters
    ----------
    posterior : draws of the parameters, whatever the engine
    spec, survey : what was fitted
    """

    posterior: xr.Dataset
    spec: ModelSpec
    survey: Survey
    _layouts: dict[str, Layout] = field(default_factory=dict)
    _forms: dict[tuple[str, str], _Form] = field(default_factory=dict)

    def variance(self, level: str, name: str, *, independent: bool = False) -> np.ndarray:
        """Return the variance of the part of a latent that varies at a level, (chain, draw).

        From the second level up with what comes from the levels above; zero where it has no part there.

        Parameters
        ----------
        independent : only what differs independently between units, without columns

        Raises
        ------
        FitError
            A latent is multiplied on the way, or has several random slopes, or random effects among persons:
            the variance has no closed form; or the posterior has no draws of what it rests on.
        """
        if name not in self._layout(level).latents:
            return self._zeros()
        form = self._form(level, name)
        if independent:
            form = {source: b for source, b in form.items() if source.kind != "column"}
        return self._covary(form, form, level)

    def covariance(self, level: str, names: Sequence[str], *, within: bool = False) -> xr.DataArray:
        """Return covariances of values at a level, (chain, draw, name, name').

        A measure with ``aggregate = "members"`` enters with the mean of its members, of teams of average
        size.

        Parameters
        ----------
        level : from the second up
        names : latents of that level
        within : leave out what random effects and equations of the levels above give

        Raises
        ------
        FitError
            As :meth:`variance`.
        """
        forms = [self._value(level, name) for name in names]
        if within:
            forms = [{s: b for s, b in form.items() if self._varies_within(s, level)} for form in forms]
        rows = [[self._covary(a, b, level) for b in forms] for a in forms]
        coords = {name: self.posterior[name].values for name in SAMPLE}
        return xr.DataArray(
            np.moveaxis(np.array(rows), (0, 1), (-2, -1)),
            dims=(*SAMPLE, "name", "name'"),
            coords={**coords, "name": list(names), "name'": list(names)},
        )

    def shared_with_members(self, level: str, name: str) -> np.ndarray:
        """Return n times the covariance of a team's value with the mean of its n members, (chain, draw).

        Not zero only where the value rests on these very members, by a measure with
        ``aggregate = "members"`` among its predictors.
        """
        lowest = queries.level_names(self.spec)[0]
        if name not in self._layout(lowest).latents or name not in self._layout(level).latents:
            return self._zeros()
        mean, form = self._mean_of_members(name), self._form(level, name)
        return self._covary(mean, form, level) / self._share()

    def by_level(self, name: str) -> dict[str, np.ndarray]:
        """Return the variance of a measure by the level whose units it differs between, (chain, draw).

        What a column explains counts at the level of the equation it stands in; the covariance of columns of
        different levels, at the lower one.

        Raises
        ------
        FitError
            As :meth:`variance`.
        """
        lowest, *above = queries.level_names(self.spec)
        first = next((level for level in above if self._has_component(level, name)), None)
        parts = {lowest: self.variance(lowest, name)}
        form = self._form(first, name) if first else {}
        for level in above:
            higher = queries.levels_above(self.spec, level)
            at_least = {s: b for s, b in form.items() if s.level == level or s.level in higher}
            beyond = {s: b for s, b in form.items() if s.level in higher}
            where = first or level
            parts[level] = self._covary(at_least, at_least, where) - self._covary(beyond, beyond, where)
        return parts

    # Forms ------------------------------------------------------------------------------------------------

    def _layout(self, level: str) -> Layout:
        if level not in self._layouts:
            self._layouts[level] = lay_out(self.spec, self.survey, level)
        return self._layouts[level]

    def _form(self, level: str, name: str) -> _Form:
        if (level, name) not in self._forms:
            self._forms[level, name] = self._make_form(level, name)
        return self._forms[level, name]

    def _make_form(self, level: str, name: str) -> _Form:
        layout = self._layout(level)
        form: _Form = {_Source("residual", level, name): self._sd(level, name)}
        for column in layout.columns.get(name, []):
            multiplied = self._multiplier(level, name, column)
            _add(form, multiplied, self._coefficient(level, name, column.label))
        formula = layout.formulas.get(name)
        for group in formula.groups if formula else ():
            _add(form, self._effects(level, name, group), np.ones(()))
        lowest, *above = queries.level_names(self.spec)
        if level != lowest:
            higher = above[above.index(level) + 1 :]
            upper = next((u for u in higher if self._has_component(u, name)), None)
            _add(form, self._form(upper, name) if upper else {}, np.ones(()))
        return form

    def _has_component(self, level: str, name: str) -> bool:
        return name in self._layout(level).latents or queries.regression(self.spec, level, name) is not None

    def _multiplier(self, level: str, name: str, column: Column) -> _Form:
        """What a coefficient multiplies."""
        if not column.latents:
            return {_Source("column", level, column.label): np.ones(())}
        if len(column.latents) > 1 or column.values is not None:
            raise _no_closed_form(f"{level}.{name}", f"multiplies a latent ({column.label})")
        return self._value(level, column.latents[0])

    def _value(self, level: str, name: str) -> _Form:
        """A latent as equations use it: with its members' mean where it is theirs."""
        form = dict(self._form(level, name))
        if self._is_members(level, name):
            _add(form, self._mean_of_members(name), np.ones(()))
        return form

    def _varies_within(self, source: _Source, level: str) -> bool:
        rank = queries.rank(self.spec, level)
        return source.kind != "effect" and queries.rank(self.spec, source.level) <= rank

    def _mean_of_members(self, name: str) -> _Form:
        """Mean of the members' deviations: columns cancel out in it."""
        below = self._form(queries.level_names(self.spec)[0], name)
        return {s._replace(kind="members"): b for s, b in below.items() if s.kind == "residual"}

    def _is_members(self, level: str, name: str) -> bool:
        lowest = queries.level_names(self.spec)[0]
        return (
            queries.rank(self.spec, level) == 1
            and queries.is_measure(self.spec, name)
            and queries.measure(self.spec, name).aggregate == "members"
            and name in self._layout(lowest).latents
        )

    def _effects(self, level: str, name: str, group: GroupTerm) -> _Form:
        where, layout = f"{level}.{name}", self._layout(level)
        if level == queries.level_names(self.spec)[0]:
            raise _no_closed_form(where, f"has random effects of each {group.level}")
        slopes = expand(self.spec, self.survey, level, group.terms, layout.latents, where=where)
        if len(slopes) > 1:
            raise _no_closed_form(where, f"has several random slopes of each {group.level}")
        sds = self._draws(f"sd({where} | {group.level})")
        form: _Form = {}
        for label, column in [*([("1", None)] if group.intercept else []), *((c.label, c) for c in slopes)]:
            if column is not None and column.latents:
                raise _no_closed_form(where, f"multiplies a latent ({label})")
            size = 1.0 if column is None or column.values is None else np.sqrt(np.mean(column.values**2))
            sd = sds.sel({f"{where}|{group.level}.term": label}).values
            form[_Source("effect", group.level, f"{where}: {label}")] = size * sd
        return form

    # Draws ------------------------------------------------------------------------------------------------

    def _draws(self, name: str) -> xr.DataArray:
        return drawn(self.posterior, name)

    def _coefficient(self, level: str, name: str, label: str) -> np.ndarray:
        dim = dims.term_dim(level, name)
        return self._draws(dims.equation_name(level, name)).sel({dim: label}).values

    def _sd(self, level: str, name: str) -> np.ndarray:
        """Residual SD of a latent; one where that sets its scale."""
        label = f"sd({dims.equation_name(level, name)})"
        if label in self.posterior:
            return self._draws(label).values
        return self._zeros() + 1.0

    def _zeros(self) -> np.ndarray:
        return np.zeros([self.posterior.sizes[name] for name in SAMPLE])

    # Covariances ------------------------------------------------------------------------------------------

    def _covary(self, one: _Form, other: _Form, level: str) -> np.ndarray:
        products = (one[a] * other[b] * self._covariance(a, b, level) for a in one for b in other)
        return sum(products, self._zeros())

    def _covariance(self, a: _Source, b: _Source, level: str) -> np.ndarray | float:
        """Covariance of two sources over the units of a level."""
        if a.kind != b.kind or (a.level != b.level and a.kind != "column"):
            return 0.0
        if a.kind == "column":
            x, y = (self._column(source, level) for source in (a, b))
            return float(np.mean((x - x.mean()) * (y - y.mean())))
        if a.kind == "effect":
            return float(a == b)
        share = self._share() if a.kind == "members" else 1.0
        return share * (1.0 if a == b else self._correlation(a.level, a.label, b.label))

    def _correlation(self, level: str, a: str, b: str) -> np.ndarray | float:
        name, correlated = f"cor({level})", self._layout(level).correlated
        if name not in self.posterior or a not in correlated or b not in correlated:
            return 0.0
        at = {f"{level}.correlated": a, f"{level}.correlated'": b}
        return self._draws(name).sel(at).values

    def _column(self, source: _Source, level: str) -> np.ndarray:
        columns = (c for cs in self._layout(source.level).columns.values() for c in cs)
        values = next(c.values for c in columns if c.label == source.label and not c.latents)
        assert values is not None
        return values[self.survey.index(level, source.level)]

    def _share(self) -> float:
        """Mean over teams of one over the number of members."""
        lowest, team = queries.level_names(self.spec)[:2]
        counts = np.bincount(self.survey.index(lowest, team), minlength=self.survey.n[team])
        return float(np.mean(1 / np.maximum(counts, 1)))


def drawn(posterior: xr.Dataset, name: str) -> xr.DataArray:
    """Return the draws of a parameter, (chain, draw, ...), or raise a FitError."""
    if name not in posterior:
        what = f"holds no '{name}', which the variances of latents rest on."
        raise FitError(Problem("posterior", what, "Fit the model with latents for its measures."))
    return posterior[name].transpose(*SAMPLE, ...)


def _add(form: _Form, more: _Form, factor: np.ndarray) -> None:
    for source, b in more.items():
        form[source] = form.get(source, 0.0) + factor * b


def _no_closed_form(where: str, what: str) -> FitError:
    return FitError(
        Problem(where, f"{what}: its variance has no closed form here.", "Leave the term out to see it.")
    )
