"""Density of whole teams with ordinal or yes/no items, by quadrature over one or two factors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import special, stats

__all__ = ["Graded", "TeamForms", "whole_team_density"]

_NODES = 15
_STEP = 0.4
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

    The inner integral is a sum over an even grid, exact for smooth integrands as fine as this; the outer one
    Gauss-Hermite around :math:`\mu_j`, with 15 nodes a factor.

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
    density, points = np.exp(people - top), np.array(list(product(*grid)))
    nodes, weights = _hermite(n)
    root, inverse = np.linalg.cholesky(forms.between[:n, :n]), np.linalg.inv(forms.within)
    scale = 0.5 * np.linalg.slogdet(2 * np.pi * forms.within)[1]
    area = np.prod([points_[1] - points_[0] for points_ in grid])
    answers, both = np.empty(len(forms.mean)), np.empty(len(forms.mean))
    for j, mean in enumerate(forms.mean):
        u = mean[:n] + nodes @ root.T
        away = points[None] - u[:, None]
        kernel = area * np.exp(-0.5 * np.einsum("hgk,kl,hgl->hg", away, inverse, away, optimize=True) - scale)
        here = team == j
        given_u = np.log(np.maximum(density[here] @ kernel.T, 1e-300)) + top[here]
        total = given_u.sum(axis=0) + weights
        answers[j] = special.logsumexp(total)
        both[j] = special.logsumexp(total + _of_outcomes(forms, j, n, u, outcomes[j]))
    return answers, both


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
