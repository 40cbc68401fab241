"""Consensus emergence: the density of a varying residual SD, and a posterior held against nlme's."""

from __future__ import annotations

import numpy as np
import pytensor
import pytest
from scipy.stats import norm

import coefficacy as co
from coefficacy.errors import FitError
from coefficacy.model import build
from coefficacy.spec import loads

SHERIF = """
[levels]
trial = ["group", "person", "time"]
person = ["group", "person"]
group = "group"

[trial]
y = "time + (1 + time | group)"
"sd(y)" = "time"

[families]
y = { family = "gaussian", location = 3, scale = 1.5 }

[estimands.consensus_emergence]
of = "y"
by = "time"
below = 0
"""


def test_every_row_has_the_residual_sd_of_its_wave():
    world = co.simulate("C2", seed=1, n_teams=4, team_size=3, waves=3)
    spec = loads(world.spec_text)
    table = world.tables["persons"]
    model = build(spec, co.read_survey(spec, persons=table)).model
    point = model.initial_point()
    rng = np.random.default_rng(2)
    point = {name: rng.normal(scale=0.3, size=np.shape(value)) for name, value in point.items()}
    quantities = [model[name] for name in ("mu", "sd(answer.belief)", "log_sd(answer.belief)")]
    outputs = [
        *model.replace_rvs_by_values(quantities),
        *model.logp(vars=model.observed_RVs, sum=False, jacobian=False),
    ]
    function = pytensor.function(model.value_vars, outputs, mode="FAST_COMPILE", on_unused_input="ignore")
    mu, sd, slope, density = function(**point)
    centred = table["wave"].to_numpy() - table["wave"].mean()
    expected = norm.logpdf(table["belief"], mu, sd * np.exp(slope[0] * centred))
    np.testing.assert_allclose(density, expected, rtol=1e-10)


def test_what_is_no_varying_sd_is_refused():
    spec = loads(SHERIF)
    survey = co.read_survey(spec, persons=co.load_dataset("sherifdat"))
    with pytest.raises(FitError, match="Take 'auto'"):
        build(spec, survey, engine="explicit")


@pytest.mark.slow
@pytest.mark.reference
def test_sherif_groups_converge_as_nlme_says():
    """nlme: lme(y ~ time, random = list(group = ~ time, person = ~ 1), weights = varExp(form = ~ time)).

    Its delta is -1.0175; the posterior mean should lie within .1 of it, with an SD of about .16.
    """
    spec = loads(SHERIF)
    fit = co.fit(spec, co.read_survey(spec, persons=co.load_dataset("sherifdat")), seed=1, progress=False)
    found = co.estimate(fit)
    assert fit.convergence.ok
    assert float(found.delta.mean()) == pytest.approx(-1.0175, abs=0.1)
    assert float(found.delta.std()) == pytest.approx(0.16, abs=0.03)
    np.testing.assert_allclose(found.remains, np.exp(2 * found.delta))
    said = co.verdict(fit)
    assert said.verdict == "supported"
    assert said.estimands["consensus_emergence"]["answer"] == "supported"
