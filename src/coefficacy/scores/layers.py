"""Scores of left-out layers: all teams of a layer jointly, in a fit that has seen none of their outcomes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from coefficacy.errors import FitError, Problem, did_you_mean
from coefficacy.sampling import compiled_model
from coefficacy.scores.kept import PARETO_K, elpd_data, keep, kept, refits_of
from coefficacy.scores.left_out import LeftOut, Refits, scored_outcomes
from coefficacy.scores.refitting import averaged, given_answers, outcome_values, refit_without, tail_shape
from coefficacy.scores.teams import MODEL, refuse_unconverged, scored_level
from coefficacy.spec import queries

if TYPE_CHECKING:
    from coefficacy.sampling import Compiled, Fit
    from coefficacy.spec.model import ModelSpec
    from coefficacy.survey import Survey

__all__ = ["FEWEST_LAYERS", "LAYERS", "left_out_layers"]

FEWEST_LAYERS = 5
LAYERS = "left_out_layers"
"""Group of a fit's tree that keeps the scores."""
_WHERE = "left-out layers"


def left_out_layers(
    fit: Fit,
    *,
    level: str | None = None,
    refits: Refits | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Any:
    r"""Score every layer with the outcomes of all its teams left out and their answers kept, for ArviZ.

    .. math:: \log \frac1S \sum_s \prod_{j \in k} p(y_j \mid \text{answers}_j, l_k^{(s)}, \theta^{(s)})

    over draws of one refit a layer. The effects of the layer on its outcomes are drawn from their population:
    the question is how well a model predicts in a layer it has never seen outcomes from. Teams are given
    answers with their latents integrated out on the exact engine, and given drawn latents elsewhere.

    Parameters
    ----------
    fit : one that converged
    level : of the layers; default the one right above the teams that are scored
    refits : draws, tuning, chains and seed of each refit (not the folds: each layer is one); default: as in
        the scores that are kept, else 4 x 1,000 draws and the fit's own seed
    progress : told (what, done, in all)

    Returns
    -------
    arviz_stats.ELPDData
        Of kind ``loo_kfold``, ``elpd_i`` with dims (layer,) and the layers' ids; layers without an outcome
        are not among them. ``warning`` says that the average of some layer's density hangs on a few draws
        (its Pareto k-hat is too large) or that a refit did not converge: ask for more draws. Its standard
        error rests on as many values as there are layers.

    Raises
    ------
    FitError : the fit did not converge, there are fewer than five layers with an outcome, or no such level

    References
    ----------
    Merkle, Furr and Rabe-Hesketh (2019), https://doi.org/10.1007/s11336-019-09679-0
    Vehtari, Simpson, Gelman, Yao and Gabry (2024), https://jmlr.org/papers/v25/19-556.html

    Examples
    --------
    >>> az.compare({"a": co.left_out_layers(a), "b": co.left_out_layers(b)})  # doctest: +SKIP
    """
    refuse_unconverged(fit, _WHERE)
    team = scored_level(fit.spec)
    upper = _upper_level(fit.spec, team, level)
    layers = _scored_layers(fit, team, upper)
    settings = refits_of(fit, refits, group=LAYERS, default=Refits(draws=1000, chains=4, seed=fit.seed))
    name = f"{MODEL} by {upper}"
    found = kept(fit, name, settings, group=LAYERS)
    if found is None:
        tell = progress or (lambda *_: None)
        found = LeftOut(_scores(fit, team, upper, layers, settings, lambda k, n: tell(_WHERE, k, n)), None)
        keep(fit, name, found, settings, group=LAYERS)
    return elpd_data(found.score)


def _upper_level(spec: ModelSpec, team: str, asked: str | None) -> str:
    names = queries.level_names(spec)
    above = names[names.index(team) + 1 :]
    if not above:
        raise FitError(Problem(_WHERE, f"there is no level above '{team}'.", "Leave teams out."))
    if asked is not None and asked not in above:
        what = f"'{asked}' is no level above '{team}'."
        raise FitError(Problem(f"{_WHERE}: level", what, did_you_mean(asked, above)))
    return asked or above[0]


def _scored_layers(fit: Fit, team: str, upper: str) -> np.ndarray:
    """Positions of the layers with an observed outcome."""
    y = outcome_values(fit.survey, team, scored_outcomes(fit.spec, team))
    if not y:
        raise FitError(Problem(_WHERE, f"no outcome of level {team!r} that can be left out."))
    seen = ~np.isnan(np.column_stack(list(y.values()))).all(axis=1)
    layers = np.unique(fit.survey.index(team, upper)[seen])
    if len(layers) < FEWEST_LAYERS:
        what = (
            f"{len(layers)} units of '{upper}' have outcomes, and fewer than {FEWEST_LAYERS} tell neither "
            "their population nor the spread of their scores."
        )
        raise FitError(Problem(_WHERE, what, "Leave teams out."))
    return layers


def _scores(
    fit: Fit, team: str, upper: str, layers: np.ndarray, refits: Refits, told: Callable[[int, int], None]
) -> xr.DataArray:
    y = outcome_values(fit.survey, team, scored_outcomes(fit.spec, team))
    member, found, shapes = np.asarray(fit.survey.index(team, upper)), [], []
    compiled = None if fit.engine == "bambi" else compiled_model(fit.spec, fit.survey, engine=fit.engine)
    for k, layer in enumerate(layers):
        teams = np.flatnonzero(member == layer)
        if compiled is None:
            posterior = _observed_refit(fit.spec, fit.survey, y, team, teams, refits, k)
        else:
            posterior = refit_without(compiled, y, team, teams, refits, k)
        joint = given_answers(posterior, fit.spec, team, y, teams).sum(axis=-1, keepdims=True)
        found.append(averaged(joint))
        shapes.append(tail_shape(joint[..., 0]))
        told(k + 1, len(layers))
    return xr.DataArray(
        np.concatenate([each.score for each in found]),
        dims=upper,
        coords={upper: fit.survey.levels[upper][upper].values[layers], PARETO_K: (upper, shapes)},
        name="elpd",
        attrs={
            "folds": len(layers),
            "n_samples": refits.draws * refits.chains,
            "rhat_max": max(each.rhat for each in found),
            "khat_max": float(max(shapes)),
            "mcse": float(np.sqrt(sum(each.mcse**2 for each in found))),
            "outcomes": list(y),
        },
    )


def _observed_refit(
    spec: ModelSpec,
    survey: Survey,
    y: dict[str, np.ndarray],
    level: str,
    units: np.ndarray,
    refits: Refits,
    k: int,
) -> xr.Dataset:
    """Models without latents drop rows without an outcome when they are built."""
    from coefficacy.model import build
    from coefficacy.sampling.sample import compile_model

    for name, values in y.items():
        fewer = values.copy()
        fewer[units] = np.nan
        survey = survey.with_column(level, name, fewer)
    compiled: Compiled = compile_model(build(spec, survey))
    tree = compiled.sample(
        draws=refits.draws, tune=refits.tune, chains=refits.chains, seed=refits.seed + k + 1, stage="refit"
    )
    return tree["posterior"].to_dataset()
