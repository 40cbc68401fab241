"""Tables of a simulated company: its people, teams and layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from coefficacy.worlds.answers import Items
from coefficacy.worlds.units import unit_ids

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["layer_table", "person_ids", "person_table", "team_table"]

type Array = NDArray[np.float64]
type Positions = NDArray[np.int64]


class _Asked(Protocol):
    """What of a world's options says who was asked."""

    @property
    def n_teams(self) -> int: ...
    @property
    def missing(self) -> float: ...


def person_table(
    rng: np.random.Generator,
    answers: Sequence[tuple[Items, Array]],
    team: Positions,
    options: _Asked,
) -> pd.DataFrame:
    """Return ids and answers, some of them missing completely at random."""
    columns: dict[str, Any] = {}
    for items, values in answers:
        gone = rng.random(values.shape) < options.missing
        whole = items.threshold is not None and not gone.any()
        given = values.astype(np.int64) if whole else np.where(gone, np.nan, values)
        columns |= dict(zip(items.names, given.T, strict=True))
    return person_ids(team, options.n_teams).assign(**columns)


def person_ids(team: Positions, n_teams: int) -> pd.DataFrame:
    """Return ids of people and of their teams."""
    import pandas as pd

    return pd.DataFrame({"person_id": unit_ids("p", team.size), "team_id": unit_ids("t", n_teams)[team]})


def team_table(
    covariates: dict[str, Array], adaptation: Array | None, layer: Positions, n_layers: int
) -> pd.DataFrame:
    """Return ids, layer, covariates and, if there is one, the outcome."""
    import pandas as pd

    return pd.DataFrame(
        {
            "team_id": unit_ids("t", layer.size),
            "layer": np.array(_layer_ids(n_layers))[layer],
            **covariates,
            **({} if adaptation is None else {"adaptation": adaptation}),
        }
    )


def layer_table(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Return layers, by turns engineering with discretion and operational under measurement (0 to 1 each)."""
    import pandas as pd

    engineering = np.arange(n) % 2 == 0
    high, low = rng.uniform(0.6, 0.9, n), rng.uniform(0.1, 0.4, n)
    return pd.DataFrame(
        {
            "layer": _layer_ids(n),
            "kind": np.where(engineering, "engineering", "operational"),
            "discretion": np.round(np.where(engineering, high, low), 2),
            "measurement": np.round(np.where(engineering, low, high), 2),
        }
    )


def _layer_ids(n: int) -> list[str]:
    return [f"{'operational' if k % 2 else 'engineering'}_{k // 2 + 1}" for k in range(n)]
