"""Output folders that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from glob import escape
from pathlib import Path

from coefficacy.errors import FitError, Problem

__all__ = ["OutputFolder", "replace_text"]

_STALE_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class OutputFolder:
    """A folder that may be written: new, empty, or an earlier result of ours.

    Attributes
    ----------
    path : absolute, links resolved
    markers : files that tell an earlier result of ours; a folder that holds one of them may be replaced
    foreign : a file that must not lie there, whatever else does

    Notes
    -----
    Files are written to a hidden sibling, which takes the folder's place by a rename. Files in an earlier
    result that are not written anew are carried over.
    """

    path: Path
    markers: tuple[str, ...] = ("verdict.json",)
    foreign: str = ""

    @classmethod
    def at(
        cls, path: str | Path, *, markers: tuple[str, ...] = ("verdict.json",), foreign: str = ""
    ) -> OutputFolder:
        """Return the folder at `path` after checking that it may be written; nothing is created.

        Raises
        ------
        FitError
            If something else lies there or its parent cannot be written.
        """
        folder = cls(Path(path).expanduser().resolve(), markers, foreign)
        folder._recover()
        folder.check()
        return folder

    def check(self) -> None:
        """Raise :class:`FitError` unless the folder may be written: new, empty, or an earlier result."""
        what, mend = self._obstacle()
        if what:
            raise FitError(Problem(str(self.path), what, mend))

    @contextlib.contextmanager
    def writing(self) -> Iterator[Path]:
        """Yield a temporary folder; on leaving without an error it takes the place of the output folder."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._sweep()
        draft = self._sibling(uuid.uuid4().hex[:8])
        draft.mkdir()
        try:
            yield draft
            self.check()
            self._carry_over(draft)
            self._take_place(draft)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _obstacle(self) -> tuple[str, str]:
        """What stands in the way and how to mend it; two empty strings if nothing does."""
        elsewhere = "Name another folder with --out."
        if self.path == Path.cwd() or self.path in Path.cwd().parents:
            return "is the working folder or one above it, and cannot be replaced.", elsewhere
        if self.path.exists() and not self.path.is_dir():
            return "is a file; a folder is written.", elsewhere
        parent = next(above for above in self.path.parents if above.exists())
        if not (parent.is_dir() and os.access(parent, os.W_OK | os.X_OK)):
            return f"cannot be written: no folder can be made in {parent}.", elsewhere
        if not self.path.exists():
            return "", ""
        held = {entry.name for entry in self.path.iterdir()}
        if self.foreign in held:
            return f"holds {self.foreign}, the result of another command, and is not replaced.", elsewhere
        if held and not held.intersection(self.markers):
            known = " or ".join(self.markers)
            return f"is not empty and holds no {known}, so it is not replaced.", elsewhere
        return "", ""

    def _sibling(self, tag: str) -> Path:
        return self.path.with_name(f".{self.path.name}.coefficacy-{tag}")

    def _carry_over(self, draft: Path) -> None:
        """Copy what an earlier result holds beside the files written now."""
        for entry in self.path.iterdir() if self.path.exists() else ():
            target = draft / entry.name
            if target.exists():
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.copytree(entry, target, symlinks=True)
            else:
                shutil.copy2(entry, target, follow_symlinks=False)

    def _take_place(self, draft: Path) -> None:
        """Put `draft` where the folder is; the earlier one comes back if that fails."""
        backup = self._sibling("earlier")
        shutil.rmtree(backup, ignore_errors=True)
        try:
            if self.path.exists():
                self.path.rename(backup)
            draft.rename(self.path)
        except BaseException:
            self._recover()
            raise
        shutil.rmtree(backup, ignore_errors=True)

    def _recover(self) -> None:
        """Bring back an earlier result that a killed process had moved aside."""
        backup = self._sibling("earlier")
        if backup.is_dir() and not self.path.exists():
            backup.rename(self.path)

    def _sweep(self) -> None:
        """Remove drafts that a killed process left behind a day ago or more."""
        for draft in self.path.parent.glob(f".{escape(self.path.name)}.coefficacy-*"):
            if draft != self._sibling("earlier") and time.time() - draft.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(draft, ignore_errors=True)


def replace_text(path: Path, text: str) -> Path:
    """Write `text` beside `path` and rename it into place."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise FitError(Problem(str(path), f"cannot be written ({error.strerror}).")) from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()
    return path
