"""How far sampling is: told to whoever asks, shown as a bar on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

__all__ = ["Progress", "Snapshot", "progress_bar"]

type Stage = Literal["build", "compile", "sample", "retry"]

_WORDS: dict[Stage, str] = {
    "build": "building the model",
    "compile": "compiling (half a minute the first time)",
    "sample": "sampling",
    "retry": "sampling again, stricter",
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A moment of a fit.

    Attributes
    ----------
    done, total : draws of all chains together, tuning included; 0 of 0 while building and compiling
    divergences : so far, after tuning
    """

    stage: Stage
    done: int = 0
    total: int = 0
    divergences: int = 0


type Progress = Callable[[Snapshot], None]
"""Whatever wants to know; called in the thread that called :func:`coefficacy.sampling.fit`."""


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Show a bar on stderr while the block runs, and wipe it at the end.

    Examples
    --------
    >>> with progress_bar() as progress:
    ...     progress(Snapshot("sample", done=10, total=100))
    """
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("starting", total=None)

        def show(now: Snapshot) -> None:
            diverged = f", {now.divergences} divergences" if now.divergences else ""
            bars.update(
                task,
                description=_WORDS[now.stage] + diverged,
                completed=now.done,
                total=now.total or None,
            )

        yield show
