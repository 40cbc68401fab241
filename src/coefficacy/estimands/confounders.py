"""How much unmeasured confounding of mediators and outcome it takes to undo what the paths show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from coefficacy.dims import MEDIATOR
from coefficacy.errors import FitError, Problem
from coefficacy.estimands.labels import labelled
from coefficacy.estimands.linear_paths import LinearPaths, linear_paths
from coefficacy.model.layout import lay_out
from coefficacy.spec import queries
from coefficacy.spec.estimands import options_of

if TYPE_CHECKING:
    from coefficacy.sampling import Fit

__all__ = ["confounding", "integrated_difference"]

SOURCE = "Imai, Keele & Yamamoto (2010), https://doi.org/10.1214/10-STS321"
CORRELATIONS = tuple(np.round(np.linspace(-0.6, 0.6, 25), 3).tolist())
_KIND = "two_sources"
_LEAST_LEFT = 1e-3


def confounding(fit: Fit, *, correlations: Sequence[float] = CORRELATIONS) -> xr.Dataset:
    r"""Return what is left of the difference of two sources if mediators and outcome share unmeasured causes.

    The model takes the errors of a mediator and of the outcome to be independent. If they correlate by
    :math:`\rho_m`, each mediator's own parameter, its fitted coefficients :math:`\hat b` hold a part that is
    none of its effect. With errors of mediators :math:`D R D` (SDs D, correlations R), effects C of mediators
    on each other (row on column), and the fitted residual SD :math:`\hat\sigma` of the outcome,

    .. math::
        b(\rho) = \hat b - (I - C)\, D^{-1} R^{-1} \rho\,
        \frac{\hat\sigma}{\sqrt{1 - \rho' R^{-1} \rho}}

    which for one mediator is theorem 4 of Imai, Keele and Yamamoto (2010). Total effects stay: what leaves
    the mediators goes to the direct path. The data say nothing about :math:`\rho`, so under a prior of it the
    posterior is that of the model with :math:`\rho` drawn from its prior, draw by draw: that is
    ``difference_confounded`` of :func:`coefficacy.two_sources`, after ``confounding`` in the model file.
    Correlations are of residuals of the teams' latents, within layers: errors of measurement have no part in
    them.

    Parameters
    ----------
    fit : of a model with ``[estimands.two_sources]``
    correlations : values of one :math:`\rho_m`, the others being zero; between -1 and 1

    Returns
    -------
    xarray.Dataset
        dims (chain, draw, ...): ``difference`` (mediator, correlation), in SDs of the outcome;
        ``first_path`` and ``second_path`` (mediator, correlation), its two sides; ``sign_lost`` (mediator),
        the correlation at which the difference is zero; ``sign_lost_first`` and ``sign_lost_second``, the
        same for the two sides. NaN where no correlation changes it.

    Raises
    ------
    FitError
        The model asks for no such estimand; it has no closed form; a mediator's value is its members' mean; a
        latent predicts the outcome that is in no equation of a mediator.

    References
    ----------
    Imai, K., Keele, L., & Yamamoto, T. (2010). Identification, inference and sensitivity analysis for causal
    mediation effects. *Statistical Science, 25*, 51-71. https://doi.org/10.1214/10-STS321

    Examples
    --------
    >>> co.confounding(fit)["sign_lost"].quantile([0.025, 0.5])  # doctest: +SKIP
    """
    asked = next((options_of(e) for e in fit.spec.estimands if e.kind == _KIND), None)
    if asked is None:
        mend = f"Add a section [estimands.{_KIND}]."
        raise FitError(Problem("estimands", f"the model asks for no '{_KIND}'.", mend))
    names = {key: asked[key] for key in ("outcome", "treatments", "mediators")}
    changes = asked.get("changes", (1.0, 1.0))
    paths = linear_paths(fit, **names)
    errors = _Errors(fit, paths)
    grid = np.asarray(correlations, float)
    if np.any(np.abs(grid) >= 1):
        raise FitError(Problem("correlations", f"{correlations} are not possible.", "Stay within -1 and 1."))
    rho = np.eye(len(paths.mediators))[:, None, :] * grid[:, None]
    first, second = _sides(paths, changes, errors.corrected(rho, cases=2))
    coords = {MEDIATOR: paths.mediators, "correlation": grid.tolist()}
    words = "with one mediator's error and the outcome's correlated, in SDs of the outcome"
    variables = {
        "difference": (paths.labelled(second - first, **coords), f"difference of the two paths {words}"),
        "first_path": (paths.labelled(first, **coords), f"{paths.treatments[0]} {words}"),
        "second_path": (paths.labelled(second, **coords), f"{paths.treatments[1]} {words}"),
    }
    zero, unit = (_sides(paths, changes, b) for b in (paths.to_outcome[..., None, :], errors.per_unit()))
    for name, at, slope in (
        ("sign_lost", zero[1] - zero[0], unit[1] - unit[0]),
        ("sign_lost_first", zero[0], unit[0]),
        ("sign_lost_second", zero[1], unit[1]),
    ):
        lost = paths.labelled(errors.root(at, slope), **{MEDIATOR: paths.mediators})
        variables[name] = (lost, "correlation of errors at which the sign is lost")
    return labelled(variables, headline="difference", source=SOURCE)


def integrated_difference(
    fit: Fit, paths: LinearPaths, changes: Sequence[float], *, sd: float, seed: int = 1
) -> xr.DataArray:
    """Return the difference with a correlation a mediator drawn from Normal(0, sd) for every draw.

    Correlations that leave the outcome no residual variance are drawn again.
    """
    errors = _Errors(fit, paths)
    rng = np.random.default_rng(seed)
    rho = rng.normal(0.0, sd, paths.to_outcome.shape)
    while np.any(out := errors.left(rho) < _LEAST_LEFT):
        rho[out] = rng.normal(0.0, sd, (int(out.sum()), rho.shape[-1]))
    first, second = _sides(paths, changes, errors.corrected(rho))
    return paths.labelled(second - first)


def _sides(paths: LinearPaths, changes: Sequence[float], b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first treatment through the first mediator alone, the second through the second, in SDs."""
    found = []
    for k in (0, 1):
        along = changes[k] * paths.along(k, (k,), b)
        found.append(along / paths.outcome_sd.reshape(paths.outcome_sd.shape + (1,) * (along.ndim - 2)))
    return found[0], found[1]


class _Errors:
    """Errors of mediators and outcome, draw by draw."""

    def __init__(self, fit: Fit, paths: LinearPaths) -> None:
        _check(fit, paths)
        level, k = paths.level, len(paths.mediators)
        shape = paths.outcome_sd.shape
        self.paths = paths
        self.sd = np.stack([_draws(fit, f"sd({level}.{m})", shape) for m in paths.mediators], axis=-1)
        self.sigma = _draws(fit, f"sd({level}.{paths.outcome})", shape)
        self.inverse = np.linalg.inv(_correlations(fit, paths))
        self.mix = np.eye(k) - paths.among_mediators

    def left(self, rho: np.ndarray) -> np.ndarray:
        """Share of the outcome's error that is not shared with mediators', (chain, draw)."""
        return 1 - np.einsum("...i,...ij,...j->...", rho, self.inverse, rho)

    def corrected(self, rho: np.ndarray, *, cases: int = 0) -> np.ndarray:
        """Return coefficients on the outcome under correlations, (chain, draw, ..., mediator).

        Parameters
        ----------
        rho : (mediator,) last; before it draws, or as many axes of `cases` that hold for all draws
        """

        def wide(values: np.ndarray, own: int) -> np.ndarray:
            shape = values.shape
            return values.reshape(*shape[: len(shape) - own], *(1,) * cases, *shape[len(shape) - own :])

        scaled = np.einsum("...ij,...j->...i", wide(self.inverse, 2), rho)
        left = 1 - np.sum(scaled * rho, axis=-1)
        bias = scaled / wide(self.sd, 1) * (wide(self.sigma, 0) / np.sqrt(left))[..., None]
        return wide(self.paths.to_outcome, 1) - np.einsum("...ij,...j->...i", wide(self.mix, 2), bias)

    def per_unit(self) -> np.ndarray:
        """Return what a unit of t = rho / sqrt(1 - r rho^2) of each mediator adds, (..., of, mediator)."""
        scaled = np.swapaxes(self.inverse, -1, -2) / self.sd[..., None, :]
        return -np.einsum("...ij,...mj->...mi", self.mix, scaled) * self.sigma[..., None, None]

    def root(self, at: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """Return the correlation of each mediator at which ``at + slope t`` is zero."""
        with np.errstate(invalid="ignore", divide="ignore"):
            t = np.where(np.abs(slope) > 1e-12, -at / slope, np.nan)
        r = np.einsum("...ii->...i", self.inverse)
        return t / np.sqrt(1 + r * t**2)


def _correlations(fit: Fit, paths: LinearPaths) -> np.ndarray:
    """Of the mediators' errors; zero where one predicts the other."""
    k, name = len(paths.mediators), f"cor({paths.level})"
    matrix = np.broadcast_to(np.eye(k), (*paths.outcome_sd.shape, k, k)).copy()
    if name in fit.posterior:
        chosen = fit.posterior[name].sel(
            {
                f"{paths.level}.correlated": list(paths.mediators),
                f"{paths.level}.correlated'": list(paths.mediators),
            }
        )
        return chosen.transpose("chain", "draw", ...).values
    return matrix


def _draws(fit: Fit, name: str, shape: tuple[int, ...]) -> np.ndarray:
    if name not in fit.posterior:
        return np.ones(shape)
    return fit.posterior[name].transpose("chain", "draw").values


def _check(fit: Fit, paths: LinearPaths) -> None:
    for name in paths.mediators:
        if queries.measure(fit.spec, name).aggregate == "members":
            what = "is the mean of its members, whose own errors have a part in it."
            raise FitError(Problem(f"measures.{name}", what, 'Take aggregate = "population" to see it.'))
    columns = lay_out(fit.spec, fit.survey, paths.level).columns
    latents = {name for c in columns[paths.outcome] for name in c.latents} - set(paths.mediators)
    for m in paths.mediators:
        missing = sorted(latents - {name for c in columns[m] for name in c.latents})
        if missing:
            what = f"does not hold {', '.join(missing)}, which {paths.outcome} does."
            raise FitError(Problem(f"{paths.level}.{m}", what, "Add it, so that errors mean the same."))
