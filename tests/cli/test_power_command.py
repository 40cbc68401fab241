"""The command that says how many teams it takes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy_jobs import AtOnce

from coefficacy.cli import main
from coefficacy.studies import Job

ARGV = ["power", "C4", "--teams-n", "8,16", "--team-size", "3", "--items", "3", "--effect", "0.4"]


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stands in for fits: more teams, more support."""
    keys: list[str] = []

    def judge(job: Job) -> dict[str, Any]:
        keys.append(job.key)
        chance = len(job.inputs.design.sizes) / 20
        verdict = "supported" if np.random.default_rng(job.seed).random() < chance else "cannot tell"
        return {"verdict": verdict, "converged": True}

    @contextmanager
    def at_once(_: int | None = None) -> Iterator[AtOnce]:
        yield AtOnce()

    monkeypatch.setattr("coefficacy.studies.run.processes", at_once)
    monkeypatch.setattr("coefficacy.studies.verdicts.judge_world", judge)
    return keys


def test_table_plot_and_number_are_written(judged: list[str], tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "power"
    assert main([*ARGV, "--out", str(out), "--sims", "40"]) == 0
    assert {path.name for path in out.iterdir()} == {"worlds.jsonl", "power.json", "power.md", "power.png"}
    found = json.loads((out / "power.json").read_text())
    assert [(c["n_teams"], c["rates"]["supported"] + c["rates"]["cannot_tell"]) for c in found["cells"]] == [
        (8, 40),
        (16, 40),
    ]
    shown = " ".join(capsys.readouterr().out.split())
    assert "For an effect of 0.4 to be supported in 80% of surveys" in shown
    assert f"about {found['needed'][0]['n_teams']} teams of 3" in shown
    assert "# Teams needed" in (out / "power.md").read_text()


def test_worlds_are_gone_on_with(judged: list[str], tmp_path: Path) -> None:
    out = str(tmp_path / "power")
    assert main([*ARGV, "--out", out, "--sims", "2", "--quiet"]) == 0
    assert main([*ARGV, "--out", out, "--sims", "2", "--quiet"]) == 2
    assert main([*ARGV, "--out", out, "--sims", "3", "--resume", "--quiet"]) == 0
    assert sorted(judged) == sorted(f"{n}/3/0.4/{k}" for n in (8, 16) for k in range(3))


def test_lists_that_are_none_are_refused(tmp_path: Path, capsys: Any) -> None:
    assert main([*ARGV, "--out", str(tmp_path / "a"), "--teams-n", "8;16"]) == 2
    assert "'8;16' is no list of positive whole numbers" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "a").exists()
