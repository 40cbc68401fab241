"""Tables, figures and one HTML page about a result."""

from __future__ import annotations

from coefficacy.reporting.calibration import calibration_text, write_calibration
from coefficacy.reporting.check_plots import plot_check
from coefficacy.reporting.condition_plots import plot_ceiling, plot_corners
from coefficacy.reporting.discordance_plot import plot_discordant_teams
from coefficacy.reporting.folder import OutputFolder
from coefficacy.reporting.layer_plots import plot_layer_paths
from coefficacy.reporting.page import render_report
from coefficacy.reporting.paths import plot_confounding, plot_paths
from coefficacy.reporting.power import plot_power, write_power
from coefficacy.reporting.record import RecordItem, ReportOfRecord, report_of_record
from coefficacy.reporting.results import (
    RESULT_FILES,
    partial_folder,
    rebuild_page,
    report,
    result_folder,
    write_partial,
    write_results,
)
from coefficacy.reporting.settings_plot import plot_settings
from coefficacy.reporting.tables import team_estimates
from coefficacy.reporting.weight_plots import plot_account_weights

__all__ = [
    "RESULT_FILES",
    "OutputFolder",
    "RecordItem",
    "ReportOfRecord",
    "calibration_text",
    "partial_folder",
    "plot_account_weights",
    "plot_ceiling",
    "plot_check",
    "plot_confounding",
    "plot_corners",
    "plot_discordant_teams",
    "plot_layer_paths",
    "plot_paths",
    "plot_power",
    "plot_settings",
    "rebuild_page",
    "render_report",
    "report",
    "report_of_record",
    "result_folder",
    "team_estimates",
    "write_calibration",
    "write_partial",
    "write_power",
    "write_results",
]
