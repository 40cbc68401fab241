"""Necessary condition analysis: how empty is the corner of much outcome with little of a condition?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import xarray as xr

from coefficacy.dims import SAMPLE
from coefficacy.estimands.additive import drawn_rows
from coefficacy.estimands.equation import Equation
from coefficacy.estimands.labels import labelled

if TYPE_CHECKING:
    from coefficacy.sampling import Fit

__all__ = ["OUTCOME_LEVELS", "Line", "ceiling", "ceiling_size", "peers", "required"]

DUL = "Dul (2016), Organizational Research Methods 19(1), https://doi.org/10.1177/1094428115584005"
OUTCOME_LEVELS = tuple(range(10, 101, 10))
"""Rows of the bottleneck table: outcomes in percent of the observed range."""

type Line = Literal["ce_fdh", "cr_fdh"]


class _Range(NamedTuple):
    x_low: float
    x_high: float
    y_low: float
    y_high: float

    @property
    def area(self) -> float:
        return (self.x_high - self.x_low) * (self.y_high - self.y_low)


def ceiling(
    fit: Fit, *, of: str, needs: Sequence[str], line: Line = "ce_fdh", every: float = 4, seed: float = 1
) -> xr.Dataset:
    """Return the effect size d of a ceiling over the teams, beside that of an additive world.

    d is the area above the ceiling within the observed ranges, as a share of them (Dul 2016): .1, .3 and .5
    are by convention where medium, large and very large begin. It is positive without any necessity, the
    more so the stronger an additive effect is and the fewer the teams. So it is compared with its
    replicates: in each draw, with the teams' drawn latents (no error of measurement dilutes the corner),
    outcomes are drawn anew from an additive regression on the same latents and columns (Bayesian, in closed
    form, flat prior, units above fixed). The share of draws in which the replicate's d is at least that of
    the data is the posterior predictive p value, one less ``p_positive`` of ``excess``.

    Parameters
    ----------
    of : a gaussian outcome of teams
    needs : conditions, predictors in its equation
    line : ``"ce_fdh"``, the step function over the best teams, or ``"cr_fdh"``, a straight line through its
        corners (zero where there are fewer than two, or it does not rise)
    every : only every so-many-th draw is taken
    seed : of the replicates

    Returns
    -------
    xarray.Dataset
        Dims (chain, draw, ...): ``d`` and ``d_additive`` by condition; ``excess``, their difference;
        ``least_excess`` (headline), that of the condition with the least; ``bottleneck`` by level and
        condition: what an outcome of so many percent of its range requires of the condition, in percent of
        its range, 0 where the ceiling requires nothing.

    Examples
    --------
    >>> found = ceiling(fit, of="adaptation", needs=["collective_efficacy", "power"])  # doctest: +SKIP
    >>> 1 - (found.excess > 0).mean(("chain", "draw"))  # posterior predictive p values  # doctest: +SKIP
    """
    equation, rng, step = Equation.of(fit, of, needs), np.random.default_rng(int(seed)), int(every)
    kept = fit.posterior[list(SAMPLE)].isel(draw=slice(None, None, step))
    shape = tuple(kept.sizes[name] for name in SAMPLE)
    d, additive = (np.empty((*shape, len(needs))) for _ in range(2))
    table = np.empty((*shape, len(OUTCOME_LEVELS), len(needs)))
    for row in drawn_rows(equation, tuple(needs), every=step):
        again = row.replicate(rng)
        for k, x in enumerate(row.conditions.T):
            d[(*row.at, k)] = ceiling_size(x, row.y, line)
            additive[(*row.at, k)] = ceiling_size(x, again, line)
            table[(*row.at, slice(None), k)] = required(x, row.y, line)
    coords = {name: kept[name].values for name in SAMPLE} | {"condition": list(needs)}
    dims = (*SAMPLE, "condition")
    found, rival = (xr.DataArray(one, coords, dims) for one in (d, additive))
    percent = xr.DataArray(
        table, {**coords, "level": list(OUTCOME_LEVELS)}, dims=(*SAMPLE, "level", "condition")
    )
    return labelled(
        {
            "d": (found, f"ceiling effect size d ({line}), share of the observed ranges"),
            "d_additive": (rival, "the same in replicates of an additive regression"),
            "excess": (found - rival, "d less its replicate's"),
            "least_excess": (
                (found - rival).min("condition"),
                "ceiling effect size less its additive replicate's, of the condition with the least",
            ),
            "bottleneck": (percent, "required of the condition, percent of its range"),
        },
        headline="least_excess",
        source=DUL,
    )


def peers(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the points no other one reaches with as much x or less, (peer, 2), x and y ascending."""
    order = np.lexsort((-y, x))
    x, y = x[order], y[order]
    before = np.concatenate([[-np.inf], np.maximum.accumulate(y)[:-1]])
    return np.column_stack([x, y])[y > before]


def ceiling_size(x: np.ndarray, y: np.ndarray, line: Line = "ce_fdh") -> float:
    """Return the ceiling zone's share of the scope: Dul's d.

    Parameters
    ----------
    x, y : condition and outcome, (unit,)
    """
    best, scope = peers(x, y), _scope(x, y)
    if line == "ce_fdh":
        ends = np.append(best[1:, 0], scope.x_high)
        return float(np.sum((ends - best[:, 0]) * (scope.y_high - best[:, 1])) / scope.area)
    straight = _straight(best)
    return 0.0 if straight is None else _above(scope, *straight) / scope.area


def required(x: np.ndarray, y: np.ndarray, line: Line = "ce_fdh") -> np.ndarray:
    """Return a column of the bottleneck table, (level,), in percent of the range of x."""
    best, scope = peers(x, y), _scope(x, y)
    wanted = scope.y_low + np.array(OUTCOME_LEVELS) / 100 * (scope.y_high - scope.y_low)
    if line == "ce_fdh":
        found = best[np.searchsorted(best[:, 1], wanted - 1e-12 * (scope.y_high - scope.y_low)), 0]
    else:
        straight = _straight(best)
        found = (
            np.full(len(wanted), scope.x_low) if straight is None else (wanted - straight[0]) / straight[1]
        )
    return np.clip(100 * (found - scope.x_low) / (scope.x_high - scope.x_low), 0, 100)


def _scope(x: np.ndarray, y: np.ndarray) -> _Range:
    return _Range(float(x.min()), float(x.max()), float(y.min()), float(y.max()))


def _straight(best: np.ndarray) -> tuple[float, float] | None:
    """Intercept and slope of the least-squares line through the peers, if it rises."""
    if len(best) < 2:
        return None
    slope, intercept = np.polyfit(best[:, 0], best[:, 1], 1)
    return (float(intercept), float(slope)) if slope > 0 else None


def _above(scope: _Range, intercept: float, slope: float) -> float:
    """Area of the scope above a rising line: the integral of its height over x, kinks at the corners."""
    crossings = [(y - intercept) / slope for y in (scope.y_low, scope.y_high)]
    x = np.sort(np.clip([scope.x_low, *crossings, scope.x_high], scope.x_low, scope.x_high))
    height = scope.y_high - np.clip(intercept + slope * x, scope.y_low, scope.y_high)
    return float(np.trapezoid(height, x))
