"""A study: independent, seeded jobs, and what each of them came to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from coefficacy.errors import CoefficacyError, Interrupted, Problem

__all__ = ["Job", "Row", "Study", "attempt"]


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of a study; it can be pickled and depends on nothing but itself.

    Attributes
    ----------
    key : names it within the study, for good
    seed : all its randomness comes from it
    inputs : what it works on
    """

    key: str
    seed: int
    inputs: Any = None


@dataclass(frozen=True, slots=True)
class Row:
    """What one job came to: a result, or the message of the error it ended in.

    Attributes
    ----------
    result : plain values; None where the job failed
    error : ``"FitError: fit: ..."``; empty where it did not fail
    seconds : of the job alone
    source : hash of the package's code that ran it, see :func:`coefficacy.studies.store.source_hash`
    """

    key: str
    result: dict[str, Any] | None
    error: str = ""
    seconds: float = 0.0
    source: str = ""


@dataclass(frozen=True, slots=True)
class Study:
    """A list of jobs and the function that does one.

    Attributes
    ----------
    name : what the study is
    work : job to plain values; defined at the top of a module, so that it can be pickled
    jobs : in the order in which they are begun
    design, settings : plain values that say what is studied and how; results of different ones are never
        kept in one store
    """

    name: str
    work: Callable[[Job], dict[str, Any]]
    jobs: tuple[Job, ...]
    design: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        keys = [job.key for job in self.jobs]
        twice = sorted({key for key in keys if keys.count(key) > 1}) if len(set(keys)) < len(keys) else []
        if twice:
            what = f"the key '{twice[0]}' names more than one job."
            raise CoefficacyError(Problem(f"study '{self.name}'", what, "Give every job a key of its own."))


def attempt(work: Callable[[Job], dict[str, Any]], job: Job) -> Row:
    """Do one job; an error is part of its row, so that one bad world does not end a study.

    Raises
    ------
    KeyboardInterrupt
        Where sampling was stopped: that is no result.
    """
    started = perf_counter()
    try:
        result, error = work(job), ""
    except Interrupted:
        raise KeyboardInterrupt from None
    except Exception as failed:
        result, error = None, " ".join(f"{type(failed).__name__}: {failed}".split())
    return Row(job.key, result, error, round(perf_counter() - started, 2))
