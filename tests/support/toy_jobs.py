"""Jobs of no cost, at the top of a module so that processes can load them, and an executor of none."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from coefficacy.studies import Job, Store, Study


def square(job: Job) -> dict[str, Any]:
    return {"value": job.seed**2}


def square_of_even(job: Job) -> dict[str, Any]:
    if job.seed % 2:
        raise ValueError(f"{job.seed} is\nodd")
    return square(job)


def square_unless_stopped(job: Job) -> dict[str, Any]:
    if job.seed == 2:
        raise KeyboardInterrupt
    return square(job)


def square_or_kill_once(job: Job) -> dict[str, Any]:
    """The first process that comes to job 1 dies; `inputs` is a file that remembers it."""
    seen = Path(job.inputs)
    if job.seed == 1 and not seen.exists():
        seen.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return square(job)


def kill(job: Job) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def slow_square(job: Job) -> dict[str, Any]:
    time.sleep(float(job.inputs))
    return square(job) | {"process": os.getpid()}


def threads(job: Job) -> dict[str, Any]:
    return {"omp": os.environ.get("OMP_NUM_THREADS")}


def undecided(job: Job) -> dict[str, Any]:
    return {"verdict": "cannot tell", "converged": True, "process": os.getpid()}


def study(n: int = 4, work: Any = square, *, inputs: Any = None, **about: Any) -> Study:
    about = {"design": {"n": 4}, "settings": {"power": 2}} | about
    return Study("squares", work, tuple(Job(f"job {k}", k, inputs) for k in range(n)), **about)


class AtOnce(Executor):
    """Does each job when it is submitted; from the job `until` on it fails."""

    def __init__(self, until: int = 99, error: Exception | None = None) -> None:
        self.done, self.until, self.error = 0, until, error or RuntimeError("the cluster is gone")

    def submit(self, function: Any, /, *inputs: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.done += 1
        if self.done > self.until:
            future.set_exception(self.error)
        else:
            future.set_result(function(*inputs, **named))
        return future


def values(store: Store) -> dict[str, Any]:
    return {row.key: row.result and row.result["value"] for row in store.rows}
