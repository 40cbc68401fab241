"""Whether consensus emerges over time (claim C2, process composition)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from coefficacy.errors import FitError, Problem
from coefficacy.estimands.labels import labelled
from coefficacy.spec import queries

if TYPE_CHECKING:
    from coefficacy.sampling import Fit

__all__ = ["consensus_emergence"]


def consensus_emergence(fit: Fit, *, of: str, by: str) -> xr.Dataset:
    r"""Return how fast what is left of the differences within units shrinks (or grows).

    .. math:: Var(e_{ijt}) = \sigma^2 \exp(2 \delta t)

    Parameters
    ----------
    of : an outcome whose file has ``"sd(y)"`` on a left-hand side
    by : time, a predictor in that equation

    Returns
    -------
    xarray.Dataset
        ``delta`` (headline), the change of the log residual SD per unit of time, below zero where consensus
        emerges; ``ratio``, exp(delta), what one unit of time leaves of the SD; ``remains``, what is left of
        it from the first to the last time observed. Dims (chain, draw).

    Raises
    ------
    FitError
        The model has no such equation, or time is not in it.

    References
    ----------
    Lang, Bliese and de Voogt (2018), doi:10.1111/peps.12260.

    Examples
    --------
    >>> consensus_emergence(fit, of="belief", by="wave").delta  # doctest: +SKIP
    """
    spread = next((s for s in fit.spec.spreads if s.response == of), None)
    if spread is None or by not in map(str, spread.formula.terms):
        mend = f'Write "sd({of})" = "{by}" beside the equation of {of}.'
        raise FitError(Problem("consensus_emergence", f"sd({of}) does not depend on {by}.", mend))
    name = queries.spread_name(spread)
    delta = fit.posterior[name].sel({f"{name}.term": by}, drop=True)
    span = float(np.ptp(fit.survey.column(spread.level, by).values))
    words = of.replace("_", " ")
    return labelled(
        {
            "delta": (delta, f"change of the log residual SD of {words} per unit of {by}"),
            "ratio": (
                delta.copy(data=np.exp(delta.values)),
                f"share of the residual SD of {words} that one unit of {by} leaves",
            ),
            "remains": (
                delta.copy(data=np.exp(span * delta.values)),
                f"share of it left from the first to the last {by}",
            ),
        },
        headline="delta",
        source="doi:10.1111/peps.12260",
    )
