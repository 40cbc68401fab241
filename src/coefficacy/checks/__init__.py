"""Checks of a fit against its data; agreement within teams and reliability of their scores."""

from __future__ import annotations

from coefficacy.checks.fitted_priors import FittedPrior, fitted_priors
from coefficacy.checks.measurement import (
    Agreement,
    Icc,
    Reliability,
    ad_mean,
    agreement,
    awg,
    composition,
    icc,
    reliability,
    rwg,
    rwg_j,
    rwg_lindell,
)
from coefficacy.checks.predictive import Check, PredictiveChecks, predictive_checks
from coefficacy.checks.rival import RivalCheck, rival_check

__all__ = [
    "Agreement",
    "Check",
    "FittedPrior",
    "Icc",
    "PredictiveChecks",
    "Reliability",
    "RivalCheck",
    "ad_mean",
    "agreement",
    "awg",
    "composition",
    "fitted_priors",
    "icc",
    "predictive_checks",
    "reliability",
    "rival_check",
    "rwg",
    "rwg_j",
    "rwg_lindell",
]
