"""What the commands print: lines, tables, the library."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.table import Table

__all__ = ["checks_bar", "console", "library", "model_file", "note", "table"]


def note(text: str) -> None:
    """Print a line of plain words, unwrapped."""
    console().print(text, highlight=False, markup=False, soft_wrap=True)


def table(*columns: str) -> Table:
    """Return an empty table of the house style."""
    made = Table(box=box.SIMPLE_HEAD)
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def console() -> Console:
    """Return a console for stdout; lines of a file or a pipe are long enough for any table."""
    made = Console()
    return made if made.is_terminal else Console(width=120)


@contextmanager
def checks_bar(*, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Show on stderr how far the checks are: what is done, how much of it, of how much.

    Nothing is shown before something is told, so that an error before that stands alone.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bars = Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet)
    task = bars.add_task("checks", total=None)

    def tell(what: str, done: int, total: int) -> None:
        bars.start()
        bars.update(task, description=what, completed=done, total=total)

    try:
        yield tell
    finally:
        if bars.live.is_started:
            bars.stop()


def library() -> None:
    """Print the library of models: name, claim, title."""
    from coefficacy.spec import list_models

    listed = table("name", "claim", "title")
    for entry in list_models():
        listed.add_row(entry.name, entry.claim, entry.title)
    console().print(listed)


def model_file(name: str) -> None:
    """Print a model's file; a file of the library as it stands, with its comments."""
    from coefficacy.spec import dumps, list_models, load_model

    entries = list_models()
    matches = [entry for entry in entries if entry.name == name]
    matches = matches or [entry for entry in entries if entry.claim and entry.claim.lower() == name.lower()]
    text = matches[0].path.read_text(encoding="utf-8") if len(matches) == 1 else dumps(load_model(name))
    print(text, end="")
