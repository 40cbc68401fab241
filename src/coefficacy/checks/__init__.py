"""Checks of a fit against its data, and agreement within teams."""

from __future__ import annotations

from coefficacy.checks.agreement import Agreement, Icc, ad_mean, agreement, awg, icc, rwg, rwg_j, rwg_lindell
from coefficacy.checks.fitted_priors import FittedPrior, fitted_priors
from coefficacy.checks.rival import RivalCheck, rival_check

__all__ = [
    "Agreement",
    "FittedPrior",
    "Icc",
    "RivalCheck",
    "ad_mean",
    "agreement",
    "awg",
    "fitted_priors",
    "icc",
    "rival_check",
    "rwg",
    "rwg_j",
    "rwg_lindell",
]
