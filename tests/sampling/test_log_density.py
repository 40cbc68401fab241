"""Tape and compiled code are one density."""

from __future__ import annotations

import numpy as np
import pytest
import toy_model

from coefficacy.sampling import density


@pytest.fixture(scope="module")
def both():
    built = toy_model.toy_built()
    start = built.model.initial_point()
    taped = density.density_of(built.model, start)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(density, "LONGEST_TAPE", 0)
        compiled = density.density_of(built.model, start)
    assert type(taped) is not type(compiled)
    return built, taped, compiled


def agree(taped, compiled, n):
    """Up to a constant: PyTensor works normalising constants out in 32 bits, and where it does so differs."""
    constant = taped(np.zeros(n))[0] - compiled(np.zeros(n))[0]
    assert abs(constant) < 1e-3
    for seed in range(3):
        x = np.random.default_rng(seed).normal(size=n)
        value, gradient = taped(x)
        wanted, slopes = compiled(x)
        assert value - constant == pytest.approx(wanted, rel=1e-12)
        np.testing.assert_allclose(gradient, slopes, rtol=1e-9, atol=1e-12)


def test_a_tape_is_the_compiled_density(both):
    built, taped, compiled = both
    agree(taped, compiled, sum(v.size for v in built.model.initial_point().values()))


def test_so_it_is_with_other_data(both):
    built, taped, compiled = both
    n = sum(v.size for v in built.model.initial_point().values())
    data = {"person.mood.y": np.arange(24.0)}
    agree(taped.with_data(data), compiled.with_data(data), n)
    assert taped.with_data(data)(np.zeros(n))[0] != taped(np.zeros(n))[0]


def test_both_can_be_sampled(both):
    import nutpie

    built, *densities = both
    n = sum(v.size for v in built.model.initial_point().values())
    means = []
    for found in densities:
        sampler = found.sampler(lambda seed: np.random.default_rng(seed).normal(size=n))
        tree = nutpie.sample(sampler, draws=2000, tune=300, chains=2, seed=1, progress_bar=False)
        means.append(tree["posterior"]["x"].mean(("chain", "draw")).values)
    np.testing.assert_allclose(means[0], means[1], atol=0.15)
