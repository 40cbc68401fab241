"""Worlds of a claim, simulated and fitted: is the truth in its interval, and what is said of the claim?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coefficacy.studies.jobs import Job, Row, Study

__all__ = ["Recovered", "recovered", "recovery_study"]

LEVEL = 0.90
"""Of the intervals that are held against the truth; equal-tailed."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """One quantity over the worlds of a study.

    Attributes
    ----------
    name : ``"estimand.variable"`` as in ``verdict.json``
    worlds, covered : fitted worlds, and those of them whose 90% interval holds the truth
    bias, bias_se : mean of posterior mean minus truth, and its standard error over worlds
    z_sd : SD over worlds of (posterior mean minus truth) / posterior SD; about 1 if intervals are right
    """

    name: str
    worlds: int
    covered: int
    bias: float
    bias_se: float
    z_sd: float


def recovery_study(
    claim: str,
    *,
    planted: int,
    null: int,
    options: Mapping[str, Any] | None = None,
    sampling: Mapping[str, Any] | None = None,
    seed: int = 1,
) -> Study:
    """Return the study that fits worlds of a claim by their own model files.

    Parameters
    ----------
    claim : code with a world, see `coefficacy.worlds.CLAIMS`
    planted, null : worlds with and without what the claim says
    options : of the claim's simulator, e.g. ``{"n_teams": 40}``
    sampling : of :func:`coefficacy.fit`
    """
    options, sampling = dict(options or {}), dict(sampling or {})
    jobs = tuple(
        Job(
            f"{kind}/{k}",
            int(np.random.SeedSequence([seed, k, kind == "null"]).generate_state(1)[0]),
            (claim, options | ({"null": True} if kind == "null" else {}), sampling),
        )
        for kind, n in (("planted", planted), ("null", null))
        for k in range(n)
    )
    return Study(f"recovery of {claim}", _recover, jobs, {"claim": claim, **options}, sampling)


def _recover(job: Job) -> dict[str, Any]:
    from coefficacy.estimands import estimate
    from coefficacy.sampling import fit, limited_cores
    from coefficacy.spec import loads
    from coefficacy.survey import read_survey
    from coefficacy.verdicts import verdict
    from coefficacy.verdicts.estimands import answers, first_answered
    from coefficacy.worlds import simulate

    claim, options, sampling = job.inputs
    world = simulate(claim, seed=job.seed, **options)
    spec, tables = loads(world.spec_text), dict[str, Any](world.tables)
    with limited_cores(1):
        done = fit(spec, read_survey(spec, **tables), seed=job.seed, progress=False, **sampling)
        said = answers(done)
        main = first_answered(said)
        decision = verdict(done).verdict if main is None or spec.question else main.answer
    truths = world.truth["estimands"]
    drawn = {kind: said[kind].found if kind in said else estimate(done, kind) for kind in truths}
    found = {
        f"{kind}.{name}": _against(drawn[kind], name, truth)
        for kind, planted in truths.items()
        for name, truth in planted.items()
    }
    gate = done.convergence
    return {
        "verdict": decision,
        "answers": {kind: one.answer for kind, one in said.items() if one.answer},
        "found": found,
        "converged": gate.ok,
        "retried": gate.retried,
        "rhat_max": gate.rhat_max,
        "ess_min": gate.ess_min,
        "divergences": gate.divergences,
        "engine": done.engine,
    }


def _against(found: Any, name: str, truth: float) -> dict[str, float]:
    from coefficacy.verdicts.estimands import entries_of

    variable, _, label = name.partition("[")
    draws = entries_of(found[variable])[f"{variable}[{label}" if label else variable]
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return {
        "truth": float(truth),
        "mean": float(draws.mean()),
        "sd": float(draws.std(ddof=1)),
        "low": float(low),
        "high": float(high),
    }


def recovered(rows: Iterable[Row]) -> tuple[tuple[Recovered, ...], Counter[str]]:
    """Return every quantity's recovery over the rows of planted or null worlds, and the verdicts counted."""
    results = [row.result for row in rows if row.result is not None]
    names = dict.fromkeys(name for result in results for name in result["found"])
    quantities = tuple(_recovered(name, [r["found"][name] for r in results]) for name in names)
    return quantities, Counter(result["verdict"] for result in results)


def _recovered(name: str, found: list[dict[str, float]]) -> Recovered:
    error = np.array([one["mean"] - one["truth"] for one in found])
    spread = np.array([one["sd"] for one in found])
    n = len(found)
    return Recovered(
        name=name,
        worlds=n,
        covered=sum(one["low"] <= one["truth"] <= one["high"] for one in found),
        bias=float(error.mean()),
        bias_se=float(error.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan"),
        z_sd=float((error / spread).std(ddof=1)) if n > 1 else float("nan"),
    )
