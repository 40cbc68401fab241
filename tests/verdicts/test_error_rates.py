"""Error rates of a design: their intervals, their file, and the line they add to a verdict."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import coefficacy as co
from coefficacy.errors import StudyError
from coefficacy.spec import loads, queries
from coefficacy.verdicts import CALIBRATION_FILE, Calibration, ErrorRates

WORLD = co.simulate("C4", seed=1, n_teams=8, team_size=(3, 6))
SPEC = loads(WORLD.spec_text)
SURVEY = co.read_survey(SPEC, **dict(WORLD.tables))
SIZES = WORLD.tables["persons"].groupby("team_id").size().tolist()
RATES = (ErrorRates(0.0, 0, 20, 180), ErrorRates(0.1, 3, 10, 87), ErrorRates(0.3, 61, 0, 39, failed=2))


@pytest.fixture
def calibration() -> Calibration:
    scale = {"n_items": 5, "reliability": 0.4, "family": "ordinal", "categories": 5}
    design = {
        "sizes": SIZES[::-1],
        "layers": [k % 4 for k in range(8)],
        "collective_efficacy": scale,
        "self_efficacy": scale,
        "competence": {**scale, "n_items": 3, "family": "gaussian"},
        "missing": 0.0,
    }
    return Calibration(
        "A model", queries.spec_hash(SPEC), "a world", design, {"seed": 1}, RATES, ("FitError: no",),
        {"abc": 302}, {"numba": "1"}, 12.5,
    )  # fmt: skip


def test_intervals_are_the_exact_binomial_ones() -> None:
    """Closed forms at the ends: 1 - (alpha / 2)^(1 / n) for no success."""
    low, high = RATES[0].interval("supported")
    assert (low, high) == pytest.approx((0, 1 - 0.025 ** (1 / 200)))
    assert ErrorRates(0.3, 10, 0, 0).interval("supported") == pytest.approx((0.025**0.1, 1))
    assert ErrorRates(0.0, 0, 0, 0, failed=3).interval("refuted") == (0, 1)


def test_the_line_names_both_ends(calibration: Calibration) -> None:
    assert calibration.sentence() == (
        "With a design like this, the rule says supported in 0 of 200 simulated worlds without an effect "
        "(95% interval 0 to 2%) and in 61 of 100 simulated worlds with an effect of 0.3 "
        "(95% interval 51 to 71%)."
    )
    assert replace(calibration, rates=RATES[2:]).sentence().count("worlds") == 1
    assert replace(calibration, rates=(ErrorRates(0.0, 0, 0, 0, failed=3),)).sentence() == ""


def test_the_file_gives_it_back(calibration: Calibration, tmp_path: Path) -> None:
    (tmp_path / CALIBRATION_FILE).write_text(calibration.to_json())
    assert Calibration.read(tmp_path) == calibration
    first = json.loads(calibration.to_json())["rates"][0]
    assert first["n"] == 200
    assert first["intervals"]["supported"][1] == pytest.approx(0.0183, abs=1e-4)


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        (None, "holds no calibration.json. Name the folder"),
        ("nonsense", "is no calibration"),
        ("{}", "is no calibration"),
        ('{"schema": 9}', "has schema 9; this version reads 1"),
        ('{"schema": 1, "rates": [{"effect": 0}]}', "is no calibration"),
    ],
)
def test_files_that_are_none(text: str | None, fragment: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / CALIBRATION_FILE).write_text(text)
    with pytest.raises(StudyError, match=fragment):
        Calibration.read(tmp_path)


def test_the_same_model_and_design_are_taken(calibration: Calibration) -> None:
    calibration.refuse_other(SPEC, SURVEY)


def test_another_model_is_refused(calibration: Calibration) -> None:
    with pytest.raises(StudyError, match=r"it is of another model file \('A model'\)"):
        calibration.refuse_other(replace(SPEC, title="Another"), SURVEY)


def test_another_design_is_refused_with_the_differences(calibration: Calibration) -> None:
    design = calibration.design
    other = design | {"sizes": [4] * 9, "layers": [0, 1] * 4, "self_efficacy": {**design["competence"]}}
    with pytest.raises(StudyError) as caught:
        replace(calibration, design=other).refuse_other(SPEC, SURVEY)
    message = str(caught.value)
    assert f"it is of 9 teams of 4 (36 people); the survey has 8 teams of 3 to {max(SIZES)}" in message
    assert "it is of 2 layers; the survey has 4." in message
    assert "it is of 3 items of self_efficacy; the survey has 5." in message
