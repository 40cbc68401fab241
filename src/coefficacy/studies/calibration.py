"""Error rates of the verdict for a user's own model and design."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import asdict
from pathlib import Path

from coefficacy.errors import Problem, StudyError
from coefficacy.spec import ModelSpec, queries
from coefficacy.studies.imitation import CLAIM, WORLD, imitate
from coefficacy.studies.planted import OWN_WORLD, planted_design, planted_study
from coefficacy.studies.run import Tell, run_study
from coefficacy.studies.verdicts import Cell, Sampling, counted_verdicts, verdict_study
from coefficacy.survey import Survey
from coefficacy.verdicts import Calibration
from coefficacy.worlds import Design, simulate

__all__ = ["EFFECTS", "calibrate", "calibration_cells"]

EFFECTS = (0.0, 0.1, 0.3)
"""None, a trivial one, a real one."""


def calibrate(
    spec: ModelSpec,
    design: Design | Survey,
    *,
    sims: int = 100,
    effects: Sequence[float] = EFFECTS,
    sampling: Sampling | None = None,
    store: str | Path | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    progress: Tell | None = None,
) -> Calibration:
    """Measure how often the rule says what, in worlds of this design.

    With a `Design`, worlds are those of the flagship, for models with its measures and equations. With a
    survey they are drawn from the model's own priors, for its units, columns, items and missing answers: any
    model with measures and a question, whatever its outcomes and the families of its items. Priors that are
    wide make worlds that differ widely; write narrower ones to say what your teams are like.

    Parameters
    ----------
    design : of a survey (:func:`coefficacy.studies.design_of`), ``Design.balanced(40, 8)``, or the survey
    sims : worlds of each effect
    effects : standardised, planted one after the other, in the direction of the question
    store : file that the worlds are kept in; more effects or worlds go on with it
    executor, workers, progress : see :func:`coefficacy.studies.run_study`

    Raises
    ------
    StudyError
        No world imitates the model; the store belongs to something else; the executor broke.
    Interrupted
        On Ctrl-C; says what is kept.

    Examples
    --------
    >>> design = Design.balanced(40, 8, family="gaussian")                    # doctest: +SKIP
    >>> co.calibrate(spec, design, sims=200, store="worlds.jsonl").sentence()  # doctest: +SKIP
    """
    sampling = sampling or Sampling()
    effects = _checked(sims, effects)
    if isinstance(design, Survey):
        study = planted_study(spec, design, sims=sims, effects=effects, sampling=sampling)
        world, about = OWN_WORLD, planted_design(spec, design)
    else:
        cells = calibration_cells(spec, design, sims=sims, effects=effects)
        world, about = WORLD, design.as_dict()
        named = {"world": CLAIM, "spec_hash": queries.spec_hash(spec), "design": about}
        study = verdict_study("worlds", cells, sampling=sampling, design=named)
    kept = run_study(study, store=store, executor=executor, workers=workers, progress=progress)
    wanted = {job.key for job in study.jobs}
    rows = [row for row in kept.rows if row.key in wanted]
    return Calibration(
        model=spec.title or queries.spec_hash(spec)[:12],
        spec_hash=queries.spec_hash(spec),
        world=world,
        design=about,
        settings=asdict(sampling),
        rates=tuple(counted_verdicts(rows, f"{effect:g}", effect, sims) for effect in effects),
        failures=tuple(dict.fromkeys(row.error for row in rows if row.error)),
        source=dict(Counter(row.source for row in rows)),
        versions=kept.headers[-1].versions,
        seconds=round(sum(row.seconds for row in rows), 1),
    )


def _checked(sims: int, effects: Sequence[float]) -> tuple[float, ...]:
    if sims < 1 or not effects:
        raise StudyError(Problem("calibrate", f"{sims} worlds of {len(effects)} effects.", "Ask for some."))
    return tuple(dict.fromkeys(map(float, effects)))


def calibration_cells(
    spec: ModelSpec, design: Design, *, sims: int, effects: Sequence[float] = EFFECTS
) -> tuple[Cell, ...]:
    """Return one cell an effect, after checking that its worlds can be made and read.

    Raises
    ------
    StudyError, CoefficacyError
        No world imitates the model; too few worlds; an effect that is impossible.
    """
    effects, fitted = _checked(sims, effects), imitate(spec, design)
    for effect in effects:
        simulate(CLAIM, seed=0, design=design, effect=effect, driver=0.0)
    return tuple(Cell(f"{effect:g}", fitted, design, effect, sims) for effect in effects)
