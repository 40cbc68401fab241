"""Location-scale: members scatter by their own team's SD; densities against scipy, draws against SDs."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytest
from scipy import stats

import coefficacy as co
from coefficacy.errors import FitError
from coefficacy.model import build
from coefficacy.spec import loads


def built(items: int, n_teams: int, team_size: int, text: str = "", missing: int = 0):
    world = co.simulate(
        "C2", seed=1, composition="dispersion", n_teams=n_teams, team_size=team_size, items=items
    )
    persons = world.tables["persons"]
    persons.loc[persons.index[:missing], "team_1"] = np.nan
    spec = loads(text or world.spec_text)
    survey = co.read_survey(spec, persons=persons, teams=world.tables["teams"])
    return build(spec, survey), survey


def test_the_density_of_scores_has_each_teams_own_sd():
    """One score a person is its latent: its density given the team is normal, with that team's SD."""
    found, survey = built(items=1, n_teams=6, team_size=4, missing=1)
    assert found.engine == "explicit"
    assert "sd(efficacy) differs between teams" in found.reason
    model = found.model
    rng = np.random.default_rng(1)
    point = {n: rng.normal(scale=0.7, size=np.shape(v)) for n, v in model.initial_point().items()}
    variables = [model[n] for n in ("team.latent", "efficacy.intercept", "sd(person.efficacy)")]
    score = model.compile_logp(vars=[model["efficacy"]], sum=False, jacobian=False)(point)[0]
    values = model.replace_rvs_by_values(variables)
    latent, intercept, sd = model.compile_fn(values, inputs=model.value_vars, on_unused_input="ignore")(point)
    team = survey.index("person", "team")
    y = survey.answers("efficacy").values[:, 0]
    names = list(model.coords["team.name"])
    u, log_sd = latent[:, names.index("efficacy")][team], latent[:, names.index("sd(efficacy)")][team]
    expected = stats.norm.logpdf(y, intercept[0] + u, sd * np.exp(log_sd))
    assert np.ptp(log_sd) > 0.1
    np.testing.assert_allclose(score, expected[~np.isnan(y)], rtol=1e-9)


def test_with_several_items_members_scatter_by_their_teams_sd():
    """400 members a team: the log SD of a mean over items has an error of .035, .14 is four of them."""
    found, survey = built(items=3, n_teams=8, team_size=400)
    with found.model:
        drawn = pm.sample_prior_predictive(draws=1, random_seed=3)
    prior = drawn["prior"].to_dataset().isel(chain=0, draw=0)
    answers = drawn["prior_predictive"]["efficacy"].values.reshape(-1, 3)
    team = survey.index("person", "team")
    deviations = np.log([answers[team == j].mean(axis=1).std(ddof=1) for j in range(8)])
    log_sd = prior["team.latent"].sel({"team.name": "sd(efficacy)"}).values
    loading, residual = (prior[f"efficacy.{part}"].values for part in ("loading", "residual_sd"))
    expected = (loading.mean() * np.exp(log_sd)) ** 2 + (residual**2).mean() / 3
    np.testing.assert_allclose(deviations, 0.5 * np.log(expected), atol=0.14)
    assert np.ptp(log_sd) > 0.2


def test_the_exact_engine_does_not_apply():
    world = co.simulate("C2", seed=1, composition="dispersion", n_teams=4, team_size=3)
    spec = loads(world.spec_text)
    with pytest.raises(FitError, match=r"sd\(efficacy\) differs between teams"):
        build(spec, co.read_survey(spec, **world.tables), engine="marginal")
