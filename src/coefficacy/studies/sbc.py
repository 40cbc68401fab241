"""Simulation-based calibration: data from the prior, fitted; ranks of the truth among the draws.

Fitted to worlds drawn from its own prior (:mod:`coefficacy.studies.from_prior`), an engine that samples the
posterior ranks the truth uniformly among its draws (Talts et al. 2018, arXiv:1804.06788; Modrák et al. 2023,
doi:10.1214/23-BA1404). Whether it does is seen by :mod:`coefficacy.studies.ranks`.

simuk, which does this for PyMC models, serves neither engine: it draws data from the model that is fitted
(the exact engine's holds densities only), keeps draws in which R² exceeds one and the effects are NaN,
samples by ``pm.sample``, which is not what is to be tested, and keeps nothing of a study that is killed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from coefficacy.spec import ModelSpec, dumps, loads, queries
from coefficacy.studies.from_prior import answered, prior_worlds, quantities
from coefficacy.studies.jobs import Job, Study
from coefficacy.studies.store import Store

if TYPE_CHECKING:
    import xarray as xr

    from coefficacy.sampling import Compiled, Convergence, Settings
    from coefficacy.survey import Survey

__all__ = ["DRAWS", "SbcInputs", "rank_world", "sbc_ranks", "sbc_study", "swapped_data", "truth_ranks"]

DRAWS = 99
"""Posterior draws among which the truth is ranked, unless others are asked for: a hundred ranks."""


@dataclass(frozen=True, slots=True)
class SbcInputs:
    """What a job needs: a model in its own text, the survey it was compiled with, and one world.

    Attributes
    ----------
    among : posterior draws among which the truth is ranked
    names : of the quantities that are ranked
    truth : (quantity,)
    data : measure or outcome -> answers given, outcomes observed
    """

    spec_text: str
    survey: Survey
    engine: str
    settings: Settings
    among: int
    names: tuple[str, ...]
    truth: np.ndarray
    data: dict[str, np.ndarray]


def sbc_study(
    spec: ModelSpec,
    survey: Survey,
    *,
    engine: str,
    sims: int,
    seed: int = 1,
    settings: Settings | None = None,
    among: int = DRAWS,
) -> Study:
    """Return the study that fits worlds from a model's prior and ranks the truth.

    The model is compiled with the survey and then given the data of each world, so default priors of
    measurement keep the unit of the survey's answers, as calibration needs: a prior that looks at the data is
    no prior to draw from.

    Parameters
    ----------
    survey : units, items, columns and the unit of gaussian items
    engine : ``"marginal"`` or ``"explicit"``
    sims : worlds; more of them go on with a store of fewer
    settings : of the first try; by default 2 chains of 1,000 draws after 500
    among : posterior draws among which the truth is ranked; fewer ask for less of a slow sampler

    Raises
    ------
    StudyError
        See :func:`coefficacy.studies.prior_worlds`.
    """
    from coefficacy.sampling import Settings

    settings = settings or Settings(draws=1000, tune=500, chains=2)
    worlds = prior_worlds(spec, survey, sims, seed=seed)
    names, text = tuple(map(str, worlds.truth["parameter"].values)), dumps(spec)
    jobs = tuple(
        Job(
            f"{k}",
            int(np.random.SeedSequence([seed, k]).generate_state(1)[0]),
            SbcInputs(
                text, survey, engine, settings, among, names, worlds.truth.values[k],
                {name: values[k] for name, values in worlds.data.items()},
            ),
        )
        for k in range(sims)
    )  # fmt: skip
    design = {
        "spec_hash": queries.spec_hash(spec), "survey": survey.data_hash, "n": survey.n,
        "engine": engine, "quantities": list(names),
    }  # fmt: skip
    return Study("sbc", rank_world, jobs, design, {**asdict(settings), "seed": seed, "ranked_among": among})


def rank_world(job: Job) -> dict[str, Any]:
    """Fit one world on one processor, a second time with stricter settings if chains hardly moved."""
    from coefficacy.sampling import compiled_model, limited_cores

    asked: SbcInputs = job.inputs
    spec = loads(asked.spec_text)
    with limited_cores(1):
        compiled = compiled_model(spec, asked.survey, engine=asked.engine)
        swapped = compiled.with_data(swapped_data(compiled, spec, asked))
        settings = asked.settings
        tree, gate = _sampled(swapped, settings, job.seed)
        if retried := not _usable(gate, asked.among):
            settings = _stricter(settings)
            tree, gate = _sampled(swapped, settings, job.seed + 1)
    outcomes = {y: asked.data[y] for y in queries.outcomes(spec)}
    drawn = quantities(spec, tree["posterior"].to_dataset(), compiled.built.parameters, outcomes)
    return {
        "ranks": truth_ranks(
            drawn.sel(parameter=list(asked.names)).values, asked.truth, asked.among
        ).tolist(),
        "usable": _usable(gate, asked.among),
        "gate": gate.ok,
        "retried": retried,
        "rhat_max": round(gate.rhat_max, 4),
        "ess_min": round(gate.ess_min, 1),
        "divergences": gate.divergences,
        "draws": settings.draws,
    }


def truth_ranks(draws: np.ndarray, truth: np.ndarray, among: int = DRAWS) -> np.ndarray:
    """Count the draws below the truth, of so many that lie equally far apart.

    Parameters
    ----------
    draws : (chain, draw, quantity)
    truth : (quantity,)
    """
    flat = draws.reshape(-1, draws.shape[-1])
    kept = np.linspace(0, len(flat) - 1, among).round().astype(int)
    return np.sum(flat[kept] < truth, axis=0)


def sbc_ranks(store: Store, *, usable: bool = True) -> xr.DataArray:
    """Return the ranks of a study.

    Parameters
    ----------
    usable : only of fits whose draws can be ranked among: a smallest ESS as large as there are ranks, r_hat
        at most 1 + 5 / ranks, at most 0.1% divergent. Which fits these are depends on the data and the
        sampler's seed, not on the truth, so uniform ranks stay uniform

    Returns
    -------
    xr.DataArray
        dims (simulation, quantity), whole numbers from 0 to the attribute ``among``
    """
    import xarray as xr

    rows = [r for r in store.rows if r.result is not None and (r.result["usable"] or not usable)]
    names, among = store.headers[0].design["quantities"], store.headers[0].settings["ranked_among"]
    return xr.DataArray(
        np.array([r.result["ranks"] for r in rows if r.result], int).reshape(len(rows), len(names)),
        dims=("simulation", "quantity"),
        coords={"simulation": [r.key for r in rows], "quantity": names},
        attrs={"among": among},
    )


def _sampled(compiled: Compiled, settings: Settings, seed: int) -> tuple[xr.DataTree, Convergence]:
    from coefficacy.sampling import judge

    tree = compiled.sample(**asdict(settings), seed=seed)
    built = compiled.built
    return tree, judge(tree, built.parameters, constant_entries=built.constant_entries)


def _stricter(settings: Settings) -> Settings:
    """Smaller steps and twice as many: as a rule enough to rank among, at half the cost of the gate's own."""
    return replace(settings, draws=2 * settings.draws, tune=2 * settings.tune, target_accept=0.95)


def _usable(gate: Convergence, among: int) -> bool:
    divergent = any("diverged" in failure for failure in gate.failures)
    ranks = among + 1
    return gate.ess_min >= ranks and gate.rhat_max <= 1 + 5 / ranks and not divergent


def swapped_data(compiled: Compiled, spec: ModelSpec, asked: SbcInputs) -> dict[str, np.ndarray]:
    """What the engine makes of the world's answers and outcomes, by name of the data that may be swapped."""
    from coefficacy.model import build

    model = build(spec, answered(spec, asked.survey, asked.data), engine=asked.engine).model
    return {name: model[name].get_value() for name in compiled.built.refit_data}
