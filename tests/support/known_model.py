"""A fit whose draws are all the truth, and data drawn from it: nothing is sampled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd
import xarray as xr

from coefficacy.checks.predictive.copies import Copies
from coefficacy.checks.predictive.draws import Draws
from coefficacy.checks.predictive.latent_model import LatentModel
from coefficacy.checks.predictive.latents import draw_latents, linear
from coefficacy.sampling import Fit
from coefficacy.sampling.convergence import Convergence
from coefficacy.spec import ModelSpec, loads
from coefficacy.survey import Survey, read_survey

TEXT = """
[levels]
person = "person_id"
team = "team_id"
layer = "layer"
[measures.belief]
items = ["b_*"]
family = "ordinal"
scale = [1, 5]
[measures.skill]
items = ["s_*"]
aggregate = "members"
[person]
belief = "skill + x"
[team]
belief = "skill + z + (1 | layer)"
y = "belief + skill + z + (1 | layer)"
"""
N_TEAMS, SIZE, N_LAYERS = 40, 6, 4
PARAMETERS: dict[str, object] = {
    "belief.threshold": [[-2.0, -0.7, 0.6, 2.0], [-1.5, -0.5, 0.5, 1.5], [-2.5, -1.0, 0.0, 1.2]],
    "belief.loading": [1.0, 1.3, 0.8],
    "belief.item_sd": [0.2, 0.3, 0.25],
    "skill.intercept": [10.0, 8.0],
    "skill.loading": [0.7, 0.9],
    "skill.residual_sd": [0.6, 0.5],
    "skill.item_sd": [0.05, 0.05],
    "person.belief": [0.4, 0.3],
    "person.skill": [0.2],
    "team.belief": [0.5, 0.3],
    "team.skill": [0.2],
    "sd(team.belief)": 0.5,
    "sd(team.skill)": 0.4,
    "sd(team.belief | layer)": [0.3],
    "sd(team.skill | layer)": [0.2],
    "team.y": [0.5, 0.2, 0.3],
    "sd(team.y)": 0.7,
}


@dataclass(frozen=True)
class Known:
    """Truth repeated in every draw of `fit`, and `fit.survey` drawn from it."""

    fit: Fit
    latents: np.ndarray
    tables: dict[str, pd.DataFrame]


def bare_tables(seed: int) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    n = N_TEAMS * SIZE
    persons = pd.DataFrame(
        {"person_id": range(n), "team_id": np.repeat(range(N_TEAMS), SIZE), "x": rng.normal(size=n)}
    )
    for k in range(3):
        persons[f"b_{k}"] = np.arange(n) % 5 + 1.0
    for k in range(2):
        persons[f"s_{k}"] = rng.normal(size=n)
    layer = np.arange(N_TEAMS) % N_LAYERS
    teams = pd.DataFrame({"team_id": range(N_TEAMS), "layer": layer, "z": rng.normal(size=N_TEAMS)})
    return {"persons": persons, "teams": teams.assign(y=rng.normal(size=N_TEAMS))}


def posterior_of(
    spec: ModelSpec, survey: Survey, latents: np.ndarray, eta: np.ndarray, n_draws: int, **changes: object
) -> xr.Dataset:
    """All draws the same: dims (chain: 2, draw: n_draws / 2, ...)."""
    known = {**PARAMETERS, **changes}
    values = {name: np.asarray(v, float) for name, v in known.items()}
    variables = {
        name: (("chain", "draw", *(f"{name}_{k}" for k in range(v.ndim))), _repeated(v, n_draws))
        for name, v in values.items()
    }
    variables["team.latent"] = (("chain", "draw", "team", "team.name"), _repeated(latents, n_draws))
    variables["team.y.eta"] = (("chain", "draw", "team"), _repeated(eta, n_draws))
    names = list(LatentModel.of(spec, survey).layouts["team"].latents)
    return xr.Dataset(variables, coords={"team.name": names, "team": survey.levels["team"]["team"].values})


def _repeated(values: np.ndarray, n_draws: int) -> np.ndarray:
    return np.broadcast_to(values, (2, n_draws // 2, *values.shape)).copy()


def as_fit(spec: ModelSpec, survey: Survey, posterior: xr.Dataset, engine: str = "explicit") -> Fit:
    fine = Convergence(
        ok=True, rhat_max=1.0, ess_min=500.0, divergences=0, failures=(), advice=(), retried=False
    )
    tree = xr.DataTree.from_dict({"posterior": posterior})
    return Fit(spec, survey, tree, engine, "for a test", 1, {}, {}, fine)


@cache
def known(seed: int = 1, n_draws: int = 200) -> Known:
    """Draw latents from their equations, then data of the same teams."""
    spec, tables = loads(TEXT), bare_tables(seed)
    bare = read_survey(spec, **tables)
    rng, model = np.random.default_rng([seed, 1]), LatentModel.of(spec, bare)
    nothing = np.zeros((N_TEAMS, 2))
    one = Draws(posterior_of(spec, bare, nothing, nothing[:, 0], 2).isel(chain=[0]))
    layout, index = model.layouts["team"], bare.index("team", "layer")
    effects = {"belief": 0.3, "skill": 0.2}
    upper = {name: sd * rng.normal(size=N_LAYERS)[index] for name, sd in effects.items()}
    found = draw_latents(one, spec, bare, layout, rng, upper=upper).value
    eta = linear(one, "team.y", layout.columns["y"], found, (1, N_TEAMS))[0]
    eta = eta + 0.3 * rng.normal(size=N_LAYERS)[index]
    latents = np.stack([found[name][0] for name in layout.latents], axis=1)
    posterior = posterior_of(spec, bare, latents, eta, n_draws)
    data = model.copies(Draws(posterior.isel(chain=[0], draw=[0])), False, rng)
    full = with_data(tables, data)
    return Known(as_fit(spec, read_survey(spec, **full), posterior), latents, full)


def with_data(tables: dict[str, pd.DataFrame], data: Copies) -> dict[str, pd.DataFrame]:
    answers = {f"b_{k}": data.answers["belief"][0, :, k] + 1 for k in range(3)}
    answers |= {f"s_{k}": data.answers["skill"][0, :, k] for k in range(2)}
    return {
        "persons": tables["persons"].assign(**answers),
        "teams": tables["teams"].assign(y=data.outcomes["y"][0]),
    }


def changed(source: Known, level: str = "persons", **columns: np.ndarray) -> Fit:
    """The same draws beside other data."""
    tables = {**source.tables, level: source.tables[level].assign(**columns)}
    return replace(source.fit, survey=read_survey(source.fit.spec, **tables))


def with_parameters(source: Known, **values: object) -> Fit:
    """The same data beside other draws."""
    posterior = source.fit.posterior
    for name, value in values.items():
        posterior[name] = posterior[name].copy(data=np.broadcast_to(value, posterior[name].shape))
    return as_fit(source.fit.spec, source.fit.survey, posterior)
