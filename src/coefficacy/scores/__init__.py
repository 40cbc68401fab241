"""Scores of left-out units."""

from __future__ import annotations

from coefficacy.scores.exact import has_exact_scores, left_out_exact
from coefficacy.scores.left_out import Comparison, Refits, compare, left_out_units, scored_outcomes

__all__ = [
    "Comparison",
    "Refits",
    "compare",
    "has_exact_scores",
    "left_out_exact",
    "left_out_units",
    "scored_outcomes",
]
