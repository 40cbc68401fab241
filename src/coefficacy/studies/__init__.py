"""Many fits: a study is a list of independent, seeded jobs, run on any executor of ``concurrent.futures``.

| module | holds |
|---|---|
| `jobs` | `Study`, `Job`, and the `Row` that a job comes to |
| `run`, `pool` | `run_study`; processes of our own, one thread each |
| `store` | results on disk as they come, so that a killed study goes on where it was |
| `imitation`, `designs` | models that a world imitates; the design of a survey, made or planned |
| `verdicts` | worlds to simulate, fit and judge, cell by cell |
| `planted` | worlds of any model, drawn from its own priors with the effect in question held |
| `calibration` | error rates of the verdict for one model and design |
| `power` | rates of support over designs: how many teams it takes |
| `recovery` | worlds of a claim, fitted: is what was planted in its interval, and what is said of it |
| `sbc`, `from_prior` | worlds drawn from a model's own prior, fitted; ranks of the truth among the draws |
| `ranks` | simultaneous bands for ranks that should be uniform |
"""

from __future__ import annotations

from coefficacy.studies.calibration import EFFECTS, calibrate, calibration_cells
from coefficacy.studies.designs import design_of, planned_design
from coefficacy.studies.from_prior import PriorWorlds, prior_worlds
from coefficacy.studies.imitation import imitate
from coefficacy.studies.jobs import Job, Row, Study
from coefficacy.studies.planted import planted_study, planted_worlds
from coefficacy.studies.power import Needed, Power, PowerCell, teams_needed
from coefficacy.studies.ranks import RankBand, rank_band, rank_counts, uniformity
from coefficacy.studies.recovery import Recovered, recovered, recovery_study
from coefficacy.studies.run import run_study
from coefficacy.studies.sbc import DRAWS, sbc_ranks, sbc_study
from coefficacy.studies.store import Header, Store, read_store, source_hash
from coefficacy.studies.verdicts import Cell, Sampling, count, judge_world, verdict_study
from coefficacy.worlds import Design, Scale

__all__ = [
    "DRAWS",
    "EFFECTS",
    "Cell",
    "Design",
    "Header",
    "Job",
    "Needed",
    "Power",
    "PowerCell",
    "PriorWorlds",
    "RankBand",
    "Recovered",
    "Row",
    "Sampling",
    "Scale",
    "Store",
    "Study",
    "calibrate",
    "calibration_cells",
    "count",
    "design_of",
    "imitate",
    "judge_world",
    "planned_design",
    "planted_study",
    "planted_worlds",
    "prior_worlds",
    "rank_band",
    "rank_counts",
    "read_store",
    "recovered",
    "recovery_study",
    "run_study",
    "sbc_ranks",
    "sbc_study",
    "source_hash",
    "teams_needed",
    "uniformity",
    "verdict_study",
]
