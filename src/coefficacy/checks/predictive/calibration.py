r"""``outcome.calibration``: are outcomes of left-out teams where they were predicted to be?

The exact engine knows :math:`y_j \mid \text{answers}_j, \theta \sim N(m_{js}, v_{js})` for every draw
:math:`\theta^{(s)}`, so that leave-one-out needs no refit:

.. math:: P(y^{rep}_j \le y_j \mid y_{-j}) \approx \sum_s w_{js} \Phi\{(y_j - m_{js}) / \sqrt{v_{js}}\}

with the weights :math:`w_{js} \propto 1 / p(y_j \mid \text{answers}_j, \theta^{(s)})`, their tail smoothed.
All outcomes of a team are left out together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coefficacy.checks.predictive.check import FAILS, Check, not_applicable
from coefficacy.checks.predictive.plan import FitCheck
from coefficacy.model.recovered import OUTCOME_DENSITY, PREDICTED, PREDICTED_SD
from coefficacy.spec import queries
from coefficacy.survey.nesting import plural

if TYPE_CHECKING:
    import xarray as xr

    from coefficacy.sampling import Fit

__all__ = ["CALIBRATION", "left_out_pit"]

_LEAST_TEAMS = 10
_CENTRAL = (0.5, 0.9)


def left_out_pit(posterior: xr.Dataset, level: str, outcome: str, y: np.ndarray) -> xr.DataArray:
    """Return the probability integral transform of every unit's outcome, its outcomes left out.

    Parameters
    ----------
    posterior : draws of the exact engine
    y : (level,) the outcome, NaN where missing

    Returns
    -------
    xr.DataArray
        Dims (level,), units with an outcome; the coordinate ``pareto_k`` is that of the weights.
    """
    import xarray as xr
    from arviz_stats.base import array_stats
    from scipy import stats

    seen = np.flatnonzero(np.isfinite(y))
    stem = f"{level}.{outcome}"
    names = (f"{stem}.{PREDICTED}", f"{stem}.{PREDICTED_SD}", f"{level}.{OUTCOME_DENSITY}")
    mean, sd, density = (
        posterior[n].transpose("chain", "draw", level).values.reshape(-1, len(y))[:, seen] for n in names
    )
    log_weights, pareto_k = array_stats.psislw(density.T, axis=-1)
    below = stats.norm.cdf((y[seen] - mean) / sd)
    pit = np.sum(np.exp(log_weights).T * below, axis=0)
    coords = {level: posterior[level].values[seen], "pareto_k": (level, np.asarray(pareto_k, float))}
    return xr.DataArray(np.clip(pit, 0.0, 1.0), dims=level, coords=coords, name="pit")


def _run(definition: FitCheck, fit: Fit) -> Check:
    about = {**definition.about, "replication": "left-out teams", "side": "two-sided"}
    outcomes = queries.outcomes(fit.spec)
    if not outcomes:
        return not_applicable("the model has no outcome", **about)
    level = queries.outcome_level(fit.spec, outcomes[0])
    if f"{level}.{OUTCOME_DENSITY}" not in fit.posterior:
        reason = (
            f"engine '{fit.engine}': what to expect of an outcome given answers alone is known in closed "
            "form only where people and teams are integrated out"
        )
        return not_applicable(reason, **about)
    pits = {y: _pit_of(fit, level, y) for y in outcomes}
    pits = {y: pit for y, pit in pits.items() if pit.size >= _LEAST_TEAMS}
    if not pits:
        return not_applicable(f"fewer than {_LEAST_TEAMS} {plural(level)} have an outcome", **about)
    return _judged(pits, level, about)


def _pit_of(fit: Fit, level: str, outcome: str) -> xr.DataArray:
    y = np.asarray(fit.survey.column(level, outcome).values, float)
    return left_out_pit(fit.posterior, level, outcome, y)


def _judged(pits: dict[str, xr.DataArray], level: str, about: dict[str, str]) -> Check:
    import xarray as xr
    from scipy import stats

    each = {y: uniformity(pit.values) for y, pit in pits.items()}
    rows = [(y, pit.values, share) for y, pit in pits.items() for share in _CENTRAL]
    inside = [int(np.sum(np.abs(pit - 0.5) <= share / 2)) for _, pit, share in rows]
    sizes = np.array([len(pit) for _, pit, _ in rows])
    shares = np.array([share for *_, share in rows])
    low, high = (stats.binom.ppf(q, sizes, shares) / sizes for q in (0.025, 0.975))
    parts = [f"share in the central {share:.0%}" for share in shares]
    p_of = [stats.binomtest(k, int(n), s).pvalue for k, n, s in zip(inside, sizes, shares, strict=True)]
    values = xr.Dataset(
        {
            "observed": ("entry", np.array(inside) / sizes),
            "expected": ("entry", shares),
            "lower": ("entry", low),
            "upper": ("entry", high),
            "p": ("entry", np.array(p_of)),
            **{f"pit.{y}": (f"{level}.{y}", pit.values) for y, pit in pits.items()},
        },
        coords={
            "entry": [f"{y}: {part}" for (y, *_), part in zip(rows, parts, strict=True)],
            "of": ("entry", [y for y, *_ in rows]),
            "part": ("entry", parts),
            **{f"{level}.{y}": pit[level].values for y, pit in pits.items()},
        },
        attrs={"khat_max": max(float(pit["pareto_k"].max()) for pit in pits.values())},
    )
    p_value = min(1.0, len(each) * min(each.values()))
    status = "failed" if p_value < FAILS else "passed"
    return Check(status=status, p_value=p_value, values=values, **about)  # type: ignore[arg-type]


def uniformity(pit: np.ndarray) -> float:
    """Return the p-value of a test that values are uniform on (0, 1), dependent as LOO-PIT values are."""
    from arviz_stats.base import array_stats

    p_value, *_ = array_stats.uniformity_test(pit, method="pot_c")
    return float(p_value)


CALIBRATION = FitCheck(
    code="outcome.calibration",
    title="Calibration of predicted outcomes",
    question="Do outcomes of left-out teams lie where the model, knowing the team's answers, predicted them?",
    statistic="LOO-PIT values: are they uniform? (ordered values tested one by one, the p-values combined by "
    "Cauchy's rule)",
    run=_run,
)
