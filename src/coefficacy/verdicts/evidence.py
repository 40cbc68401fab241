"""Gathers the three lines of evidence for a fit: the effect, left-out teams, the rival's predictive check."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from coefficacy.dims import SAMPLE
from coefficacy.errors import FitError, Problem
from coefficacy.spec import queries
from coefficacy.verdicts.estimands import answers, first_answered, summary_of
from coefficacy.verdicts.result import SCHEMA, Answer, Verdict
from coefficacy.verdicts.rivals_by_answers import rivals_by_answers
from coefficacy.verdicts.rule import FAILS, Evidence, decide, settled, stated

if TYPE_CHECKING:
    import xarray as xr

    from coefficacy.sampling import Fit
    from coefficacy.scores import LeftOut, Refits
    from coefficacy.spec.model import ModelSpec, Question
    from coefficacy.verdicts.calibration import Calibration

__all__ = ["answer_without_rival", "effect_draws", "evidence_of_effect", "verdict"]

type Tell = Callable[[str, int, int], None]

KHAT = 0.7
_UNITS = ("persons", "teams", "layers")
_PRIOR_PERFORMANCE = re.compile(r"prior|previous|past|baseline|before|earlier|pre_|_pre\b|lag", re.IGNORECASE)


def verdict(
    fit: Fit,
    *,
    refits: Refits | None = None,
    calibration: Calibration | None = None,
    progress: Tell | None = None,
) -> Verdict:
    """Weigh the evidence on the model's question.

    Parameters
    ----------
    fit : of a model with a question; its tree gets the groups ``left_out`` (pointwise scores) and ``checks``
    refits : how left-out teams are scored; default: as in the scores that the fit keeps (see
        :func:`left_out_teams`), else 10 folds and the fit's own seed
    calibration : error rates for this model and design; adds a line to the reasons
    progress : told (what, done, in all)

    Returns
    -------
    Verdict
        Rival and left-out teams are not applicable (None) without a rival, for outcomes of persons, or where
        the fit did not converge: nothing is concluded from it then. Without a question it is the answer on
        the model's first estimand with a bound, see `coefficacy.verdicts.estimands`.

    Raises
    ------
    FitError : the model asks no question, and has no estimand with a bound
    StudyError : the calibration is of another model or design
    """
    if calibration is not None:
        calibration.refuse_other(fit.spec, fit.survey)

    if fit.spec.question is None:
        return _verdict_on_estimand(fit, progress or (lambda *_: None))
    question = _question(fit)
    rates = (calibration.sentence(),) if calibration is not None and calibration.sentence() else ()
    started = time.perf_counter()
    rivals, why_not = _rivals(fit, question, refits, progress or (lambda *_: None))
    main = rivals.get(question.rival)
    answer, reasons = decide(
        replace(
            evidence_of_effect(fit),
            p_better=main.elpd["p_better"] if main and main.elpd else None,
            p_check=main.ppc["p_value"] if main else None,
        )
    )
    others = {name: {"elpd": r.elpd, "ppc": r.ppc} for name, r in rivals.items() if name != question.rival}
    beside = {kind: found.to_json() for kind, found in answers(fit).items()}
    return Verdict(
        **_origin(fit),
        effect=_summary(_effect(fit, question, ".std"), question, bounds=question.rope),
        effect_raw=_summary(_effect(fit, question, ""), question, bounds=None),
        elpd=main.elpd if main else None,
        ppc=main.ppc if main else None,
        estimands={**({"rivals": others} if others else {}), **beside},
        verdict=answer,
        reasons=(*reasons, *rates, *why_not, *_about_others(others), *_warnings(fit, question)),
        seconds={**fit.seconds, "checks": time.perf_counter() - started, "report": None},
    )


def _verdict_on_estimand(fit: Fit, tell: Tell) -> Verdict:
    """Without a question the verdict is the answer on the first estimand that has a bound."""
    started = time.perf_counter()
    found = answers(fit)
    main = first_answered(found)
    if main is None or main.answer is None:
        mend = "Add a [question] with an effect, or an estimand with above or below."
        raise FitError(Problem("question", "the model asks no question.", mend))
    others = [one for one in found.values() if one is not main and one.answer is not None]
    draws = main.found[main.found.attrs["headline"]]
    rivals, compared = rivals_by_answers(fit, tell)
    beside = {kind: one.to_json() for kind, one in found.items()}
    return Verdict(
        **_origin(fit),
        effect={"name": f"{main.asked.kind}.{draws.name}", **summary_of(draws.values.ravel()),
                "p_rope": None},
        effect_raw=None,
        elpd=None,
        ppc=None,
        estimands={**({"rivals": rivals} if rivals else {}), **beside},
        verdict=main.answer,
        reasons=(main.reason, *(f"{one.reason[:-1]} ({one.answer})." for one in others), *compared),
        seconds={**fit.seconds, "checks": time.perf_counter() - started, "report": None},
    )  # fmt: skip


def _origin(fit: Fit) -> dict[str, Any]:
    """What a verdict says of model, data and draws."""
    from coefficacy.checks import agreement

    return {
        "schema": SCHEMA,
        "claim": fit.spec.claim or None,
        "model": fit.spec.title or (fit.spec.question.effect if fit.spec.question else "untitled model"),
        "engine": fit.engine,
        "seed": fit.seed,
        "versions": fit.versions,
        "data_hash": fit.survey.data_hash,
        "spec_hash": queries.spec_hash(fit.spec),
        "n": _units(fit),
        "converged": _convergence(fit),
        "agreement": {name: _agreement(fit, name, agreement) for name in fit.survey.items},
    }


def evidence_of_effect(fit: Fit) -> Evidence:
    """Return what the fit alone tells the rule; the lines on the rival are left open.

    Raises
    ------
    FitError : the model asks no question
    """
    question = _question(fit)
    sign = 1 if question.direction == "positive" else -1
    bound = question.rope[1] if sign > 0 else -question.rope[0]
    standardised = sign * _effect(fit, question, ".std")
    return Evidence(
        lower=float(np.quantile(standardised, 0.025)),
        p_below=float(np.mean(standardised < bound)),
        bound=bound,
        p_better=None,
        p_check=None,
        converged=fit.convergence.ok,
        sign=sign,
    )


def answer_without_rival(fit: Fit) -> Answer | None:
    """Return the verdict's answer where no rival could change it, without fitting one; else None.

    For studies of many fits: most of the time of a verdict goes into the rival.
    """
    return settled(evidence_of_effect(fit))


def _question(fit: Fit) -> Question:
    if fit.spec.question is None:
        raise FitError(Problem("question", "the model asks no question.", "Add a [question] with an effect."))
    return fit.spec.question


@dataclass(frozen=True, slots=True)
class _Rival:
    elpd: dict[str, Any] | None
    ppc: dict[str, Any]


def effect_draws(fit: Fit) -> xr.DataArray:
    """Return the draws of the question's effect, standardised where the model has it so, (chain, draw).

    Raises
    ------
    FitError : the model asks no question
    """
    return _draws(fit, _question(fit), ".std")


def _draws(fit: Fit, question: Question, suffix: str) -> xr.DataArray:
    name = f"{question.level}.{question.response}"
    stored = f"{name}{suffix}" if f"{name}{suffix}" in fit.posterior else name
    return fit.posterior[stored].sel({f"{name}.term": question.term}, drop=True).transpose(*SAMPLE)


def _effect(fit: Fit, question: Question, suffix: str) -> np.ndarray:
    return _draws(fit, question, suffix).values.ravel()


def _summary(draws: np.ndarray, question: Question, *, bounds: tuple[float, float] | None) -> dict[str, Any]:
    return {
        "name": question.effect,
        **summary_of(draws),
        "p_rope": None if bounds is None else float(np.mean((draws > bounds[0]) & (draws < bounds[1]))),
    }


def _rivals(
    fit: Fit, question: Question, refits: Refits | None, tell: Tell
) -> tuple[dict[str, _Rival], tuple[str, ...]]:
    """Evidence against each rival, the question's own first; or why there is none."""
    if not question.rival or not fit.convergence.ok:
        return {}, ()
    level, response = question.level, question.response
    if f"{level}.{response}.eta" not in fit.posterior:
        return {}, ("Left-out teams and the rival's check are not available for outcomes of persons.",)
    from coefficacy.scores import refits_of, team_scores

    settings = refits_of(fit, refits)
    others = (r.name for r in fit.spec.rivals if r.name != question.rival and not r.measures)
    names = [question.rival, *others]
    own = team_scores(fit, settings, tell)
    found = {name: _against(fit, name, own, settings, tell) for name in names}
    stuck = tuple(_STUCK.format(name) for name, rival in found.items() if rival is None)
    return {name: r for name, r in found.items() if r is not None}, (
        *stuck,
        *_about_scores(own.score, found[question.rival]),
    )


def _against(fit: Fit, name: str, own: LeftOut, refits: Refits, tell: Tell) -> _Rival | None:
    """Check one rival, and compare it on left-out teams; None where its fit did not converge."""
    from coefficacy.checks import rival_check
    from coefficacy.scores import fit_rival, team_scores, with_expected

    question = fit.spec.question
    assert question is not None
    rival = fit_rival(fit, name, refits, tell)
    if not rival.convergence.ok:
        return None
    survey = fit.survey if own.latents is None else with_expected(fit.survey, own.latents)
    check = rival_check(rival.posterior, rival.spec, fit.spec, survey, seed=refits.seed)
    ppc = {
        "statistic": _STATISTIC.format(question.term),
        "observed": float(check.observed.mean()),
        "p_value": check.p_value,
    }
    if name == question.rival:
        fit.tree["checks"] = _checks_group(check)
    elif rival.engine == "explicit":
        return _Rival(None, ppc)
    other = team_scores(fit, refits, tell, rival=name, rival_fit=rival)
    return _Rival(_compared(name, own.score, other.score), ppc)


def _compared(name: str, score: xr.DataArray, rival_score: xr.DataArray) -> dict[str, Any]:
    from coefficacy.scores import compare

    found = compare(score, rival_score)
    worst = [s.attrs["khat_max"] for s in (score, rival_score) if "khat_max" in s.attrs]
    return {
        "rival": name,
        "diff": found.diff,
        "se": found.se,
        "p_better": found.p_better,
        "khat_max": max(worst) if worst else None,
    }


_STUCK = "The rival {} could not be compared: its fit did not converge."
_STATISTIC = "correlation of the rival's residual with expected {}, given the rival's predictors"


def _checks_group(check: Any) -> xr.DataTree:
    import xarray as xr

    return xr.DataTree(xr.Dataset({a.name: a for a in (check.observed, check.replicated)}))


def _units(fit: Fit) -> dict[str, int | None]:
    counts = list(fit.survey.n.items())
    named = {name: counts[i][1] if i < len(counts) else None for i, name in enumerate(_UNITS)}
    return {**named, **dict(counts[len(_UNITS) :])}


def _convergence(fit: Fit) -> dict[str, Any]:
    found = fit.convergence
    return {
        "ok": found.ok,
        "rhat_max": found.rhat_max,
        "ess_min": found.ess_min,
        "divergences": found.divergences,
    }


def _agreement(fit: Fit, name: str, agreement: Any) -> dict[str, Any]:
    own = queries.measure_level(fit.spec, name)
    found = agreement(fit.survey, name) if own == fit.spec.lowest.name and len(fit.spec.levels) > 1 else None
    return {
        "icc1": found.icc1 if found else None,
        "icc2": found.icc2 if found else None,
        "rwg_j": found.rwg_j if found else None,
        "reliability": _reliability(fit, name),
    }


def _reliability(fit: Fit, name: str) -> float | None:
    """Share of the variance of the team's value that its answers settle: Var(E) / (Var(E) + E(Var))."""
    levels = queries.level_names(fit.spec)
    level = levels[1] if len(levels) > 1 else levels[0]
    variable = f"{level}.latent"
    if variable not in fit.posterior or name not in fit.posterior[f"{level}.name"].values:
        return None
    draws = fit.posterior[variable].sel({f"{level}.name": name})
    between = float(draws.mean(("chain", "draw")).var())
    return between / (between + float(draws.var(("chain", "draw")).mean()))


def _about_scores(score: xr.DataArray, rival: _Rival | None) -> tuple[str, ...]:
    """What speaks against trusting the scores of left-out units, the rival's among them."""
    from coefficacy.scores.left_out import RHAT_OF_REFITS

    found = []
    if score.attrs["rhat_max"] > RHAT_OF_REFITS:
        found.append(f"The scores of left-out teams mixed poorly (r_hat {score.attrs['rhat_max']:.2f}).")
    largest = (rival.elpd or {}).get("khat_max") if rival else None
    khat = largest or score.attrs.get("khat_max", 0.0)
    if khat > KHAT:
        found.append(
            f"The score of a left-out team rests on few draws (k-hat {khat:.2f}, at most {KHAT} wanted)."
        )
    return tuple(found)


def _about_others(others: dict[str, Any]) -> tuple[str, ...]:
    def line(name: str, p_value: float) -> str:
        verb = "fails" if p_value < FAILS else "passes"
        return f"The other rival, {name}, {verb} its predictive check ({stated('p', p_value, 3)})."

    return tuple(line(name, found["ppc"]["p_value"]) for name, found in others.items())


def _warnings(fit: Fit, question: Question) -> tuple[str, ...]:
    """Prior performance is the known defeater of effects of beliefs on later performance."""
    spec: ModelSpec = fit.spec
    equation = queries.regression(spec, question.level, question.response)
    names = [f.name for f in queries.factors(equation.formula)] if equation else []
    if question.term not in queries.latents(spec, question.level) or any(
        map(_PRIOR_PERFORMANCE.search, names)
    ):
        return ()
    return (
        "Prior performance is not among the predictors: it is the known defeater of such effects "
        "(Arthur, Bell and Edwards 2007, doi:10.1177/1094428106287574).",
    )
