"""Weights of several models, as :func:`stack` returns them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from coefficacy.dims import ACCOUNT, CONTRAST, COVARIATE, SAMPLE
from coefficacy.sampling import Convergence, Settings
from coefficacy.scores.stacking_model import StackingPriors
from coefficacy.survey.nesting import plural

if TYPE_CHECKING:
    import xarray as xr

    from coefficacy.scores.stacking_data import StackingData

__all__ = ["INTERVAL", "Stacking", "interval"]

INTERVAL = 0.9
_MOST_GROUPS = 12


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Stacking:
    """Weights with which several models together predict teams they have not seen.

    Attributes
    ----------
    models : their names; the last is the reference of the log odds
    weights : draws, dims (chain, draw, model), with a categorical covariate (chain, draw, group, model), the
        group's dimension having the covariate's name; at the mean of continuous covariates
    team_weights : draws, dims (chain, draw, team, model), at each team's own covariates
    plain : (model,) weights of plain stacking, which maximise the mean log score
    elpd : ArviZ's ``ELPDData`` of the stacked predictive, each team's weights learnt without it (by PSIS)
    elpd_models : (model,) sums of the scores that were stacked
    diff, diff_se : stacked predictive minus the best single model; standard error, poor for few teams
    tree : groups ``posterior`` and ``sample_stats``; log odds ``mu``, ``sigma``, ``logit``, ``beta``
    convergence : what the gate found; conclude nothing where it is not ok
    settings, seed, priors : how the draws were made
    data : scores and covariates, aligned
    """

    models: tuple[str, ...]
    weights: xr.DataArray
    team_weights: xr.DataArray
    plain: xr.DataArray
    elpd: Any
    elpd_models: xr.DataArray
    diff: float
    diff_se: float
    tree: xr.DataTree
    convergence: Convergence
    settings: Settings
    seed: int
    priors: StackingPriors
    data: StackingData

    @property
    def summary(self) -> xr.Dataset:
        """Mean, SD and 90% interval of ``weights``."""
        return interval(self.weights)

    def __repr__(self) -> str:
        return "\n".join([_head(self), *(f"  {line}" for line in _lines(self))])

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(repr(self))}</pre>"


def interval(draws: xr.DataArray) -> xr.Dataset:
    """Summarise draws: ``mean``, ``sd``, ``low`` and ``high``, the ends of the equal-tailed 90% interval."""
    import xarray as xr

    tail = (1 - INTERVAL) / 2
    ends = draws.quantile([tail, 1 - tail], SAMPLE)
    parts = {
        "mean": draws.mean(SAMPLE),
        "sd": draws.std(SAMPLE, ddof=1),
        "low": ends.isel(quantile=0, drop=True),
        "high": ends.isel(quantile=1, drop=True),
    }
    return xr.Dataset(parts, attrs={"ci_kind": "eti", "ci_prob": INTERVAL})


def _head(found: Stacking) -> str:
    data = found.data
    on = ", ".join(filter(None, (data.by, *data.covariates)))
    kind = f"weights by {on}" if on else "constant weights"
    return (
        f"Stacking of {', '.join(found.models)} on {data.scores.sizes[data.unit]} {plural(data.unit)}: {kind}"
    )


def _lines(found: Stacking) -> Iterator[str]:
    yield from _weight_lines(found)
    yield from _slope_lines(found)
    best = found.models[int(found.elpd_models.values.argmax())]
    yield (
        f"elpd of left-out {plural(found.data.unit)} {found.elpd.elpd:.1f} (se {found.elpd.se:.1f}), "
        f"against the best single model, {best}: {found.diff:+.1f} (se {found.diff_se:.1f})"
    )
    gate = found.convergence
    if gate.ok:
        yield f"converged (r_hat up to {gate.rhat_max:.3f}, at least {gate.ess_min:,.0f} effective draws)"
    else:
        yield "NOT converged: " + "; ".join(gate.failures)
    if found.data.khat_max is not None and found.data.khat_max > found.data.good_k:
        yield (
            f"a score rests on few draws (k-hat {found.data.khat_max:.2f}, at most {found.data.good_k:.2f} "
            "wanted)"
        )


def _weight_lines(found: Stacking) -> Iterator[str]:
    summary, by = found.summary, found.data.by
    rows = (
        [(str(g), summary.isel({by: k})) for k, g in enumerate(found.data.groups)] if by else [("", summary)]
    )
    width = max(len(name) for name, _ in rows)
    for name, row in rows[:_MOST_GROUPS]:
        cells = [f"{m} {_text(row.sel({ACCOUNT: m}))}" for m in found.models]
        yield f"{name:<{width}}  {'  '.join(cells)}".strip()
    if len(rows) > _MOST_GROUPS:
        yield f"and {len(rows) - _MOST_GROUPS} more"


def _slope_lines(found: Stacking) -> Iterator[str]:
    if not found.data.covariates:
        return
    summary = interval(found.tree["posterior"].to_dataset()["beta"])
    for covariate in found.data.covariates:
        for model in found.models[:-1]:
            text = _text(summary.sel({COVARIATE: covariate, CONTRAST: model}), sign="+")
            yield f"{covariate}: log odds of {model} against {found.models[-1]} {text} per SD"


def _text(row: xr.Dataset, *, sign: str = "") -> str:
    mean, low, high = (float(np.asarray(row[name])) for name in ("mean", "low", "high"))
    return f"{mean:{sign}.2f} ({low:{sign}.2f} to {high:{sign}.2f})"
