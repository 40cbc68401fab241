"""What is bundled, where it comes from and under which licence it may be passed on."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from coefficacy.errors import CoefficacyError, Problem, did_you_mean

__all__ = ["Dataset", "describe_dataset", "list_datasets"]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A bundled table.

    Attributes
    ----------
    name : what `load_dataset` takes
    description : units, columns and what they hold
    source : the R package the table was taken from
    licence : of the data file (SPDX); the code of this package has its own
    reference : the publication to cite
    rows : number of rows
    simulated : made by a computer and not by people
    """

    name: str
    description: str
    source: str
    licence: str
    reference: str
    rows: int
    simulated: bool = False


@cache
def list_datasets() -> tuple[Dataset, ...]:
    """Return all bundled tables with their provenance, by name."""
    text = files("coefficacy.datasets").joinpath("data", "catalogue.toml").read_text(encoding="utf-8")
    return tuple(Dataset(name=name, **entry) for name, entry in sorted(tomllib.loads(text).items()))


def describe_dataset(name: str) -> Dataset:
    """Return provenance, licence and reference of one bundled table.

    Parameters
    ----------
    name : one of the names in `list_datasets`

    Raises
    ------
    CoefficacyError
        If there is no such table.

    Examples
    --------
    >>> describe_dataset("sherifdat").rows
    72
    """
    for dataset in list_datasets():
        if dataset.name == name:
            return dataset
    known = did_you_mean(name, (dataset.name for dataset in list_datasets()))
    raise CoefficacyError(Problem("datasets", f"no dataset is called '{name}'.", known))
