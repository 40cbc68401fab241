"""Which latent predicts which outcome, in which layer? (claim C11)"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from coefficacy.dims import SAMPLE
from coefficacy.errors import FitError, Problem
from coefficacy.estimands.equation import Equation
from coefficacy.estimands.labels import labelled
from coefficacy.model.variances import drawn
from coefficacy.spec import queries
from coefficacy.spec.model import GroupTerm

if TYPE_CHECKING:
    from coefficacy.sampling import Fit

__all__ = ["layer_paths"]


def layer_paths(fit: Fit, *, of: Sequence[str], by: Sequence[str], seed: float = 0) -> xr.Dataset:
    r"""Return what predicts each outcome of teams, and how strongly, in every unit above them.

    In layer k a path is :math:`(b + a_k)\, SD(x)`: the fixed coefficient, the layer's own deviation where
    the equation has ``(... + x | layer)``, and the SD of the predictor between the teams of a layer
    (model-implied for latents, the sample's for columns). Deviations are drawn from what draws of the teams'
    latents and parameters leave open; given these they are normal,

    .. math:: a_k \sim N\bigl(V Z_k' r_k / \sigma^2, V\bigr), \quad V = (S^{-1} + Z_k' Z_k / \sigma^2)^{-1}

    with r what the fixed part leaves of the outcomes and S the covariance of the effects.

    Parameters
    ----------
    of : gaussian outcomes of teams
    by : as many predictors, latents or columns that stand by themselves in the equation of every outcome; the
        first is the first outcome's own, and so on
    seed : of the deviations that are drawn

    Returns
    -------
    xarray.Dataset
        In the outcome's unit per SD of the predictor, dims (chain, draw, ...): ``path`` (layer, outcome,
        predictor); ``average`` (outcome, predictor) over the layers at hand, each counted once; ``lead``
        (layer, outcome), by how much an outcome's own predictor has the larger path (than the largest other),
        and ``leads`` (outcome) of the averages;
        ``crossing`` (headline), the least lead of all outcomes on average over layers: above zero each
        outcome is predicted best by its own. The least of several posteriors lies low where they tie, so that
        support is said too seldom rather than too often.

    Raises
    ------
    FitError
        There is no layer, an outcome is not gaussian, its equation has no such predictor, or random effects
        of several levels above.

    Examples
    --------
    >>> found = layer_paths(fit, of=["adoption", "renegotiation"], by=["adopt", "resist"])  # doctest: +SKIP
    >>> found.path.mean(("chain", "draw"))  # doctest: +SKIP
    """
    layer = _layer(fit, of, by)
    rng = np.random.default_rng(int(seed))
    path = xr.concat(
        [_paths(fit, outcome, by, layer, rng) for outcome in of],
        xr.DataArray(list(of), dims="outcome", name="outcome"),
    ).transpose(*SAMPLE, layer, "outcome", "predictor")
    average = path.mean(layer)
    lead = _lead(path)
    least = _lead(average).min("outcome")
    outcomes = " and ".join(name.replace("_", " ") for name in of)
    unit = "outcome's unit per SD of the predictor"
    return labelled(
        {
            "crossing": (least, f"lead of an outcome's own predictor, the lesser of {outcomes}"),
            "average": (average, f"path on average over {layer}s, {unit}"),
            "leads": (_lead(average), f"lead of an outcome's own predictor on average over {layer}s"),
            "path": (path, f"path by {layer}, {unit}"),
            "lead": (lead, f"lead of an outcome's own predictor by {layer}"),
        },
        headline="crossing",
    )


def _layer(fit: Fit, of: Sequence[str], by: Sequence[str]) -> str:
    where, names = "estimands.layer_paths", queries.level_names(fit.spec)
    if len(of) != len(by) or len(by) < 2:
        what = f"{len(of)} outcomes and {len(by)} predictors."
        raise FitError(Problem(where, what, "Name two or more outcomes, and for each its own predictor."))
    if len(names) < 3:
        raise FitError(Problem(where, "there is no level above teams.", "Add one under [levels]."))
    for outcome in of:
        family = queries.family_of(fit.spec, outcome).family
        if family != "gaussian":
            raise FitError(Problem(where, f"'{outcome}' is {family}.", "Name gaussian outcomes."))
    return names[2]


def _paths(fit: Fit, outcome: str, by: Sequence[str], layer: str, rng: np.random.Generator) -> xr.DataArray:
    """Paths into one outcome, (chain, draw, layer, predictor)."""
    equation = Equation.of(fit, outcome, by)
    stem = f"{equation.level}.{outcome}"
    fixed = drawn(fit.posterior, stem)
    terms, deviations = _deviations(fit, equation, outcome, layer, rng)
    found = []
    for name in by:
        if name not in equation.labels:
            what = f"'{name}' does not stand by itself in this equation."
            raise FitError(Problem(stem, what, f"Write {stem} = '{name} + ...'."))
        b = fixed.sel({f"{stem}.term": name}).values[..., None]
        own = deviations[..., terms.index(name)] if name in terms else 0.0 * deviations[..., 0]
        found.append((b + own) * np.asarray(equation.spread[name])[..., None])
    units = fit.survey.levels[layer][layer].values
    coords = {name: fit.posterior[name].values for name in SAMPLE}
    return xr.DataArray(
        np.stack(found, axis=-1),
        dims=(*SAMPLE, layer, "predictor"),
        coords={**coords, layer: units, "predictor": list(by)},
    )


def _deviations(
    fit: Fit, equation: Equation, outcome: str, layer: str, rng: np.random.Generator
) -> tuple[list[str], np.ndarray]:
    """Terms of the random effects, and draws of these, (chain, draw, layer, term)."""
    stem = f"{equation.level}.{outcome}"
    shape = (*(fit.posterior.sizes[name] for name in SAMPLE), fit.survey.n[layer])
    group = _group(fit, equation.level, outcome, layer)
    if group is None:
        return ["1"], np.zeros((*shape, 1))
    dim = f"{stem}|{layer}.term"
    sd = drawn(fit.posterior, f"sd({stem} | {layer})")
    terms = [str(term) for term in sd[dim].values]
    root = sd.values[..., None] * np.eye(len(terms))
    if len(terms) > 1:
        root = sd.values[..., None] * np.linalg.cholesky(
            drawn(fit.posterior, f"cor({stem} | {layer})").values
        )
    rest = equation.observed - _fixed(fit, equation, stem)
    design = np.stack([_product(equation, term, rest) for term in terms], axis=-1)
    sigma, at = equation.residual_sd()[..., None, None], np.asarray(fit.survey.index(equation.level, layer))
    found = np.zeros((*shape, len(terms)))
    for k in range(shape[-1]):
        here = (at == k) & ~np.isnan(equation.observed)
        scaled = design[..., here, :] @ root / sigma
        precision = np.eye(len(terms)) + np.swapaxes(scaled, -1, -2) @ scaled
        factor = np.linalg.cholesky(precision)
        target = np.swapaxes(scaled, -1, -2) @ (rest[..., here, None] / sigma)
        mean = np.linalg.solve(precision, target)
        noise = np.linalg.solve(np.swapaxes(factor, -1, -2), rng.standard_normal(mean.shape))
        found[..., k, :] = (root @ (mean + noise))[..., 0]
    return terms, found


def _group(fit: Fit, level: str, outcome: str, layer: str) -> GroupTerm | None:
    regression = queries.regression(fit.spec, level, outcome)
    groups = regression.formula.groups if regression else ()
    if len(groups) > 1 or any(group.level != layer for group in groups):
        what = f"has random effects other than one set of {layer}s."
        raise FitError(Problem(f"{level}.{outcome}", what, f"Write one (1 + x | {layer})."))
    return groups[0] if groups else None


def _fixed(fit: Fit, equation: Equation, stem: str) -> np.ndarray:
    """Expected outcome of every team without random effects, (chain, draw, team)."""
    b = drawn(fit.posterior, stem)
    total = drawn(fit.posterior, f"{stem}.intercept").values[..., None] + np.zeros(equation.observed.shape)
    for label in equation.labels:
        coefficient = b.sel({f"{stem}.term": label}).values[..., None]
        total = total + coefficient * _product(equation, label, total)
    return total


def _product(equation: Equation, label: str, like: np.ndarray) -> np.ndarray:
    """Values of a term, (chain, draw, team)."""
    if label == "1":
        return np.ones(like.shape)
    return np.prod([equation.values[part] + np.zeros(like.shape) for part in label.split(":")], axis=0)


def _lead(path: xr.DataArray) -> xr.DataArray:
    """Path of each outcome's own predictor less the largest of the others."""
    found = []
    for k in range(path.sizes["outcome"]):
        of_outcome = path.isel(outcome=k)
        others = [i for i in range(path.sizes["predictor"]) if i != k]
        found.append(
            of_outcome.isel(predictor=k, drop=True) - of_outcome.isel(predictor=others).max("predictor")
        )
    return xr.concat(found, path["outcome"]).transpose(*(d for d in path.dims if d != "predictor"))
