"""Cells of worlds: which jobs they are, what is counted, and that the short cut gives the verdict."""

from __future__ import annotations

import pickle
from collections import Counter
from dataclasses import replace

import pytest

import coefficacy as co
from coefficacy.spec import loads
from coefficacy.studies import (
    Cell,
    Design,
    Job,
    Row,
    Sampling,
    count,
    judge_world,
    planned_design,
    verdict_study,
)
from coefficacy.studies.verdicts import cell_jobs
from coefficacy.verdicts import ErrorRates

SPEC = co.load_model("C4")
DESIGN = planned_design(SPEC, 12, 4)
CELLS = tuple(Cell(f"{effect:g}", SPEC, DESIGN, effect, worlds) for effect, worlds in ((0.0, 20), (0.3, 5)))


def cells_of(jobs: tuple[Job, ...]) -> Counter[str]:
    return Counter(job.key.partition("/")[0] for job in jobs)


def test_all_cells_are_equally_far_at_any_time() -> None:
    jobs = cell_jobs(CELLS, Sampling())
    assert len(jobs) == 25
    for begun in range(0, 26, 5):
        done = cells_of(jobs[:begun])
        assert abs(done["0"] / 20 - done["0.3"] / 5) <= 0.2
    assert {job.key for job in cell_jobs(CELLS, Sampling(), 0.1)} == {"0/0", "0/1", "0.3/0"}


def test_worlds_of_one_number_share_their_seed_and_jobs_can_be_pickled() -> None:
    seeds = {job.key: job.seed for job in cell_jobs(CELLS, Sampling())}
    assert seeds["0/3"] == seeds["0.3/3"]
    assert len(set(seeds.values())) == 20
    assert seeds["0/3"] != {job.key: job.seed for job in cell_jobs(CELLS, Sampling(seed=2))}["0/3"]
    study = verdict_study("worlds", CELLS, sampling=Sampling(), design={})
    assert pickle.loads(pickle.dumps(study)) == study


def test_verdicts_failures_and_fits_that_did_not_converge_are_counted_apart() -> None:
    def row(k: int, verdict: str, converged: bool = True) -> Row:
        return Row(f"0/{k}", {"verdict": verdict, "converged": converged})

    rows = [
        row(0, "supported"), row(1, "refuted"), row(2, "cannot tell"), row(3, "cannot tell", False),
        Row("0/4", None, "FitError: fit: no"), Row("0.3/0", {"verdict": "supported", "converged": True}),
        row(20, "supported"),
    ]  # fmt: skip
    found = count(rows, CELLS[0])
    assert found == ErrorRates(0.0, supported=1, refuted=1, cannot_tell=2, failed=1, not_converged=1)
    assert found.n == 4


@pytest.mark.slow
@pytest.mark.calibration
def test_the_short_cut_gives_the_verdict_of_the_whole_rule() -> None:
    """Two worlds fitted again with the rival: one that the effect settles, one that it does not."""
    gaussian = tuple(replace(m, family="gaussian", scale=None) for m in SPEC.measures)
    design = Design.balanced(40, 10, reliability=0.7, family="gaussian")
    cells = [Cell(f"{e:g}", replace(SPEC, measures=gaussian), design, e, 1) for e in (0.0, 0.5)]
    sampling = Sampling(draws=500, tune=500)
    for job in cell_jobs(cells, sampling):
        found = judge_world(job)
        world = co.simulate("C4", seed=job.seed, design=design, effect=job.inputs.effect, driver=0.0)
        spec = loads(job.inputs.spec_text)
        survey = co.read_survey(spec, **dict(world.tables))
        fit = co.fit(spec, survey, seed=job.seed, progress=False, draws=500, tune=500)
        assert co.verdict(fit).verdict == found["verdict"]
