"""An equation of teams at hand, draw by draw: its terms, and what it expects under other values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from coefficacy.dims import SAMPLE
from coefficacy.errors import FitError, Problem, did_you_mean
from coefficacy.model.design import expand
from coefficacy.model.variances import Implied
from coefficacy.spec import queries
from coefficacy.spec.model import Formula, Term

if TYPE_CHECKING:
    import xarray as xr

    from coefficacy.sampling import Fit

__all__ = ["Equation"]

type Values = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Equation:
    """The equation of an outcome, with the values of its predictors in the draws.

    Attributes
    ----------
    level, outcome : of what
    labels : of its coefficients, ``"a"``, ``"a:b"``, ``"kind[ops]"``
    values : what stands in it, by name; latents (chain, draw, unit), columns (unit,), centred
    spread : SD of each as "high" and "low" count it: model-implied within the levels above for latents,
        (chain, draw), the sample's for columns
    observed : the outcome, (unit,), NaN where it is missing
    groups : of each unit above in whose random effects the equation has, the position, (unit,); else None
    """

    fit: Fit
    level: str
    outcome: str
    labels: tuple[str, ...]
    values: dict[str, np.ndarray]
    spread: dict[str, np.ndarray]
    observed: np.ndarray
    groups: np.ndarray | None

    @classmethod
    def of(cls, fit: Fit, outcome: str, needs: Sequence[str]) -> Equation:
        """Return the equation of `outcome`, which must have `needs` among its predictors."""
        spec, survey = fit.spec, fit.survey
        level = queries.outcome_level(spec, outcome)
        regression = queries.regression(spec, level, outcome)
        formula = regression.formula if regression else Formula()
        latents = queries.latents(spec, level)
        where = f"{level}.{outcome}"
        factors = dict.fromkeys(queries.factors(formula))
        columns = expand(spec, survey, level, formula.terms, latents, where=where)
        single = expand(spec, survey, level, [Term((f,)) for f in factors], latents, where=where)
        drawn = fit.posterior[f"{level}.latent"].transpose(*SAMPLE, level, ...) if latents else None
        values: dict[str, np.ndarray] = {}
        for column in single:
            if column.values is not None:
                values[column.label] = column.values
            else:
                assert drawn is not None
                values[column.label] = drawn.sel({f"{level}.name": column.label}).values
        for name in needs:
            if name not in values:
                mend = did_you_mean(name, values)
                raise FitError(Problem(where, f"'{name}' is no number in this equation.", mend))
        names = [name for name in needs if values[name].ndim > 1]
        implied = (
            Implied(fit.posterior, spec, survey).covariance(level, names, within=True) if names else None
        )
        spread = {
            name: np.sqrt(implied.sel({"name": name, "name'": name}).values)
            if implied is not None and name in names
            else np.asarray(values[name].std())
            for name in needs
        }
        above = [group.level for group in formula.groups]
        lowest = min(above, key=lambda name: queries.rank(spec, name)) if above else None
        return cls(
            fit=fit,
            level=level,
            outcome=outcome,
            labels=tuple(column.label for column in columns),
            values=values,
            spread=spread,
            observed=np.asarray(survey.column(level, outcome).values, float),
            groups=survey.index(level, lowest) if lowest else None,
        )

    def expected(self) -> xr.DataArray:
        """Return the linear predictor of every unit as it is, (chain, draw, unit)."""
        return self.fit.posterior[f"{self.level}.{self.outcome}.eta"].transpose(*SAMPLE, self.level)

    def changed(self, values: Values) -> xr.DataArray:
        """Return the linear predictor of every unit were some predictors what `values` says.

        Parameters
        ----------
        values : by name, broadcast against (chain, draw, unit); all else in the equation stays
        """
        stem = f"{self.level}.{self.outcome}"
        b = self.fit.posterior[stem].transpose(*SAMPLE, ...)
        found = self.expected()
        for label in self.labels:
            parts = label.split(":")
            if not set(parts) & set(values):
                continue
            after = np.prod(
                [np.asarray(values.get(p, self.values[p])) + self._zeros() for p in parts], axis=0
            )
            before = np.prod([self.values[p] + self._zeros() for p in parts], axis=0)
            coefficient = b.sel({f"{stem}.term": label}).values[..., None]
            found = found + coefficient * (after - before)
        return found

    def at(self, name: str, deviation: float) -> np.ndarray:
        """Return the mean over units plus so many SDs, (chain, draw, 1)."""
        values = self.values[name]
        mean = values.mean(axis=-1, keepdims=True)
        return mean + deviation * np.asarray(self.spread[name])[..., None] + self._zeros()[..., :1]

    def unit(self) -> float:
        """Return the SD of the observed outcome within the units above."""
        seen = ~np.isnan(self.observed)
        y = self.observed[seen]
        if self.groups is None:
            return float(y.std(ddof=1))
        _, at = np.unique(self.groups[seen], return_inverse=True)
        means = np.bincount(at, weights=y) / np.bincount(at)
        return float(np.sqrt(np.sum((y - means[at]) ** 2) / (y.size - means.size)))

    def residual_sd(self) -> np.ndarray:
        """Return the residual SD of a gaussian outcome, (chain, draw)."""
        return self.fit.posterior[f"sd({self.level}.{self.outcome})"].transpose(*SAMPLE).values

    def _zeros(self) -> np.ndarray:
        return np.zeros((*(self.fit.posterior.sizes[name] for name in SAMPLE), 1))
