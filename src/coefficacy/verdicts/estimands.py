"""Answers on estimands: numbers for ``verdict.json``, and what they say of the claim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from coefficacy.dims import SAMPLE
from coefficacy.verdicts.result import Answer
from coefficacy.verdicts.rule import REFUTED, stated

if TYPE_CHECKING:
    import xarray as xr

    from coefficacy.sampling import Fit
    from coefficacy.spec.model import EstimandSpec

__all__ = ["Answered", "answers", "entries_of", "first_answered", "summary_of"]

ESS_WANTED = 400
_MOST_ENTRIES = 24


@dataclass(frozen=True, slots=True)
class Answered:
    """An estimand of a model file, with its answer.

    Attributes
    ----------
    asked : as the file has it
    found : draws, dims (chain, draw, ...)
    answer : None where the file gives no bound
    reason : one sentence on the answer; empty without one
    """

    asked: EstimandSpec
    found: xr.Dataset
    answer: Answer | None
    reason: str

    def to_json(self) -> dict[str, Any]:
        """Return plain values: answer, headline, and a summary of each variable that is no table of units."""
        numbers = {
            name: summary_of(draws)
            for variable in self.found.data_vars.values()
            if variable.size // _draws(variable) <= _MOST_ENTRIES
            for name, draws in entries_of(variable).items()
        }
        answer = {"answer": self.answer, "reason": self.reason} if self.answer else {}
        return {**answer, "headline": self.found.attrs["headline"], **numbers}


def answers(fit: Fit) -> dict[str, Answered]:
    """Return what the draws say of every estimand of the model file.

    With a bound ``above``, the claim is supported if the headline's 95% interval (equal-tailed) lies above
    it, and refuted if the headline lies below it with a probability of at least .95; ``below`` mirrors this.
    Cannot tell otherwise, and always where the fit did not converge or the headline has fewer than 400
    effective draws.
    """
    from coefficacy.estimands import estimate

    found = {}
    for asked in fit.spec.estimands:
        draws = estimate(fit, asked.kind)
        answer, reason = _answer(fit, asked, draws)
        found[asked.kind] = Answered(asked, draws, answer, reason)
    return found


def first_answered(found: Mapping[str, Answered]) -> Answered | None:
    """Return the estimand that stands for the verdict where the model asks no question."""
    return next((one for one in found.values() if one.answer is not None), None)


def _answer(fit: Fit, asked: EstimandSpec, found: xr.Dataset) -> tuple[Answer | None, str]:
    if not asked.is_asked:
        return None, ""
    if not fit.convergence.ok:
        return "cannot tell", "The fit did not converge, so nothing is concluded from it."
    if not found.attrs.get("converged", True):
        return "cannot tell", "Its draws, a second stage after the fit, did not converge."
    draws = found[found.attrs["headline"]]
    ess = _effective_draws(draws)
    if ess < ESS_WANTED:
        return "cannot tell", f"It rests on {ess:.0f} effective draws; {ESS_WANTED} are wanted."
    return _rule(draws, asked)


def _rule(draws: xr.DataArray, asked: EstimandSpec) -> tuple[Answer, str]:
    sign, bound = (1.0, asked.above) if asked.above is not None else (-1.0, asked.below)
    assert bound is not None
    values, what = draws.values.ravel(), draws.attrs["long_name"]
    low, high = np.quantile(values, [0.025, 0.975])
    beyond, short = ("above", "below") if sign > 0 else ("below", "above")
    p_short = float(np.mean(sign * values < sign * bound))
    interval = f"The {what}: {values.mean():.2f}, 95% interval {low:.2f} to {high:.2f}"
    if sign * (low if sign > 0 else high) > sign * bound:
        return "supported", f"{interval}; it lies {beyond} {bound:g}."
    if p_short >= REFUTED:
        return "refuted", f"{interval}; it is {short} {bound:g} with {stated('P', p_short)}."
    return "cannot tell", f"{interval}; for support it must lie {beyond} {bound:g}."


def _effective_draws(draws: xr.DataArray) -> float:
    import arviz as az

    values = draws.values
    if np.ptp(values) == 0:
        return float(values.size)
    return min(float(az.ess(values)), float(az.ess(values, method="tail", prob=0.9)))


def summary_of(values: np.ndarray) -> dict[str, float]:
    """Return mean, SD, 95% interval and the probability of being positive."""
    low, high = np.quantile(values, [0.025, 0.975])
    return {
        "mean": float(values.mean()),
        "sd": float(values.std(ddof=1)),
        "q2_5": float(low),
        "q97_5": float(high),
        "p_positive": float(np.mean(values > 0)),
    }


def _draws(variable: xr.DataArray) -> int:
    return int(np.prod([variable.sizes[name] for name in SAMPLE]))


def entries_of(variable: xr.DataArray) -> dict[str, np.ndarray]:
    """Return the draws of every entry of a variable, ``"name"`` or ``"name[a, b]"``, by chain."""
    dims = [name for name in variable.dims if name not in SAMPLE]
    if not dims:
        return {str(variable.name): variable.transpose(*SAMPLE).values.ravel()}
    stacked = variable.stack(entry=dims).transpose(*SAMPLE, "entry")
    labels = [at if isinstance(at, tuple) else (at,) for at in stacked["entry"].values]
    return {
        f"{variable.name}[{', '.join(map(str, label))}]": stacked.values[..., k].ravel()
        for k, label in enumerate(labels)
    }
