"""Saving and loading a fit: one NetCDF file, written whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coefficacy.errors import FitError, Problem
from coefficacy.sampling.convergence import Convergence, Settings
from coefficacy.sampling.encoding import decoded, encoded
from coefficacy.sampling.result import Fit
from coefficacy.spec import dumps, loads

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["SCHEMA", "load_fit", "save_fit"]

SCHEMA = 1
"""Layout of the file; a reader refuses any other."""

_HEAD, _SURVEY = "coefficacy", "survey"
_UNREADABLE = (OSError, KeyError, ValueError, RuntimeError, TypeError, AttributeError, IndexError)


def save_fit(fit: Fit, path: str | Path) -> Path:
    """Write a fit to `path`; an earlier file there stays until the new one is complete."""
    target = Path(path)
    tree = _tree(fit)
    try:
        with _replacing(target) as temporary:
            tree.to_netcdf(temporary, engine="h5netcdf")
    except (OSError, TypeError, ValueError) as error:
        what = f"the fit could not be written ({_first_line(error)})."
        mend = "Check that the folder exists, is writable and has space."
        raise FitError(Problem(str(target), what, mend)) from error
    return target


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """Give a temporary file beside `target`, moved into its place at the end and deleted on any error."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _tree(fit: Fit) -> xr.DataTree:
    import xarray as xr

    draws = {node: encoded(fit.tree[node].to_dataset()) for node in fit.tree.children}
    survey = {
        f"{_SURVEY}{node.path}": node.to_dataset(inherit=False) for node in fit.survey.to_tree().subtree
    }
    head = xr.Dataset({"spec": dumps(fit.spec), "record": json.dumps(_record(fit))}, attrs={"schema": SCHEMA})
    return xr.DataTree.from_dict({_HEAD: head, **draws, **survey})


def _record(fit: Fit) -> dict[str, Any]:
    return {
        "engine": fit.engine,
        "engine_reason": fit.engine_reason,
        "seed": fit.seed,
        "seconds": fit.seconds,
        "versions": fit.versions,
        "convergence": asdict(fit.convergence),
        "settings": asdict(fit.settings),
        "parameters": fit.parameters,
        "constant_entries": fit.constant_entries,
    }


def load_fit(path: str | Path) -> Fit:
    """Read a fit written by :func:`save_fit`."""
    source = Path(path)
    if not source.is_file():
        mend = "Fits are saved as fit.nc in the output folder."
        raise FitError(Problem(str(source), "there is no such file.", mend))
    try:
        tree = _opened(source)
        schema = int(tree[_HEAD].attrs["schema"])
    except _UNREADABLE as error:
        raise FitError(_not_a_fit(source, error)) from error
    if schema != SCHEMA:
        raise FitError(
            Problem(
                str(source),
                f"written with layout {schema}; this version reads layout {SCHEMA}.",
                "Fit again, or use the version of coefficacy that wrote it.",
            )
        )
    try:
        return _fit(tree)
    except _UNREADABLE as error:
        raise FitError(_not_a_fit(source, error)) from error


def _not_a_fit(source: Path, error: Exception) -> Problem:
    return Problem(
        str(source),
        f"not a saved fit, or damaged ({_first_line(error)}).",
        "Take the fit.nc of a finished fit, or fit again.",
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _opened(source: Path) -> xr.DataTree:
    """Read the whole file into memory and close it."""
    import xarray as xr

    with xr.open_datatree(source, engine="h5netcdf") as tree:
        return tree.load()


def _fit(tree: xr.DataTree) -> Fit:
    import xarray as xr

    from coefficacy.survey import Survey

    head = tree[_HEAD].to_dataset()
    record = json.loads(str(head["record"].item()))
    groups = [name for name in tree.children if name not in (_HEAD, _SURVEY)]
    lists = {key: tuple(record["convergence"][key]) for key in ("failures", "advice")}
    spec = loads(str(head["spec"].item()), where="the saved fit")
    return Fit(
        spec=spec,
        survey=Survey.from_tree(xr.DataTree.from_dict(_branch(tree, _SURVEY))),
        tree=xr.DataTree.from_dict({name: decoded(tree[name].to_dataset()) for name in groups}),
        engine=record["engine"],
        engine_reason=record["engine_reason"],
        seed=record["seed"],
        seconds=record["seconds"],
        versions=record["versions"],
        convergence=Convergence(**{**record["convergence"], **lists}),
        settings=Settings(**record["settings"]),
        parameters=tuple(record["parameters"]),
        constant_entries=tuple(record["constant_entries"]),
    )


def _branch(tree: xr.DataTree, name: str) -> dict[str, xr.Dataset]:
    """The groups below `name`, by their path from there."""
    start = f"/{name}"
    return {
        node.path.removeprefix(start) or "/": node.to_dataset(inherit=False)
        for node in tree.subtree
        if node.path == start or node.path.startswith(f"{start}/")
    }
