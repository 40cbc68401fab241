"""Density of whole teams with ordinal or yes/no items, by quadrature over one or two factors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import special, stats

__all__ = ["Graded", "TeamForms", "whole_team_density"]

_NODES = 15
_STEP = 0.6
_REACH = 6.0


@dataclass(frozen=True, slots=True)
class Graded:
    """Answers to the items of one factor, and one draw of their parameters.

    Attributes
    ----------
    answers : (person, item) categories 0, 1, ...; NaN where missing
    loading : (item,)
    cuts : (item, cut), ascending
    logit : link; probit if not
    """

    answers: np.ndarray
    loading: np.ndarray
    cuts: np.ndarray
    logit: bool

    def log_density(self, eta: np.ndarray) -> np.ndarray:
        """Log p(answers of a person | eta), (person, point)."""
        cumulative = special.expit if self.logit else stats.norm.cdf
        total = np.zeros((len(self.answers), len(eta)))
        for i, (loading, cuts) in enumerate(zip(self.loading, self.cuts, strict=True)):
            below = cumulative(cuts[:, None] - loading * eta)
            ends = np.zeros((1, len(eta)))
            share = np.diff(np.concatenate([ends, below, ends + 1]), axis=0)
            given = np.flatnonzero(~np.isnan(self.answers[:, i]))
            total[given] += np.log(np.maximum(share[self.answers[given, i].astype(int)], 1e-300))
        return total


@dataclass(frozen=True, slots=True)
class TeamForms:
    """One draw of what is gaussian: factors of teams first, then their outcomes.

    Attributes
    ----------
    mean : (team, factor and outcome)
    between : (factor and outcome, the same), covariance given what teams have in columns
    within : (factor, factor), covariance of people around their team
    """

    mean: np.ndarray
    between: np.ndarray
    within: np.ndarray


def whole_team_density(
    forms: TeamForms, factors: Sequence[Graded], team: np.ndarray, outcomes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    r"""Log p(answers of a team) and log p(answers and outcomes of a team), (team,) each.

    .. math::
        \log \int N(u; \mu_j, \Sigma_b)\, p(y_j | u) \prod_{i \in j} \int N(\eta; u, \Sigma_w)
        \prod_m p(y_{im} | \eta)\, d\eta\, du

    The inner integral is a sum over an even grid, the outer one adaptive Gauss-Hermite with 15 nodes a factor
    (Rabe-Hesketh, Skrondal and Pickles 2005, https://doi.org/10.1016/j.jeconom.2004.08.017).

    Parameters
    ----------
    factors : one or two
    team : (person,), positions
    outcomes : (team, outcome), NaN where missing
    """
    n = len(factors)
    grid = _grid(forms, n)
    logs = [f.log_density(points) for f, points in zip(factors, grid, strict=True)]
    people = logs[0] if n == 1 else (logs[0][:, :, None] + logs[1][:, None, :]).reshape(len(team), -1)
    top = people.max(axis=1, keepdims=True)
    density, smooth = np.exp(people - top), _Kernel.of(grid, forms.within)
    answers, both = np.empty(len(forms.mean)), np.empty(len(forms.mean))
    for j in range(len(forms.mean)):
        here = team == j
        u, logs_u = _nodes(forms, j, n, smooth, density[here], float(top[here].sum()))
        answers[j] = special.logsumexp(logs_u)
        both[j] = special.logsumexp(logs_u + _of_outcomes(forms, j, n, u, outcomes[j]))
    return answers, both


@dataclass(frozen=True, slots=True)
class _Kernel:
    """Density of people around their team, at the points of the grid.

    Attributes
    ----------
    unit : (factor, factor), makes people vary by one
    points, far : (point, factor) in that unit; half their squared length
    constant : logarithm of the area of a cell less that of the normal density at its mode
    """

    unit: np.ndarray
    points: np.ndarray
    far: np.ndarray
    constant: float

    @classmethod
    def of(cls, grid: list[np.ndarray], within: np.ndarray) -> _Kernel:
        unit = np.linalg.inv(np.linalg.cholesky(within))
        points = np.array(list(product(*grid))) @ unit.T
        area = np.sum([np.log(axis[1] - axis[0]) for axis in grid])
        constant = float(area - 0.5 * np.linalg.slogdet(2 * np.pi * within)[1])
        return cls(unit, points, 0.5 * np.sum(points**2, axis=1), constant)

    def average(self, density: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Log of the average density of each person given the team's factors, (person, node)."""
        at = u @ self.unit.T
        weight = np.exp(at @ self.points.T - self.far - 0.5 * np.sum(at**2, axis=1)[:, None] + self.constant)
        found: np.ndarray = np.log(np.maximum(density @ weight.T, 1e-300))
        return found


def _nodes(
    forms: TeamForms, j: int, n: int, smooth: _Kernel, density: np.ndarray, top: float
) -> tuple[np.ndarray, np.ndarray]:
    """Nodes (node, factor) where one team's answers put its factors, and log weight times density at each.

    Centred twice on the moments the nodes before gave; no narrower than if people's scores were known.
    """
    prior = stats.multivariate_normal(forms.mean[j, :n], forms.between[:n, :n])
    inverse = np.linalg.inv(forms.between[:n, :n]) + len(density) * np.linalg.inv(forms.within)
    least, centre, spread = np.linalg.inv(inverse), forms.mean[j, :n], forms.between[:n, :n]
    x, weights = _hermite(n)
    for last in (False, False, True):
        u = centre + x @ np.linalg.cholesky(spread).T
        taken = stats.multivariate_normal(centre, spread).logpdf(u)
        logs = smooth.average(density, u).sum(axis=0) + prior.logpdf(u) - taken + weights + top
        if not last:
            share = special.softmax(logs)
            centre = share @ u
            spread = (share[:, None] * (u - centre)).T @ (u - centre) + least
    return u, logs


def _grid(forms: TeamForms, n: int) -> list[np.ndarray]:
    """Points of each factor, as far as anyone may be and as close as people of one team differ."""
    sd = np.sqrt(np.diag(forms.between)[:n] + np.diag(forms.within))
    step = _STEP * np.sqrt(np.linalg.eigvalsh(forms.within)[0])
    low, high = forms.mean[:, :n].min(axis=0) - _REACH * sd, forms.mean[:, :n].max(axis=0) + _REACH * sd
    return [np.linspace(a, b, int(np.ceil((b - a) / step)) + 1) for a, b in zip(low, high, strict=True)]


def _hermite(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes (node, factor) and log weights of a standard normal."""
    x, w = np.polynomial.hermite_e.hermegauss(_NODES)
    logs = np.log(w / w.sum())
    return np.array(list(product(x, repeat=n))), np.array([sum(one) for one in product(logs, repeat=n)])


def _of_outcomes(forms: TeamForms, j: int, n: int, u: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Log p(outcomes of team j | its factors), (node,)."""
    seen = np.flatnonzero(~np.isnan(y))
    if not len(seen):
        return np.zeros(len(u))
    at = n + seen
    slope = np.linalg.solve(forms.between[:n, :n], forms.between[:n][:, at])
    left = forms.between[np.ix_(at, at)] - forms.between[at][:, :n] @ slope
    mean = forms.mean[j, at] + (u - forms.mean[j, :n]) @ slope
    found: np.ndarray = np.atleast_1d(
        stats.multivariate_normal(np.zeros(len(at)), left).logpdf(y[seen] - mean)
    )
    return found
