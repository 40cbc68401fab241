r"""The regressions of one level as linear forms: what each response is made of.

Responses are ordered so that predictors come first. Each becomes coefficients on the observed columns (`x`),
on independent standard sources (`z`) and on the sources of the level below that its members' mean brings
(`m`). Regression coefficients are given per SD of the predictor, :math:`g = b\,SD(x)`; their prior is on the
standardised scale, :math:`\beta = g / SD(y)`, with the Jacobian :math:`\sigma^2 / SD(y)^{K+2}`, or on the raw
coefficients :math:`b`, with the Jacobian :math:`1 / \prod SD(x)`.
A product of a response and a column has a part in SDs, with a source of its own, but none in the forms: what
it adds differs between teams (:mod:`coefficacy.gaussian.moderation`).
Gradients are coded by hand.
"""

from __future__ import annotations

import numpy as np

from coefficacy.gaussian.compiled import compiled

__all__ = ["NORMAL", "PRIORS", "paths", "paths_gradient"]

NORMAL, STUDENT_T, CAUCHY = 0, 1, 2
PRIORS = {"Normal": NORMAL, "StudentT": STUDENT_T, "Cauchy": CAUCHY}


@compiled
def _prior(kind, nu, location, scale, x):  # type: ignore[no-untyped-def]
    """Log-density, up to a constant, and its derivative."""
    r = (x - location) / scale
    if kind == 0:
        return -0.5 * r * r, -r / scale
    df = nu if kind == 1 else 1.0
    return -0.5 * (df + 1.0) * np.log1p(r * r / df), -(df + 1.0) * r / (df + r * r) / scale


@compiled
def _unit(sd, column_sd, latent, predictor, product):  # type: ignore[no-untyped-def]
    """SD of what a raw coefficient multiplies."""
    if not latent:
        return column_sd[predictor]
    return sd[predictor] * product if product != 0.0 else sd[predictor]


@compiled
def paths(  # type: ignore[no-untyped-def]
    free, sigma, factor, members, direct, relative, response, latent, predictor, product, root, shrink, prior
):
    """Coefficients of every response on columns and sources.

    Parameters
    ----------
    free : (term,), coefficients per SD of the predictor, terms of one response together
    sigma : (response,), residual SDs
    factor : (response, response), Cholesky factor of the residuals' correlations
    members : (response, below), what the members' mean adds to a response as a predictor
    direct : (response, column'), coefficients on further columns (effects of upper units)
    relative : (response,), whether its coefficients are given in its residual SDs: where a latent may hardly
        vary, these do not depend on how little
    response, latent, predictor : (term,), to which response it belongs; whether its predictor is a response;
        the position of the predictor among responses or columns
    product : (term,), the root mean square of the column that a response is multiplied with as a predictor;
        zero where there is none
    root : (column, column), Cholesky factor of the columns' sample covariance
    shrink : root of the mean of 1/n over teams: the SD of a mean of members as a share of one member's
    prior : (term, 5), kind, degrees of freedom, location, scale, and whether it is on the raw coefficient
        (of all terms of a response or of none)

    Returns
    -------
    x : (response, column + column'); z : (response, response); m : (response, below)
    log prior of the coefficients
    sd : (response,), SD of the response as a predictor
    g : (term,), coefficients per SD of the predictor
    whole : (response,), SD of the response within upper units; then what the gradient needs
    """
    n_r, n_k, n_q, n_d = sigma.shape[0], root.shape[0], members.shape[1], direct.shape[1]
    n_source = n_k + n_r + n_q + np.count_nonzero(product)
    x, z, m = np.zeros((n_r, n_k + n_d)), np.zeros((n_r, n_r)), np.zeros((n_r, n_q))
    spread, explained = np.zeros((n_r, n_source)), np.zeros((n_r, n_source))
    g = np.empty(free.shape[0])
    for t in range(g.shape[0]):
        g[t] = free[t] * sigma[response[t]] if relative[response[t]] else free[t]
    whole, sd = np.zeros(n_r), np.zeros(n_r)
    log_prior = 0.0
    column_sd = np.empty(n_k)
    for k in range(n_k):
        s = 0.0
        for j in range(k + 1):
            s += root[k, j] * root[k, j]
        column_sd[k] = np.sqrt(s)
    start, own = 0, n_k + n_r + n_q
    for i in range(n_r):
        end = start
        raw = start < g.shape[0] and prior[start, 4] != 0.0
        while end < g.shape[0] and response[end] == i:
            end += 1
        for j in range(n_d):
            x[i, n_k + j] = direct[i, j]
        for t in range(start, end):
            k = predictor[t]
            if product[t] != 0.0:
                explained[i, own] = g[t]
                own += 1
            elif latent[t]:
                b = g[t] / sd[k]
                for j in range(n_source):
                    explained[i, j] += b * spread[k, j]
                for j in range(n_k + n_d):
                    x[i, j] += b * x[k, j]
                for j in range(n_r):
                    z[i, j] += b * z[k, j]
                for j in range(n_q):
                    m[i, j] += b * (m[k, j] + members[k, j])
            else:
                b = g[t] / column_sd[k]
                for j in range(k + 1):
                    explained[i, j] += b * root[k, j]
                x[i, k] += b
        variance = sigma[i] * sigma[i]
        for j in range(n_source):
            variance += explained[i, j] * explained[i, j]
            spread[i, j] = explained[i, j]
        whole[i] = np.sqrt(variance)
        for j in range(i + 1):
            z[i, j] += sigma[i] * factor[i, j]
            spread[i, n_k + j] += sigma[i] * factor[i, j]
        for j in range(n_q):
            spread[i, n_k + n_r + j] += shrink * members[i, j]
        variance = 0.0
        for j in range(n_source):
            variance += spread[i, j] * spread[i, j]
        sd[i] = np.sqrt(variance)
        n_terms = end - start
        if n_terms > 0 and relative[i]:
            log_prior += n_terms * np.log(sigma[i])
        if n_terms > 0 and not raw:
            log_prior += 2.0 * np.log(sigma[i]) - (n_terms + 2.0) * np.log(whole[i])
        for t in range(start, end):
            unit = whole[i]
            if raw:
                unit = _unit(sd, column_sd, latent[t], predictor[t], product[t])
                log_prior -= np.log(unit)
            log_prior += _prior(prior[t, 0], prior[t, 1], prior[t, 2], prior[t, 3], g[t] / unit)[0]
        start = end
    return x, z, m, log_prior, sd, g, whole, spread, explained, column_sd


@compiled
def paths_gradient(  # type: ignore[no-untyped-def]
    free, sigma, factor, members, direct, relative, response, latent, predictor, product, root, shrink, prior,
    bar_x, bar_z, bar_m, bar_prior, bar_sd, bar_g,
):  # fmt: skip
    """Pull gradients with respect to x, z, m, log prior, sd and g back to the arguments that vary."""
    x, z, m, _, sd, g, whole, spread, explained, column_sd = paths(
        free, sigma, factor, members, direct, relative, response, latent, predictor, product, root, shrink,
        prior,
    )  # fmt: skip
    n_r, n_k, n_q, n_d = sigma.shape[0], root.shape[0], members.shape[1], direct.shape[1]
    n_source = n_k + n_r + n_q + np.count_nonzero(product)
    dx, dz, dm = bar_x.copy(), bar_z.copy(), bar_m.copy()
    d_g, d_sigma = bar_g.copy(), np.zeros(n_r)
    d_factor, d_members = np.zeros(factor.shape), np.zeros(members.shape)
    d_spread, d_sd = np.zeros((n_r, n_source)), bar_sd.copy()
    d_explained = np.zeros(n_source)
    end, own = g.shape[0], n_source
    for i in range(n_r - 1, -1, -1):
        start = end
        raw = end > 0 and prior[end - 1, 4] != 0.0
        while start > 0 and response[start - 1] == i:
            start -= 1
        n_terms = end - start
        for j in range(n_source):
            d_explained[j] = d_spread[i, j] + d_sd[i] * spread[i, j] / sd[i]
        for j in range(n_q):
            d_members[i, j] += shrink * d_explained[n_k + n_r + j]
        for j in range(i + 1):
            d = d_explained[n_k + j] + dz[i, j]
            d_sigma[i] += d * factor[i, j]
            d_factor[i, j] += d * sigma[i]
        d_whole = 0.0
        for t in range(start, end):
            unit = whole[i]
            if raw:
                unit = _unit(sd, column_sd, latent[t], predictor[t], product[t])
            beta = g[t] / unit
            slope = bar_prior * _prior(prior[t, 0], prior[t, 1], prior[t, 2], prior[t, 3], beta)[1]
            d_g[t] += slope / unit
            if not raw:
                d_whole -= slope * beta / unit
            elif latent[t]:
                d_sd[predictor[t]] -= (slope * beta + bar_prior) / sd[predictor[t]]
        if n_terms > 0 and relative[i]:
            d_sigma[i] += bar_prior * n_terms / sigma[i]
        if n_terms > 0 and not raw:
            d_whole -= bar_prior * (n_terms + 2.0) / whole[i]
            d_sigma[i] += bar_prior * 2.0 / sigma[i]
        d_sigma[i] += d_whole * sigma[i] / whole[i]
        for j in range(n_source):
            d_explained[j] += d_whole * explained[i, j] / whole[i]
        for t in range(end - 1, start - 1, -1):
            k = predictor[t]
            d_b = 0.0
            if product[t] != 0.0:
                own -= 1
                d_g[t] += d_explained[own]
            elif latent[t]:
                b = g[t] / sd[k]
                for j in range(n_source):
                    d_b += d_explained[j] * spread[k, j]
                    d_spread[k, j] += b * d_explained[j]
                for j in range(n_k + n_d):
                    d_b += dx[i, j] * x[k, j]
                    dx[k, j] += b * dx[i, j]
                for j in range(n_r):
                    d_b += dz[i, j] * z[k, j]
                    dz[k, j] += b * dz[i, j]
                for j in range(n_q):
                    d_b += dm[i, j] * (m[k, j] + members[k, j])
                    dm[k, j] += b * dm[i, j]
                    d_members[k, j] += b * dm[i, j]
                d_g[t] += d_b / sd[k]
                d_sd[k] -= d_b * b / sd[k]
            else:
                for j in range(k + 1):
                    d_b += d_explained[j] * root[k, j]
                d_b += dx[i, k]
                d_g[t] += d_b / column_sd[k]
            if relative[i]:
                d_sigma[i] += d_g[t] * free[t]
                d_g[t] *= sigma[i]
        end = start
    return d_g, d_sigma, d_factor, d_members, dx[:, n_k:].copy()
