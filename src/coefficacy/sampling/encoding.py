"""Datasets in a form that NetCDF keeps, and back: ids of any type, text with gaps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["decoded", "encoded"]

_DTYPE = "coefficacy_dtype"
_JSON = "json"


def encoded(dataset: xr.Dataset) -> xr.Dataset:
    """Return a dataset that can be written: the dtype of text noted beside it, mixed values as JSON."""
    return _each(dataset, _encoded)


def decoded(dataset: xr.Dataset) -> xr.Dataset:
    """Undo :func:`encoded`."""
    return _each(dataset, _decoded).drop_encoding()


def _each(dataset: xr.Dataset, change: Any) -> xr.Dataset:
    coords = {name: change(variable) for name, variable in dataset.coords.items()}
    variables = {name: change(variable) for name, variable in dataset.data_vars.items()}
    return dataset.assign_coords(coords).assign(variables)


def _encoded(array: xr.DataArray) -> tuple[Any, ...]:
    values, attrs = np.asarray(array.values), dict(array.attrs)
    if values.dtype.kind == "U":
        return array.dims, values, attrs | {_DTYPE: values.dtype.str}
    if values.dtype.kind not in "OT":
        return array.dims, values, attrs
    flat = values.astype(object).ravel().tolist()
    if all(type(value) is str for value in flat):
        return array.dims, values.astype(object), attrs | {_DTYPE: "object"}
    text = np.array([json.dumps(_python(value)) for value in flat], dtype=object)
    return array.dims, text.reshape(values.shape), attrs | {_DTYPE: _JSON}


def _python(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _decoded(array: xr.DataArray) -> tuple[Any, ...]:
    attrs = dict(array.attrs)
    kind = attrs.pop(_DTYPE, None)
    if kind is None:
        return array.dims, array.values, attrs
    if kind != _JSON:
        return array.dims, np.asarray(array.values).astype(kind), attrs
    values = np.empty(array.size, dtype=object)
    values[:] = [json.loads(text) for text in np.asarray(array.values).ravel()]
    return array.dims, values.reshape(array.shape), attrs
