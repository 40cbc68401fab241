"""From a fit to a verdict on the model's question; how far priors move it is in `sensitivity`."""

from __future__ import annotations

from coefficacy.verdicts.calibration import CALIBRATION_FILE, Calibration, ErrorRates, rate_interval
from coefficacy.verdicts.evidence import answer_without_rival, evidence_of_effect, verdict
from coefficacy.verdicts.result import SCHEMA, Answer, Verdict
from coefficacy.verdicts.rule import Evidence, decide, settled

__all__ = [
    "CALIBRATION_FILE",
    "SCHEMA",
    "Answer",
    "Calibration",
    "ErrorRates",
    "Evidence",
    "Verdict",
    "answer_without_rival",
    "decide",
    "evidence_of_effect",
    "rate_interval",
    "settled",
    "verdict",
]
