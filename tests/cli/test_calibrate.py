"""The command that measures error rates: its files, going on, Ctrl-C, and the line it gives to a verdict."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from synthetic_fit import flagship_fit, flagship_verdict
from toy_jobs import AtOnce

import coefficacy as co
from coefficacy.cli import main
from coefficacy.studies import Job, read_store
from coefficacy.verdicts import Calibration

PLAN = ["--teams-n", "8", "--team-size", "3", "--items", "3", "--reliability", "0.5"]
FILES = {"worlds.jsonl", "calibration.json", "calibration.md"}


class Judge:
    """Stands in for fits: supported where an effect is planted; told worlds stop the study or fail."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.stop = self.fail = ""

    def __call__(self, job: Job) -> dict[str, Any]:
        self.keys.append(job.key)
        if job.key == self.stop:
            raise KeyboardInterrupt
        if job.key == self.fail:
            raise co.FitError(co.errors.Problem("fit", "no draw.", "Mend it."))  # type: ignore[attr-defined]
        verdict = "supported" if job.inputs.effect > 0.2 else "cannot tell"
        return {"verdict": verdict, "converged": True, "design": job.inputs.design.n}


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Judge:
    @contextmanager
    def at_once(_: int | None = None) -> Iterator[AtOnce]:
        yield AtOnce()

    made = Judge()
    monkeypatch.setattr("coefficacy.studies.run.processes", at_once)
    monkeypatch.setattr("coefficacy.studies.verdicts.judge_world", made)
    return made


def argv(out: Path, *more: str) -> list[str]:
    return ["calibrate", "C4", "--out", str(out), *PLAN, *more]


def test_rates_are_written_and_printed(judge: Judge, tmp_path: Path, capsys: Any) -> None:
    judge.fail = "0.3/1"
    out = tmp_path / "deep" / "rates"
    assert main(argv(out, "--sims", "4")) == 0
    assert {path.name for path in out.iterdir()} == FILES
    found = Calibration.read(out)
    assert [(r.effect, r.n, r.supported, r.failed) for r in found.rates] == [
        (0, 4, 0, 0),
        (0.1, 4, 0, 0),
        (0.3, 3, 3, 1),
    ]
    assert found.design["sizes"] == [3] * 8
    assert found.design["collective_efficacy"] == {
        "n_items": 3, "reliability": 0.5, "family": "ordinal", "categories": 5,
    }  # fmt: skip
    page, shown = (out / "calibration.md").read_text(), capsys.readouterr().out
    for text in (page, shown):
        assert "3 = 100% (29 to 100%)" in text
        assert "FitError: fit: no draw. Mend it." in text
        assert "variances between teams and covariates are the world's own" in " ".join(text.split())
    assert "| 0 | 4 | 0 = 0% (0 to 60%) | 0 = 0% (0 to 60%) | 4 = 100% (40 to 100%) | 0 | 0 |" in page


def test_more_worlds_and_effects_go_on_with_those_that_are_done(judge: Judge, tmp_path: Path) -> None:
    out = tmp_path / "rates"
    assert main(argv(out, "--sims", "2", "--effects", "0,0.3", "--quiet")) == 0
    assert judge.keys == ["0/0", "0.3/0", "0/1", "0.3/1"]
    judge.keys.clear()
    assert main(argv(out, "--sims", "3", "--effects", "0,0.2", "--quiet", "--resume")) == 0
    assert judge.keys == ["0.2/0", "0.2/1", "0/2", "0.2/2"]
    assert [r.n for r in Calibration.read(out).rates] == [3, 3]


def test_worlds_are_not_mixed(judge: Judge, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "rates"
    assert main(argv(out, "--sims", "1", "--quiet")) == 0
    before = (out / "worlds.jsonl").read_bytes()
    assert main(argv(out, "--sims", "1")) == 2
    assert "holds worlds already (worlds.jsonl). Add --resume" in capsys.readouterr().err
    assert main(argv(out, "--sims", "2", "--resume", "--draws", "50", "--layers-n", "2")) == 2
    shown = capsys.readouterr().err
    assert "settings.draws: holds 1000, not 50." in shown
    assert "design.design.layers: holds [0, 1, 2, 3, 0, 1, 2, 3], not [0, 1, 0, 1" in shown
    assert (out / "worlds.jsonl").read_bytes() == before


def test_ctrl_c_ends_in_130_and_keeps_the_worlds(judge: Judge, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "rates"
    judge.stop = "0.1/1"
    assert main(argv(out, "--sims", "2", "--quiet")) == 130
    shown = capsys.readouterr().err
    assert shown.startswith("coefficacy: interrupted: 4 of 6 jobs are done and kept in ")
    assert shown.endswith("Go on with the same command and --resume.\n")
    assert {path.name for path in out.iterdir()} == {"worlds.jsonl"}
    judge.stop = ""
    assert main(argv(out, "--sims", "2", "--quiet", "--resume")) == 0
    assert len(read_store(out / "worlds.jsonl").rows) == 6


def test_tables_give_the_design_and_the_rates_a_line_of_the_verdict(
    judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    world, out = tmp_path / "world", tmp_path / "rates"
    assert main(["simulate", "C4", "--out", str(world), "--seed", "3", "--teams", "12"]) == 0
    tables = [part for n in ("persons", "teams") for part in (f"--{n}", str(world / f"{n}.csv"))]
    model = str(world / "model.toml")
    assert main(["calibrate", model, *tables, "--out", str(out), "--sims", "2", "--quiet"]) == 0
    (row, *_) = read_store(out / "worlds.jsonl").rows
    assert row.result is not None
    assert row.result["design"] == json.loads((world / "truth.json").read_text())["n"]

    given: list[Calibration] = []

    def verdict(fit: Any, *, calibration: Calibration, **_: Any) -> co.Verdict:
        given.append(calibration)
        return flagship_verdict(fit)

    monkeypatch.setattr("coefficacy.sampling.fit", lambda *_, **__: flagship_fit(12))
    monkeypatch.setattr("coefficacy.verdicts.verdict", verdict)
    fit = ["fit", model, *tables, "--out", str(tmp_path / "out"), "--calibration", str(out), "--quiet"]
    assert main(fit) == 0
    assert "supported in 0 of 2 simulated worlds without an effect" in given[0].sentence()
    (world / "persons.csv").write_text("\n".join((world / "persons.csv").read_text().split("\n")[:-2]) + "\n")
    capsys.readouterr()
    assert main(fit) == 2
    assert "calibration: it is of 12 teams" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.calibration
def test_a_small_calibration_from_the_terminal_to_its_files(tmp_path: Path) -> None:
    """Real fits in processes of their own; so few draws that no gate is passed."""
    gaussian = co.simulate("C4", seed=1, n_teams=8, family="gaussian").spec_text
    (tmp_path / "model.toml").write_text(gaussian)
    options = ["--sims", "1", "--effects", "0,0.3", "--draws", "30", "--tune", "40", "--chains", "2"]
    command = ["calibrate", str(tmp_path / "model.toml"), "--out", str(tmp_path / "out"), *PLAN, *options]
    assert main([*command, "--workers", "1", "--quiet"]) == 0
    found = Calibration.read(tmp_path / "out")
    assert [(r.n, r.failed) for r in found.rates] == [(1, 0), (1, 0)]
    rows = read_store(tmp_path / "out" / "worlds.jsonl").rows
    assert {row.result and row.result["engine"] for row in rows} == {"marginal"}
