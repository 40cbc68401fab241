"""From tables to the files of a result, stopped half way or not."""

from __future__ import annotations

import secrets
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from coefficacy.cli.exits import Exit
from coefficacy.errors import CoefficacyError, Interrupted, Problem, SpecError

if TYPE_CHECKING:
    from coefficacy.reporting import OutputFolder
    from coefficacy.sampling import Fit
    from coefficacy.spec import ModelSpec
    from coefficacy.survey import Survey
    from coefficacy.verdicts import Calibration

__all__ = ["Sampling", "TableFiles", "read_input", "run_demo", "run_fit", "run_report", "run_simulation"]

DEMO_MODEL = "adaptation"
DEMO_DRAWS = 1000
DEMO_TUNE = 700
DEMO_CHAINS = 4
DEMO_SEED = 1
DEMO_REFITS = {"draws": 250, "tune": 250}


@dataclass(frozen=True, slots=True)
class TableFiles:
    """Files of tables as named on the command line; `named` holds ``level=file``."""

    persons: Path | None = None
    teams: Path | None = None
    layers: Path | None = None
    named: tuple[str, ...] = ()

    def by_level(self) -> dict[str, Path]:
        """Return the tables given with ``--table``.

        Raises
        ------
        CoefficacyError
            If one of them is not of the form ``level=file``, or a level is named twice.
        """
        problems, tables = [], {}
        for text in self.named:
            level, equals, file = text.partition("=")
            if not (level.strip() and equals and file.strip()):
                problems.append(
                    Problem("--table", f"'{text}' is not LEVEL=FILE.", "E.g. --table site=sites.csv")
                )
            elif level.strip() in tables:
                problems.append(
                    Problem("--table", f"level '{level.strip()}' is given twice.", "Give one table.")
                )
            tables[level.strip()] = Path(file.strip())
        if problems:
            raise CoefficacyError(problems)
        return tables


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to sample; see :func:`coefficacy.sampling.fit`."""

    engine: Literal["auto", "marginal", "explicit"] = "auto"
    backend: Literal["numba", "jax"] = "numba"
    draws: int = 1000
    tune: int = 1000
    chains: int = 4
    seed: int | None = None


def read_input(model: str, files: TableFiles) -> tuple[ModelSpec, Survey]:
    """Read and validate the model and its tables."""
    from coefficacy.spec import load_model

    tables = files.by_level()
    spec = load_model(model)
    from coefficacy.survey import read_survey

    survey = read_survey(
        spec, persons=files.persons, teams=files.teams, layers=files.layers, tables=tables or None
    )
    return spec, survey


def run_fit(
    model: str,
    files: TableFiles,
    out: Path,
    sampling: Sampling,
    *,
    calibration: Path | None = None,
    quiet: bool,
) -> Exit:
    """Validate everything, fit, decide, write; return the exit code."""
    folder = _writable(out)
    spec, survey = read_input(model, files)
    if spec.question is None and not any(estimand.is_asked for estimand in spec.estimands):
        mend = 'Add a [question] with an effect, e.g. effect = "team.y ~ x".'
        raise SpecError(Problem(model, "the model asks no question, so there is nothing to decide.", mend))
    rates = None
    if calibration is not None:
        from coefficacy.verdicts import Calibration

        rates = Calibration.read(calibration)
        rates.refuse_other(spec, survey)
    return _analyse(spec, survey, folder, sampling, calibration=rates, quiet=quiet)


def run_demo(out: Path, *, quiet: bool = False) -> Exit:
    """Run the flagship analysis on the bundled survey, and say that it is simulated."""
    from coefficacy.cli.show import note
    from coefficacy.datasets import load_demo
    from coefficacy.spec import load_model
    from coefficacy.survey import read_survey

    folder = _writable(out)
    spec, data = load_model(DEMO_MODEL), load_demo()
    survey = read_survey(spec, persons=data.persons, teams=data.teams, layers=data.layers)
    note(data.description)
    sampling = Sampling(draws=DEMO_DRAWS, tune=DEMO_TUNE, chains=DEMO_CHAINS, seed=DEMO_SEED)
    return _analyse(
        spec, survey, folder, sampling, quiet=quiet, simulated_note=data.description, refits=DEMO_REFITS
    )


def run_report(folder: Path, *, open_page: bool) -> Exit:
    """Rebuild the page in `folder`, and open it if asked to."""
    from coefficacy.cli.show import note
    from coefficacy.reporting import rebuild_page

    page = rebuild_page(folder)
    note(f"Written: {page}")
    if open_page:
        import webbrowser

        webbrowser.open(page.as_uri())
    return Exit.DONE


def run_simulation(
    claim: str, out: Path, *, seed: int | None, null: bool, teams: int | None, team_size: int | None
) -> Exit:
    """Write the tables, the model file and the truth of a simulated world."""
    from coefficacy.cli.evidence import show_world
    from coefficacy.reporting import OutputFolder
    from coefficacy.worlds import simulate

    folder = OutputFolder.at(out, markers=("truth.json",), foreign="verdict.json")
    given = {"n_teams": teams, "team_size": team_size}
    options = {name: value for name, value in given.items() if value is not None}
    world = simulate(claim.upper(), seed=secrets.randbits(31) if seed is None else seed, null=null, **options)
    with folder.writing() as draft:
        world.write(draft)
    show_world(world, folder.path)
    return Exit.DONE


def _writable(out: Path) -> OutputFolder:
    """The output folder, after checking that it and the one for interrupted draws may be written."""
    from coefficacy.reporting import partial_folder, result_folder

    folder = result_folder(out)
    partial_folder(folder.path)
    return folder


def _analyse(
    spec: ModelSpec,
    survey: Survey,
    folder: OutputFolder,
    sampling: Sampling,
    *,
    quiet: bool,
    simulated_note: str | None = None,
    refits: dict[str, int] | None = None,
    calibration: Calibration | None = None,
) -> Exit:
    """Fit, decide and write; on Ctrl-C keep the draws that are done beside the folder."""
    from coefficacy.cli.evidence import show_result
    from coefficacy.cli.show import checks_bar
    from coefficacy.reporting import write_partial, write_results
    from coefficacy.sampling import fit

    started = time.perf_counter()
    done: Fit | None = None
    try:
        done = fit(spec, survey, **asdict(sampling), progress=not quiet)
        from coefficacy.scores import Refits
        from coefficacy.verdicts import verdict

        with checks_bar(quiet=quiet) as progress:
            settings = Refits(seed=done.seed, **(refits or {}))
            decision = verdict(done, refits=settings, calibration=calibration, progress=progress)
        write_results(done, decision, folder, simulated_note=simulated_note)
    except (Interrupted, KeyboardInterrupt) as stopped:
        begun = getattr(stopped, "fit", None)
        raise _interrupted(done, begun, folder, simulated_note) from None
    except Exception as error:
        if done is not None:
            kept = write_partial(done, folder.path, simulated_note=simulated_note)
            error.add_note(f"The draws are kept in {kept}.")
        raise
    if not quiet:
        seconds = time.perf_counter() - started
        show_result(decision, folder.path, seconds=seconds, simulated=simulated_note is not None)
    return Exit.DONE if done.convergence.ok else Exit.NOT_CONVERGED


def _interrupted(
    done: Fit | None, begun: Fit | None, folder: OutputFolder, simulated_note: str | None
) -> Interrupted:
    """Keep the draws of a fit that is done, or begun, and return the error that says so."""
    from coefficacy.reporting import write_partial

    where = "interrupted during the checks" if done else "interrupted during sampling"
    fit = done or begun
    if fit is None:
        return Interrupted(Problem(where, f"no draw was done yet; {folder.path} is untouched."))
    kept = write_partial(fit, folder.path, simulated_note=simulated_note)
    sizes = fit.posterior.sizes
    draws = f"{sizes['draw']} draws in each of {sizes['chain']} chains are kept in {kept}"
    mend = f"Go on with: coefficacy report {kept}"
    return Interrupted(Problem(where, f"{draws}; {folder.path} is untouched.", mend))
