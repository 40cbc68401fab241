"""Studies on executors that work, fail, die and are stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import pytest
import toy_jobs
from toy_jobs import AtOnce, study, values

import coefficacy
from coefficacy.errors import CoefficacyError, Interrupted, StudyError
from coefficacy.studies import Job, Study, read_store, run_study

SQUARES = {f"job {k}": k**2 for k in range(4)}


def test_any_executor_gives_the_same_results() -> None:
    with ThreadPoolExecutor(2) as threads:
        assert values(run_study(study(), executor=threads)) == SQUARES
    assert values(run_study(study(), executor=AtOnce())) == SQUARES


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    file, executor = tmp_path / "s.jsonl", AtOnce()
    run_study(study(2), store=file, executor=executor)
    assert values(run_study(study(4), store=file, executor=executor)) == SQUARES
    assert executor.done == 4
    run_study(study(4), store=file, executor=executor)
    assert executor.done == 4


def test_failed_jobs_are_results_with_their_message(tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    told: list[tuple[str, int, int]] = []
    failing = study(work=toy_jobs.square_of_even)
    run_study(failing, store=file, executor=AtOnce(), progress=lambda *now: told.append(now))
    rows = read_store(file).rows
    assert [row.error for row in rows] == ["", "ValueError: 1 is odd", "", "ValueError: 3 is odd"]
    assert told == [
        ("squares", 0, 4), ("squares", 1, 4), ("squares, 1 failed", 2, 4), ("squares, 1 failed", 3, 4),
        ("squares, 2 failed", 4, 4),
    ]  # fmt: skip
    again = AtOnce()
    run_study(failing, store=file, executor=again)
    assert again.done == 0


@pytest.mark.parametrize("error", [None, BrokenExecutor("a process died"), MemoryError()])
def test_an_executor_that_fails_costs_nothing_that_was_done(error: Exception | None, tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    with pytest.raises(
        StudyError, match=r"executor: ended before .*; 2 of 4 jobs are done and kept in "
    ) as caught:
        run_study(study(), store=file, executor=AtOnce(until=2, error=error))
    assert str(error or "RuntimeError: the cluster is gone").partition("(")[0] in str(caught.value)
    assert values(run_study(study(), store=file, executor=AtOnce())) == SQUARES


def test_an_executor_that_was_shut_down() -> None:
    threads = ThreadPoolExecutor(1)
    threads.shutdown()
    with pytest.raises(StudyError, match=r"cannot schedule new futures after shutdown\); 0 of 4 jobs"):
        run_study(study(), executor=threads)


def test_ctrl_c_keeps_what_is_done(tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    with pytest.raises(Interrupted, match=r"2 of 4 jobs are done and kept in .* Started again"):
        run_study(study(work=toy_jobs.square_unless_stopped), store=file, executor=AtOnce())
    assert values(run_study(study(), store=file, executor=AtOnce())) == SQUARES


def test_sampling_that_was_stopped_is_no_result(tmp_path: Path) -> None:
    def stopped(job: Job) -> dict[str, Any]:
        from coefficacy.sampling import SamplingStopped

        raise SamplingStopped(None)

    with pytest.raises(Interrupted, match="0 of 4 jobs"):
        run_study(study(work=stopped), store=tmp_path / "s.jsonl", executor=AtOnce())


def test_keys_name_one_job_each() -> None:
    with pytest.raises(CoefficacyError, match="the key 'a' names more than one job"):
        Study("twice", toy_jobs.square, (Job("a", 1), Job("a", 2)))


# Processes of our own -------------------------------------------------------------------------------------


def test_processes_have_one_thread_each_and_are_gone_afterwards() -> None:
    before = os.environ.get("OMP_NUM_THREADS")
    store = run_study(study(work=toy_jobs.threads), workers=2)
    assert [row.result for row in store.rows] == [{"omp": "1"}] * 4
    assert os.environ.get("OMP_NUM_THREADS") == before
    assert active_children() == []


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_a_process_that_dies_is_replaced(tmp_path: Path) -> None:
    work = toy_jobs.square_or_kill_once
    store = run_study(study(work=work, inputs=str(tmp_path / "seen")), workers=1)
    assert values(store) == SQUARES


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_processes_that_always_die_end_the_study(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"terminated abruptly .* 0 of 1 jobs"):
        run_study(study(1, toy_jobs.kill), store=tmp_path / "s.jsonl", workers=1)
    assert active_children() == []


PROGRAM = """
    import sys
    from toy_jobs import slow_square, study
    from coefficacy.errors import Interrupted
    from coefficacy.studies import run_study

    if __name__ == "__main__":
        try:
            run_study(study(40, slow_square, inputs=0.2), store="s.jsonl", workers=2)
        except Interrupted as stopped:
            sys.exit(f"{stopped}")
"""


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_study_leaves_no_process_and_goes_on(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "study.py").write_text(textwrap.dedent(PROGRAM))
    paths = [str(Path(coefficacy.__file__).parents[1]), str(Path(toy_jobs.__file__).parent)]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "study.py"]
    file = tmp_path / "s.jsonl"
    with subprocess.Popen(command, cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not (file.exists() and len(read_store(file).rows) >= 2):
            time.sleep(0.1)
        process.send_signal(number)
        assert process.stderr is not None
        _, errors = process.communicate(timeout=30)
    done = read_store(file).rows
    assert 2 <= len(done) < 40
    if number == signal.SIGINT:
        assert f"{len(done)} of 40 jobs are done and kept in s.jsonl" in errors
        assert "Traceback" not in errors
    workers = {row.result["process"] for row in done if row.result}
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and any(map(alive, workers)):
        time.sleep(0.1)
    assert not any(map(alive, workers))
    store = run_study(study(40, toy_jobs.square), store=file, executor=AtOnce())
    assert values(store) == {f"job {k}": k**2 for k in range(40)}
    assert store.rows[: len(done)] == done
