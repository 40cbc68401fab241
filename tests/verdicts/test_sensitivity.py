"""Prior sensitivity of an effect: known posteriors, and one refit with another prior."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from arviz_stats import mcse
from scipy import stats

import coefficacy as co
from coefficacy.sampling import Convergence, Fit
from coefficacy.spec import loads
from coefficacy.survey import read_survey
from coefficacy.verdicts import Verdict
from coefficacy.verdicts.evidence import effect_draws
from coefficacy.verdicts.sensitivity import prior_sensitivity

MODEL = """
[levels]
person = "id"
[person]
mood = "sleep"
[question]
effect = "person.mood ~ sleep"
direction = "{direction}"
[priors]
"person.mood ~ sleep" = "Normal(0, {sd})"
"""
DRAWS = 8000


def spec_of(sd: float = 0.5, direction: str = "positive"):
    return loads(MODEL.format(sd=sd, direction=direction))


def persons() -> pd.DataFrame:
    """Twelve people: too few to make the prior of the effect idle."""
    rng = np.random.default_rng(7)
    sleep = rng.normal(size=12)
    return pd.DataFrame({"id": range(12), "sleep": sleep, "mood": 0.7 * sleep + 0.7 * rng.normal(size=12)})


def known_fit(mean: float, sd: float, *, prior_sd: float = 0.5, direction: str = "positive") -> Fit:
    """A fit whose effect has the posterior of a normal likelihood, and nothing else moves."""
    spec = spec_of(prior_sd, direction)
    precision = 1 / prior_sd**2 + 1 / sd**2
    grid = stats.norm(mean / sd**2 / precision, precision**-0.5).ppf((np.arange(DRAWS) + 0.5) / DRAWS)
    rng = np.random.default_rng(2)
    values = rng.permutation(grid).reshape(4, -1, 1)
    dims = ("chain", "draw", "person.mood.term")
    posterior = xr.Dataset(
        {
            "person.mood": (dims, 2 * values),
            "person.mood.std": (dims, values),
            "person.mood.intercept": (dims[:2], rng.normal(size=values.shape[:2])),
            "sd(person.mood)": (dims[:2], rng.lognormal(0, 0.1, size=values.shape[:2])),
        },
        coords={"person.mood.term": ["sleep"]},
    )
    return Fit(
        spec=spec,
        survey=read_survey(spec, persons=persons()),
        tree=xr.DataTree.from_dict({"posterior": posterior}),
        engine="bambi",
        engine_reason="made up",
        seed=1,
        seconds={},
        versions={},
        convergence=Convergence(True, 1.0, 4000.0, 0, (), (), False),
    )


def verdict_of(fit: Fit) -> Verdict:
    """A verdict whose comparison with the rival speaks for support."""
    base = co.verdict(fit)
    elpd = {"rival": "none", "diff": 4.0, "se": 2.0, "p_better": 0.97, "khat_max": 0.2}
    return replace(base, elpd=elpd, ppc={"statistic": "r", "observed": 0.4, "p_value": 0.01})


def test_the_prior_of_the_effect_is_named_and_its_scaled_posterior_is_the_known_one():
    found = prior_sensitivity(known_fit(0.6, 0.3))
    assert found.strongest.name == "person.mood ~ sleep"
    assert found.text == "Normal(0, 0.5)"
    for alpha, at, end in zip(found.alphas, found.strongest.at, found.strongest.ends, strict=True):
        precision = alpha / 0.5**2 + 1 / 0.3**2
        truth = stats.norm(0.6 / 0.3**2 / precision, precision**-0.5)
        assert at.mean == pytest.approx(truth.mean(), abs=0.01 * truth.std())
        assert end == pytest.approx(truth.ppf(0.025), abs=0.03 * truth.std())
        assert at.p_below == pytest.approx(truth.cdf(0.1), abs=0.002)
    assert found.strongest.reliable


def test_other_priors_do_not_move_what_is_independent_of_them():
    found = prior_sensitivity(known_fit(0.6, 0.3))
    others = dict(found.psense[1:])
    assert set(others) == {"person.mood ~ 1", "sd(person.mood)"}
    assert max(others.values()) < 0.01
    assert {row.name for row in found.groups} == {"effects", "outcomes", "residual SDs"}


def test_a_negative_question_mirrors_a_positive_one():
    up, down = (
        prior_sensitivity(known_fit(0.6, 0.3)),
        prior_sensitivity(known_fit(-0.6, 0.3, direction="negative")),
    )
    assert down.mean == pytest.approx(-up.mean, abs=1e-3)
    assert down.end == pytest.approx(-up.end, abs=1e-3)
    assert down.strongest.at[0].mean == pytest.approx(-up.strongest.at[0].mean, abs=2e-3)
    assert down.strongest.ends[1] == pytest.approx(-up.strongest.ends[1], abs=0.01)
    assert down.strongest.at[0].p_below == pytest.approx(up.strongest.at[0].p_below, abs=1e-3)


def test_an_answer_that_hangs_on_a_prior_is_said_to():
    """The 2.5% point is 0.13 as fitted and 0.07 with the prior at power 2: on either side of 0.1."""
    fit = known_fit(0.82, 0.3, prior_sd=0.6)
    found = prior_sensitivity(fit, verdict_of(fit), alphas=(0.5, 2))
    assert found.answer == "supported"
    assert found.strongest.answers == ("supported", "cannot tell")
    assert "person.mood ~ sleep" in found.changes
    assert "would change with: " in found.sentence()
    assert "outcomes" not in found.changes


def test_an_answer_that_hangs_on_no_prior_is_said_to():
    fit = known_fit(0.8, 0.1)
    found = prior_sensitivity(fit, verdict_of(fit))
    assert found.changes == ()
    assert "supported, is the same at all these powers" in found.sentence()


def test_without_a_verdict_only_an_answer_that_no_rival_could_change_is_given():
    assert prior_sensitivity(known_fit(0.8, 0.1)).answer is None
    assert prior_sensitivity(known_fit(-0.5, 0.1)).answer == "refuted"


@pytest.mark.parametrize(
    ("mean", "sd", "prior_sd", "diagnosis", "words"),
    [
        (0.6, 0.1, 5.0, "none", "hardly depends on the priors"),
        (0.6, 0.1, 0.1, "prior-data conflict", "may be in conflict"),
        (0.0, 1.0, 0.1, "weak likelihood", "say little about it, or the prior is strong"),
    ],
)
def test_diagnosis_in_words(mean, sd, prior_sd, diagnosis, words):
    found = prior_sensitivity(known_fit(mean, sd, prior_sd=prior_sd))
    assert found.diagnosis == diagnosis
    assert words in found.sentence()
    assert diagnosis in repr(found)


def test_unreliable_weights_are_said_to_be():
    """At a hundredth of its power the prior leaves almost nothing of the draws' own posterior."""
    found = prior_sensitivity(known_fit(3.0, 0.5, prior_sd=0.2), alphas=(0.01, 1.25))
    assert not found.strongest.reliable
    assert "not reliable (k-hat" in found.sentence()


def test_table_has_a_row_for_every_group_and_the_strongest_prior():
    table = prior_sensitivity(known_fit(0.6, 0.3)).summary()
    assert list(table["prior"]) == [
        "all priors",
        "effects",
        "outcomes",
        "residual SDs",
        "person.mood ~ sleep",
    ]
    assert list(table) == [
        "prior", "psense", "mean_0.8", "mean_1.25", "end_0.8", "end_1.25", "p_below_0.8", "p_below_1.25",
        "khat", "changes",
    ]  # fmt: skip


@pytest.mark.parametrize("alphas", [(1.0, 2.0), (0.5, 0.9), (0.0, 2.0), (0.8, float("nan"))])
def test_powers_must_lie_on_both_sides_of_one(alphas):
    with pytest.raises(co.FitError, match=r"Take \(0.8, 1.25\)"):
        prior_sensitivity(known_fit(0.6, 0.3), alphas=alphas)


def test_a_model_without_a_question_has_no_sensitivity():
    fit = known_fit(0.6, 0.3)
    with pytest.raises(co.FitError, match="asks no question"):
        prior_sensitivity(replace(fit, spec=replace(fit.spec, question=None)))


@pytest.mark.reference
def test_a_refit_with_the_scaled_prior_agrees():
    """Normal(0, 0.4) at power 0.5 is Normal(0, 0.4 sqrt(2)): the same posterior within Monte Carlo error."""

    def fitted(sd: float, seed: int) -> Fit:
        spec = spec_of(sd)
        survey = read_survey(spec, persons=persons())
        return co.fit(spec, survey, draws=2000, tune=500, chains=2, seed=seed, progress=False, retry=False)

    found = prior_sensitivity(fitted(0.4, 1), alphas=(0.5, 2.0))
    assert found.strongest.name == "person.mood ~ sleep"
    refit = effect_draws(fitted(0.4 * np.sqrt(2), 2))
    at, end = found.strongest.at[0], found.strongest.ends[0]
    # Two independent fits, the first weighed again (which costs it at most half its draws).
    mean_error = 4 * np.sqrt(3) * float(mcse(refit, method="mean"))
    end_error = 4 * np.sqrt(3) * float(mcse(refit, method="quantile", prob=0.025))
    assert at.reliable
    assert abs(at.mean - found.mean) > mean_error
    assert at.mean == pytest.approx(float(refit.mean()), abs=mean_error)
    assert end == pytest.approx(float(np.quantile(refit, 0.025)), abs=end_error)
