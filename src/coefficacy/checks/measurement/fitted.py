"""Reliability of a measure at each level under a fitted model, draw by draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from coefficacy.checks.measurement.anova import spearman_brown
from coefficacy.checks.measurement.composites import Composite, mean_reliability, omega
from coefficacy.checks.measurement.draws import composite_draws
from coefficacy.checks.measurement.notes import notes_on_fit
from coefficacy.dims import SAMPLE, SIZE, STATISTIC, item_dim
from coefficacy.errors import FitError, Problem
from coefficacy.model.variances import level_of_teams
from coefficacy.spec import queries

if TYPE_CHECKING:
    from coefficacy.sampling import Fit
    from coefficacy.survey import Survey

__all__ = ["Reliability", "reliability"]

_STATISTICS = ("mean", "sd", "q2_5", "q97_5")


@dataclass(frozen=True, slots=True)
class Reliability:
    """Reliability of one measure under a fitted model.

    Attributes
    ----------
    measure : its name
    draws : (chain, draw): ``omega_within``, ``omega_between``, ``omega_total``, ``icc1_latent``,
        ``icc1_observed``, and the means over teams of ``icc2_latent``, ``icc2_observed`` and
        ``mean_reliability``; NaN where a quantity does not apply
    by_size : the last three for a team of each size that occurs, (chain, draw, ``size``)
    sizes : members who answered, over the dimension of the teams
    on_link : whether answers stand for latent responses (ordinal and bernoulli items), whose reliability
        this is, rather than that of the answers themselves
    notes : what does not apply, and what to keep in mind, in plain words
    """

    measure: str
    draws: xr.Dataset
    by_size: xr.Dataset
    sizes: xr.DataArray
    on_link: bool
    notes: tuple[str, ...]

    @property
    def summary(self) -> xr.Dataset:
        """Posterior mean, SD and equal-tailed 95% interval of `draws`, dims (``statistic``)."""
        return _summarised(self.draws)

    @property
    def by_team(self) -> xr.Dataset:
        """The same of `by_size` for every team, dims (team, ``statistic``); NaN where nobody answered."""
        sizes = self.by_size[SIZE].values
        found = _summarised(self.by_size).reindex({SIZE: [0, *sizes]})
        return found.sel({SIZE: self.sizes}).drop_vars(SIZE).assign(n=self.sizes)


def reliability(fit: Fit, measure: str) -> Reliability:
    r"""Return the reliability of a measure at each level, with posterior intervals.

    With :math:`\Lambda` the sum of the loadings within or between teams, :math:`\psi` the variance of the
    latent there (all of it, explained or not), :math:`\theta` the sum of the items' residual variances
    (between: of the team-level item residuals), and :math:`n` members who answered:

    .. math::

        \omega_w &= \frac{\Lambda_w^2 \psi_w}{\Lambda_w^2 \psi_w + \theta_w}, \qquad
        \omega_b = \frac{\Lambda_b^2 \psi_b}{\Lambda_b^2 \psi_b + \theta_b}, \\
        \text{ICC}(1) &= \frac{\psi_b}{\psi_b + \psi_w}, \qquad
        \text{ICC}(2) = \frac{n\,\text{ICC}(1)}{1 + (n - 1)\,\text{ICC}(1)}, \\
        \text{mean\_reliability} &= \frac{\Lambda_b^2 \psi_b}
            {\Lambda_b^2 \psi_b + \theta_b + (\Lambda_w^2 \psi_w + \theta_w) / n}

    ``omega_total`` is that of one person's score without regard to teams; ``_latent`` ICCs are those of the
    doubly latent model, ``_observed`` ones those of the sum of the items,
    :math:`(\Lambda_b^2 \psi_b + \theta_b) / (\Lambda_b^2 \psi_b + \theta_b + \Lambda_w^2 \psi_w + \theta_w)`.
    ``mean_reliability`` is the squared correlation of a team's mean score with its value: both who is on
    the team and which items were asked are error. Observed ICC(2) counts the items as given: it is
    ``mean_reliability`` over :math:`\omega_b`.

    Parameters
    ----------
    fit : of either engine
    measure : one of its measures

    Returns
    -------
    Reliability
        For items with a link it is that of the latent responses.

    Raises
    ------
    SurveyError : no such measure
    FitError : the variance of the latent has no closed form, or its items have specific factors

    Notes
    -----
    Where a team's value rests on its very members (a measure with ``aggregate = "members"`` predicts this
    one), it correlates with who is on the team; ``mean_reliability`` counts that in, beyond the formula.

    References
    ----------
    Geldhof, Preacher & Zyphur (2014), https://doi.org/10.1037/a0032138;
    Lai (2021), https://doi.org/10.1037/met0000287; Lüdtke et al. (2008), https://doi.org/10.1037/a0012869;
    Lüdtke et al. (2011), https://doi.org/10.1037/a0024376

    Examples
    --------
    >>> found = reliability(fit, "collective_efficacy")  # doctest: +SKIP
    >>> found.summary["omega_between"].sel(statistic="mean").item()  # doctest: +SKIP
    0.93
    """
    answers = fit.survey.answers(measure)
    if queries.measure(fit.spec, measure).specific:
        what = "the formulas know no specific factors."
        raise FitError(Problem(f"reliability of {measure}", what, "See it in a model without them."))
    parts = composite_draws(fit.posterior, fit.spec, fit.survey, measure)
    it, upper = queries.measure(fit.spec, measure), level_of_teams(fit.spec, measure)
    several = answers.sizes[item_dim(measure)] > 1
    draws = _of_items(parts) if several else _of_items(parts) * np.nan
    sizes = _sizes(fit.survey, answers, upper)
    if upper is None:
        draws = draws.assign(omega_between=draws["omega_between"] * np.nan)
    by_size = _of_means(parts, sizes, of_members=it.aggregate == "members", nested=upper is not None)
    counted = np.bincount(sizes.values)[by_size[SIZE].values]
    share = by_size[SIZE].copy(data=counted / max(counted.sum(), 1))
    iccs = {"icc1_latent": parts.icc1_latent, "icc1_observed": parts.icc1_observed}
    nested = iccs if upper else {name: values * np.nan for name, values in iccs.items()}
    return Reliability(
        measure=measure,
        draws=draws.assign(nested | {str(name): v.dot(share, dim=SIZE) for name, v in by_size.items()}),
        by_size=by_size,
        sizes=sizes,
        on_link=it.family != "gaussian",
        notes=notes_on_fit(fit, it, parts, upper),
    )


def _of_items(parts: Composite) -> xr.Dataset:
    """Omega within teams, between them, and without regard to them."""
    within, between = parts.common_within, parts.common_between
    return xr.Dataset(
        {
            "omega_within": omega(within, parts.unique_within),
            "omega_between": omega(between, parts.unique_between),
            "omega_total": omega(within + between, parts.unique_within + parts.unique_between),
        }
    )


def _of_means(parts: Composite, sizes: xr.DataArray, *, of_members: bool, nested: bool) -> xr.Dataset:
    """Reliability of means over as many members as occur."""
    occurring = np.unique(sizes.values[sizes.values > 0])
    size = xr.DataArray(occurring, dims=SIZE, coords={SIZE: occurring})
    found = xr.Dataset(
        {
            "icc2_latent": spearman_brown(parts.icc1_latent, size),
            "icc2_observed": spearman_brown(parts.icc1_observed, size),
            "mean_reliability": mean_reliability(parts, size, of_members=of_members),
        }
    )
    return found if nested else found * np.nan


def _sizes(survey: Survey, answers: xr.DataArray, upper: str | None) -> xr.DataArray:
    """Units that answered, by the unit above; each its own where there is none."""
    level = str(answers.dims[0])
    teams = upper or level
    answered = ~np.isnan(answers.values).all(axis=1)
    size = np.bincount(survey.index(level, teams)[answered], minlength=survey.n[teams])
    return xr.DataArray(size, dims=teams, coords={teams: survey.levels[teams][teams].values}, name="n")


def _summarised(draws: xr.Dataset) -> xr.Dataset:
    low, high = (draws.quantile(q, SAMPLE, skipna=False).drop_vars("quantile") for q in (0.025, 0.975))
    parts = [draws.mean(SAMPLE, skipna=False), draws.std(SAMPLE, ddof=1, skipna=False), low, high]
    return xr.concat(parts, dim=STATISTIC).assign_coords({STATISTIC: list(_STATISTICS)})
