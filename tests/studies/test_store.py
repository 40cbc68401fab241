"""Results on disk: nothing lost, nothing counted twice, nothing mixed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from toy_jobs import study

from coefficacy.errors import StudyError
from coefficacy.studies import Row, read_store
from coefficacy.studies.store import opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store of two results and a failure."""
    file = tmp_path / "squares.jsonl"
    with opened(file, study()) as store:
        for row in (
            Row("job 0", {"value": 0}),
            Row("job 1", None, "ValueError: odd"),
            Row("job 2", {"value": 4}),
        ):
            store.add(row)
    return file


def keys(path: Path) -> list[str]:
    return [row.key for row in read_store(path).rows]


def test_rows_come_back_as_they_were(path: Path) -> None:
    store = read_store(path)
    zero, one, two = store.rows
    assert (zero.result, one.result, two.result) == ({"value": 0}, None, {"value": 4})
    assert (zero.error, one.error) == ("", "ValueError: odd")
    assert {row.source for row in store.rows} == {store.headers[0].source}
    assert store.headers[0].design == {"n": 4}
    assert "numba" in store.headers[0].versions


def test_a_torn_last_line_is_cut_off(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole + '{"key": "job 3", "result": {"välue'.encode()[:-1])
    assert keys(path) == ["job 0", "job 1", "job 2"]
    with opened(path, study()) as store:
        assert path.read_bytes() == whole
        store.add(Row("job 3", {"value": 9}))
    assert keys(path) == ["job 0", "job 1", "job 2", "job 3"]


@pytest.mark.parametrize("kept", [0, 7])
def test_a_store_of_which_no_line_is_whole_begins_anew(kept: int, tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text('{"header": {'[:kept])
    with opened(tmp_path / "s.jsonl", study()) as store:
        assert store.rows == ()
    assert len(read_store(tmp_path / "s.jsonl").headers) == 1


def test_no_key_counts_twice(path: Path) -> None:
    with opened(path, study()) as store:
        store.add(Row("job 2", {"value": 5}))
    path.write_text(path.read_text() + path.read_text().splitlines()[1] + "\n")
    assert keys(path) == ["job 0", "job 1", "job 2"]
    assert read_store(path).rows[2].result == {"value": 4}


@pytest.mark.parametrize("line", ["nonsense", "[1]", '{"key": "a"}', '{"header": {"study": "x"}}', ""])
def test_a_line_in_the_middle_that_cannot_be_read_is_named(line: str, path: Path) -> None:
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:2], line, *lines[2:]]) + "\n")
    with pytest.raises(StudyError, match=r"line 3: is no line of a study. Delete the line"):
        read_store(path)


def test_rows_without_a_header_are_no_study(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text('{"key": "a", "seconds": 1, "result": {}}\n')
    with pytest.raises(StudyError, match="line 1: is no line of a study"):
        read_store(tmp_path / "s.jsonl")
    with pytest.raises(StudyError, match="no such file"):
        read_store(tmp_path / "t.jsonl")


def test_other_designs_and_settings_are_refused_together(path: Path) -> None:
    other = study(design={"n": 5}, settings={"power": 2, "draws": 10})
    with pytest.raises(StudyError) as caught, opened(path, other):
        pass
    message = str(caught.value)
    assert "squares.jsonl: design.n: holds 4, not 5. Name another folder" in message
    assert "squares.jsonl: settings.draws: holds null, not 10." in message
    assert "power" not in message
    assert len(keys(path)) == 3


def test_other_code_goes_on_under_a_header_of_its_own(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coefficacy.studies.store.source_hash", lambda: "other")
    with opened(path, study()) as store:
        store.add(Row("job 3", {"value": 9}))
    first, *_, last = read_store(path).rows
    assert (first.source == "other", last.source) == (False, "other")
    assert len(read_store(path).headers) == 2


def test_every_row_is_on_disk_when_it_is_added(tmp_path: Path) -> None:
    with opened(tmp_path / "s.jsonl", study()) as store:
        store.add(Row("job 0", {"value": 0}))
        assert json.loads((tmp_path / "s.jsonl").read_text().splitlines()[-1])["key"] == "job 0"


@pytest.mark.skipif(sys.platform == "win32", reason="files are locked on POSIX systems only")
def test_two_processes_do_not_add_to_one_store(path: Path) -> None:
    program = (
        f"import fcntl; file = open({str(path)!r}, 'a'); fcntl.flock(file, fcntl.LOCK_EX); "
        "print('held', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(StudyError, match="another process is adding to it"), opened(path, study()):
            pass
        other.communicate(b"\n")
    with opened(path, study()) as store:
        assert len(store.rows) == 3
