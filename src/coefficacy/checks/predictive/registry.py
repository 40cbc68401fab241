"""All predictive checks, in the order in which they are shown."""

from __future__ import annotations

from coefficacy.checks.predictive.between import BETWEEN_ITEMS, BETWEEN_LAYERS, BETWEEN_TEAMS
from coefficacy.checks.predictive.calibration import CALIBRATION
from coefficacy.checks.predictive.categories import CATEGORIES
from coefficacy.checks.predictive.plan import FitCheck, ReplicatedCheck
from coefficacy.checks.predictive.within_teams import AGREEMENT

__all__ = ["CHECKS", "FIT_CHECKS", "REPLICATED_CHECKS"]

REPLICATED_CHECKS: tuple[ReplicatedCheck, ...] = (
    CATEGORIES,
    AGREEMENT,
    BETWEEN_TEAMS,
    BETWEEN_ITEMS,
    BETWEEN_LAYERS,
)
FIT_CHECKS: tuple[FitCheck, ...] = (CALIBRATION,)
CHECKS: tuple[ReplicatedCheck | FitCheck, ...] = (*REPLICATED_CHECKS, *FIT_CHECKS)
