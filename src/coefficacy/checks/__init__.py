"""Checks of a fit against its data; agreement within teams, reliability of scores, measurement invariance."""

from __future__ import annotations

from coefficacy.checks.fitted_priors import FittedPrior, fitted_priors
from coefficacy.checks.measurement import (
    Agreement,
    Icc,
    Invariance,
    Reliability,
    ad_mean,
    agreement,
    awg,
    composition,
    icc,
    invariance,
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
    "Invariance",
    "PredictiveChecks",
    "Reliability",
    "RivalCheck",
    "ad_mean",
    "agreement",
    "awg",
    "composition",
    "fitted_priors",
    "icc",
    "invariance",
    "predictive_checks",
    "reliability",
    "rival_check",
    "rwg",
    "rwg_j",
    "rwg_lindell",
]
