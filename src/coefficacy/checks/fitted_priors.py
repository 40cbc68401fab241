"""Every prior of a fit in words, and its log density in every draw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from coefficacy.checks.prior_density import log_density
from coefficacy.dims import SAMPLE
from coefficacy.spec import queries
from coefficacy.spec.model import PriorSpec

if TYPE_CHECKING:
    import xarray as xr

    from coefficacy.sampling import Fit

__all__ = ["GROUPS", "FittedPrior", "PriorGroup", "fitted_priors"]

type PriorGroup = Literal["effects", "measurement", "outcomes", "residual SDs", "group SDs", "correlations"]

GROUPS: tuple[PriorGroup, ...] = (
    "effects",
    "measurement",
    "outcomes",
    "residual SDs",
    "group SDs",
    "correlations",
)
"""What priors are about. Outcomes: intercepts, thresholds, dispersion; groups: those of ``(1 | layer)``."""

_PARTS = (
    "loading",
    "between_loading",
    "intercept",
    "middle",
    "gap",
    "residual_sd",
    "item_sd",
    "specific_loading",
    "specific_sd",
    "dispersion",
    "precision",
)
_TYPICAL = ".typical"


@dataclass(frozen=True, slots=True, eq=False)
class FittedPrior:
    """One prior, as it stood in a fit.

    Attributes
    ----------
    name : as in ``[priors]``: ``"team.y ~ x"``, ``"sd(team.y)"``; gaps between thresholds are ``"m.gap"``
    group : what it is about
    text : the distribution
    given : whether the model file gives it; else it is the documented default
    log_density : (chain, draw), summed over the parameter's entries, up to a constant
    """

    name: str
    group: PriorGroup
    text: str
    given: bool
    log_density: xr.DataArray


def fitted_priors(fit: Fit) -> tuple[FittedPrior, ...]:
    """Return the priors of all parameters of a fit, with their log density in every draw.

    They are computed from the stored draws by the documented prior of each parameter, so they do not depend
    on the engine, and exist for a fit that was loaded.

    Notes
    -----
    A density belongs to a scale, and so does its power. Taken is the scale on which a prior is stated: the
    logarithm for log-normal ones, the standardised scale for effects, the ratio to the width where that is
    another parameter, correlations for LKJ. A power ``alpha`` then makes every normal, half-normal and
    log-normal prior wider by ``1 / sqrt(alpha)``, turns LKJ(eta) into LKJ(1 + alpha (eta - 1)), and leaves
    alone what a prior is conditioned on. Of SDs of item residuals, whose common scale is estimated, the prior
    of that scale counts, as Kallioinen et al. (2024, doi:10.1007/s11222-023-10366-5) advise for hierarchical
    priors. Distributions of latents and random effects are part of the model and left out.

    One width is not exact: that of the SD of random slopes on a latent takes the spread of the latents that
    were drawn for the spread that the model implies (of persons' latents, their residual SD).
    """
    return tuple(_Priors(fit).all())


class _Priors:
    """The priors of one fit, found by the names of its variables."""

    def __init__(self, fit: Fit) -> None:
        self.fit, self.spec, self.survey = fit, fit.spec, fit.survey
        self.draws = fit.posterior
        self.levels = queries.level_names(fit.spec)
        self.written = dict(fit.spec.priors)

    def all(self) -> Iterator[FittedPrior]:
        from coefficacy.model.structure import LOG_SD

        for name in map(str, self.draws.data_vars):
            if name.endswith(".std"):
                yield from self._effects(name.removesuffix(".std"))
            elif name.startswith("cor(") and name.endswith(")"):
                yield self._correlation(name)
            elif name.startswith("sd(") and " | " in name:
                yield self._group_sd(name)
            elif name.startswith("sd(log_sd("):
                yield self._made(name, "residual SDs", self.draws[name], _half(LOG_SD))
            elif name.startswith("sd("):
                yield self._residual_sd(name)
            else:
                yield from self._part(name, *self._split(name))

    def _split(self, name: str) -> tuple[str, str]:
        """Measure or outcome, and which of its parameters; empty for what has no prior of its own."""
        bare = name.removesuffix(_TYPICAL)
        stem, _, part = bare.rpartition(".")
        if part == "item_sd" and (name == bare) != (bare in self.written):
            return stem, ""
        if part == "threshold" and f"{stem}.gap" not in self.draws:
            return stem, "gap"
        return stem, part if part in _PARTS else ""

    def _made(
        self,
        name: str,
        group: PriorGroup,
        values: xr.DataArray,
        default: PriorSpec,
        text: str = "",
        *,
        key: str = "",
    ) -> FittedPrior:
        """The file's prior, else `default` (said as `text`), at `values`."""
        given = self.written.get(key or name)
        if given is not None:
            values, text = self.draws.get(name, values), str(given)
        density = log_density(given or default, values)
        return FittedPrior(key or name, group, text or str(default), given is not None, density)

    # Effects and correlations -------------------------------------------------------------------------------

    def _effects(self, stem: str) -> Iterator[FittedPrior]:
        from coefficacy.model.effects import effect_prior

        dim = f"{stem}.term"
        for label in map(str, self.draws[dim].values):
            key = f"{stem} ~ {label}"
            prior = effect_prior(self.spec, stem, label)
            value = self.draws[stem if prior.raw else f"{stem}.std"].sel({dim: label}, drop=True)
            density = log_density(prior, value)
            yield FittedPrior(key, "effects", str(prior), key in self.written, density)

    def _correlation(self, name: str) -> FittedPrior:
        import xarray as xr

        prior = self.written.get(name, PriorSpec("LKJ", (2.0,)))
        _, log_det = np.linalg.slogdet(self.draws[name].transpose(*SAMPLE, ...).values)
        density = xr.DataArray((prior.args[0] - 1) * log_det, dims=SAMPLE)
        return FittedPrior(name, "correlations", str(prior), name in self.written, density)

    # Standard deviations ------------------------------------------------------------------------------------

    def _residual_sd(self, name: str) -> FittedPrior:
        level, _, y = name[3:-1].partition(".")
        below = self._below(level, y)
        if below is not None:
            ratio = self.draws[name] / below[0]
            return self._made(name, "residual SDs", ratio, _HALF, f"HalfNormal({below[1]})")
        if queries.is_measure(self.spec, y) and self.fit.engine != "bambi":
            return self._made(name, "residual SDs", self.draws[name], _half(2 * self._unit(y)[1]))
        scale = queries.family_of(self.spec, y).scale
        return self._made(name, "residual SDs", self.draws[name], _log_normal(scale, 2.0))

    def _below(self, level: str, y: str) -> tuple[Any, str] | None:
        """Residual SD of `y` one level down, and how it is called; None where `y` starts at `level`."""
        for lower in reversed(self.levels[: self.levels.index(level)]):
            own = queries.is_measure(self.spec, y) and queries.measure_level(self.spec, y) == lower
            if own or y in queries.latents(self.spec, lower) or queries.regression(self.spec, lower, y):
                stored = f"sd({lower}.{y})" in self.draws
                return self._sd(lower, y) if stored or self.fit.engine == "bambi" else (1.0, "1")
        return None

    def _sd(self, level: str, y: str) -> tuple[Any, str]:
        """Residual SD of a response at one level, and how it is called."""
        from coefficacy.model.ordinal import link_sd

        name = f"sd({level}.{y})"
        if name in self.draws:
            return self.draws[name], name
        outcome = not queries.is_measure(self.spec, y) and level == self._own_level(y)
        if outcome and queries.family_of(self.spec, y).family in ("bernoulli", "ordinal"):
            unit = link_sd(queries.link_of(self.spec, y))
            return unit, f"{unit:.3g}"
        return 1.0, "1"

    def _group_sd(self, name: str) -> FittedPrior:
        stem, _, group = name[3:-1].partition(" | ")
        level, _, y = stem.partition(".")
        dim = f"{stem}|{group}.term"
        terms = [str(term) for term in self.draws[dim].values]
        (sigma, label), shares = self._width_of_group(level, y, group, terms)
        widths = [1.0 if t == "1" else self._spread(level, group, stem, t) for t in terms]
        ratios = [
            self.draws[name].sel({dim: t}, drop=True) * w / (share * sigma)
            for t, w, share in zip(terms, widths, shares, strict=True)
        ]
        import xarray as xr

        text = f"HalfNormal({shares[0]:g} {label})" + (" per SD of the predictor" if terms != ["1"] else "")
        return self._made(name, "group SDs", xr.concat(ratios, dim="term"), _HALF, text)

    def _width_of_group(
        self, level: str, y: str, group: str, terms: list[str]
    ) -> tuple[tuple[Any, str], list[float]]:
        """Residual SD that the prior's width is a share of, and the share for each term."""
        if self.fit.engine != "bambi":
            return self._sd(level, y), [0.5] * len(terms)
        own, replaced = self._own_level(y), self._replaced
        if group in replaced and replaced[group].level == level:
            return self._sd(own, y), [1.0 if t == "1" else 0.5 for t in terms]
        if level in replaced:
            block = replaced[level]
            name = f"sd({block.name})"
            return (self.draws[name].sel({block.dim: "1"}, drop=True), f"{name}[1]"), [0.5] * len(terms)
        return self._sd(level, y), [0.5] * len(terms)

    @cached_property
    def _replaced(self) -> dict[str, Any]:
        from coefficacy.model.observed_plan import plan_observed

        return plan_observed(self.spec, self.survey).replaced

    def _spread(self, level: str, group: str, stem: str, label: str) -> Any:
        """SD of what a random slope multiplies: of an observed column, or of latents in each draw."""
        from coefficacy.model.design import expand

        equation = queries.regression(self.spec, level, stem.partition(".")[2])
        assert equation is not None
        slopes = next(g.terms for g in equation.formula.groups if g.level == group)
        latents = queries.latents(self.spec, level)
        columns = expand(self.spec, self.survey, level, slopes, latents, where=stem)
        column = next(c for c in columns if c.label == label)
        if not column.latents:
            return float(np.asarray(column.values).std())
        if f"{level}.latent" not in self.draws:
            return 1.0
        values = self.draws[f"{level}.latent"].sel({f"{level}.name": list(column.latents)})
        product = values.prod(f"{level}.name")
        return (product if column.values is None else product * column.values).std(level, ddof=1)

    # Measures and outcomes ----------------------------------------------------------------------------------

    def _part(self, name: str, stem: str, part: str) -> Iterator[FittedPrior]:
        if not part:
            return
        group: PriorGroup = "measurement" if queries.is_measure(self.spec, stem) else "outcomes"
        key = {"middle": f"{stem}.threshold", "gap": f"{stem}.gap"}.get(part, name.removesuffix(_TYPICAL))
        if part == "intercept" and group == "outcomes":
            key = f"{stem} ~ 1"
        values = self.draws[name]
        if part == "gap" and not name.endswith(".gap"):
            values = values.diff(values.dims[-1])
        yield self._made(name, group, values, self._default(stem, part, group), key=key)

    def _default(self, stem: str, part: str, group: PriorGroup) -> PriorSpec:
        if part == "dispersion":
            return _log_normal(3.0, 1.5)
        if part == "precision":
            return _log_normal(10.0, 1.5)
        return self._of_outcome(stem, part) if group == "outcomes" else self._of_measure(stem, part)

    def _of_outcome(self, stem: str, part: str) -> PriorSpec:
        from coefficacy.model.ordinal import link_sd

        y = stem.partition(".")[2]
        family, link = queries.family_of(self.spec, y), queries.link_of(self.spec, y)
        if part == "gap":
            return _log_normal(0.7 * link_sd(link), 0.6)
        if family.family == "gaussian":
            return PriorSpec("StudentT", (3.0, family.location, 10 * family.scale))
        return PriorSpec("Normal", (0.0, 1.5 * link_sd(link) if link in ("logit", "probit") else 2.5))

    def _of_measure(self, name: str, part: str) -> PriorSpec:
        from coefficacy.model.ordinal import link_sd

        measure = queries.measure(self.spec, name)
        if measure.family == "gaussian":
            location, unit = self._unit(name)
            if part == "intercept" and self.fit.engine == "bambi":
                return PriorSpec("StudentT", (3.0, 0.0, 10.0))
            own = {
                "intercept": PriorSpec("Normal", (location, 2.5 * unit)),
                "residual_sd": _half(unit),
                "item_sd": _half(0.3 * unit),
                "specific_loading": _half(0.7 * unit),
                "specific_sd": _half(1.0),
            }
            return own.get(part) or _log_normal(0.7 * unit, 0.5)
        unit = link_sd(queries.link_of(self.spec, name))
        own = {
            "gap": _log_normal(0.7 * unit, 0.6),
            "loading": _log_normal(0.7 * unit, 0.5),
            "between_loading": _log_normal(0.7, 0.5),
            "item_sd": _half(0.3),
        }
        return own.get(part) or PriorSpec("Normal", (0.0, 1.5 * unit))

    # Small things -------------------------------------------------------------------------------------------

    def _unit(self, measure: str) -> tuple[float, float]:
        from coefficacy.model.structure import item_unit

        return item_unit(self.survey, measure)

    def _own_level(self, y: str) -> str:
        if queries.is_measure(self.spec, y):
            return queries.measure_level(self.spec, y)
        return next(lv for lv in self.levels if queries.regression(self.spec, lv, y) is not None)


_HALF = PriorSpec("HalfNormal", (1.0,))


def _half(scale: float) -> PriorSpec:
    return PriorSpec("HalfNormal", (scale,))


def _log_normal(centre: float, spread: float) -> PriorSpec:
    return PriorSpec("LogNormal", (float(np.log(centre)), spread))
