"""Predictive checks by level.

| module | holds |
|---|---|
| `run` | `predictive_checks`: all checks of a fit; `replicate_survey` |
| `registry` | the checks, one code each |
| `categories`, `within_teams`, `between`, `calibration` | what each check computes |
| `check`, `plan` | a check's result; its definition |
| `latent_model`, `observed_model` | replicated data from draws, with and without latents |
| `latents`, `upper`, `items` | latents of a level, what comes from above teams, answers to items |
| `copies`, `draws`, `groups` | data once or many times; thinned draws; variance components |
"""

from __future__ import annotations

from coefficacy.checks.predictive.check import Check, PredictiveChecks
from coefficacy.checks.predictive.registry import CHECKS
from coefficacy.checks.predictive.run import predictive_checks, replicate_survey

__all__ = ["CHECKS", "Check", "PredictiveChecks", "predictive_checks", "replicate_survey"]
