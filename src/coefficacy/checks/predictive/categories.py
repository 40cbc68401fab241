"""``answers.categories``: how often each category of each item is taken."""

from __future__ import annotations

import numpy as np

from coefficacy.checks.predictive.copies import Copies
from coefficacy.checks.predictive.plan import Design, ReplicatedCheck, Statistic
from coefficacy.spec import queries

__all__ = ["CATEGORIES"]


def _prepare(design: Design, copies: Copies) -> Statistic | str:
    graded = [m for m in copies.answers if queries.measure(design.spec, m).family != "gaussian"]
    if not graded:
        return "no item has categories: all answers are numbers" if copies.answers else "there are no items"
    entries = [
        (item, f"category {category}")
        for m in graded
        for item in design.survey.items[m]
        for category in design.survey.categories(m)
    ]

    def shares(found: Copies) -> np.ndarray:
        return np.concatenate(
            [_shares(found.answers[m], len(design.survey.categories(m))) for m in graded], 1
        )

    return Statistic(entries, shares)


def _shares(answers: np.ndarray, n_categories: int) -> np.ndarray:
    """Share of the given answers in each category, (copy, item times category)."""
    given = np.maximum((~np.isnan(answers)).sum(axis=1), 1)
    counts = np.stack([(answers == k).sum(axis=1) for k in range(n_categories)], axis=-1)
    return (counts / given[..., None]).reshape(len(answers), -1)


CATEGORIES = ReplicatedCheck(
    code="answers.categories",
    title="Categories of answers",
    question="Does the model take every category of every item as often as the people did?",
    statistic="share of the answers in each category of each item",
    side="two-sided",
    prepare=_prepare,
)
