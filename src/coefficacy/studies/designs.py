"""Designs of surveys that were made, and of those that are planned, for worlds to imitate."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from coefficacy.errors import CoefficacyError, Problem, StudyError
from coefficacy.spec import ModelSpec, queries
from coefficacy.studies.imitation import refuse_strangers
from coefficacy.worlds import Design, Scale
from coefficacy.worlds.answers import draw_answers, draw_items
from coefficacy.worlds.design import MEASURES
from coefficacy.worlds.structure import PERSON_PATH

if TYPE_CHECKING:
    from coefficacy.survey import Survey

__all__ = ["design_of", "planned_design", "single_item_reliability"]

_VARIANCE_WITHIN = {"collective_efficacy": 1 + PERSON_PATH**2}
_TESTS = 3
_LARGE, _STEPS = 20_000, 12


def design_of(spec: ModelSpec, survey: Survey) -> Design:
    """Return the design of a survey: teams, layers and items as they are, reliabilities as the answers show.

    Raises
    ------
    StudyError
        The model is none that the world can imitate.
    """
    refuse_strangers(spec)
    lowest, team, layer = queries.level_names(spec)
    member = survey.index(lowest, team)
    answers = {name: survey.answers(name).values for name in MEASURES}
    return _designed(
        sizes=tuple(np.bincount(member, minlength=survey.n[team]).tolist()),
        layers=tuple(survey.index(team, layer).tolist()),
        **{name: _scale(survey, name, values, member) for name, values in answers.items()},
        missing=round(float(np.mean(np.isnan(np.column_stack(list(answers.values()))))), 4),
    )


def planned_design(
    spec: ModelSpec,
    n_teams: int,
    team_size: int,
    *,
    layers: int = 4,
    n_items: int = 5,
    reliability: float = 0.4,
    test_reliability: float = 0.6,
) -> Design:
    """Return the design of a survey that is only planned: equal teams, dealt to the layers by turns.

    Parameters
    ----------
    n_items : of each efficacy, where the model file has a pattern in place of their names
    reliability, test_reliability : of a single item of the efficacies, of a single test of competence

    Raises
    ------
    StudyError
        The model is none that the world can imitate, or a number is impossible.
    """
    refuse_strangers(spec)
    reliabilities = dict.fromkeys(MEASURES, reliability) | {"competence": test_reliability}
    scales = {name: _planned(spec, name, n_items, reliabilities[name]) for name in MEASURES}
    if n_teams < layers:
        what = f"{n_teams} teams cannot be dealt to {layers} layers."
        raise StudyError(Problem("design: layers", what, "Plan at least one team for each layer."))
    dealt = tuple(k % max(layers, 1) for k in range(n_teams))
    return _designed(sizes=(team_size,) * n_teams, layers=dealt, **scales)


def _planned(spec: ModelSpec, name: str, n_items: int, reliability: float) -> Scale:
    measure = queries.measure(spec, name)
    open_ended = any(set("*?[") & set(item) for item in measure.items)
    usual = _TESTS if name == "competence" else n_items
    low, high = measure.scale or (1, 5)
    count = usual if open_ended else len(measure.items)
    categories = int(high - low) + 1 if measure.family == "ordinal" else 5
    return Scale(count, reliability, measure.family, categories)


def _designed(**parts: Any) -> Design:
    try:
        return Design(**parts)
    except CoefficacyError as error:
        raise StudyError(error.problems) from None


def _scale(survey: Survey, name: str, answers: np.ndarray, team: np.ndarray) -> Scale:
    family, categories = survey.coding[name].family, len(survey.categories(name)) or 5
    seen = _correlation_within(answers, team)
    reliability = single_item_reliability(
        seen, answers.shape[1], family, categories, variance=_VARIANCE_WITHIN.get(name, 1.0)
    )
    return Scale(answers.shape[1], round(reliability, 3), family, categories)


def _correlation_within(answers: np.ndarray, team: np.ndarray) -> float:
    """Mean correlation of two items within teams, over persons who answered both."""
    import pandas as pd

    frame = pd.DataFrame(answers)
    deviation = frame - frame.groupby(team).transform("mean")
    found = deviation.corr().values
    return float(np.nanmean(found[np.triu_indices_from(found, 1)]))


def single_item_reliability(
    correlation: float, n_items: int, family: str, categories: int = 5, *, variance: float = 1.0
) -> float:
    """Return the reliability of one item, for a latent of unit variance, that makes two correlate so.

    The latent has this `variance` within teams.

    Found by bisection on a large simulated sample with one seed, for items that are alike: coarse answers
    correlate less than the propensities behind them.
    """
    low, high = 0.02, 0.95
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _simulated(middle, n_items, family, categories, variance) < correlation:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _simulated(reliability: float, n_items: int, family: str, categories: int, variance: float) -> float:
    rng = np.random.default_rng(1)
    names = tuple(map(str, range(n_items)))
    items = draw_items(
        None, names, family=family, reliability=reliability, item_sd=0.0, sd=1.0, categories=categories
    )
    answers = draw_answers(
        rng, items, math.sqrt(variance) * rng.normal(size=_LARGE), np.zeros(_LARGE, np.int64)
    )
    found = np.atleast_2d(np.corrcoef(answers.T))
    return float(found[np.triu_indices(n_items, 1)].mean())
