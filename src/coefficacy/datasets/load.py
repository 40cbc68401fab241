"""Read bundled tables."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any

from coefficacy.datasets.catalogue import describe_dataset

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Demo", "load_dataset", "load_demo"]


@dataclass(frozen=True, slots=True)
class Demo:
    """The demo survey. It is simulated: nobody was asked.

    Attributes
    ----------
    persons, teams, layers : one row per person, team and layer
    truth : what was planted, on the scales of the model (see `coefficacy.worlds.World`)
    description : says where the data come from; to be shown wherever they are
    """

    persons: pd.DataFrame
    teams: pd.DataFrame
    layers: pd.DataFrame
    truth: dict[str, Any] = field(repr=False)
    description: str


def load_dataset(name: str) -> pd.DataFrame:
    """Read one bundled table; empty cells are missing values.

    Parameters
    ----------
    name : one of the names in `list_datasets`

    Returns
    -------
    the table as it stands in its source (see `describe_dataset`)

    Raises
    ------
    CoefficacyError
        if there is no such table

    Examples
    --------
    >>> load_dataset("bh1996").columns.tolist()
    ['GRP', 'COHES', 'LEAD', 'HRS', 'WBEING']
    """
    return _read(describe_dataset(name).name)


def load_demo() -> Demo:
    """Read the demo survey of a simulated company.

    Examples
    --------
    >>> demo = load_demo()
    >>> len(demo.teams)
    40
    """
    truth = json.loads(_folder().joinpath("demo_truth.json").read_text(encoding="utf-8"))
    return Demo(
        persons=_read("demo_persons"),
        teams=_read("demo_teams"),
        layers=_read("demo_layers"),
        truth=truth,
        description=_describe(truth),
    )


def _describe(truth: dict[str, Any]) -> str:
    n, options = truth["n"], truth["options"]
    return (
        f"SIMULATED data: no company and no person stands behind them. They show {n['person']} persons in "
        f"{n['team']} teams and {n['layer']} layers of a company in the AI transition, made by the flagship "
        f"world with seed {options['seed']} and a planted standardised effect of collective efficacy on "
        f"adaptation of {options['effect']:g}. They show what the program does, and nothing about real teams."
    )


def _read(stem: str) -> pd.DataFrame:
    import pandas as pd

    plain = _folder().joinpath(f"{stem}.csv")
    resource = plain if plain.is_file() else _folder().joinpath(f"{stem}.csv.gz")
    with as_file(resource) as path:
        return pd.read_csv(path)


def _folder() -> Any:
    return files("coefficacy.datasets").joinpath("data")
