"""``between.teams``, ``between.items``, ``between.layers``: variance at the levels above people."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from coefficacy.checks.predictive.copies import Copies
from coefficacy.checks.predictive.groups import between_component, group_means, mean_of_given
from coefficacy.checks.predictive.plan import Design, ReplicatedCheck, Statistic
from coefficacy.spec import queries
from coefficacy.survey.nesting import plural

__all__ = ["BETWEEN_ITEMS", "BETWEEN_LAYERS", "BETWEEN_TEAMS"]

type Take = Callable[[Copies], np.ndarray]


def _by_unit(design: Design, copies: Copies, level: str) -> dict[str, Take]:
    """What units of a level answered on average or had as outcome: name -> copies -> (copy, unit)."""

    def score(name: str) -> Take:
        return lambda found: mean_of_given(found.answers[name])

    def outcome(name: str) -> Take:
        return lambda found: found.outcomes[name]

    measures = [m for m in copies.answers if queries.measure_level(design.spec, m) == level]
    outcomes = [y for y in copies.outcomes if queries.outcome_level(design.spec, y) == level]
    return {m: score(m) for m in measures} | {y: outcome(y) for y in outcomes}


def _joined(names: list[tuple[str, str]], takes: list[Take], copies: Copies) -> Statistic | str:
    """A statistic of the parts that the data say something about."""
    known = [k for k, take in enumerate(takes) if np.all(np.isfinite(take(copies)))]
    if not known:
        return "no measure or outcome has enough answers"
    return Statistic(
        [names[k] for k in known], lambda found: np.stack([takes[k](found) for k in known], axis=1)
    )


def _teams(design: Design, copies: Copies) -> Statistic | str:
    if not design.units:
        return "nobody is in a team"
    names: list[tuple[str, str]] = []
    takes: list[Take] = []
    members = design.groups[design.lowest, design.units]
    for name, take in _by_unit(design, copies, design.lowest).items():
        names.append((name, ""))
        takes.append(lambda found, take=take: between_component(take(found), members))  # type: ignore[misc]
    for name, take in _by_unit(design, copies, design.units).items():
        names.append((name, ""))
        takes.append(lambda found, take=take: np.nanvar(take(found), axis=1, ddof=1))  # type: ignore[misc]
    return (
        _joined(names, takes, copies) if names else f"nothing is measured at or below {plural(design.units)}"
    )


def _items(design: Design, copies: Copies) -> Statistic | str:
    if not design.units:
        return "nobody is in a team"
    measures = [m for m in copies.answers if design.persons_answer(m) and len(design.survey.items[m]) > 1]
    if not measures:
        return "no measure of people has two items"
    members = design.groups[design.lowest, design.units]

    def own(found: Copies) -> np.ndarray:
        parts = []
        for m in measures:
            rest = found.answers[m] - mean_of_given(found.answers[m])[..., None]
            parts.append(between_component(rest.swapaxes(1, 2), members))
        return np.concatenate(parts, axis=1)

    entries = [(item, "") for m in measures for item in design.survey.items[m]]
    known = np.flatnonzero(np.isfinite(own(copies)[0]))
    if not known.size:
        return f"no {design.units} has two members who answered the same item"
    return Statistic([entries[k] for k in known], lambda found: own(found)[:, known])


def _layers(design: Design, copies: Copies) -> Statistic | str:
    if not design.above:
        return f"there is no level above {plural(design.units or design.lowest)}"
    names: list[tuple[str, str]] = []
    takes: list[Take] = []
    members = design.groups[design.lowest, design.units]
    for upper in design.above:
        by = design.groups[design.units, upper]
        if design.survey.n[upper] < 2:
            continue
        for name, take in _by_unit(design, copies, design.lowest).items():
            names.append((name, upper))
            takes.append(
                lambda found, take=take, by=by: between_component(group_means(take(found), members), by)  # type: ignore[misc]
            )
        for name, take in _by_unit(design, copies, design.units).items():
            names.append((name, upper))
            takes.append(lambda found, take=take, by=by: between_component(take(found), by))  # type: ignore[misc]
    return _joined(names, takes, copies) if names else f"there is one {design.above[0]} only"


BETWEEN_TEAMS = ReplicatedCheck(
    code="between.teams",
    title="Variance between teams",
    question="Do teams differ as much in every measure and outcome as the model says?",
    statistic="variance component between teams (analysis of variance) of a person's mean over the items of "
    "a measure and of outcomes of people; variance over teams of what teams answer or have as outcome",
    side="two-sided",
    prepare=_teams,
)

BETWEEN_ITEMS = ReplicatedCheck(
    code="between.items",
    title="What single items have of their own between teams",
    question="Do teams differ more in single items than the measure they belong to explains?",
    statistic="variance component between teams of a person's answer to an item less the person's mean over "
    "the items",
    side="larger",
    prepare=_items,
)

BETWEEN_LAYERS = ReplicatedCheck(
    code="between.layers",
    title="Variance between the units above teams",
    question="Do layers differ as much in every measure and outcome as the model says?",
    statistic="variance component between layers of the teams' means (analysis of variance over teams)",
    side="two-sided",
    prepare=_layers,
)
