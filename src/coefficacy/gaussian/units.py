r"""Random intercepts of the units above teams, integrated out given their mean over units.

The effects of unit l on team j are :math:`R_j \varepsilon_l` with standard normal :math:`\varepsilon_l`.
Given the rest the density is Gaussian in these, with precision :math:`I + \sum_j R_j' C_j^{-1} R_j`; its
value follows from their mode, its gradient from their moments (Fisher's identity). Their mean stays a
parameter because intercepts move with it, the more the larger :math:`R`: a funnel, unless the sampler can see
intercepts and mean apart.
"""

from __future__ import annotations

import numpy as np

from coefficacy.gaussian.compiled import compiled
from coefficacy.gaussian.matrices import LOG_2PI, inner, invert, lower_root

__all__ = ["draw_units", "integrate_units"]


@compiled
def _unit_moments(information, score, mode, covariance):  # type: ignore[no-untyped-def]
    """Moments of one unit's standard sources given its teams; returns the log-determinant of their precision.

    Parameters
    ----------
    information : (source, source); score : (source,), at no effects
    mode, covariance : get the moments, (source,) and (source, source)
    """
    n_sources = score.shape[0]
    precision = np.eye(n_sources)
    for k in range(n_sources):
        for q in range(n_sources):
            precision[k, q] += information[k, q]
    log_det = invert(precision, covariance)
    for k in range(n_sources):
        mode[k] = inner(covariance[k], score)
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
def integrate_units(common, information, score, mode, covariance, d_common):  # type: ignore[no-untyped-def]
    """Moments of all units' sources, and what these add to the density at their mode.

    Parameters
    ----------
    common : (source,), the mean of the sources over units
    information : (unit, source, source), score : (unit, source), sums over teams at no effects
    mode, covariance : get the moments, (unit, source) and (unit, source, source)
    d_common : gets the gradient
    """
    added = 0.0
    for unit in range(score.shape[0]):
        added -= 0.5 * _unit_moments(information[unit], score[unit], mode[unit], covariance[unit])
    added += _pull_to_mean(mode, covariance, common, d_common)
    for unit in range(score.shape[0]):
        added -= 0.5 * inner(mode[unit], mode[unit])
    return added


@compiled
def draw_units(common, information, score, noise):  # type: ignore[no-untyped-def]
    """Draw the standard sources of the units above teams, given their mean and their teams' data.

    Parameters
    ----------
    common, information, score : as in :func:`integrate_units`
    noise : (unit, source), standard normal
    """
    n_units, n_sources = noise.shape
    mode, covariance = np.zeros((n_units, n_sources)), np.zeros((n_units, n_sources, n_sources))
    root = np.zeros((n_sources, n_sources))
    whole, inverse, pull = np.zeros((n_sources, n_sources)), np.zeros((n_sources, n_sources)), common.copy()
    for unit in range(n_units):
        _unit_moments(information[unit], score[unit], mode[unit], covariance[unit])
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
