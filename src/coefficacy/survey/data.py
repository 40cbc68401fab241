"""A survey: validated tables by level, as labelled arrays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from coefficacy.dims import item_dim
from coefficacy.errors import Problem, SurveyError, did_you_mean
from coefficacy.survey.summary import html, text

__all__ = ["Coding", "Survey"]


@dataclass(frozen=True, slots=True)
class Coding:
    """How the answers to a measure, or the values of an outcome, are to be read.

    Attributes
    ----------
    level : whose units gave them
    family : their distribution, as in the model file
    low, high : ends of the scale; None for numbers without one
    reversed : items whose scale runs the other way
    """

    level: str
    family: str
    low: float | None = None
    high: float | None = None
    reversed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Survey:
    """What a model needs of the tables, checked and labelled.

    Attributes
    ----------
    levels : level -> Dataset, lowest level first. Its dimension has the level's name, its coordinate the ids
        (a key of several columns is joined with ``/``). Variables: the columns used, as they stand in the
        tables (numbers as float with NaN where missing, categories as text), and for every level above a
        variable of that name with the id of the unit above. The attribute ``role`` says what a column is for
    items : measure -> item columns
    notes : what the user should know about the data, in plain words
    coding : measure or outcome -> its level, family and scale

    Notes
    -----
    Units keep the order of their table. A person who answered nothing is kept: such a person is part of the
    team but tells nothing about it.
    """

    levels: Mapping[str, xr.Dataset]
    items: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...] = ()
    coding: Mapping[str, Coding] = field(default_factory=dict)

    @property
    def n(self) -> dict[str, int]:
        """Number of units by level."""
        return {level: dataset.sizes[level] for level, dataset in self.levels.items()}

    def index(self, lower: str, upper: str) -> np.ndarray:
        """Return, for each unit of `lower`, the position of its unit in `upper`.

        Parameters
        ----------
        lower, upper : levels; `upper` is `lower` itself or lies above it

        Returns
        -------
        (lower,) whole numbers
        """
        dataset = self._level(lower)
        ids = self._level(upper)[upper].to_index()
        if lower == upper:
            return np.arange(len(ids))
        if upper not in dataset.data_vars:
            raise SurveyError(
                Problem(f"level '{lower}'", f"does not lie below '{upper}'.", "Swap the two levels.")
            )
        return np.asarray(ids.get_indexer(pd.Index(dataset[upper].values)))

    def answers(self, measure: str) -> xr.DataArray:
        """Return the answers to the items of a measure.

        Returns
        -------
        (level, ``measure.item``) float, NaN where missing; reversed items are turned. Ordinal answers are
        coded 0, 1, ..., others keep their unit
        """
        if measure not in self.items:
            raise SurveyError(
                Problem("survey", f"unknown measure '{measure}'.", did_you_mean(measure, self.items))
            )
        coding, items, dim = self.coding[measure], list(self.items[measure]), item_dim(measure)
        dataset = self.levels[coding.level]
        values = np.column_stack([dataset[item].values for item in items]).astype(float)
        turned = np.isin(items, coding.reversed)
        if turned.any():
            values[:, turned] = coding.low + coding.high - values[:, turned]  # type: ignore[operator]
        if coding.family == "ordinal":
            values -= coding.low
        coords = {coding.level: dataset[coding.level].values, dim: items}
        return xr.DataArray(values, dims=(coding.level, dim), coords=coords, name=measure)

    def categories(self, name: str) -> tuple[int, ...]:
        """Return the possible values of an ordinal or bernoulli measure or outcome, in order; else none."""
        if name not in self.coding:
            raise SurveyError(
                Problem("survey", f"unknown measure or outcome '{name}'.", did_you_mean(name, self.coding))
            )
        coding = self.coding[name]
        if coding.family not in ("ordinal", "bernoulli") or coding.low is None or coding.high is None:
            return ()
        return tuple(range(int(coding.low), int(coding.high) + 1))

    def column(self, level: str, name: str) -> xr.DataArray:
        """Return a column of a level, or of the nearest level above, repeated for each unit below.

        Returns
        -------
        (level,) numbers or text
        """
        own = self._level(level)
        if name in own.data_vars:
            return own[name]
        for upper in self._above(level):
            dataset = self.levels[upper]
            if name in dataset.data_vars:
                values = dataset[name].values[self.index(level, upper)]
                return xr.DataArray(
                    values,
                    dims=(level,),
                    coords={level: own[level].values},
                    name=name,
                    attrs=dataset[name].attrs,
                )
        known = {str(v) for at in (level, *self._above(level)) for v in self.levels[at].data_vars}
        what = f"no column '{name}' at '{level}' or above."
        raise SurveyError(Problem("survey", what, did_you_mean(name, known)))

    def with_column(self, level: str, name: str, values: np.ndarray) -> Survey:
        """Return a survey with other values in one column, such as a simulated or left-out outcome.

        Parameters
        ----------
        values : (level,)
        """
        old = self._level(level)
        if name not in old.data_vars:
            known = did_you_mean(name, map(str, old.data_vars))
            raise SurveyError(Problem("survey", f"no column '{name}' at '{level}'.", known))
        new = old.assign({name: ((level,), np.asarray(values), old[name].attrs)})
        return replace(self, levels={**self.levels, level: new})

    @property
    def data_hash(self) -> str:
        """SHA-256 of the columns used, by unit id.

        The order of rows and columns, the kind of file, columns that are not used, and whether an id came as
        number or text do not change it.
        """
        digest = hashlib.sha256()
        for level, dataset in self.levels.items():
            ids = dataset[level].values.astype(str)
            order = np.argsort(ids, kind="stable")
            _feed(digest, "level", level, ids[order].tolist())
            for name in sorted(map(str, dataset.data_vars)):
                values = dataset[name].values[order]
                is_id = name in self.levels
                _feed(digest, "column", name, values.astype(str) if is_id else values)
        coding = {
            name: {**asdict(coding), "reversed": sorted(coding.reversed)}
            for name, coding in self.coding.items()
        }
        _feed(digest, "coding", coding, {name: sorted(items) for name, items in self.items.items()})
        return digest.hexdigest()

    def to_tree(self) -> xr.DataTree:
        """Return the survey as a DataTree that can be written to NetCDF: one group per level."""
        groups = {f"/{level}": _packed(dataset, level) for level, dataset in self.levels.items()}
        about = {
            "levels": list(self.levels),
            "items": {name: list(items) for name, items in self.items.items()},
            "notes": list(self.notes),
            "coding": {name: asdict(coding) for name, coding in self.coding.items()},
        }
        return xr.DataTree.from_dict({"/": xr.Dataset(attrs={"survey": json.dumps(about)}), **groups})

    @classmethod
    def from_tree(cls, tree: xr.DataTree) -> Survey:
        """Return the survey that `to_tree` packed."""
        about = json.loads(tree.attrs["survey"])
        return cls(
            levels={level: _unpacked(tree.children[level].to_dataset(), level) for level in about["levels"]},
            items={name: tuple(items) for name, items in about["items"].items()},
            notes=tuple(about["notes"]),
            coding={
                name: Coding(**{**entry, "reversed": tuple(entry["reversed"])})
                for name, entry in about["coding"].items()
            },
        )

    def _level(self, name: str) -> xr.Dataset:
        if name not in self.levels:
            raise SurveyError(Problem("survey", f"unknown level '{name}'.", did_you_mean(name, self.levels)))
        return self.levels[name]

    def _above(self, level: str) -> Iterator[str]:
        names = list(self.levels)
        yield from names[names.index(level) + 1 :]

    def __repr__(self) -> str:
        return text(self)

    def _repr_html_(self) -> str:
        return html(self)


def _feed(digest: Any, *parts: Any) -> None:
    """Add parts to a hash, each in one form only: floats without -0.0 and with one NaN."""
    for part in parts:
        if isinstance(part, np.ndarray) and part.dtype.kind == "f":
            clean = np.where(np.isnan(part), np.nan, part + 0.0)
            digest.update(np.ascontiguousarray(clean, dtype="<f8").tobytes())
        else:
            plain = part.tolist() if isinstance(part, np.ndarray) else part
            digest.update(json.dumps(plain, sort_keys=True, ensure_ascii=True).encode())
        digest.update(b"\x00")


def _packed(dataset: xr.Dataset, level: str) -> xr.Dataset:
    """Name columns x0, x1, ... (NetCDF refuses some names) and write their attributes as text."""
    names = [str(name) for name in dataset.data_vars]
    attrs = [dict(dataset[name].attrs) for name in names]
    bare = dataset.rename({name: f"x{i}" for i, name in enumerate(names)}).rename({level: "unit"})
    return bare.drop_attrs().assign_attrs(columns=json.dumps(names), about=json.dumps(attrs))


def _unpacked(dataset: xr.Dataset, level: str) -> xr.Dataset:
    names, attrs = json.loads(dataset.attrs["columns"]), json.loads(dataset.attrs["about"])
    ids = _as_text(dataset["unit"].values)
    columns = {name: ((level,), _as_text(dataset[f"x{i}"].values), attrs[i]) for i, name in enumerate(names)}
    return xr.Dataset(columns, coords={level: ids})


def _as_text(values: np.ndarray) -> np.ndarray:
    return values if values.dtype.kind in "iufb" else values.astype(str)
