"""The page's section of predictive checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from coefficacy.reporting.check_plots import plot_check
from coefficacy.reporting.sections import PageTable, page_figure
from coefficacy.reporting.words import number, plain, stated

if TYPE_CHECKING:
    from coefficacy.checks import Check, PredictiveChecks
    from coefficacy.sampling import Fit

__all__ = ["predictive_section"]

_MOST_DRAWS, _FEWEST_DRAWS = 200, 60
_CELLS = 4_000_000
_OF_ANSWERS = ("answers.categories", "answers.agreement")


def predictive_section(fit: Fit) -> dict[str, Any]:
    """Predictive checks in words, one row each; a figure for the answers and one for the calibration."""
    from coefficacy.checks import predictive_checks

    if not fit.convergence.ok:
        sentence = "Not applicable: the sampler did not converge."
        return {"sentence": sentence, "table": None, "figures": [], "failed": False}
    found = predictive_checks(fit, draws=_affordable(fit))
    chosen = [_of_answers(found), _applicable(found, "outcome.calibration")]
    return {
        "sentence": _sentence(found),
        "failed": bool(found.failed),
        "table": _table(found),
        "figures": [_figure(check) for check in chosen if check is not None],
    }


def _affordable(fit: Fit) -> int:
    """Draws for which a large survey's page does not take minutes."""
    cells = sum(fit.survey.answers(name).size for name in fit.survey.items)
    return max(_FEWEST_DRAWS, min(_MOST_DRAWS, _CELLS // max(cells, 1)))


def _sentence(found: PredictiveChecks) -> str:
    judged = [check for check in found if check.status != "not applicable"]
    if not judged:
        return "No check applies; the table says why."
    opening = (
        f"Data were replicated {found.draws} times from the fitted model, for the same teams and for new "
        "teams with the same covariates in the same layers, and compared with the data level by level. "
    )
    if not found.failed:
        return f"{opening}All {len(judged)} checks that apply are passed (p at least 0.05)."
    names = "; ".join(
        f"{check.title.lower()} ({check.replication}, {stated('p', check.p_value)})" for check in found.failed
    )
    return f"{opening}{len(found.failed)} of {len(judged)} checks that apply failed at p < 0.05: {names}."


def _table(found: PredictiveChecks) -> PageTable:
    columns = ("check", "replicates", "result", "largest deviation: in the data; replicated (95% interval)")
    return PageTable("Predictive checks by level", columns, tuple(map(_row, found)), prose=True)


def _row(check: Check) -> tuple[str, ...]:
    worst, title = check.worst, f"{check.title} ({check.code})"
    if worst is None:
        return title, check.replication, check.status, check.reason
    interval = f"{_digits(worst['expected'])} ({_digits(worst['q2_5'])} to {_digits(worst['q97_5'])})"
    seen = f"{plain(worst['entry'].replace(': ', ', '))}: {_digits(worst['observed'])}; {interval}"
    return title, check.replication, f"{check.status}, {stated('p', check.p_value)}", seen


def _digits(value: float) -> str:
    """Two decimals, more for small numbers."""
    return number(value, 2 if abs(value) >= 1 else 3)


def _of_answers(found: PredictiveChecks) -> Check | None:
    """The check of answers to draw: one that failed before one that passed, new teams before the same."""
    for code in _OF_ANSWERS:
        checks = [check for check in found if check.code == code and check.status != "not applicable"]
        if checks:
            return min(checks, key=lambda c: (c.status != "failed", c.replication != "new teams"))
    return None


def _applicable(found: PredictiveChecks, code: str) -> Check | None:
    return next((check for check in found if check.code == code and check.values is not None), None)


def _figure(check: Check) -> Any:
    replicates = f", {check.replication}" if check.replication != "left-out teams" else ""
    caption = f"{check.title}{replicates}: {check.status}, {stated('p', check.p_value)}. {check.question}"
    return page_figure(plot_check(check), check.code, f"{caption} {check.statistic}.", caption)
