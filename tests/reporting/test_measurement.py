from __future__ import annotations

from dataclasses import replace

import pytest
import xarray as xr
from synthetic_fit import flagship_fit, flagship_verdict

from coefficacy.checks import agreement, reliability
from coefficacy.reporting.measurement import measurement_section
from coefficacy.sampling import Fit


@pytest.fixture(scope="module")
def fit() -> Fit:
    return flagship_fit(12)


def test_answers_and_model_each_have_a_table_with_every_measure(fit: Fit) -> None:
    found = measurement_section(fit, flagship_verdict(fit))
    assert found is not None
    for table in (found["answers"], found["model"]):
        assert [row[0] for row in table.rows] == ["collective efficacy", "self efficacy", "competence"]
        assert {len(row) for row in table.rows} == {len(table.columns)}


def test_cells_are_those_of_the_functions(fit: Fit) -> None:
    found = measurement_section(fit, flagship_verdict(fit))
    assert found is not None
    seen, modelled = agreement(fit.survey, "self_efficacy"), reliability(fit, "self_efficacy")
    row = dict(zip(found["answers"].columns, found["answers"].rows[1], strict=True))
    assert row["ICC(1)"] == f"{seen.icc1:.2f}".replace("-", "−")
    assert row["rwg(j)"] == f"{seen.rwg_j:.2f}"
    within = int((seen.by_team["ad_mean"] <= seen.ad_cutoff).sum())
    assert row["teams within"] == f"{within} of 12"
    model = dict(zip(found["model"].columns, found["model"].rows[1], strict=True))
    mean, _, low, high = modelled.summary["omega_within"].values
    assert model["omega within teams"] == f"{mean:.2f} ({low:.2f} to {high:.2f})"


def test_what_has_no_scale_is_not_available_and_said(fit: Fit) -> None:
    found = measurement_section(fit, flagship_verdict(fit))
    assert found is not None
    row = dict(zip(found["answers"].columns, found["answers"].rows[2], strict=True))
    assert row["rwg(j)"] == row["AD limit"] == row["teams within"] == "n/a"
    assert any(note.startswith("Competence: The items have no scale") for note in found["notes"])


def test_a_note_on_two_measures_is_said_once(fit: Fit) -> None:
    found = measurement_section(fit, flagship_verdict(fit))
    assert found is not None
    about = [note for note in found["notes"] if "latent responses" in note]
    assert len(about) == 1
    assert about[0].startswith("Collective efficacy, self efficacy: ")


def test_draws_without_measurement_parameters_leave_the_answers(fit: Fit) -> None:
    bare = fit.posterior[["team.adaptation", "team.adaptation.std"]]
    found = measurement_section(
        replace(fit, tree=xr.DataTree.from_dict({"/posterior": bare})), flagship_verdict(fit)
    )
    assert found is not None
    assert found["model"] is None
    assert len(found["answers"].rows) == 3
    assert any("No reliability under the model. posterior: holds no" in note for note in found["notes"])


def test_a_verdict_without_measures_has_no_section(fit: Fit) -> None:
    assert measurement_section(fit, flagship_verdict(fit, agreement={})) is None
