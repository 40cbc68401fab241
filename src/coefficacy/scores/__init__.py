"""Scores of left-out units.

| module | holds |
|---|---|
| `teams` | `left_out_teams`: the scores of a model or a rival, computed once |
| `exact`, `left_out` | in closed form with PSIS; by refitting |
| `kept` | what a fit keeps of them; ArviZ's objects |
| `density` | densities and replicates of outcomes, draw by draw |
"""

from __future__ import annotations

from coefficacy.scores.exact import has_exact_scores, left_out_exact
from coefficacy.scores.kept import elpd_data, refits_of
from coefficacy.scores.left_out import Comparison, Refits, compare, left_out_units, scored_outcomes
from coefficacy.scores.teams import Account, account_of, left_out_teams, team_scores

__all__ = [
    "Account",
    "Comparison",
    "Refits",
    "account_of",
    "compare",
    "elpd_data",
    "has_exact_scores",
    "left_out_exact",
    "left_out_teams",
    "left_out_units",
    "refits_of",
    "scored_outcomes",
    "team_scores",
]
