"""Bayesian multilevel models of collective efficacy: from a team survey to a verdict.

Names are loaded when first used, so that ``import coefficacy`` stays fast.

Examples
--------
>>> import coefficacy as co
>>> co.load_model("adaptation").claim
'C4'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coefficacy.checks import Check as Check
    from coefficacy.checks import PredictiveChecks as PredictiveChecks
    from coefficacy.checks import agreement as agreement
    from coefficacy.checks import composition as composition
    from coefficacy.checks import predictive_checks as predictive_checks
    from coefficacy.checks import reliability as reliability
    from coefficacy.datasets import list_datasets as list_datasets
    from coefficacy.datasets import load_dataset as load_dataset
    from coefficacy.datasets import load_demo as load_demo
    from coefficacy.errors import CoefficacyError as CoefficacyError
    from coefficacy.errors import FitError as FitError
    from coefficacy.errors import Interrupted as Interrupted
    from coefficacy.errors import SpecError as SpecError
    from coefficacy.errors import StudyError as StudyError
    from coefficacy.errors import SurveyError as SurveyError
    from coefficacy.estimands import ceiling as ceiling
    from coefficacy.estimands import confounding as confounding
    from coefficacy.estimands import consensus_emergence as consensus_emergence
    from coefficacy.estimands import contextual_effect as contextual_effect
    from coefficacy.estimands import discordant_teams as discordant_teams
    from coefficacy.estimands import dispersion as dispersion
    from coefficacy.estimands import elasticity as elasticity
    from coefficacy.estimands import emergent_share as emergent_share
    from coefficacy.estimands import estimate as estimate
    from coefficacy.estimands import intervene as intervene
    from coefficacy.estimands import necessity as necessity
    from coefficacy.estimands import settings as settings
    from coefficacy.estimands import two_sources as two_sources
    from coefficacy.reporting import ReportOfRecord as ReportOfRecord
    from coefficacy.reporting import plot_ceiling as plot_ceiling
    from coefficacy.reporting import plot_check as plot_check
    from coefficacy.reporting import plot_confounding as plot_confounding
    from coefficacy.reporting import plot_corners as plot_corners
    from coefficacy.reporting import plot_discordant_teams as plot_discordant_teams
    from coefficacy.reporting import plot_paths as plot_paths
    from coefficacy.reporting import plot_power as plot_power
    from coefficacy.reporting import plot_settings as plot_settings
    from coefficacy.reporting import report as report
    from coefficacy.reporting import report_of_record as report_of_record
    from coefficacy.sampling import Fit as Fit
    from coefficacy.sampling import fit as fit
    from coefficacy.scores import Stacking as Stacking
    from coefficacy.scores import StackingPriors as StackingPriors
    from coefficacy.scores import left_out_layers as left_out_layers
    from coefficacy.scores import left_out_teams as left_out_teams
    from coefficacy.scores import stack as stack
    from coefficacy.spec import ModelSpec as ModelSpec
    from coefficacy.spec import list_models as list_models
    from coefficacy.spec import load_model as load_model
    from coefficacy.studies import calibrate as calibrate
    from coefficacy.studies import teams_needed as teams_needed
    from coefficacy.survey import Survey as Survey
    from coefficacy.survey import read_survey as read_survey
    from coefficacy.verdicts import Verdict as Verdict
    from coefficacy.verdicts import verdict as verdict
    from coefficacy.verdicts.sensitivity import PriorSensitivity as PriorSensitivity
    from coefficacy.verdicts.sensitivity import prior_sensitivity as prior_sensitivity
    from coefficacy.worlds import simulate as simulate

_HOMES = {
    "Check": "checks",
    "PredictiveChecks": "checks",
    "agreement": "checks",
    "composition": "checks",
    "reliability": "checks",
    "predictive_checks": "checks",
    "list_datasets": "datasets",
    "load_dataset": "datasets",
    "load_demo": "datasets",
    "CoefficacyError": "errors",
    "FitError": "errors",
    "Interrupted": "errors",
    "SpecError": "errors",
    "StudyError": "errors",
    "SurveyError": "errors",
    "consensus_emergence": "estimands",
    "contextual_effect": "estimands",
    "dispersion": "estimands",
    "settings": "estimands",
    "confounding": "estimands",
    "intervene": "estimands",
    "two_sources": "estimands",
    "ceiling": "estimands",
    "elasticity": "estimands",
    "discordant_teams": "estimands",
    "emergent_share": "estimands",
    "estimate": "estimands",
    "necessity": "estimands",
    "ReportOfRecord": "reporting",
    "plot_ceiling": "reporting",
    "plot_check": "reporting",
    "plot_confounding": "reporting",
    "plot_paths": "reporting",
    "plot_corners": "reporting",
    "plot_discordant_teams": "reporting",
    "plot_power": "reporting",
    "plot_settings": "reporting",
    "report": "reporting",
    "report_of_record": "reporting",
    "Fit": "sampling",
    "fit": "sampling",
    "Stacking": "scores",
    "StackingPriors": "scores",
    "left_out_layers": "scores",
    "left_out_teams": "scores",
    "stack": "scores",
    "ModelSpec": "spec",
    "list_models": "spec",
    "load_model": "spec",
    "Survey": "survey",
    "read_survey": "survey",
    "calibrate": "studies",
    "teams_needed": "studies",
    "PriorSensitivity": "verdicts.sensitivity",
    "Verdict": "verdicts",
    "prior_sensitivity": "verdicts.sensitivity",
    "verdict": "verdicts",
    "simulate": "worlds",
}
"""Public name to the module that defines it."""

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    if name not in _HOMES:
        raise AttributeError(f"module 'coefficacy' has no attribute {name!r}")
    value = getattr(import_module(f"coefficacy.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("coefficacy")
    except PackageNotFoundError:
        return "0+unknown"


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
