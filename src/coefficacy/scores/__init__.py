"""Scores of left-out units.

| module | holds |
|---|---|
| `teams` | `left_out_teams`: the scores of a model or a rival, computed once |
| `whole` | teams left out with their answers, in closed form |
| `layers` | `left_out_layers`: all teams of a layer jointly, by refitting |
| `equation` | a rival's equation, fitted to expected latents |
| `exact`, `left_out`, `refitting` | in closed form with PSIS; by refitting |
| `kept` | what a fit keeps of them; ArviZ's objects |
| `stacking` | `stack`: weights of several models by their scores |
| `stacking_data`, `stacking_model`, `stacking_result` | what it is given, its PyMC model, what it returns |
| `mixture`, `mixture_model` | `mix`: the share of teams that follow each of two accounts |
| `density` | densities and replicates of outcomes, draw by draw |
"""

from __future__ import annotations

from coefficacy.scores.equation import is_rival_of_answers, with_expected
from coefficacy.scores.exact import has_exact_scores, left_out_exact
from coefficacy.scores.kept import elpd_data, refits_of
from coefficacy.scores.layers import left_out_layers
from coefficacy.scores.left_out import Comparison, LeftOut, Refits, compare, left_out_units, scored_outcomes
from coefficacy.scores.mixture import Mixture, mix
from coefficacy.scores.stacking import stack
from coefficacy.scores.stacking_model import StackingPriors
from coefficacy.scores.stacking_result import Stacking
from coefficacy.scores.teams import fit_rival, left_out_teams, team_scores, whole_scores
from coefficacy.scores.whole import left_out_whole

__all__ = [
    "Comparison",
    "LeftOut",
    "Mixture",
    "Refits",
    "Stacking",
    "StackingPriors",
    "compare",
    "elpd_data",
    "fit_rival",
    "has_exact_scores",
    "is_rival_of_answers",
    "left_out_exact",
    "left_out_layers",
    "left_out_teams",
    "left_out_units",
    "left_out_whole",
    "mix",
    "refits_of",
    "scored_outcomes",
    "stack",
    "team_scores",
    "whole_scores",
    "with_expected",
]
