"""From the text of a model file to a :class:`ModelSpec`, with all its problems shown at once."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field, replace
from typing import Any

from coefficacy.errors import Problem, SpecError, did_you_mean
from coefficacy.spec.estimands import BOUNDS, KINDS, fields_of
from coefficacy.spec.fields import (
    Collector,
    Field,
    flag,
    named_texts,
    number,
    pair,
    text,
    text_or_texts,
    texts,
)
from coefficacy.spec.formula import parse_formula
from coefficacy.spec.model import (
    EstimandSpec,
    FamilySpec,
    Formula,
    Level,
    Measure,
    ModelSpec,
    PriorSpec,
    Question,
    Regression,
    Rival,
)
from coefficacy.spec.priors import parse_prior
from coefficacy.spec.queries import canonical_name, effects, parameter_names, rank, rival_spec
from coefficacy.spec.validate import LATER_SECTIONS, SECTIONS, problems, without_unknown_levels
from coefficacy.spec.write import dumps

__all__ = ["dumps", "loads"]

_SPREAD = re.compile(r"sd\(\s*(\w+)\s*\)")
_ABOUT: dict[str, Field] = {"title": text, "claim": text, "variant": text, "references": texts, "note": text}
_MEASURE: dict[str, Field] = {
    "items": texts,
    "family": text,
    "link": text,
    "level": text,
    "aggregate": text,
    "scale": pair,
    "reversed": texts,
    "loadings": text,
    "form": text,
    "item_residuals": flag,
    "reliability": number,
    "sd": text,
    "specific": named_texts,
}
_FAMILY: dict[str, Field] = {"family": text, "link": text, "location": number, "scale": number}
_QUESTION: dict[str, Field] = {"effect": text, "direction": text, "rival": text, "rope": pair}


def loads(text: str, *, where: str = "<model>") -> ModelSpec:
    """Read a model file.

    Parameters
    ----------
    text : the TOML text
    where : the file's name for error messages

    Returns
    -------
    ModelSpec
        Valid in itself; whether it fits a survey is judged by `coefficacy.survey.read_survey`.

    Raises
    ------
    SpecError
        With everything that is wrong: unknown sections, keys, names and functions, wrong types, cycles,
        priors of parameters the model does not have, rivals and questions that point nowhere.
    """
    reader = _Reader(where)
    spec = reader.model(_document(text, where))
    found = [*reader.problems, *problems(spec, where=where, complete=not reader.broken)]
    if found:
        raise SpecError(dict.fromkeys(found))
    return spec


def _document(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except ValueError as error:
        mend = "Look there for quotes, brackets, or a section or key given twice."
        raise SpecError(Problem(where, f"not valid TOML: {error}.", mend)) from None
    except RecursionError:
        raise SpecError(Problem(where, "not a model file: nested too deeply.")) from None


def _as_rival(spec: ModelSpec, rival: Rival) -> ModelSpec:
    """Return the model that the rival's priors belong to."""
    return rival_spec(replace(spec, rivals=(rival,)), rival.name) if rival.measures else spec


@dataclass
class _Reader(Collector):
    """Builds a draft; `broken` tells that equations are missing from it, which later checks must know."""

    broken: bool = field(default=False)

    def model(self, document: dict[str, Any]) -> ModelSpec:
        levels = self._levels(document.get("levels", {}))
        names = [level.name for level in levels]
        self.broken = not levels
        self._sections(document, names)
        equations = {name: document[name] for name in names if name in document}
        draft = ModelSpec(
            levels=levels,
            measures=self._measures(document.get("measures", {})),
            regressions=self._equations(equations),
            spreads=self._spreads(equations),
            rivals=self._rivals(document.get("rivals", {}), names),
            families=self._families(document.get("families", {})),
            estimands=self._estimands(document.get("estimands", {})),
            **self.keys(document.get("about", {}), "about", _ABOUT),
        )
        priors = self._priors(document.get("priors", {}))
        whole = without_unknown_levels(draft)
        question = self._question(document["question"], whole) if "question" in document else None
        if not levels:
            return draft
        rivals = (
            replace(r, priors=self._canonical(dict(r.priors), _as_rival(whole, r))) for r in draft.rivals
        )
        named = self._canonical(priors, whole)
        return replace(draft, priors=named, rivals=tuple(rivals), question=question)

    def _levels(self, value: object) -> tuple[Level, ...]:
        table = self.table(value, "levels")
        keys = self.keys(table, "levels", dict.fromkeys(table, text_or_texts))
        return tuple(Level(name, keys.get(name, (name,))) for name in table)

    def _sections(self, document: dict[str, Any], levels: list[str]) -> None:
        for name, value in document.items():
            if name in SECTIONS or name in levels:
                continue
            if name in LATER_SECTIONS:
                self.refuse(name, "this section is not part of the format yet.", "Leave it out.")
            elif not isinstance(value, dict):
                homes = {"about": _ABOUT, "question": _QUESTION}
                home = next((section for section, keys in homes.items() if name in keys), "")
                mend = f"Put it under [{home}]." if home else "Put it under the section it belongs to."
                self.refuse(name, "stands outside any section.", mend)
            elif levels:
                self.broken = True
                self.refuse(name, f"unknown section '{name}'.", did_you_mean(name, [*SECTIONS, *levels]))

    def _measures(self, value: object, place: str = "measures") -> tuple[Measure, ...]:
        measures = []
        for name, table in self.table(value, place).items():
            keys = self.keys(table, f"{place}.{name}", _MEASURE)
            unreadable = "items" not in keys and (not isinstance(table, dict) or "items" in table)
            keys.setdefault("items", (f"{name}_*",) if unreadable else ())
            measures.append(Measure(name, **keys))
        return tuple(measures)

    def _equations(self, tables: dict[str, Any], prefix: str = "") -> tuple[Regression, ...]:
        regressions = []
        for level, table in tables.items():
            for response, formula in self.table(table, prefix + level).items():
                place = f"{prefix}{level}.{response}"
                if "(" in response:
                    if prefix or not _SPREAD.fullmatch(response):
                        what = "a function on the left-hand side" + (" of a rival" if prefix else "")
                        mend = "Write sd(y) for the residual SD of an outcome y." if not prefix else ""
                        self.refuse(place, f"{what} is not part of the format yet.", mend)
                    continue
                parsed = self.read(parse_formula, formula, place)
                self.broken |= parsed is None
                regressions.append(Regression(level, response, parsed or Formula()))
        return tuple(regressions)

    def _spreads(self, tables: dict[str, Any]) -> tuple[Regression, ...]:
        found = []
        for level, table in tables.items():
            for left, formula in (table if isinstance(table, dict) else {}).items():
                outcome = _SPREAD.fullmatch(left)
                if outcome:
                    parsed = self.read(parse_formula, formula, f"{level}.{left}")
                    self.broken |= parsed is None
                    found.append(Regression(level, outcome[1], parsed or Formula()))
        return tuple(found)

    def _rivals(self, value: object, levels: list[str]) -> tuple[Rival, ...]:
        rivals = []
        for name, value_of in self.table(value, "rivals").items():
            place = f"rivals.{name}"
            tables = dict(self.table(value_of, place))
            priors = self._priors(tables.pop("priors", {}), f"{place}.priors")
            measures = self._measures(tables.pop("measures", {}), f"{place}.measures")
            for level in tables:
                if levels and level not in levels:
                    self.refuse(place, f"unknown level '{level}'.", did_you_mean(level, levels))
            known = {level: table for level, table in tables.items() if level in levels}
            self.broken |= len(known) < len(tables)
            equations = self._equations(known, f"{place}.")
            rivals.append(Rival(name, equations, tuple(priors.items()), measures))
        return tuple(rivals)

    def _families(self, value: object) -> tuple[tuple[str, FamilySpec], ...]:
        families = []
        for name, entry in self.table(value, "families").items():
            if isinstance(entry, str):
                entry = {"family": entry}
            keys = self.keys(entry, f"families.{name}", _FAMILY)
            families.append((name, FamilySpec(**keys)))
        return tuple(families)

    def _estimands(self, value: object) -> tuple[EstimandSpec, ...]:
        estimands = []
        for kind, table in self.table(value, "estimands").items():
            place = f"estimands.{kind}"
            if kind not in KINDS:
                self.refuse(place, f"unknown estimand '{kind}'.", did_you_mean(kind, KINDS))
                continue
            keys = self.keys(table, place, fields_of(kind))
            bounds = {name: keys.pop(name) for name in BOUNDS if name in keys}
            estimands.append(EstimandSpec(kind, tuple(keys.items()), **bounds))
        return tuple(estimands)

    def _priors(self, value: object, place: str = "priors") -> dict[str, PriorSpec]:
        priors = {}
        for name, entry in self.table(value, place).items():
            prior = self.read(parse_prior, entry, f'{place}."{name}"')
            if prior is not None:
                priors[name] = prior
        return priors

    def _canonical(self, priors: dict[str, PriorSpec], draft: ModelSpec) -> tuple[tuple[str, PriorSpec], ...]:
        """Give priors the names the model has, whatever the spaces and the order of factors."""
        names = {canonical_name(name): name for name in parameter_names(draft)}
        return tuple((names.get(canonical_name(name), name), prior) for name, prior in priors.items())

    def _question(self, value: object, draft: ModelSpec) -> Question | None:
        keys = self.keys(value, "question", _QUESTION)
        if "effect" not in keys:
            if isinstance(value, dict) and "effect" not in value:
                self.refuse("question", "no effect.", 'Write effect = "outcome ~ predictor".')
            return None
        if self.broken:
            return None
        written = keys.pop("effect")
        known = sorted(effects(draft), key=lambda effect: -rank(draft, effect[0]))
        for level, response, term in known:
            forms = {canonical_name(f"{level}.{response} ~ {term}"), canonical_name(f"{response} ~ {term}")}
            if canonical_name(written) in forms:
                return Question(level, response, str(term), **keys)
        names = [f"{level}.{response} ~ {term}" for level, response, term in known]
        self.refuse("question.effect", f"the model has no effect '{written}'.", did_you_mean(written, names))
        return None
