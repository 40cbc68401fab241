"""Teams' linear equations as matrices: treatments, mediators in their order, an outcome."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from coefficacy.dims import PATH, SAMPLE, TREATMENT
from coefficacy.errors import FitError, Problem
from coefficacy.model.layout import Layout, lay_out
from coefficacy.model.variances import Implied
from coefficacy.spec import queries

if TYPE_CHECKING:
    from coefficacy.sampling import Fit

__all__ = ["DIRECT", "TOTAL", "LinearPaths", "linear_paths", "path_effects", "path_label"]

DIRECT, TOTAL = "direct", "total"


@dataclass(frozen=True, slots=True)
class LinearPaths:
    """Coefficients of a team's equations; all arrays (chain, draw, ...).

    Attributes
    ----------
    level : of teams
    treatments, mediators, outcome : names; mediators in the order in which they act
    to_mediators : (treatment, mediator), of treatments on mediators, other mediators given
    among_mediators : (mediator, mediator), of the one in the first axis on the one in the second
    to_outcome : (mediator,), of mediators on the outcome
    direct : (treatment,), of treatments on the outcome, mediators given
    treatment_sd : (treatment,), in the survey; no draws
    mediator_sd, outcome_sd : implied by the model, within the levels above
    template : an array (chain, draw), for the coordinates
    """

    level: str
    treatments: tuple[str, ...]
    mediators: tuple[str, ...]
    outcome: str
    to_mediators: np.ndarray
    among_mediators: np.ndarray
    to_outcome: np.ndarray
    direct: np.ndarray
    treatment_sd: np.ndarray
    mediator_sd: np.ndarray
    outcome_sd: np.ndarray
    template: xr.DataArray

    def subsets(self) -> Iterator[tuple[int, ...]]:
        """Yield the mediators on every path but the direct one, by position: single ones first."""
        positions = range(len(self.mediators))
        for size in range(1, len(self.mediators) + 1):
            yield from combinations(positions, size)

    def along(self, treatment: int, path: Sequence[int], to_outcome: np.ndarray | None = None) -> np.ndarray:
        """Return the product of coefficients along a path, (chain, draw, ...), per unit of the treatment.

        Parameters
        ----------
        path : positions of mediators
        to_outcome : coefficients on the outcome to use in place of the model's, (mediator,) last
        """
        last = self.to_outcome if to_outcome is None else to_outcome
        product = self.to_mediators[..., treatment, path[0]]
        for a, b in pairwise(path):
            product = product * self.among_mediators[..., a, b]
        wanted = last[..., path[-1]]
        return product.reshape(product.shape + (1,) * (wanted.ndim - product.ndim)) * wanted

    def labelled(self, values: np.ndarray, **coords: Sequence[str]) -> xr.DataArray:
        """Return an array (chain, draw, *coords)."""
        known = {name: self.template[name].values for name in SAMPLE}
        return xr.DataArray(
            values, dims=(*SAMPLE, *coords), coords={**known, **{name: list(v) for name, v in coords.items()}}
        )


def path_label(mediators: Sequence[str]) -> str:
    """Return the name of a path: ``"self_efficacy > collective_efficacy"``."""
    return " > ".join(mediators)


def linear_paths(
    fit: Fit, *, outcome: str, treatments: Sequence[str], mediators: Sequence[str]
) -> LinearPaths:
    """Read the coefficients off a fit, whatever the engine.

    A term that an equation does not hold is a coefficient of zero.

    Raises
    ------
    FitError
        An equation multiplies a treatment or a mediator, the outcome is not gaussian, or a mediator is
        predicted by one that is said to act after it.
    """
    level = queries.level_names(fit.spec)[1]
    layout = lay_out(fit.spec, fit.survey, level)
    _check(fit, level, layout, outcome, treatments, mediators)
    order = len(mediators)
    among = np.array(
        [
            [_coefficient(fit, layout, level, b, a) if i < j else _zero(fit) for j, b in enumerate(mediators)]
            for i, a in enumerate(mediators)
        ]
    ).reshape(order, order, *_zero(fit).shape)
    to_mediators = np.array([[_coefficient(fit, layout, level, m, t) for m in mediators] for t in treatments])
    to_outcome = np.array([_coefficient(fit, layout, level, outcome, m) for m in mediators])
    direct = np.array([_coefficient(fit, layout, level, outcome, t) for t in treatments])
    names = [*mediators, outcome]
    covariance = Implied(fit.posterior, fit.spec, fit.survey).covariance(level, names, within=True)
    sds = np.sqrt(np.einsum("...ii->...i", covariance.values))
    return LinearPaths(
        level=level,
        treatments=tuple(treatments),
        mediators=tuple(mediators),
        outcome=outcome,
        to_mediators=np.moveaxis(to_mediators, (0, 1), (-2, -1)),
        among_mediators=np.moveaxis(among, (0, 1), (-2, -1)),
        to_outcome=np.moveaxis(to_outcome, 0, -1),
        direct=np.moveaxis(direct, 0, -1),
        treatment_sd=np.array([_sd_of_column(layout, name) for name in treatments]),
        mediator_sd=sds[..., :-1],
        outcome_sd=sds[..., -1],
        template=covariance.isel({"name": 0, "name'": 0}, drop=True),
    )


def path_effects(paths: LinearPaths, changes: Sequence[float]) -> xr.DataArray:
    """Return effects along every path, direct and in total, in SDs of the outcome, (treatment, path).

    Parameters
    ----------
    changes : of each treatment, in its own unit
    """
    subsets = list(paths.subsets())
    labels = [*(path_label([paths.mediators[k] for k in subset]) for subset in subsets), DIRECT, TOTAL]
    by_treatment = []
    for t, change in enumerate(changes):
        through = [paths.along(t, subset) for subset in subsets]
        parts = np.stack([*through, paths.direct[..., t]], axis=-1)
        every = np.concatenate([parts, parts.sum(axis=-1, keepdims=True)], axis=-1)
        by_treatment.append(change * every / paths.outcome_sd[..., None])
    values = np.stack(by_treatment, axis=-2)
    return paths.labelled(values, **{TREATMENT: paths.treatments, PATH: labels})


def _check(
    fit: Fit,
    level: str,
    layout: Layout,
    outcome: str,
    treatments: Sequence[str],
    mediators: Sequence[str],
) -> None:
    where = f"{level}.{outcome}"
    if queries.family_of(fit.spec, outcome).family != "gaussian":
        raise _no_closed_form(where, "is not gaussian")
    moved = {*treatments, *mediators}
    for response in (*mediators, outcome):
        for column in layout.columns.get(response, []):
            parts = column.label.split(":")
            if len(parts) > 1 and moved & set(parts):
                raise _no_closed_form(f"{level}.{response}", f"multiplies {column.label}")
    for i, name in enumerate(mediators):
        predictors = {column.label for column in layout.columns.get(name, [])}
        for later in mediators[i + 1 :]:
            if later in predictors:
                what = f"holds {later}, which is said to act after {name}."
                raise FitError(
                    Problem(f"{level}.{name}", what, "Name mediators in the order in which they act.")
                )


def _coefficient(fit: Fit, layout: Layout, level: str, response: str, term: str) -> np.ndarray:
    if all(column.label != term for column in layout.columns.get(response, [])):
        return _zero(fit)
    name = f"{level}.{response}"
    return fit.posterior[name].sel({f"{name}.term": term}).transpose(*SAMPLE).values


def _zero(fit: Fit) -> np.ndarray:
    return np.zeros([fit.posterior.sizes[name] for name in SAMPLE])


def _sd_of_column(layout: Layout, name: str) -> float:
    for columns in layout.columns.values():
        for column in columns:
            if column.label == name and column.values is not None:
                return float(column.values.std())
    raise FitError(
        Problem(name, "is no number in any equation of teams.", "Name a column with numbers as a treatment.")
    )


def _no_closed_form(where: str, what: str) -> FitError:
    mend = "Its effects are no products of coefficients: simulate them with coefficacy.intervene."
    return FitError(Problem(where, f"{what}.", mend))
