"""Runs a study on any executor and keeps every result as soon as it is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, as_completed
from contextlib import contextmanager
from pathlib import Path

from coefficacy.errors import Interrupted, Problem, StudyError
from coefficacy.studies.jobs import Job, Row, Study, attempt
from coefficacy.studies.pool import cores, processes
from coefficacy.studies.store import Store, opened

__all__ = ["run_study"]

type Tell = Callable[[str, int, int], None]

_FRUITLESS = 3


def run_study(
    study: Study,
    *,
    store: str | Path | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    progress: Tell | None = None,
) -> Store:
    """Do the jobs that are not in the store yet.

    Parameters
    ----------
    store : file of the results; None keeps them in memory
    executor : of the caller's, who ends it: a pool of threads or processes, or a Dask cluster by
        ``Client.get_executor()``. Default: new processes, one thread each, which are replaced if they die
    workers : number of those processes; default one a processor
    progress : told (what, done, in all), after every job

    Returns
    -------
    Store
        With the rows of all jobs; those of other jobs that it held stay.

    Raises
    ------
    Interrupted
        On Ctrl-C; says what is kept.
    StudyError
        The store belongs to another study, or the executor broke. What was done is kept.

    Examples
    --------
    >>> study = Study("powers", square, tuple(Job(str(k), k) for k in range(4)))  # doctest: +SKIP
    >>> run_study(study, store="powers.jsonl").rows[0].result                     # doctest: +SKIP
    {'value': 0}
    """
    with opened(store, study) as kept:
        told = _Told(study, kept, progress)
        try:
            told()
            if executor is not None:
                _round(study, kept, executor, told)
            else:
                _rounds(study, kept, workers, told)
        except KeyboardInterrupt:
            raise Interrupted(Problem("interrupted", told.kept(), told.mend())) from None
        except BrokenExecutor as error:
            first = (str(error).splitlines() or [type(error).__name__])[0]
            what = f"ended before the study did ({first}); {told.kept()}"
            raise StudyError(Problem("executor", what, told.mend())) from error
        return kept


def _rounds(study: Study, kept: Store, workers: int | None, told: _Told) -> None:
    """Replace processes that died, as long as any of them gets a job done."""
    fruitless = 0
    while fruitless < _FRUITLESS:
        before = len(kept.rows)
        todo = sum(job.key not in kept for job in study.jobs)
        if not todo:
            return
        try:
            with processes(min(workers or cores(), todo)) as executor:
                _round(study, kept, executor, told)
        except BrokenExecutor:
            fruitless = 0 if len(kept.rows) > before else fruitless + 1
            if fruitless == _FRUITLESS:
                raise


def _round(study: Study, kept: Store, executor: Executor, told: _Told) -> None:
    """Give all jobs that are to do to the executor; keep each result as soon as it is there."""
    pending: set[Future[Row]] = set()
    try:
        for row in _results(executor, study, [job for job in study.jobs if job.key not in kept], pending):
            kept.add(row)
            told()
    finally:
        for future in pending:
            future.cancel()


def _results(executor: Executor, study: Study, todo: list[Job], pending: set[Future[Row]]) -> Iterator[Row]:
    """What is done at once, as by an executor without workers, is not kept waiting."""
    for job in todo:
        with _errors_of_the_executor():
            future = executor.submit(attempt, study.work, job)
        if not future.done():
            pending.add(future)
            continue
        yield _row(future)
    for future in as_completed(tuple(pending)):
        pending.discard(future)
        yield _row(future)


def _row(future: Future[Row]) -> Row:
    with _errors_of_the_executor():
        return future.result()


@contextmanager
def _errors_of_the_executor() -> Iterator[None]:
    """Errors of a job are part of its row, so whatever comes up here is the executor's."""
    try:
        yield
    except BrokenExecutor:
        raise
    except Exception as error:
        raise BrokenExecutor(f"{type(error).__name__}: {error}") from error


class _Told:
    """Counts the rows of a study and says how far it is."""

    def __init__(self, study: Study, kept: Store, progress: Tell | None) -> None:
        self.keys = frozenset(job.key for job in study.jobs)
        self.name, self.store, self.progress = study.name, kept, progress

    def __call__(self) -> None:
        if self.progress is not None:
            rows = self._rows()
            failed = sum(row.result is None for row in rows)
            what = f"{self.name}, {failed} failed" if failed else self.name
            self.progress(what, len(rows), len(self.keys))

    def _rows(self) -> list[Row]:
        return [row for row in self.store.rows if row.key in self.keys]

    def kept(self) -> str:
        where = f" in {self.store.path}" if self.store.path else ""
        return f"{len(self._rows())} of {len(self.keys)} jobs are done and kept{where}."

    def mend(self) -> str:
        return "Started again, the study goes on where it was." if self.store.path else ""
