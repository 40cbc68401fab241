"""Reliability of a measure from the draws of a fit, against answers simulated from the same parameters.

Tolerance of squared correlations and shares: see test_variances; 0.02 absolute, about four standard errors of
what 5,400 layers tell.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from gaussian_specs import survey_of
from invented_posterior import (
    ITEMS,
    MEMBERS,
    OTHER,
    Simulated,
    Values,
    frame,
    model,
    posterior,
    simulate,
    survey,
)

from coefficacy.checks.measurement import Reliability, reliability
from coefficacy.errors import FitError, SurveyError
from coefficacy.sampling import Fit
from coefficacy.sampling.convergence import Convergence
from coefficacy.spec import ModelSpec, loads
from coefficacy.survey import Survey, read_survey

CONVERGED = Convergence(
    ok=True, rhat_max=1.0, ess_min=900.0, divergences=0, failures=(), advice=(), retried=False
)


def fit_of(draws: xr.Dataset, spec: ModelSpec, data: Survey) -> Fit:
    return Fit(
        spec=spec, survey=data, tree=xr.DataTree.from_dict({"/posterior": draws}), engine="marginal",
        engine_reason="", seed=1, seconds={}, versions={}, convergence=CONVERGED,
    )  # fmt: skip


def found_of(*values: Values, free: bool = False, measure: str = "a", **options: str) -> Reliability:
    spec = model(loadings="free" if free else "equal", **options)
    return reliability(fit_of(posterior(*values, free=free), spec, survey(spec)), measure)


def first(found: Reliability, name: str) -> float:
    return float(found.draws[name][0, 0])


def squared_correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1] ** 2)


def variance(values: np.ndarray) -> float:
    return float((values**2).mean())


def expected(drawn: Simulated) -> dict[str, float]:
    """What the quantities mean, from simulated latents and scores."""
    score = drawn.team_score[..., None] + drawn.person_score
    latent = drawn.u[..., None] + drawn.w
    between = variance(drawn.team_score)
    return {
        "omega_within": squared_correlation(drawn.person_score, drawn.w),
        "omega_between": squared_correlation(drawn.team_score, drawn.u),
        "omega_total": squared_correlation(score, latent),
        "icc1_latent": variance(drawn.u) / (variance(drawn.u) + variance(drawn.w)),
        "icc1_observed": between / (between + variance(drawn.person_score)),
        "mean_reliability": squared_correlation(score.mean(axis=2), drawn.u),
    }


@pytest.mark.parametrize("values", [Values(), OTHER], ids=["one", "other"])
def test_quantities_are_what_they_say_in_simulated_answers(values: Values) -> None:
    found = found_of(values)
    for name, wanted in expected(simulate(values)).items():
        assert first(found, name) == pytest.approx(wanted, abs=0.02), name


def test_free_loadings_count_at_their_own_level() -> None:
    found, wanted = found_of(Values(), free=True), expected(simulate(Values(), free=True))
    for name in ("omega_within", "omega_between", "icc1_observed", "mean_reliability"):
        assert first(found, name) == pytest.approx(wanted[name], abs=0.02), name
    assert first(found, "omega_between") < first(found_of(Values()), "omega_between") - 0.01
    assert any(note.startswith("Loadings differ between levels") for note in found.notes)


def test_members_that_are_the_team_are_no_error_of_its_mean() -> None:
    found = found_of(Values(), measure="b", aggregate="members")
    assert first(found, "mean_reliability") > first(found_of(Values(), measure="b"), "mean_reliability") + 0.1
    assert any(note.startswith("The value of a team is the mean of its members") for note in found.notes)


def test_a_value_that_rests_on_its_members_correlates_with_who_they_are() -> None:
    found, drawn = found_of(Values(), aggregate="members"), simulate(Values(), members=True)
    mean = drawn.team_score + drawn.person_score.mean(axis=2)
    assert first(found, "mean_reliability") == pytest.approx(squared_correlation(mean, drawn.u), abs=0.02)


def test_mean_score_of_members_that_are_the_team() -> None:
    found, drawn = found_of(Values(), measure="b", aggregate="members"), simulate(Values(), members=True)
    assert first(found, "mean_reliability") == pytest.approx(drawn.reliability_of_b, abs=0.02)


def test_icc2_is_spearman_browns() -> None:
    found = found_of(Values())
    for kind in ("latent", "observed"):
        ratio = first(found, f"icc1_{kind}")
        assert first(found, f"icc2_{kind}") == pytest.approx(MEMBERS * ratio / (1 + (MEMBERS - 1) * ratio))


def test_draws_stay_apart_and_are_summarised_last() -> None:
    found = found_of(Values(), OTHER)
    assert found.draws["omega_within"].dims == ("chain", "draw")
    each = [first(found_of(v), "omega_within") for v in (Values(), OTHER)]
    np.testing.assert_allclose(found.draws["omega_within"][0], each)
    summary = found.summary["omega_within"]
    assert list(summary["statistic"].values) == ["mean", "sd", "q2_5", "q97_5"]
    low, high = np.quantile(each, [0.025, 0.975])
    np.testing.assert_allclose(summary, [np.mean(each), np.std(each, ddof=1), low, high])


def test_teams_differ_by_the_number_who_answered() -> None:
    spec, data = model(), frame().copy()
    data[list(ITEMS["a"])] = data[list(ITEMS["a"])].astype(float)
    data.loc[data["team"] == 0, list(ITEMS["a"])] = np.nan
    data.loc[[4, 5], list(ITEMS["a"])] = np.nan
    found = reliability(fit_of(posterior(Values(), OTHER), spec, read_survey(spec, persons=data)), "a")
    assert found.by_team["n"].values[:3].tolist() == [0, 2, 4]
    mean = found.by_team["mean_reliability"].sel(statistic="mean")
    assert np.isnan(mean[0])
    assert mean[1] < mean[2]
    assert found.by_size["mean_reliability"].dims == ("chain", "draw", "size")
    teams = (found.by_size["mean_reliability"] * xr.DataArray([1, 58], dims="size")).sum("size") / 59
    np.testing.assert_allclose(found.draws["mean_reliability"], teams)


def test_reliability_is_said_to_be_that_of_latent_responses() -> None:
    found = found_of(Values(), family="ordinal")
    assert found.on_link
    assert found.notes[0].startswith("Reliability of the latent responses behind the answers")
    share = sum(Values().loading) ** 2 * found_within()
    unique = 3 * np.pi**2 / 3
    assert first(found, "omega_within") == pytest.approx(share / (share + unique), abs=0.02)


def found_within() -> float:
    return variance(simulate(Values()).w)


def test_layers_and_columns_are_noted() -> None:
    notes = found_of(Values()).notes
    assert "Variance between teams includes that between layers." in notes
    assert any(note.startswith("Columns of persons explain") for note in notes)


def small(measure: str, rest: str = "") -> tuple[ModelSpec, Survey]:
    spec = loads(
        f"""
        [levels]
        person = "person"
        team = "team"
        [measures.a]
        {measure}
        {rest}
        """
    )
    return spec, read_survey(spec, persons=frame())


def draws_of(**values: float) -> xr.Dataset:
    return xr.Dataset(
        {name: (("chain", "draw"), [[value, value]]) for name, value in values.items()},
        coords={"chain": [0], "draw": [0, 1]},
    )


def test_one_item_has_iccs_but_no_omega() -> None:
    spec, data = small('items = ["a1"]')
    found = reliability(fit_of(draws_of(**{"sd(person.a)": 2.0, "sd(team.a)": 1.0}), spec, data), "a")
    assert np.isnan(found.draws["omega_within"]).all()
    assert np.isnan(found.draws["omega_between"]).all()
    assert first(found, "icc1_latent") == first(found, "icc1_observed") == pytest.approx(1 / 5)
    assert first(found, "mean_reliability") == pytest.approx(first(found, "icc2_latent"))
    assert any(note.startswith("One item: omega is not defined") for note in found.notes)


def test_one_item_of_known_reliability_keeps_its_error() -> None:
    spec, data = small('items = ["a1"]', "reliability = 0.8")
    found = reliability(fit_of(draws_of(**{"sd(person.a)": 1.0, "sd(team.a)": 0.5}), spec, data), "a")
    error = 0.2 * np.var(frame()["a1"])
    assert first(found, "icc1_observed") == pytest.approx(0.25 / (0.25 + 1 + error))
    assert first(found, "icc1_latent") == pytest.approx(0.25 / 1.25)


def test_one_graded_item_takes_the_links_variance() -> None:
    spec, data = small('items = ["a1"]\nfamily = "ordinal"\nscale = [1, 5]')
    found = reliability(fit_of(draws_of(**{"sd(team.a)": 1.0}), spec, data), "a")
    assert first(found, "icc1_observed") == pytest.approx(1 / (1 + np.pi**2 / 3))


def test_parallel_items_share_one_loading() -> None:
    spec, data = small('items = ["a*"]\nform = "parallel"')
    draws = draws_of(**{"a.loading": 0.5, "a.residual_sd": 2.0, "sd(team.a)": 1.0})
    found = reliability(fit_of(draws, spec, data), "a")
    assert first(found, "omega_within") == pytest.approx(1.5**2 / (1.5**2 + 3 * 4))
    assert first(found, "omega_between") == 1
    assert any(note.startswith("No team-level item residuals") for note in found.notes)


def test_a_measure_of_the_highest_level_has_omega_there_only() -> None:
    spec = loads('[levels]\nperson = "person"\n[measures.a]\nitems = ["a*"]\n')
    data = read_survey(spec, persons=frame())
    draws = posterior(Values())[["a.loading", "a.residual_sd"]]
    found = reliability(fit_of(draws, spec, data), "a")
    common = sum(Values().loading) ** 2
    wanted = common / (common + sum(s**2 for s in Values().residual_sd))
    assert first(found, "omega_within") == pytest.approx(wanted)
    assert np.isnan([first(found, name) for name in ("omega_between", "icc1_latent", "icc2_observed")]).all()
    assert "No level above person at which it varies: reliability at that level only." in found.notes


def test_a_fit_that_did_not_converge_is_marked() -> None:
    spec = model()
    fit = fit_of(posterior(Values(), OTHER), spec, survey(spec))
    failed = replace(fit, convergence=replace(CONVERGED, ok=False, failures=("r_hat 1.2",)))
    assert reliability(failed, "a").notes[0] == "The sampler did not converge: rely on none of this."


def test_measures_with_specific_factors_are_refused() -> None:
    spec, of_bifactor = survey_of("bifactor")
    with pytest.raises(FitError, match="know no specific factors"):
        reliability(fit_of(posterior(Values()), spec, of_bifactor), "g")


def test_unknown_measures_and_draws_without_loadings_are_refused() -> None:
    spec = model()
    with pytest.raises(SurveyError, match="unknown measure 'd'"):
        reliability(fit_of(posterior(Values()), spec, survey(spec)), "d")
    with pytest.raises(FitError, match=r"posterior: holds no 'a\.loading'"):
        reliability(fit_of(posterior(Values()).drop_vars("a.loading"), spec, survey(spec)), "a")
