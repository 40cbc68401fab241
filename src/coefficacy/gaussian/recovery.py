"""Draws of what was integrated out: values of teams given their data, outcomes given answers; densities."""

from __future__ import annotations

import numpy as np

from coefficacy.gaussian.compiled import compiled
from coefficacy.gaussian.likelihood import add_effects, projections
from coefficacy.gaussian.matrices import LOG_2PI, inner, invert, lower_root
from coefficacy.gaussian.moderation import moderate
from coefficacy.gaussian.scatter import team_means
from coefficacy.gaussian.units import draw_units

__all__ = ["recover_teams"]


@compiled
def _fill_row(row, team_row, team_scores, first_score):  # type: ignore[no-untyped-def]
    """A team's rows with the means of its sampled scores in place."""
    for r in range(row.shape[0]):
        row[r] = team_row[r]
    for a in range(team_scores.shape[0]):
        row[first_score + a] = team_scores[a]


@compiled
def _residuals(e, row, weight, nu, group, columns, n_items):  # type: ignore[no-untyped-def]
    """Projections and single responses of a team, less what its columns predict."""
    n_multi = group.shape[0] - 1
    first_column = n_items + e.shape[0] - n_multi
    for r in range(e.shape[0]):
        if r < n_multi:
            e[r] = 0.0
            for i in range(group[r], group[r + 1]):
                e[r] += weight[i] * (row[i] - nu[i])
        else:
            e[r] = row[n_items + r - n_multi]
        e[r] -= inner(columns[r], row[first_column:])


@compiled
def _beside_projections(row, error, weight, g, nu, group):  # type: ignore[no-untyped-def]
    """Log-density of a team's items given their projections."""
    total = 0.0
    for r in range(group.shape[0] - 1):
        projection = 0.0
        total += 0.5 * np.log(g[r]) - 0.5 * (group[r + 1] - group[r] - 1) * LOG_2PI
        for i in range(group[r], group[r + 1]):
            total -= 0.5 * (np.log(error[i]) + (row[i] - nu[i]) ** 2 / error[i])
            projection += weight[i] * (row[i] - nu[i])
        total += 0.5 * projection * projection / g[r]
    return total


@compiled
def _weigh_team(e, inverse, spread, information, score):  # type: ignore[no-untyped-def]
    """Add what one team's residuals tell of the sources of the unit above it; none where data are missing."""
    n_groups, n_sources = inverse.shape[0], score.shape[0]
    for k in range(n_sources):
        for r in range(n_groups):
            weighted = 0.0
            for s in range(n_groups):
                weighted += spread[s, k] * inverse[s, r]
            score[k] += weighted * e[r]
            for q in range(n_sources):
                information[k, q] += weighted * spread[r, q]


@compiled
def recover_teams(  # type: ignore[no-untyped-def]
    loading, theta, tau2, nu, z, m, b, spread, common, change, reach,
    value_z, value_m, value_b, value_spread, value_reach, scores,
    group, first_score, team_rows, team, cell, size, seen, by, noise, first_unit, unit_noise,
):  # fmt: skip
    """Draw teams' values, predict and score their outcomes, for every draw of the parameters.

    Parameters
    ----------
    loading, theta, tau2, nu, z, m, b, spread, common, change, reach : as in
        :func:`coefficacy.gaussian.likelihood.cells_density`, with draws first; `by` without
    value_z, value_m, value_b, value_spread : (draw, value, .), the linear forms of what is wanted
    value_reach : (draw, value, pair), how far changed coefficients reach into them
    scores : (draw, person, score)
    first_score : row of the first score; the last responses are outcomes, as many as `seen` has columns
    noise : (draw, team, value), standard normal
    first_unit : column of the first unit above teams
    unit_noise : (draw, unit, source), standard normal; their effects are drawn from it, and teams given them

    Returns
    -------
    values (draw, team, value)
    log p(outcomes of a team | its answers, parameters) (draw, team)
    log p(mean answers of a team | parameters, effects of units above) (draw, team)
    given the team's answers alone: expected values (draw, team, value), mean and SD of each outcome
        (draw, team, outcome)
    """
    n_draws, n_items, n_columns = loading.shape[0], loading.shape[1], b.shape[2]
    n_multi, n_values, n_teams, n_cells = (
        group.shape[0] - 1,
        value_z.shape[1],
        team_rows.shape[0],
        size.shape[0],
    )
    n_groups = n_multi + team_rows.shape[1] - n_items - n_columns
    first_column = n_items + n_groups - n_multi
    n_outcomes = seen.shape[1]
    n_answers = n_groups - n_outcomes
    values, density = np.zeros((n_draws, n_teams, n_values)), np.zeros((n_draws, n_teams))
    of_answers = np.zeros((n_draws, n_teams))
    expected = np.zeros((n_draws, n_teams, n_values))
    mean = np.zeros((n_draws, n_teams, n_outcomes))
    sd = np.zeros((n_draws, n_teams, n_outcomes))
    forecast, forecast_sd = np.zeros((n_cells, n_outcomes, n_answers)), np.zeros((n_cells, n_outcomes))
    errors, g, e = np.zeros((n_cells, n_items)), np.zeros((n_cells, n_groups)), np.zeros(n_groups)
    c, both = np.zeros((n_groups, n_groups)), np.zeros((n_values, n_groups))
    own = np.zeros((n_values, n_values))
    all_inverse, answer_inverse = (
        np.zeros((n_cells, n_groups, n_groups)),
        np.zeros((n_cells, n_answers, n_answers)),
    )
    answer_gain = np.zeros((n_cells, n_values, n_answers))
    gain, roots = np.zeros((n_cells, n_values, n_groups)), np.zeros((n_cells, n_values, n_values))
    weights, log_ratio = np.zeros((n_cells, n_items)), np.zeros(n_cells)
    log_answers = np.zeros(n_cells)
    row = np.zeros(team_rows.shape[1])
    n_units, n_sources = unit_noise.shape[1], unit_noise.shape[2]
    information, score = np.zeros((n_units, n_sources, n_sources)), np.zeros((n_units, n_sources))
    columns = np.zeros((n_cells, b.shape[1], n_columns))
    spreads = np.zeros((n_cells, b.shape[1], spread.shape[2]))
    value_columns = np.zeros((n_cells, n_values, n_columns))
    value_spreads = np.zeros((n_cells, n_values, spread.shape[2]))
    for d in range(n_draws):
        for k in range(n_cells):
            share = 1.0 / size[k]
            z_k, m_k, own_z, own_m = z[d].copy(), m[d].copy(), value_z[d].copy(), value_m[d].copy()
            columns[k], spreads[k] = b[d], spread[d]
            value_columns[k], value_spreads[k] = value_b[d], value_spread[d]
            for forms, own_forms in (
                (z_k, own_z), (m_k, own_m), (columns[k], value_columns[k]), (spreads[k], value_spreads[k]),
            ):  # fmt: skip
                moderate(forms, forms, change[d, k], reach[d], by)
                moderate(own_forms, forms, change[d, k], value_reach[d], by)
            projections(loading[d], theta[d], tau2[d], group, share, errors[k], weights[k], g[k])
            for r in range(n_groups):
                for s in range(n_groups):
                    c[r, s] = inner(z_k[r], z_k[s]) + share * inner(m_k[r], m_k[s])
                c[r, r] += g[k, r]
                for v in range(n_values):
                    both[v, r] = inner(own_z[v], z_k[r]) + share * inner(own_m[v], m_k[r])
            if n_answers:
                log_answers[k] = invert(c[:n_answers, :n_answers], answer_inverse[k])
            else:
                log_answers[k] = 0.0
            for o in range(n_outcomes):
                variance = c[n_answers + o, n_answers + o]
                for r in range(n_answers):
                    forecast[k, o, r] = inner(c[n_answers + o, :n_answers], answer_inverse[k, r])
                    variance -= forecast[k, o, r] * c[n_answers + o, r]
                forecast_sd[k, o] = np.sqrt(max(variance, 0.0))
            for v in range(n_values):
                for r in range(n_answers):
                    answer_gain[k, v, r] = inner(both[v, :n_answers], answer_inverse[k, r])
            missing = 0
            for r in range(n_answers, n_groups):
                if not seen[k, r - n_answers]:
                    missing += 1
                    for s in range(n_groups):
                        c[r, s] = 0.0
                        c[s, r] = 0.0
                    c[r, r] = 1.0
                    for v in range(n_values):
                        both[v, r] = 0.0
            log_all = invert(c, all_inverse[k])
            log_ratio[k] = -0.5 * ((n_outcomes - missing) * LOG_2PI + log_all - log_answers[k])
            for r in range(n_answers, n_groups):
                if not seen[k, r - n_answers]:
                    all_inverse[k, r, r] = 0.0
            for v in range(n_values):
                for r in range(n_groups):
                    gain[k, v, r] = inner(both[v], all_inverse[k, r])
                for w in range(n_values):
                    own[v, w] = (
                        inner(own_z[v], own_z[w])
                        + share * inner(own_m[v], own_m[w])
                        - inner(gain[k, v], both[w])
                    )
            lower_root(own, roots[k])
        if scores.shape[2]:
            team_scores, _ = team_means(scores[d], team, n_teams)
        else:
            team_scores = np.zeros((n_teams, 0))
        if n_units > 0:
            information.fill(0.0)
            score.fill(0.0)
            for j in range(n_teams):
                k = cell[j]
                _fill_row(row, team_rows[j], team_scores[j], first_score)
                _residuals(e, row, weights[k], nu[d], group, columns[k], n_items)
                for unit in range(n_units):
                    if row[first_column + first_unit + unit] != 0.0:
                        _weigh_team(e, all_inverse[k], spreads[k], information[unit], score[unit])
            sources = draw_units(common[d], information, score, unit_noise[d])
            for k in range(n_cells):
                add_effects(columns[k], spreads[k], sources, first_unit)
                add_effects(value_columns[k], value_spreads[k], sources, first_unit)
        for j in range(n_teams):
            k = cell[j]
            _fill_row(row, team_rows[j], team_scores[j], first_score)
            _residuals(e, row, weights[k], nu[d], group, columns[k], n_items)
            for r in range(n_groups):
                linear = inner(columns[k, r], row[first_column:])
                if r >= n_answers:
                    mean[d, j, r - n_answers] = linear
                    sd[d, j, r - n_answers] = forecast_sd[k, r - n_answers]
                    for s in range(n_answers):
                        mean[d, j, r - n_answers] += forecast[k, r - n_answers, s] * e[s]
                if r >= n_answers and not seen[k, r - n_answers]:
                    e[r] = 0.0
            quadratic, answers = 0.0, 0.0
            for r in range(n_groups):
                for s in range(n_groups):
                    quadratic += e[r] * all_inverse[k, r, s] * e[s]
            for r in range(n_answers):
                for s in range(n_answers):
                    answers += e[r] * answer_inverse[k, r, s] * e[s]
            density[d, j] = log_ratio[k] - 0.5 * (quadratic - answers)
            of_answers[d, j] = -0.5 * (n_answers * LOG_2PI + log_answers[k] + answers)
            of_answers[d, j] += _beside_projections(row, errors[k], weights[k], g[k], nu[d], group)
            for v in range(n_values):
                total = 0.0
                for q in range(n_columns):
                    total += value_columns[k, v, q] * row[first_column + q]
                expected[d, j, v] = total + inner(answer_gain[k, v], e)
                for r in range(n_groups):
                    total += gain[k, v, r] * e[r]
                for w in range(v + 1):
                    total += roots[k, v, w] * noise[d, j, w]
                values[d, j, v] = total
    return values, density, of_answers, expected, mean, sd
