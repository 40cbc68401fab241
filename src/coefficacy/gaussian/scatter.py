"""Cross-products of people and teams when some of the responses are scores that are sampled."""

from __future__ import annotations

import numpy as np

from coefficacy.gaussian.compiled import compiled

__all__ = ["scatter_gradient", "scatter_of_scores", "team_means"]


@compiled
def team_means(scores, team, n_teams):  # type: ignore[no-untyped-def]
    n_scores = scores.shape[1]
    mean, people = np.zeros((n_teams, n_scores)), np.zeros(n_teams)
    for i in range(scores.shape[0]):
        people[team[i]] += 1.0
        for a in range(n_scores):
            mean[team[i], a] += scores[i, a]
    for j in range(n_teams):
        for a in range(n_scores):
            mean[j, a] /= people[j]
    return mean, people


@compiled
def scatter_of_scores(scores, person, team_rows, team, cell, n_cells, first):  # type: ignore[no-untyped-def]
    """Rows of the cross-products that belong to scores.

    Parameters
    ----------
    scores : (person, score)
    person : (person, row), what is known of people, centred within teams, zero in the rows of scores
    team_rows : (team, row'), what is known of teams, zero in the rows of scores
    team : (person,); cell : (team,)
    first : where the scores stand among the rows of both

    Returns
    -------
    within (1, score, row) and between (cell, score, row')
    """
    n_scores = scores.shape[1]
    mean, _ = team_means(scores, team, team_rows.shape[0])
    within = np.zeros((1, n_scores, person.shape[1]))
    between = np.zeros((n_cells, n_scores, team_rows.shape[1]))
    for i in range(scores.shape[0]):
        for a in range(n_scores):
            d = scores[i, a] - mean[team[i], a]
            for k in range(person.shape[1]):
                within[0, a, k] += d * person[i, k]
            for c in range(n_scores):
                within[0, a, first + c] += d * (scores[i, c] - mean[team[i], c])
    for j in range(team_rows.shape[0]):
        for a in range(n_scores):
            d = mean[j, a]
            for k in range(team_rows.shape[1]):
                between[cell[j], a, k] += d * team_rows[j, k]
            for c in range(n_scores):
                between[cell[j], a, first + c] += d * mean[j, c]
    return within, between


@compiled
def scatter_gradient(scores, person, team_rows, team, cell, first, bar_within, bar_between):  # type: ignore[no-untyped-def]
    """Pull gradients with respect to both sets of rows back to the scores."""
    n_scores, width, wide = scores.shape[1], person.shape[1], team_rows.shape[1]
    mean, people = team_means(scores, team, team_rows.shape[0])
    result = np.zeros(scores.shape)
    of_team = np.zeros(mean.shape)
    for j in range(team_rows.shape[0]):
        bar = bar_between[cell[j]]
        for a in range(n_scores):
            total = 0.0
            for k in range(wide):
                total += bar[a, k] * team_rows[j, k]
            for c in range(n_scores):
                total += (bar[a, first + c] + bar[c, first + a]) * mean[j, c]
            of_team[j, a] = total / people[j]
    for i in range(scores.shape[0]):
        j = team[i]
        for a in range(n_scores):
            total = of_team[j, a]
            for k in range(width):
                total += bar_within[0, a, k] * person[i, k]
            for c in range(n_scores):
                both = bar_within[0, a, first + c] + bar_within[0, c, first + a]
                total += both * (scores[i, c] - mean[j, c])
            result[i, a] = total
    return result
