"""The main job with people and teams integrated out, and its agreement with the explicit engine."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import special, stats

from coefficacy.checks import predictive_checks
from coefficacy.checks.predictive.calibration import left_out_pit
from coefficacy.datasets import load_demo
from coefficacy.sampling import Fit, fit
from coefficacy.scores import left_out_teams
from coefficacy.spec import load_model, loads
from coefficacy.survey import read_survey
from coefficacy.verdicts import verdict
from coefficacy.worlds import simulate


@pytest.fixture(scope="module")
def world():
    return simulate("C4", seed=11, n_teams=30, team_size=8, n_items=4, family="gaussian", effect=0.4)


@pytest.fixture(scope="module")
def fitted(world) -> Fit:
    spec = loads(world.spec_text)
    tables = {name: frame.copy() for name, frame in world.tables.items()}
    tables["teams"].loc[3, "adaptation"] = np.nan
    return fit(spec, read_survey(spec, **tables), draws=700, tune=700, chains=4, seed=3, progress=False)


def test_auto_takes_it_and_the_fit_converges(fitted):
    assert fitted.engine == "marginal"
    assert "integrated out" in fitted.engine_reason
    assert fitted.convergence.ok
    assert not any(name.startswith(("recover.", "standard.")) for name in fitted.posterior)


def test_team_latents_follow_the_truth_that_was_planted(fitted, world):
    latent = fitted.posterior["team.latent"].sel({"team.name": "collective_efficacy"})
    truth = np.asarray(world.truth["latents"]["team"]["collective_efficacy"], float)
    assert stats.pearsonr(latent.mean(("chain", "draw")).values, truth).statistic > 0.6


def test_verdict_rests_on_closed_form_scores_of_left_out_teams(fitted):
    found = json.loads(verdict(fitted).to_json())
    assert found["elpd"]["rival"] == "competence_only"
    assert found["elpd"]["khat_max"] < 0.7
    assert 0 <= found["ppc"]["p_value"] <= 1
    assert found["seconds"]["checks"] > 0
    scores = fitted.tree["left_out"]["model"]
    assert scores.sizes["team"] == 29


def test_left_out_teams_are_those_of_the_verdict_and_enter_arviz(fitted):
    """Whoever comes first: the scores are made once and agree to the last digit."""
    import arviz as az
    from arviz_stats.utils import ELPDDataLOO

    first, rival = left_out_teams(fitted), left_out_teams(fitted, "competence_only")
    elpd = verdict(fitted).elpd
    assert elpd["diff"] == (first.elpd_i - rival.elpd_i).values.sum()
    assert elpd["khat_max"] == max(float(e.pareto_k.max()) for e in (first, rival))
    del fitted.tree["left_out"], fitted.tree["left_out_pareto_k"]
    assert verdict(fitted).elpd == elpd
    again = left_out_teams(fitted)
    assert isinstance(again, ELPDDataLOO)
    assert again.elpd_i.identical(first.elpd_i)
    assert (again.n_samples, again.n_data_points, again.warning) == (2800, 29, False)
    ids = np.delete(fitted.survey.levels["team"]["team"].values, 3)
    assert first.elpd_i["team"].values.tolist() == first.pareto_k["team"].values.tolist() == ids.tolist()
    table = az.compare({"model": first, "rival": rival}, round_to="none")
    assert table.loc["model", "elpd"] == first.elpd
    assert table["elpd_diff"].abs().max() == pytest.approx(abs(elpd["diff"]))
    assert 2 < table.loc["model", "p"] < 12


def test_plots_of_arviz_take_left_out_teams(fitted):
    import arviz as az

    first, rival = left_out_teams(fitted), left_out_teams(fitted, "competence_only")
    az.plot_khat(first, backend="none")
    az.plot_compare(az.compare({"model": first, "rival": rival}), backend="none")


@pytest.mark.parametrize("team", [1, 3])
def test_the_score_of_a_left_out_team_equals_that_of_a_refit_without_it(fitted, team):
    """PSIS over the closed-form density against a fit that never saw the team's outcome."""
    observed = np.asarray(fitted.survey.column("team", "adaptation").values, float)
    whole = fitted.posterior["team.outcome_density"].values[..., team].ravel()
    if np.isnan(observed[team]):
        np.testing.assert_allclose(whole, 0, atol=1e-12)
        return
    fewer = np.where(np.arange(len(observed)) == team, np.nan, observed)
    refit = fit(
        fitted.spec, fitted.survey.with_column("team", "adaptation", fewer), draws=1000, tune=500, chains=4,
        seed=4, progress=False, retry=False,
    )  # fmt: skip
    assert refit.engine == "marginal"
    eta, sd = (refit.posterior[n].values for n in ("team.adaptation.eta", "sd(team.adaptation)"))
    density = stats.norm.logpdf(observed[team], eta[..., team], sd).ravel()
    expected = special.logsumexp(density) - np.log(density.size)
    assert -(special.logsumexp(-whole) - np.log(whole.size)) == pytest.approx(expected, abs=0.08)
    pit = left_out_pit(fitted.posterior, "team", "adaptation", observed)
    below = stats.norm.cdf(observed[team], eta[..., team], sd).mean()
    assert float(pit.sel(team=fitted.survey.levels["team"]["team"][team])) == pytest.approx(below, abs=0.03)


def test_predictive_checks_apply_at_every_level_and_pass(fitted):
    checks = predictive_checks(fitted, draws=100)
    assert checks.failed == ()
    none = {check.code for check in checks if check.status == "not applicable"}
    assert none == {"answers.categories"}
    assert checks.get("outcome.calibration").values["pit.adaptation"].size == 29


@pytest.mark.slow
def test_both_engines_give_the_same_posterior_on_the_demo_survey():
    """Every parameter within Monte Carlo error: |z| < 4.5 over some 150 parameters."""
    import arviz as az

    spec, data = load_model("adaptation"), load_demo()
    survey = read_survey(spec, persons=data.persons, teams=data.teams, layers=data.layers)
    options = {"draws": 1500, "tune": 1000, "chains": 4, "seed": 5, "progress": False, "retry": False}
    first, second = (fit(spec, survey, engine=e, **options) for e in ("marginal", "explicit"))
    names = [n for n in first.parameters if n in second.parameters and not n.startswith("cor(")]
    assert {"team.adaptation.std", "collective_efficacy.loading"} <= set(names)
    tables = [az.summary(f.tree, var_names=names, kind="all", round_to="none") for f in (first, second)]
    means, errors = (np.array([t[c].astype(float) for t in tables]) for c in ("mean", "mcse_mean"))
    z = (means[0] - means[1]) / np.hypot(*errors)
    raw = np.array([n.startswith("team.") and ".std" not in n for n in tables[0].index])
    assert np.nanmax(np.abs(z[~raw])) < 4.5


def test_a_large_effect_in_many_teams_is_supported():
    """A rival fitted to answers and outcomes as a whole would turn self-efficacy into the latent it leaves
    out, and pass its check (p = .85 in such a world)."""
    world = simulate(
        "C4", seed=5, n_teams=120, team_size=8, n_items=4, family="gaussian", effect=0.5, driver=0.0
    )
    spec = loads(world.spec_text)
    found = verdict(fit(spec, read_survey(spec, **world.tables), draws=500, seed=3, progress=False))
    assert found.verdict == "supported"
    assert found.ppc["p_value"] < 0.01
    assert found.elpd["p_better"] > 0.95
