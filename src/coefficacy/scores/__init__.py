"""Scores of left-out units."""

from __future__ import annotations

from coefficacy.scores.left_out import Comparison, Refits, compare, left_out_units, scored_outcomes

__all__ = ["Comparison", "Refits", "compare", "left_out_units", "scored_outcomes"]
