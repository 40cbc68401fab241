"""The composite of a measure's items from the draws of a posterior."""

from __future__ import annotations

import numpy as np
import xarray as xr

from coefficacy.checks.measurement.composites import Composite
from coefficacy.dims import SAMPLE, item_dim
from coefficacy.model.variances import Implied, drawn, level_of_teams
from coefficacy.spec import queries
from coefficacy.spec.model import Measure, ModelSpec
from coefficacy.survey import Survey

__all__ = ["composite_draws"]

_LINK_VARIANCE = {"logit": np.pi**2 / 3, "probit": 1.0}


def composite_draws(posterior: xr.Dataset, spec: ModelSpec, survey: Survey, measure: str) -> Composite:
    """Return the sum of a measure's items in parts, each (chain, draw).

    Parameters
    ----------
    posterior : draws of the parameters, whatever the engine
    spec, survey : what was fitted

    Raises
    ------
    SpecError : no such measure
    FitError : the variance of the latent has no closed form; see :class:`Implied`
    """
    it, implied = queries.measure(spec, measure), Implied(posterior, spec, survey)
    level, upper = queries.measure_level(spec, measure), level_of_teams(spec, measure)
    sample = xr.Dataset(coords={name: posterior[name] for name in SAMPLE})

    def labelled(values: np.ndarray) -> xr.DataArray:
        return xr.DataArray(values, sample.coords, SAMPLE)

    item = item_dim(measure)
    loading = _loadings(posterior, survey, measure)
    free, item_sd = posterior.get(f"{measure}.between_loading"), posterior.get(f"{measure}.item_sd")
    zero = labelled(np.zeros([posterior.sizes[name] for name in SAMPLE]))
    return Composite(
        loading_within=loading.sum(item),
        loading_between=(
            loading.sum(item)
            if free is None
            else loading.isel({item: 0}, drop=True) + free.sum(f"{item}.free")
        ),
        within=labelled(implied.variance(level, measure)),
        between=labelled(implied.variance(upper, measure)) if upper else zero,
        independent=labelled(implied.variance(level, measure, independent=True)),
        unique_within=_unique_variances(posterior, spec, survey, it).sum(item) + zero,
        unique_between=zero if item_sd is None else (item_sd**2).sum(item),
        with_members=labelled(implied.shared_with_members(upper, measure)) if upper else zero,
    )


def _loadings(posterior: xr.Dataset, survey: Survey, measure: str) -> xr.DataArray:
    """(chain, draw, item); one for a single item, the same for all where they are parallel."""
    ones = _ones(survey, measure)
    if ones.size > 1:
        return ones * drawn(posterior, f"{measure}.loading")
    return ones * xr.ones_like(posterior["chain"] * posterior["draw"])


def _unique_variances(posterior: xr.Dataset, spec: ModelSpec, survey: Survey, it: Measure) -> xr.DataArray:
    """Residual variances of items within teams, (..., item); the link's for latent responses."""
    ones = _ones(survey, it.name)
    if it.family != "gaussian":
        return ones * _LINK_VARIANCE[queries.link_of(spec, it.name)]
    if ones.size > 1 and not it.sd and it.reliability is None:
        return ones * drawn(posterior, f"{it.name}.residual_sd") ** 2
    if it.sd:
        known = survey.column(queries.measure_level(spec, it.name), it.sd).values.astype(float)
        return ones * float(np.nanmean(known**2))
    variance = float(np.nanvar(survey.answers(it.name).values))
    return ones * (variance * (1 - it.reliability) if it.reliability is not None else 0.0)


def _ones(survey: Survey, measure: str) -> xr.DataArray:
    items = list(survey.items[measure])
    return xr.DataArray(np.ones(len(items)), dims=item_dim(measure), coords={item_dim(measure): items})
