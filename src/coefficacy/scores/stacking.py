"""Stacking and hierarchical stacking of models by their scores of left-out teams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from coefficacy.dims import ACCOUNT, CONTRAST, COVARIATE, SAMPLE
from coefficacy.sampling import Compiled, Convergence, Settings, compile_model, judge
from coefficacy.sampling.convergence import stricter
from coefficacy.scores.exact import psis
from coefficacy.scores.stacking_data import StackingData, stacking_data
from coefficacy.scores.stacking_model import StackingPriors, plain_weights, stacking_model
from coefficacy.scores.stacking_result import Stacking

if TYPE_CHECKING:
    import pandas as pd

    from coefficacy.survey import Survey

__all__ = ["stack"]

_SEEDS = 2**32


def stack(
    scores: Mapping[str, Any],
    teams: Survey | pd.DataFrame | xr.Dataset | None = None,
    *,
    by: str | None = None,
    covariates: Sequence[str] = (),
    priors: StackingPriors | None = None,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    seed: int | None = None,
    retry: bool = True,
) -> Stacking:
    r"""Weigh models by how well their mixture predicts teams they have not seen.

    .. math::
        p(w \mid \text{scores}) \propto p(w) \prod_j \sum_k w_k(x_j)\, p(y_j \mid y_{-j}, M_k), \qquad
        w(x) = \mathrm{softmax}\bigl(f_1(x), \dots, f_{K-1}(x), 0\bigr)

    with :math:`f_k = \mu_k + \sigma_k z_{k g} + x' \beta_k`, :math:`z \sim N(0, 1)`. Without covariates the
    weights have a flat prior, and the mode of their posterior is plain stacking (Yao et al. 2018).

    Weights describe predictions, not teams: they are the shares of two kinds of team only where each model's
    predictive density is that of its own kind, which models fitted to all teams do not give.

    Parameters
    ----------
    scores : name -> ArviZ's ``ELPDData`` with pointwise values (see :func:`left_out_teams`), or a DataArray
        of log scores by team; the last model is the reference
    teams : where the covariates are: the survey, or a table whose index (or column) holds the teams' ids
    by : a categorical covariate, ``"layer"``: every group has weights of its own, partially pooled
    covariates : continuous ones, standardised
    priors : scales of the priors of mu, sigma and beta; default 1
    draws, tune, chains, seed : as in :func:`fit`
    retry : sample once more with stricter settings if the gate is not passed

    Returns
    -------
    Stacking
        Whether the gate was passed or not: look at its ``convergence``.

    Raises
    ------
    FitError : a single model, models scored on different teams, scores that are not finite, covariates that
        are unknown, missing or constant

    References
    ----------
    Yao, Pirš, Vehtari and Gelman (2022), https://doi.org/10.1214/21-BA1287
    Yao, Vehtari, Simpson and Gelman (2018), https://doi.org/10.1214/17-BA1091

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> rng = np.random.default_rng(1)
    >>> y = rng.normal(size=50)
    >>> a, b = (xr.DataArray(-0.5 * (y - m) ** 2, dims="team") for m in (0, 2))
    >>> found = co.stack({"a": a, "b": b}, seed=1)                            # doctest: +SKIP
    >>> round(float(found.summary["mean"].sel(model="a")), 2)                   # doctest: +SKIP
    0.96
    """
    data = stacking_data(scores, teams, by, tuple(covariates))
    seed = int(np.random.SeedSequence().entropy % _SEEDS) if seed is None else int(seed)  # type: ignore[operator]
    priors = priors or StackingPriors()
    compiled = compile_model(stacking_model(data, priors))
    tree, gate, settings = _sampled(compiled, Settings(draws, tune, chains, 0.9), seed, retry=retry)
    posterior = tree["posterior"].to_dataset()
    weights, team_weights = _weights(posterior, data)
    elpd = _stacked(team_weights, data)
    singles = data.scores.sum(data.unit)
    gain = elpd.elpd_i.values - data.scores.values[:, int(singles.values.argmax())]
    return Stacking(
        models=tuple(map(str, data.scores[ACCOUNT].values)),
        weights=weights,
        team_weights=team_weights,
        plain=xr.DataArray(plain_weights(data.scores.values), coords=[data.scores[ACCOUNT]], name="plain"),
        elpd=elpd,
        elpd_models=singles,
        diff=float(gain.sum()),
        diff_se=float(np.sqrt(len(gain)) * gain.std(ddof=1)),
        tree=tree,
        convergence=gate,
        settings=settings,
        seed=seed,
        priors=priors,
        data=data,
    )


def _sampled(
    compiled: Compiled, settings: Settings, seed: int, *, retry: bool, again: bool = False
) -> tuple[xr.DataTree, Convergence, Settings]:
    tree = compiled.sample(
        draws=settings.draws, tune=settings.tune, chains=settings.chains, seed=(seed + again) % _SEEDS,
        target_accept=settings.target_accept, stage="stack",
    )  # fmt: skip
    gate = judge(tree, compiled.built.parameters, retried=again)
    if gate.ok or again or not retry or settings.chains < 2:
        return tree, gate, settings
    return _sampled(compiled, stricter(settings, gate), seed, retry=retry, again=True)


def _weights(posterior: xr.Dataset, data: StackingData) -> tuple[xr.DataArray, xr.DataArray]:
    """Weights of groups (or of all) at the covariates' mean, and of teams."""
    models, ids = data.scores[ACCOUNT].values, {data.unit: data.scores[data.unit].values}
    every = xr.DataArray(np.zeros(data.scores.sizes[data.unit]), coords=ids, dims=data.unit)
    if "weight" in posterior:
        same = posterior["weight"].rename("weights")
        return same, (same + every).transpose(*SAMPLE, data.unit, ACCOUNT)
    logit = posterior["logit"] if data.by else posterior["mu"]
    of_team = logit.isel({data.by: xr.DataArray(data.group, dims=data.unit)}) if data.by else logit
    of_team = of_team.drop_vars(data.by, errors="ignore") + every
    if data.covariates:
        x = xr.DataArray(data.x, coords={**ids, COVARIATE: list(data.covariates)})
        of_team = of_team + xr.dot(x, posterior["beta"], dim=COVARIATE)
    return _softmax(logit, models), _softmax(of_team, models)


def _softmax(logit: xr.DataArray, models: np.ndarray) -> xr.DataArray:
    """Weights from log odds against the last model."""
    logit = logit.transpose(*SAMPLE, ..., CONTRAST)
    full = np.concatenate([logit.values, np.zeros((*logit.shape[:-1], 1))], axis=-1)
    odds = np.exp(full - full.max(axis=-1, keepdims=True))
    dims = (*logit.dims[:-1], ACCOUNT)
    coords = {d: logit[d].values for d in logit.dims[:-1]} | {ACCOUNT: models}
    return xr.DataArray(odds / odds.sum(axis=-1, keepdims=True), coords=coords, dims=dims, name="weights")


def _stacked(team_weights: xr.DataArray, data: StackingData) -> Any:
    """Leave-one-out scores of the mixture: a team has no part in its own weights."""
    best = data.scores.max(ACCOUNT)
    density = np.log(xr.dot(team_weights, np.exp(data.scores - best), dim=ACCOUNT)) + best
    return psis(density.transpose(*SAMPLE, data.unit).rename("stacked"))
