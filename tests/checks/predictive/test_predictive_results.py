"""Results of predictive checks: what they print, hold and refuse; random numbers and thinning."""

from __future__ import annotations

import numpy as np
import pytest
from known_model import known

import coefficacy as co
from coefficacy.checks.predictive import CHECKS, PredictiveChecks
from coefficacy.checks.predictive import run as running
from coefficacy.checks.predictive.check import compared
from coefficacy.checks.predictive.draws import thinned
from coefficacy.errors import FitError

ABOUT = {"code": "a.b", "title": "T", "question": "Q?", "statistic": "s", "replication": "new teams"}


@pytest.fixture(scope="module")
def checks() -> PredictiveChecks:
    return co.predictive_checks(known().fit, draws=60, seed=2)


def test_every_check_stands_under_both_kinds_of_replication(checks):
    pairs = [(check.code, check.replication) for check in checks]
    assert len(set(pairs)) == len(pairs) == len(checks) == 2 * 5 + 1
    assert {code for code, _ in pairs} == {definition.code for definition in CHECKS}


def test_it_prints_one_line_a_check_with_the_largest_deviation(checks):
    lines = repr(checks).splitlines()
    assert lines[0] == "Predictive checks, 60 replicates, seed 2; a check fails at p < 0.05"
    assert len(lines) == 1 + len(checks)
    assert lines[1].startswith("answers.categories")
    assert "expected" in lines[1]
    assert "engine 'explicit'" in lines[-1]
    assert checks._repr_html_().count("<tr>") == len(checks) + 1


def test_the_frame_has_every_entry_and_says_why_a_check_does_not_apply(checks):
    frame = checks.to_frame()
    assert len(frame) == sum(max(1, len(check.table)) for check in checks)
    last = frame.iloc[-1]
    assert (last["code"], last["status"]) == ("outcome.calibration", "not applicable")
    assert "closed form" in last["reason"]
    assert np.isnan(last["p"])
    given = frame[frame["status"] != "not applicable"]
    assert given["p"].between(0, 1).all()
    assert (given["q2_5"] <= given["q97_5"]).all()


def test_a_check_is_found_by_its_code(checks):
    assert checks.get("between.items", "new teams").replication == "new teams"
    with pytest.raises(FitError, match=r"no check 'between.item'.*between.items"):
        checks.get("between.item")


@pytest.mark.parametrize(
    ("options", "message"),
    [({"replication": "other teams"}, "Valid: same teams, new teams, both"), ({"draws": 5}, "at least 20")],
)
def test_options_that_do_not_exist_are_refused(options, message):
    with pytest.raises(FitError, match=message):
        co.predictive_checks(known().fit, **options)


def test_the_same_seed_gives_the_same_checks(checks):
    again, other = (co.predictive_checks(known().fit, draws=60, seed=seed) for seed in (2, 3))
    assert again.to_frame().equals(checks.to_frame())
    assert not other.to_frame().equals(checks.to_frame())


def test_replicates_come_in_chunks_of_bounded_size(checks, monkeypatch):
    """Other random numbers, the same distribution: means of 60 replicates within 4.5 standard errors."""
    monkeypatch.setattr(running, "_LARGEST", 5000)
    small = co.predictive_checks(known().fit, draws=60, seed=2)
    for one, other in zip(checks, small, strict=True):
        if one.values is None:
            continue
        a, b = (check.values["replicated"] for check in (one, other))
        assert a.shape == b.shape
        error = np.sqrt((a.var("copy") + b.var("copy")) / 60)
        assert float(np.abs((a.mean("copy") - b.mean("copy")) / error).max()) < 4.5


def test_draws_are_taken_evenly_from_all_chains():
    posterior = known().fit.posterior
    numbered = posterior.assign(
        number=(("chain", "draw"), np.arange(posterior.sizes["draw"] * 2).reshape(2, -1))
    )
    found = thinned(numbered, 10)
    n = posterior.sizes["draw"]
    assert found.size == 10
    assert found.get("number").tolist() == [0, 25, 50, 74, 99, n, n + 25, n + 50, n + 74, n + 99]


def test_one_p_value_for_all_entries_is_exact():
    """Max-T: under the null the p-value of 60 entries is as uniform as that of one (Kolmogorov-Smirnov)."""
    from scipy import stats

    rng = np.random.default_rng(1)
    p = [
        compared(rng.normal(size=60), rng.normal(size=(99, 60)), [(str(k), "") for k in range(60)],
                 side="two-sided", **ABOUT).p_value
        for _ in range(300)
    ]  # fmt: skip
    assert stats.kstest(p, "uniform").pvalue > 0.001


def test_a_number_that_no_replicate_reaches_fails_even_if_replicates_never_vary():
    replicated = np.zeros((99, 2))
    entries = [("a", ""), ("b", "")]
    assert compared(np.zeros(2), replicated, entries, side="two-sided", **ABOUT).p_value == 1.0
    check = compared(np.array([0.0, 0.1]), replicated, entries, side="two-sided", **ABOUT)
    assert check.p_value == pytest.approx(0.01)
    assert check.worst["entry"] == "b"


def test_one_sided_checks_do_not_mind_less():
    rng = np.random.default_rng(2)
    replicated, entries = rng.normal(size=(199, 1)), [("a", "")]
    low, high = (
        compared(np.array([x]), replicated, entries, side="larger", **ABOUT).p_value for x in (-5.0, 5.0)
    )
    assert low == 1.0
    assert high == pytest.approx(1 / 200)
