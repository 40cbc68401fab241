"""The exact engine's density in JAX against the tape: whole models, value and gradient."""

from __future__ import annotations

import numpy as np
import pytest
from gaussian_specs import SPECS, survey_of

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
def test_pymc_and_nutpie_take_the_model():
    """PyTensor's JAX mode knows the operations; JAX differentiates."""
    import nutpie
    import pymc as pm
    from pymc.sampling.jax import get_jaxified_logp

    import coefficacy.gaussian.jax  # noqa: F401

    built = build_marginal(*survey_of("members"))
    start = built.model.initial_point()
    x = np.concatenate([np.ravel(v) for v in start.values()])
    expected, _ = density_of(built.model, start)(x)
    assert float(get_jaxified_logp(built.model)(list(start.values()))) == pytest.approx(expected, rel=1e-9)
    compiled = nutpie.compile_pymc_model(built.model, backend="jax", gradient_backend="jax")
    options = {"draws": 20, "tune": 20, "chains": 1}
    tree = nutpie.sample(compiled, **options, seed=1, progress_bar=False)
    other = pm.sample(
        model=built.model, nuts_sampler="numpyro", **options, random_seed=1, progressbar=False,
        compute_convergence_checks=False,
    )  # fmt: skip
    assert np.isfinite(tree["posterior"]["team.y"]).all()
    assert np.isfinite(other["posterior"]["team.y"]).all()
