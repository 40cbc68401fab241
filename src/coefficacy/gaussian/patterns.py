r"""Density of teams in which answers are missing, with people's and teams' latents integrated out; gradient.

A person's given items collapse to the precision-weighted projections of that person's *missing pattern*; the
people of a team with one pattern are an *entry*, known by their number and mean, and all deviations from
these means are pooled by pattern. With the team's part of its items
:math:`\mu_j = \Lambda_b (B x_j + Z \zeta_j) + \tau \varepsilon_j`, standard normal :math:`\zeta_j,
\varepsilon_j`, entries of :math:`n_e` people with residual means :math:`r_e` and covariances :math:`\Sigma_p`
tell of it :math:`A_j = \sum n_e \Sigma_p^{-1}` and :math:`\sum n_e \Sigma_p^{-1} r_e`; outcomes are forms in
:math:`\zeta_j` without error. The gradient follows from the smoothed moments of the team (Fisher's
identity). The cost is one factorisation a team, of the order of its items and sources.
"""

from __future__ import annotations

import numpy as np

from coefficacy.gaussian.compiled import compiled
from coefficacy.gaussian.matrices import LOG_2PI, inner, invert
from coefficacy.gaussian.moderation import moderate, moderate_gradient

__all__ = [
    "condition_on_answers",
    "condition_on_outcomes",
    "entry_residuals",
    "measure_pattern",
    "patterns_density",
    "places",
    "weigh_entry",
]


@compiled
def measure_pattern(loading, theta, observed, exact, z, group, weight, precision, kernel, inverse):  # type: ignore[no-untyped-def]
    """Weights of one pattern's items in their projections and what these tell; log-determinant of its items.

    Parameters
    ----------
    observed : (item,); exact : (measure,), measured without error by a single item
    z : (measure, source), what people of one team differ by
    weight, precision, inverse, kernel : get the weights (item,), the precision of each projection's error
        (measure,), zero if there is none, the inverse of the projections' covariance (measure, measure), zero
        for measures without answers, and this less the precisions
    """
    n_groups, log_det = z.shape[0], 0.0
    c, present = np.zeros((n_groups, n_groups)), np.zeros(n_groups, np.bool_)
    for r in range(n_groups):
        precision[r] = 0.0
        for i in range(group[r], group[r + 1]):
            weight[i] = 0.0
            if observed[i]:
                present[r] = True
                if exact[r]:
                    weight[i] = 1.0
                else:
                    weight[i] = loading[i] / theta[i]
                    precision[r] += loading[i] * weight[i]
                    log_det += np.log(theta[i])
        if not present[r]:
            c[r, r] = 1.0
            continue
        for s in range(r + 1):
            if present[s]:
                c[r, s] = inner(z[r], z[s])
                c[s, r] = c[r, s]
        if not exact[r]:
            c[r, r] += 1.0 / precision[r]
            log_det += np.log(precision[r])
            for i in range(group[r], group[r + 1]):
                weight[i] /= precision[r]
    log_det += invert(c, inverse)
    for r in range(n_groups):
        if not present[r]:
            inverse[r, r] = 0.0
        for s in range(n_groups):
            kernel[r, s] = inverse[r, s]
        kernel[r, r] -= precision[r]
    return log_det


@compiled
def _pull_pattern(  # type: ignore[no-untyped-def]
    loading, theta, observed, exact, z, group, weight, precision, kernel, inverse, people, diagonal, rows,
    d_loading, d_theta, d_z,
):  # fmt: skip
    """Gradients by what :func:`measure_pattern` takes, from the sum of squares S of all its people.

    Parameters
    ----------
    people : how many
    diagonal : (item,), that of S; rows : (item, measure), S times the weights of each measure's items
    """
    n_groups = z.shape[0]
    squares, d_c = np.zeros((n_groups, n_groups)), np.zeros((n_groups, n_groups))
    half = np.zeros((n_groups, n_groups))
    for r in range(n_groups):
        for i in range(group[r], group[r + 1]):
            for s in range(n_groups):
                squares[r, s] += weight[i] * rows[i, s]
    for r in range(n_groups):
        for s in range(n_groups):
            for k in range(n_groups):
                half[r, s] += inverse[r, k] * squares[k, s]
    for r in range(n_groups):
        for s in range(n_groups):
            d_c[r, s] = 0.5 * (inner(half[r], inverse[s]) - people * inverse[r, s])
    for r in range(n_groups):
        for k in range(z.shape[1]):
            for s in range(n_groups):
                d_z[r, k] += 2.0 * d_c[r, s] * z[s, k]
        if exact[r] or precision[r] == 0.0:
            continue
        h = precision[r]
        d_h = 0.5 * (squares[r, r] - people / h) - d_c[r, r] / (h * h)
        for i in range(group[r], group[r + 1]):
            d_h += inner(kernel[r], rows[i]) * weight[i] / h
        for i in range(group[r], group[r + 1]):
            if observed[i]:
                d_weight = -inner(kernel[r], rows[i])
                d_loading[i] += d_weight / (theta[i] * h) + 2.0 * d_h * loading[i] / theta[i]
                d_theta[i] -= (d_weight * weight[i] + d_h * loading[i] * loading[i] / theta[i]) / theta[i]
                d_theta[i] += 0.5 * (diagonal[i] / theta[i] - people) / theta[i]


@compiled
def places(tau2, first):  # type: ignore[no-untyped-def]
    """Where each item's team-level residual stands among a team's sources, -1 if nowhere; their number."""
    place, n = np.empty(tau2.shape[0], np.int64), first
    for i in range(tau2.shape[0]):
        place[i] = n if tau2[i] > 0.0 else -1
        n += int(tau2[i] > 0.0)
    return place, n


@compiled
def entry_residuals(row, observed, nu, loading, own, between, of_team, group, residual):  # type: ignore[no-untyped-def]
    """Mean answers of an entry less what columns predict, zero where missing.

    Parameters
    ----------
    row : (item,), ...; own, of_team : (measure,), predicted by columns of people and of teams
    """
    for r in range(own.shape[0]):
        for i in range(group[r], group[r + 1]):
            residual[i] = 0.0
            if observed[i]:
                residual[i] = row[i] - nu[i] - loading[i] * own[r] - between[i] * of_team[r]


@compiled
def _weighted(residual, weight, kernel, group, shown, q):  # type: ignore[no-untyped-def]
    """Projections `shown` of residuals, and these times the kernel, `q`."""
    for r in range(q.shape[0]):
        shown[r] = 0.0
        for i in range(group[r], group[r + 1]):
            shown[r] += weight[i] * residual[i]
    for r in range(q.shape[0]):
        q[r] = inner(kernel[r], shown)


@compiled
def weigh_entry(n, residual, observed, inverse_theta, weight, kernel, group, information, told):  # type: ignore[no-untyped-def]
    """Add what an entry tells of its team's part of the items; returns its sum of squares."""
    n_groups = kernel.shape[0]
    shown, q = np.empty(n_groups), np.empty(n_groups)
    _weighted(residual, weight, kernel, group, shown, q)
    square = inner(shown, q)
    for r in range(n_groups):
        for i in range(group[r], group[r + 1]):
            if not observed[i]:
                continue
            square += residual[i] * residual[i] * inverse_theta[i]
            told[i] += n * (residual[i] * inverse_theta[i] + weight[i] * q[r])
            information[i, i] += n * inverse_theta[i]
            for s in range(r + 1):
                factor = n * weight[i] * kernel[r, s]
                for k in range(group[s], group[s + 1]):
                    information[i, k] += factor * weight[k]
    return n * square


@compiled
def condition_on_answers(  # type: ignore[no-untyped-def]
    information, told, between, tau, z, group, place, told_rows, row_information, precision, covariance, mode
):
    """Moments of a team's sources given its answers; returns the log-determinant of their precision.

    Parameters
    ----------
    information : (item, item), symmetric; told : (item,)
    between, tau : (item,); z : (row, source), measures first
    told_rows : (item, measure), row_information : (measure, measure), precision : (state, state), for work
    covariance, mode : get the moments
    """
    n_groups, n_sources, n_items = told_rows.shape[1], z.shape[1], between.shape[0]
    row_information.fill(0.0)
    precision.fill(0.0)
    mode.fill(0.0)
    c = np.zeros(mode.shape[0])
    for i in range(n_items):
        for s in range(n_groups):
            total = 0.0
            for k in range(group[s], group[s + 1]):
                total += information[i, k] * between[k]
            told_rows[i, s] = total
    for r in range(n_groups):
        for i in range(group[r], group[r + 1]):
            for s in range(n_groups):
                row_information[r, s] += between[i] * told_rows[i, s]
            for k in range(n_sources):
                c[k] += between[i] * told[i] * z[r, k]
    for r in range(n_groups):
        for k in range(n_sources):
            value = 0.0
            for s in range(n_groups):
                value += row_information[r, s] * z[s, k]
            for q in range(n_sources):
                precision[q, k] += z[r, q] * value
    for i in range(n_items):
        a = place[i]
        if a < 0:
            continue
        c[a] = tau[i] * told[i]
        for k in range(n_sources):
            value = 0.0
            for s in range(n_groups):
                value += told_rows[i, s] * z[s, k]
            precision[a, k] = tau[i] * value
            precision[k, a] = precision[a, k]
        for k in range(i + 1):
            if place[k] >= 0:
                precision[a, place[k]] = tau[i] * tau[k] * information[i, k]
                precision[place[k], a] = precision[a, place[k]]
    for a in range(mode.shape[0]):
        precision[a, a] += 1.0
    log_det = invert(precision, covariance)
    for a in range(mode.shape[0]):
        mode[a] = inner(covariance[a], c)
    return log_det


@compiled
def condition_on_outcomes(z, first, row, predicted, seen, covariance, mode, pull, gain, spread):  # type: ignore[no-untyped-def]
    """Change moments of a team's sources to those given its outcomes, too; returns these outcomes' density.

    Parameters
    ----------
    z : (row, source), outcomes from `first` on; row : (outcome,), and more; predicted : (row,), by columns
    seen : (outcome,)
    covariance : (state, state), mode : (state,); both are changed
    pull : (outcome,), gain : (outcome, state), get the precision of the outcomes times their residuals, and
        times their covariance with the sources; zero for those not seen
    spread : (outcome, state), for work
    """
    n, n_sources, n_states = seen.shape[0], z.shape[1], mode.shape[0]
    e, c, inverse, shown = np.zeros(n), np.eye(n), np.zeros((n, n)), 0
    for o in range(n):
        if not seen[o]:
            continue
        shown += 1
        e[o] = row[o] - predicted[first + o]
        for a in range(n_states):
            spread[o, a] = 0.0
        for k in range(n_sources):
            e[o] -= z[first + o, k] * mode[k]
            for a in range(n_states):
                spread[o, a] += z[first + o, k] * covariance[k, a]
        for p in range(o + 1):
            if seen[p]:
                c[o, p] = inner(z[first + p], spread[o])
                c[p, o] = c[o, p]
    log_det = invert(c, inverse)
    total = -0.5 * (shown * LOG_2PI + log_det)
    for o in range(n):
        pull[o] = 0.0
        for a in range(n_states):
            gain[o, a] = 0.0
        if not seen[o]:
            continue
        for p in range(n):
            if seen[p]:
                pull[o] += inverse[o, p] * e[p]
                for a in range(n_states):
                    gain[o, a] += inverse[o, p] * spread[p, a]
        total -= 0.5 * e[o] * pull[o]
    for o in range(n):
        if seen[o]:
            for a in range(n_states):
                mode[a] += spread[o, a] * pull[o]
                for w in range(n_states):
                    covariance[a, w] -= spread[o, a] * gain[o, w]
    return total


@compiled
def _square_patterns(  # type: ignore[no-untyped-def]
    loading, person_x, observed, squares, inverse_theta, weight, kernel, group, diagonal, rows,
    d_loading, d_x,
):  # fmt: skip
    """Deviations from entries' means: their density, but for determinants, and gradients by slopes.

    `diagonal` and `rows` get what :func:`_pull_pattern` needs.
    """
    n_groups, n_items, n_columns = person_x.shape[0], loading.shape[0], person_x.shape[1]
    total, left = 0.0, np.zeros((n_items, n_items + n_columns))
    slope, q = np.zeros((n_items, n_columns)), np.zeros((n_groups, n_columns))
    for p in range(squares.shape[0]):
        s = squares[p]
        for r in range(n_groups):
            for i in range(group[r], group[r + 1]):
                for a in range(n_items + n_columns):
                    left[i, a] = s[i, a] if observed[p, i] else 0.0
                for k in range(n_columns):
                    slope[i, k] = loading[i] * person_x[r, k] if observed[p, i] else 0.0
                    for a in range(n_items + n_columns):
                        left[i, a] -= slope[i, k] * s[n_items + k, a]
        for i in range(n_items):
            for a in range(n_items):
                for k in range(n_columns):
                    left[i, a] -= left[i, n_items + k] * slope[a, k]
        for r in range(n_groups):
            for i in range(group[r], group[r + 1]):
                diagonal[p, i] += left[i, i]
                total -= 0.5 * left[i, i] * inverse_theta[i]
                for w in range(n_groups):
                    value = 0.0
                    for a in range(group[w], group[w + 1]):
                        value += left[i, a] * weight[p, a]
                    rows[p, i, w] += value
                    total -= 0.5 * kernel[p, r, w] * weight[p, i] * value
        if n_columns == 0:
            continue
        for r in range(n_groups):
            for k in range(n_columns):
                q[r, k] = 0.0
                for i in range(group[r], group[r + 1]):
                    q[r, k] += weight[p, i] * left[i, n_items + k]
        for r in range(n_groups):
            for i in range(group[r], group[r + 1]):
                if observed[p, i]:
                    for k in range(n_columns):
                        d = left[i, n_items + k] * inverse_theta[i]
                        for w in range(n_groups):
                            d += weight[p, i] * kernel[p, r, w] * q[w, k]
                        d_loading[i] += d * person_x[r, k]
                        d_x[r, k] += d * loading[i]
    return total


@compiled
def patterns_density(  # type: ignore[no-untyped-def]
    loading, between, theta, tau2, nu, person_z, person_x, z, b, change, reach,
    observed, squares, people, entry_rows, entry_count, entry_pattern, entry_start, team_rows, seen, cell,
    group, exact, by,
):  # fmt: skip
    """Log-density of all answers and outcomes of these teams, and its gradients.

    Parameters
    ----------
    loading, between, theta, tau2, nu : (item,), items of one measure together; loadings of people and teams
    person_z, person_x : (measure, source below), (measure, column below)
    z, b : (row, source), (row, column): measures, outcomes, then predictors whose coefficients differ
    change : (cell, pair); reach : (row, pair); by : (pair,), as in
        :func:`coefficacy.gaussian.moderation.moderate`
    observed : (pattern, item)
    squares : (first patterns, row, row), sums of products of (items, columns below) around entries' means,
        for patterns of which an entry has more than one person
    people : (pattern,)
    entry_rows : (entry, row), means, zero where missing; entry_count, entry_pattern : (entry,)
    entry_start : (team + 1,)
    team_rows : (team, outcomes and columns); seen : (team, outcome); cell : (team,)
    group : (measures + 1,), where their items start; exact : (measure,), a single item without error

    Returns
    -------
    (log-density, and its gradients with respect to the first eleven arguments)
    """
    n_items, n_groups, n_patterns = loading.shape[0], exact.shape[0], observed.shape[0]
    n_sources, n_pairs, n_outcomes = z.shape[1], by.shape[0], seen.shape[1]
    d_loading, d_between, d_theta = np.zeros(n_items), np.zeros(n_items), np.zeros(n_items)
    d_tau2, d_nu = np.zeros(n_items), np.zeros(n_items)
    d_person_z, d_person_x = np.zeros(person_z.shape), np.zeros(person_x.shape)
    d_z, d_b = np.zeros(z.shape), np.zeros(b.shape)
    d_change, d_reach = np.zeros(change.shape), np.zeros(reach.shape)

    of, inverse_theta, tau = np.zeros(n_items, np.int64), np.zeros(n_items), np.sqrt(tau2)
    for r in range(n_groups):
        for i in range(group[r], group[r + 1]):
            of[i] = r
            inverse_theta[i] = 0.0 if exact[r] else 1.0 / theta[i]
    weight, precision = np.zeros((n_patterns, n_items)), np.zeros((n_patterns, n_groups))
    kernel = np.zeros((n_patterns, n_groups, n_groups))
    inverse = np.zeros((n_patterns, n_groups, n_groups))
    diagonal, rows = np.zeros((n_patterns, n_items)), np.zeros((n_patterns, n_items, n_groups))
    total = 0.0
    for p in range(n_patterns):
        shown = 0
        for i in range(n_items):
            shown += int(observed[p, i])
        total -= 0.5 * people[p] * shown * LOG_2PI
        total -= 0.5 * people[p] * measure_pattern(
            loading, theta, observed[p], exact, person_z, group, weight[p], precision[p], kernel[p],
            inverse[p],
        )  # fmt: skip
    total += _square_patterns(
        loading, person_x, observed, squares, inverse_theta, weight, kernel, group, diagonal, rows, d_loading,
        d_person_x,
    )  # fmt: skip

    place, n_states = places(tau2, n_sources)
    information, told = np.zeros((n_items, n_items)), np.zeros(n_items)
    told_rows, row_information = np.zeros((n_items, n_groups)), np.zeros((n_groups, n_groups))
    states, covariance = np.zeros((n_states, n_states)), np.zeros((n_states, n_states))
    mode, predicted, d_predicted = np.zeros(n_states), np.zeros(z.shape[0]), np.zeros(z.shape[0])
    pull, gain = np.zeros(n_outcomes), np.zeros((n_outcomes, n_states))
    spread, shift, mean = np.zeros((n_outcomes, n_states)), np.zeros(n_groups), np.zeros(n_items)
    spread_rows, row_covariance = np.zeros((n_groups, n_states)), np.zeros((n_groups, n_groups))
    varies, left = np.zeros((n_items, n_items)), np.zeros(n_items)
    shown_rows, q, own = np.zeros(n_groups), np.zeros(n_groups), np.zeros(n_groups)
    most = 0
    for j in range(cell.shape[0]):
        most = max(most, entry_start[j + 1] - entry_start[j])
    residual = np.zeros((most, n_items))
    z_c, b_c, d_zc, d_bc = z, b, d_z, d_b
    if n_pairs > 0:
        d_zc, d_bc = d_z.copy(), d_b.copy()

    for j in range(cell.shape[0]):
        columns = team_rows[j, n_outcomes:]
        if n_pairs > 0:
            z_c, b_c = z.copy(), b.copy()
            for forms in (z_c, b_c):
                moderate(forms, forms, change[cell[j]], reach, by)
            d_zc.fill(0.0)
            d_bc.fill(0.0)
        for r in range(n_groups + n_outcomes):
            predicted[r] = inner(columns, b_c[r])
        d_predicted.fill(0.0)
        information.fill(0.0)
        told.fill(0.0)
        first = entry_start[j]
        for e in range(first, entry_start[j + 1]):
            p = entry_pattern[e]
            for r in range(n_groups):
                own[r] = inner(person_x[r], entry_rows[e, n_items:])
            entry_residuals(
                entry_rows[e], observed[p], nu, loading, own, between, predicted, group, residual[e - first]
            )
            total -= 0.5 * weigh_entry(
                entry_count[e], residual[e - first], observed[p], inverse_theta, weight[p], kernel[p], group,
                information, told,
            )  # fmt: skip
        for i in range(n_items):
            for k in range(i):
                information[k, i] = information[i, k]
        total -= 0.5 * condition_on_answers(
            information, told, between, tau, z_c, group, place, told_rows, row_information, states,
            covariance, mode,
        )  # fmt: skip
        for i in range(n_items):
            value = 0.0
            for k in range(n_sources):
                value += z_c[of[i], k] * mode[k]
            value *= between[i]
            if place[i] >= 0:
                value += tau[i] * mode[place[i]]
            total += 0.5 * told[i] * value
        if n_outcomes > 0:
            total += condition_on_outcomes(
                z_c, n_groups, team_rows[j], predicted, seen[j], covariance, mode, pull, gain, spread
            )
            for o in range(n_outcomes):
                d_predicted[n_groups + o] = pull[o]
                for k in range(n_sources):
                    d_zc[n_groups + o, k] += pull[o] * mode[k] - gain[o, k]

        # Smoothed moments of the team's part of its items.
        for r in range(n_groups):
            shift[r] = 0.0
            for k in range(n_sources):
                shift[r] += z_c[r, k] * mode[k]
            for a in range(n_states):
                spread_rows[r, a] = 0.0
            for k in range(n_sources):
                for a in range(n_states):
                    spread_rows[r, a] += z_c[r, k] * covariance[k, a]
        for r in range(n_groups):
            for s in range(n_groups):
                row_covariance[r, s] = inner(z_c[s], spread_rows[r])
        for i in range(n_items):
            r, a = of[i], place[i]
            mean[i] = between[i] * shift[r] + (tau[i] * mode[a] if a >= 0 else 0.0)
            for k in range(i + 1):
                s, w = of[k], place[k]
                value = between[i] * between[k] * row_covariance[r, s]
                if w >= 0:
                    value += between[i] * tau[k] * spread_rows[r, w]
                if a >= 0:
                    value += tau[i] * between[k] * spread_rows[s, a]
                if a >= 0 and w >= 0:
                    value += tau[i] * tau[k] * covariance[a, w]
                varies[i, k] = value
                varies[k, i] = value
        for i in range(n_items):
            told[i] -= inner(information[i], mean)

        # By the team's forms, then by its loadings and residuals.
        for r in range(n_groups):
            for k in range(n_sources):
                value = 0.0
                for s in range(n_groups):
                    value += row_information[r, s] * spread_rows[s, k]
                d_zc[r, k] -= value
            for i in range(group[r], group[r + 1]):
                for k in range(n_sources):
                    d_zc[r, k] += between[i] * told[i] * mode[k]
                d_predicted[r] += between[i] * told[i]
            for i in range(n_items):
                if place[i] >= 0:
                    for k in range(n_sources):
                        d_zc[r, k] -= told_rows[i, r] * tau[i] * covariance[place[i], k]
        for i in range(n_items):
            r, a = of[i], place[i]
            d = told[i] * (shift[r] + predicted[r])
            for s in range(n_groups):
                d -= told_rows[i, s] * row_covariance[s, r]
            for k in range(n_items):
                if place[k] >= 0:
                    d -= information[i, k] * tau[k] * spread_rows[r, place[k]]
            d_between[i] += d
            if a < 0:
                continue
            d = told[i] * mode[a]
            for s in range(n_groups):
                d -= told_rows[i, s] * spread_rows[s, a]
            for k in range(n_items):
                if place[k] >= 0:
                    d -= information[i, k] * tau[k] * covariance[place[k], a]
            d_tau2[i] += 0.5 * d / tau[i]

        # By what was predicted of the entries, and their sums of squares.
        for e in range(first, entry_start[j + 1]):
            p, n = entry_pattern[e], entry_count[e]
            for r in range(n_groups):
                own[r] = inner(person_x[r], entry_rows[e, n_items:])
            for i in range(n_items):
                left[i] = residual[e - first, i] - mean[i] if observed[p, i] else 0.0
            _weighted(left, weight[p], kernel[p], group, shown_rows, q)
            for r in range(n_groups):
                d_own = 0.0
                for i in range(group[r], group[r + 1]):
                    if not observed[p, i]:
                        continue
                    v = n * (left[i] * inverse_theta[i] + weight[p, i] * q[r])
                    d_nu[i] += v
                    d_loading[i] += v * own[r]
                    d_own += v * loading[i]
                    diagonal[p, i] += n * (left[i] * left[i] + varies[i, i])
                    for s in range(n_groups):
                        value = left[i] * shown_rows[s]
                        for k in range(group[s], group[s + 1]):
                            value += varies[i, k] * weight[p, k]
                        rows[p, i, s] += n * value
                for k in range(person_x.shape[1]):
                    d_person_x[r, k] += d_own * entry_rows[e, n_items + k]
        for r in range(n_groups + n_outcomes):
            for k in range(columns.shape[0]):
                d_bc[r, k] += d_predicted[r] * columns[k]
        if n_pairs > 0:
            for forms, d_forms, d_all in ((z_c, d_zc, d_z), (b_c, d_bc, d_b)):
                moderate_gradient(d_forms, forms, change[cell[j]], reach, by, d_change[cell[j]], d_reach)
                d_all += d_forms

    for p in range(n_patterns):
        _pull_pattern(
            loading, theta, observed[p], exact, person_z, group, weight[p], precision[p], kernel[p],
            inverse[p], people[p], diagonal[p], rows[p], d_loading, d_theta, d_person_z,
        )  # fmt: skip
    return (
        total, d_loading, d_between, d_theta, d_tau2, d_nu, d_person_z, d_person_x, d_z, d_b, d_change,
        d_reach,
    )  # fmt: skip
