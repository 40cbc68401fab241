"""A survey read for one model, as another model of the same answers sees it."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase

from coefficacy.spec.model import Measure, ModelSpec
from coefficacy.survey.data import Coding, Survey

__all__ = ["matching", "measured_as"]


def measured_as(survey: Survey, spec: ModelSpec) -> Survey:
    """Return `survey` with its items given to the measures of `spec`.

    Parameters
    ----------
    spec : such as a rival that measures otherwise; its items are among those that were read
    """
    known = tuple(dict.fromkeys(item for items in survey.items.values() for item in items))
    items = {m.name: matching(m.items, known) for m in spec.measures}
    coding = {name: code for name, code in survey.coding.items() if name not in survey.items}
    coding |= {m.name: _coding(survey, m, items[m.name]) for m in spec.measures}
    return replace(survey, items=items, coding=coding)


def matching(patterns: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    """Return the items that match one of the patterns, in the order of the patterns, then of `known`."""
    found = (item for pattern in patterns for item in known if fnmatchcase(item, pattern))
    return tuple(dict.fromkeys(found))


def _coding(survey: Survey, measure: Measure, items: tuple[str, ...]) -> Coding:
    """The scale of the answers, and which of them are reversed, are what they were."""
    owners = [survey.coding[name] for name, own in survey.items.items() if set(own) & set(items)]
    turned = {item for owner in owners for item in owner.reversed}
    return replace(owners[0], family=measure.family, reversed=tuple(i for i in items if i in turned))
