"""The additive rival: an outcome regressed on drawn predictors without products, in closed form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from coefficacy.errors import FitError, Problem
from coefficacy.estimands.equation import Equation

__all__ = ["Drawn", "drawn_rows"]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One draw of the predictors of the teams whose outcome was observed.

    Attributes
    ----------
    at : position among chains and draws
    conditions : (team, condition)
    others : (team, column), all other main effects, and an indicator of every unit above
    y : (team,), the observed outcome
    """

    at: tuple[int, int]
    conditions: np.ndarray
    others: np.ndarray
    y: np.ndarray

    def replicate(self, rng: np.random.Generator) -> np.ndarray:
        """Draw the outcomes anew from the additive regression's posterior predictive, (team,).

        The prior is flat on coefficients and on log sigma; effects of units above are fixed.
        """
        x = np.column_stack([self.conditions, self.others])
        q, _ = np.linalg.qr(x)
        projected = q.T @ self.y
        left = self.y - q @ projected
        sigma = np.sqrt(left @ left / rng.chisquare(len(self.y) - x.shape[1]))
        return q @ (projected + sigma * rng.normal(size=x.shape[1])) + sigma * rng.normal(size=len(self.y))


def drawn_rows(equation: Equation, needs: tuple[str, ...], *, every: int = 1) -> Iterator[Drawn]:
    """Yield the predictors of every so-many-th draw.

    Raises
    ------
    FitError : there are too few teams with an outcome for the regression
    """
    seen = ~np.isnan(equation.observed)
    y = equation.observed[seen]
    groups = _indicators(equation.groups[seen]) if equation.groups is not None else np.ones((y.size, 1))
    rest = [name for name in equation.values if name not in needs]
    width = len(needs) + len(rest) + groups.shape[1]
    if y.size < width + 3:
        what = f"{y.size} units with an outcome are too few for an additive regression of {width} columns."
        raise FitError(Problem(f"{equation.level}.{equation.outcome}", what, "Take a shorter equation."))
    sizes = equation.fit.posterior.sizes
    for chain in range(sizes["chain"]):
        for draw in range(0, sizes["draw"], every):
            found = {name: (v[chain, draw] if v.ndim > 1 else v)[seen] for name, v in equation.values.items()}
            conditions = np.column_stack([found[name] for name in needs])
            others = np.column_stack([*(found[name] for name in rest), groups])
            yield Drawn((chain, draw // every), conditions, others, y)


def _indicators(codes: np.ndarray) -> np.ndarray:
    return (codes[:, None] == np.unique(codes)[None]).astype(float)
