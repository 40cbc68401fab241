"""The page's section of estimands: the quantity that the verdict is about, and those beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from coefficacy.reporting.plots import bound_figure
from coefficacy.reporting.sections import RIVALS, PageFigure, PageTable, page_figure
from coefficacy.reporting.words import number, plain, probability

if TYPE_CHECKING:
    from coefficacy.sampling import Fit
    from coefficacy.verdicts import Verdict

__all__ = ["estimand_section"]

_COLUMNS = ("quantity", "mean", "sd", "2.5%", "97.5%", "P(> 0)")


def estimand_section(fit: Fit, verdict: Verdict) -> dict[str, Any] | None:
    """A table for each estimand; without a question the first is what was asked, and is drawn."""
    found = {name: value for name, value in verdict.estimands.items() if name != RIVALS}
    if not found:
        return None
    asked = fit.spec.question is None
    return {
        "title": "The quantity in question" if asked else "Further quantities",
        "figure": _figure(fit, verdict) if asked and fit.convergence.ok else None,
        "tables": [_table(name, value) for name, value in found.items()],
    }


def _figure(fit: Fit, verdict: Verdict) -> PageFigure | None:
    from coefficacy.estimands import estimate

    estimand = next((one for one in fit.spec.estimands if one.is_asked), None)
    if estimand is None:
        return None
    found = estimate(fit, estimand.kind)
    draws = found[found.attrs["headline"]]
    above = estimand.above is not None
    bound = estimand.above if above else estimand.below
    assert bound is not None
    label = draws.attrs["long_name"]
    drawing = bound_figure(verdict.effect, draws.values.ravel(), label, bound=bound, above=above)
    caption = "95% interval (equal-tailed) as a line, mean as a point; shaded: what does not count."
    return page_figure(drawing, "estimand", verdict.reasons[0], caption)


def _table(name: str, found: Mapping[str, Any]) -> PageTable:
    numbers = {key: value for key, value in found.items() if isinstance(value, Mapping)}
    rows = tuple(
        (
            f"{plain(key)} (headline)" if key == found.get("headline") else plain(key),
            *(number(value.get(which), 3) for which in ("mean", "sd", "q2_5", "q97_5")),
            probability(value.get("p_positive")),
        )
        for key, value in numbers.items()
    )
    answer = f": {found['answer']}. {found['reason']}" if found.get("answer") else ""
    return PageTable(f"{plain(name).capitalize()}{answer}", _COLUMNS, rows)
