from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from synthetic_fit import flagship_fit, flagship_verdict

import coefficacy.reporting.results as results
from coefficacy.errors import FitError
from coefficacy.reporting import (
    RESULT_FILES,
    partial_folder,
    rebuild_page,
    report,
    result_folder,
    write_partial,
    write_results,
)
from coefficacy.sampling import Fit
from coefficacy.verdicts import Verdict


@pytest.fixture(scope="module")
def fit() -> Fit:
    return flagship_fit(12)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a result of simulated data."""
    fresh, out = flagship_fit(12), tmp_path_factory.mktemp("results") / "out"
    return write_results(fresh, flagship_verdict(fresh), out, simulated_note="Simulated.")


def names(path: Path) -> set[str]:
    return {entry.name for entry in path.iterdir()}


def test_the_five_files(fit: Fit, written: Path) -> None:
    out = written
    assert names(out) == set(RESULT_FILES)
    verdict = Verdict.from_json((out / "verdict.json").read_text())
    assert verdict.seconds["report"] > 0
    assert verdict.effect == flagship_verdict(fit).effect
    summary = pd.read_csv(out / "summary.csv")
    assert list(summary.columns) == [
        "parameter",
        "mean",
        "sd",
        "q2_5",
        "q97_5",
        "ess_bulk",
        "ess_tail",
        "r_hat",
        "mcse_mean",
    ]
    assert "team.adaptation[collective_efficacy]" in set(summary["parameter"])
    assert len(pd.read_csv(out / "teams.csv")) == 12
    assert Fit.load(out / "fit.nc").posterior.equals(fit.posterior)
    assert "Simulated data." in (out / "report.html").read_text()


def test_page_rebuilt_from_the_files_is_the_same(written: Path, tmp_path: Path) -> None:
    out = shutil.copytree(written, tmp_path / "out")
    before = {name: (out / name).read_bytes() for name in RESULT_FILES}
    (out / "report.html").unlink()
    assert rebuild_page(out) == out / "report.html"
    assert {name: (out / name).read_bytes() for name in RESULT_FILES} == before
    assert names(out) == set(RESULT_FILES)


@pytest.mark.parametrize("missing", ["folder", "draws"])
def test_page_cannot_be_rebuilt_without_draws(missing: str, tmp_path: Path) -> None:
    if missing == "draws":
        (tmp_path / "verdict.json").write_text("{}")
    target = tmp_path / "out" if missing == "folder" else tmp_path
    with pytest.raises(FitError, match=r"holds no fit\.nc"):
        rebuild_page(target)


def test_failure_while_writing_leaves_the_earlier_result(
    fit: Fit, written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = shutil.copytree(written, tmp_path / "out")
    before = (out / "verdict.json").read_text()

    def stop(*_: Any) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(results, "render_report", stop)
    with pytest.raises(KeyboardInterrupt):
        write_results(fit, flagship_verdict(fit, verdict="refuted"), out)
    assert (out / "verdict.json").read_text() == before
    assert names(tmp_path) == {"out"}


def test_partial_draws_lie_beside_the_folder_and_can_be_completed(
    fit: Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = write_partial(fit, tmp_path / "out", simulated_note="Simulated.")
    assert names(tmp_path) == {"out.partial"}
    assert names(kept) == {"fit.nc"}
    assert write_partial(fit, tmp_path / "out") == kept
    monkeypatch.setattr("coefficacy.verdicts.verdict", flagship_verdict, raising=False)
    assert rebuild_page(kept) == kept / "report.html"
    assert names(kept) == set(RESULT_FILES)
    assert json.loads((kept / "verdict.json").read_text())["verdict"] == "supported"


def test_partial_folder_of_another_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out.partial").mkdir()
    (tmp_path / "out.partial" / "thesis.docx").write_text("")
    with pytest.raises(FitError, match=r"holds no fit\.nc"):
        partial_folder(tmp_path / "out")


def test_draws_alone_do_not_make_a_result(tmp_path: Path) -> None:
    (tmp_path / "fit.nc").write_text("")
    with pytest.raises(FitError, match=r"holds no verdict\.json"):
        result_folder(tmp_path)


def test_report_decides_if_no_verdict_is_given(
    fit: Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coefficacy.verdicts.verdict", flagship_verdict, raising=False)
    out = report(fit, tmp_path / "a")
    given = report(fit, tmp_path / "b", verdict=flagship_verdict(fit, verdict="refuted"))
    assert json.loads((out / "verdict.json").read_text())["verdict"] == "supported"
    assert json.loads((given / "verdict.json").read_text())["verdict"] == "refuted"
