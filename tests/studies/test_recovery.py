"""Worlds of a claim: what is counted, and one world from simulation to its row."""

from __future__ import annotations

import pytest

from coefficacy.studies import Row, recovered, recovery_study, run_study

SAMPLING = {"draws": 60, "tune": 60, "chains": 2, "retry": False}


def row(key: str, mean: float, truth: float = 0.5, verdict: str = "supported") -> Row:
    found = {"truth": truth, "mean": mean, "sd": 0.1, "low": mean - 0.15, "high": mean + 0.15}
    return Row(key, {"found": {"share.share": found}, "verdict": verdict})


def test_coverage_bias_and_verdicts_are_counted() -> None:
    rows = [
        row("a/0", 0.5),
        row("a/1", 0.6, verdict="cannot tell"),
        row("a/2", 0.7),
        Row("a/3", None, "failed"),
    ]
    (share,), verdicts = recovered(rows)
    assert (share.worlds, share.covered) == (3, 2)
    assert share.bias == pytest.approx(0.1)
    assert share.z_sd == pytest.approx(1.0)
    assert share.bias_se == pytest.approx(0.1 / 3**0.5)
    assert verdicts == {"supported": 2, "cannot tell": 1}


def test_worlds_have_seeds_of_their_own_and_null_ones_are_null() -> None:
    study = recovery_study("C1", planted=3, null=2, options={"n_teams": 10})
    assert len({job.seed for job in study.jobs}) == 5
    assert [job.inputs[1].get("null", False) for job in study.jobs] == [False, False, False, True, True]


def test_a_world_is_fitted_and_held_against_its_truth() -> None:
    study = recovery_study(
        "C1", planted=1, null=0, options={"n_teams": 12, "team_size": 4}, sampling=SAMPLING
    )
    (done,) = run_study(study, workers=1).rows
    assert done.error == ""
    found = done.result["found"]["emergent_share.share"]
    assert found["truth"] == pytest.approx(0.5)
    assert 0 <= found["low"] < found["mean"] < found["high"] <= 1
    assert done.result["verdict"] == "cannot tell"
    assert done.result["engine"] == "marginal"
