r"""Random intercepts of the units above teams, integrated out given their mean over units.

The effects of unit l are :math:`D_l = R \varepsilon_l` with standard normal :math:`\varepsilon_l`. Given the
rest the density is Gaussian in them, with precision :math:`I + R' \left(\sum_j C_j^{-1}\right) R`; its value
follows from their mode, its gradient from their moments (Fisher's identity). Their mean stays a parameter
because intercepts move with it, the more the larger :math:`R`: a funnel, unless the sampler can see
intercepts and mean apart.
"""

from __future__ import annotations

import numpy as np

from coefficacy.gaussian.compiled import compiled
from coefficacy.gaussian.matrices import LOG_2PI, inner, invert, lower_root

__all__ = ["draw_units", "integrate_units"]


@compiled
def _unit_moments(spread, information, score, mode, covariance):  # type: ignore[no-untyped-def]
    """Moments of one unit's standard sources given its teams; returns the log-determinant of their precision.

    Parameters
    ----------
    spread : (group, source), R; information : (group, group), of the effects; score : (group,), at no effects
    mode, covariance : get the moments, (source,) and (source, source)
    """
    n, n_sources = spread.shape
    precision, y = np.eye(n_sources), np.zeros(n_sources)
    for r in range(n):
        for k in range(n_sources):
            y[k] += spread[r, k] * score[r]
        for s in range(n):
            if information[r, s] != 0.0:
                for k in range(n_sources):
                    for q in range(n_sources):
                        precision[k, q] += spread[r, k] * information[r, s] * spread[s, q]
    log_det = invert(precision, covariance)
    for k in range(n_sources):
        mode[k] = 0.0
        for q in range(n_sources):
            mode[k] += covariance[k, q] * y[q]
    return log_det


@compiled
def _pull_to_mean(mode, covariance, common, d_common):  # type: ignore[no-untyped-def]
    """Condition units' sources on their mean; returns the log-density of the mean but for its square.

    Parameters
    ----------
    mode : (unit, source), covariance : (unit, source, source), independent between units; both are changed
    common : (source,), the mean; d_common : gets the gradient
    """
    n_units, n_sources = mode.shape
    spread, inverse = np.zeros((n_sources, n_sources)), np.zeros((n_sources, n_sources))
    pull = common.copy()
    for unit in range(n_units):
        for k in range(n_sources):
            pull[k] -= mode[unit, k] / n_units
            for q in range(n_sources):
                spread[k, q] += covariance[unit, k, q] / n_units**2
    log_det = invert(spread, inverse)
    gain = np.zeros((n_sources, n_sources))
    for k in range(n_sources):
        d_common[k] = 0.0
        for q in range(n_sources):
            d_common[k] -= inverse[k, q] * pull[q]
    for unit in range(n_units):
        for k in range(n_sources):
            for q in range(n_sources):
                gain[k, q] = 0.0
                for a in range(n_sources):
                    gain[k, q] += covariance[unit, k, a] * inverse[a, q] / n_units
        for k in range(n_sources):
            for q in range(n_sources):
                mode[unit, k] += gain[k, q] * pull[q]
        left = covariance[unit].copy()
        for k in range(n_sources):
            for q in range(n_sources):
                for a in range(n_sources):
                    covariance[unit, k, q] -= gain[k, a] * left[a, q] / n_units
    return -0.5 * (log_det + n_sources * LOG_2PI)


@compiled
def integrate_units(  # type: ignore[no-untyped-def]
    spread, common, information, score, effects, variance, d_spread, d_common
):
    """Moments of all units' effects, and what these add to the density at their mode.

    Parameters
    ----------
    spread : (group, source), R; common : (source,), the mean of the sources over units
    information : (unit, group, group), of the effects; score : (unit, group), at no effects
    effects : (group, unit), to which their mode is added
    variance : (unit, group, group), to which their covariance is added
    d_spread, d_common : get the gradients
    """
    n_units, n_groups, n_sources = information.shape[0], spread.shape[0], spread.shape[1]
    mode, covariance = np.zeros((n_units, n_sources)), np.zeros((n_units, n_sources, n_sources))
    added = 0.0
    for unit in range(n_units):
        added -= 0.5 * _unit_moments(spread, information[unit], score[unit], mode[unit], covariance[unit])
    added += _pull_to_mean(mode, covariance, common, d_common)
    for unit in range(n_units):
        for k in range(n_sources):
            added -= 0.5 * mode[unit, k] * mode[unit, k]
        for r in range(n_groups):
            for k in range(n_sources):
                effects[r, unit] += spread[r, k] * mode[unit, k]
                d_spread[r, k] += score[unit, r] * mode[unit, k]
            for s in range(n_groups):
                for k in range(n_sources):
                    for j in range(n_sources):
                        moment = covariance[unit, k, j]
                        variance[unit, r, s] += spread[r, k] * moment * spread[s, j]
                        moment += mode[unit, k] * mode[unit, j]
                        d_spread[r, k] -= information[unit, r, s] * spread[s, j] * moment
    return added


@compiled
def draw_units(spread, common, information, score, noise):  # type: ignore[no-untyped-def]
    """Draw the standard sources of the units above teams, given their mean and their teams' data.

    Parameters
    ----------
    spread : (group, source); common : (source,), the mean; information : (unit, group, group) and
    score : (unit, group), sums over teams; noise : (unit, source), standard normal
    """
    n_units, n_sources = noise.shape
    mode, covariance = np.zeros((n_units, n_sources)), np.zeros((n_units, n_sources, n_sources))
    root = np.zeros((n_sources, n_sources))
    whole, inverse, pull = np.zeros((n_sources, n_sources)), np.zeros((n_sources, n_sources)), common.copy()
    for unit in range(n_units):
        _unit_moments(spread, information[unit], score[unit], mode[unit], covariance[unit])
        lower_root(covariance[unit], root)
        for k in range(n_sources):
            mode[unit, k] += inner(root[k], noise[unit])
            pull[k] -= mode[unit, k] / n_units
            for q in range(n_sources):
                whole[k, q] += covariance[unit, k, q]
    invert(whole, inverse)
    for unit in range(n_units):
        for k in range(n_sources):
            for q in range(n_sources):
                mode[unit, k] += n_units * covariance[unit, k, q] * inner(inverse[q], pull)
    return mode
