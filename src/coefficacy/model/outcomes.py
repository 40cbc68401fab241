"""Outcomes: columns on a left-hand side, at their own level."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pymc as pm

from coefficacy.model.answers import ordered_thresholds
from coefficacy.model.ordinal import cumulative, link_sd
from coefficacy.model.structure import Structure
from coefficacy.spec import queries
from coefficacy.spec.model import FamilySpec

__all__ = ["add_outcome", "outcome_coords", "outcome_intercept"]


def outcome_coords(structure: Structure, outcome: str) -> dict[str, Any]:
    """Coordinates of an outcome: the units in which it was observed, and its cuts if it is ordinal."""
    level = queries.outcome_level(structure.spec, outcome)
    column = structure.survey.column(level, outcome)
    stem = f"{level}.{outcome}"
    coords: dict[str, Any] = {}
    if queries.family_of(structure.spec, outcome).family == "ordinal":
        categories = _categories(column.values.astype(float))
        coords[f"{stem}.item"] = [outcome]
        coords[f"{stem}.cut"] = [f"{a}|{b}" for a, b in pairwise(categories)]
    return coords


def add_outcome(structure: Structure, outcome: str) -> None:
    """Add an outcome's equation, its linear predictor `eta` for every unit and the likelihood of the rest.

    Units without an outcome take part in everything but the likelihood. The rows in the likelihood are data
    (``L.y.row``), so that units can be left out without compiling again.
    """
    spec, level = structure.spec, queries.outcome_level(structure.spec, outcome)
    family, stem = queries.family_of(spec, outcome), f"{level}.{outcome}"
    link = queries.link_of(spec, outcome)
    y = np.asarray(structure.survey.column(level, outcome).values, float)
    rows = np.flatnonzero(~np.isnan(y))
    bounded = family.family in ("gaussian", "bernoulli", "ordinal")
    sigma = (
        structure.sd(level, outcome) if family.family == "gaussian" else (link_sd(link) if bounded else 1.0)
    )
    eta, _ = structure.linear(level, outcome, sigma, bounded=bounded)
    eta = eta + structure.above(level, outcome) + _upper(structure, level, outcome)
    if family.family != "ordinal":
        eta = eta + outcome_intercept(structure, outcome)
    if level != structure.levels[0] or len(structure.levels) == 1:
        eta = pm.Deterministic(f"{stem}.eta", eta, dims=level)
    observed = pm.Data(
        f"{stem}.y", y[rows] if family.family in ("gaussian", "beta") else y[rows].astype("int64")
    )
    _likelihood(structure, outcome, stem, family, link, eta[pm.Data(f"{stem}.row", rows)], sigma, observed)


def _upper(structure: Structure, level: str, outcome: str) -> Any:
    """A person-level outcome varies between teams too."""
    if level != structure.levels[0] or len(structure.levels) == 1:
        return 0.0
    upper = structure.levels[1]
    return structure.component(upper, outcome)[structure.index(level, upper)]


def outcome_intercept(structure: Structure, outcome: str, *, around: Any = None) -> Any:
    """Expected outcome (on the link) at the mean of the predictors; its prior knows nothing of the data.

    For `around`, which counts when the intercept is first asked for, see :class:`Parameters`.
    """
    return structure.once(("intercept", outcome), lambda: _intercept(structure, outcome, around))


def _intercept(structure: Structure, outcome: str, around: Any) -> Any:
    stem = f"{queries.outcome_level(structure.spec, outcome)}.{outcome}"
    family, link = queries.family_of(structure.spec, outcome), queries.link_of(structure.spec, outcome)
    key, stored = f"{stem} ~ 1", f"{stem}.intercept"
    if family.family == "gaussian":
        location, scale = family.location, 10 * family.scale
        return structure.parameters.heavy(key, location, scale, stored_as=stored, around=around)
    scale = 1.5 * link_sd(link) if link in ("logit", "probit") else 2.5
    return structure.parameters.real(key, 0.0, scale, stored_as=stored)


def _likelihood(
    structure: Structure,
    name: str,
    stem: str,
    family: FamilySpec,
    link: str,
    eta: Any,
    sigma: Any,
    observed: Any,
) -> None:
    if family.family == "gaussian":
        pm.Normal(name, eta, sigma, observed=observed)
    elif family.family == "bernoulli":
        p = {"logit": pm.math.sigmoid, "probit": pm.math.invprobit}[link](eta)
        pm.Bernoulli(name, p=p, observed=observed)
    elif family.family == "poisson":
        pm.Poisson(name, mu=pm.math.exp(eta), observed=observed)
    elif family.family == "negative_binomial":
        alpha = structure.parameters.positive(f"{stem}.dispersion", 3.0, 1.5)
        pm.NegativeBinomial(name, mu=pm.math.exp(eta), alpha=alpha, observed=observed)
    elif family.family == "beta":
        nu = structure.parameters.positive(f"{stem}.precision", 10.0, 1.5)
        p = {"logit": pm.math.sigmoid, "probit": pm.math.invprobit}[link](eta)
        pm.Beta(name, mu=pm.math.clip(p, 1e-9, 1 - 1e-9), nu=nu, observed=observed)
    else:
        model = pm.modelcontext(None)
        n_cuts = len(model.coords[f"{stem}.cut"])
        cuts = ordered_thresholds(structure, stem, link_sd(link), (f"{stem}.item", f"{stem}.cut"), n_cuts)
        lowest = int(np.nanmin(structure.survey.column(stem.split(".")[0], name).values.astype(float)))
        cumulative(name, eta, cuts, pm.math.zeros_like(observed), link=link, observed=observed - lowest)


def _categories(y: np.ndarray) -> list[int]:
    return list(range(int(np.nanmin(y)), int(np.nanmax(y)) + 1))
