"""The rival's predictive check: is something of collective efficacy left in what the rival cannot explain?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from coefficacy.model.design import expand
from coefficacy.model.recovered import EXPECTED, PREDICTED, PREDICTED_SD
from coefficacy.scores.density import replicate
from coefficacy.spec import queries

if TYPE_CHECKING:
    from coefficacy.spec.model import ModelSpec, Question
    from coefficacy.survey import Survey

__all__ = ["RivalCheck", "rival_check"]


@dataclass(frozen=True, slots=True)
class RivalCheck:
    """Result of :func:`rival_check`.

    Attributes
    ----------
    observed, replicated : (sample,), the correlation with the outcome and with its replicates, a pair a draw
    p_value : share of draws in which the replicate lies at least as far in the question's direction
    """

    observed: xr.DataArray
    replicated: xr.DataArray
    p_value: float


def rival_check(
    posterior: xr.Dataset, spec: ModelSpec, survey: Survey, question: Question, *, seed: int
) -> RivalCheck:
    """Correlate the rival's residuals with the expected latent that the rival leaves out.

    The latent's expectation given answers and parameters is taken over the rival's draws and residualised on
    the rival's own predictors; with drawn instead of expected latents the check has no power. Draws of the
    exact engine hold what to expect of a team's latents and outcome given its answers alone: residuals are
    from that, and the replicates scatter around it. Those of the explicit engine hold latents drawn given the
    outcome too, which take up some of what the rival cannot explain.

    Parameters
    ----------
    posterior : of the rival
    spec : of the rival
    question : of the main model; its term must be one latent of its level
    """
    y = np.asarray(survey.column(question.level, question.response).values, float)
    seen = np.flatnonzero(np.isfinite(y))
    left_out = _residualised(posterior, spec, survey, question)[seen]
    expected, again = _replicated(posterior, spec, question, np.random.default_rng([seed, 11]))
    lowest = np.nanmin(y) if queries.family_of(spec, question.response).family == "ordinal" else 0.0
    observed = _correlation((y - lowest - expected)[..., seen], left_out)
    replicated = _correlation((again - expected)[..., seen], left_out)
    sign = 1.0 if question.direction == "positive" else -1.0
    return RivalCheck(
        observed=xr.DataArray(observed.ravel(), dims="sample", name="rival_check_observed"),
        replicated=xr.DataArray(replicated.ravel(), dims="sample", name="rival_check_replicated"),
        p_value=float(np.mean(sign * replicated >= sign * observed)),
    )


def _replicated(
    posterior: xr.Dataset, spec: ModelSpec, question: Question, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """What to expect of the outcome, and a replicate, of every draw and unit."""
    name = f"{question.level}.{question.response}"
    if f"{name}.{PREDICTED}" in posterior:
        mean, sd = posterior[f"{name}.{PREDICTED}"].values, posterior[f"{name}.{PREDICTED_SD}"].values
        return mean, mean + sd * rng.standard_normal(mean.shape)
    eta = posterior[f"{name}.eta"].values
    again = replicate(posterior, spec, question.level, question.response, rng)
    return _expected(eta, spec, question.response), again


def _expected(eta: np.ndarray, spec: ModelSpec, outcome: str) -> np.ndarray:
    """What to subtract from the outcome: its mean, on the link for families without a simple one."""
    from scipy import special, stats

    family = queries.family_of(spec, outcome).family
    if family in ("bernoulli", "beta"):
        return special.expit(eta) if queries.link_of(spec, outcome) == "logit" else stats.norm.cdf(eta)
    return np.exp(eta) if family in ("poisson", "negative_binomial") else eta


def _residualised(posterior: xr.Dataset, spec: ModelSpec, survey: Survey, question: Question) -> np.ndarray:
    level = question.level
    given_answers = f"{level}.{EXPECTED}"
    drawn = posterior[given_answers if given_answers in posterior else f"{level}.latent"]
    latent = drawn.mean(("chain", "draw"))
    expected = {
        str(name): latent.sel({f"{level}.name": name}).values for name in latent[f"{level}.name"].values
    }
    equation = queries.regression(spec, level, question.response)
    terms = equation.formula.terms if equation else ()
    predictors = [np.ones(latent.sizes[level])]
    for column in expand(spec, survey, level, terms, expected, where=f"{level}.{question.response}"):
        parts = [expected[name] for name in column.latents]
        predictors.append(np.prod([*parts, *([] if column.values is None else [column.values])], axis=0))
    x, target = np.column_stack(predictors), expected[question.term]
    return target - x @ np.linalg.lstsq(x, target, rcond=None)[0]


def _correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a, b = a - a.mean(axis=-1, keepdims=True), b - b.mean()
    return (a * b).sum(axis=-1) / np.sqrt((a**2).sum(axis=-1) * (b**2).sum())
