"""A fit of columns only, with given draws: nothing is sampled."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import xarray as xr

from coefficacy.spec import loads
from coefficacy.survey import read_survey

TEAMS, LAYERS, DRAWS = 40, 4, 50
LABELS = ("a", "b", "a:b", "x")


def known_fit(a: float, b: float, c: float, *, sd: float = 0.7, family: str = "gaussian", seed: int = 1):
    """Every draw has the same coefficients; y = a a + b b + c a b + .3 x + layer + noise.

    Columns have mean zero in every layer, on which those of the lowest level are centred.
    """
    spec = loads(
        f"""
        [levels]
        team = "team"
        layer = "layer"
        [team]
        y = "a * b + x + (1 | layer)"
        [families]
        y = "{family}"
        """
    )
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.normal(size=(TEAMS, 3)), columns=["a", "b", "x"])
    layer = np.arange(TEAMS) % LAYERS
    table = table - table.groupby(layer).transform("mean")
    eta = a * table.a + b * table.b + c * table.a * table.b + 0.3 * table.x
    eta = (eta + rng.normal(0, 0.3, LAYERS)[layer]).to_numpy()
    y = eta + sd * rng.normal(size=TEAMS)
    table["y"] = y if family == "gaussian" else (y > 0).astype(int)
    table["team"], table["layer"] = np.arange(TEAMS), layer
    survey = read_survey(spec, persons=table)
    dims = ("chain", "draw")

    def same(values):
        return np.broadcast_to(values, (2, DRAWS, *np.shape(values)))

    posterior = xr.Dataset(
        {
            "team.y": ((*dims, "team.y.term"), same([a, b, c, 0.3])),
            "team.y.eta": ((*dims, "team"), same(eta)),
            "sd(team.y)": (dims, same(sd)),
        },
        coords={
            "chain": [0, 1],
            "draw": range(DRAWS),
            "team": survey.levels["team"]["team"].values,
            "team.y.term": list(LABELS),
        },
    )
    return SimpleNamespace(spec=spec, survey=survey, posterior=posterior), table, eta
