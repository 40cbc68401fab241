"""One compiled toy model for all tests of this folder."""

from __future__ import annotations

import numpy as np
import pytest
import toy_model
import xarray as xr

from coefficacy.sampling import compile_model


@pytest.fixture(scope="session")
def compiled():
    return compile_model(toy_model.toy_built())


@pytest.fixture(scope="session")
def tree(compiled):
    return compiled.sample(draws=500, tune=300, chains=4, seed=1)


@pytest.fixture
def draws_of():
    """Make a tree of draws from arrays (chain, draw, ...)."""

    def make(diverging: int = 0, coords=None, **variables):
        first = next(iter(variables.values()))
        posterior = {}
        for name, values in variables.items():
            name = name.replace("__", ".")
            dims = [f"{name}.term" if k == 0 else f"{name}.term{k}" for k in range(values.ndim - 2)]
            posterior[name] = (("chain", "draw", *dims), values)
        flags = np.zeros(first.shape[:2], dtype=bool)
        flags.ravel()[:diverging] = True
        return xr.DataTree.from_dict(
            {
                "posterior": xr.Dataset(posterior, coords=coords or {}),
                "sample_stats": xr.Dataset({"diverging": (("chain", "draw"), flags)}),
            }
        )

    return make
