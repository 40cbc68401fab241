"""Which of two accounts does a team follow, and how many do in each layer?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from coefficacy.errors import FitError, Problem, did_you_mean
from coefficacy.model.design import expand
from coefficacy.sampling import Settings, compile_model, judge
from coefficacy.sampling import fit as sample_model
from coefficacy.scores.mixture_model import AccountData, MixtureData, mixture_model
from coefficacy.scores.teams import refuse_unconverged
from coefficacy.spec import queries
from coefficacy.spec.model import Formula, ModelSpec

if TYPE_CHECKING:
    import xarray as xr

    from coefficacy.sampling import Convergence, Fit

__all__ = ["Mixture", "mix"]


@dataclass(frozen=True, slots=True)
class Mixture:
    """Shares of teams that follow each account.

    Attributes
    ----------
    posterior : draws, dims (chain, draw, ...): ``weight`` (layer) of the first account, ``sigma``,
        coefficients ``b.0`` and ``b.1`` per SD of their predictors, ...
    convergence : what the gate found; conclude nothing where it is not ok
    """

    posterior: xr.Dataset
    convergence: Convergence


def mix(
    fit: Fit,
    rival: str,
    *,
    of: str,
    stated: dict[str, float] | None = None,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    seed: int = 1,
) -> Mixture:
    r"""Estimate how many teams of each layer follow the model's equation of an outcome, how many a rival's.

    Every team follows one of the two, with the probability :math:`w_l` that its layer has; the indicator is
    summed out (see :func:`coefficacy.scores.mixture_model.mixture_model`). Latents are measured first,
    by the model without outcomes, and enter with what is expected of them given the answers and with what
    these leave open: neither account may redefine what was measured (a cut, Plummer 2015).

    Parameters
    ----------
    fit : of a model whose rival has another equation of the outcome
    rival : its name
    of : a gaussian outcome of teams with ``(1 | layer)`` in both equations
    stated : a prior: layer to the median of its weight; default: none
    draws, tune, chains, seed : of the mixture

    Returns
    -------
    Mixture

    Raises
    ------
    FitError
        There is no third level, or what was measured did not converge.

    Notes
    -----
    Weights of stacking (:func:`coefficacy.stack`) say how to predict teams; these say what share of them
    follows an account, if each does follow one and both equations are right.
    """
    data = _data(fit, rival, of, seed)
    weights = None
    if stated is not None:
        if unknown := sorted(set(stated) ^ set(data.layers)):
            what = f"{', '.join(unknown)} and the survey's layers differ."
            raise FitError(
                Problem("mixture: stated", what, f"State one for each of {', '.join(data.layers)}.")
            )
        weights = np.array([stated[name] for name in data.layers])
    compiled = compile_model(mixture_model(data, stated=weights))
    settings = Settings(draws, tune, chains, 0.95)
    tree = compiled.sample(
        draws=settings.draws, tune=settings.tune, chains=settings.chains, seed=seed,
        target_accept=settings.target_accept, stage="mixture",
    )  # fmt: skip
    posterior = tree["posterior"].to_dataset()
    weight = 1 / (1 + np.exp(-posterior["logit"]))
    return Mixture(posterior.assign(weight=weight), judge(tree, compiled.built.parameters, retried=False))


def _data(fit: Fit, rival: str, of: str, seed: int) -> MixtureData:
    spec, survey = fit.spec, fit.survey
    level, names = queries.outcome_level(spec, of), queries.level_names(spec)
    if len(names) < 3:
        raise FitError(Problem("mixture", "there is no level above teams.", "Add one under [levels]."))
    layer = names[2]
    y = np.asarray(survey.column(level, of).values, float)
    seen = ~np.isnan(y)
    family = queries.family_of(spec, of)
    specs = (spec, queries.rival_spec(spec, rival))
    formulas = [_formula(one, level, of) for one in specs]
    measured = _measured(fit, level, formulas, seed)
    first, second = (_account(fit, level, f, measured, seen) for f in formulas)
    units = tuple(map(str, survey.levels[layer][layer].values))
    index = np.asarray(survey.index(level, layer))[seen]
    return MixtureData((y[seen] - family.location) / family.scale, (first, second), units, index)


def _formula(spec: ModelSpec, level: str, of: str) -> Formula:
    equation = queries.regression(spec, level, of)
    if equation is None:
        known = did_you_mean(of, queries.outcomes(spec, level))
        raise FitError(Problem("mixture", f"there is no equation of '{of}'.", known))
    if any(group.terms for group in equation.formula.groups):
        raise FitError(Problem(f"{level}.{of}", "has random slopes.", "Write (1 | layer) for a mixture."))
    return equation.formula


def _measured(fit: Fit, level: str, formulas: Sequence[Formula], seed: int) -> xr.DataArray | None:
    """Latents of teams given answers alone, (chain, draw, team, name); None where no account needs one."""
    named = {factor.name for formula in formulas for factor in queries.factors(formula)}
    if not named & set(queries.latents(fit.spec, level)):
        return None
    spec, outcomes = fit.spec, queries.outcomes(fit.spec)
    left = tuple(r for r in spec.regressions if r.response not in outcomes)
    bare = replace(spec, regressions=left, families=(), rivals=(), question=None, estimands=(), priors=())
    known = queries.parameter_names(bare)
    bare = replace(bare, priors=tuple((name, prior) for name, prior in spec.priors if name in known))
    settings = fit.settings
    found = sample_model(
        bare, fit.survey, draws=settings.draws, tune=settings.tune, chains=settings.chains, seed=seed,
        progress=False,
    )  # fmt: skip
    refuse_unconverged(found, "mixture: measurement")
    return found.posterior[f"{level}.latent"]


def _account(
    fit: Fit, level: str, formula: Formula, measured: xr.DataArray | None, seen: np.ndarray
) -> AccountData:
    latents = queries.latents(fit.spec, level)
    columns = expand(fit.spec, fit.survey, level, formula.terms, latents, where=level)
    drawn = [_draws(column.label, column.values, column.latents, measured, level) for column in columns]
    values = np.stack([np.broadcast_to(v, (max(len(d) for d in drawn), v.shape[1])) for v in drawn], axis=-1)
    mean = values.mean(axis=0)
    sd, centre = mean[seen].std(axis=0), mean[seen].mean(axis=0)
    deviations = (values - mean) / sd
    uncertainty = np.einsum("sjp,sjq->jpq", deviations, deviations) / len(values)
    return AccountData(tuple(c.label for c in columns), ((mean - centre) / sd)[seen], uncertainty[seen])


def _draws(
    label: str, values: np.ndarray | None, latents: tuple[str, ...], measured: xr.DataArray | None, level: str
) -> np.ndarray:
    """Draws of a predictor, (draw, team); a single one of a column."""
    if not latents:
        assert values is not None
        return np.asarray(values, float)[None]
    assert measured is not None
    product = np.ones(()) if values is None else np.asarray(values, float)
    for name in latents:
        at = measured.sel({f"{level}.name": name}).transpose("chain", "draw", level).values
        product = product * at.reshape(-1, at.shape[-1])
    return product
