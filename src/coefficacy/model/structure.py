"""Latents and linear predictors of every level, each made when it is first asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from coefficacy import dims
from coefficacy.model.correlation import correlation_factor
from coefficacy.model.design import Column, expand
from coefficacy.model.distributions import Parameters, prior_of
from coefficacy.model.effects import coefficients
from coefficacy.model.layout import Layout, lay_out
from coefficacy.spec import queries
from coefficacy.spec.model import GroupTerm, ModelSpec
from coefficacy.survey import Survey

__all__ = ["LOG_SD", "Structure"]

LOG_SD = 0.5
"""Width of the half-normal prior of how much units differ in the logarithm of their members' SD."""


class Structure:
    """The structural part of a model: who is predicted by what, at which level.

    A latent's spread is kept beside its value as coefficients on independent unit-variance sources (the
    level's observed columns, its residuals), so that covariances within the levels above are inner products.

    """

    def __init__(self, spec: ModelSpec, survey: Survey) -> None:
        self.spec, self.survey = spec, survey
        self.parameters = Parameters(spec)
        self.levels = queries.level_names(spec)
        self.layouts: dict[str, Layout] = {lv: lay_out(spec, survey, lv) for lv in self.levels}
        self._memo: dict[tuple[Any, ...], Any] = {}

    # What others ask for ----------------------------------------------------------------------------------

    def index(self, lower: str, upper: str) -> Any:
        """Position of the upper unit of each lower unit."""
        return self.once(
            ("index", lower, upper),
            lambda: pm.Data(f"{lower}.{upper}", self.survey.index(lower, upper), dims=lower),
        )

    def value(self, level: str, name: str) -> Any:
        """Value of a latent at a level, (unit,); the mean of its members where the measure says so."""
        return self.once(("value", level, name), lambda: self._value(level, name))

    def component(self, level: str, name: str) -> Any:
        """The part of a latent that varies at `level`, (unit,); from the second level up with those above."""
        return self.once(("component", level, name), lambda: self._component(level, name))

    def linear(self, level: str, response: str, sigma: Any, *, bounded: bool = True) -> tuple[Any, Any]:
        """Regression of a response: its linear predictor (unit,) and the spread it explains (source,)."""
        return self.once(
            ("linear", level, response), lambda: self._linear(level, response, sigma, bounded=bounded)
        )

    def above(self, level: str, name: str) -> Any:
        """The part of a response that comes from equations of higher levels, (unit,) or 0."""
        higher = [
            u for u in self.levels[max(1, self.levels.index(level)) + 1 :] if self.has_component(u, name)
        ]
        if not higher:
            return 0.0
        return self.component(higher[0], name)[self.index(level, higher[0])]

    def sd(self, level: str, name: str) -> Any:
        """Residual SD of a latent at a level."""
        return self.once(("sd", level, name), lambda: self._sd(level, name))

    # Latents ----------------------------------------------------------------------------------------------

    def once(self, key: tuple[Any, ...], make: Any) -> Any:
        """Return what `key` stands for, made by `make` the first time."""
        if key not in self._memo:
            self._memo[key] = make()
        return self._memo[key]

    def has_component(self, level: str, name: str) -> bool:
        """Whether a response has a part that varies at `level`."""
        return name in self.layouts[level].latents or queries.regression(self.spec, level, name) is not None

    def is_members(self, level: str, name: str) -> bool:
        """Whether a team's value is the mean of its members'."""
        return (
            queries.rank(self.spec, level) == 1
            and queries.is_measure(self.spec, name)
            and queries.measure(self.spec, name).aggregate == "members"
            and name in self.layouts[self.levels[0]].latents
        )

    def _value(self, level: str, name: str) -> Any:
        value = self.component(level, name)
        if not self.is_members(level, name):
            return value
        lowest = self.levels[0]
        index, n = self.index(lowest, level), self.survey.levels[level].sizes[level]
        members = pt.zeros(n)
        counts = np.bincount(self.survey.index(lowest, level), minlength=n)
        share = pm.Data(f"{level}.share", 1 / np.maximum(counts, 1), dims=level)
        return value + pt.inc_subtensor(members[index], self.component(lowest, name)) * share

    def _component(self, level: str, name: str) -> Any:
        mean, _ = self.linear(level, name, self.sd(level, name))
        mean = mean + (self.above(level, name) if level != self.levels[0] else 0.0)
        if name in self.layouts[level].answered:
            return self._answered(level, name, mean)
        return mean + self._deviation_sd(level, name) * self._residual(level, name)

    def _deviation_sd(self, level: str, name: str) -> Any:
        """Residual SD of a latent, of each unit where it differs with the unit above: (unit,) or ()."""
        sd, of = self.sd(level, name), f"sd({name})"
        unit = next((u for u in self.levels[1:2] if of in self.layouts[u].latents), None)
        if unit is None or level != self.levels[0]:
            return sd
        return sd * pt.exp(self.component(unit, of))[self.index(level, unit)]

    def _residual(self, level: str, name: str) -> Any:
        """Residual with unit variance: own source plus those it correlates with."""
        layout = self.layouts[level]
        if name not in layout.correlated:
            return self._source(level, name)
        i = layout.correlated.index(name)
        return self._others(level, name) + self.factor(level)[i, i] * self._source(level, name)

    def _others(self, level: str, name: str) -> Any:
        layout, i = self.layouts[level], self.layouts[level].correlated.index(name)
        if not layout.free[i, :i].any():
            return 0.0
        factor = self.factor(level)
        return sum((factor[i, k] * self._source(level, layout.correlated[k]) for k in range(i)), 0.0)

    def factor(self, level: str) -> Any:
        """Cholesky factor of the correlations of residuals of a level's latents."""
        layout = self.layouts[level]

        def make() -> Any:
            prior = prior_of(self.spec, f"cor({level})")
            eta = prior.args[0] if prior else 2.0
            return correlation_factor(f"cor({level})", layout.free, dim=f"{level}.correlated", eta=eta)

        return self.once(("factor", level), make)

    def _source(self, level: str, name: str) -> Any:
        layout = self.layouts[level]
        if name in layout.answered:
            self.component(level, name)
            return self._memo["source", level, name]
        n = self.survey.levels[level].sizes[level]
        return self.once(("source", level, name), lambda: self.parameters.normal(n))

    def _answered(self, level: str, name: str, mean: Any) -> Any:
        """A single gaussian item is its latent: the answers are the likelihood, the residual follows."""
        layout = self.layouts[level]
        i = layout.correlated.index(name)
        whole = self._deviation_sd(level, name)
        spread = whole * (self.factor(level)[i, i] if layout.free[i, :i].any() else 1.0)
        mean = mean + whole * self._others(level, name)
        each = spread + pt.zeros(self.survey.levels[level].sizes[level])
        base = self.item_base(level, name)
        answers = self.survey.answers(name).values[:, 0]
        given = np.flatnonzero(~np.isnan(answers))
        rows = pm.Data(f"{name}.cell", given, dims=dims.answers_dim(name))
        pm.Normal(
            name, (base + mean)[rows], each[rows],
            observed=pm.Data(f"{name}.y", answers[given]), dims=dims.answers_dim(name),
        )  # fmt: skip
        filled = pm.Data(f"{name}.filled", np.nan_to_num(answers), dims=level)
        value = filled - base
        if len(given) < len(answers):
            missing = np.flatnonzero(np.isnan(answers))
            z = self.parameters.normal(len(missing))
            value = pt.set_subtensor(value[missing], mean[missing] + each[missing] * z)
        self._memo["source", level, name] = (value - mean) / spread
        return value

    def item_base(self, level: str, name: str) -> Any:
        """Intercept of a single gaussian item plus its latent one level up, (unit,)."""
        location, scale = item_unit(self.survey, name)
        intercept = self.once(
            ("intercept", name),
            lambda: self.parameters.real(f"{name}.intercept", location, 2.5 * scale, (dims.item_dim(name),)),
        )[0]
        upper = self.upper_of_items(name)
        if upper is None:
            return intercept + pt.zeros(self.survey.levels[level].sizes[level])
        return intercept + self.component(upper, name)[self.index(level, upper)]

    def upper_of_items(self, name: str) -> str | None:
        """The level above the items' own at which the latent has a value of its own, or None."""
        own = queries.rank(self.spec, queries.measure_level(self.spec, name))
        return next((u for u in self.levels[own + 1 :] if name in self.layouts[u].latents), None)

    def _sd(self, level: str, name: str) -> Any:
        label = f"sd({dims.equation_name(level, name)})"
        if name.startswith("sd("):
            return self.parameters.spread(label, LOG_SD)
        lower = self._lower(level, name)
        if lower is not None:
            return self.parameters.scale(label, lower)
        if queries.is_measure(self.spec, name) and len(self.survey.items[name]) == 1:
            return self.parameters.scale(label, 2 * item_unit(self.survey, name)[1])
        if queries.is_measure(self.spec, name):
            return 1.0
        return self.parameters.positive(label, queries.family_of(self.spec, name).scale, 2.0)

    def _lower(self, level: str, name: str) -> Any:
        """Residual SD one level down, which sets the scale of the prior; None where `name` starts here."""
        position = self.levels.index(level)
        for lower in reversed(self.levels[:position]):
            if name in self.layouts[lower].latents:
                return self.sd(lower, name)
            if queries.regression(self.spec, lower, name) is not None:
                gaussian = queries.family_of(self.spec, name).family == "gaussian"
                return self.sd(lower, name) if gaussian else 1.0
            if queries.is_measure(self.spec, name) and queries.measure_level(self.spec, name) == lower:
                return 1.0
        return None

    # Regressions ------------------------------------------------------------------------------------------

    def _linear(self, level: str, response: str, sigma: Any, *, bounded: bool) -> tuple[Any, Any]:
        layout = self.layouts[level]
        columns = layout.columns.get(response, [])
        n = self.survey.levels[level].sizes[level]
        total, spread = pt.zeros(n), pt.zeros(self._n_sources(level))
        if columns:
            x = self._design(level, response, columns)
            spreads = pt.stack([self._column_spread(level, response, c, k) for k, c in enumerate(columns)])
            b = coefficients(
                self.spec, dims.equation_name(level, response), [c.label for c in columns],
                dim=dims.term_dim(level, response), sigma=sigma, bounded=bounded,
                spreads=spreads,
            )  # fmt: skip
            plain = [k for k, c in enumerate(columns) if not c.latents]
            if plain:
                total = total + pt.sum(x[:, : len(plain)] * b[plain], axis=1)
            for k, value in self._multipliers(level, columns, x):
                total = total + b[k] * value
            spread = pt.sum(b[:, None] * spreads, axis=0)
        for group in layout.formulas[response].groups if response in layout.formulas else ():
            total = total + self._group(level, response, group, sigma)
        return total, spread

    def _design(self, level: str, label: str, columns: list[Column]) -> Any:
        plain = [c.values for c in columns if c.values is not None and not c.latents]
        observed = [*plain, *(c.values for c in columns if c.values is not None and c.latents)]
        if not observed:
            return None
        return pm.Data(
            f"{level}.{label}.x", np.column_stack(observed), dims=(level, f"{level}.{label}.column")
        )

    def _multipliers(self, level: str, columns: list[Column], x: Any) -> list[tuple[int, Any]]:
        """What the coefficients of columns with latents multiply; their observed parts stand last in `x`."""
        values: list[tuple[int, Any]] = []
        position = sum(c.values is not None and not c.latents for c in columns)
        for k, column in enumerate(columns):
            if not column.latents:
                continue
            product = self.value(level, column.latents[0])
            for name in column.latents[1:]:
                product = product * self.value(level, name)
            if column.values is not None:
                product, position = product * x[:, position], position + 1
            values.append((k, product))
        return values

    def _group(self, level: str, response: str, group: GroupTerm, sigma: Any) -> Any:
        """Random effects of the units of a level above, in every unit of this one."""
        effects, slopes = self.group_effects(level, response, group, sigma)
        rows = effects[self.index(level, group.level)]
        x = self._design(level, f"{level}.{response} | {group.level}", slopes)
        first = int(group.intercept)
        total = rows[:, 0] if group.intercept else 0.0
        for position, k in enumerate([k for k, c in enumerate(slopes) if not c.latents]):
            total = total + rows[:, first + k] * x[:, position]
        for k, value in self._multipliers(level, slopes, x):
            total = total + rows[:, first + k] * value
        return total

    def group_effects(
        self, level: str, response: str, group: GroupTerm, sigma: Any
    ) -> tuple[Any, list[Column]]:
        """Random effects (unit above, term), non-centred, correlated if there are several; and the slopes."""
        key = ("effects", level, response, group)
        found: tuple[Any, list[Column]] = self.once(
            key, lambda: self._group_effects(level, response, group, sigma)
        )
        return found

    def _group_effects(
        self, level: str, response: str, group: GroupTerm, sigma: Any
    ) -> tuple[Any, list[Column]]:
        sd, slopes = self.group_sd(level, response, group, sigma)
        name, dim = _group_names(level, response, group)
        n_terms = len(pm.modelcontext(None).coords[dim])
        z = self.parameters.normal(self.survey.levels[group.level].sizes[group.level], n_terms)
        if n_terms > 1:
            free = ~np.eye(n_terms, dtype=bool)
            prior = prior_of(self.spec, f"cor({name})")
            factor = correlation_factor(f"cor({name})", free, dim=dim, eta=prior.args[0] if prior else 2.0)
            z = pt.sum(z[:, None, :] * factor[None, :, :], axis=-1)
        return sd * z, slopes

    def group_sd(
        self, level: str, response: str, group: GroupTerm, sigma: Any, *, integrated: bool = False
    ) -> tuple[Any, list[Column]]:
        """SDs of random effects (term,), and the slopes among them.

        Parameters
        ----------
        integrated : the effects are integrated out, so that small SDs make no funnel and the sampler may take
            logarithms
        """
        name, dim = _group_names(level, response, group)
        slopes = self.slopes(level, response, group)
        labels = (["1"] if group.intercept else []) + [c.label for c in slopes]
        pm.modelcontext(None).add_coords({dim: labels, f"{dim}'": labels})
        widths = [pt.ones(())] if group.intercept else []
        for c in slopes:
            s = self._column_spread(level, response, c, None)
            widths.append(pt.sqrt(pt.sum(s**2)))
        make = self.parameters.scale if integrated else self.parameters.spread
        return make(f"sd({name})", 0.5 * sigma / pt.stack(widths), (dim,)), slopes

    def slopes(self, level: str, response: str, group: GroupTerm) -> list[Column]:
        """What has random slopes."""
        where, latents = f"{level}.{response}", self.layouts[level].latents
        return expand(self.spec, self.survey, level, group.terms, latents, where=where)

    # Spread -----------------------------------------------------------------------------------------------

    def _sources(self, level: str) -> list[str]:
        layout = self.layouts[level]
        products = [f"{y}:{c.label}" for y, cs in layout.columns.items() for c in cs if self._is_product(c)]
        members = list(self.layouts[self.levels[0]].latents) if queries.rank(self.spec, level) == 1 else []
        return [
            *(f"x:{c}" for c in layout.observed),
            *(f"z:{n}" for n in layout.latents),
            *(f"members:{n}" for n in members),
            *(f"product:{p}" for p in products),
        ]

    def _n_sources(self, level: str) -> int:
        return len(self._sources(level))

    @staticmethod
    def _is_product(column: Column) -> bool:
        return bool(column.latents) and (len(column.latents) > 1 or column.values is not None)

    def _unit(self, level: str, source: str, size: Any = 1.0) -> Any:
        sources = self._sources(level)
        return np.eye(len(sources))[sources.index(source)] * size

    def _column_spread(self, level: str, response: str, column: Column, position: int | None) -> Any:
        layout = self.layouts[level]
        if not column.latents:
            if column.label not in layout.observed:
                assert column.values is not None
                return pt.as_tensor(self._unit(level, self._sources(level)[0], float(column.values.std())))
            row = np.zeros(self._n_sources(level))
            row[: len(layout.observed)] = layout.root[layout.observed.index(column.label)]
            return pt.as_tensor(row)
        spreads = [self.spread(level, name) for name in column.latents]
        if not self._is_product(column):
            return spreads[0]
        variance = pt.sum(spreads[0] ** 2)
        for a, s in enumerate(spreads[1:]):
            variance = variance * pt.sum(s**2) + (pt.sum(s * spreads[0]) ** 2 if a == 0 else 0.0)
        if column.values is not None:
            variance = variance * float(np.mean(column.values**2))
        source = f"product:{response}:{column.label}"
        known = source in self._sources(level)
        return self._unit(level, source if known else self._sources(level)[0], 1.0) * pt.sqrt(variance)

    def spread(self, level: str, name: str) -> Any:
        """Model-implied spread of a latent within the levels above, (source,); its SD is the length."""
        return self.once(("spread", level, name), lambda: self._spread(level, name))

    def take_sd(self, level: str, name: str, sd: Any) -> None:
        """Take the model-implied SD of a latent from elsewhere: the exact engine has equations of its own."""
        self._memo["spread", level, name] = pt.stack([sd])

    def _spread(self, level: str, name: str) -> Any:
        layout, sd = self.layouts[level], self.sd(level, name)
        _, spread = self.linear(level, name, sd)
        if name in layout.correlated:
            i = layout.correlated.index(name)
            if layout.free[i, :i].any():
                factor = self.factor(level)
                for k in range(i + 1):
                    spread = spread + self._unit(level, f"z:{layout.correlated[k]}") * (sd * factor[i, k])
            else:
                spread = spread + self._unit(level, f"z:{name}") * sd
        else:
            spread = spread + self._unit(level, f"z:{name}") * sd
        if self.is_members(level, name):
            spread = spread + self._members_spread(level, name)
        return spread

    def _members_spread(self, level: str, name: str) -> Any:
        lowest = self.levels[0]
        counts = np.bincount(self.survey.index(lowest, level))
        shrink = float(np.sqrt(np.mean(1 / np.maximum(counts, 1))))
        own = self.spread(lowest, name)
        sources = self._sources(lowest)
        parts = [
            self._unit(level, f"members:{n}") * own[sources.index(f"z:{n}")]
            for n in self.layouts[lowest].latents
        ]
        return shrink * sum(parts, pt.zeros(self._n_sources(level)))


def _group_names(level: str, response: str, group: GroupTerm) -> tuple[str, str]:
    """Name of a group of random effects, and of the dimension of its terms."""
    where = f"{level}.{response}"
    return f"{where} | {group.level}", f"{where}|{group.level}.term"


def item_unit(survey: Survey, name: str) -> tuple[float, float]:
    """Mean and SD over all gaussian answers of a measure: the unit its priors are stated in."""
    answers = survey.answers(name).values
    return float(np.nanmean(answers)), max(float(np.nanstd(answers)), 1e-12)
