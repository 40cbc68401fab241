"""Answers to the items of the reporting guidelines, step by step."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from coefficacy.checks.fitted_priors import GROUPS, FittedPrior, fitted_priors
from coefficacy.reporting.record import RecordItem
from coefficacy.reporting.sections import public_notes
from coefficacy.reporting.words import (
    check_sentence,
    headline,
    leftout_sentence,
    number,
    plain,
    probability,
    question_sentence,
    stated,
)
from coefficacy.spec import queries
from coefficacy.survey.nesting import plural

if TYPE_CHECKING:
    from coefficacy.sampling import Fit
    from coefficacy.spec import ModelSpec
    from coefficacy.verdicts import Verdict
    from coefficacy.verdicts.sensitivity import PriorSensitivity

__all__ = ["record_items"]

_GUIDE = "docs/guide/statistics.md"
_WHY = {
    "effects": "In SDs of the response per SD of the predictor, with R² < 1: the default puts 95% between -1 "
    "and 1 and favours neither sign.",
    "measurement": "In the unit of the items (mean and SD over all answers of the measure) or of the link.",
    "outcomes": "Wide on the scale that [families] declares or that the link sets.",
    "residual SDs": "Defaults of latents above the lowest level are as wide as their residual SD below.",
    "group SDs": "Defaults are half as wide as the response’s residual SD.",
    "correlations": "LKJ(2) speaks mildly against correlations near 1 or -1.",
}
_PSIS = (
    "Scores of left-out teams are by Pareto-smoothed importance sampling, largest k-hat {} (at most 0.7 "
    "wanted)."
)
_RULE = (
    "Supported: the 2.5% point of the effect lies above the ROPE, P(better on left-out teams) > .80, and the "
    "rival fails its predictive check (p < .05). Refuted: P(effect < upper bound of the ROPE) of at least "
    ".95. Cannot tell: everything else, and always where the sampler did not converge. (Mirrored for a "
    "question with direction negative.)"
)


def record_items(fit: Fit, verdict: Verdict, sensitivity: PriorSensitivity | None) -> Iterator[RecordItem]:
    """Yield the items in order; see :func:`~coefficacy.reporting.record.report_of_record`."""
    for title, step in (
        ("Preamble", _preamble(fit)),
        ("Step 1. Explain the model", _model(fit)),
        ("Step 2. Details of the computation", _computation(fit, verdict)),
        ("Step 3. Describe the posterior", _posterior(fit, verdict)),
        ("Step 4. Decisions and their criteria", _decisions(fit, verdict)),
        ("Step 5. Sensitivity", _sensitivity(fit, sensitivity)),
        ("Step 6. Make it reproducible", _reproducible(fit, verdict)),
    ):
        for letter, asked, answer, left, source in step:
            yield RecordItem(letter, title, asked, answer, left, source)


type _Answers = Iterator[tuple[str, str, str, str, str]]


def _preamble(fit: Fit) -> _Answers:
    yield "0A", "Why a Bayesian analysis?", "", "why, if the readers need to be told.", ""
    claim = f"Claim {fit.spec.claim}: {fit.spec.title}." if fit.spec.claim else ""
    goals = " ".join(filter(None, (claim, question_sentence(fit.spec))))
    source = "model file, [about] and [question]" if goals else ""
    yield "0B", "What are the goals?", goals, "what the answer is for.", source


# Step 1 ---------------------------------------------------------------------------------------------------


def _model(fit: Fit) -> _Answers:
    spec = fit.spec
    yield (
        "1A",
        "Which variables are predicted, and from which?",
        f"{_variables(spec)} {_counts(fit)} {' '.join(public_notes(fit))}".strip(),
        "how, when and from whom the variables were measured.",
        "model file and tables",
    )
    yield "1B", "Likelihood and parameters?", _likelihood(fit), "", f"model file; formulas in {_GUIDE}"
    yield from _about_priors(fit)
    yield (
        "1D",
        "Where is the formal specification?",
        f"The model file, SHA-256 {queries.spec_hash(spec)}, printed in report.html and kept in fit.nc; its "
        "formulas are in the package’s guide, “The statistics”.",
        "",
        f"model file; {_GUIDE}",
    )
    left = "whether one was made, and what it showed."
    yield "1E", "A prior predictive check?", "A fit keeps no such check.", left, ""


def _variables(spec: ModelSpec) -> str:
    measures = "; ".join(
        f"{plain(m.name)} ({m.family} items {', '.join(m.items)} of each "
        f"{plain(queries.measure_level(spec, m.name))})"
        for m in spec.measures
    )
    outcomes = ", ".join(f"{plain(y)} ({queries.family_of(spec, y).family})" for y in queries.outcomes(spec))
    columns = sorted(
        {c for level in queries.level_names(spec) for c in queries.plain_columns(spec, level)}
        | {c for level in queries.level_names(spec) for c in queries.averaged_columns(spec, level)}
    )
    parts = (
        ("Outcomes", outcomes),
        ("Measures", measures),
        ("Observed predictors", ", ".join(map(plain, columns))),
    )
    return " ".join(f"{name}: {text}." for name, text in parts if text)


def _counts(fit: Fit) -> str:
    return "Units: " + ", ".join(f"{n:,} {plain(plural(level))}" for level, n in fit.survey.n.items()) + "."


def _likelihood(fit: Fit) -> str:
    spec = fit.spec
    links = "; ".join(
        f"{plain(name)} {queries.family_of(spec, name).family} with {queries.link_of(spec, name)} link"
        for name in (*(m.name for m in spec.measures), *queries.outcomes(spec))
    )
    equations = "; ".join(f"{r.level}: {r.response} ~ {r.formula}" for r in spec.regressions)
    ours = f"Of primary interest is {spec.question.effect}; the rest is ancillary. " if spec.question else ""
    return (
        f"Families: {links}. Levels, from the smallest unit up: {', '.join(queries.level_names(spec))}. "
        f"Equations: {equations}. Latents have a part at each level; residuals of latents that no "
        "regression links covary freely, and so do random effects of one term in brackets. "
        f"{ours}All parameters, entry by entry, are in summary.csv."
    )


def _about_priors(fit: Fit) -> _Answers:
    priors = fitted_priors(fit)
    own = [prior for prior in priors if prior.given]
    groups = filter(None, (_group(group, priors) for group in GROUPS))
    yield (
        "1C",
        "Which priors, and why?",
        "\n".join((*groups, "No default depends on the outcome’s data.")),
        f"why these priors of the model file: {', '.join(p.name for p in own)}." if own else "",
        f"model file, [priors], and the documented defaults in {_GUIDE}",
    )


def _group(group: str, priors: tuple[FittedPrior, ...]) -> str:
    """Priors of one group in words: equal ones together, those of the model file marked."""
    names: dict[str, list[str]] = {}
    for prior in priors:
        if prior.group == group:
            names.setdefault(_short(prior), []).append(prior.name)
    listed = "; ".join(f"{', '.join(members)}: {text}" for text, members in names.items())
    return f"{group[0].upper()}{group[1:]}: {listed}. {_WHY[group]}" if listed else ""


def _short(prior: FittedPrior) -> str:
    text = re.sub(r"\d+\.\d{4,}", lambda found: f"{float(found[0]):.3g}", prior.text)
    return f"{text} (model file)" if prior.given else text


# Steps 2 and 3 --------------------------------------------------------------------------------------------


def _computation(fit: Fit, verdict: Verdict) -> _Answers:
    versions = ", ".join(f"{name} {version}" for name, version in verdict.versions.items())
    yield "2A", "Which software?", f"{versions}.", "", "verdict.json, versions"
    found, used = fit.convergence, fit.settings
    again = " These are the draws of a second run with stricter settings." if found.retried else ""
    yield (
        "2B",
        "Did the chains converge?",
        f"{'Yes' if found.ok else 'No'}: largest rank-normalised split R-hat of all parameters "
        f"{number(found.rhat_max, 3)} (at most 1.01 asked), {found.divergences} divergent transitions, "
        f"{used.chains} chains of {used.draws:,} draws after {used.tune:,}.{again}"
        + "".join(f" {failure[0].upper()}{failure[1:]}." for failure in found.failures),
        "",
        "summary.csv, r_hat; verdict.json, converged",
    )
    effect = number(found.ess_effect, 0)
    yield (
        "2C",
        "Are the chains long enough?",
        f"Smallest bulk or tail effective sample size {number(found.ess_min, 0)} (200 asked)"
        + (f", of the effect in question {effect} (400 asked)." if found.ess_effect is not None else ".")
        + " Intervals are equal-tailed; each parameter’s Monte Carlo error is in summary.csv.",
        "",
        "summary.csv, ess_bulk, ess_tail, mcse_mean",
    )
    yield "2D", "What was not MCMC?", _not_mcmc(fit, verdict), "", "verdict.json, engine and elpd"


def _not_mcmc(fit: Fit, verdict: Verdict) -> str:
    exact = {
        "marginal": "What the engine integrates out is integrated exactly, not approximated.",
        "explicit": "Nothing: every latent is a variable of the sampler.",
        "bambi": "Nothing: the model has no latents.",
    }
    khat = verdict.elpd.get("khat_max") if verdict.elpd else None
    reason = f"{fit.engine_reason[0].upper()}{fit.engine_reason[1:]}." if fit.engine_reason else ""
    left_out = "" if khat is None else _PSIS.format(number(khat))
    return " ".join(filter(None, (reason, exact.get(fit.engine, ""), left_out)))


def _posterior(fit: Fit, verdict: Verdict) -> _Answers:
    rival = f"Of the rival, not of the model itself: {check_sentence(verdict.ppc)}" if verdict.ppc else ""
    yield (
        "3A",
        "A posterior predictive check?",
        rival or "A fit keeps no such check.",
        "whether data drawn from the fitted model look like those observed.",
        "verdict.json, ppc" if rival else "",
    )
    source = "verdict.json, effect; summary.csv; teams.csv"
    yield "3B", "The posterior, summarised?", _summary(verdict), "", source
    yield (
        "3C",
        "Bayes factors and posterior probabilities of models?",
        "Not used. " + (leftout_sentence(verdict.elpd) if verdict.elpd else ""),
        "",
        "verdict.json, elpd",
    )


def _summary(verdict: Verdict) -> str:
    effect, raw = verdict.effect, verdict.effect_raw
    if not effect:
        return "All parameters are in summary.csv."

    text = f"{effect['name']}, standardised: {_moments(effect)}, {stated('P(> 0)', effect['p_positive'])}."
    raws = f" In the model’s units: {_moments(raw)}." if raw else ""
    return f"{text}{raws} All parameters and teams are in tables."


def _moments(found: Mapping[str, Any]) -> str:
    return (
        f"mean {number(found['mean'])}, SD {number(found['sd'])}, 95% interval (equal-tailed) "
        f"{number(found['q2_5'])} to {number(found['q97_5'])}"
    )


# Steps 4 to 6 ---------------------------------------------------------------------------------------------


def _decisions(fit: Fit, verdict: Verdict) -> _Answers:
    question = fit.spec.question
    yield "4A", "Why decide at all?", "", "why a decision is called for, rather than an estimate.", ""
    yield (
        "4B",
        "By which rule or loss?",
        f"By a fixed rule, without a loss function. {_RULE}",
        "",
        f"{_GUIDE}; verdict.json, verdict and reasons",
    )
    if question is not None:
        low, high = question.rope
        yield (
            "4C",
            "Which region of practical equivalence?",
            f"{number(low)} to {number(high)}, in SDs of {plain(question.response)} per SD of "
            f"{plain(question.term)}. The effect lies within it with probability "
            f"{probability(verdict.effect.get('p_rope'))}.",
            "why effects in this region count as none, and that it was chosen before the data were seen.",
            "model file, [question] rope",
        )
    yield "4D", "Which Bayes factor decides?", "No Bayes factor is used.", "", ""
    yield (
        "4E",
        "The decision, with the estimate beside it?",
        f"{verdict.verdict[0].upper()}{verdict.verdict[1:]}. {headline(verdict, fit.spec)} "
        f"{' '.join(verdict.reasons)} The estimate: see 3B.",
        "",
        "verdict.json",
    )


def _sensitivity(fit: Fit, found: PriorSensitivity | None) -> _Answers:
    if found is None:
        why = "it did not converge" if not fit.convergence.ok else "it asks no question"
        text = f"Not looked at, as the fit cannot say: {why}."
        yield "5A", "Does the posterior depend on the priors?", text, "", ""
        return
    source = "power-scaling of the priors, co.prior_sensitivity(fit, verdict)"
    yield "5A", "Does the posterior depend on the default priors?", found.sentence(), "", source
    given = [p.name for p in fitted_priors(fit) if p.given]
    strength = dict(found.psense)
    informed = ", ".join(f"{name} {number(strength[name], 3)}" for name in given)
    yield (
        "5B",
        "And on informed priors?",
        f"Sensitivity to the priors that the model file gives: {informed}."
        if given
        else "The model file gives no prior of its own.",
        "",
        source,
    )
    yield "5C", "Do Bayes factors depend on the priors?", "No Bayes factor is used.", "", ""
    changes = ", ".join(dict.fromkeys(found.changes))
    low, high = found.alphas
    yield (
        "5D",
        "Do decisions depend on the priors?",
        (
            f"The answer would change with these raised to the power {low:g} or {high:g}: {changes}."
            if changes
            else f"The answer is the same with priors raised to the powers {low:g} and {high:g}: all "
            "together, by group, and the strongest alone."
        )
        + " The comparison with the rival is held as it is.",
        "",
        source,
    )


def _reproducible(fit: Fit, verdict: Verdict) -> _Answers:
    from coefficacy.reporting.page import command

    yield (
        "6A",
        "Software and its installation?",
        f"coefficacy {verdict.versions.get('coefficacy', '(version unknown)')} and the versions in 2A.",
        "",
        "verdict.json, versions",
    )
    repeat = (
        "The Python lines under “How to reproduce this” in report.html."
        if fit.convergence.retried
        else " ".join(command(fit).replace("\\\n", " ").split())
    )
    yield "6B", "What to run?", repeat, "", "report.html, “How to reproduce this”"
    yield (
        "6C",
        "Can the analysis be read?",
        "The model file holds all of it, in words and formulas; it is printed in report.html.",
        "",
        "model file",
    )
    yield (
        "6D",
        "Are the data there to be read?",
        f"SHA-256 of the columns used: {verdict.data_hash}. What the model uses of them is kept in fit.nc.",
        "where the tables and a description of their columns are to be had, or why not.",
        "verdict.json, data_hash",
    )
    yield (
        "6E",
        "Which other files?",
        "verdict.json, summary.csv, teams.csv, fit.nc (all draws) and report.html.",
        "",
        "the folder of the result",
    )
    yield (
        "6F",
        "Will a second run give the same draws?",
        f"With the same seed ({verdict.seed}), versions, tables and model file.",
        "",
        "verdict.json, seed, data_hash, spec_hash",
    )
