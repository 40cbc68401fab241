"""The backend in JAX: NumPyro's draws of a known posterior, in the same tree, with the same gate."""

from __future__ import annotations

import numpy as np
import pytest
import toy_model

from coefficacy.errors import FitError
from coefficacy.sampling import SamplingStopped, compile_model, fitting, jax_density

NEEDED = "the extra 'jax' is not installed"


@pytest.fixture(scope="module")
def in_jax():
    for name in ("jax", "numpyro"):
        pytest.importorskip(name, reason=NEEDED)
    return compile_model(toy_model.toy_built(), backend="jax")


@pytest.fixture(scope="module")
def drawn(in_jax):
    seen = []
    return in_jax.sample(draws=500, tune=300, chains=4, seed=1, progress=seen.append), seen


def means_and_sds(tree):
    names = ("person.mood.intercept", "person.mood", "u")
    draws = [tree["posterior"][n].values.reshape(4, 500, -1) for n in names]
    flat = np.concatenate(draws, axis=-1).reshape(2000, -1)
    return flat.mean(axis=0), flat.std(axis=0)


def test_posterior_is_the_exact_one(drawn):
    """Means within 4 Monte Carlo standard errors (of about 1,000 effective draws), SDs within 12%."""
    mean, sd = toy_model.exact_posterior(toy_model.toy_table())
    found, spread = means_and_sds(drawn[0])
    assert np.abs(found - mean).max() < 4 * sd.max() / np.sqrt(1000)
    assert spread == pytest.approx(sd, rel=0.12)


def test_the_tree_is_that_of_the_other_backend(drawn, tree):
    for group in ("posterior", "sample_stats", "constant_data", "observed_data"):
        assert set(drawn[0][group].data_vars) == set(tree[group].data_vars)
    assert drawn[0]["posterior"].attrs["inference_library"] == "numpyro"


def test_progress_counts_all_chains(drawn):
    done = [snapshot.done for snapshot in drawn[1]]
    assert done == sorted(done)
    assert done[-1] == drawn[1][-1].total == 4 * 800


def test_the_seed_decides_the_draws(in_jax):
    one, same = (in_jax.sample(draws=20, tune=20, chains=2, seed=1)["posterior"]["u"] for _ in range(2))
    assert np.array_equal(one, same)


def test_stopping_keeps_the_draws_that_were_done(in_jax):
    def stop(snapshot):
        if snapshot.done > 2 * 150:
            raise KeyboardInterrupt

    with pytest.raises(SamplingStopped) as stopped:
        in_jax.sample(draws=200_000, tune=100, chains=2, seed=1, progress=stop)
    assert stopped.value.tree["posterior"].sizes["draw"] >= 50


def test_a_model_that_cannot_be_evaluated_says_so(in_jax):
    with pytest.raises(FitError, match="not finite at 10 starting points"):
        in_jax.sample(draws=20, tune=20, chains=1, seed=1, data={"person.mood.y": np.full(24, np.nan)})


def test_without_jax_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(jax_density, "find_spec", lambda name: None)
    with pytest.raises(FitError, match=r"needs jax and numpyro, not installed.*coefficacy\[jax\]"):
        compile_model(toy_model.toy_built(), backend="jax")


def test_a_backend_that_does_not_exist_is_refused():
    with pytest.raises(FitError, match="'torch' is not available"):
        fitting.fit(toy_model.SPEC, toy_model.toy_survey(), backend="torch", seed=1, progress=False)


def test_ordinary_fits_do_without_jax():
    """In a process of its own: other tests load JAX here."""
    import subprocess
    import sys

    code = "import sys, coefficacy.sampling, coefficacy.model.marginal; assert 'jax' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
def test_both_backends_give_the_same_posterior():
    """Every parameter of the exact engine within Monte Carlo error: |z| < 4.5."""
    for name in ("jax", "numpyro"):
        pytest.importorskip(name, reason=NEEDED)
    import arviz as az

    from coefficacy.spec import loads
    from coefficacy.survey import read_survey
    from coefficacy.worlds import simulate

    world = simulate("C4", seed=11, n_teams=40, team_size=8, n_items=4, family="gaussian", effect=0.4)
    spec = loads(world.spec_text)
    survey = read_survey(spec, **world.tables)
    options = {"draws": 1000, "tune": 1000, "chains": 4, "progress": False, "retry": False}
    fits = [
        fitting.fit(spec, survey, backend=b, seed=k, **options)
        for k, b in enumerate(("numba", "jax"), start=1)
    ]
    assert all(f.engine == "marginal" and f.convergence.ok for f in fits)
    names = [n for n in fits[0].parameters if not n.startswith("cor(")]
    assert "team.adaptation.std" in names
    tables = [az.summary(f.tree, var_names=names, kind="all", round_to="none") for f in fits]
    means, errors = (np.array([t[c].astype(float) for t in tables]) for c in ("mean", "mcse_mean"))
    assert np.nanmax(np.abs(means[0] - means[1]) / np.hypot(*errors)) < 4.5
