"""Estimands a model file may ask for in ``[estimands]``: their options, and the question each asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from coefficacy.errors import did_you_mean
from coefficacy.spec.fields import Field, number, pair, text, texts
from coefficacy.spec.model import EstimandSpec, ModelSpec
from coefficacy.spec.queries import factors, is_measure, latents, level_names, outcomes
from coefficacy.spec.validate_parts import Found

__all__ = ["BOUNDS", "KINDS", "Kind", "Option", "estimand_problems", "fields_of", "options_of", "question_of"]

type Names = Callable[[ModelSpec], Iterable[str]]

BOUNDS: Mapping[str, Field] = MappingProxyType({"above": number, "below": number})
"""What every estimand takes: the value that the headline has to lie above, or below, for support."""


LINES = ("ce_fdh", "cr_fdh")
"""Ceilings of necessary condition analysis: steps over the best teams, a line through their corners."""


@dataclass(frozen=True, slots=True)
class Option:
    """One key of an estimand.

    Attributes
    ----------
    read : the type of its value
    names : the names it may take in a model; None: no name
    required : has to be given
    """

    read: Field
    names: Names | None = None
    required: bool = True


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of estimand.

    Attributes
    ----------
    question : in words, with options in braces
    options : the keys it takes besides ``above`` and ``below``
    """

    question: str
    options: Mapping[str, Option]


def _team_latents(spec: ModelSpec) -> tuple[str, ...]:
    levels = level_names(spec)
    return latents(spec, levels[1]) if len(levels) > 1 else ()


def _spread_outcomes(spec: ModelSpec) -> tuple[str, ...]:
    return tuple(s.response for s in spec.spreads if not is_measure(spec, s.response))


def _scattered(spec: ModelSpec) -> tuple[str, ...]:
    return tuple(s.response for s in spec.spreads if is_measure(spec, s.response))


def _spread_terms(spec: ModelSpec) -> tuple[str, ...]:
    return tuple(str(term) for spread in spec.spreads for term in spread.formula.terms)


def _team_outcomes(spec: ModelSpec) -> tuple[str, ...]:
    levels = level_names(spec)
    return outcomes(spec, levels[1]) if len(levels) > 1 else ()


def _team_columns(spec: ModelSpec) -> tuple[str, ...]:
    """Columns that stand by themselves in an equation of teams, ``"x"`` or ``"mean(x)"``."""
    levels = level_names(spec)
    terms = (
        term
        for equation in spec.regressions
        if len(levels) > 1 and equation.level == levels[1]
        for term in equation.formula.terms
    )
    alone = (t.factors[0] for t in terms if len(t.factors) == 1)
    return tuple(dict.fromkeys(str(f) for f in alone if f.function or not is_measure(spec, f.name)))


def _predictors_of_outcomes(spec: ModelSpec) -> tuple[str, ...]:
    named = set(outcomes(spec))
    found = (f for r in spec.regressions if r.response in named for f in factors(r.formula))
    return tuple(dict.fromkeys(factor.name for factor in found if not factor.function))


def _measures(spec: ModelSpec) -> tuple[str, ...]:
    return tuple(measure.name for measure in spec.measures)


def _predictors_of_measures(spec: ModelSpec) -> tuple[str, ...]:
    found = (f for r in spec.regressions if is_measure(spec, r.response) for f in factors(r.formula))
    return tuple(dict.fromkeys(factor.name for factor in found))


_CONDITIONS: Mapping[str, Option] = MappingProxyType(
    {"of": Option(text, outcomes), "needs": Option(texts, _predictors_of_outcomes)}
)
_SECOND_STAGE: Mapping[str, Option] = MappingProxyType(
    {"every": Option(number, required=False), "seed": Option(number, required=False)}
)

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "ceiling": Kind(
            "Is the corner of much {of} with little {needs} emptier than additive effects leave it?",
            {**_CONDITIONS, "line": Option(text, lambda _: LINES, required=False), **_SECOND_STAGE},
        ),
        "consensus_emergence": Kind(
            "Do members come to agree on {of} with {by}?",
            {"of": Option(text, _spread_outcomes), "by": Option(text, _spread_terms)},
        ),
        "contextual_effect": Kind(
            "Does what a group has of {by} add to {of} beyond what its members have themselves?",
            {"of": Option(text, _measures), "by": Option(text, _predictors_of_measures)},
        ),
        "discordant_teams": Kind(
            "Are there teams whose {of} and {given} point in opposite directions?",
            {
                "of": Option(text, _team_latents),
                "given": Option(text, _team_latents),
                "margin": Option(number, required=False),
            },
        ),
        "dispersion": Kind(
            "Do teams have less {of} the further their members are apart in {by}?",
            {"of": Option(text, _team_outcomes), "by": Option(text, _scattered)},
        ),
        "elasticity": Kind("Can {needs} stand in for each other in {of}?", {**_CONDITIONS, **_SECOND_STAGE}),
        "emergent_share": Kind(
            "Is the {of} of teams more than what members bring with them ({given})?",
            {"of": Option(text, _team_latents), "given": Option(texts, _team_latents)},
        ),
        "necessity": Kind(
            "Does {of} need all of {needs}, so that one of them alone brings a team little?",
            {**_CONDITIONS, "cut": Option(number, required=False)},
        ),
        "two_sources": Kind(
            "Of {treatments}: does the latter carry more into {outcome} through the second of {mediators} "
            "than the former through the first?",
            {
                "outcome": Option(text, _team_outcomes),
                "treatments": Option(texts, _team_columns),
                "mediators": Option(texts, _team_latents),
                "changes": Option(pair, required=False),
                "confounding": Option(number, required=False),
            },
        ),
    }
)
"""Kinds of estimands by the name of their section, ``[estimands.NAME]``."""


def options_of(estimand: EstimandSpec) -> dict[str, Any]:
    """Return the options as the estimand's function takes them."""
    return dict(estimand.options)


def question_of(estimand: EstimandSpec) -> str:
    """Return the question of an estimand as a sentence."""

    def words(value: Any) -> str:
        return " and ".join(map(str, value)) if isinstance(value, tuple) else str(value)

    filled = {name: words(value).replace("_", " ") for name, value in estimand.options}
    kind = KINDS[estimand.kind]
    return kind.question.format_map(dict.fromkeys(kind.options, "") | filled)


def fields_of(kind: str) -> dict[str, Field]:
    """Return the keys of a section ``[estimands.KIND]`` and their types."""
    return {name: option.read for name, option in KINDS[kind].options.items()} | dict(BOUNDS)


def estimand_problems(spec: ModelSpec) -> Iterator[Found]:
    """Yield what is wrong with the estimands of a model."""
    for estimand in spec.estimands:
        place = f"estimands.{estimand.kind}"
        if estimand.kind not in KINDS:
            yield place, f"unknown estimand '{estimand.kind}'.", did_you_mean(estimand.kind, KINDS)
            continue
        if estimand.above is not None and estimand.below is not None:
            yield place, "has both above and below.", "Give one of them."
        given = options_of(estimand)
        for name, option in KINDS[estimand.kind].options.items():
            if name in given:
                yield from _names(spec, option, given[name], f"{place}.{name}")
            elif option.required:
                known = ", ".join(option.names(spec)) if option.names else ""
                yield place, f"no {name}.", f"Give {name}{f', of: {known}' if known else ''}."


def _names(spec: ModelSpec, option: Option, value: Any, place: str) -> Iterator[Found]:
    if option.names is None:
        return
    known = tuple(option.names(spec))
    for name in value if isinstance(value, tuple) else (value,):
        if name not in known:
            yield place, f"'{name}' is not among what it may be.", did_you_mean(name, known)
