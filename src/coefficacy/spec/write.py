"""From a :class:`ModelSpec` to the text of a model file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from coefficacy.spec.model import (
    EstimandSpec,
    FamilySpec,
    Level,
    Measure,
    ModelSpec,
    PriorSpec,
    Question,
    Regression,
    Rival,
)

__all__ = ["dumps"]

LINE_LENGTH = 100


def dumps(spec: ModelSpec) -> str:
    """Return the model file of `spec`; reading it gives an equal spec.

    Parameters
    ----------
    spec : a valid model

    Examples
    --------
    >>> from coefficacy.spec import dumps, load_model, loads
    >>> spec = load_model("adaptation")
    >>> loads(dumps(spec)) == spec
    True
    """
    import tomli_w

    about = {
        "title": spec.title,
        "claim": spec.claim,
        "variant": spec.variant,
        "references": list(spec.references),
        "note": spec.note,
    }
    document: dict[str, Any] = {
        "about": {key: value for key, value in about.items() if value},
        "levels": {level.name: _key(level) for level in spec.levels},
        "measures": {measure.name: _measure(measure) for measure in spec.measures},
        **_equations((*spec.regressions, *(replace(s, response=f"sd({s.response})") for s in spec.spreads))),
        "families": _families(spec.families),
        "priors": _priors(spec.priors),
        "rivals": {rival.name: _rival(rival) for rival in spec.rivals},
        "question": _question(spec.question) if spec.question else {},
        "estimands": {estimand.kind: _estimand(estimand) for estimand in spec.estimands},
    }
    return _short_lists_inline(tomli_w.dumps({key: table for key, table in document.items() if table}))


def _short_lists_inline(toml: str) -> str:
    """Put lists of which every entry stands on a line of its own on one line, where they fit."""

    def inline(match: re.Match[str]) -> str:
        entries = [line.strip().rstrip(",") for line in match["entries"].rstrip("\n").split("\n")]
        line = f"{match['key']} = [{', '.join(entries)}]"
        return line if len(line) <= LINE_LENGTH else match[0]

    return re.sub(r"^(?P<key>.+) = \[\n(?P<entries>(?:    .*,\n)+)\]$", inline, toml, flags=re.MULTILINE)


def _key(level: Level) -> str | list[str]:
    return level.key[0] if len(level.key) == 1 else list(level.key)


def _measure(measure: Measure) -> dict[str, Any]:
    default = Measure(measure.name, measure.items)
    table: dict[str, Any] = {"items": list(measure.items)}
    for key in Measure.__slots__:
        value = getattr(measure, key)
        if key == "specific" and value:
            table[key] = {name: list(items) for name, items in value}
        elif key not in ("name", "items") and value != getattr(default, key):
            table[key] = _plain(value)
    return table


def _families(families: tuple[tuple[str, FamilySpec], ...]) -> dict[str, Any]:
    """Return names where no family has options, else tables: TOML would put names before tables."""
    tables = {name: {"family": family.family, **_options(family)} for name, family in families}
    if any(len(table) > 1 for table in tables.values()):
        return tables
    return {name: family.family for name, family in families}


def _options(family: FamilySpec) -> dict[str, Any]:
    default = FamilySpec(family.family)
    return {
        key: _plain(getattr(family, key))
        for key in FamilySpec.__slots__
        if getattr(family, key) != getattr(default, key)
    }


def _equations(regressions: Iterable[Regression]) -> dict[str, dict[str, str]]:
    tables: dict[str, dict[str, str]] = {}
    for regression in regressions:
        tables.setdefault(regression.level, {})[regression.response] = str(regression.formula)
    return tables


def _rival(rival: Rival) -> dict[str, Any]:
    priors = {"priors": _priors(rival.priors)} if rival.priors else {}
    measures = {"measures": {m.name: _measure(m) for m in rival.measures}} if rival.measures else {}
    return {**measures, **_equations(rival.regressions), **priors}


def _priors(priors: tuple[tuple[str, PriorSpec], ...]) -> dict[str, str]:
    return {name: str(prior) for name, prior in priors}


def _question(question: Question) -> dict[str, Any]:
    rival = {"rival": question.rival} if question.rival else {}
    return {
        "effect": question.effect,
        "direction": question.direction,
        **rival,
        "rope": _plain(question.rope),
    }


def _estimand(estimand: EstimandSpec) -> dict[str, Any]:
    bounds = {"above": estimand.above, "below": estimand.below}
    given = {**dict(estimand.options), **{name: at for name, at in bounds.items() if at is not None}}
    return {name: _plain(value) for name, value in given.items()}


def _plain(value: Any) -> Any:
    """Return a value as TOML holds it; whole numbers are written without a point."""
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value
