"""What must hold in a single measure or family."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from math import isfinite

from coefficacy.errors import did_you_mean
from coefficacy.spec.model import FamilySpec, Measure
from coefficacy.spec.queries import is_single_item

__all__ = ["ITEM_LINKS", "OUTCOME_LINKS", "Found", "family_problems", "measure_problems"]

type Found = tuple[str, str, str]
"""Where (a dotted key), what is wrong, and the mend."""

ITEM_LINKS: dict[str, tuple[str, ...]] = {
    "gaussian": ("identity",),
    "ordinal": ("logit", "probit"),
    "bernoulli": ("logit", "probit"),
}
"""Families of items and their links, the default first."""

OUTCOME_LINKS: dict[str, tuple[str, ...]] = {
    **ITEM_LINKS,
    "poisson": ("log",),
    "negative_binomial": ("log",),
    "beta": ("logit",),
}
"""Families of outcomes and their links, the default first."""


def measure_problems(measure: Measure, levels: tuple[str, ...]) -> Iterator[Found]:
    """Yield what is wrong with a measure in a model with these levels, lowest first."""
    place = f"measures.{measure.name}"
    yield from _items(measure, place)
    yield from _family_and_link(measure.family, measure.link, ITEM_LINKS, place)
    yield from _choices(measure, place, levels)
    yield from _scale(measure, place)
    yield from _single_item_keys(measure, place)
    yield from _upper_level_keys(measure, place, levels)
    yield from _specific(measure, place, levels)


def _items(measure: Measure, place: str) -> Iterator[Found]:
    if not measure.items:
        yield place, "no items.", 'Write items = ["q1", "q2"] or a pattern such as items = ["q*"].'
    if len(set(measure.items)) < len(measure.items):
        yield f"{place}.items", "an item is given twice.", "Name each item once."
    for name in measure.reversed:
        is_pattern = bool(set("*?[") & set(name))
        if not is_pattern and not any(fnmatchcase(name, item) for item in measure.items):
            yield f"{place}.reversed", f"'{name}' is none of the items.", did_you_mean(name, measure.items)


def _family_and_link(
    family: str, link: str, links: dict[str, tuple[str, ...]], place: str
) -> Iterator[Found]:
    if family not in links:
        yield f"{place}.family", f"unknown family '{family}'.", did_you_mean(family, links)
    elif link and link not in links[family]:
        yield f"{place}.link", f"'{link}' is no link of {family}.", did_you_mean(link, links[family])


def _choices(measure: Measure, place: str, levels: tuple[str, ...]) -> Iterator[Found]:
    options = {
        "aggregate": ("population", "members"),
        "loadings": ("equal", "free"),
        "form": ("congeneric", "parallel"),
        "level": ("", *levels),
    }
    for key, known in options.items():
        value = getattr(measure, key)
        if value not in known:
            yield f"{place}.{key}", f"unknown {key} '{value}'.", did_you_mean(value, filter(None, known))


def _scale(measure: Measure, place: str) -> Iterator[Found]:
    if measure.reversed and measure.scale is None and measure.family in ("gaussian", "ordinal"):
        what = "reversed items need the ends of their scale."
        yield f"{place}.reversed", what, "Write e.g. scale = [1, 5]."
    if measure.scale is None:
        return
    low, high = measure.scale
    shown = [int(end) if end == int(end) else end for end in measure.scale]
    if not low < high:
        yield f"{place}.scale", f"{shown} is not in order.", "Write the lowest answer first, as in [1, 5]."
    if measure.family == "ordinal" and not (low.is_integer() and high.is_integer()):
        yield f"{place}.scale", f"{shown} is not of whole numbers.", "Ordinal answers are whole numbers."
    if measure.family == "bernoulli" and (low, high) != (0, 1):
        mend = "Bernoulli answers are 0 and 1; leave the scale out."
        yield f"{place}.scale", f"{shown} is not [0, 1].", mend


def _single_item_keys(measure: Measure, place: str) -> Iterator[Found]:
    given = [key for key in ("reliability", "sd") if getattr(measure, key) not in (None, "")]
    for key in given:
        if measure.family != "gaussian":
            what = f"is for gaussian items; '{measure.name}' is {measure.family}."
            yield f"{place}.{key}", what, "Leave it out: the link fixes the noise of an answer."
        if measure.items and not is_single_item(measure):
            mend = "Leave it out: it is estimated from the items."
            yield f"{place}.{key}", "is for a measure of one item.", mend
    if len(given) > 1:
        yield place, "reliability and sd say the same thing twice.", "Give one of them."
    if measure.reliability is not None and not 0 < measure.reliability <= 1:
        what = f"{measure.reliability:g} is not above 0 and up to 1."
        yield f"{place}.reliability", what, "Write e.g. 0.8."


def _upper_level_keys(measure: Measure, place: str, levels: tuple[str, ...]) -> Iterator[Found]:
    doubly_latent = measure.level in ("", levels[0]) and len(levels) > 1
    if measure.aggregate == "members" and not doubly_latent:
        what = "'members' needs items answered by the members of a team."
        yield f"{place}.aggregate", what, f"Leave it out, or measure it at {levels[0]} under a level above."
    if measure.loadings != "free":
        return
    if measure.items and is_single_item(measure):
        yield f"{place}.loadings", "'free' needs two items or more.", "Leave it out."
    if not doubly_latent:
        yield f"{place}.loadings", "'free' needs a level above the items.", "Leave it out."
    if measure.form == "parallel":
        what = "parallel items have one loading, which is not free."
        yield f"{place}.loadings", what, "Leave one of both out."


def _specific(measure: Measure, place: str, levels: tuple[str, ...]) -> Iterator[Found]:
    if not measure.specific:
        return
    place = f"{place}.specific"
    owners: dict[str, str] = {}
    for name, items in measure.specific:
        if not items:
            yield f"{place}.{name}", "no items.", "Name items of the measure, or a pattern of them."
        for item in items:
            if owners.setdefault(item, name) != name:
                yield f"{place}.{name}", f"'{item}' is in '{owners[item]}' too.", "Give it to one set."
    if measure.level not in ("", levels[0]) or len(levels) < 2:
        yield place, "needs items answered by the members of a team.", "Leave it out."
    if measure.family != "gaussian":
        yield place, f"is for gaussian items; these are {measure.family}.", "Leave it out."
    for key, value in (("loadings", "free"), ("form", "parallel"), ("aggregate", "members")):
        if getattr(measure, key) == value:
            yield place, f"does not go with {key} = '{value}'.", "Leave one of both out."


def family_problems(
    families: tuple[tuple[str, FamilySpec], ...], measures: list[str], outcomes: tuple[str, ...] | None
) -> Iterator[Found]:
    """Yield what is wrong with the families of outcomes; with None for `outcomes`, any name will do."""
    names = [name for name, _ in families]
    for name, family in families:
        place = f"families.{name}"
        if names.count(name) > 1:
            yield place, "is given twice.", "Write one family for each outcome."
        if name in measures:
            yield place, f"'{name}' is a measure.", f"Write its family under [measures.{name}]."
        elif outcomes is not None and name not in outcomes:
            yield place, f"no equation has '{name}' on its left-hand side.", did_you_mean(name, outcomes)
        yield from _family_and_link(family.family, family.link, OUTCOME_LINKS, place)
        yield from _unit(family, place)


def _unit(family: FamilySpec, place: str) -> Iterator[Found]:
    given = {"location": family.location != 0.0, "scale": family.scale != 1.0}
    if family.family != "gaussian":
        for key in (key for key, is_given in given.items() if is_given):
            yield f"{place}.{key}", f"is for gaussian outcomes; this one is {family.family}.", "Leave it out."
    elif not (family.scale > 0 and isfinite(family.scale) and isfinite(family.location)):
        yield f"{place}.scale", f"{family.scale:g} is not above 0.", "Write about one SD of the outcome."
