"""Checks of a fit against its data, and agreement within teams."""

from __future__ import annotations

from coefficacy.checks.agreement import Agreement, Icc, ad_mean, agreement, awg, icc, rwg, rwg_j, rwg_lindell
from coefficacy.checks.predictive import Check, PredictiveChecks, predictive_checks
from coefficacy.checks.rival import RivalCheck, rival_check

__all__ = [
    "Agreement",
    "Check",
    "Icc",
    "PredictiveChecks",
    "RivalCheck",
    "ad_mean",
    "agreement",
    "awg",
    "icc",
    "predictive_checks",
    "rival_check",
    "rwg",
    "rwg_j",
    "rwg_lindell",
]
