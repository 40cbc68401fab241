"""Many fits: a study is a list of independent, seeded jobs, run on any executor of ``concurrent.futures``.

| module | holds |
|---|---|
| `jobs` | `Study`, `Job`, and the `Row` that a job comes to |
| `run`, `pool` | `run_study`; processes of our own, one thread each |
| `store` | results on disk as they come, so that a killed study goes on where it was |
"""

from __future__ import annotations

from coefficacy.studies.jobs import Job, Row, Study
from coefficacy.studies.run import run_study
from coefficacy.studies.store import Header, Store, read_store, source_hash

__all__ = ["Header", "Job", "Row", "Store", "Study", "read_store", "run_study", "source_hash"]
