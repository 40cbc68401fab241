"""From a fit to a verdict on the model's question."""

from __future__ import annotations

from coefficacy.verdicts.calibration import CALIBRATION_FILE, Calibration, ErrorRates, rate_interval
from coefficacy.verdicts.evidence import answer_without_rival, evidence_of_effect, verdict
from coefficacy.verdicts.result import SCHEMA, Answer, Verdict
from coefficacy.verdicts.rule import Evidence, decide, settled
from coefficacy.verdicts.sensitivity import PriorSensitivity, ScaledPrior, prior_sensitivity

__all__ = [
    "CALIBRATION_FILE",
    "SCHEMA",
    "Answer",
    "Calibration",
    "ErrorRates",
    "Evidence",
    "PriorSensitivity",
    "ScaledPrior",
    "Verdict",
    "answer_without_rival",
    "decide",
    "evidence_of_effect",
    "prior_sensitivity",
    "rate_interval",
    "settled",
    "verdict",
]
