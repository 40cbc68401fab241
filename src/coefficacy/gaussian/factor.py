"""One factor at two levels with gaussian items: density of a whole team, draw by draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["FactorDraws", "TeamAnswers", "team_answers", "team_density"]


@dataclass(frozen=True, slots=True)
class TeamAnswers:
    """What a density needs of complete answers.

    Attributes
    ----------
    scatter : (team, item, item), cross-products of people around their team's mean
    mean : (team, item)
    people : (team,)
    """

    scatter: np.ndarray
    mean: np.ndarray
    people: np.ndarray


@dataclass(frozen=True, slots=True)
class FactorDraws:
    """Draws of the parameters of one measure.

    Attributes
    ----------
    intercept, loading : (draw, item)
    residual_variance, item_variance : (draw, item), of people's answers, of the team-level item residuals
    mean, within, between : (draw,), mean of the latent, its variance within and between teams
    """

    intercept: np.ndarray
    loading: np.ndarray
    residual_variance: np.ndarray
    item_variance: np.ndarray
    mean: np.ndarray
    within: np.ndarray
    between: np.ndarray


def team_answers(answers: np.ndarray, team: np.ndarray, n_teams: int) -> TeamAnswers:
    """Summarise complete answers (person, item) by the position of each person's team."""
    people = np.bincount(team, minlength=n_teams).astype(float)
    sums = np.zeros((n_teams, answers.shape[1]))
    np.add.at(sums, team, answers)
    mean = sums / people[:, None]
    deviation = answers - mean[team]
    scatter = np.zeros((n_teams, answers.shape[1], answers.shape[1]))
    np.add.at(scatter, team, deviation[:, :, None] * deviation[:, None, :])
    return TeamAnswers(scatter, mean, people)


def team_density(draws: FactorDraws, teams: TeamAnswers) -> np.ndarray:
    r"""Log density of all answers in each team, (draw, team), people and teams integrated out.

    Deviations of :math:`n` people from their mean are :math:`n - 1` draws with covariance
    :math:`\psi_w \lambda\lambda' + \Theta`; the mean has :math:`(\psi_b + \psi_w / n) \lambda\lambda' + T +
    \Theta / n`. Both are inverted by the formula of Sherman and Morrison.
    """
    n, n_items = teams.people, teams.mean.shape[1]
    log_det, inverse, gain = _one_factor(draws.residual_variance, draws.loading, draws.within)
    weighted = draws.loading * inverse
    squares = np.einsum("di,tii->dt", inverse, teams.scatter)
    common = np.einsum("di,tik,dk->dt", weighted, teams.scatter, weighted, optimize=True)
    total = (n - 1) * (log_det + n_items * np.log(2 * np.pi))[:, None] + squares - gain[:, None] * common
    for size in np.unique(n):
        here = n == size
        total[:, here] += _of_means(draws, teams.mean[here], size)
    return -0.5 * (total + n_items * np.log(n))


def _of_means(draws: FactorDraws, mean: np.ndarray, size: float) -> np.ndarray:
    """-2 log density of the means of teams of one size."""
    variance = draws.item_variance + draws.residual_variance / size
    log_det, inverse, gain = _one_factor(variance, draws.loading, draws.between + draws.within / size)
    away = mean - (draws.intercept + draws.loading * draws.mean[:, None])[:, None]
    squares = np.einsum("dti,di,dti->dt", away, inverse, away, optimize=True)
    common = np.einsum("dti,di->dt", away, draws.loading * inverse)
    constant = log_det + mean.shape[1] * np.log(2 * np.pi)
    found: np.ndarray = constant[:, None] + squares - gain[:, None] * common**2
    return found


def _one_factor(
    unique: np.ndarray, loading: np.ndarray, variance: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log determinant of diag(unique) + variance loading loading', 1 / unique, what squares lose by it."""
    inverse = 1 / unique
    known = 1 + variance * np.sum(loading**2 * inverse, axis=1)
    return np.sum(np.log(unique), axis=1) + np.log(known), inverse, variance / known
