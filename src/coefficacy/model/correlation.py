"""Correlations of latents and residuals in which the pairs that a regression links are held at zero."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

__all__ = ["correlation_factor"]


def correlation_factor(name: str, free: np.ndarray, *, dim: str, eta: float = 2.0) -> Any:
    r"""Return the Cholesky factor of a correlation matrix with zeros where `free` is False.

    Row *i* of the factor is a vector :math:`v_i` with a one on the diagonal, divided by its length. The free
    entries of :math:`v_i` are a multivariate t in the subspace orthogonal to the rows *i* must not correlate
    with; with every pair free the matrix is LKJ(`eta`) (Lewandowski, Kurowicka and Joe 2009,
    doi:10.1016/j.jmva.2009.04.008), with fewer each pair alone keeps that density.

    Parameters
    ----------
    name : of the correlation matrix, stored as a deterministic with dims (`dim`, `dim` + "'")
    free : symmetric, (d, d), True where a correlation is estimated

    Returns
    -------
    Lower-triangular tensor (d, d) with rows of length one.
    """
    d = free.shape[0]
    below = [[j for j in range(i) if free[i, j]] for i in range(d)]
    later = [sum(i in below[k] for k in range(i + 1, d)) for i in range(d)]
    nu = [2 * eta + later[i] + k for i in range(d) for k in range(len(below[i]))]
    if not nu:
        return pt.eye(d)
    steps = pm.StudentT(f"{name}.step", nu=np.array(nu), sigma=1 / np.sqrt(nu), shape=len(nu))
    rows: list[list[Any]] = []
    start = 0
    for i in range(d):
        coordinates, stretch = [], 1.0
        for k in range(len(below[i])):
            step = steps[start + k]
            coordinates.append(stretch * step)
            stretch = stretch * pt.sqrt(1 + step**2)
        start += len(below[i])
        basis = _orthonormal_basis(rows, below[i])
        row = [sum((c * q[j] for c, q in zip(coordinates, basis, strict=True)), 0.0) for j in range(i)]
        rows.append([*(r / stretch for r in row), 1.0 / stretch])
    factor = pt.stack([pt.stack([*map(pt.as_tensor, r), *[pt.zeros(())] * (d - len(r))]) for r in rows])
    pm.Deterministic(name, pt.sum(factor[:, None, :] * factor[None, :, :], axis=-1), dims=(dim, f"{dim}'"))
    return factor


def _orthonormal_basis(rows: list[list[Any]], free: list[int]) -> list[list[Any]]:
    """Basis of the vectors orthogonal to the earlier `rows` that are not in `free`, by Gram-Schmidt."""
    i = len(rows)
    if len(free) == i:
        return [[1.0 if j == k else 0.0 for j in range(i)] for k in free]
    basis: list[list[Any]] = []
    for k in free:
        vector = _solve_unit(rows, k)
        for q in basis:
            shadow = sum(a * b for a, b in zip(vector, q, strict=True))
            vector = [a - shadow * b for a, b in zip(vector, q, strict=True)]
        length = pt.sqrt(sum(pt.as_tensor(a) ** 2 for a in vector))
        basis.append([a / length for a in vector])
    return basis


def _solve_unit(rows: list[list[Any]], k: int) -> list[Any]:
    """Solve L v = e_k by forward substitution for the lower-triangular `rows`."""
    v: list[Any] = []
    for j, row in enumerate(rows):
        rest = sum((row[m] * v[m] for m in range(j)), 0.0)
        v.append(((1.0 if j == k else 0.0) - rest) / row[j])
    return v
