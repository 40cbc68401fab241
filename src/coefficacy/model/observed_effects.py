"""Parameters and random effects of a model without latents, each made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from coefficacy import dims
from coefficacy.model.correlation import correlation_factor
from coefficacy.model.distributions import Parameters, prior_of
from coefficacy.model.effects import coefficients
from coefficacy.model.observed_plan import Block, Equation, Plan, observed_values
from coefficacy.model.ordinal import link_sd, thresholds

__all__ = ["Effects"]

_BOUNDED = ("gaussian", "bernoulli", "ordinal")


class Effects:
    """Makes PyMC variables in the model that is open.

    Parameters
    ----------
    plan : the model, laid out

    Attributes
    ----------
    order : level -> ids in the order in which the likelihood wants the effects of its units
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.order: dict[str, list[str]] = {}
        self.parameters = Parameters(plan.spec)
        self._equations = {equation.level: equation for equation in plan.equations}
        self._memo: dict[tuple[str, ...], Any] = {}

    def intercept(self) -> Any:
        """Expected outcome, on the link, at the mean of the predictors."""
        return self._once(("intercept",), self._intercept)

    def _intercept(self) -> Any:
        family, link, key = self.plan.family, self.plan.link, self.plan.intercept_key
        if self.plan.is_measure:
            return self._item_intercept(key)
        stored = f"{self.plan.stem}.intercept"
        if family.family == "gaussian":
            return self.parameters.heavy(key, family.location, 10 * family.scale, stored_as=stored)
        scale = 1.5 * link_sd(link) if link in ("logit", "probit") else 2.5
        return self.parameters.real(key, 0.0, scale, stored_as=stored)

    def _item_intercept(self, key: str) -> Any:
        item = dims.item_dim(self.plan.outcome)
        self._add_coords({item: list(self.plan.survey.items[self.plan.outcome])})
        if prior_of(self.plan.spec, key) is not None:
            return self.parameters.real(key, 0.0, 1.0, (item,))[0]
        return pm.StudentT(key, nu=3, mu=0.0, sigma=10.0, dims=item)[0]

    def thresholds(self) -> Any:
        """Ordered thresholds (cut,): a prior on the middle one and on the gaps."""
        return self._once(("thresholds",), self._thresholds)

    def _thresholds(self) -> Any:
        stem, unit = self.plan.stem, link_sd(self.plan.link)
        categories = self.plan.survey.categories(self.plan.outcome)
        labels = [f"{a}|{b}" for a, b in pairwise(categories)]
        self._add_coords({f"{stem}.item": [self.plan.outcome], f"{stem}.cut": labels})
        over = (f"{stem}.item", f"{stem}.cut")
        middle = self.parameters.real(
            f"{stem}.threshold", 0.0, 1.5 * unit, over[:1], stored_as=f"{stem}.middle"
        )
        gaps = 0.7 * unit * pt.exp(0.6 * self.parameters.normal(1, len(labels) - 1))
        return pm.Deterministic(f"{stem}.threshold", thresholds(middle, gaps), dims=over)[0]

    def free_part(self) -> Any:
        """Residual SD of a gaussian outcome, dispersion of a negative binomial, precision of a beta one."""
        family = self.plan.family
        if family.family == "gaussian":
            return self._once(("sd", self.plan.level), lambda: self._positive("sd({})", family.scale, 2.0))
        typical = {"negative_binomial": ("{}.dispersion", 3.0), "beta": ("{}.precision", 10.0)}
        return self._once(("free part",), lambda: self._positive(*typical[family.family], 1.5))

    def _positive(self, pattern: str, centre: float, spread: float) -> Any:
        return self.parameters.positive(pattern.format(self.plan.stem), centre, spread)

    def spread(self) -> Any:
        """Effects on the logarithm of the residual SD, (term,)."""
        return self._once(("spread",), self._spread)

    def _spread(self) -> Any:
        name, labels = self.plan.spread_name, [column.label for column in self.plan.spread]
        dim = f"{name}.term"
        self._add_coords({dim: labels})
        each = [
            self.parameters.real(f"{name} ~ {column.label}", 0.0, 1 / observed_values(column).std())
            for column in self.plan.spread
        ]
        return pm.Deterministic(name, pt.stack(each), dims=dim)

    def coefficients(self, level: str) -> Any:
        """Raw effects of one equation, (term,)."""
        return self._once(("coefficients", level), lambda: self._coefficients(self._equations[level]))

    def _coefficients(self, equation: Equation) -> Any:
        name = f"{equation.level}.{self.plan.outcome}"
        dim = dims.term_dim(equation.level, self.plan.outcome)
        labels = [column.label for column in equation.columns]
        self._add_coords({dim: labels})
        return coefficients(
            self.plan.spec, name, labels, dim=dim, spreads=_root(_values(equation)),
            sigma=self._residual_sd(), bounded=self.plan.family.family in _BOUNDED,
        )  # fmt: skip

    def _residual_sd(self) -> Any:
        """SD of the outcome given its predictors, all levels at which it varies together."""
        return self._once(("residual sd",), self._new_residual_sd)

    def _new_residual_sd(self) -> Any:
        parts = [self._part_sd(equation.level) for equation in self.plan.equations]
        return parts[0] if len(parts) == 1 else pt.sqrt(sum(part**2 for part in parts))

    def _part_sd(self, level: str) -> Any:
        """SD of what the units of a level have of their own."""
        if level in self.plan.replaced:
            return self._block_sd(self.plan.replaced[level])[0]
        return self._sd(level)

    def _sd(self, level: str) -> Any:
        family = self.plan.family.family
        if level != self.plan.level:
            return self._once(("sd", level), lambda: self._upper_sd(level))
        if family == "gaussian":
            return self.free_part()
        return link_sd(self.plan.link) if family in _BOUNDED else 1.0

    def _upper_sd(self, level: str) -> Any:
        return self.parameters.scale(f"sd({level}.{self.plan.outcome})", self._sd(self.plan.level))

    def residual(self, level: str) -> Any:
        """What the units of a level have of their own, (unit,), non-centred."""
        return self._once(("residual", level), lambda: self._residual(level))

    def _residual(self, level: str) -> Any:
        return self._sd(level) * self.parameters.normal(self.plan.survey.n[level])

    def block(self, block: Block) -> Any:
        """Random effects (unit, label), non-centred, correlated where there are several."""
        return self._once(("block", block.name), lambda: self._block(block))

    def _block(self, block: Block) -> Any:
        sd = self._block_sd(block)
        z = self.parameters.normal(self.plan.survey.n[block.group], len(block.labels))
        if len(block.labels) == 1:
            return sd * z
        self._add_coords({f"{block.dim}'": list(block.labels)})
        prior = prior_of(self.plan.spec, f"cor({block.name})")
        free = ~np.eye(len(block.labels), dtype=bool)
        eta = prior.args[0] if prior else 2.0
        factor = correlation_factor(f"cor({block.name})", free, dim=block.dim, eta=eta)
        return sd * pt.dot(z, factor.T)

    def _block_sd(self, block: Block) -> Any:
        return self._once(("block sd", block.name), lambda: self._new_block_sd(block))

    def _new_block_sd(self, block: Block) -> Any:
        self._add_coords({block.dim: list(block.labels)})
        whole = block.group in self.plan.replaced and self.plan.replaced[block.group] is block
        own = self._sd(self.plan.level) if whole else self._part_sd(block.level)
        widths = np.array(
            [1.0] * block.intercept + [observed_values(c).std() for c in block.slopes], dtype=float
        )
        share = np.where(np.array(block.labels) == "1", 1.0 if whole else 0.5, 0.5)
        return self.parameters.scale(f"sd({block.name})", share * own / widths, (block.dim,))

    def in_order(self, level: str, effects: Any) -> Any:
        """Effects of the units that have rows, in the order of :attr:`order`."""
        ids = [str(label) for label in self.plan.survey.levels[level][level].values]
        place = {label: position for position, label in enumerate(ids)}
        return effects[np.array([place[label] for label in self.order[level]])]

    # The outcome's expectation in the units above -----------------------------------------------------------

    def store_latents(self) -> None:
        """Store the expected outcome (on the link) of every unit above the outcome's level; rows or none.

        Of an outcome of teams or other units above the lowest level it is stored, too, as ``L.y.eta``; one
        value a person would take gigabytes. Nothing can be made after this.
        """
        if self.plan.level != self.plan.spec.lowest.name:
            self._add_units(self.plan.level)
            pm.Deterministic(f"{self.plan.stem}.eta", self._expected(self.plan.level), dims=self.plan.level)
        for equation in self.plan.equations[1:]:
            level, names = equation.level, f"{equation.level}.name"
            self._add_units(level)
            self._add_coords({names: [self.plan.outcome]})
            pm.Deterministic(f"{level}.latent", self._expected(level)[:, None], dims=(level, names))
        self.parameters.close()

    def _expected(self, level: str) -> Any:
        survey = self.plan.survey
        total = pt.zeros(survey.n[level])
        if self.plan.family.family != "ordinal":
            total = total + self.intercept()
        position = list(survey.levels).index(level)
        for equation in self.plan.equations:
            here = equation.level
            if list(survey.levels).index(here) >= position:
                up = survey.index(level, here)
                value = self._fixed(equation)
                if here != self.plan.level and here not in self.plan.replaced:
                    value = value + self.residual(here)
                total = total + value[up]
            for block in equation.blocks:
                if block.intercept and list(survey.levels).index(block.group) >= position:
                    total = total + self.block(block)[:, 0][survey.index(level, block.group)]
        return total if level == self.plan.level else total + self._constant_within(level)

    def _fixed(self, equation: Equation) -> Any:
        """Fixed effects and random slopes of one level, (unit,)."""
        level = equation.level
        value = pt.zeros(self.plan.survey.n[level])
        if equation.columns:
            value = value + pt.dot(_values(equation), self.coefficients(level))
        for block in equation.blocks:
            up = self.plan.survey.index(level, block.group)
            for k, column in enumerate(block.slopes, start=int(block.intercept)):
                value = value + self.block(block)[up, k] * observed_values(column)
        return value

    def _constant_within(self, level: str) -> Any:
        """Effects in the lowest equation that are the same for all units below one of `level`, (unit,)."""
        survey, lowest = self.plan.survey, self.plan.equations[0]
        index = survey.index(self.plan.level, level)
        first = np.zeros(survey.n[level], dtype=int)
        first[index[::-1]] = np.arange(index.size)[::-1]
        total: Any = 0.0
        for k, column in enumerate(lowest.columns):
            values = observed_values(column)
            if np.allclose(values, values[first][index]):
                total = total + self.coefficients(lowest.level)[k] * values[first]
        return total

    # Small things -------------------------------------------------------------------------------------------

    def _once(self, key: tuple[str, ...], make: Callable[[], Any]) -> Any:
        if key not in self._memo:
            self._memo[key] = make()
        return self._memo[key]

    def _add_units(self, level: str) -> None:
        self._add_coords({level: self.plan.survey.levels[level][level].values})

    @staticmethod
    def _add_coords(coords: dict[str, Any]) -> None:
        model = pm.modelcontext(None)
        model.add_coords({name: values for name, values in coords.items() if name not in model.coords})


def _root(values: np.ndarray) -> np.ndarray:
    """Cholesky factor of the covariance of columns (unit, term), with a small ridge for collinear ones."""
    covariance = np.atleast_2d(np.cov(values, rowvar=False, ddof=0))
    return np.linalg.cholesky(covariance + 1e-10 * np.diag(np.diag(covariance)))


def _values(equation: Equation) -> np.ndarray:
    """Columns of an equation, (unit, term)."""
    return np.column_stack([observed_values(column) for column in equation.columns])
