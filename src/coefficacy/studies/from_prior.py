"""Worlds drawn from a model's own prior: parameters, then the answers and outcomes of a survey's units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from coefficacy.errors import Problem, StudyError
from coefficacy.spec import ModelSpec, queries
from coefficacy.survey.nesting import plural

if TYPE_CHECKING:
    import xarray as xr

    from coefficacy.survey import Survey

__all__ = ["PriorWorlds", "answered", "observed_names", "prior_worlds", "quantities"]

_BATCH = 1000
_MOST_BATCHES = 100


@dataclass(frozen=True, slots=True)
class PriorWorlds:
    """Parameters drawn from the prior, and data drawn given them.

    Attributes
    ----------
    truth : (simulation, parameter), see :func:`quantities`; none is constant or a copy of another
    data : measure or outcome -> (simulation, ...) answers given, outcomes observed, as the model codes them
    tried : draws it took: those whose effects explain more than all the variance are no draws of the prior
    """

    truth: xr.DataArray
    data: dict[str, np.ndarray]
    tried: int


def prior_worlds(spec: ModelSpec, survey: Survey, n: int, *, seed: int) -> PriorWorlds:
    """Draw worlds from the prior of a model, for the units, items, columns and gaps of a survey.

    Columns that no equation explains stay as they are. A larger `n` begins with the worlds of a smaller one.

    Raises
    ------
    StudyError
        An outcome is not gaussian; hardly a draw keeps R² below one.
    """
    import xarray as xr

    from coefficacy.model import build
    from coefficacy.sampling import prior_predictive

    _refuse(spec)
    built, names = build(spec, survey, engine="explicit"), observed_names(spec)
    parts: list[tuple[xr.DataArray, dict[str, np.ndarray]]] = []
    batch = 0
    while sum(len(truth) for truth, _ in parts) < n:
        if batch == _MOST_BATCHES:
            what = f"fewer than {n} of {batch * _BATCH} draws of the prior keep R² below one."
            raise StudyError(Problem("prior", what, "Give narrower priors to the effects."))
        own = int(np.random.SeedSequence([seed, batch]).generate_state(1)[0])
        tree = prior_predictive(built, draws=_BATCH, seed=own)
        drawn = tree["prior_predictive"].to_dataset()
        data = {name: drawn[name].values[0] for name in names}
        prior = tree["prior"].to_dataset()
        found = quantities(spec, prior, built.parameters, {y: data[y] for y in queries.outcomes(spec)})
        good = np.isfinite(found.values[0]).all(axis=1)
        parts.append((found[0][good], {name: values[good] for name, values in data.items()}))
        batch += 1
    truth = xr.concat([truth for truth, _ in parts], "draw").rename(draw="simulation")
    return PriorWorlds(
        truth=_distinct(truth)[:n],
        data={name: np.concatenate([data[name] for _, data in parts])[:n] for name in names},
        tried=batch * _BATCH,
    )


def quantities(
    spec: ModelSpec, draws: xr.Dataset, parameters: Iterable[str], outcomes: dict[str, np.ndarray]
) -> xr.DataArray:
    """Return what is ranked: parameters, the latents of the first team, the log likelihood of outcomes.

    The likelihood is one of data and parameters together, which sees what no parameter by itself does
    (Modrák et al. 2023, doi:10.1214/23-BA1404); here it is that of the outcome given its linear predictor,
    latents of the teams included.

    Parameters
    ----------
    draws : variables with dims chain and draw, of the prior or a posterior
    outcomes : observed values by outcome, or one row a draw

    Returns
    -------
    xr.DataArray
        dims (chain, draw, parameter)
    """
    import xarray as xr
    from scipy.stats import norm

    from coefficacy.sampling.entries import parameter_entries

    team = queries.level_names(spec)[1]
    first = draws[f"{team}.latent"].isel({team: slice(0, 1)})
    parts = [parameter_entries(draws, parameters), parameter_entries(first.to_dataset(), [f"{team}.latent"])]
    for name, y in outcomes.items():
        stem = f"{team}.{name}"
        eta, sd = draws[f"{stem}.eta"].values, draws[f"sd({stem})"].values
        value = norm.logpdf(y, eta, sd[..., None]).sum(axis=-1)
        dims = ("chain", "draw", "parameter")
        parts.append(xr.DataArray(value[..., None], dims=dims, coords={"parameter": [f"log p({name})"]}))
    return xr.concat(parts, "parameter", coords="minimal", join="override", compat="override")


def answered(spec: ModelSpec, survey: Survey, data: dict[str, np.ndarray]) -> Survey:
    """Return the survey with the answers and outcomes of one world in place of its own; gaps stay."""
    for measure in spec.measures:
        coding, values = survey.coding[measure.name], survey.answers(measure.name).values
        given = ~np.isnan(values)
        values[given] = data[measure.name] + (coding.low if coding.family == "ordinal" else 0.0)
        for item, column in zip(survey.items[measure.name], values.T, strict=True):
            turned = coding.low + coding.high - column if item in coding.reversed else column  # type: ignore[operator]
            survey = survey.with_column(coding.level, item, turned)
    for outcome in queries.outcomes(spec):
        level = survey.coding[outcome].level
        column = np.array(survey.column(level, outcome).values, float)
        lowest = np.nanmin(column) if queries.family_of(spec, outcome).family == "ordinal" else 0.0
        column[~np.isnan(column)] = data[outcome] + lowest
        survey = survey.with_column(level, outcome, column)
    return survey


def observed_names(spec: ModelSpec) -> list[str]:
    """Return the measures and outcomes of a model, as its data are named."""
    return [*(m.name for m in spec.measures), *queries.outcomes(spec)]


def _refuse(spec: ModelSpec) -> None:
    team = queries.level_names(spec)[1]
    other = [
        y
        for y in queries.outcomes(spec)
        if queries.family_of(spec, y).family != "gaussian" or queries.regression(spec, team, y) is None
    ]
    if other:
        what = f"{other[0]} is no gaussian outcome of {plural(team)}."
        raise StudyError(Problem("calibration against the prior", what, "It is for such outcomes only."))


def _distinct(truth: xr.DataArray) -> xr.DataArray:
    """Leave out entries that never change and copies, such as half of a correlation matrix."""
    values, kept = truth.values, list[int]()
    for k in np.flatnonzero(np.ptp(values, axis=0) > 1e-9):
        if not any(np.allclose(values[:, k], values[:, j], rtol=1e-9, atol=1e-12) for j in kept):
            kept.append(int(k))
    return truth[:, kept]
