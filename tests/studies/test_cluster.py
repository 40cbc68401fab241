"""A study on a Dask cluster of two processes, one of which is killed half way: as in one process."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest
import toy_jobs
from toy_jobs import AtOnce, study, values

import coefficacy
from coefficacy.cli import main
from coefficacy.errors import StudyError
from coefficacy.studies import read_store, run_study
from coefficacy.studies.pool import cluster
from coefficacy.verdicts import Calibration

distributed = pytest.importorskip("distributed", reason="studies on Dask need the extra 'cluster'")

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")

JOBS = 24


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Any]:
    paths = [str(Path(coefficacy.__file__).parents[1]), str(Path(toy_jobs.__file__).parent)]
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    options["env"] = {"PYTHONPATH": os.pathsep.join(paths)}
    with (
        distributed.LocalCluster(**options, local_directory=str(tmp_path / "dask")) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def test_a_worker_that_is_killed_costs_and_doubles_nothing(client: Any, tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    executor: Executor = client.get_executor()
    killed: list[int] = []

    def kill_one(_: str, done: int, total: int) -> None:
        if done == JOBS // 4 and not killed:
            killed.append(read_store(file).rows[-1].result["process"])  # type: ignore[index]
            os.kill(killed[0], signal.SIGKILL)

    slow = study(JOBS, toy_jobs.slow_square, inputs=0.1)
    found = run_study(slow, store=file, executor=executor, progress=kill_one)
    assert len(killed) == 1
    assert len(file.read_text().splitlines()) == 1 + JOBS
    assert values(found) == values(run_study(study(JOBS), executor=AtOnce()))
    processes = {row.result["process"] for row in found.rows if row.result}
    assert len(processes - set(killed)) >= 1


def test_calibrate_from_the_command_line(client: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("coefficacy.studies.verdicts.judge_world", toy_jobs.undecided)
    out = tmp_path / "rates"
    plan = ["--teams-n", "8", "--team-size", "3", "--sims", "4", "--effects", "0,0.3", "--quiet"]
    where = ["--out", str(out), "--cluster", client.scheduler.address]
    assert main(["calibrate", "C4", *plan, *where]) == 0
    assert [r.cannot_tell for r in Calibration.read(out).rates] == [4, 4]
    rows = read_store(out / "worlds.jsonl").rows
    assert os.getpid() not in {row.result["process"] for row in rows if row.result}


def test_no_scheduler() -> None:
    with pytest.raises(StudyError, match="no scheduler answers at"):
        cluster("tcp://127.0.0.1:9", timeout=0.5).__enter__()
