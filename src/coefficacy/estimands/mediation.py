"""What two treatments carry to an outcome through two mediators (claim C5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from coefficacy.dims import MEDIATOR, PATH, SAMPLE, TREATMENT
from coefficacy.errors import FitError, Problem
from coefficacy.estimands.confounders import integrated_difference
from coefficacy.estimands.labels import labelled
from coefficacy.estimands.linear_paths import LinearPaths, linear_paths, path_effects
from coefficacy.spec import queries

if TYPE_CHECKING:
    from coefficacy.sampling import Fit

__all__ = ["two_sources"]

SOURCE = "Vansteelandt & Daniel (2017), https://doi.org/10.1097/EDE.0000000000000596"


def two_sources(
    fit: Fit,
    *,
    outcome: str,
    treatments: Sequence[str],
    mediators: Sequence[str],
    changes: Sequence[float] = (1.0, 1.0),
    confounding: float = 0.0,
) -> xr.Dataset:
    r"""Return every path from two treatments through two mediators to an outcome of teams.

    For a team with treatments :math:`t`, mediators :math:`m_1, m_2` in the order in which they act and
    outcome :math:`y`, all other predictors, layers and residuals apart,

    .. math::
        m_1 = a_1' t, \quad m_2 = a_2' t + c\, m_1, \quad y = b_1 m_1 + b_2 m_2 + d' t

    a change of treatment k by :math:`\delta_k` carries :math:`\delta_k a_{1k} b_1` through the first mediator
    alone, :math:`\delta_k a_{2k} b_2` through the second alone, :math:`\delta_k a_{1k} c\, b_2` through the
    first and then the second, and :math:`\delta_k d_k` directly. As nothing is multiplied here, these
    products are what g-computation gives (:func:`coefficacy.intervene` simulates it); the interventional
    indirect effect through a mediator, that of moving its distribution over teams as the treatment would,
    is the sum of the paths whose last mediator it is (Vansteelandt and Daniel 2017).

    **Person-level treatments.** A column of persons, 0 or 1, has two coefficients on a latent. That of the
    person's deviation from the team's mean, :math:`\gamma_w`, compares members of one team; that of
    ``mean(x)``, :math:`\gamma_b`, compares teams of different shares. With the share raised from 0 to 1
    deviations are zero before and after, so that each member, and the team, gains :math:`\gamma_b`:
    :math:`\gamma_w` is no part of it and must not be added. For a single new licence in a team of n the
    holder gains :math:`\gamma_w (1 - 1/n) + \gamma_b / n` and each colleague
    :math:`(\gamma_b - \gamma_w) / n`, which sums to :math:`\gamma_b`. ``between_minus_within``,
    :math:`\gamma_b - \gamma_w`, is what colleagues gain: spillover, or a sign that teams with many licences
    differ from others in ways no column tells.

    **When this is causal.** Treatments come before mediators, mediators are *measured before the outcome*,
    and nothing left out of the equations moves two of treatment, mediators and outcome together. For the last
    pair see :func:`coefficacy.confounding`.

    Parameters
    ----------
    outcome : gaussian, of teams
    treatments : two columns of teams' equations; ``"mean(x)"`` for a column of persons. The first is the one
        of single persons, the second that of the team as one
    mediators : two latents of teams, in the order in which they act
    changes : of each treatment, in the unit of its column: 1 for a share is everyone rather than no one
    confounding : SD of the prior of one correlation of errors a mediator, see
        :func:`coefficacy.confounding`; 0 for none

    Returns
    -------
    xarray.Dataset
        dims (chain, draw, ...), in SDs of the outcome within the levels above:

        - ``difference`` (headline): the second treatment through the second mediator alone, minus the first
          through the first alone, for `changes`;
        - ``difference_per_sd``: the same for one SD of either treatment in the survey. Units of different
          treatments have no common measure: look at both;
        - ``effect`` (treatment, path), of `changes`: through ``"m1"`` or ``"m2"`` alone, ``"m1 > m2"``,
          ``"direct"`` and ``"total"``;
        - ``raised`` (treatment, mediator): what `changes` do to mediators, in SDs of these;
        - ``between_minus_within``, for the first treatment on the first mediator, in units of the latent,
          where persons have an equation with the treatment;
        - ``difference_confounded``: ``difference`` over the prior of `confounding`, where there is one.

    Raises
    ------
    FitError
        An equation multiplies a treatment or a mediator, the outcome is not gaussian, or the order of
        mediators is not that of the equations.

    References
    ----------
    Vansteelandt, S., & Daniel, R. M. (2017). Interventional effects for mediation analysis with multiple
    mediators. *Epidemiology, 28*, 258-265. https://doi.org/10.1097/EDE.0000000000000596

    Preacher, K. J., Zyphur, M. J., & Zhang, Z. (2010). A general multilevel SEM framework for assessing
    multilevel mediation. *Psychological Methods, 15*, 209-233. https://doi.org/10.1037/a0020141

    Examples
    --------
    >>> two_sources(
    ...     fit,
    ...     outcome="adaptation",
    ...     treatments=["mean(licensed)", "shared_projects"],
    ...     mediators=["self_efficacy", "collective_efficacy"],
    ... ).effect.mean(["chain", "draw"])  # doctest: +SKIP
    """
    _check_two(treatments=treatments, mediators=mediators, changes=changes)
    paths = linear_paths(fit, outcome=outcome, treatments=treatments, mediators=mediators)
    effect = path_effects(paths, changes)
    per_sd = path_effects(paths, paths.treatment_sd.tolist())
    words = _Words(paths, outcome)
    found = {
        "difference": (_difference(effect, paths), words.difference),
        "difference_per_sd": (_difference(per_sd, paths), f"{words.difference}, per SD of either"),
        "effect": (effect, f"effect on {words.outcome} by path, in its SDs"),
        "raised": (_raised(paths, changes), "effect on each mediator, in SDs of the mediator"),
    }
    contrast = _between_minus_within(fit, paths)
    if contrast is not None:
        what = f"effect of {treatments[0]} on {mediators[0]}, between teams minus within them"
        found["between_minus_within"] = (contrast, what)
    if confounding > 0:
        spread = integrated_difference(fit, paths, changes, sd=confounding)
        what = f"{words.difference}, errors correlated by Normal(0, {confounding:g})"
        found["difference_confounded"] = (spread, what)
    return labelled(found, headline="difference", source=SOURCE)


class _Words:
    """Names as a reader has them."""

    def __init__(self, paths: LinearPaths, outcome: str) -> None:
        first, second = map(_plain, paths.treatments)
        m1, m2 = map(_plain, paths.mediators)
        self.outcome = _plain(outcome)
        self.difference = (
            f"effect of {second} on {self.outcome} through {m2}, minus that of {first} through {m1}, in SDs "
            f"of {self.outcome}"
        )


def _plain(name: str) -> str:
    """``"mean(x)"`` is the share or mean of x in a team."""
    inside = name.removeprefix("mean(").removesuffix(")").replace("_", " ")
    return inside if inside == name.replace("_", " ") else f"the team's mean of {inside}"


def _difference(effect: xr.DataArray, paths: LinearPaths) -> xr.DataArray:
    (first, second), (m1, m2) = paths.treatments, paths.mediators
    of_second = effect.sel({TREATMENT: second, PATH: m2}, drop=True)
    return of_second - effect.sel({TREATMENT: first, PATH: m1}, drop=True)


def _raised(paths: LinearPaths, changes: Sequence[float]) -> xr.DataArray:
    """Total effects on the mediators: a (I - C)^-1."""
    k = len(paths.mediators)
    total = paths.to_mediators @ np.linalg.inv(np.eye(k) - paths.among_mediators)
    values = np.asarray(changes, float)[:, None] * total / paths.mediator_sd[..., None, :]
    return paths.labelled(values, **{TREATMENT: paths.treatments, MEDIATOR: paths.mediators})


def _between_minus_within(fit: Fit, paths: LinearPaths) -> xr.DataArray | None:
    treatment, mediator = paths.treatments[0], paths.mediators[0]
    column = treatment.removeprefix("mean(").removesuffix(")")
    name = f"{queries.lowest(fit.spec).name}.{mediator}"
    if column == treatment or name not in fit.posterior:
        return None
    terms = fit.posterior[name]
    if column not in terms[f"{name}.term"]:
        return None
    within = terms.sel({f"{name}.term": column}).transpose(*SAMPLE).values
    return paths.labelled(paths.to_mediators[..., 0, 0] - within)


def _check_two(**given: Sequence[object]) -> None:
    for name, values in given.items():
        if len(values) != 2:
            what = f"{len(values)} given."
            raise FitError(Problem(f"two_sources: {name}", what, "Give two."))
