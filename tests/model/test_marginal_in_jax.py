"""The exact engine's density in JAX against the tape: whole models, value and gradient."""

from __future__ import annotations

import numpy as np
import pytest
from test_marginal import SPECS, survey_of

import coefficacy as co
from coefficacy.model.marginal import build_marginal
from coefficacy.sampling.density import density_of

pytest.importorskip("jax", reason="the extra 'jax' is not installed")
pytest.importorskip("numpyro", reason="the extra 'jax' is not installed")
FIRST = "two constructs"


def agree(built):
    """Values to 1e-9, gradients to 1e-7 of the largest, at two points."""
    start = built.model.initial_point()
    taped, jaxed = (density_of(built.model, start, backend) for backend in ("numba", "jax"))
    middle, rng = np.concatenate([np.ravel(v) for v in start.values()]), np.random.default_rng(4)
    for _ in range(2):
        x = middle + 0.3 * rng.normal(size=middle.size)
        (value, gradient), (expected, slopes) = jaxed(x), taped(x)
        assert value == pytest.approx(expected, rel=1e-9)
        np.testing.assert_allclose(gradient, slopes, rtol=1e-7, atol=1e-7 * np.abs(slopes).max())


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name != FIRST)) for name in SPECS]
)
def test_jax_and_tape_are_one_density(name):
    agree(build_marginal(*survey_of(name)))


@pytest.mark.slow
def test_so_they_are_with_ordinal_items_and_layers():
    spec, demo = co.load_model("adaptation"), co.load_demo()
    agree(
        build_marginal(spec, co.read_survey(spec, persons=demo.persons, teams=demo.teams, layers=demo.layers))
    )


def test_with_other_data():
    built = build_marginal(*survey_of(FIRST))
    start, data = built.model.initial_point(), {"teams.count": np.array([2.0, 1, 1, 1, 1])[: _cells(built)]}
    x = np.concatenate([np.ravel(v) for v in start.values()]) + 0.1
    taped, jaxed = (density_of(built.model, start, backend) for backend in ("numba", "jax"))
    swapped = float(jaxed.with_data(data).function(x))
    assert swapped == pytest.approx(taped.with_data(data)(x)[0], rel=1e-9)
    assert swapped != pytest.approx(taped(x)[0], rel=1e-6)


def _cells(built):
    return len(built.model["teams.count"].get_value())


@pytest.mark.slow
@pytest.mark.parametrize("gradient_backend", ["jax", "pytensor"])
def test_nutpie_takes_the_model_with_either_gradient(gradient_backend):
    """JAX differentiates, or takes PyTensor's gradient, which has operations of its own."""
    import nutpie

    import coefficacy.gaussian.jax  # noqa: F401

    built = build_marginal(*survey_of("members"))
    compiled = nutpie.compile_pymc_model(built.model, backend="jax", gradient_backend=gradient_backend)
    start = built.model.initial_point()
    x = np.concatenate([np.ravel(v) for v in start.values()]) + 0.1
    value, gradient = compiled._make_logp_func()(x, **compiled._shared_data)
    expected, slopes = density_of(built.model, start)(x)
    assert value == pytest.approx(expected, rel=1e-9)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-7, atol=1e-7 * np.abs(slopes).max())
