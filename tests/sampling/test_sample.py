"""Compiling once, sampling often: against a posterior that is known in closed form."""

from __future__ import annotations

import numpy as np
import pytest
import toy_model
import xarray as xr

from coefficacy.errors import FitError, Interrupted
from coefficacy.sampling import SamplingStopped, limited_cores, prior_predictive
from coefficacy.sampling.trees import complete_chains


def check_posterior(tree, mean, sd):
    """Means within 4 Monte Carlo standard errors (of about 1,000 effective draws), SDs within 12%."""
    posterior = tree["posterior"]
    draws = np.concatenate(
        [
            posterior["person.mood.intercept"].values[..., None],
            posterior["person.mood"].values,
            posterior["u"].values,
        ],
        axis=-1,
    ).reshape(-1, mean.size)
    assert np.abs(draws.mean(axis=0) - mean).max() < 4 * sd.max() / np.sqrt(1000)
    assert draws.std(axis=0) == pytest.approx(sd, rel=0.12)


def test_posterior_is_the_exact_one(tree):
    check_posterior(tree, *toy_model.exact_posterior(toy_model.toy_table()))


def test_coordinates_are_the_ids_of_the_tables(tree):
    assert tree["posterior"]["u"]["team"].values.tolist() == [f"T {k}" for k in range(6)]
    assert tree["posterior"]["person.mood"]["person.mood.term"].values.tolist() == ["sleep"]
    assert tree["constant_data"]["person.sleep"]["person"].values[:2].tolist() == ["p00", "p01"]
    assert tree["observed_data"]["mood"].sizes == {"person.mood.row": 24}


def test_hidden_variables_are_not_stored(tree):
    assert not {"mu", "r"} & set(tree["posterior"].data_vars)
    assert "cor(team)" in tree["posterior"]


@pytest.mark.parametrize("rows", [np.arange(12), np.tile(np.arange(24), 3)], ids=["fewer", "more"])
def test_rows_can_be_swapped_without_compiling_again(compiled, rows):
    mood = toy_model.toy_table()["mood"].to_numpy()[rows]
    data = {"person.mood.rows": rows, "person.mood.y": mood}
    tree = compiled.sample(draws=500, tune=300, chains=4, seed=2, data=data)
    check_posterior(tree, *toy_model.exact_posterior(toy_model.toy_table(), rows))
    assert tree["observed_data"]["mood"].values.tolist() == mood.tolist()
    assert tree["constant_data"]["person.mood.rows"].values.tolist() == rows.tolist()


def test_swapping_leaves_the_original_as_it_was(compiled, tree):
    compiled.with_data({"person.mood.y": np.zeros(24)})
    again = compiled.sample(draws=500, tune=300, chains=4, seed=1)
    assert again["posterior"].to_dataset().identical(tree["posterior"].to_dataset())


def test_draws_do_not_depend_on_the_number_of_processors(compiled, tree):
    with limited_cores(1):
        again = compiled.sample(draws=500, tune=300, chains=4, seed=1)
    assert again["posterior"].to_dataset().identical(tree["posterior"].to_dataset())


def test_the_seed_decides_the_draws(compiled, tree):
    other = compiled.sample(draws=500, tune=300, chains=4, seed=3)
    assert not np.array_equal(other["posterior"]["u"], tree["posterior"]["u"])


def test_unknown_data_is_named_with_a_suggestion(compiled):
    with pytest.raises(
        FitError, match=r"data 'person.mood.z' cannot be swapped. Known: .* Did you mean 'person.mood.y'"
    ):
        compiled.with_data({"person.mood.z": np.zeros(24)})


def test_data_of_another_shape_is_refused(compiled):
    with pytest.raises(FitError, match="has 2 dimensions, not 1"):
        compiled.with_data({"person.mood.y": np.zeros((24, 1))})


def test_a_model_that_cannot_be_evaluated_says_so(compiled):
    with pytest.raises(FitError, match="the sampler could not start"):
        compiled.sample(draws=20, tune=20, chains=1, seed=1, data={"person.mood.y": np.full(24, np.nan)})


class Watcher:
    """Keeps what it is told, and raises once `done` draws are reached."""

    def __init__(self, error: BaseException | None = None, done: int = 0) -> None:
        self.error, self.done, self.seen = error, done, []

    def __call__(self, snapshot) -> None:
        self.seen.append(snapshot)
        if self.error is not None and snapshot.done >= self.done:
            raise self.error


def test_progress_counts_all_chains(compiled):
    watcher = Watcher()
    compiled.sample(draws=3_000, tune=500, chains=2, seed=1, progress=watcher)
    done = [snapshot.done for snapshot in watcher.seen]
    assert done == sorted(done)
    assert max(snapshot.total for snapshot in watcher.seen) == 7_000
    assert {snapshot.stage for snapshot in watcher.seen} == {"sample"}


def test_stopping_keeps_the_draws_that_were_done(compiled):
    watcher = Watcher(KeyboardInterrupt(), done=2_000)
    with pytest.raises(
        SamplingStopped, match=r"\d+ draws in each of \d chains were done and are kept"
    ) as stopped:
        compiled.sample(draws=1_000_000, tune=500, chains=4, seed=1, progress=watcher)
    posterior = stopped.value.tree["posterior"]
    assert isinstance(stopped.value, Interrupted)
    assert 0 < posterior.sizes["draw"] < 1_000_000
    assert all(np.isfinite(posterior[name]).all() for name in posterior.data_vars)
    assert "observed_data" in stopped.value.tree


def test_stopping_while_tuning_keeps_nothing(compiled):
    with pytest.raises(SamplingStopped, match="no draw was done yet") as stopped:
        compiled.sample(draws=10, tune=10_000_000, chains=2, seed=1, progress=Watcher(KeyboardInterrupt()))
    assert stopped.value.tree is None


def test_an_error_of_the_listener_ends_sampling(compiled):
    with pytest.raises(ZeroDivisionError):
        compiled.sample(draws=10_000_000, tune=100, chains=2, seed=1, progress=Watcher(ZeroDivisionError()))


def partial_tree(lengths):
    longest = max(lengths)
    step = np.full((len(lengths), longest), np.nan)
    for chain, length in enumerate(lengths):
        step[chain, :length] = chain
    values = xr.Dataset({"step_size": (("chain", "draw"), step)}, coords={"chain": np.arange(len(lengths))})
    return xr.DataTree.from_dict({"posterior": values, "sample_stats": values})


@pytest.mark.parametrize(
    ("lengths", "chains", "draws"),
    [((100, 100, 3, 0), [0, 1], 100), ((0, 90, 100), [1, 2], 90), ((50, 60, 55, 52), [0, 1, 2, 3], 50)],
)
def test_partial_runs_are_cut_to_keep_the_most_draws(lengths, chains, draws):
    kept = complete_chains(partial_tree(lengths))
    assert kept["posterior"]["step_size"].values[:, 0].tolist() == chains
    assert kept["posterior"].sizes["draw"] == draws
    assert np.isfinite(kept["posterior"]["step_size"]).all()


def test_a_run_without_draws_leaves_nothing():
    assert complete_chains(partial_tree((0, 0))) is None


def test_prior_predictive_knows_nothing_of_the_data(compiled):
    prior = prior_predictive(compiled.built, draws=400, seed=1)
    drawn = prior["prior_predictive"]["mood"]
    variance = 25 + toy_model.toy_table()["sleep"].to_numpy() ** 2 + 1 + 1
    assert drawn.sizes == {"chain": 1, "draw": 400, "person.mood.row": 24}
    assert drawn.std(("chain", "draw")).values == pytest.approx(np.sqrt(variance), rel=0.2)
    again = prior_predictive(compiled.built, draws=400, seed=1)["prior_predictive"]["mood"]
    assert again.identical(drawn)
