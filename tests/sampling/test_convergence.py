"""The gate: each limit has draws that keep it and draws that do not."""

from __future__ import annotations

import numpy as np
import pytest

from coefficacy.sampling import Settings, judge
from coefficacy.sampling.convergence import stricter
from coefficacy.sampling.entries import effect_labels, parameter_entries


@pytest.fixture
def good():
    return np.random.default_rng(0).normal(size=(4, 500))


def autoregressive(rho, shape=(4, 500)):
    rng = np.random.default_rng(1)
    values = np.empty(shape)
    values[:, 0] = rng.normal(size=shape[0])
    for t in range(1, shape[1]):
        values[:, t] = rho * values[:, t - 1] + np.sqrt(1 - rho**2) * rng.normal(size=shape[0])
    return values


def test_independent_draws_pass(draws_of, good):
    found = judge(draws_of(a=good), ["a"])
    assert found.ok
    assert (found.failures, found.advice, found.divergences) == ((), (), 0)
    assert found.rhat_max < 1.01
    assert 1500 < found.ess_min < 2500


def test_chains_that_disagree_fail(draws_of, good):
    found = judge(draws_of(a=good + np.arange(4)[:, None], b=good), ["a", "b"])
    assert not found.ok
    assert any(line.startswith("r_hat above 1.01 for a (") and " b " not in line for line in found.failures)
    assert any("tune longer" in line for line in found.advice)


def test_chains_of_different_spread_fail_too(draws_of, good):
    found = judge(draws_of(a=good * np.array([1, 1, 1, 3])[:, None]), ["a"])
    assert found.rhat_max > 1.01
    assert not found.ok


def test_few_effective_draws_fail_and_the_advice_says_how_many(draws_of):
    found = judge(draws_of(a=autoregressive(0.9)), ["a"])
    assert found.ess_min < 200
    assert any("effective sample size of a (" in line and "below 200" in line for line in found.failures)
    needed = 500 * 200 / found.ess_min * 1.25
    assert any(f"about {np.ceil(needed / 100) * 100:,.0f} draws a chain" in line for line in found.advice)


def test_hopeless_draws_are_not_answered_with_more_draws(draws_of):
    found = judge(draws_of(a=autoregressive(0.9995)), ["a"])
    assert any("More draws alone will not do" in line for line in found.advice)


def test_the_effect_needs_twice_as_many(draws_of, good):
    values = good[:, :75, None]
    tree = draws_of(team__y=values, coords={"team.y.term": ["x"]})
    assert judge(tree, ["team.y"]).ok
    found = judge(tree, ["team.y"], effect="team.y ~ x")
    assert not found.ok
    assert found.ess_effect == found.ess_min
    assert found.failures[0].startswith(
        f"effective sample size of the effect team.y ~ x is {found.ess_min:.0f}, below 400"
    )


def test_divergences_are_a_share_of_the_draws(draws_of, good):
    assert judge(draws_of(a=good, diverging=2), ["a"]).ok
    found = judge(draws_of(a=good, diverging=3), ["a"])
    assert found.divergences == 3
    assert found.failures == ("3 of 2,000 draws diverged (limit 0.1%)",)
    assert "target_accept" in found.advice[0]


def test_a_single_chain_cannot_pass(draws_of, good):
    found = judge(draws_of(a=good[:1]), ["a"])
    assert not found.ok
    assert np.isnan(found.rhat_max)
    assert found.failures[0].startswith("one chain alone")
    assert found.advice[0] == "Run at least 2 chains, better 4."


def test_a_parameter_that_never_moves_fails(draws_of, good):
    found = judge(draws_of(a=good, b=np.ones((4, 500))), ["a", "b"])
    assert not found.ok
    assert "b (it never moves)" in found.failures[0]
    assert found.ess_min == 0


def test_diagonals_are_left_out_where_the_model_says_so(draws_of, good):
    matrix = np.ones((4, 500, 2, 2))
    matrix[..., 0, 1] = matrix[..., 1, 0] = np.tanh(good)
    tree = draws_of(c=matrix)
    assert judge(tree, ["c"], constant_entries=["c"]).ok
    assert not judge(tree, ["c"]).ok


def test_what_is_no_parameter_does_not_count(draws_of, good):
    assert judge(draws_of(a=good, latent=autoregressive(0.999)), ["a"]).ok


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_handful_of_draws_is_judged_without_an_error(draws_of, good, length):
    assert not judge(draws_of(a=good[:, :length]), ["a"]).ok


def test_labels_of_entries(draws_of, good):
    tree = draws_of(
        a=good, b=np.zeros((4, 500, 2)), c=np.zeros((4, 500, 2, 1)), coords={"b.term": ["x", "k[u]"]}
    )
    labels = parameter_entries(tree["posterior"].to_dataset(), ["a", "b", "c"])["parameter"].values.tolist()
    assert labels == ["a", "b[x]", "b[k[u]]", "c[0, 0]", "c[1, 0]"]


def test_a_categorical_effect_has_an_entry_for_each_category():
    labels = ["t.y[k[u]]", "t.y[k[v]]", "t.y[kind]", "t.y.intercept", "s.y[k[u]]"]
    assert effect_labels(labels, "t.y ~ k") == ("t.y[k[u]]", "t.y[k[v]]")
    assert effect_labels(labels, "t.y ~ kind") == ("t.y[kind]",)
    assert effect_labels(labels, "t.y ~ 1") == ("t.y.intercept",)


def test_the_second_try_is_stricter(draws_of):
    found = judge(draws_of(a=autoregressive(0.9)), ["a"])
    again = stricter(Settings(draws=500, tune=400, chains=4), found)
    assert again.target_accept == 0.95
    assert again.tune == 800
    assert again.draws == pytest.approx(500 * 200 / found.ess_min * 1.5, abs=1)


def test_chains_that_disagree_get_twice_the_draws(draws_of, good):
    found = judge(draws_of(a=good + 0.3 * np.arange(4)[:, None]), ["a"])
    assert found.ess_min > 0
    assert 1000 <= stricter(Settings(draws=500), found).draws <= 2000


def test_the_second_try_does_not_grow_without_end(draws_of):
    found = judge(draws_of(a=autoregressive(0.9995)), ["a"])
    assert stricter(Settings(draws=500), found).draws == 2000
    assert stricter(Settings(draws=5000), found).draws == 8000
    assert stricter(Settings(draws=20_000), found).draws == 20_000


def test_divergences_alone_need_no_more_draws(draws_of, good):
    found = judge(draws_of(a=good, diverging=50), ["a"])
    assert stricter(Settings(draws=500, target_accept=0.99), found) == Settings(500, 2000, 4, 0.99)
