"""How many teams: worlds of several designs, their folder, what is printed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coefficacy.cli.calibration import STORE, Worlds, judging, worlds_folder
from coefficacy.cli.exits import Exit
from coefficacy.errors import Problem, StudyError

if TYPE_CHECKING:
    from coefficacy.studies import Power

__all__ = ["Designs", "run_power", "whole_numbers"]


@dataclass(frozen=True, slots=True)
class Designs:
    """What the designs vary in, lists of numbers as they were typed, and what they share."""

    teams: str
    team_sizes: str
    layers: int
    items: int
    reliability: float


def whole_numbers(option: str, text: str) -> tuple[int, ...]:
    """Return the numbers of a list such as ``20,40,80``, each once.

    Raises
    ------
    StudyError
        If the text is no list of positive whole numbers.
    """
    try:
        found = tuple(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError:
        found = ()
    if not found or min(found) < 1:
        what = f"'{text}' is no list of positive whole numbers."
        raise StudyError(Problem(option, what, f"E.g. {option} 20,40,80"))
    return found


def run_power(
    model: str,
    designs: Designs,
    out: Path,
    worlds: Worlds,
    *,
    wish: float,
    workers: int | None,
    resume: bool,
    quiet: bool,
) -> Exit:
    """Check everything, judge the worlds that are not in the folder yet, write and print the rates."""
    from coefficacy.reporting import write_power
    from coefficacy.spec import load_model
    from coefficacy.studies import Sampling, teams_needed

    teams = whole_numbers("--teams-n", designs.teams)
    sizes = whole_numbers("--team-size", designs.team_sizes)
    folder = worlds_folder(out, resume=resume)
    (effect,) = worlds.planted()
    sampling = Sampling(worlds.draws, worlds.tune, worlds.chains, worlds.seed)
    with judging(quiet=quiet) as progress:
        found = teams_needed(
            load_model(model), teams=teams, team_sizes=sizes, effect=effect, wish=wish,
            layers=designs.layers, n_items=designs.items, reliability=designs.reliability,
            sims=worlds.sims, sampling=sampling, store=folder / STORE, workers=workers, progress=progress,
        )  # fmt: skip
    write_power(found, folder)
    if not quiet:
        _show(found, folder)
    return Exit.DONE


def _show(found: Power, folder: Path) -> None:
    from coefficacy.cli.show import console, note, table
    from coefficacy.reporting.power import POWER_COLUMNS, power_cells

    shown = table(*POWER_COLUMNS)
    for row in power_cells(found):
        shown.add_row(*row)
    console().print(shown)
    note(found.sentence())
    for message in found.failures:
        note(f"  - failed: {message}")
    note(f"Open {folder / 'power.md'}; numbers are in {folder / 'power.json'}.")
