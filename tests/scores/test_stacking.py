"""Weights of models against ArviZ's stacking, quadrature, importance sampling and exact leave-one-out.

Tolerances of sampled numbers are four Monte Carlo standard errors at 1,000 effective draws.
"""

from __future__ import annotations

import re
from pathlib import Path

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from arviz_stats.utils import ELPDDataLOOKFold
from scipy import optimize, special, stats

from coefficacy.scores import StackingPriors, stack
from coefficacy.scores.stacking_data import stacking_data
from coefficacy.scores.stacking_model import plain_weights, stacking_model
from coefficacy.spec import loads
from coefficacy.survey import read_survey
from coefficacy.worlds import simulate

IDS = [f"team {k}" for k in range(60)]
NAMES = ("a", "b", "c", "d")


def by_team(values) -> xr.DataArray:
    return xr.DataArray(np.asarray(values, float), dims="team", coords={"team": IDS[: len(values)]})


def some_scores(n_models: int, n: int, seed: int, ahead: float = 0.0) -> dict[str, xr.DataArray]:
    """Log densities under as many normals as models, the first as good by `ahead` in every team."""
    rng = np.random.default_rng(seed)
    y = rng.normal(0, 1.5, n)
    means = rng.normal(0, 1, n_models)
    return {
        name: by_team(stats.norm.logpdf(y, m, 1) + ahead * (name == "a")) for name, m in zip(NAMES, means)
    }


def as_elpd(scores: xr.DataArray) -> ELPDDataLOOKFold:
    return ELPDDataLOOKFold(
        elpd=float(scores.sum()), se=1.0, p=1.0, n_samples=100, n_data_points=scores.size, scale="log",
        warning=False, good_k=None, n_folds=10, elpd_i=scores,
    )  # fmt: skip


DATA_SETS = [
    (2, 30, 1, 0.0),
    (2, 60, 2, 0.0),
    (2, 40, 3, 5.0),
    (3, 60, 4, 0.0),
    (4, 50, 5, 0.0),
    (3, 12, 6, 0.0),
]


@pytest.mark.parametrize("case", DATA_SETS)
def test_the_posterior_mode_of_one_cell_is_the_stacking_of_arviz(case):
    scores = some_scores(*case)
    theirs = az.compare({k: as_elpd(v) for k, v in scores.items()}, method="stacking", round_to="none")
    expected = theirs.loc[list(scores), "weight"].to_numpy(float)
    data = stacking_data(scores, None, None, ())
    model = stacking_model(data, StackingPriors()).model
    density = model.compile_fn(model.logp(jacobian=False), mode="FAST_COMPILE")
    (value,) = model.value_vars
    found = optimize.minimize(
        lambda x: -density({value.name: x}), np.zeros(len(scores) - 1), method="Nelder-Mead",
        options={"xatol": 1e-6, "fatol": 1e-10, "maxiter": 5000},
    )  # fmt: skip
    backward = model.rvs_to_transforms[model["weight"]].backward
    mode = backward(found.x, *model["weight"].owner.inputs).eval()
    assert mode == pytest.approx(expected, abs=1e-3)
    assert plain_weights(data.scores.values) == pytest.approx(expected, abs=1e-3)


def test_constant_weights_have_the_posterior_of_quadrature_and_leave_each_team_out_of_its_own():
    scores = some_scores(2, 12, 1)
    found = stack(scores, seed=1)
    w = (np.arange(4000) + 0.5) / 4000
    mixed = np.exp(scores["a"].values) * w[:, None] + np.exp(scores["b"].values) * (1 - w[:, None])
    posterior = special.softmax(np.log(mixed).sum(axis=1))
    mean = posterior @ w
    sd = np.sqrt(posterior @ (w - mean) ** 2)
    summary = found.summary.sel(model="a")
    assert float(summary["mean"]) == pytest.approx(mean, abs=4 * sd / np.sqrt(1000))
    ends = np.interp([0.05, 0.95], posterior.cumsum(), w)
    assert [float(summary[k]) for k in ("low", "high")] == pytest.approx(ends, abs=6 * sd / np.sqrt(1000))
    left_out = special.softmax(np.log(mixed).sum(axis=1)[:, None] - np.log(mixed), axis=0)
    expected = np.log((left_out * mixed).sum(axis=0))
    assert found.elpd.elpd_i.values == pytest.approx(expected, abs=0.03)
    assert found.diff == pytest.approx(found.elpd.elpd - max(float(s.sum()) for s in scores.values()))
    assert found.convergence.ok


def test_weights_by_layer_and_covariate_have_the_posterior_of_importance_sampling():
    rng, n, priors = np.random.default_rng(5), 24, StackingPriors(mu=0.8, sigma=1.2, beta=0.7)
    scores, layer = some_scores(3, n, 7), np.repeat(["desk", "field", "lab"], 8)
    table = pd.DataFrame({"layer": layer, "size": rng.gamma(3, 2, n)}, index=IDS[:n]).sample(
        frac=1, random_state=1
    )
    found = stack(scores, table, by="layer", covariates=["size"], priors=priors, seed=2, draws=2000)
    draws, x = 200_000, table.loc[IDS[:n], "size"].to_numpy()
    x = (x - x.mean()) / x.std(ddof=1)
    mu, sigma = rng.normal(0, 0.8, (draws, 1, 2)), np.abs(rng.normal(0, 1.2, (draws, 1, 2)))
    logit, beta = mu + sigma * rng.normal(size=(draws, 3, 2)), rng.normal(0, 0.7, (draws, 1, 2))
    log_lik = np.zeros(draws)
    for j in range(n):
        f = logit[:, j // 8] + x[j] * beta[:, 0]
        w = special.softmax(np.column_stack([f, np.zeros(draws)]), axis=1)
        log_lik += np.log(w @ np.exp([scores[k].values[j] for k in "abc"]))
    importance = special.softmax(log_lik)
    assert 1 / (importance**2).sum() > 4000
    group_weights = special.softmax(np.concatenate([logit, np.zeros((draws, 3, 1))], axis=2), axis=2)
    mean = np.einsum("s,sgk->gk", importance, group_weights)
    sd = np.sqrt(np.einsum("s,sgk->gk", importance, (group_weights - mean) ** 2))
    own = found.summary
    assert own["mean"].values == pytest.approx(mean, abs=float(4 * sd.max() / np.sqrt(1000)))
    assert own["sd"].values == pytest.approx(sd, rel=0.1)
    slopes = found.tree["posterior"]["beta"].mean(("chain", "draw")).values[0]
    assert slopes == pytest.approx(importance @ beta[:, 0], abs=4 * 0.7 / np.sqrt(1000))
    assert found.weights.dims == ("chain", "draw", "layer", "model")
    assert found.weights["layer"].values.tolist() == ["desk", "field", "lab"]
    assert found.team_weights.sizes == {"chain": 4, "draw": 2000, "team": n, "model": 3}
    assert np.allclose(found.team_weights.sum("model"), 1)


def test_draws_of_teams_are_those_of_their_layer_where_nothing_else_varies():
    table = pd.DataFrame({"layer": np.tile(["x", "y"], 10)}, index=IDS[:20])
    found = stack(some_scores(2, 20, 3), table, by="layer", seed=1, draws=300)
    assert np.array_equal(found.team_weights.isel(team=3), found.weights.sel(layer="y"))


def test_the_order_of_teams_does_not_matter_and_the_seed_does():
    scores = some_scores(2, 20, 3)
    mixed = {"a": scores["a"], "b": scores["b"].isel(team=np.random.default_rng(1).permutation(20))}
    first, second, third = (
        stack(s, seed=k, draws=100, retry=False) for s, k in ((scores, 1), (mixed, 1), (scores, 2))
    )
    assert first.weights.identical(second.weights)
    assert not np.array_equal(first.weights, third.weights)


def test_a_survey_gives_layers_and_columns():
    world = simulate("C4", seed=1, n_teams=20, team_size=3, n_items=3, family="gaussian")
    survey = read_survey(loads(world.spec_text), **world.tables)
    ids = survey.levels["team"]["team"].values[::-1]
    rng = np.random.default_rng(1)
    scores = {k: xr.DataArray(rng.normal(size=20), coords={"team": ids}, dims="team") for k in "ab"}
    data = stacking_data(scores, survey, "layer", ("prior_performance",))
    teams = survey.levels["team"].sel(team=ids)
    assert np.array_equal(np.asarray(data.groups)[data.group], teams["layer"])
    assert np.corrcoef(data.x[:, 0], teams["prior_performance"])[0, 1] == pytest.approx(1)


def test_the_text_names_weights_slopes_gain_and_gate():
    table = pd.DataFrame({"layer": np.tile(["x", "yy"], 10), "size": np.arange(20.0)}, index=IDS[:20])
    text = repr(stack(some_scores(2, 20, 3), table, by="layer", covariates=["size"], seed=1, draws=500))
    lines = text.splitlines()
    assert lines[0] == "Stacking of a, b on 20 teams: weights by layer, size"
    assert lines[1].startswith("  x   a 0.")
    assert lines[2].startswith("  yy  a 0.")
    assert "  b 0." in lines[1]
    assert "size: log odds of a against b " in lines[3]
    assert lines[3].endswith(" per SD")
    assert "elpd of left-out teams" in lines[4]
    assert "against the best single model" in lines[4]
    assert "converged (r_hat up to 1." in lines[5]


def test_too_few_draws_are_tried_again_and_then_said_not_to_do():
    scores = some_scores(2, 20, 3)
    short = stack(scores, seed=1, draws=30, tune=50, retry=False)
    assert not short.convergence.ok
    assert "NOT converged: " in repr(short)
    again = stack(scores, seed=1, draws=30, tune=50)
    assert again.convergence.retried
    assert again.settings.draws > 30


def test_scores_that_rest_on_few_draws_are_said_to():
    scores = {k: as_elpd(v) for k, v in some_scores(2, 20, 3).items()}
    scores["b"].pareto_k, scores["b"].good_k = by_team(np.linspace(0, 0.9, 20)), 0.68
    found = stack(scores, seed=1, draws=300)
    assert "a score rests on few draws (k-hat 0.90, at most 0.68 wanted)" in repr(found)


def test_the_example_of_the_guide_runs_and_says_about_what_the_page_says(capsys):
    page = (Path(__file__).parents[2] / "docs" / "guide" / "stacking.md").read_text(encoding="utf-8")
    found: dict = {}
    exec(re.search(r"```python\n(.*?)```", page, re.DOTALL)[1], found)
    shown = re.search(r"```text\n(.*?)```", page, re.DOTALL)[1]
    numbers = [np.array(re.findall(r"\d\.\d\d\b", t), float) for t in (shown, capsys.readouterr().out)]
    assert numbers[1] == pytest.approx(numbers[0], abs=0.04)
    assert found["found"].convergence.ok
