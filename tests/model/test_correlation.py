"""Correlation matrices with pairs held at zero."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytest
from pytensor.compile.mode import Mode

from coefficacy.model.correlation import correlation_factor

PLAIN = Mode(linker="py", optimizer="fast_compile")


def draw(free: np.ndarray, n: int) -> np.ndarray:
    d = len(free)
    with pm.Model(coords={"a": range(d), "a'": range(d)}) as model:
        correlation_factor("cor", free, dim="a", eta=2.0)
    rng = np.random.default_rng(3)
    steps = model["cor.step"]
    nu, _, sigma = (np.asarray(v.eval()) for v in steps.owner.inputs[-3:])
    matrix = model.compile_fn(model.replace_rvs_by_values([model["cor"]])[0], mode=PLAIN)
    return np.array([matrix({"cor.step": sigma * rng.standard_t(nu)}) for _ in range(n)])


def test_all_pairs_free_is_lkj():
    matrices = draw(~np.eye(3, dtype=bool), 4000)
    # Under LKJ(eta) in d dimensions a correlation is 2 Beta(a, a) - 1, a = eta - 1 + d / 2: variance 1 / 6.
    pairs = matrices[:, [1, 2, 2], [0, 0, 1]]
    mcse = np.sqrt(2 / 4000) / 6
    np.testing.assert_allclose(pairs.var(axis=0), 1 / 6, atol=4 * mcse)
    np.testing.assert_allclose(np.diagonal(matrices, axis1=1, axis2=2), 1.0)


@pytest.mark.parametrize("linked", [[(0, 1)], [(0, 2)], [(1, 3), (0, 2)], [(0, 1), (0, 3), (1, 2)]])
def test_linked_pairs_are_exactly_zero_and_the_matrix_stays_positive_definite(linked):
    free = ~np.eye(4, dtype=bool)
    for a, b in linked:
        free[a, b] = free[b, a] = False
    matrices = draw(free, 200)
    for a, b in linked:
        np.testing.assert_allclose(matrices[:, a, b], 0.0, atol=1e-12)
    assert np.linalg.eigvalsh(matrices).min() > 0
    assert np.abs(matrices[:, free]).max(axis=0).min() > 0.3


def test_without_free_pairs_there_is_nothing_to_estimate():
    with pm.Model() as model:
        factor = correlation_factor("cor", np.zeros((2, 2), bool), dim="a")
    np.testing.assert_array_equal(factor.eval(), np.eye(2))
    assert not model.free_RVs
