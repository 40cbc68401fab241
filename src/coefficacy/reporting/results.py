"""The five files of a result."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from coefficacy.errors import FitError, Problem
from coefficacy.reporting.folder import OutputFolder, replace_text
from coefficacy.reporting.origin import mark_simulated
from coefficacy.reporting.page import render_report
from coefficacy.reporting.tables import team_estimates

if TYPE_CHECKING:
    from coefficacy.sampling import Fit
    from coefficacy.verdicts import Verdict

__all__ = [
    "RESULT_FILES",
    "partial_folder",
    "rebuild_page",
    "report",
    "result_folder",
    "write_partial",
    "write_results",
]

RESULT_FILES = ("verdict.json", "summary.csv", "teams.csv", "fit.nc", "report.html")
DRAWS = "fit.nc"
_VERDICT = "verdict.json"


def result_folder(out: str | Path) -> OutputFolder:
    """Return the folder `out` after checking that a result may be written there; nothing is created.

    It may be new, empty, or an earlier result.

    Raises
    ------
    FitError
        If something else lies there, or its parent cannot be written.
    """
    return OutputFolder.at(out, markers=(_VERDICT,))


def partial_folder(out: str | Path) -> OutputFolder:
    """Return the folder beside `out` for the draws of an interrupted fit, ``DIR.partial``.

    Raises
    ------
    FitError
        If something else than kept draws lies there.
    """
    path = Path(out).expanduser().resolve()
    return OutputFolder.at(path.with_name(f"{path.name}.partial"), markers=(DRAWS,))


def write_partial(fit: Fit, out: str | Path, *, simulated_note: str | None = None) -> Path:
    """Keep the draws of an interrupted fit in ``DIR.partial/fit.nc``; `out` itself is not touched."""
    folder = partial_folder(out)
    mark_simulated(fit, simulated_note)
    with folder.writing() as draft:
        fit.save(draft / DRAWS)
    return folder.path


def write_results(
    fit: Fit, verdict: Verdict, out: str | Path | OutputFolder, *, simulated_note: str | None = None
) -> Path:
    """Write ``verdict.json``, ``summary.csv``, ``teams.csv``, ``fit.nc`` and ``report.html``: all or none.

    Parameters
    ----------
    out : new, empty, or an earlier result, which is replaced
    simulated_note : says that the data are simulated; kept with the draws and shown on the page

    Returns
    -------
    Path
        The folder, absolute. The seconds this took are in ``verdict.json``.

    Raises
    ------
    FitError
        If `out` may not be written.
    """
    from coefficacy.sampling import summary

    started = time.perf_counter()
    folder = out if isinstance(out, OutputFolder) else result_folder(out)
    mark_simulated(fit, simulated_note)
    with folder.writing() as draft:
        summary(fit).to_csv(draft / "summary.csv", index=False)
        team_estimates(fit).to_csv(draft / "teams.csv", index=False)
        (draft / "report.html").write_text(render_report(fit, verdict), encoding="utf-8")
        fit.save(draft / DRAWS)
        seconds = verdict.seconds | {"report": round(time.perf_counter() - started, 2)}
        timed = replace(verdict, seconds=seconds)
        (draft / _VERDICT).write_text(timed.to_json(), encoding="utf-8")
    return folder.path


def report(fit: Fit, out: str | Path, *, verdict: Verdict | None = None) -> Path:
    """Write the five files of a result to the folder `out`; with no `verdict` it is computed first.

    Parameters
    ----------
    fit : the draws, the survey and the model file
    out : new, empty, or an earlier result, which is replaced
    verdict : of this fit, if at hand

    Returns
    -------
    Path
        The folder, absolute; its ``report.html`` opens offline.

    Raises
    ------
    FitError
        If `out` may not be written.
    """
    folder = result_folder(out)
    return _complete(fit, folder) if verdict is None else write_results(fit, verdict, folder)


def rebuild_page(folder: str | Path) -> Path:
    """Make ``report.html`` anew from a saved fit, and return its path.

    Nothing else changes in the folder of a result. In a folder that holds only draws, such as the
    ``DIR.partial`` of a fit that was stopped during its checks, the verdict and the other files are made too.

    Raises
    ------
    FitError
        If `folder` holds no ``fit.nc``, or its files cannot be read.
    """
    from coefficacy.sampling import Fit
    from coefficacy.verdicts import Verdict

    path = Path(folder).expanduser().resolve()
    if not (path / DRAWS).is_file():
        raise FitError(Problem(str(folder), f"holds no {DRAWS}.", "Name the folder that a fit wrote."))
    kept = path / _VERDICT
    if not kept.is_file():
        written = _complete(Fit.load(path / DRAWS), OutputFolder.at(path, markers=(DRAWS,)))
        return written / "report.html"
    verdict = Verdict.from_json(kept.read_text(encoding="utf-8"), where=str(kept))
    return replace_text(path / "report.html", render_report(Fit.load(path / DRAWS), verdict))


def _complete(fit: Fit, folder: OutputFolder) -> Path:
    from coefficacy.verdicts import verdict as decide

    return write_results(fit, decide(fit), folder)
