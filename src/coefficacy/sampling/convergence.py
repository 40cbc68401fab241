"""The convergence gate: may anything be concluded from these draws?

Rank-normalised split r_hat, bulk and tail effective sample sizes follow Vehtari, Gelman, Simpson, Carpenter
and Bürkner (2021), doi:10.1214/20-BA1221.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from coefficacy.dims import CHAIN, DRAW
from coefficacy.sampling.entries import PARAMETER, effect_labels, parameter_entries

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Convergence", "Settings", "judge", "stricter"]

RHAT_LIMIT = 1.01
ESS_LIMIT = 200
ESS_LIMIT_EFFECT = 400
DIVERGENCE_LIMIT = 0.001
_STRICT_ACCEPT = 0.95
_MOST_DRAWS = 8_000
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Convergence:
    """What the gate found.

    Attributes
    ----------
    ok : all limits kept
    rhat_max : largest r_hat of a parameter; NaN with a single chain
    ess_min : smallest bulk or tail effective sample size of a parameter
    divergences : after tuning, all chains
    failures : limits that were not kept, in plain words
    advice : what to do about it
    retried : the draws are those of the second run, with stricter settings
    ess_effect : smallest effective sample size of the effect in question; None if there is no such effect
    """

    ok: bool
    rhat_max: float
    ess_min: float
    divergences: int
    failures: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    retried: bool = False
    ess_effect: float | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """How the sampler is run."""

    draws: int = 1000
    tune: int = 1000
    chains: int = 4
    target_accept: float = 0.8


@dataclass(frozen=True, slots=True)
class _Diagnostics:
    """Per entry: label, r_hat, the smaller of bulk and tail ESS, and the limit of the latter."""

    labels: np.ndarray
    rhat: np.ndarray
    ess: np.ndarray
    limit: np.ndarray
    divergent: int
    n_chains: int
    n_draws: int


def judge(
    tree: xr.DataTree,
    parameters: Iterable[str],
    *,
    effect: str | None = None,
    constant_entries: Iterable[str] = (),
    retried: bool = False,
) -> Convergence:
    """Apply the gate to a tree of draws.

    Parameters
    ----------
    parameters : posterior variables that are model parameters
    effect : the effect in question, ``"team.adaptation ~ collective_efficacy"``; it needs 400 effective draws
        where the other parameters need 200
    constant_entries : variables whose entries that never change (diagonals) are left out

    Examples
    --------
    >>> judge(fit.tree, parameter_names(fit)).ok                              # doctest: +SKIP
    True
    """
    found = _diagnose(tree, tuple(parameters), effect, frozenset(constant_entries))
    rules = (_chain_rule(found), _rhat_rule(found), _ess_rule(found, effect), _divergence_rule(found))
    failures = tuple(failure for rule in rules for failure in rule[0])
    advice = tuple(dict.fromkeys(line for rule in rules for line in rule[1]))
    of_effect = found.ess[found.limit == ESS_LIMIT_EFFECT]
    return Convergence(
        ok=not failures,
        rhat_max=float(np.max(found.rhat)) if found.rhat.size else float("nan"),
        ess_min=float(np.min(found.ess)) if found.ess.size else float("nan"),
        divergences=found.divergent,
        failures=failures,
        advice=advice,
        retried=retried,
        ess_effect=float(np.min(of_effect)) if of_effect.size else None,
    )


def _diagnose(
    tree: xr.DataTree, parameters: tuple[str, ...], effect: str | None, constant: frozenset[str]
) -> _Diagnostics:
    import arviz as az

    posterior = tree["posterior"].to_dataset()
    blocks = [_moving(parameter_entries(posterior, [name]), name in constant) for name in parameters]
    labels = np.concatenate([block[PARAMETER].values for block in blocks] or [np.empty(0, object)])
    entries = parameter_entries(posterior, parameters).sel({PARAMETER: labels})
    n_chains, n_draws = posterior.sizes[CHAIN], posterior.sizes[DRAW]
    enough = n_draws >= 4 and labels.size > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        rhat = az.rhat(entries).values if enough else np.full(labels.size, np.nan)
        sizes = [az.ess(entries, method=method).values for method in ("bulk", "tail")] if enough else []
    still = np.ptp(entries.values, axis=(0, 1)) == 0 if enough else np.ones(labels.size, bool)
    ess = np.where(still, 0.0, np.min(sizes, axis=0)) if sizes else np.zeros(labels.size)
    mine = effect_labels(labels, effect) if effect else ()
    return _Diagnostics(
        labels=labels,
        rhat=rhat,
        ess=np.nan_to_num(ess, nan=0.0),
        limit=np.where(np.isin(labels, list(mine)), ESS_LIMIT_EFFECT, ESS_LIMIT),
        divergent=int(tree["sample_stats"]["diverging"].sum()),
        n_chains=n_chains,
        n_draws=n_draws,
    )


def _moving(entries: xr.DataArray, may_be_constant: bool) -> xr.DataArray:
    if not may_be_constant:
        return entries
    return entries.isel({PARAMETER: np.ptp(entries.values, axis=(0, 1)) > 1e-9})


type _Rule = tuple[tuple[str, ...], tuple[str, ...]]


def _chain_rule(found: _Diagnostics) -> _Rule:
    if found.n_chains > 1:
        return (), ()
    failure = "one chain alone cannot show that chains agree (r_hat needs at least two)"
    return (failure,), ("Run at least 2 chains, better 4.",)


def _rhat_rule(found: _Diagnostics) -> _Rule:
    if found.n_chains < 2:
        return (), ()
    bad = ~(found.rhat <= RHAT_LIMIT)
    if not bad.any():
        return (), ()
    order = np.argsort(-np.nan_to_num(found.rhat, nan=np.inf))[: int(bad.sum())]
    worst = _listed([f"{found.labels[k]} ({_rhat_text(found.rhat[k])})" for k in order])
    advice = "The chains disagree: tune longer (twice as many tuning draws), then look for two modes."
    return (f"r_hat above {RHAT_LIMIT} for {worst}",), (advice,)


def _rhat_text(value: float) -> str:
    return f"{value:.3f}" if np.isfinite(value) else "it never moves"


def _ess_rule(found: _Diagnostics, effect: str | None) -> _Rule:
    short = found.ess < found.limit
    if not short.any():
        return (), ()
    failures = []
    for limit, what in ((ESS_LIMIT_EFFECT, f"the effect {effect}"), (ESS_LIMIT, "")):
        bad = np.flatnonzero(short & (found.limit == limit))
        bad = bad[np.argsort(found.ess[bad])]
        if bad.size:
            names = what or _listed([f"{found.labels[k]} ({found.ess[k]:.0f})" for k in bad])
            size = f"{found.ess[bad[0]]:.0f}, below {limit}" if what else f"below {limit}"
            failures.append(f"effective sample size of {names} {'is ' if what else ''}{size}")
    needed = _draws_needed(found)
    if needed > _MOST_DRAWS:
        advice = (
            "More draws alone will not do: the draws hardly move. "
            "Simplify the model or give tighter priors to the parameters named."
        )
    else:
        advice = f"Draw more: about {needed:,} draws a chain (--draws {needed})."
    return tuple(failures), (advice,)


def _draws_needed(found: _Diagnostics) -> int:
    """Draws a chain that would reach every limit, a quarter more to be sure, in hundreds."""
    with np.errstate(divide="ignore"):
        shortfall = float(np.max(found.limit / np.maximum(found.ess, 1e-3)))
    return ceil(found.n_draws * max(shortfall, 1.0) * 1.25 / 100) * 100


def _divergence_rule(found: _Diagnostics) -> _Rule:
    total = found.n_chains * found.n_draws
    if found.divergent <= DIVERGENCE_LIMIT * total:
        return (), ()
    share = f"{found.divergent} of {total:,} draws diverged (limit {DIVERGENCE_LIMIT:.1%})"
    advice = (
        "Take smaller steps (target_accept 0.95 or 0.99). If that does not help, a variance is near zero or "
        "the model has more parameters than the data can tell apart: tighten the priors of the sd(...) "
        "parameters or leave random slopes out."
    )
    return (share,), (advice,)


def _listed(names: list[str]) -> str:
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def stricter(settings: Settings, found: Convergence) -> Settings:
    """Return settings for a second try: smaller steps, twice the tuning, more draws where they were short.

    Half as many again as would have done, twice as many if chains disagreed; at most four times as many, and
    8,000 a chain.
    """
    shortfall = ESS_LIMIT / max(found.ess_min, 1.0)
    if found.ess_effect is not None:
        shortfall = max(shortfall, ESS_LIMIT_EFFECT / max(found.ess_effect, 1.0))
    growth = 1.5 * shortfall if shortfall > 1 else 1.0
    growth = min(4.0, growth if found.rhat_max <= RHAT_LIMIT else max(growth, 2.0))
    draws = max(settings.draws, min(_MOST_DRAWS, ceil(settings.draws * growth)))
    return Settings(
        draws=draws,
        tune=2 * settings.tune,
        chains=max(settings.chains, 2),
        target_accept=max(settings.target_accept, _STRICT_ACCEPT),
    )
