"""Worlds to simulate, fit and judge: the jobs behind error rates and power."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from coefficacy.spec import ModelSpec, dumps, loads
from coefficacy.studies.imitation import CLAIM
from coefficacy.studies.jobs import Job, Row, Study
from coefficacy.verdicts import ErrorRates
from coefficacy.worlds import Design

if TYPE_CHECKING:
    from coefficacy.survey import Survey

__all__ = [
    "Cell",
    "Inputs",
    "Sampling",
    "cell_jobs",
    "count",
    "judge_world",
    "judged",
    "verdict_study",
    "world_seed",
]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How every world is sampled, with one retry as users have it.

    Attributes
    ----------
    seed : makes the worlds
    every_rival : fit the rival even where the answer does not depend on it
    """

    draws: int = 1000
    tune: int = 1000
    chains: int = 4
    seed: int = 1
    every_rival: bool = False


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a job needs: a model in its own text, the design and the planted effect."""

    spec_text: str
    design: Design
    effect: float
    sampling: Sampling


@dataclass(frozen=True, slots=True)
class Cell:
    """Worlds of one design with one planted effect.

    Attributes
    ----------
    name : keys of its jobs begin with it
    spec : fitted, see :func:`coefficacy.studies.imitation.imitate`
    worlds : how many are wanted
    """

    name: str
    spec: ModelSpec
    design: Design
    effect: float
    worlds: int


def judge_world(job: Job) -> dict[str, Any]:
    """Simulate, fit and judge one world, on one processor.

    Unless asked otherwise the rival is fitted only where the answer depends on it; elsewhere `p_better` and
    `p_check` are None.
    """
    from coefficacy.survey import read_survey
    from coefficacy.worlds import simulate

    asked: Inputs = job.inputs
    # The driver is part of the residual for any model: leaving it out makes room for larger effects.
    world = simulate(CLAIM, seed=job.seed, design=asked.design, effect=asked.effect, driver=0.0)
    spec, sampling = loads(asked.spec_text), asked.sampling
    tables = world.tables
    survey = read_survey(spec, persons=tables["persons"], teams=tables["teams"], layers=tables["layers"])
    return judged(spec, survey, job.seed, sampling)


def judged(spec: ModelSpec, survey: Survey, seed: int, sampling: Sampling) -> dict[str, Any]:
    """Fit and judge one world, on one processor; see :func:`judge_world`."""
    from coefficacy.sampling import fit, limited_cores
    from coefficacy.verdicts import answer_without_rival, evidence_of_effect, verdict

    with limited_cores(1):
        done = fit(
            spec, survey, seed=seed, progress=False,
            draws=sampling.draws, tune=sampling.tune, chains=sampling.chains,
        )  # fmt: skip
        answer = None if sampling.every_rival else answer_without_rival(done)
        decision = verdict(done) if answer is None else None
    evidence, gate = evidence_of_effect(done), done.convergence
    return {
        "verdict": decision.verdict if decision else answer,
        "lower": evidence.lower,
        "p_below": evidence.p_below,
        "p_better": decision.elpd["p_better"] if decision and decision.elpd else None,
        "p_check": decision.ppc["p_value"] if decision and decision.ppc else None,
        "converged": gate.ok,
        "retried": gate.retried,
        "engine": done.engine,
        "sample_seconds": round(done.seconds["sample"], 2),
    }


def verdict_study(
    name: str,
    cells: Iterable[Cell],
    *,
    sampling: Sampling,
    design: Mapping[str, Any],
    share: float = 1.0,
) -> Study:
    """Return the study that judges the worlds of all cells, all cells equally far at any time.

    Parameters
    ----------
    design : what the store's header says of it
    share : of every cell's worlds, the first ones
    """
    return Study(name, judge_world, cell_jobs(cells, sampling, share), dict(design), asdict(sampling))


def cell_jobs(cells: Iterable[Cell], sampling: Sampling, share: float = 1.0) -> tuple[Job, ...]:
    """Return the jobs of all cells, interleaved; worlds of one number have the same seed in every cell."""
    placed = []
    for cell in cells:
        inputs = Inputs(dumps(cell.spec), cell.design, cell.effect, sampling)
        for k in range(max(1, round(share * cell.worlds))):
            placed.append(
                ((k + 0.5) / cell.worlds, Job(f"{cell.name}/{k}", world_seed(sampling.seed, k), inputs))
            )
    return tuple(job for _, job in sorted(placed, key=lambda one: one[0]))


def world_seed(seed: int, number: int) -> int:
    """Return the seed of the world of a number, in whatever cell."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])


def count(rows: Iterable[Row], cell: Cell) -> ErrorRates:
    """Return the verdicts of a cell's worlds among `rows`, those beyond the wanted number left out."""
    return counted_verdicts(rows, cell.name, cell.effect, cell.worlds)


def counted_verdicts(rows: Iterable[Row], name: str, effect: float, worlds: int) -> ErrorRates:
    """Return the verdicts of the first so many worlds of the cell of a name."""
    keys = {f"{name}/{k}" for k in range(worlds)}
    mine = [row for row in rows if row.key in keys]
    results = [row.result for row in mine if row.result is not None]
    answers = Counter(r["verdict"] for r in results)
    return ErrorRates(
        effect=effect,
        supported=answers["supported"],
        refuted=answers["refuted"],
        cannot_tell=answers["cannot tell"],
        failed=len(mine) - len(results),
        not_converged=sum(not r["converged"] for r in results),
    )
