"""Small matrices, in loops: calling a library costs more than they do."""

from __future__ import annotations

import numpy as np

from coefficacy.gaussian.compiled import compiled

__all__ = ["LOG_2PI", "inner", "invert", "lower_root"]

LOG_2PI = float(np.log(2 * np.pi))


@compiled
def invert(c, inverse):  # type: ignore[no-untyped-def]
    """Log-determinant and inverse of a small positive definite matrix; NaN if it is not."""
    n = c.shape[0]
    low = np.zeros((n, n))
    log_det = 0.0
    for i in range(n):
        for j in range(i + 1):
            s = c[i, j]
            for k in range(j):
                s -= low[i, k] * low[j, k]
            if i == j:
                if not s > 0.0:
                    return np.nan
                low[i, i] = np.sqrt(s)
                log_det += np.log(s)
            else:
                low[i, j] = s / low[j, j]
    for i in range(n):
        low[i, i] = 1.0 / low[i, i]
        for j in range(i):
            s = 0.0
            for k in range(j, i):
                s -= low[i, k] * low[k, j]
            low[i, j] = s * low[i, i]
    for i in range(n):
        for j in range(i + 1):
            s = 0.0
            for k in range(i, n):
                s += low[k, i] * low[k, j]
            inverse[i, j] = s
            inverse[j, i] = s
    return log_det


@compiled
def lower_root(c, root):  # type: ignore[no-untyped-def]
    """Cholesky factor of a positive semi-definite matrix, zero columns where nothing is left."""
    for i in range(c.shape[0]):
        for j in range(i + 1):
            s = c[i, j]
            for k in range(j):
                s -= root[i, k] * root[j, k]
            if i == j:
                root[i, i] = np.sqrt(s) if s > 1e-14 * (1.0 + c[i, i]) else 0.0
            else:
                root[i, j] = s / root[j, j] if root[j, j] > 0.0 else 0.0


@compiled
def inner(a, b):  # type: ignore[no-untyped-def]
    """Inner product over the length of `a`."""
    total = 0.0
    for i in range(a.shape[0]):
        total += a[i] * b[i]
    return total
