"""Interventions through the explicit model's graph give the products of coefficients where all is linear.

Both arms share their random numbers and nothing is multiplied, so that they agree to rounding.
"""

from __future__ import annotations

import numpy as np
import pytest
from two_sources_fit import CE, LICENCES, NAMES, PROJECTS, SE, planted_fit, survey

import coefficacy as co
from coefficacy.errors import FitError
from coefficacy.estimands import intervene, two_sources
from coefficacy.estimands.linear_paths import linear_paths
from coefficacy.spec import load_model

WAYS = [
    ((), (), "total"),
    (("adaptation",), (), "direct"),
    ((CE,), (), CE),
    ((SE,), (f"{CE} ~ {SE}",), SE),
    ((SE,), (f"adaptation ~ {SE}",), f"{SE} > {CE}"),
]


@pytest.fixture(scope="module")
def fits() -> dict[str, co.Fit]:
    """A few draws of each engine: any parameters will do."""
    options = {"seed": 1, "draws": 12, "tune": 30, "chains": 1, "progress": False, "retry": False}
    return {e: co.fit(load_model("C5"), survey(), engine=e, **options) for e in ("marginal", "explicit")}


@pytest.mark.parametrize("engine", ["marginal", "explicit"])
@pytest.mark.parametrize(("equations", "without", "path"), WAYS, ids=[way[2] for way in WAYS])
def test_simulated_and_closed_form_are_one(fits, engine, equations, without, path) -> None:
    fit = fits[engine]
    sd = linear_paths(fit, **NAMES).outcome_sd
    for name in (LICENCES, PROJECTS):
        closed = two_sources(fit, **NAMES).effect.sel(treatment=name, path=path) * sd
        found = intervene(fit, {name: 1.0}, equations=equations, without=without).change
        np.testing.assert_allclose(found, closed, atol=1e-10)


def test_unknown_names_are_refused() -> None:
    fit = planted_fit()
    with pytest.raises(FitError, match="no column 'licences'"):
        intervene(fit, {"licences": 1.0})
    with pytest.raises(FitError, match="no equation of 'adaption'"):
        intervene(fit, {PROJECTS: 1.0}, equations=["adaption"])
    with pytest.raises(FitError, match="no effect"):
        intervene(fit, {PROJECTS: 1.0}, without=["adaptation ~ shared"])
