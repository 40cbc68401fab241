"""Parameters of a fit in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coefficacy.dims import SAMPLE
from coefficacy.sampling.entries import PARAMETER, parameter_entries
from coefficacy.sampling.result import Fit

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SUMMARY_COLUMNS", "parameter_names", "summary"]

SUMMARY_COLUMNS = ("parameter", "mean", "sd", "q2_5", "q97_5", "ess_bulk", "ess_tail", "r_hat", "mcse_mean")


def parameter_names(fit: Fit) -> list[str]:
    """Return the variables of the posterior that are model parameters.

    Latents of persons and teams and steps on the way (thresholds' gaps, standardised residuals) are not.
    """
    return [name for name in fit.parameters if name in fit.tree["posterior"]]


def summary(fit: Fit) -> pd.DataFrame:
    """Return one row for every entry of every parameter.

    Columns
    -------
    parameter : ``name``, ``name[a]`` or ``name[a, b]``
    mean, sd, q2_5, q97_5 : of the posterior
    ess_bulk, ess_tail, r_hat, mcse_mean : how well the draws know them

    Entries that are constants (the diagonal of a correlation matrix) are left out.

    Examples
    --------
    >>> summary(fit).set_index("parameter").loc["team.adaptation[prior]", "mean"]  # doctest: +SKIP
    0.41
    """
    import arviz as az
    import pandas as pd

    entries = parameter_entries(fit.posterior, parameter_names(fit))
    moving = np.ptp(entries.values, axis=(0, 1)) > 0
    fixed = [label.split("[")[0] in fit.constant_entries for label in entries[PARAMETER].values]
    entries = entries.isel({PARAMETER: moving | ~np.array(fixed, dtype=bool)})
    if not entries.sizes[PARAMETER]:
        return pd.DataFrame(columns=list(SUMMARY_COLUMNS))
    low, high = np.quantile(entries.values, [0.025, 0.975], axis=(0, 1))
    return pd.DataFrame(
        {
            "parameter": entries[PARAMETER].values,
            "mean": entries.mean(SAMPLE).values,
            "sd": entries.std(SAMPLE, ddof=1).values,
            "q2_5": low,
            "q97_5": high,
            "ess_bulk": az.ess(entries, method="bulk").values,
            "ess_tail": az.ess(entries, method="tail").values,
            "r_hat": az.rhat(entries).values,
            "mcse_mean": az.mcse(entries, method="mean").values,
        },
        columns=list(SUMMARY_COLUMNS),
    )
