"""The rival's predictive check: is something of the effect left in what the rival cannot explain?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from coefficacy.model.design import expand
from coefficacy.model.recovered import PREDICTED, PREDICTED_SD
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
    posterior: xr.Dataset, rival: ModelSpec, model: ModelSpec, survey: Survey, *, seed: int
) -> RivalCheck:
    """Correlate the rival's residuals with the expected predictor that the rival leaves out.

    The predictor is residualised on the rival's own; all are expectations given a team's answers without its
    outcomes, the same for every rival (with drawn instead of expected latents the check has no power).

    Parameters
    ----------
    posterior, rival : draws and equations of the rival, see :func:`coefficacy.scores.fit_rival`
    model : the model that asks the question
    survey : holds what is expected of latents as columns, see :func:`coefficacy.scores.with_expected`
    seed : of the replicates
    """
    question = model.question
    assert question is not None
    y = np.asarray(survey.column(question.level, question.response).values, float)
    seen = np.flatnonzero(np.isfinite(y))
    left_out = _residualised(rival, model, survey)[seen]
    rng = np.random.default_rng([seed, 11])
    expected, again = _replicated(posterior, rival, question, rng)
    lowest = np.nanmin(y) if queries.family_of(model, question.response).family == "ordinal" else 0.0
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


def _residualised(rival: ModelSpec, model: ModelSpec, survey: Survey) -> np.ndarray:
    question = model.question
    assert question is not None
    level, where = question.level, f"{question.level}.{question.response}"

    def columns(spec: ModelSpec) -> dict[str, np.ndarray]:
        equation = queries.regression(spec, level, question.response)
        found = expand(spec, survey, level, equation.formula.terms if equation else (), (), where=where)
        return {c.label: c.values for c in found if c.values is not None}

    target = columns(model)[question.term]
    x = np.column_stack([np.ones(len(target)), *columns(rival).values()])
    return target - x @ np.linalg.lstsq(x, target, rcond=None)[0]


def _correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a, b = a - a.mean(axis=-1, keepdims=True), b - b.mean()
    return (a * b).sum(axis=-1) / np.sqrt((a**2).sum(axis=-1) * (b**2).sum())
