"""``answers.agreement``: how much members of a team agree, and how much teams differ in that."""

from __future__ import annotations

import numpy as np

from coefficacy.checks.predictive.copies import Copies
from coefficacy.checks.predictive.groups import Groups, group_means
from coefficacy.checks.predictive.plan import Design, ReplicatedCheck, Statistic

__all__ = ["AGREEMENT"]


def _prepare(design: Design, copies: Copies) -> Statistic | str:
    if not design.units:
        return "nobody is in a team"
    measures = [m for m in copies.answers if design.persons_answer(m)]
    if not measures:
        return f"no measure is answered by several people of a {design.units}"
    members = design.groups[design.lowest, design.units]
    pairs = [m for m in measures if np.any(_counts(copies.answers[m][0], members) > 1)]
    if not pairs:
        return f"no {design.units} has two members who answered the same item"
    entries = [(m, part) for m in pairs for part in ("mean SD within teams", "SD of it between teams")]

    def statistic(found: Copies) -> np.ndarray:
        parts = []
        for m in pairs:
            sd = _within_sd(found.answers[m], members)
            parts += [np.nanmean(sd, axis=1), np.nanstd(sd, axis=1)]
        return np.stack(parts, axis=1)

    return Statistic(entries, statistic)


def _counts(answers: np.ndarray, members: Groups) -> np.ndarray:
    """Answers to each item, (item, team)."""
    return members.sums((~np.isnan(answers)).astype(float).T)


def _within_sd(answers: np.ndarray, members: Groups) -> np.ndarray:
    """Root of the mean over items of the variance within a team, (copy, team); NaN without two answers."""
    by_item = answers.swapaxes(1, 2)
    given = ~np.isnan(by_item)
    mean = group_means(by_item, members)[..., members.index]
    squares = members.sums(np.where(given, by_item - mean, 0.0) ** 2)
    free = members.sums(given[:1].astype(float)) - 1
    variance = np.where(free > 0, squares / np.maximum(free, 1), 0.0)
    n_items = (free > 0).sum(axis=1)
    total = variance.sum(axis=1)
    return np.sqrt(np.where(n_items > 0, total / np.maximum(n_items, 1), np.nan))


AGREEMENT = ReplicatedCheck(
    code="answers.agreement",
    title="Agreement within teams",
    question="Do members of a team agree as much as the model says, and do teams differ in that as it says?",
    statistic="SD of answers within a team (root of the mean variance over items, on which r_wg(j) rests): "
    "its mean over teams, and its SD between teams",
    side="two-sided",
    prepare=_prepare,
)
