r"""Density of items and outcomes with the latents of people and teams integrated out, and its gradient.

Teams of one size with the same outcomes observed are a *cell*; a cell enters only through the cross-products
of its teams' means, all people together through their pooled scatter around these. With :math:`n` people a
team,

.. math::
   \bar y - \nu = \Lambda f + d, \quad f \sim N(B x, Z Z' + M M' / n), \quad
   d \sim N(0, \mathrm{diag}(\tau^2 + \theta / n)),

one loading an item. Each item shows one :math:`f`, so that the items of one measure collapse to their
precision-weighted projection, with error variance :math:`g = 1 / \sum \lambda^2 / d`: what is left to
factorise has the order of the number of measures, not of items. Outcomes, and items without error, are
responses with :math:`g = 0`. The gradient is coded by hand, in reverse.

Random intercepts of the units above are integrated out, too (:mod:`coefficacy.gaussian.units`). Where
coefficients differ between cells, so do the forms (:mod:`coefficacy.gaussian.moderation`).
"""

from __future__ import annotations

import numpy as np

from coefficacy.gaussian.compiled import compiled
from coefficacy.gaussian.matrices import LOG_2PI, inner, invert
from coefficacy.gaussian.moderation import moderate, moderate_gradient
from coefficacy.gaussian.units import integrate_units

__all__ = ["add_effects", "cells_density", "projections"]


@compiled
def projections(loading, theta, tau2, group, share, error, weight, g):  # type: ignore[no-untyped-def]
    """Error variances of items in one cell, their weights in projections, error variances of these."""
    for r in range(group.shape[0] - 1):
        precision = 0.0
        for i in range(group[r], group[r + 1]):
            error[i] = tau2[i] + theta[i] * share
            precision += loading[i] * loading[i] / error[i]
        g[r] = 1.0 / precision
        for i in range(group[r], group[r + 1]):
            weight[i] = loading[i] / error[i] * g[r]


@compiled
def _precision(between, within, share, g, seen, c, inverse):  # type: ignore[no-untyped-def]
    """Log-determinant and inverse of one cell's covariance, zero for outcomes that are missing."""
    n = c.shape[0]
    for r in range(n):
        for s in range(n):
            c[r, s] = between[r, s] + share * within[r, s]
        c[r, r] += g[r]
    for o in range(seen.shape[0]):
        if not seen[o]:
            r = n - seen.shape[0] + o
            for s in range(n):
                c[r, s] = 0.0
                c[s, r] = 0.0
            c[r, r] = 1.0
    log_det = invert(c, inverse)
    for o in range(seen.shape[0]):
        if not seen[o]:
            inverse[n - seen.shape[0] + o, n - seen.shape[0] + o] = 0.0
    return log_det


@compiled
def _filled(scatter, score_rows, first_score, full):  # type: ignore[no-untyped-def]
    """One cell's cross-products with the rows of sampled scores in place."""
    n_scores, width = score_rows.shape
    for a in range(width):
        for k in range(width):
            full[a, k] = scatter[a, k]
    for a in range(n_scores):
        for k in range(width):
            full[first_score + a, k] = score_rows[a, k]
            if k < first_score or k >= first_score + n_scores:
                full[k, first_score + a] = score_rows[a, k]


@compiled
def _covariances(z, m, between, within):  # type: ignore[no-untyped-def]
    """Covariance of a cell's responses from their forms, of teams and of one person."""
    for r in range(between.shape[0]):
        for s in range(r + 1):
            between[r, s] = inner(z[r], z[s])
            between[s, r] = between[r, s]
            within[r, s] = inner(m[r], m[s])
            within[s, r] = within[r, s]


@compiled
def add_effects(mean_of, spread, mode, first_unit):  # type: ignore[no-untyped-def]
    """Add the effects of the units above to the columns that indicate them."""
    for r in range(spread.shape[0]):
        for unit in range(mode.shape[0]):
            mean_of[r, first_unit + unit] += inner(spread[r], mode[unit])


@compiled
def _weigh_units(  # type: ignore[no-untyped-def]
    s_cell,
    weight,
    nu,
    group,
    one,
    n_items,
    b,
    spread,
    inverse,
    first_unit,
    information,
    score,
    weighted,
    square,
):
    """Add what one cell tells of the units above: information and score of their sources at no effects."""
    n_units, n_sources = score.shape
    n_groups, n_multi = inverse.shape[0], group.shape[0] - 1
    first_column = n_items + n_groups - n_multi
    weighted.fill(0.0)
    square.fill(0.0)
    for k in range(n_sources):
        for r in range(n_groups):
            for s in range(n_groups):
                weighted[k, s] += spread[r, k] * inverse[r, s]
        for q in range(n_sources):
            for r in range(n_groups):
                square[k, q] += weighted[k, r] * spread[r, q]
    for unit in range(n_units):
        at = first_column + first_unit + unit
        n_here = s_cell[at, at]
        if n_here == 0.0:
            continue
        for r in range(n_groups):
            shown = 0.0
            if r < n_multi:
                for i in range(group[r], group[r + 1]):
                    shown += weight[i] * s_cell[i, at]
                    if one >= 0:
                        shown -= weight[i] * nu[i] * s_cell[first_column + one, at]
            else:
                shown = s_cell[n_items + r - n_multi, at]
            for column in range(b.shape[1]):
                shown -= b[r, column] * s_cell[first_column + column, at]
            for k in range(n_sources):
                score[unit, k] += weighted[k, r] * shown
        for k in range(n_sources):
            for q in range(n_sources):
                information[unit, k, q] += n_here * square[k, q]


@compiled
def _spread_units(t, inverse, spread, held, d_spread, loose):  # type: ignore[no-untyped-def]
    """Add to a cell's squares that effects are not known, `held` (source, source) summed over its teams."""
    n_groups, n_sources = t.shape[0], held.shape[0]
    for r in range(n_groups):
        for k in range(n_sources):
            loose[k, r] = inner(held[k], spread[r])
    for k in range(n_sources):
        for r in range(n_groups):
            for s in range(n_groups):
                t[r, s] += loose[k, r] * spread[s, k]
                d_spread[r, k] -= inverse[r, s] * loose[k, s]


@compiled
def _pull_to_forms(  # type: ignore[no-untyped-def]
    z, m, d_between, d_within, mode, first_unit, d_z, d_m, d_b, d_spread
):
    """Gradients by covariances and by columns of units, as gradients by forms."""
    for r in range(d_between.shape[0]):
        for s in range(d_between.shape[0]):
            for k in range(z.shape[1]):
                d_z[r, k] += 2.0 * d_between[r, s] * z[s, k]
            for k in range(m.shape[1]):
                d_m[r, k] += 2.0 * d_within[r, s] * m[s, k]
        for unit in range(mode.shape[0]):
            for k in range(mode.shape[1]):
                d_spread[r, k] += d_b[r, first_unit + unit] * mode[unit, k]


@compiled
def cells_density(  # type: ignore[no-untyped-def]
    loading, theta, tau2, nu, z, m, b, score_rows, spread, common, change, reach,
    scatter, first_score, group, one, count, size, seen, first_unit, n_units, by,
):  # fmt: skip
    """Log-density of all cells and its gradients.

    Parameters
    ----------
    loading, theta, tau2, nu : (item,), items of one group together
    z, m, b : (row, source), (row, source below), (row, column): rows of groups with items come first, then
        single responses; rows after these are predictors whose coefficients differ between cells
    score_rows : (cell, score, row), the rows of `scatter` that belong to sampled scores
    spread : (row, source), what independent standard sources of the units above add to each row; no
        sources where their effects are among `b`, or there are none
    common : (source,), mean of the sources over these units
    change : (cell, pair); reach : (row, pair); by : (pair,), as in
        :func:`coefficacy.gaussian.moderation.moderate`
    scatter : (cell, row, row), sums of products of (items, single responses, columns)
    first_score : where the scores stand among the rows
    group : (groups with items + 1,), where their items start
    one : position of the constant among the columns; -1: responses are centred already and nu is not used
    count : (cell,), units that each sum is over, less what centring took
    size : (cell,), people a unit is the mean of
    seen : (cell, outcome), False where one of the last responses is missing
    first_unit, n_units : where the indicators of the units above stand among the columns; how many there are

    Returns
    -------
    (log-density, and its gradients with respect to loading, theta, tau2, nu, z, m, b, score_rows, spread,
    common, change, reach)
    """
    n_items, n_multi, n_columns = loading.shape[0], group.shape[0] - 1, b.shape[1]
    width, n_cells, n_pairs = scatter.shape[1], scatter.shape[0], by.shape[0]
    n_single = width - n_items - n_columns
    n_groups = n_multi + n_single
    first_column, first_outcome = n_items + n_single, n_groups - seen.shape[1]
    constant = first_column + one

    d_loading, d_theta = np.zeros(n_items), np.zeros(n_items)
    d_tau2, d_nu = np.zeros(n_items), np.zeros(n_items)
    d_z, d_m, d_b = np.zeros(z.shape), np.zeros(m.shape), np.zeros(b.shape)
    n_scores = score_rows.shape[1]
    d_score_rows = np.zeros(score_rows.shape)
    d_spread, d_common = np.zeros(spread.shape), np.zeros(common.shape)
    d_change, d_reach = np.zeros(change.shape), np.zeros(reach.shape)
    filled = np.zeros((width, width))
    total = 0.0
    n_sources = spread.shape[1]
    if n_sources == 0:
        n_units = 0

    between, within = np.zeros((n_groups, n_groups)), np.zeros((n_groups, n_groups))
    error, weight, d_weight = np.empty(n_items), np.zeros(n_items), np.zeros(n_items)
    d_error, d_h = np.zeros(n_items), np.zeros(width)
    g, d_g = np.zeros(n_groups), np.zeros(n_groups)
    h, hs = np.zeros((n_groups, width)), np.zeros((n_groups, width))
    d_between, d_within = np.zeros((n_groups, n_groups)), np.zeros((n_groups, n_groups))
    c, t, d_c = np.zeros((n_groups, n_groups)), np.zeros((n_groups, n_groups)), np.zeros((n_groups, n_groups))
    inverses, log_dets = np.zeros((n_cells, n_groups, n_groups)), np.zeros(n_cells)
    mode, held = np.zeros((n_units, n_sources)), np.zeros((n_sources, n_sources))
    weighted = np.zeros((n_sources, n_groups))
    unit_covariance = np.zeros((n_units, n_sources, n_sources))

    # Forms of one cell, and gradients by them; the same arrays for all cells unless coefficients differ.
    z_c, m_c, b_c, spread_c = z, m, b, spread
    d_zc, d_mc, d_bc, d_sc = d_z, d_m, d_b, d_spread
    if n_pairs > 0:
        d_zc, d_mc, d_bc, d_sc = d_z.copy(), d_m.copy(), d_b.copy(), d_spread.copy()
    else:
        _covariances(z, m, between, within)

    if n_units > 0:
        information, score = np.zeros((n_units, n_sources, n_sources)), np.zeros((n_units, n_sources))
        for cell in range(n_cells):
            s_cell = scatter[cell]
            if n_scores > 0:
                _filled(scatter[cell], score_rows[cell], first_score, filled)
                s_cell = filled
            if n_pairs > 0:
                z_c, m_c, b_c, spread_c = z.copy(), m.copy(), b.copy(), spread.copy()
                for forms in (z_c, m_c, b_c, spread_c):
                    moderate(forms, forms, change[cell], reach, by)
                _covariances(z_c, m_c, between, within)
            projections(loading, theta, tau2, group, 1.0 / size[cell], error, weight, g)
            log_dets[cell] = _precision(between, within, 1.0 / size[cell], g, seen[cell], c, inverses[cell])
            _weigh_units(
                s_cell, weight, nu, group, one, n_items, b_c, spread_c, inverses[cell], first_unit,
                information, score, weighted, held,
            )  # fmt: skip
        total += integrate_units(common, information, score, mode, unit_covariance, d_common)
    mean_of = b.copy()
    if n_pairs == 0:
        add_effects(mean_of, spread, mode, first_unit)

    for cell in range(n_cells):
        s_cell = scatter[cell]
        if n_scores > 0:
            _filled(scatter[cell], score_rows[cell], first_score, filled)
            s_cell = filled
        if n_pairs > 0:
            z_c, m_c, b_c, spread_c = z.copy(), m.copy(), b.copy(), spread.copy()
            for forms in (z_c, m_c, b_c, spread_c):
                moderate(forms, forms, change[cell], reach, by)
            _covariances(z_c, m_c, between, within)
            mean_of = b_c.copy()
            add_effects(mean_of, spread_c, mode, first_unit)
            for form in (d_zc, d_mc, d_bc, d_sc, d_between, d_within):
                form.fill(0.0)
        units = count[cell]
        share = 1.0 / size[cell]
        h.fill(0.0)
        d_error.fill(0.0)
        d_weight.fill(0.0)
        projections(loading, theta, tau2, group, share, error, weight, g)
        for r in range(n_multi):
            total += 0.5 * units * np.log(g[r])
            total -= 0.5 * units * (group[r + 1] - group[r] - 1) * LOG_2PI
            for i in range(group[r], group[r + 1]):
                h[r, i] = weight[i]
                q = s_cell[i, i]
                d_error[i] = -0.5 * units / error[i]
                d_q = -0.5 / error[i]
                if one >= 0:
                    h[r, constant] -= weight[i] * nu[i]
                    q += nu[i] * (nu[i] * s_cell[constant, constant] - 2.0 * s_cell[i, constant])
                    d_nu[i] += 2.0 * d_q * (nu[i] * s_cell[constant, constant] - s_cell[i, constant])
                total -= 0.5 * (units * np.log(error[i]) + q / error[i])
                d_error[i] += 0.5 * q / (error[i] * error[i])
            d_g[r] = 0.5 * units / g[r]
        for r in range(n_multi, n_groups):
            g[r] = 0.0
            d_g[r] = 0.0
            h[r, n_items + r - n_multi] = 1.0

        # The projection itself, before its mean is taken out: what the items say besides.
        for r in range(n_groups):
            for k in range(width):
                hs[r, k] = 0.0
            if r < n_multi:
                for i in range(group[r], group[r + 1]):
                    for k in range(width):
                        hs[r, k] += h[r, i] * s_cell[i, k]
                if one >= 0:
                    for k in range(width):
                        hs[r, k] += h[r, constant] * s_cell[constant, k]
                q = 0.0
                for i in range(group[r], group[r + 1]):
                    q += h[r, i] * hs[r, i]
                if one >= 0:
                    q += h[r, constant] * hs[r, constant]
                total += 0.5 * q / g[r]
                d_g[r] -= 0.5 * q / (g[r] * g[r])
                for i in range(group[r], group[r + 1]):
                    d_weight[i] += hs[r, i] / g[r]
                    if one >= 0:
                        d_weight[i] -= nu[i] * hs[r, constant] / g[r]
                        d_nu[i] -= weight[i] * hs[r, constant] / g[r]
            else:
                row = n_items + r - n_multi
                for k in range(width):
                    hs[r, k] = s_cell[row, k]
            for column in range(n_columns):
                at = first_column + column
                if mean_of[r, column] != 0.0 and (n_scores > 0 or s_cell[at, at] != 0.0):
                    h[r, first_column + column] -= mean_of[r, column]
                    for k in range(width):
                        hs[r, k] -= mean_of[r, column] * s_cell[first_column + column, k]

        for r in range(n_groups):
            for s in range(n_groups):
                value = 0.0
                for k in range(width):
                    value += hs[r, k] * h[s, k]
                t[r, s] = value
        inverse = inverses[cell]
        if n_units == 0:
            log_dets[cell] = _precision(between, within, share, g, seen[cell], c, inverse)
        responses = n_groups
        for r in range(first_outcome, n_groups):
            if not seen[cell, r - first_outcome]:
                responses -= 1
        total -= 0.5 * units * (responses * LOG_2PI + log_dets[cell])
        for r in range(n_groups):
            for s in range(n_groups):
                total -= 0.5 * inverse[r, s] * t[r, s]
        if n_units > 0:
            held.fill(0.0)
            for unit in range(n_units):
                n_here = s_cell[first_column + first_unit + unit, first_column + first_unit + unit]
                if n_here != 0.0:
                    for k in range(n_sources):
                        for q in range(n_sources):
                            held[k, q] += n_here * unit_covariance[unit, k, q]
            _spread_units(t, inverse, spread_c, held, d_sc, weighted)

        for r in range(n_groups):
            for s in range(n_groups):
                value = 0.0
                for k in range(n_groups):
                    value += inverse[r, k] * t[k, s]
                d_c[r, s] = value
        for r in range(n_groups):
            for s in range(r + 1):
                value = 0.0
                for k in range(n_groups):
                    value += d_c[r, k] * inverse[k, s]
                value = 0.5 * (value - units * inverse[r, s])
                d_between[r, s] += value
                d_within[r, s] += share * value
                if r != s:
                    d_between[s, r] += value
                    d_within[s, r] += share * value
                else:
                    d_g[r] += value

        for r in range(n_groups):
            for k in range(width):
                d_h[k] = 0.0
            for s in range(n_groups):
                w = inverse[r, s]
                if w != 0.0:
                    for k in range(width):
                        d_h[k] -= w * hs[s, k]
            for column in range(n_columns):
                d_bc[r, column] -= d_h[first_column + column]
            if r < n_multi:
                for i in range(group[r], group[r + 1]):
                    d_weight[i] += d_h[i]
                    if one >= 0:
                        d_weight[i] -= nu[i] * d_h[constant]
                        d_nu[i] -= weight[i] * d_h[constant]

        for a in range(n_scores):
            r = n_multi + first_score - n_items + a
            for s in range(n_groups):
                for k in range(width):
                    d_score_rows[cell, a, k] -= inverse[r, s] * h[s, k]
            for k in range(first_score, first_score + n_scores):
                d_score_rows[cell, a, k] *= 0.5

        for r in range(n_multi):
            for i in range(group[r], group[r + 1]):
                d_g[r] += d_weight[i] * loading[i] / error[i]
                d_loading[i] += d_weight[i] * g[r] / error[i]
                d_error[i] -= d_weight[i] * weight[i] / error[i]
            for i in range(group[r], group[r + 1]):
                ratio = loading[i] / error[i] * g[r]
                d_loading[i] -= 2.0 * d_g[r] * g[r] * ratio
                d_error[i] += d_g[r] * ratio * ratio
                d_tau2[i] += d_error[i]
                d_theta[i] += share * d_error[i]

        if n_pairs > 0:
            _pull_to_forms(z_c, m_c, d_between, d_within, mode, first_unit, d_zc, d_mc, d_bc, d_sc)
            for forms, d_forms, d_all in (
                (z_c, d_zc, d_z), (m_c, d_mc, d_m), (b_c, d_bc, d_b), (spread_c, d_sc, d_spread),
            ):  # fmt: skip
                moderate_gradient(d_forms, forms, change[cell], reach, by, d_change[cell], d_reach)
                d_all += d_forms
    if n_pairs == 0:
        _pull_to_forms(z, m, d_between, d_within, mode, first_unit, d_z, d_m, d_b, d_spread)
    return (
        total, d_loading, d_theta, d_tau2, d_nu, d_z, d_m, d_b, d_score_rows, d_spread, d_common,
        d_change, d_reach,
    )  # fmt: skip
