"""Density of one team's people around their team, draw by draw."""

from __future__ import annotations

import numpy as np

from coefficacy.gaussian.compiled import compiled
from coefficacy.gaussian.likelihood import projections
from coefficacy.gaussian.matrices import LOG_2PI, inner, invert

__all__ = ["deviations_density", "scatter_by_team"]


@compiled
def scatter_by_team(person_rows, team, n_teams):  # type: ignore[no-untyped-def]
    """Cross-products of people around their team's mean (team, row, row), and people (team,)."""
    width = person_rows.shape[1]
    scatter, people = np.zeros((n_teams, width, width)), np.zeros(n_teams)
    for i in range(person_rows.shape[0]):
        people[team[i]] += 1.0
        for a in range(width):
            for k in range(width):
                scatter[team[i], a, k] += person_rows[i, a] * person_rows[i, k]
    return scatter, people


@compiled
def deviations_density(loading, theta, z, x, group, scatter, people):  # type: ignore[no-untyped-def]
    r"""Log-density of people's answers given their team's mean, and what goes with it in the mean's density.

    Deviations of :math:`n` people are :math:`n - 1` independent draws of their covariance within teams; the
    density of the mean in place of :math:`\sqrt n` times the mean takes :math:`n^{-1/2}` for each response.

    Parameters
    ----------
    loading, theta : (draw, item), items of one group together
    z : (draw, group, source); x : (draw, group, column): rows of groups with items come first
    group : (groups with items + 1,), where their items start; groups after these are single responses
    scatter : (team, row, row), cross-products of (items, single responses, columns) around the team's mean
    people : (team,)

    Returns
    -------
    (draw, team)
    """
    n_draws, n_items, n_groups, n_columns = loading.shape[0], loading.shape[1], z.shape[1], x.shape[2]
    n_multi, n_teams = group.shape[0] - 1, scatter.shape[0]
    width = n_items + n_groups - n_multi + n_columns
    first_column = width - n_columns
    density, none = np.zeros((n_draws, n_teams)), np.zeros(n_items)
    error, weight, g = np.zeros(n_items), np.zeros(n_items), np.zeros(n_groups)
    c, inverse = np.zeros((n_groups, n_groups)), np.zeros((n_groups, n_groups))
    h, hs = np.zeros((n_groups, width)), np.zeros((n_groups, width))
    for d in range(n_draws):
        projections(loading[d], theta[d], none, group, 1.0, error, weight, g)
        h.fill(0.0)
        each = 0.0
        for r in range(n_groups):
            if r < n_multi:
                each += 0.5 * np.log(g[r]) - 0.5 * (group[r + 1] - group[r] - 1) * LOG_2PI
                for i in range(group[r], group[r + 1]):
                    h[r, i] = weight[i]
                    each -= 0.5 * np.log(error[i])
            else:
                h[r, n_items + r - n_multi] = 1.0
            for k in range(n_columns):
                h[r, first_column + k] = -x[d, r, k]
            for s in range(n_groups):
                c[r, s] = inner(z[d, r], z[d, s])
            c[r, r] += g[r]
        each -= 0.5 * (n_groups * LOG_2PI + invert(c, inverse))
        for j in range(n_teams):
            total = (people[j] - 1.0) * each - 0.5 * first_column * np.log(people[j])
            for r in range(n_multi):
                for i in range(group[r], group[r + 1]):
                    total -= 0.5 * scatter[j, i, i] / error[i]
                    for k in range(group[r], group[r + 1]):
                        total += 0.5 * weight[i] * weight[k] * scatter[j, i, k] / g[r]
            for r in range(n_groups):
                for k in range(width):
                    hs[r, k] = inner(h[r], scatter[j, :, k])
            for r in range(n_groups):
                for s in range(n_groups):
                    total -= 0.5 * inverse[r, s] * inner(hs[r], h[s])
            density[d, j] = total
    return density
