from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from coefficacy.errors import FitError
from coefficacy.reporting.folder import OutputFolder

pytestmark = pytest.mark.filterwarnings("error")


def write(path: Path, **files: str) -> None:
    with OutputFolder.at(path).writing() as draft:
        for name, text in files.items():
            (draft / f"{name}.txt").write_text(text)
        (draft / "verdict.json").write_text("{}")


def names(path: Path) -> set[str]:
    return {entry.name for entry in path.iterdir()}


def test_new_folder_is_written_with_its_parents(tmp_path: Path) -> None:
    write(tmp_path / "a" / "b", one="1")
    assert names(tmp_path / "a" / "b") == {"one.txt", "verdict.json"}
    assert names(tmp_path / "a") == {"b"}


def test_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    write(tmp_path / "out", one="1")
    assert (tmp_path / "out" / "one.txt").read_text() == "1"


def test_earlier_result_is_replaced_and_other_files_are_carried_over(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out, one="old")
    (out / "notes.md").write_text("mine")
    (out / "figures").mkdir()
    (out / "figures" / "a.png").write_text("picture")
    write(out, one="new")
    assert (out / "one.txt").read_text() == "new"
    assert (out / "notes.md").read_text() == "mine"
    assert (out / "figures" / "a.png").read_text() == "picture"
    assert names(tmp_path) == {"out"}


def test_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(FitError, match=r"not empty and holds no verdict\.json"):
        OutputFolder.at(tmp_path)
    assert names(tmp_path) == {"thesis.docx"}


def test_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(FitError, match="is a file; a folder is written"):
        OutputFolder.at(tmp_path / "out")


def test_path_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FitError, match="no folder can be made"):
        OutputFolder.at(tmp_path / "file" / "out")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_folder_without_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(FitError, match="no folder can be made"):
        OutputFolder.at(tmp_path / "out")


@pytest.mark.parametrize("path", [".", ".."])
def test_working_folder_is_refused(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FitError, match="working folder"):
        OutputFolder.at(path)


def test_foreign_result_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "out")
    (tmp_path / "out" / "truth.json").write_text("{}")
    with pytest.raises(FitError, match=r"holds verdict\.json, the result of another command"):
        OutputFolder.at(tmp_path / "out", markers=("truth.json",), foreign="verdict.json")


@pytest.mark.parametrize("stop", [RuntimeError, KeyboardInterrupt])
def test_failure_half_way_leaves_the_earlier_result(stop: type[BaseException], tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out, one="old")

    def fail() -> None:
        with OutputFolder.at(out).writing() as draft:
            (draft / "one.txt").write_text("new")
            raise stop

    with pytest.raises(stop):
        fail()
    assert (out / "one.txt").read_text() == "old"
    assert names(tmp_path) == {"out"}


def test_failed_rename_brings_the_earlier_result_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    write(out, one="old")
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if target == out and not self.name.endswith("earlier"):
            raise OSError("disk gone")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="disk gone"):
        write(out, one="new")
    assert (out / "one.txt").read_text() == "old"
    assert names(tmp_path) == {"out"}


def test_folder_filled_by_another_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "out"

    def race() -> None:
        with OutputFolder.at(out).writing():
            out.mkdir()
            (out / "other.txt").write_text("theirs")

    with pytest.raises(FitError, match="not empty"):
        race()
    assert names(out) == {"other.txt"}


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_killed_process_leaves_a_whole_result(tmp_path: Path) -> None:
    program = """
        import os, signal, sys
        from pathlib import Path
        from coefficacy.reporting.folder import OutputFolder
        rename, out = Path.rename, Path(sys.argv[1])
        def killing(self, target):
            rename(self, target)
            if sys.argv[2] == "renaming":
                os.kill(os.getpid(), signal.SIGKILL)
        Path.rename = killing
        with OutputFolder.at(out).writing() as draft:
            (draft / "one.txt").write_text("new")
            if sys.argv[2] == "writing":
                os.kill(os.getpid(), signal.SIGKILL)
    """
    started = {}
    for moment in ("writing", "renaming"):
        out = tmp_path / moment / "out"
        write(out, one="old")
        started[out] = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program), str(out), moment])
    for out, process in started.items():
        assert process.wait(timeout=120) == -9
        OutputFolder.at(out)
        assert (out / "one.txt").read_text() == "old"
        write(out, one="new")
        assert (out / "one.txt").read_text() == "new"
