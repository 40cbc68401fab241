"""Replicates against closed forms: moments of answers and outcomes, effects of layers, calibration.

The draws are one known truth, repeated. Tolerances are 4.5 Monte Carlo standard errors, those of covariances
by the normal formula (v_a v_b + c^2) / S.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import xarray as xr
from known_model import N_LAYERS, N_TEAMS, SIZE, TEXT, as_fit, bare_tables, posterior_of
from scipy import stats

from coefficacy.checks.predictive import replicate_survey
from coefficacy.checks.predictive.calibration import left_out_pit
from coefficacy.checks.predictive.copies import Copies
from coefficacy.checks.predictive.draws import thinned
from coefficacy.checks.predictive.groups import between_component, group_means, groups
from coefficacy.checks.predictive.latent_model import LatentModel
from coefficacy.checks.predictive.upper import blocks_of, draw_upper
from coefficacy.sampling import Fit
from coefficacy.spec import loads
from coefficacy.survey import read_survey

DRAWS = 6000
GAUSSIAN = TEXT.replace('family = "ordinal"\nscale = [1, 5]', "").replace(" + (1 | layer)", "")
ITEMS = {"belief.intercept": [3.0, 3.5, 4.0], "belief.residual_sd": [0.8, 0.9, 0.7]}
LOADING, ITEM_SD = np.array([1.0, 1.3, 0.8]), np.array([0.2, 0.3, 0.25])
SKILL, SKILL_ITEM, SKILL_RESIDUAL = np.array([0.7, 0.9]), np.array([0.05, 0.05]), np.array([0.6, 0.5])
RESIDUAL = np.array([0.8, 0.9, 0.7])


@cache
def truth() -> tuple[Fit, np.ndarray]:
    spec, tables = loads(GAUSSIAN), bare_tables(3)
    survey = read_survey(spec, **tables)
    latents = np.random.default_rng(3).normal(0, 0.7, (N_TEAMS, 2))
    order = list(LatentModel.of(spec, survey).layouts["team"].latents)
    skill, belief = (latents[:, order.index(name)] for name in ("skill", "belief"))
    z = tables["teams"]["z"].to_numpy()
    eta = 0.5 * belief + 0.2 * skill + 0.3 * (z - z.mean())
    posterior = posterior_of(spec, survey, latents, eta, DRAWS, **ITEMS)
    return as_fit(spec, survey, posterior), latents[:, [order.index("skill"), order.index("belief")]]


@cache
def copies(kind: str) -> Copies:
    return replicate_survey(truth()[0], kind, draws=DRAWS, seed=8)


def vectors(kind: str) -> np.ndarray:
    """Answers of the first two members of the first team, then its outcome, (draw, 11)."""
    found = copies(kind)
    people = [found.answers[m][:, i] for i in (0, 1) for m in ("skill", "belief")]
    return np.column_stack([*people, found.outcomes["y"][:, 0]])


def deviations_of_x() -> np.ndarray:
    x = bare_tables(3)["persons"]["x"].to_numpy().reshape(-1, SIZE)
    return (x - x.mean(axis=1, keepdims=True))[0]


def expected(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of `vectors`, as a linear map of independent sources.

    Sources: team residuals of skill and belief; person residuals of skill and belief of all members;
    team-level item residuals; residuals of the answers of two members; residual of the outcome.
    """
    z = bare_tables(3)["teams"]["z"].to_numpy()
    z = (z - z.mean())[0]
    x, new = deviations_of_x(), kind == "new teams"
    n_sources = 2 + 2 * SIZE + 5 + 10 + 1
    unit = np.eye(n_sources)
    skill_w, belief_w = unit[2 : 2 + SIZE], unit[2 + SIZE : 2 + 2 * SIZE]
    items, answers, rest = unit[2 + 2 * SIZE : 7 + 2 * SIZE], unit[7 + 2 * SIZE : 17 + 2 * SIZE], unit[-1]
    team_skill, team_belief = truth()[1][0]
    skill_own, skill_mean = (0.4 * unit[0], 0.2 * z) if new else (0 * rest, team_skill)
    skill_value = skill_own + skill_w.mean(axis=0) if new else 0 * rest
    if new:
        belief_own, belief_mean = 0.5 * skill_value + 0.5 * unit[1], 0.5 * skill_mean + 0.3 * z
    else:
        belief_own, belief_mean = 0 * rest, team_belief
    around = 0.0 if new else skill_w.mean(axis=0)
    rows, means = [], []
    for i in (0, 1):
        person_mean = 0.2 * x[i]
        # belief = 0.4 skill + 0.3 x + residual; for the same teams skill is taken around the members' mean
        # only after belief was drawn
        skill, belief = skill_w[i] - around, 0.4 * skill_w[i] + belief_w[i]
        for k in range(2):
            own = answers[5 * i + k] * SKILL_RESIDUAL[k] + items[k] * SKILL_ITEM[k]
            rows.append(SKILL[k] * (skill + skill_own) + own)
            means.append([10.0, 8.0][k] + SKILL[k] * (person_mean + skill_mean))
        for k in range(3):
            own = answers[5 * i + 2 + k] * RESIDUAL[k] + items[2 + k] * ITEM_SD[k]
            rows.append(LOADING[k] * (belief + belief_own) + own)
            means.append([3.0, 3.5, 4.0][k] + LOADING[k] * (0.4 * person_mean + 0.3 * x[i] + belief_mean))
    rows.append(0.5 * belief_own + 0.2 * skill_value + 0.7 * rest)
    means.append(0.5 * belief_mean + 0.2 * skill_mean + 0.3 * z)
    loads_ = np.array(rows)
    return np.array(means), loads_ @ loads_.T


@pytest.mark.parametrize("kind", ["same teams", "new teams"])
def test_means_and_covariances_are_those_of_the_equations(kind):
    found, (mean, covariance) = vectors(kind), expected(kind)
    variances = np.diag(covariance)
    assert np.max(np.abs(found.mean(axis=0) - mean) / np.sqrt(variances / DRAWS)) < 4.5
    error = np.sqrt((np.outer(variances, variances) + covariance**2) / DRAWS)
    assert np.max(np.abs(np.cov(found, rowvar=False) - covariance) / error) < 4.5


def test_members_of_the_same_team_keep_its_mean_where_the_measure_is_theirs():
    """Answers less noise: the mean skill of members is the team's value in every replicate."""
    answers = copies("same teams").answers["skill"][:, :SIZE]
    mean = answers.mean(axis=1)
    noise = SKILL_RESIDUAL**2 / SIZE + SKILL_ITEM**2
    assert np.max(np.abs(mean.var(axis=0) / noise - 1)) < 4.5 * np.sqrt(2 / DRAWS)


def test_effects_of_layers_given_teams_are_those_of_a_dense_normal_conditional():
    spec, tables = loads(TEXT), bare_tables(4)
    survey = read_survey(spec, **tables)
    model, rng = LatentModel.of(spec, survey), np.random.default_rng(4)
    rest = rng.normal(0, 0.8, (N_TEAMS, 2))
    posterior = posterior_of(spec, survey, rest, rest[:, 0], DRAWS)
    draws, layout = thinned(posterior, DRAWS), model.layouts["team"]
    covariance = np.array([[0.4**2, 0.05], [0.05, 0.5**2]])
    blocks = blocks_of(spec, survey, layout)
    every = np.broadcast_to(covariance, (DRAWS, 1, 2, 2))
    found = draw_upper(draws, blocks, np.broadcast_to(rest, (DRAWS, N_TEAMS, 2)), every, rng)
    sd = {"skill": 0.2, "belief": 0.3}
    layer = survey.index("team", "layer")
    z = np.zeros((2 * N_TEAMS, 2 * N_LAYERS))
    for j in range(N_TEAMS):
        for i in range(2):
            z[2 * j + i, i * N_LAYERS + layer[j]] = 1.0
    prior = np.diag(np.repeat([sd[name] ** 2 for name in layout.latents], N_LAYERS))
    total = z @ prior @ z.T + np.kron(np.eye(N_TEAMS), covariance)
    gain = prior @ z.T @ np.linalg.inv(total)
    mean, variance = z @ gain @ rest.ravel(), np.diag(z @ (prior - gain @ z @ prior) @ z.T)
    flat = found.reshape(DRAWS, -1)
    assert np.max(np.abs(flat.mean(axis=0) - mean) / np.sqrt(variance / DRAWS)) < 4.5
    assert np.max(np.abs(flat.var(axis=0) / variance - 1)) < 4.5 * np.sqrt(2 / DRAWS)


def test_left_out_pit_is_that_of_a_fit_without_the_team():
    """Normal data with known SD and a flat prior: the predictive density of a left-out value is known."""
    rng, n = np.random.default_rng(9), 30
    y = rng.normal(size=n)
    mu = y.mean() + rng.normal(size=(4, 4000)) / np.sqrt(n)
    shape = (4, 4000, n)
    density = stats.norm.logpdf(y, mu[..., None], 1.0)
    dims = ("chain", "draw", "team")
    values = {
        "team.y.predicted": np.broadcast_to(mu[..., None], shape),
        "team.y.predicted_sd": np.ones(shape),
        "team.outcome_density": density,
    }
    posterior = xr.Dataset({k: (dims, v) for k, v in values.items()}, coords={"team": np.arange(n)})
    others = (y.sum() - y) / (n - 1)
    wanted = stats.norm.cdf((y - others) / np.sqrt(1 + 1 / (n - 1)))
    assert np.max(np.abs(left_out_pit(posterior, "team", "y", y).values - wanted)) < 0.005


def test_missing_answers_stay_missing():
    fit, _ = truth()
    answers = bare_tables(3)["persons"]["b_1"].to_numpy().copy()
    answers[[0, 5, 9]] = np.nan
    tables = {**bare_tables(3), "persons": bare_tables(3)["persons"].assign(b_1=answers)}
    gapped = as_fit(fit.spec, read_survey(fit.spec, **tables), fit.posterior)
    found = replicate_survey(gapped, "new teams", draws=20)
    assert np.isnan(found.answers["belief"]).sum() == 20 * 3
    assert np.isnan(found.answers["belief"][:, [0, 5, 9], 1]).all()


def test_variance_component_is_that_of_a_table_of_variance():
    """Against sums of squares by hand, with unequal groups and a gap."""
    rng = np.random.default_rng(10)
    index = np.repeat([0, 1, 2, 3], [3, 5, 2, 4])
    x = rng.normal(size=14) + index
    x[4] = np.nan
    by = groups(index, 4)
    given = [x[(index == j) & ~np.isnan(x)] for j in range(4)]
    sizes = np.array([len(g) for g in given])
    total, means = np.concatenate(given).mean(), np.array([g.mean() for g in given])
    between = np.sum(sizes * (means - total) ** 2) / 3
    within = sum(np.sum((g - g.mean()) ** 2) for g in given) / (sizes.sum() - 4)
    n0 = (sizes.sum() - np.sum(sizes**2) / sizes.sum()) / 3
    assert between_component(x[None], by)[0] == pytest.approx((between - within) / n0)
    np.testing.assert_allclose(group_means(x[None], by)[0], means)
