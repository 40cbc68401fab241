"""From model file to fit: options, the second try, stopping, the summary."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
import pytest
import toy_model

from coefficacy.errors import FitError
from coefficacy.sampling import SamplingStopped, fitting, parameter_names, summary


@contextmanager
def toy_in_place_of_models(compiled):
    """`fit` gets the compiled toy instead of building a model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "build", lambda spec, survey, *, engine: compiled.built)
        patch.setattr(fitting, "compile_model", lambda built, **_: compiled)
        fitting._compiled.clear()
        yield toy_model.toy_survey()
        fitting._compiled.clear()


@pytest.fixture
def survey(compiled):
    with toy_in_place_of_models(compiled) as toy:
        yield toy


@pytest.fixture(scope="module")
def fitted(compiled):
    """The toy with the default options."""
    with toy_in_place_of_models(compiled) as toy:
        return fit(toy)


def fit(survey, **options):
    return fitting.fit(toy_model.SPEC, survey, **{"seed": 1, "progress": False, **options})


def test_a_fit_knows_where_it_comes_from(fitted):
    assert fitted.convergence.ok
    assert not fitted.convergence.retried
    assert (fitted.engine, fitted.engine_reason, fitted.seed) == ("explicit", "a toy", 1)
    assert set(fitted.seconds) == {"import", "build", "compile", "sample"}
    assert all(seconds >= 0 for seconds in fitted.seconds.values())
    assert {"python", "coefficacy", "pymc", "nutpie", "numba"} <= set(fitted.versions)
    assert fitted.posterior.sizes["draw"] == 1000
    assert fitted.convergence.ess_effect > 400


def test_the_result_shows_itself_shortly(fitted):
    assert repr(fitted).startswith(
        "<Fit of Mood and sleep: person n = 24, team n = 6; explicit engine, 4 x 1,000"
    )
    assert "converged" in repr(fitted)
    assert len(repr(fitted)) < 250
    assert fitted._repr_html_().startswith("<table>")


def test_the_same_seed_gives_the_same_draws(survey):
    one, two = fit(survey, draws=60, tune=100), fit(survey, draws=60, tune=100)
    assert one.convergence.retried
    assert one.tree.identical(two.tree)


def test_a_seed_is_drawn_and_recorded(survey):
    options = {"draws": 60, "tune": 100, "retry": False}
    one = fit(survey, seed=None, **options)
    assert 0 <= one.seed < 2**32
    assert one.tree.identical(fit(survey, seed=one.seed, **options).tree)


def test_too_few_draws_are_tried_again_with_stricter_settings(survey):
    first = fit(survey, draws=60, tune=300, retry=False)
    result = fit(survey, draws=60, tune=300)
    assert not first.convergence.retried
    assert result.convergence.retried
    assert 60 < result.settings.draws <= 240
    assert (result.settings.tune, result.settings.target_accept) == (600, 0.95)
    assert result.posterior.sizes["draw"] == result.settings.draws
    assert result.convergence.ess_min > 1.5 * first.convergence.ess_min


def test_no_second_try_where_it_is_not_wanted_or_cannot_help(survey):
    assert not fit(survey, draws=60, tune=100, retry=False).convergence.retried
    alone = fit(survey, chains=1)
    assert not alone.convergence.ok
    assert not alone.convergence.retried


def test_the_same_model_and_data_are_compiled_once(survey, monkeypatch):
    options = {"draws": 60, "tune": 100, "retry": False}
    fit(survey, **options)
    monkeypatch.setattr(fitting, "compile_model", lambda built, **_: pytest.fail("compiled again"))
    assert fit(survey, **options).seconds["compile"] == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"draws": 0}, "draws: 0 is not a whole number of at least 10"),
        ({"draws": 100.5}, "draws: 100.5 is not a whole number"),
        ({"tune": -1}, "tune: -1 is not a whole number"),
        ({"chains": 0}, "chains: 0 is not a whole number of at least 1"),
        ({"chains": True}, "chains: True is not a whole number"),
        ({"seed": -1}, "seed: -1 is not a whole number from 0 to 4294967295"),
        ({"target_accept": 1.0}, "target_accept: 1.0 is not between 0 and 1"),
        (
            {"effect": "person.mood ~ slep"},
            "unknown effect 'person.mood ~ slep'.*Did you mean 'person.mood ~ sleep'",
        ),
    ],
)
def test_options_are_checked_before_any_work(survey, monkeypatch, options, message):
    monkeypatch.setattr(fitting, "build", lambda *_, **__: pytest.fail("built"))
    with pytest.raises(FitError, match=message):
        fit(survey, **options)


def test_all_wrong_options_are_named_together(survey):
    with pytest.raises(FitError) as error:
        fit(survey, draws=0, chains=0, seed="x")
    assert [problem.where for problem in error.value.problems] == ["draws", "chains", "seed"]


def stop_in(stage, after=1):
    def progress(snapshot):
        if snapshot.stage == stage and snapshot.done >= after:
            raise KeyboardInterrupt

    return progress


def test_stopping_keeps_a_fit_that_may_not_be_concluded_from(survey):
    with pytest.raises(SamplingStopped) as stopped:
        fit(survey, draws=1_000_000, tune=100, progress=stop_in("sample", after=2_000))
    kept = stopped.value.fit
    assert not kept.convergence.ok
    assert kept.convergence.failures[0] == "stopped before the end"
    assert 0 < kept.posterior.sizes["draw"] < 1_000_000
    assert kept.seconds["sample"] > 0


def test_stopping_the_second_try_keeps_the_first(survey):
    with pytest.raises(SamplingStopped) as stopped:
        fit(survey, draws=11, tune=2_000, chains=2, progress=stop_in("retry", after=0))
    assert stopped.value.fit.posterior.sizes["draw"] == 11
    assert not stopped.value.fit.convergence.ok


def test_stopping_before_sampling_keeps_nothing(survey):
    with pytest.raises(SamplingStopped, match="nothing to keep") as stopped:
        fit(survey, progress=stop_in("build", after=0))
    assert stopped.value.fit is None


def test_summary_has_one_row_for_each_entry(fitted):
    table = summary(fitted).set_index("parameter")
    mean, sd = toy_model.exact_posterior(toy_model.toy_table())
    assert parameter_names(fitted) == ["person.mood.intercept", "person.mood", "cor(team)"]
    assert table.index.tolist() == [
        "person.mood.intercept",
        "person.mood[sleep]",
        "cor(team)[a, b]",
        "cor(team)[b, a]",
    ]
    row = table.loc["person.mood[sleep]"]
    assert row["mean"] == pytest.approx(mean[1], abs=4 * row["mcse_mean"])
    assert row["mcse_mean"] == pytest.approx(sd[1] / np.sqrt(row["ess_bulk"]), rel=0.1)
    assert (row["q2_5"], row["q97_5"]) == pytest.approx(
        (mean[1] - 1.96 * sd[1], mean[1] + 1.96 * sd[1]), abs=0.15
    )
    assert np.isfinite(table.to_numpy()).all()
