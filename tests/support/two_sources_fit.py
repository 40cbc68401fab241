"""A survey of two treatments and two mediators, and a fit of it whose parameters are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import xarray as xr

from coefficacy.model.layout import lay_out
from coefficacy.spec import ModelSpec, load_model
from coefficacy.survey import Survey, read_survey
from coefficacy.worlds import World, simulate_two_sources

SE, CE, Y = "self_efficacy", "collective_efficacy", "adaptation"
LICENCES, PROJECTS = "mean(licensed)", "shared_projects"
NAMES: dict[str, Any] = {"outcome": Y, "treatments": (LICENCES, PROJECTS), "mediators": (SE, CE)}


@cache
def world() -> World:
    return simulate_two_sources(seed=4, n_teams=24, team_size=5)


@cache
def survey() -> Survey:
    return read_survey(load_model("C5"), **world().tables)


def given_fit(
    teams: Mapping[str, Mapping[str, float]],
    sds: Mapping[str, float],
    *,
    within: float = 0.4,
    spec: ModelSpec | None = None,
) -> Any:
    """A fit of one draw: coefficients of the teams' equations by response and predictor, and residual SDs."""
    spec = spec or load_model("C5")
    columns = lay_out(spec, survey(), "team").columns
    found: dict[str, Any] = {}
    for response, coefficients in teams.items():
        terms = [c.label for c in columns[response]]
        values = [[[coefficients.get(term, 0.0) for term in terms]]]
        found[f"team.{response}"] = (("chain", "draw", f"team.{response}.term"), values)
        found[f"sd(team.{response})"] = (("chain", "draw"), [[sds[response]]])
        name = f"team.{response} | layer"
        found[f"sd({name})"] = (("chain", "draw", f"team.{response}|layer.term"), [[[0.3]]])
    found[f"person.{SE}"] = (("chain", "draw", f"person.{SE}.term"), [[[within]]])
    coords = {"chain": [0], "draw": [0], f"person.{SE}.term": ["licensed"]}
    for response in teams:
        coords[f"team.{response}.term"] = [c.label for c in columns[response]]
        coords[f"team.{response}|layer.term"] = ["1"]
    dataset = xr.Dataset(found, coords)
    return SimpleNamespace(spec=spec, survey=survey(), posterior=dataset)


def planted_fit(spec: ModelSpec | None = None) -> Any:
    """The fit whose parameters are those of the world."""
    truth = world().truth["parameters"]
    teams = {
        y: {
            x: truth[f"team.{y}[{x}]"]
            for x in (SE, CE, LICENCES, PROJECTS, "prior_performance")
            if f"team.{y}[{x}]" in truth
        }
        for y in (SE, CE, Y)
    }
    return given_fit(teams, {y: truth[f"sd(team.{y})"] for y in (SE, CE, Y)}, spec=spec)


def with_options(**options: Any) -> ModelSpec:
    """The model with other options of its estimand."""
    spec = load_model("C5")
    (asked,) = spec.estimands
    return replace(spec, estimands=(replace(asked, options=tuple((dict(asked.options) | options).items())),))


def simulated(
    rng: np.random.Generator, n: int, rho: tuple[float, float]
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Many teams with errors of mediators and outcome correlated, and true coefficients on the outcome."""
    e_se, e_ce, own = rng.normal(size=(3, n))
    error = rho[0] * e_se + rho[1] * e_ce + np.sqrt(1 - rho[0] ** 2 - rho[1] ** 2) * own
    licences, projects = rng.normal(size=(2, n))
    projects = 0.4 * licences + projects
    values = {LICENCES: licences, PROJECTS: projects}
    values[SE] = 0.6 * licences + 0.1 * projects + 0.5 * e_se
    values[CE] = 0.2 * licences + 0.5 * projects + 0.7 * values[SE] + 0.8 * e_ce
    true = {SE: 0.3, CE: -0.4, LICENCES: 0.2, PROJECTS: 0.1}
    values[Y] = sum(b * values[x] for x, b in true.items()) + 1.2 * error
    return values, true


def regressed(values: Mapping[str, np.ndarray], y: str, predictors: tuple[str, ...]) -> dict[str, float]:
    """Least squares: coefficients, and ``"sd"`` of the residual."""
    x = np.column_stack([values[name] for name in predictors])
    b, *_ = np.linalg.lstsq(x, values[y], rcond=None)
    return {**dict(zip(predictors, b.tolist(), strict=True)), "sd": float(np.std(values[y] - x @ b))}
