"""What the sections of the page say: plain values for the template, each from one part of a result."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from coefficacy.reporting.hover import Spot
from coefficacy.reporting.plots import check_figure, effect_figure
from coefficacy.reporting.style import svg
from coefficacy.reporting.words import (
    check_sentence,
    effect_axis,
    leftout_sentence,
    number,
    plain,
    probability,
)
from coefficacy.survey.nesting import plural

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from coefficacy.sampling import Fit
    from coefficacy.verdicts import Verdict

__all__ = [
    "INTERVAL",
    "RIVALS",
    "PageFigure",
    "PageTable",
    "check_section",
    "diagnostics_section",
    "effect_section",
    "left_out_section",
    "other_rivals_table",
    "page_figure",
    "provenance_table",
    "public_notes",
    "timing_table",
]

INTERVAL = "95% interval"
RIVALS = "rivals"
"""Key of the rivals among a verdict's estimands."""
_NO_RIVAL = "Not applicable: the question names no rival, or the comparison could not be made."


@dataclass(frozen=True, slots=True)
class PageTable:
    """A table of ready-made text; the first column heads the rows.

    `wordy`: cells hold long strings, not numbers; `prose`: they hold words. `kind`: ``"sortable"`` where a
    reader may sort and filter.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    wordy: bool = False
    prose: bool = False
    kind: str = ""


@dataclass(frozen=True, slots=True)
class PageFigure:
    """An ``<svg>`` element, its caption, and the heading above it."""

    svg: Any
    caption: str
    title: str = ""


def effect_section(fit: Fit, verdict: Verdict) -> dict[str, Any] | None:
    """The effect in words, its posterior against the ROPE, both scales in a table; None without an effect."""
    effect = verdict.effect
    if fit.spec.question is None or not effect or not _known(effect, "mean", "q2_5", "q97_5"):
        return None
    rope = fit.spec.question.rope
    name = plain(str(effect["name"]).rpartition("~")[2].strip())
    interval = f"{number(effect['q2_5'])} to {number(effect['q97_5'])}"
    sentence = (
        f"In standardised units the effect of {name} is {number(effect['mean'])} ({INTERVAL} {interval}). "
        f"It is above 0 with probability {probability(effect.get('p_positive'))}, and within the region of "
        f"practical equivalence (ROPE, {number(rope[0])} to {number(rope[1])}) with probability "
        f"{probability(effect.get('p_rope'))}."
    )
    draws = effect_draws(fit)
    drawing = effect_figure(effect, rope, draws=draws, label=effect_axis(fit.spec))
    caption = f"Posterior of the standardised effect: {INTERVAL} (equal-tailed) as a line, mean as a point."
    scales = (("standardised", effect), ("raw", verdict.effect_raw or {}))
    return {
        "sentence": sentence,
        "figure": page_figure(drawing, "effect", sentence, caption),
        "table": PageTable(
            f"{effect['name']}: standardised, and in the model’s own units",
            ("scale", "mean", "sd", "2.5%", "97.5%", "P(> 0)", "P(in ROPE)"),
            tuple(_effect_row(*row) for row in scales if row[1]),
        ),
    }


def check_section(fit: Fit, verdict: Verdict) -> dict[str, Any]:
    """The rival's predictive check: sentence, and a figure where the replicates were kept."""
    if not verdict.ppc or not _known(verdict.ppc, "p_value", "observed"):
        return {"sentence": _NO_RIVAL, "figure": None}
    sentence = check_sentence(verdict.ppc)
    checks = _checks(fit)
    names = ("rival_check_observed", "rival_check_replicated")
    if checks is None or any(name not in checks for name in names):
        return {"sentence": sentence, "figure": None}
    observed, replicated = (np.asarray(checks[name].values, dtype=float).ravel() for name in names)
    drawing = check_figure(observed, replicated, label=plain(str(verdict.ppc["statistic"])))
    question = fit.spec.question
    side = "left" if question and question.direction == "negative" else "right"
    caption = (
        "The statistic in outcomes replicated from the rival (same teams, same answers) and in the data, "
        "both densities scaled to one height. "
        f"The further the data lie to the {side}, the less the rival explains."
    )
    return {"sentence": sentence, "figure": page_figure(drawing, "check", sentence, caption)}


def left_out_section(verdict: Verdict) -> dict[str, Any]:
    """The comparison on left-out teams: sentence and numbers."""
    elpd = verdict.elpd
    if not elpd or not _known(elpd, "diff", "se"):
        return {"sentence": _NO_RIVAL, "table": None}
    columns: tuple[str, ...] = ("against the rival", "difference in elpd", "standard error", "P(better)")
    row = _elpd_row(elpd)
    if elpd.get("khat_max") is not None:
        columns, row = (*columns, "largest Pareto k"), (*row, number(elpd["khat_max"]))
    caption = (
        "Expected log predictive density of left-out teams, model minus rival: above 0 favours the model"
    )
    return {"sentence": leftout_sentence(elpd), "table": PageTable(caption, columns, (row,))}


def other_rivals_table(verdict: Verdict) -> PageTable | None:
    """Both comparisons with the rivals that the verdict does not rest on."""
    found = verdict.estimands.get(RIVALS)
    if not found:
        return None
    title = "Rivals that the verdict does not rest on"
    if all(against["ppc"] is None for against in found.values()):
        columns: tuple[str, ...] = ("against the rival", "difference in elpd", "standard error", "P(better)")
        rows = tuple(_elpd_row(against["elpd"]) for against in found.values())
        return PageTable(f"{title}: answers of wholly left-out teams, model minus rival", columns, rows)
    checks = {name: probability(against["ppc"]["p_value"]) for name, against in found.items()}
    if not all(against.get("elpd") for against in found.values()):
        short = tuple((plain(name), check) for name, check in checks.items())
        return PageTable(title, ("against the rival", "predictive check p"), short)
    columns = ("against the rival", "difference in elpd", "standard error", "P(better)", "predictive check p")
    rows = tuple((*_elpd_row(found[name]["elpd"]), check) for name, check in checks.items())
    return PageTable(title, columns, rows)


def diagnostics_section(fit: Fit, verdict: Verdict, summary: pd.DataFrame) -> dict[str, Any]:
    """Convergence in words, advice where it failed, and every parameter."""
    seen = verdict.converged
    sentence = (
        f"{'All' if seen.get('ok') else 'Not all'} convergence criteria were met: largest R-hat "
        f"{number(seen.get('rhat_max'), 3)} (at most 1.01), smallest effective sample size "
        f"{number(seen.get('ess_min'), 0)} (at least 200; 400 for the effect), "
        f"{number(seen.get('divergences'), 0)} divergent transitions."
    )
    state = fit.convergence
    advice = [*state.failures, *state.advice]
    if state.retried:
        sentence += " The first attempt did not meet them; this is the retry with stricter settings."
    return {"sentence": sentence, "advice": advice, "table": _summary_table(summary)}


def public_notes(fit: Fit) -> list[str]:
    """The notes on the data without lists of ids of persons."""
    lowest, *above = fit.survey.levels
    ids = set(map(str, fit.survey.levels[lowest][lowest].values))

    def hidden(listed: re.Match[str]) -> str:
        return "" if ids.intersection(re.findall("'([^']*)'", listed[0])) else listed[0]

    about = re.compile(rf"\b{re.escape(lowest)}|\b{re.escape(plural(lowest))}" if above else "")
    notes = fit.survey.notes
    return [re.sub(r" \([^()]*\)", hidden, note) if about.search(note) else note for note in notes]


def provenance_table(fit: Fit, verdict: Verdict) -> PageTable:
    """Hashes, seed and versions."""
    sizes = fit.posterior.sizes
    rows = {
        "model": " ".join(filter(None, (verdict.claim, verdict.model))),
        "engine": f"{verdict.engine} ({fit.engine_reason})" if fit.engine_reason else verdict.engine,
        "draws": f"{sizes['chain']} chains of {sizes['draw']}",
        "seed": str(verdict.seed),
        "data hash (SHA-256)": verdict.data_hash,
        "model hash (SHA-256)": verdict.spec_hash,
        "versions": ", ".join(f"{name} {version}" for name, version in verdict.versions.items()),
    }
    return PageTable("Provenance", ("what", "value"), tuple(rows.items()), wordy=True)


def timing_table(verdict: Verdict) -> PageTable:
    """Seconds by stage; those of the page itself are not known while it is being made."""
    shown = {name: value for name, value in verdict.seconds.items() if name != "report" and value is not None}
    row = ("seconds", *(number(value, 1) for value in shown.values()))
    return PageTable("Seconds", ("stage", *shown), (row,))


def effect_draws(fit: Fit) -> np.ndarray | None:
    """Return the draws of the standardised effect, ``LEVEL.RESPONSE.std``; None where the model has none."""
    question = fit.spec.question
    if question is None:
        return None
    name, posterior = f"{question.level}.{question.response}", fit.posterior
    stored = f"{name}.std"
    if stored not in posterior.data_vars or question.term not in posterior[f"{name}.term"].values:
        return None
    return np.asarray(posterior[stored].sel({f"{name}.term": question.term}).values, dtype=float).ravel()


def _checks(fit: Fit) -> xr.Dataset | None:
    return fit.tree["checks"].to_dataset() if "checks" in fit.tree.children else None


def _known(values: Mapping[str, Any], *keys: str) -> bool:
    found = (values.get(key) for key in keys)
    return all(value is not None and math.isfinite(value) for value in found)


def _effect_row(scale: str, effect: Mapping[str, Any]) -> tuple[str, ...]:
    numbers = (number(effect.get(key), 3) for key in ("mean", "sd", "q2_5", "q97_5"))
    shares = (probability(effect.get(key)) for key in ("p_positive", "p_rope"))
    return (scale, *numbers, *shares)


def _elpd_row(elpd: Mapping[str, Any]) -> tuple[str, ...]:
    numbers = (number(elpd["diff"], 1), number(elpd["se"], 1))
    return (plain(str(elpd.get("rival", ""))), *numbers, probability(elpd.get("p_better")))


def page_figure(
    drawing: Any, name: str, alt: str, caption: str, title: str = "", *, spots: Iterable[Spot] = ()
) -> PageFigure:
    """A figure as ``<svg>``, with its text alternative and caption, and what it says when pointed at."""
    from markupsafe import Markup

    return PageFigure(Markup(svg(drawing, name=name, alt=alt, spots=tuple(spots))), caption, title)


def _summary_table(summary: pd.DataFrame) -> PageTable:
    digits = {"ess_bulk": 0, "ess_tail": 0, "r_hat": 3, "mcse_mean": 4}
    columns = [name for name in summary.columns if name != "parameter"]
    rows = tuple(
        (str(row["parameter"]), *(number(float(row[name]), digits.get(name, 3)) for name in columns))
        for row in summary.to_dict("records")
    )
    return PageTable("Model parameters", ("parameter", *columns), rows)
