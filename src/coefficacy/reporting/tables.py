"""Tables of a result: the units' latents and the parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from coefficacy.dims import SAMPLE

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from coefficacy.sampling import Fit
    from coefficacy.spec import ModelSpec

__all__ = ["UnitLevel", "team_estimates", "unit_level"]

PEOPLE = frozenset(
    (
        *("person", "people", "individual", "member", "respondent", "participant", "subject", "employee"),
        *("worker", "soldier", "pupil", "student", "child", "player", "patient"),
    )
)
"""Names of levels whose units are people, also where each of them answered several times."""
_QUANTILES = {"q2_5": 0.025, "q97_5": 0.975}


@dataclass(frozen=True, slots=True)
class UnitLevel:
    """The level whose units are reported: the question's, or the lowest above people.

    Attributes
    ----------
    name, above : the level and the one above it (empty: none)
    lowest : the smallest units, of which a team has `n`
    personal : whether the units are those of the lowest level, or people, who are not named
    """

    name: str
    above: str
    lowest: str
    personal: bool


def unit_level(spec: ModelSpec) -> UnitLevel:
    """Return the level that ``teams.csv`` and the page report on; never the persons of a team."""
    names = [level.name for level in spec.levels]
    asked = spec.question.level if spec.question else ""
    groups = (k for k in range(1, len(names)) if names[k] not in PEOPLE)
    place = names.index(asked) if asked in names[1:] else next(groups, len(names) - 1)
    above = names[place + 1] if place + 1 < len(names) else ""
    return UnitLevel(names[place], above, names[0], personal=place == 0 or names[place] in PEOPLE)


def team_estimates(fit: Fit) -> pd.DataFrame:
    """Return one row per team: ``team, layer, n`` and per latent ``_mean, _sd, _q2_5, _q97_5``.

    `n` counts the smallest units in a team. Intervals are equal-tailed; latents are in the model's scale
    (unit residual variance at the lowest level where they vary). A model without latents at this level has
    the first three columns only.
    """
    import pandas as pd

    level = unit_level(fit.spec)
    units = fit.survey.levels[level.name]
    ids = [str(unit) for unit in units[level.name].values]
    layers = [str(unit) for unit in units[level.above].values] if level.above else [""] * len(ids)
    table = pd.DataFrame({"team": ids, "layer": layers, "n": _sizes(fit, level, len(ids))})
    latents = latent_draws(fit, level.name)
    if latents is None:
        return table
    return table.join(_summaries(latents.sel({level.name: units[level.name].values}), level.name))


def latent_draws(fit: Fit, level: str) -> xr.DataArray | None:
    """Return the draws of the units' latents, dims (chain, draw, level, ``level.name``), or None."""
    name = f"{level}.latent"
    draws = fit.posterior
    return draws[name] if name in draws.data_vars else None


def _sizes(fit: Fit, level: UnitLevel, count: int) -> np.ndarray:
    if level.name == level.lowest:
        return np.ones(count, dtype=int)
    return np.bincount(np.asarray(fit.survey.index(level.lowest, level.name)), minlength=count)


def _summaries(draws: xr.DataArray, level: str) -> pd.DataFrame:
    """Mean, SD and quantiles of every latent, one column each, rows in the order of the units."""
    import pandas as pd

    columns = {}
    for name in draws[f"{level}.name"].values:
        values = draws.sel({f"{level}.name": name}).transpose(*SAMPLE, level).values
        flat = values.reshape(-1, values.shape[-1])
        columns[f"{name}_mean"] = flat.mean(axis=0)
        columns[f"{name}_sd"] = flat.std(axis=0, ddof=1)
        for label, share in _QUANTILES.items():
            columns[f"{name}_{label}"] = np.quantile(flat, share, axis=0)
    return pd.DataFrame(columns)
