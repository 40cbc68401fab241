"""The flagship world's structural equations and what they imply for standardised effects."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coefficacy.errors import CoefficacyError, Problem
from coefficacy.worlds.options import AdaptationOptions

__all__ = [
    "PATHS",
    "PERSON_CORRELATION",
    "PERSON_PATH",
    "TEAM_CORRELATION",
    "TEAM_SD",
    "Outcome",
    "Predictors",
    "implied_predictors",
    "solve_outcome",
]

type Array = NDArray[np.float64]

PERSON_PATH = 0.4
PERSON_CORRELATION: Array = np.array([[1.0, 0.0, 0.1], [0.0, 1.0, 0.3], [0.1, 0.3, 1.0]])
"""Residuals within teams of collective efficacy, self-efficacy and competence."""

PATHS: dict[str, dict[str, float]] = {
    "self_efficacy": {"prior_performance": 0.15},
    "competence": {"prior_performance": 0.2},
    "collective_efficacy": {
        "shared_mastery": 0.35,
        "self_efficacy": 0.5,
        "competence": 0.3,
        "prior_performance": 0.2,
    },
}
"""Raw coefficients of the teams' latents, in units of the latents' residual SD within teams."""

TEAM_SD = {"collective_efficacy": 0.4, "self_efficacy": 0.4, "competence": 0.5}
TEAM_CORRELATION = 0.3
"""Of the team residuals of self-efficacy and competence."""


@dataclass(frozen=True, slots=True)
class Predictors:
    """Covariance of what predicts adaptation, within layers, in the order of `names`."""

    names: tuple[str, ...]
    covariance: Array
    mean_inverse_size: float

    @property
    def sd(self) -> dict[str, float]:
        return dict(zip(self.names, map(float, np.sqrt(np.diag(self.covariance))), strict=True))

    def between(self) -> tuple[dict[str, float], float]:
        """SDs of the teams' self-efficacy and competence before members are drawn, and their correlation.

        The covariates' part is in both: the model has no equation for these two.
        """
        i, j = (self.names.index(name) for name in ("self_efficacy", "competence"))
        s = math.sqrt(self.covariance[i, i])
        c = math.sqrt(self.covariance[j, j] - self.mean_inverse_size)
        return {"self_efficacy": s, "competence": c}, float(self.covariance[i, j]) / (s * c)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Coefficients of adaptation; `noise_sd` is what the driver leaves of the residual."""

    raw: dict[str, float]
    standardised: dict[str, float]
    noise_sd: float


def implied_predictors(covariates: Mapping[str, Array], mean_inverse_size: float) -> Predictors:
    """Return the model-implied covariance of covariates and team latents within layers.

    Parameters
    ----------
    covariates : one value a team; they enter at their sample covariance
    mean_inverse_size : average of 1 / (team size): variance of the members' mean competence around the team's
    """
    names = [*covariates, "self_efficacy", "competence"]
    k = len(covariates)
    exogenous = np.cov(np.stack(list(covariates.values())))
    paths = np.array([[PATHS[y].get(x, 0.0) for x in covariates] for y in names[k:]])
    s, c = TEAM_SD["self_efficacy"], TEAM_SD["competence"]
    between = TEAM_CORRELATION * s * c
    residual = np.array([[s**2, between], [between, c**2 + mean_inverse_size]])
    cross = exogenous @ paths.T
    covariance = np.block([[exogenous, cross], [cross.T, paths @ cross + residual]])
    weights = np.array([PATHS["collective_efficacy"].get(x, 0.0) for x in names])
    column = covariance @ weights
    variance = weights @ column + TEAM_SD["collective_efficacy"] ** 2
    covariance = np.block([[covariance, column[:, None]], [column[None], np.array([[variance]])]])
    return Predictors((*names, "collective_efficacy"), covariance, mean_inverse_size)


def solve_outcome(options: AdaptationOptions, implied: Predictors) -> Outcome:
    """Return raw coefficients that give the standardised effects asked for when SD(adaptation) is 1."""
    beta = {
        "collective_efficacy": options.planted,
        "self_efficacy": options.self_efficacy,
        "competence": options.competence,
        "prior_performance": options.prior_performance,
    }
    raw = {name: value / implied.sd[name] for name, value in beta.items()}
    weights = np.array([raw.get(name, 0.0) for name in implied.names])
    left = 1 - float(weights @ implied.covariance @ weights) - options.driver**2
    if left <= 0:
        raise CoefficacyError(
            Problem(
                "simulate C4: effect, self_efficacy, competence, prior_performance, driver",
                f"{', '.join(f'{value:g}' for value in (*beta.values(), options.driver))} would explain "
                f"{1 - left:.0%} of the variance of adaptation.",
                "Make them smaller.",
            )
        )
    return Outcome(raw, beta, math.sqrt(left))
