"""From a fit to a verdict on the model's question."""

from __future__ import annotations

from coefficacy.verdicts.evidence import verdict
from coefficacy.verdicts.result import SCHEMA, Answer, Verdict
from coefficacy.verdicts.rule import Evidence, decide

__all__ = ["SCHEMA", "Answer", "Evidence", "Verdict", "decide", "verdict"]
