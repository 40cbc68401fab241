"""Sections of the page on how far the result can be trusted: priors, and the report of record."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from coefficacy.reporting.record import FOR_THE_AUTHOR, SOURCE, report_of_record
from coefficacy.reporting.sections import PageTable
from coefficacy.reporting.words import number

if TYPE_CHECKING:
    from coefficacy.sampling import Fit
    from coefficacy.verdicts import Verdict
    from coefficacy.verdicts.sensitivity import PriorSensitivity, ScaledPrior

__all__ = ["record_section", "sensitivity_of", "sensitivity_section"]

_CAPTION = (
    "The standardised effect with priors raised to another power (below 1 wider, above 1 narrower): "
    "its mean, and the {} end of its 95% interval"
)


def sensitivity_of(fit: Fit, verdict: Verdict) -> PriorSensitivity | None:
    """Return how far priors move the effect; None without a question, or without convergence."""
    from coefficacy.verdicts.sensitivity import prior_sensitivity

    if fit.spec.question is None or not fit.convergence.ok:
        return None
    return prior_sensitivity(fit, verdict)


def sensitivity_section(found: PriorSensitivity | None) -> dict[str, Any] | None:
    """What was found in words, and a row for all priors, each group and the strongest single prior."""
    if found is None:
        return None
    low, high = (f"{alpha:g}" for alpha in found.alphas)
    columns = (
        "priors", "sensitivity", f"mean, power {low}", f"mean, power {high}", f"end, power {low}",
        f"end, power {high}", "k-hat", "verdict changes",
    )  # fmt: skip
    rows = tuple(_row(found, row) for row in (found.joint, *found.groups, found.strongest))
    caption = _CAPTION.format("lower" if found.end <= found.mean else "upper")
    return {"sentence": found.sentence(), "table": PageTable(caption, columns, rows)}


def _row(found: PriorSensitivity, row: ScaledPrior) -> tuple[str, ...]:
    moved = (*(one.mean for one in row.at), *row.ends)
    changes = "yes" if row.name in found.changes else "no"
    return (row.name, number(row.psense, 3), *map(number, moved), number(row.khat), changes)


def record_section(fit: Fit, verdict: Verdict, found: PriorSensitivity | None) -> dict[str, Any]:
    """The report of record, step by step, and what is left for the author."""
    record = report_of_record(fit, verdict, sensitivity=found)
    steps = [(step, list(items)) for step, items in groupby(record.items, key=lambda item: item.step)]
    return {
        "source": SOURCE,
        "steps": steps,
        "for_author": record.for_author,
        "count": len(record.items),
        "author": FOR_THE_AUTHOR,
    }
