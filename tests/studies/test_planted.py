"""Worlds of any model with a question: the effect is the planted one, on the standardised scale."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from toy_jobs import AtOnce

import coefficacy as co
from coefficacy.errors import StudyError
from coefficacy.spec import loads
from coefficacy.studies import Sampling, planted_study, planted_worlds
from coefficacy.studies.planted import judge_planted

LEVELS = '[levels]\nperson = "person"\nteam = "team"\n'
TRUST = '[measures.trust]\nitems = ["t_*"]\n'
SKILL = '[measures.skill]\nitems = ["s_*"]\nfamily = "ordinal"\nscale = [1, 4]\n'
YES = '[measures.yes]\nitems = ["b_*"]\nfamily = "bernoulli"\n'


def asked(effect: str, direction: str = "positive") -> str:
    return f'[question]\neffect = "{effect}"\ndirection = "{direction}"\n'


MODELS = {
    "a column, two outcomes": TRUST + '[team]\ntrust = "x"\ny = "x"\nz = "trust + y"\n' + asked("team.y ~ x"),
    "ordinal items, yes or no": SKILL
    + '[team]\nskill = "x"\nquit = "skill + x"\n[families]\nquit = "bernoulli"\n'
    + asked("team.quit ~ skill", "negative"),
    "yes-or-no items, ordinal outcome": YES
    + '[team]\ngrade = "yes + x"\n[families]\ngrade = "ordinal"\n'
    + asked("team.grade ~ yes"),
    "two latents": TRUST
    + SKILL
    + '[person]\ntrust = "skill"\n[team]\ntrust = "skill"\n'
    + asked("team.trust ~ skill"),
}


@lru_cache
def survey_of(name: str, n_teams: int = 12) -> tuple[co.ModelSpec, co.Survey]:
    rng = np.random.default_rng(3)
    team = np.repeat(np.arange(n_teams), 3)
    persons = pd.DataFrame({"person": range(len(team)), "team": team})
    persons = persons.assign(**{f"t_{k}": rng.normal(size=len(team)) for k in range(3)})
    persons = persons.assign(**{f"s_{k}": 1 + (team + k + persons.index) % 4 for k in range(3)})
    persons = persons.assign(**{f"b_{k}": (persons.index + k) % 2 for k in range(3)})
    persons.loc[0, ["t_0", "s_0", "b_0"]] = np.nan
    teams = pd.DataFrame({"team": range(n_teams), "x": rng.normal(size=n_teams)})
    teams = teams.assign(y=rng.normal(size=n_teams), z=rng.normal(size=n_teams))
    teams = teams.assign(quit=np.arange(n_teams) % 2, grade=1 + np.arange(n_teams) % 3)
    spec = loads(LEVELS + MODELS[name])
    return spec, co.read_survey(spec, persons=persons, teams=teams)


def test_the_effect_is_the_planted_one() -> None:
    """Least squares on 100 worlds of 120 teams, one predictor, no latents in between.

    The SD of a standardised slope of .6 is about (1 - .36) / sqrt(120) = .06; its mean over 100 worlds lies
    within three standard errors, .02, and its bias is a tenth of that.
    """
    spec, survey = survey_of("a column, two outcomes", 120)
    x = survey.column("team", "x").values
    worlds = planted_worlds(spec, survey, 0.6, 100, seed=1)
    slopes = [np.corrcoef(x, world["y"])[0, 1] for world in worlds]
    assert np.mean(slopes) == pytest.approx(0.6, abs=0.02)


OTHERS = ("yes-or-no items, ordinal outcome", "two latents")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in OTHERS else ()) for name in MODELS]
)
def test_worlds_of_any_family_fit_their_survey(name: str) -> None:
    spec, survey = survey_of(name)
    study = planted_study(spec, survey, sims=3, effects=(0.3,), sampling=Sampling(seed=2))
    assert [job.key for job in study.jobs] == ["0.3/0", "0.3/1", "0.3/2"]
    for job in study.jobs:
        for measure in spec.measures:
            given = ~np.isnan(survey.answers(measure.name).values)
            values = job.inputs.data[measure.name]
            assert values.size == given.sum() == given.size - 1
            if measure.family == "ordinal":
                assert set(np.unique(values)) <= {0, 1, 2, 3}
    fewer = planted_worlds(spec, survey, 0.3, 2, seed=2)
    for world, job in zip(fewer, study.jobs, strict=False):
        for key, values in world.items():
            np.testing.assert_array_equal(values, job.inputs.data[key])


def test_direction_turns_the_effect() -> None:
    """Yes or no by a large negative effect of skill: teams of high answers quit less."""
    spec, survey = survey_of("ordinal items, yes or no", 120)
    worlds = planted_worlds(spec, survey, 0.6, 40, seed=1)
    team = survey.index("person", "team")
    given = ~np.isnan(survey.answers("skill").values)
    slopes = []
    for world in worlds:
        answers = np.full(given.shape, np.nan)
        answers[given] = world["skill"]
        person = np.nanmean(answers, axis=1)
        mean = np.bincount(team, person) / np.bincount(team)
        if np.ptp(world["quit"]) and np.ptp(mean):
            slopes.append(np.corrcoef(mean, world["quit"])[0, 1])
    assert np.mean(slopes) < -3 * np.std(slopes) / np.sqrt(len(slopes))


def test_a_world_is_fitted_and_judged() -> None:
    spec, survey = survey_of("a column, two outcomes")
    sampling = Sampling(draws=300, tune=300, chains=2)
    found = co.calibrate(spec, survey, sims=1, effects=(0.0,), sampling=sampling, executor=AtOnce())
    (rates,) = found.rates
    assert (rates.n, rates.failed, found.failures) == (1, 0, ())
    assert rates.supported == 0  # without a rival nothing is
    assert found.design["trust"] == {"n_items": 3, "reliability": None, "family": "gaussian", "categories": 0}
    found.refuse_other(spec, survey)
    assert judge_planted.__module__ == "coefficacy.studies.planted"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (LEVELS + TRUST + '[team]\ny = "trust"\n', "it asks no question"),
        (LEVELS + '[team]\ny = "x"\n' + asked("team.y ~ x"), "models with measures"),
    ],
)
def test_refused(text: str, words: str) -> None:
    _, survey = survey_of("a column, two outcomes")
    with pytest.raises(StudyError, match=words):
        planted_worlds(loads(text), survey, 0.3, 1, seed=1)
