"""A fit and a verdict with the right shapes and invented draws: nothing is sampled."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import xarray as xr

from coefficacy.sampling import Fit
from coefficacy.sampling.convergence import Convergence, Settings
from coefficacy.spec import ModelSpec, load_model, spec_hash
from coefficacy.survey import Survey, read_survey
from coefficacy.verdicts import Verdict
from coefficacy.worlds import simulate

CHAINS, DRAWS = 2, 100
LATENTS = ("collective_efficacy", "self_efficacy", "competence")
TERMS = ("collective_efficacy", "self_efficacy", "competence", "prior_performance")
EFFECT = "team.adaptation ~ collective_efficacy"


@cache
def flagship_survey(n_teams: int) -> tuple[ModelSpec, Survey]:
    spec = load_model("adaptation")
    tables = simulate("C4", seed=1, n_teams=n_teams).tables
    return spec, read_survey(
        spec, persons=tables["persons"], teams=tables["teams"], layers=tables.get("layers")
    )


def flagship_fit(n_teams: int = 12, *, converged: bool = True, checks: bool = True) -> Fit:
    spec, survey = flagship_survey(n_teams)
    rng = np.random.default_rng(1)
    teams = survey.levels["team"]["team"].values
    truth = rng.normal(size=(len(teams), len(LATENTS)))
    draws = truth + rng.normal(0, 0.4, size=(CHAINS, DRAWS, *truth.shape))
    coefficients = rng.normal(0.3, 0.1, size=(CHAINS, DRAWS, len(TERMS)))
    dims = ("chain", "draw")
    posterior = xr.Dataset(
        {
            "team.latent": ((*dims, "team", "team.name"), draws),
            "team.adaptation": ((*dims, "team.adaptation.term"), 1.4 * coefficients),
            "team.adaptation.std": ((*dims, "team.adaptation.term"), coefficients),
            "sd(team.adaptation)": (dims, rng.gamma(20, 0.05, size=(CHAINS, DRAWS))),
            **_measurement(survey),
        },
        coords={
            "chain": range(CHAINS),
            "draw": range(DRAWS),
            "team": teams,
            "team.name": list(LATENTS),
            "team.adaptation.term": list(TERMS),
        },
    )
    groups = {"/posterior": posterior, "/sample_stats": _sample_stats()}
    return Fit(
        spec=spec,
        survey=survey,
        tree=xr.DataTree.from_dict(groups | ({"/checks": _checks()} if checks else {})),
        engine="explicit",
        engine_reason="the model has latents, each of them a variable",
        seed=1,
        seconds={"import": 4.0, "build": 0.5, "compile": 9.0, "sample": 30.0},
        versions={"python": "3.13.0", "coefficacy": "0.1.0", "pymc": "6.4.0"},
        convergence=_convergence(converged),
        settings=Settings(draws=DRAWS, tune=150, chains=CHAINS),
        parameters=("team.adaptation", "sd(team.adaptation)"),
    )


def _measurement(survey: Survey) -> dict[str, Any]:
    """Parameters of measures and of the equations of latents, without any spread."""
    dims = ("chain", "draw")

    def same(values: Any, *more: str, **coords: Any) -> xr.DataArray:
        array = np.broadcast_to(values, (CHAINS, DRAWS, *np.shape(values)))
        return xr.DataArray(array, dims=(*dims, *more), coords=coords)

    found: dict[str, Any] = {}
    exogenous = ["shared_mastery", "prior_performance"]
    for name in LATENTS:
        item, items = f"{name}.item", list(survey.items[name])
        size = [len(items)]
        found |= {
            f"{name}.{kind}": same(np.full(size, value), item, **{item: items})
            for kind, value in (("loading", 1.2), ("item_sd", 0.2), ("residual_sd", 0.8))
        }
        found[f"sd(team.{name})"] = same(0.5)
        group, term = f"team.{name}|layer.term", f"team.{name}.term"
        found[f"sd(team.{name} | layer)"] = same([0.2], group, **{group: ["1"]})
        found[f"team.{name}"] = same([0.1, 0.1], term, **{term: exogenous})
    term = "team.collective_efficacy.term"
    labels = ["shared_mastery", "self_efficacy", "competence", "prior_performance"]
    found["team.collective_efficacy"] = same([0.1, 0.3, 0.2, 0.1], term, **{term: labels})
    term = "person.collective_efficacy.term"
    found["person.collective_efficacy"] = same([0.4], term, **{term: ["self_efficacy"]})
    return found


def flagship_verdict(fit: Fit, **changes: Any) -> Verdict:
    draws = (
        fit.posterior["team.adaptation.std"]
        .sel({"team.adaptation.term": "collective_efficacy"})
        .values.ravel()
    )
    ok = fit.convergence.ok
    counts = fit.survey.n
    plain = Verdict(
        schema=1,
        claim="C4",
        model="adaptation",
        engine=fit.engine,
        seed=fit.seed,
        versions=fit.versions,
        data_hash=fit.survey.data_hash,
        spec_hash=spec_hash(fit.spec),
        n={"persons": counts["person"], "teams": counts["team"], "layers": counts["layer"]},
        converged={
            "ok": ok,
            "rhat_max": fit.convergence.rhat_max,
            "ess_min": fit.convergence.ess_min,
            "divergences": fit.convergence.divergences,
        },
        effect=_effect(draws),
        effect_raw=_effect(draws * 1.4),
        elpd={"rival": "competence_only", "diff": 5.2, "se": 3.1, "p_better": 0.953, "khat_max": None},
        ppc={"statistic": "residual correlation", "observed": 0.34, "p_value": 0.004},
        agreement={name: {"icc1": 0.2, "icc2": 0.6, "rwg_j": 0.8, "reliability": None} for name in LATENTS},
        estimands={},
        verdict="supported" if ok else "cannot tell",
        reasons=("The effect lies above the ROPE.",) if ok else ("The sampler did not converge.",),
        seconds=fit.seconds | {"checks": 20.0, "report": None},
    )
    return replace(plain, **changes)


def _effect(draws: np.ndarray) -> dict[str, Any]:
    low, high = np.quantile(draws, [0.025, 0.975])
    return {
        "name": EFFECT,
        "mean": float(draws.mean()),
        "sd": float(draws.std()),
        "q2_5": float(low),
        "q97_5": float(high),
        "p_positive": float((draws > 0).mean()),
        "p_rope": float((np.abs(draws) < 0.1).mean()),
    }


def _sample_stats() -> xr.Dataset:
    return xr.Dataset({"diverging": (("chain", "draw"), np.zeros((CHAINS, DRAWS), dtype=bool))})


def _checks() -> xr.Dataset:
    rng = np.random.default_rng(2)
    size = CHAINS * DRAWS
    return xr.Dataset(
        {
            "rival_check_observed": ("sample", rng.normal(0.34, 0.05, size=size)),
            "rival_check_replicated": ("sample", rng.normal(0, 0.12, size=size)),
        }
    )


def _convergence(ok: bool) -> Convergence:
    if ok:
        return Convergence(
            ok=True, rhat_max=1.004, ess_min=612.0, divergences=0, failures=(), advice=(), retried=False
        )
    return Convergence(
        ok=False,
        rhat_max=1.09,
        ess_min=41.0,
        divergences=31,
        failures=("31 of 200 draws diverged",),
        advice=("Take smaller steps.",),
        retried=True,
    )
