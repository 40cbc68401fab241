r"""Density of graded answers given people's scores: value and gradient in one pass.

:math:`P(y \le k) = F(c_{mk} - \lambda_m f_i - e_{jm})` with F the normal or the logistic distribution.
A yes/no item is a graded one with a single threshold.
"""

from __future__ import annotations

from math import erfc, exp, expm1, log, sqrt

import numpy as np

from coefficacy.gaussian.compiled import compiled

__all__ = ["graded_density"]

_ROOT_HALF = sqrt(0.5)
_ROOT_2PI = sqrt(2 * np.pi)
_FAR = 30.0
_MOST = 300.0


@compiled
def _normal_tail(x):  # type: ignore[no-untyped-def]
    return 0.5 * erfc(x * _ROOT_HALF)


@compiled
def _probit(low, high, has_low, has_high):  # type: ignore[no-untyped-def]
    """log P(low < x < high) and its derivatives by low and high, from the tail in which both are small."""
    flip = (has_low and not has_high) or (has_low and has_high and low + high > 0.0)
    if flip:
        low, high, has_low, has_high = -high, -low, has_high, has_low
    nearest = high
    if nearest < -_FAR:
        value = -0.5 * nearest * nearest - log(-nearest * _ROOT_2PI)
        d_high, d_low = -nearest, 0.0
    else:
        p = _normal_tail(-high)
        d_low = 0.0
        if has_low:
            p -= _normal_tail(-low)
            p = max(p, 1e-300)
            d_low = -exp(-0.5 * low * low) / (_ROOT_2PI * p)
        d_high = exp(-0.5 * high * high) / (_ROOT_2PI * p)
        value = log(p)
    if flip:
        return value, -d_high, -d_low
    return value, d_low, d_high


@compiled
def _logistic_answers(score, loading, residual, cuts, unit, team, item, category, gradients):  # type: ignore[no-untyped-def]
    r"""Answers with a logistic distribution: one exponential each.

    With :math:`w = e^{-\eta}` and :math:`E_k = e^{c_k}`,
    :math:`P = (1 - e^{c_{k-1} - c_k}) E_k w / ((1 + E_k w) (1 + E_{k-1} w))`; the first
    factor belongs to the cuts, and logarithms are taken of long products.
    """
    d_score, d_loading, d_residual, d_cuts = gradients
    n_items, n_cuts = cuts.shape
    power = np.empty((n_items, n_cuts))
    answers = np.zeros((n_items, n_cuts + 1))
    for m in range(n_items):
        for k in range(n_cuts):
            power[m, k] = exp(min(max(cuts[m, k], -_MOST), _MOST))
    total, product = 0.0, 1.0
    for a in range(unit.shape[0]):
        i, m, k = unit[a], item[a], category[a]
        j = team[i]
        eta = loading[m] * score[i] + residual[j, m]
        held = min(max(eta, -_MOST), _MOST)
        w, beyond = exp(-held), max(held - eta, 0.0)
        answers[m, k] += 1.0
        d_eta = 0.0
        if k < n_cuts:
            factor = 1.0 + power[m, k] * w
            d_high = 1.0 / factor
            product *= factor
            total -= eta + beyond
            d_cuts[m, k] += d_high
            d_eta -= d_high
        if k > 0:
            factor = 1.0 + power[m, k - 1] * w
            d_low = 1.0 / factor - 1.0
            if product > 1e150:
                total -= log(product)
                product = 1.0
            product *= factor
            total -= beyond
            d_cuts[m, k - 1] += d_low
            d_eta -= d_low
        if product > 1e150:
            total -= log(product)
            product = 1.0
        d_score[i] += d_eta * loading[m]
        d_loading[m] += d_eta * score[i]
        d_residual[j, m] += d_eta
    total -= log(product)
    for m in range(n_items):
        for k in range(n_cuts):
            total += answers[m, k] * cuts[m, k]
            if k > 0:
                gap = min(max(cuts[m, k] - cuts[m, k - 1], 1e-300), _MOST)
                total += answers[m, k] * log(-expm1(-gap))
                d = answers[m, k] / expm1(gap)
                d_cuts[m, k - 1] -= d
                d_cuts[m, k] += d
    return total


@compiled
def graded_density(score, loading, residual, cuts, unit, team, item, category, logit):  # type: ignore[no-untyped-def]
    """Log-density of answers and its gradients.

    Parameters
    ----------
    score : (unit,); loading : (item,); residual : (team, item), the team's own part of an item
    cuts : (item, cut), ascending
    unit, item, category : (answer,)
    team : (unit,)
    logit : logistic instead of normal

    Returns
    -------
    (log-density, and its gradients with respect to score, loading, residual, cuts)
    """
    n_cuts = cuts.shape[1]
    d_score, d_loading = np.zeros(score.shape[0]), np.zeros(loading.shape[0])
    d_residual, d_cuts = np.zeros(residual.shape), np.zeros(cuts.shape)
    if logit:
        gradients = (d_score, d_loading, d_residual, d_cuts)
        total = _logistic_answers(score, loading, residual, cuts, unit, team, item, category, gradients)
        return total, d_score, d_loading, d_residual, d_cuts
    total = 0.0
    for a in range(unit.shape[0]):
        i, m, k = unit[a], item[a], category[a]
        j = team[i]
        eta = loading[m] * score[i] + residual[j, m]
        has_low, has_high = k > 0, k < n_cuts
        low = cuts[m, k - 1] - eta if has_low else 0.0
        high = cuts[m, k] - eta if has_high else 0.0
        value, d_low, d_high = _probit(low, high, has_low, has_high)
        total += value
        if has_low:
            d_cuts[m, k - 1] += d_low
        if has_high:
            d_cuts[m, k] += d_high
        d_eta = -(d_low + d_high)
        d_score[i] += d_eta * loading[m]
        d_loading[m] += d_eta * score[i]
        d_residual[j, m] += d_eta
    return total, d_score, d_loading, d_residual, d_cuts
