"""Commands, exit codes and what is left behind, with a fit that samples nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from synthetic_fit import flagship_fit, flagship_verdict

import coefficacy as co
from coefficacy.cli import main
from coefficacy.errors import Problem
from coefficacy.reporting import RESULT_FILES
from coefficacy.sampling import Fit, SamplingStopped

type Files = dict[str, bytes]


class Analysis:
    """Stands in for sampling and deciding; `events` are raised in place of the named step."""

    def __init__(self) -> None:
        self.options: dict[str, Any] = {}
        self.converged = True
        self.events: dict[str, BaseException] = {}

    def take_over(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr("coefficacy.sampling.fit", self.fit)
        patch.setattr("coefficacy.verdicts.verdict", self.verdict, raising=False)

    def fit(self, spec: co.ModelSpec, survey: co.Survey, **options: Any) -> Fit:
        self.options = options
        if "fit" in self.events:
            raise self.events["fit"]
        return replace(flagship_fit(12, converged=self.converged), seed=options["seed"] or 7)

    def verdict(self, fit: Fit, **_: Any) -> co.Verdict:
        if "verdict" in self.events:
            raise self.events["verdict"]
        return flagship_verdict(fit)


@pytest.fixture
def analysis(monkeypatch: pytest.MonkeyPatch) -> Analysis:
    made = Analysis()
    made.take_over(monkeypatch)
    return made


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("worlds") / "world"
    assert main(["simulate", "c4", "--out", str(folder), "--seed", "3", "--teams", "12"]) == 0
    return folder


def argv_of(world: Path, out: Path, *more: str) -> list[str]:
    tables = [part for name in ("persons", "teams") for part in (f"--{name}", str(world / f"{name}.csv"))]
    return ["fit", str(world / "model.toml"), *tables, "--out", str(out), *more]


@pytest.fixture(scope="session")
def earlier_result(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a fit with seed 1 wrote."""
    out = tmp_path_factory.mktemp("results") / "out"
    with pytest.MonkeyPatch.context() as patch:
        Analysis().take_over(patch)
        assert main(argv_of(world, out, "--seed", "1", "--quiet")) == 0
    return out


def contents(folder: Path) -> Files:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_fit_writes_the_five_files_and_prints_the_evidence(
    analysis: Analysis, world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--engine", "explicit", "--draws", "200", "--tune", "300", "--chains", "3", "--seed", "5"]
    assert main(argv_of(world, tmp_path / "out", *options)) == 0
    assert set(contents(tmp_path / "out")) == set(RESULT_FILES)
    assert analysis.options == {
        "engine": "explicit",
        "backend": "numba",
        "draws": 200,
        "tune": 300,
        "chains": 3,
        "seed": 5,
        "progress": True,
    }
    shown = capsys.readouterr().out
    for fragment in (
        f"{flagship_verdict(flagship_fit(12)).effect['mean']:.2f} [",
        "p = 0.004: the rival fails",
        "P(better) = 0.95",
        "Verdict: supported",
        "report.html",
    ):
        assert fragment in shown
    assert "simulated" not in shown
    assert json.loads((tmp_path / "out" / "verdict.json").read_text())["seed"] == 5


def test_quiet_fit_prints_nothing(
    analysis: Analysis, world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv_of(world, tmp_path / "out", "--quiet")) == 0
    assert capsys.readouterr() == ("", "")
    assert analysis.options["progress"] is False


def test_unconverged_fit_ends_in_1_with_all_files(analysis: Analysis, world: Path, tmp_path: Path) -> None:
    analysis.converged = False
    assert main(argv_of(world, tmp_path / "out")) == 1
    assert set(contents(tmp_path / "out")) == set(RESULT_FILES)
    assert json.loads((tmp_path / "out" / "verdict.json").read_text())["verdict"] == "cannot tell"


def stopped(fit: Fit | None) -> Callable[[Analysis], None]:
    def arrange(analysis: Analysis) -> None:
        analysis.events["fit"] = SamplingStopped(fit.tree if fit else None, fit=fit)

    return arrange


def stopped_verdict(error: BaseException) -> Callable[[Analysis], None]:
    def arrange(analysis: Analysis) -> None:
        analysis.events["verdict"] = error

    return arrange


@pytest.mark.parametrize("earlier", [False, True])
@pytest.mark.parametrize(
    ("arrange", "message", "kept"),
    [
        (
            stopped(flagship_fit(12)),
            "interrupted during sampling: 100 draws in each of 2 chains are kept",
            True,
        ),
        (stopped(None), "no draw was done yet", False),
        (stopped_verdict(KeyboardInterrupt()), "interrupted during the checks: 100 draws", True),
        (stopped_verdict(SamplingStopped(None)), "interrupted during the checks: 100 draws", True),
    ],
)
def test_interrupted_fit_keeps_its_draws_beside_an_untouched_folder(
    arrange: Callable[[Analysis], None],
    message: str,
    kept: bool,
    earlier: bool,
    analysis: Analysis,
    world: Path,
    earlier_result: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    if earlier:
        shutil.copytree(earlier_result, out)
    before = contents(out) if earlier else {}
    arrange(analysis)
    assert main(argv_of(world, out, "--seed", "2", "--quiet")) == 130
    shown = capsys.readouterr()
    assert message in shown.err
    assert "untouched" in shown.err
    assert "Traceback" not in shown.err
    assert (contents(out) if earlier else {}) == before
    wanted = {"out": earlier, "out.partial": kept}
    assert {path.name for path in tmp_path.iterdir()} == {name for name, there in wanted.items() if there}
    if kept:
        assert co.Fit.load(tmp_path / "out.partial" / "fit.nc").posterior.sizes["draw"] == 100


def test_interrupted_page_keeps_the_draws(
    analysis: Analysis, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("coefficacy.reporting.results.render_report", stop)
    assert main(argv_of(world, tmp_path / "out")) == 130
    assert {path.name for path in tmp_path.iterdir()} == {"out.partial"}
    monkeypatch.undo()


def test_kept_draws_can_be_completed(analysis: Analysis, world: Path, tmp_path: Path) -> None:
    analysis.events["verdict"] = KeyboardInterrupt()
    assert main(argv_of(world, tmp_path / "out", "--quiet")) == 130
    analysis.events.clear()
    assert main(["report", str(tmp_path / "out.partial")]) == 0
    assert set(contents(tmp_path / "out.partial")) == set(RESULT_FILES)


def test_interrupt_before_sampling(
    analysis: Analysis, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("coefficacy.survey.read_survey", stop)
    assert main(argv_of(world, tmp_path / "out")) == 130
    assert capsys.readouterr().err == "coefficacy: interrupted; nothing was written.\n"
    assert list(tmp_path.iterdir()) == []


def test_defect_is_reported_as_such(
    analysis: Analysis, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    analysis.events["fit"] = ZeroDivisionError("division by zero")
    monkeypatch.delenv("COEFFICACY_DEBUG", raising=False)
    assert main(argv_of(world, tmp_path / "out")) == 70
    shown = capsys.readouterr().err
    assert "unexpected error: ZeroDivisionError: division by zero" in shown
    assert "please report" in shown
    assert "Traceback" not in shown
    monkeypatch.setenv("COEFFICACY_DEBUG", "1")
    assert main(argv_of(world, tmp_path / "out")) == 70
    assert "Traceback" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (OSError(28, "No space left on device", "page"), 2, "coefficacy: page: No space left on device."),
        (co.FitError(Problem("checks", "are not possible.")), 2, "coefficacy: checks: are not possible."),
        (KeyError("x"), 70, "coefficacy: unexpected error: KeyError: 'x'"),
    ],
)
def test_failing_checks_do_not_cost_the_draws(
    error: Exception, code: int, message: str, analysis: Analysis, world: Path, tmp_path: Path, capsys: Any
) -> None:
    analysis.events["verdict"] = error
    assert main(argv_of(world, tmp_path / "out", "--quiet")) == code
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == [message, f"The draws are kept in {tmp_path / 'out.partial'}."]
    assert {path.name for path in tmp_path.iterdir()} == {"out.partial"}


def test_earlier_result_is_replaced(
    analysis: Analysis, world: Path, earlier_result: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(earlier_result, tmp_path / "out")
    assert json.loads((out / "verdict.json").read_text())["seed"] == 1
    assert main(argv_of(world, out, "--seed", "2", "--quiet")) == 0
    assert json.loads((out / "verdict.json").read_text())["seed"] == 2


def test_demo_says_that_its_data_are_simulated(
    analysis: Analysis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["demo"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "SIMULATED data" in shown
    assert "The data are simulated: this says nothing about any real team." in shown
    assert "Verdict: supported" in shown
    assert set(contents(tmp_path / "demo")) == set(RESULT_FILES)
    assert "Simulated data." in (tmp_path / "demo" / "report.html").read_text()
    assert main(["report", "demo"]) == 0
    assert "Simulated data." in (tmp_path / "demo" / "report.html").read_text()


def test_report_rebuilds_and_opens_the_page(
    earlier_result: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = shutil.copytree(earlier_result, tmp_path / "out")
    before = contents(out)
    (out / "report.html").unlink()
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    assert main(["report", str(out), "--open"]) == 0
    assert opened == [(out / "report.html").as_uri()]
    assert contents(out) == before


def test_models_lists_the_library(capsys: Any) -> None:
    assert main(["models"]) == 0
    shown = capsys.readouterr().out
    for entry in co.list_models():
        assert entry.name in shown
        assert entry.claim in shown


@pytest.mark.parametrize("name", ["adaptation", "C4", "c4"])
def test_model_file_is_shown_as_it_stands(name: str, capsys: Any) -> None:
    assert main(["models", name]) == 0
    (entry,) = [entry for entry in co.list_models() if entry.name == "adaptation"]
    assert capsys.readouterr().out == entry.path.read_text(encoding="utf-8")


def test_simulated_world_is_complete_and_repeatable(world: Path, tmp_path: Path) -> None:
    assert {"persons.csv", "teams.csv", "model.toml", "truth.json"} <= set(contents(world))
    again = tmp_path / "again"
    assert main(["simulate", "C4", "--out", str(again), "--seed", "3", "--teams", "12"]) == 0
    assert contents(again) == contents(world)


def test_simulated_world_takes_its_options(tmp_path: Path) -> None:
    out = tmp_path / "null"
    assert (
        main(
            ["simulate", "C4", "--out", str(out), "--seed", "1", "--null", "--teams", "9", "--team-size", "4"]
        )
        == 0
    )
    truth = json.loads((out / "truth.json").read_text())
    assert truth["effect"]["standardised"] == 0
    assert truth["n"] == {"person": 36, "team": 9, "layer": 4}
    assert main(["simulate", "C4", "--out", str(out)]) == 0
    assert json.loads((out / "truth.json").read_text())["options"]["seed"] != 1


def test_no_command_shows_the_help_and_ends_in_2(capsys: Any) -> None:
    assert main([]) == 2
    assert "simulate" in capsys.readouterr().out


@pytest.mark.parametrize("argv", [["--help"], ["fit", "-h"]])
def test_help(argv: list[str], capsys: Any) -> None:
    assert main(argv) == 0
    assert "Usage: coefficacy" in capsys.readouterr().out


def test_version(capsys: Any) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"coefficacy {co.__version__}\n"
