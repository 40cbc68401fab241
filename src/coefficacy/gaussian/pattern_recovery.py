"""Draws of teams in which answers are missing, outcomes given answers, and densities, draw by draw."""

from __future__ import annotations

import numpy as np

from coefficacy.gaussian.compiled import compiled
from coefficacy.gaussian.matrices import LOG_2PI, inner, lower_root
from coefficacy.gaussian.moderation import moderate
from coefficacy.gaussian.patterns import (
    condition_on_answers,
    condition_on_outcomes,
    entry_residuals,
    measure_pattern,
    places,
    weigh_entry,
)

__all__ = ["recover_incomplete"]


@compiled
def _around_entry(  # type: ignore[no-untyped-def]
    rows, first, last, mean, n_items, observed, loading, person_x, inverse_theta, weight, kernel, group
):
    """Sum of squares of people around the mean of their entry."""
    n_groups, total = kernel.shape[0], 0.0
    shown = np.zeros(n_groups)
    if last - first < 2:
        return total
    for row in range(first, last):
        for r in range(n_groups):
            shown[r], own = 0.0, 0.0
            for k in range(person_x.shape[1]):
                own += person_x[r, k] * (rows[row, n_items + k] - mean[n_items + k])
            for i in range(group[r], group[r + 1]):
                if observed[i]:
                    e = rows[row, i] - mean[i] - loading[i] * own
                    shown[r] += weight[i] * e
                    total += e * e * inverse_theta[i]
        for r in range(n_groups):
            total += shown[r] * inner(kernel[r], shown)
    return total


@compiled
def recover_incomplete(  # type: ignore[no-untyped-def]
    loading, between, theta, tau2, nu, person_z, person_x, z, b, change, reach,
    value_z, value_b, value_reach,
    observed, entry_rows, entry_count, entry_pattern, entry_start, person_rows, team_rows, seen, cell,
    group, exact, by, noise,
):  # fmt: skip
    """Draw teams' values, predict and score their outcomes, for every draw of the parameters.

    Parameters
    ----------
    loading, ..., reach : as in :func:`coefficacy.gaussian.patterns.patterns_density`, with draws first
    value_z, value_b, value_reach : (draw, value, .), the linear forms of what is wanted
    observed, ..., by : as there
    person_rows : (person, row), people of one entry together, in the order of entries
    noise : (draw, team, value), standard normal

    Returns
    -------
    as :func:`coefficacy.gaussian.recovery.recover_teams`; the third is the log-density of all answers
    """
    n_draws, n_items, n_groups = loading.shape[0], loading.shape[1], exact.shape[0]
    n_teams, n_values, n_outcomes = cell.shape[0], value_z.shape[1], seen.shape[1]
    n_patterns, n_sources, n_rows = observed.shape[0], z.shape[2], z.shape[1]
    values, expected = np.zeros((n_draws, n_teams, n_values)), np.zeros((n_draws, n_teams, n_values))
    density, of_answers = np.zeros((n_draws, n_teams)), np.zeros((n_draws, n_teams))
    mean, sd = np.zeros((n_draws, n_teams, n_outcomes)), np.zeros((n_draws, n_teams, n_outcomes))
    weight, precision = np.zeros((n_patterns, n_items)), np.zeros((n_patterns, n_groups))
    kernel, inverse = np.zeros((n_patterns, n_groups, n_groups)), np.zeros((n_groups, n_groups))
    each, inverse_theta = np.zeros(n_patterns), np.zeros(n_items)
    information, told = np.zeros((n_items, n_items)), np.zeros(n_items)
    told_rows, row_information = np.zeros((n_items, n_groups)), np.zeros((n_groups, n_groups))
    residual, own, predicted = np.zeros(n_items), np.zeros(n_groups), np.zeros(n_rows)
    left, root = np.zeros((n_values, n_values)), np.zeros((n_values, n_values))
    spread = np.zeros((n_values, n_sources))
    for d in range(n_draws):
        for r in range(n_groups):
            for i in range(group[r], group[r + 1]):
                inverse_theta[i] = 0.0 if exact[r] else 1.0 / theta[d, i]
        for p in range(n_patterns):
            each[p] = -0.5 * np.sum(observed[p]) * LOG_2PI - 0.5 * measure_pattern(
                loading[d], theta[d], observed[p], exact, person_z[d], group, weight[p], precision[p],
                kernel[p], inverse,
            )  # fmt: skip
        place, n_states = places(tau2[d], n_sources)
        tau = np.sqrt(tau2[d])
        states, covariance = np.zeros((n_states, n_states)), np.zeros((n_states, n_states))
        mode, pull = np.zeros(n_states), np.zeros(n_outcomes)
        gain, outcome_spread = np.zeros((n_outcomes, n_states)), np.zeros((n_outcomes, n_states))
        person = 0
        for j in range(n_teams):
            columns = team_rows[j, n_outcomes:]
            z_j, b_j, own_z, own_b = z[d].copy(), b[d].copy(), value_z[d].copy(), value_b[d].copy()
            for forms, own_forms in ((z_j, own_z), (b_j, own_b)):
                moderate(forms, forms, change[d, cell[j]], reach[d], by)
                moderate(own_forms, forms, change[d, cell[j]], value_reach[d], by)
            for r in range(n_rows):
                predicted[r] = inner(columns, b_j[r])
            information.fill(0.0)
            told.fill(0.0)
            total = 0.0
            for e in range(entry_start[j], entry_start[j + 1]):
                p, n = entry_pattern[e], int(entry_count[e])
                for r in range(n_groups):
                    own[r] = inner(person_x[d, r], entry_rows[e, n_items:])
                entry_residuals(
                    entry_rows[e], observed[p], nu[d], loading[d], own, between[d], predicted, group, residual
                )
                total += n * each[p] - 0.5 * weigh_entry(
                    entry_count[e], residual, observed[p], inverse_theta, weight[p], kernel[p], group,
                    information, told,
                )  # fmt: skip
                total -= 0.5 * _around_entry(
                    person_rows, person, person + n, entry_rows[e], n_items, observed[p], loading[d],
                    person_x[d], inverse_theta, weight[p], kernel[p], group,
                )  # fmt: skip
                person += n
            for i in range(n_items):
                for k in range(i):
                    information[k, i] = information[i, k]
            total -= 0.5 * condition_on_answers(
                information, told, between[d], tau, z_j, group, place, told_rows, row_information, states,
                covariance, mode,
            )  # fmt: skip
            for r in range(n_groups):
                shift = inner(z_j[r], mode)
                for i in range(group[r], group[r + 1]):
                    total += 0.5 * told[i] * between[d, i] * shift
                    if place[i] >= 0:
                        total += 0.5 * told[i] * tau[i] * mode[place[i]]
            of_answers[d, j] = total
            for v in range(n_values):
                expected[d, j, v] = inner(columns, own_b[v]) + inner(own_z[v], mode)
            for o in range(n_outcomes):
                form, variance = z_j[n_groups + o], 0.0
                for k in range(n_sources):
                    variance += form[k] * inner(form, covariance[k])
                mean[d, j, o] = predicted[n_groups + o] + inner(form, mode)
                sd[d, j, o] = np.sqrt(max(variance, 0.0))
            if n_outcomes > 0:
                density[d, j] = condition_on_outcomes(
                    z_j, n_groups, team_rows[j], predicted, seen[j], covariance, mode, pull, gain,
                    outcome_spread,
                )  # fmt: skip
            for v in range(n_values):
                for k in range(n_sources):
                    spread[v, k] = inner(own_z[v], covariance[k])
                for w in range(v + 1):
                    left[v, w] = inner(own_z[w], spread[v])
                    left[w, v] = left[v, w]
            lower_root(left, root)
            for v in range(n_values):
                values[d, j, v] = inner(columns, own_b[v]) + inner(own_z[v], mode)
                for w in range(v + 1):
                    values[d, j, v] += root[v, w] * noise[d, j, w]
    return values, density, of_answers, expected, mean, sd
