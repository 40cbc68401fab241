"""Exit codes, and errors as one readable block on stderr."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from enum import IntEnum

from coefficacy.errors import CoefficacyError, Interrupted

__all__ = ["Exit", "main"]

_SHOWN = 15
_STOPPED = "interrupted; nothing was written."
_PLEASE_REPORT = "This is a defect: please report it, with what COEFFICACY_DEBUG=1 adds to this message."


class Exit(IntEnum):
    """What a command ends with.

    Attributes
    ----------
    DONE : all files written
    NOT_CONVERGED : all files written, the verdict is "cannot tell"
    BAD_INPUT : nothing written
    UNEXPECTED : a defect of the program
    INTERRUPTED : the draws were kept beside the output folder, which is untouched
    """

    DONE = 0
    NOT_CONVERGED = 1
    BAD_INPUT = 2
    UNEXPECTED = 70
    INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors go to stderr without a traceback.

    Parameters
    ----------
    argv : arguments without the program's name; by default those of the process
    """
    try:
        from typer.main import get_command

        from coefficacy.cli.app import app

        code = get_command(app).main(args=argv, prog_name="coefficacy", standalone_mode=False)
    except Interrupted as stopped:
        return _end(Exit.INTERRUPTED, str(stopped))
    except KeyboardInterrupt:
        return _end(Exit.INTERRUPTED, _STOPPED)
    except CoefficacyError as error:
        return _end(Exit.BAD_INPUT, "\n".join([_block(error), *_notes(error)]))
    except Exception as error:
        return _other(error)
    if code == Exit.INTERRUPTED:
        return _end(Exit.INTERRUPTED, _STOPPED)
    return int(code or Exit.DONE)


def _block(error: CoefficacyError) -> str:
    """The problems of an error, one a line; a single one on the first line."""
    problems = [" ".join(str(problem).split()) for problem in error.problems]
    if len(problems) == 1:
        return problems[0]
    lines = [f"  - {problem}" for problem in problems[:_SHOWN]]
    if len(problems) > _SHOWN:
        lines.append(f"  ... and {len(problems) - _SHOWN} more")
    return "\n".join([f"{len(problems)} problems", *lines])


def _other(error: Exception) -> int:
    """End with wrong usage, a file that cannot be reached, or a defect."""
    show = getattr(error, "format_message", None)
    if show is not None:
        return _end(Exit.BAD_INPUT, f"{' '.join(show().split())}{_help_hint(error)}")
    if type(error).__name__ == "Abort":
        return _end(Exit.INTERRUPTED, _STOPPED)
    if os.environ.get("COEFFICACY_DEBUG") == "1":
        traceback.print_exc()
    if isinstance(error, OSError) and error.filename:
        return _end(Exit.BAD_INPUT, "\n".join([f"{error.filename}: {error.strerror}.", *_notes(error)]))
    what = " ".join(f"unexpected error: {type(error).__name__}: {error}".split())
    return _end(Exit.UNEXPECTED, "\n".join([what, *_notes(error), _PLEASE_REPORT]))


def _notes(error: BaseException) -> list[str]:
    return list(getattr(error, "__notes__", ()))


def _help_hint(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return f" See: {context.command_path} --help" if context is not None else ""


def _end(code: Exit, text: str) -> int:
    print(f"coefficacy: {text}", file=sys.stderr)
    return code
