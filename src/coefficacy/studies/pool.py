"""Processes of our own for a study: one thread each, gone when the study is."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process

from coefficacy.errors import Problem, StudyError

__all__ = ["cluster", "cores", "processes"]

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def cores() -> int:
    """Return how many processors this process may use."""
    return getattr(os, "process_cpu_count", os.cpu_count)() or 1


@contextmanager
def processes(workers: int | None = None) -> Iterator[Executor]:
    """Give a pool of new processes; left by an error or Ctrl-C, they are ended at once.

    Parameters
    ----------
    workers : how many; default one a processor
    """
    before = set(active_children())
    with _one_thread_each():
        pool = ProcessPoolExecutor(workers or cores(), get_context("spawn"), initializer=_begin)
        try:
            yield pool
            pool.shutdown()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in set(active_children()) - before:
                child.terminate()
            raise


@contextmanager
def cluster(address: str, *, timeout: float = 10.0) -> Iterator[Executor]:
    """Give the workers of a Dask cluster that is running; they need this package, in this version.

    Parameters
    ----------
    address : of its scheduler, ``"tcp://host:8786"``
    timeout : seconds to wait for it

    Raises
    ------
    StudyError
        The extra ``cluster`` is not installed, or nothing answers at the address.
    """
    try:
        from distributed import Client
    except ImportError:
        mend = 'Install it: pip install "coefficacy[cluster]"'
        raise StudyError(Problem("--cluster", "needs the package 'distributed'.", mend)) from None
    try:
        client = Client(address, timeout=timeout)
    except (OSError, ValueError) as error:
        what = f"no scheduler answers at '{address}' ({type(error).__name__})."
        raise StudyError(
            Problem("--cluster", what, "Start one: dask scheduler, then dask worker.")
        ) from error
    with client:
        yield client.get_executor()


def _begin() -> None:
    """Leave Ctrl-C to the parent, and end with it however it ends: a killed one cannot say so."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes take the environment of their parent, and libraries read it once, when they are loaded."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
