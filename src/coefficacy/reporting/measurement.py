"""Agreement and reliability on the page: as answered, and under the model, with what to keep in mind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from coefficacy.dims import STATISTIC
from coefficacy.errors import FitError
from coefficacy.reporting.sections import PageTable
from coefficacy.reporting.words import number, plain
from coefficacy.survey.nesting import plural

if TYPE_CHECKING:
    from coefficacy.checks import Agreement, Reliability
    from coefficacy.sampling import Fit
    from coefficacy.verdicts import Verdict

__all__ = ["measurement_section"]

_INDICES = ("rwg_j", "rwg_lindell", "awg", "ad_mean")
_QUANTITIES = ("omega_within", "omega_between", "icc1_latent", "mean_reliability")


def measurement_section(fit: Fit, verdict: Verdict) -> dict[str, Any] | None:
    """Two tables, of answers and of the model, and notes; None where the verdict lists no measure."""
    if not verdict.agreement:
        return None
    *below, _highest = fit.survey.levels
    answered = {m: _agreement(fit, m) for m in fit.survey.items if fit.survey.coding[m].level in below}
    modelled, refused = _reliabilities(fit)
    notes = [(m, note) for m, found in answered.items() for note in found.notes]
    notes += [(m, note) for m, found in modelled.items() for note in found.notes]
    return {
        "answers": _answers_table(answered) if answered else None,
        "model": _model_table(modelled, verdict) if modelled else None,
        "notes": _by_text([*notes, *refused]),
    }


def _agreement(fit: Fit, measure: str) -> Agreement:
    from coefficacy.checks import agreement

    return agreement(fit.survey, measure)


def _reliabilities(fit: Fit) -> tuple[dict[str, Reliability], list[tuple[str, str]]]:
    """Of every measure, and why there is none."""
    from coefficacy.checks import reliability

    found: dict[str, Reliability] = {}
    refused = []
    for measure in fit.survey.items:
        try:
            found[measure] = reliability(fit, measure)
        except FitError as error:
            refused.append((measure, f"No reliability under the model. {error}"))
    return found, refused


def _answers_table(found: dict[str, Agreement]) -> PageTable:
    caption = "As answered: ICCs by analysis of variance; indices of agreement as means over teams"
    columns = ("measure", "ICC(1)", "ICC(2)", "rwg(j)", "r*wg(j)", "awg", "AD", "AD limit", "teams within")
    return PageTable(caption, columns, tuple(_answers_row(name, it) for name, it in found.items()))


def _answers_row(name: str, found: Agreement) -> tuple[str, ...]:
    indices = (float(found.overall[index].sel({STATISTIC: "mean"})) for index in _INDICES)
    deviation = found.by_team["ad_mean"].values
    known = deviation[~np.isnan(deviation)]
    within = f"{int((known <= found.ad_cutoff).sum())} of {len(known)}" if found.ad_cutoff > 0 else "n/a"
    numbers = (found.icc1, found.icc2, *indices, found.ad_cutoff)
    return (plain(name), *map(number, numbers), within)


def _model_table(found: dict[str, Reliability], verdict: Verdict) -> PageTable:
    caption = "Under the model: posterior mean and 95% interval"
    teams = {str(it.sizes.dims[0]) for it in found.values()}
    unit = plain(teams.pop()) if len(teams) == 1 else "team"
    columns = (
        "measure",
        f"omega within {plural(unit)}",
        f"omega between {plural(unit)}",
        "ICC(1), latent",
        f"mean score of a {unit}",
        f"estimate of a {unit}",
    )
    rows = []
    for name, it in found.items():
        settled = verdict.agreement.get(name, {}).get("reliability")
        rows.append((plain(name), *(_interval(it, quantity) for quantity in _QUANTITIES), number(settled)))
    return PageTable(caption, columns, tuple(rows))


def _interval(found: Reliability, quantity: str) -> str:
    mean, _, low, high = found.summary[quantity].values
    return number(float(mean)) if np.isnan(mean) else f"{number(mean)} ({number(low)} to {number(high)})"


def _by_text(notes: list[tuple[str, str]]) -> list[str]:
    """Say each note once, with the measures it is about before it."""
    measures: dict[str, list[str]] = {}
    for name, note in notes:
        if plain(name) not in measures.setdefault(note, []):
            measures[note].append(plain(name))
    return [f"{', '.join(names).capitalize()}: {note}" for note, names in measures.items()]
