"""Error rates of the verdict for the user's own design: worlds, their folder, what is printed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coefficacy.cli.analysis import TableFiles, read_input
from coefficacy.cli.exits import Exit
from coefficacy.errors import Interrupted, Problem, StudyError

if TYPE_CHECKING:
    from coefficacy.spec import ModelSpec
    from coefficacy.survey import Survey
    from coefficacy.verdicts import Calibration
    from coefficacy.worlds import Design

__all__ = ["STORE", "Plan", "Worlds", "judging", "run_calibration", "worlds_folder"]

STORE = "worlds.jsonl"


@dataclass(frozen=True, slots=True)
class Plan:
    """A survey that is only planned; `teams` and `team_size` are None where tables are given."""

    teams: int | None
    team_size: int | None
    layers: int
    items: int
    reliability: float


@dataclass(frozen=True, slots=True)
class Worlds:
    """Which worlds, and how each is sampled."""

    sims: int
    effects: str
    draws: int
    tune: int
    chains: int
    seed: int

    def planted(self) -> tuple[float, ...]:
        """Return the effects, each once.

        Raises
        ------
        StudyError
            If the text is no list of numbers.
        """
        try:
            return tuple(dict.fromkeys(float(part) for part in self.effects.split(",")))
        except ValueError:
            what = f"'{self.effects}' is no list of numbers."
            raise StudyError(Problem("--effects", what, "E.g. --effects 0,0.1,0.3")) from None


def run_calibration(
    model: str,
    files: TableFiles,
    plan: Plan,
    out: Path,
    worlds: Worlds,
    *,
    workers: int | None,
    cluster: str | None = None,
    resume: bool,
    quiet: bool,
) -> Exit:
    """Check everything, judge the worlds that are not in the folder yet, write and print the rates."""
    from coefficacy.reporting import write_calibration
    from coefficacy.studies import Sampling, calibrate
    from coefficacy.studies.pool import cluster as workers_of

    folder = worlds_folder(out, resume=resume)
    effects = worlds.planted()
    spec, design = _designed(model, files, plan)
    sampling = Sampling(worlds.draws, worlds.tune, worlds.chains, worlds.seed)
    with (
        workers_of(cluster) if cluster else nullcontext() as executor,
        judging(quiet=quiet) as progress,
    ):
        found = calibrate(
            spec, design, sims=worlds.sims, effects=effects, sampling=sampling,
            store=folder / STORE, executor=executor, workers=workers, progress=progress,
        )  # fmt: skip
    write_calibration(found, folder)
    if not quiet:
        _show(found, folder)
    return Exit.DONE


@contextmanager
def judging(*, quiet: bool) -> Iterator[Any]:
    """Show how far the worlds are, and say how to go on if they are stopped."""
    from coefficacy.cli.show import checks_bar

    try:
        with checks_bar(quiet=quiet) as progress:
            yield progress
    except Interrupted as stopped:
        mend = "Go on with the same command and --resume."
        raise Interrupted([replace(problem, mend=mend) for problem in stopped.problems]) from None


def _designed(model: str, files: TableFiles, plan: Plan) -> tuple[ModelSpec, Design | Survey]:
    """The model, and the design of the tables or of the plan; the tables if it is not the flagship's."""
    from coefficacy.spec import load_model
    from coefficacy.studies import design_of, planned_design
    from coefficacy.studies.imitation import is_imitable

    tables = any((files.persons, files.teams, files.layers, files.named))
    planned = [f"--{name}" for name, n in (("teams-n", plan.teams), ("team-size", plan.team_size)) if n]
    mend = "Give your tables (--persons, --teams), or --teams-n and --team-size for a survey that is planned."
    if tables and planned:
        raise StudyError(Problem("calibrate", f"tables and {' and '.join(planned)} are given.", mend))
    if tables:
        spec, survey = read_input(model, files)
        return spec, design_of(spec, survey) if is_imitable(spec) else survey
    spec = load_model(model)
    if plan.teams is None or plan.team_size is None:
        raise StudyError(Problem("calibrate", "no design is given.", mend))
    return spec, planned_design(
        spec, plan.teams, plan.team_size,
        layers=plan.layers, n_items=plan.items, reliability=plan.reliability,
    )  # fmt: skip


def worlds_folder(out: Path, *, resume: bool) -> Path:
    """The folder, after checking that worlds may be kept there; nothing is created."""
    from coefficacy.reporting import OutputFolder

    folder = OutputFolder.at(out, markers=(STORE,)).path
    if (folder / STORE).exists() and not resume:
        mend = "Add --resume to go on with them, or name another folder with --out."
        raise StudyError(Problem(str(folder), f"holds worlds already ({STORE}).", mend))
    return folder


def _show(found: Calibration, folder: Path) -> None:
    from coefficacy.cli.show import console, note, table
    from coefficacy.reporting.calibration import RATE_COLUMNS, rate_cells

    shown = table(*RATE_COLUMNS)
    for rates in found.rates:
        shown.add_row(*rate_cells(rates))
    console().print(shown)
    for message in found.failures:
        note(f"  - failed: {message}")
    note(f"Worlds: {found.world}.")
    note(f"Open {folder / 'calibration.md'}; numbers are in {folder / 'calibration.json'}.")
