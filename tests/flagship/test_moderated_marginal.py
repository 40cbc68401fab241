"""A belief whose effect depends on the team's power: both engines, and the verdict."""

from __future__ import annotations

import arviz as az
import numpy as np
import pandas as pd
import pytest

from coefficacy.model import build
from coefficacy.sampling import Fit, fit
from coefficacy.spec import loads
from coefficacy.survey import read_survey
from coefficacy.verdicts import verdict

SPEC = """
[levels]
person = "person_id"
team = "team_id"
[measures.belief]
items = ["b_*"]
[measures.skill]
items = ["s_*"]
[team]
belief = "skill"
output = "belief * power + skill"
[rivals.plain.team]
output = "belief + power + skill"
[rivals.skilled.team]
output = "skill * power"
[question]
effect = "team.output ~ belief:power"
rival = "plain"
rope = [-0.1, 0.1]
"""


@pytest.fixture(scope="module")
def survey():
    """60 teams of six; the effect of belief is .3 + .6 power."""
    rng, n_teams = np.random.default_rng(3), 60
    team = np.repeat(np.arange(n_teams), 6)
    skill, power = 0.7 * rng.normal(size=n_teams), rng.normal(size=n_teams)
    belief = 0.4 * skill + 0.6 * rng.normal(size=n_teams)
    output = (0.3 + 0.6 * power) * belief + 0.2 * (skill + power) + 0.5 * rng.normal(size=n_teams)
    people = {"person_id": np.arange(len(team)), "team_id": team}
    for stem, value in (("b", belief), ("s", skill)):
        score = value[team] + rng.normal(size=len(team))
        people |= {f"{stem}_{m}": 3 + 0.8 * score + 0.6 * rng.normal(size=len(team)) for m in range(3)}
    teams = {"team_id": np.arange(n_teams), "power": power, "output": output}
    return read_survey(loads(SPEC), persons=pd.DataFrame(people), teams=pd.DataFrame(teams))


@pytest.fixture(scope="module")
def fitted(survey) -> Fit:
    return fit(loads(SPEC), survey, draws=500, tune=500, chains=4, seed=3, progress=False)


@pytest.mark.slow
def test_a_planted_moderation_is_supported_from_closed_form_scores(fitted):
    assert fitted.engine == "marginal"
    found = verdict(fitted)
    assert found.verdict == "supported"
    assert found.ppc["p_value"] < 0.01
    assert found.elpd["khat_max"] < 0.7
    other = found.estimands["rivals"]["skilled"]
    assert other["ppc"]["p_value"] < 0.05
    assert np.isfinite(other["elpd"]["diff"])


@pytest.mark.slow
def test_both_engines_have_one_posterior(fitted, survey):
    """Means within 4.5 of their Monte Carlo standard errors."""
    other = fit(
        loads(SPEC), survey, engine="explicit", draws=1500, tune=1000, chains=4, seed=3, progress=False
    )
    assert other.engine == "explicit"
    names = [n for n in fitted.parameters if n in other.parameters and not n.startswith("cor(")]
    assert {"team.output", "team.output.std", "sd(team.output)"} <= set(names)
    tables = [az.summary(f.tree, var_names=names, kind="all", round_to="none") for f in (fitted, other)]
    means, errors = (np.array([t[c].astype(float) for t in tables]) for c in ("mean", "mcse_mean"))
    assert np.nanmax(np.abs(means[0] - means[1]) / np.hypot(*errors)) < 4.5


def test_auto_says_why_a_product_of_latents_is_not_integrated_out(survey):
    spec = loads(SPEC.split("[rivals")[0].replace("belief * power + skill", "belief * skill"))
    assert "multiplies a latent by another (belief:skill)" in build(spec, survey).reason
