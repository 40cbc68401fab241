"""How far priors move the effect in question, and whether the verdict's answer would change."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from coefficacy.checks.fitted_priors import GROUPS, FittedPrior, fitted_priors
from coefficacy.checks.power_scaling import (
    THRESHOLD,
    Diagnosis,
    Reweighed,
    diagnose,
    expected_log_likelihood,
    power_scaled,
    sensitivity,
)
from coefficacy.errors import FitError, Problem
from coefficacy.verdicts.evidence import effect_draws, evidence_of_effect
from coefficacy.verdicts.result import Answer, Verdict
from coefficacy.verdicts.rule import Evidence, decide, settled

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from coefficacy.sampling import Fit

__all__ = ["ALL_PRIORS", "PriorSensitivity", "ScaledPrior", "prior_sensitivity"]

ALL_PRIORS = "all priors"
ALPHAS = (0.8, 1.25)


@dataclass(frozen=True, slots=True)
class ScaledPrior:
    """One prior, or several together, at two other powers.

    Attributes
    ----------
    name : of the prior as in ``[priors]``, of a group of priors, or ``"all priors"``
    psense : power-scaling sensitivity of the effect to it
    at : the effect's posterior at the two powers
    ends : the end of its 95% interval that the verdict looks at, at the two powers
    answers : the verdict's answer there, the comparison with the rival held as it is; None: it depends on a
        comparison that was not given
    """

    name: str
    psense: float
    at: tuple[Reweighed, Reweighed]
    ends: tuple[float, float]
    answers: tuple[Answer | None, Answer | None]

    @property
    def khat(self) -> float | None:
        """The larger k-hat of the weights; None where the prior is flat over the draws."""
        found = [one.khat for one in self.at if one.khat is not None]
        return max(found) if found else None

    @property
    def reliable(self) -> bool:
        """Whether both k-hat are at most 0.7."""
        return all(one.reliable for one in self.at)


@dataclass(frozen=True, slots=True, repr=False)
class PriorSensitivity:
    """How far priors move the standardised effect of the question.

    Attributes
    ----------
    effect : its name
    alphas : the two powers
    mean, end, sd : of the effect as fitted; `end` is the end of the 95% interval that the verdict looks at,
        the lower one for a question with direction positive
    answer : the verdict's answer as fitted; None: it depends on a comparison that was not given
    psense : (name, sensitivity) of every prior, the strongest first
    joint : all priors together
    groups : priors by what they are about
    strongest : the single prior to which the effect is most sensitive
    text : that prior's distribution
    likelihood : sensitivity to the likelihood, see
        :func:`~coefficacy.checks.power_scaling.expected_log_likelihood`
    diagnosis : ``"none"``, ``"prior-data conflict"`` or ``"weak likelihood"``; the last two are possibilities
    """

    effect: str
    alphas: tuple[float, float]
    mean: float
    end: float
    sd: float
    answer: Answer | None
    psense: tuple[tuple[str, float], ...]
    joint: ScaledPrior
    groups: tuple[ScaledPrior, ...]
    strongest: ScaledPrior
    text: str
    likelihood: float
    diagnosis: Diagnosis

    @property
    def changes(self) -> tuple[str, ...]:
        """Names of priors and groups at one of whose powers the answer would be another."""
        rows = (self.joint, *self.groups, self.strongest)
        return tuple(row.name for row in rows if any(answer != self.answer for answer in row.answers))

    def sentence(self) -> str:
        """Return what was found, in plain words."""
        return " ".join((*self._about_diagnosis(), *self._about_strongest(), *self._about_answer()))

    def summary(self) -> pd.DataFrame:
        """Return a table with a row for all priors, every group and the strongest single prior.

        Columns: ``prior``, ``psense``; at both powers the mean, the end of the interval, and P(effect below
        the ROPE's upper bound), mirrored for a question with direction negative (``mean_0.8``, ``end_0.8``,
        ``p_below_0.8``, ...); ``khat``; ``changes``: whether the verdict's answer would change.
        """
        import pandas as pd

        return pd.DataFrame([self._row(row) for row in (self.joint, *self.groups, self.strongest)])

    def _row(self, row: ScaledPrior) -> dict[str, object]:
        means = {f"mean_{one.alpha:g}": one.mean for one in row.at}
        ends = {f"end_{one.alpha:g}": end for one, end in zip(row.at, row.ends, strict=True)}
        below = {f"p_below_{one.alpha:g}": one.p_below for one in row.at}
        return {
            "prior": row.name,
            "psense": row.psense,
            **means,
            **ends,
            **below,
            "khat": row.khat,
            "changes": row.name in self.changes,
        }

    def _about_diagnosis(self) -> Iterator[str]:
        row = max(self.joint, self.strongest, key=lambda one: one.psense)
        if self.diagnosis == "none":
            yield (
                f"The effect hardly depends on the priors: the largest sensitivity is {row.psense:.3f} "
                f"({row.name}), below the threshold of {THRESHOLD}."
            )
            return
        data = f"{self.likelihood:.3f}, roughly"
        yield (
            f"The effect depends on the priors ({row.psense:.3f} for {row.name}, threshold {THRESHOLD}) "
            + (
                f"and on the data ({data}): prior and data may be in conflict."
                if self.diagnosis == "prior-data conflict"
                else f"more than on the data ({data}): these say little about it, or the prior is strong."
            )
        )

    def _about_strongest(self) -> Iterator[str]:
        row = self.strongest
        low, high = row.at
        side = "lower" if self.end <= self.mean else "upper"
        yield (
            f"The single prior that moves it most is {self.text} of {row.name}: raised to the power "
            f"{low.alpha:g} the mean goes from {self.mean:.2f} to {low.mean:.2f} and the {side} end of the "
            f"95% interval from {self.end:.2f} to {row.ends[0]:.2f}; to the power {high.alpha:g}, to "
            f"{high.mean:.2f} and {row.ends[1]:.2f}."
        )
        if not row.reliable:
            yield f"These numbers are not reliable (k-hat {row.khat:.2f}): fit again with another prior."

    def _about_answer(self) -> Iterator[str]:
        if self.answer is None:
            return
        if not self.changes:
            yield f"The verdict’s answer, {self.answer}, is the same at all these powers."
            return
        names = ", ".join(dict.fromkeys(self.changes))
        yield f"The verdict’s answer, {self.answer}, would change with: {names}."

    def __repr__(self) -> str:
        return f"<PriorSensitivity of {self.effect}: {self.diagnosis}. {self.sentence()}>"


def prior_sensitivity(
    fit: Fit, verdict: Verdict | None = None, *, alphas: tuple[float, float] = ALPHAS
) -> PriorSensitivity:
    """Say how far the priors move the effect in question and the verdict.

    Every prior is raised to a power, alone and with others, and the draws are weighed again (power-scaling):
    below 1 a prior gets wider, above 1 narrower. Nothing is fitted again, so it takes about a second (the
    first time in a process, three).

    Parameters
    ----------
    fit : of a model with a question
    verdict : of this fit; its comparison with the rival is held as it is when the answer is decided anew
    alphas : the powers at which the posterior is looked at, below and above 1

    Returns
    -------
    PriorSensitivity

    Raises
    ------
    FitError
        The model asks no question, or `alphas` are not on both sides of 1.

    References
    ----------
    Kallioinen, Paananen, Bürkner and Vehtari (2024), *Statistics and Computing, 34*, 57,
    doi:10.1007/s11222-023-10366-5

    Examples
    --------
    >>> co.prior_sensitivity(fit, co.verdict(fit)).diagnosis                   # doctest: +SKIP
    'none'
    """
    low, high = alphas
    if not (0 < low < 1 < high < math.inf):
        what = f"{alphas!r} are not two powers, one between 0 and 1 and one above."
        raise FitError(Problem("alphas", what, f"Take {ALPHAS}."))
    return _Scaling(fit, verdict, (float(low), float(high))).result()


class _Scaling:
    """The draws of one fit, turned so that the question's direction is positive, and its evidence."""

    def __init__(self, fit: Fit, verdict: Verdict | None, alphas: tuple[float, float]) -> None:
        self.evidence, self.alphas, self.fit = _with_rival(evidence_of_effect(fit), verdict), alphas, fit
        self.given = verdict is not None
        self.sign = self.evidence.sign
        self.effect = self.sign * effect_draws(fit)
        self.priors = fitted_priors(fit)
        self.base = power_scaled(self.effect, self.effect, 1.0, bound=self.evidence.bound)

    def result(self) -> PriorSensitivity:
        single = [(p, sensitivity(self.effect, p.log_density)) for p in self.priors]
        ranked = sorted(single, key=lambda pair: -pair[1])
        strongest, psense = ranked[0]
        total = _total(self.priors)
        joint = self._row(ALL_PRIORS, total)
        likelihood = sensitivity(self.effect, expected_log_likelihood(self.effect, total))
        question = self.fit.spec.question
        assert question is not None
        return PriorSensitivity(
            effect=question.effect,
            alphas=self.alphas,
            mean=self.sign * self.base.mean,
            end=self.sign * self.evidence.lower,
            sd=float(self.effect.std(ddof=1)),
            answer=self._answer(self.evidence),
            psense=tuple((p.name, value) for p, value in ranked),
            joint=joint,
            groups=tuple(self._groups()),
            strongest=self._row(strongest.name, strongest.log_density, psense),
            text=strongest.text,
            likelihood=likelihood,
            diagnosis=diagnose(max(joint.psense, psense), likelihood),
        )

    def _groups(self) -> Iterator[ScaledPrior]:
        for group in GROUPS:
            members = [p for p in self.priors if p.group == group]
            if members:
                yield self._row(group, _total(members))

    def _row(self, name: str, log_density: xr.DataArray, psense: float | None = None) -> ScaledPrior:
        low, high = (self._at(log_density, alpha) for alpha in self.alphas)
        psense = sensitivity(self.effect, log_density) if psense is None else psense
        (a, seen_low), (b, seen_high) = low, high
        ends = (self.sign * seen_low.lower, self.sign * seen_high.lower)
        return ScaledPrior(name, psense, (a, b), ends, (self._answer(seen_low), self._answer(seen_high)))

    def _at(self, log_density: xr.DataArray, alpha: float) -> tuple[Reweighed, Evidence]:
        """The posterior at one power, and the evidence there.

        Quantiles of weighted draws are steps, those of the verdict interpolate: what moves is added.
        """
        found = power_scaled(self.effect, log_density, alpha, bound=self.evidence.bound)
        lower = self.evidence.lower + found.lower - self.base.lower
        seen = replace(self.evidence, lower=lower, p_below=found.p_below)
        return replace(found, mean=self.sign * found.mean, lower=lower), seen

    def _answer(self, evidence: Evidence) -> Answer | None:
        return decide(evidence)[0] if self.given else settled(evidence)


def _total(priors: list[FittedPrior] | tuple[FittedPrior, ...]) -> xr.DataArray:
    first, *rest = (prior.log_density for prior in priors)
    return sum(rest, first)


def _with_rival(evidence: Evidence, verdict: Verdict | None) -> Evidence:
    if verdict is None:
        return evidence
    return replace(
        evidence,
        p_better=verdict.elpd["p_better"] if verdict.elpd else None,
        p_check=verdict.ppc["p_value"] if verdict.ppc else None,
    )
