"""Malformed models, tables and options: each ends in exit code 2, one readable block and no output folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coefficacy.cli import main
from coefficacy.errors import CoefficacyError
from coefficacy.spec import load_model
from coefficacy.survey import read_survey

MODEL = """
[about]
title = "A small model"
[levels]
person = "person_id"
team = "team_id"
layer = "layer"
[measures.efficacy]
items = ["ce_*"]
family = "ordinal"
scale = [1, 5]
[measures.skill]
items = ["skill_*"]
[person]
efficacy = "skill"
[team]
efficacy = "skill + mastery"
outcome = "efficacy + skill + prior + (1 | layer)"
[families]
outcome = "gaussian"
[rivals.skill_only.team]
outcome = "skill + prior + (1 | layer)"
[question]
effect = "team.outcome ~ efficacy"
rival = "skill_only"
"""

type Change = Callable[[pd.DataFrame], pd.DataFrame | None]


def persons() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    n = 48
    items = {f"ce_{k}": rng.integers(1, 6, n) for k in range(1, 4)}
    tests = {f"skill_{k}": rng.normal(size=n).round(3) for k in range(1, 3)}
    ids = {"person_id": [f"p{i:02d}" for i in range(n)], "team_id": [f"t{i % 8}" for i in range(n)]}
    return pd.DataFrame(ids | items | tests)


def teams() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    ids = {"team_id": [f"t{i}" for i in range(8)], "layer": [f"l{i % 2}" for i in range(8)]}
    return pd.DataFrame(ids | {name: rng.normal(size=8).round(3) for name in ("mastery", "prior", "outcome")})


@pytest.fixture
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model file and two tables that are all right; nothing may be sampled."""

    def unreachable(*_: object, **__: object) -> None:
        raise AssertionError("sampling was reached")

    monkeypatch.setattr("coefficacy.sampling.fit", unreachable)
    monkeypatch.setattr("coefficacy.studies.run.processes", unreachable)
    (tmp_path / "model.toml").write_text(MODEL)
    persons().to_csv(tmp_path / "persons.csv", index=False)
    teams().to_csv(tmp_path / "teams.csv", index=False)
    return tmp_path


def fit_argv(folder: Path, *more: str) -> list[str]:
    tables = ["--persons", str(folder / "persons.csv"), "--teams", str(folder / "teams.csv")]
    return ["fit", str(folder / "model.toml"), *tables, "--out", str(folder / "out"), *more]


def assert_refused(argv: list[str], fragment: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(path.name for path in folder.iterdir())
    code = main(argv)
    printed = capsys.readouterr()
    lines = printed.err.rstrip("\n").split("\n")
    assert code == 2
    assert fragment in printed.err.replace(str(folder), "")
    assert printed.out == ""
    assert "Traceback" not in printed.err
    assert [line.startswith("coefficacy: ") for line in lines] == [True] + [False] * (len(lines) - 1)
    assert all(line.strip() for line in lines)
    assert len(lines) < 20
    assert sorted(path.name for path in folder.iterdir()) == before


def test_the_inputs_themselves_are_sound(inputs: Path) -> None:
    survey = read_survey(
        load_model(inputs / "model.toml"), persons=inputs / "persons.csv", teams=inputs / "teams.csv"
    )
    assert survey.n == {"person": 48, "team": 8, "layer": 2}


# Model files ----------------------------------------------------------------------------------------------

MODELS = {
    "not TOML": ('title = "A small model"', "title = A small model", "not valid TOML"),
    "key twice": ('layer = "layer"', 'layer = "layer"\nlayer = "site"', "not valid TOML"),
    "no levels": (MODEL[MODEL.index("[levels]") : MODEL.index("[measures.efficacy]")], "", "levels"),
    "unknown section": ("[families]", "[familys]", "Did you mean 'families'"),
    "unknown key": ('items = ["skill_*"]', 'item = ["skill_*"]', "Did you mean 'items'"),
    "unknown family": ('family = "ordinal"', 'family = "ordinary"', "Did you mean 'ordinal'"),
    "scale turned round": ("scale = [1, 5]", "scale = [5, 1]", "scale"),
    "scale of one number": ("scale = [1, 5]", "scale = [1]", "scale"),
    "items missing": ('items = ["skill_*"]\n', "", "items"),
    "unclosed parenthesis": ('"efficacy + skill + prior', '"(efficacy + skill + prior', "team.outcome"),
    "function that is not allowed": ('"efficacy + skill + prior', '"exp(efficacy) + skill', "exp"),
    "code in a formula": ('"efficacy + skill', "\"__import__('os') + skill", "team.outcome"),
    "operator that is not allowed": ('"efficacy + skill', '"efficacy ** skill', "team.outcome"),
    "term twice": ('"efficacy + skill + prior', '"efficacy + skill + skill', "skill"),
    "random effect of an unknown level": (
        'skill + prior + (1 | layer)"\n[families]',
        'skill + prior + (1 | lair)"\n[families]',
        "lair",
    ),
    "cycle": ('efficacy = "skill + mastery"', 'efficacy = "skill + outcome"', "cycle"),
    "effect that is no term": ("~ efficacy", "~ eficacy", "Did you mean 'team.outcome ~ efficacy'"),
    "unknown rival": ('rival = "skill_only"', 'rival = "skil_only"', "Did you mean 'skill_only'"),
    "unknown direction": ("[question]", '[question]\ndirection = "upwards"', "direction"),
    "ROPE turned round": ("[question]", "[question]\nrope = [0.1, -0.1]", "rope"),
    "unknown distribution": (
        "[question]",
        '[priors]\n"sd(team.outcome)" = "HalfNorml(1)"\n[question]',
        "HalfNormal",
    ),
    "negative SD of a prior": (
        "[question]",
        '[priors]\n"team.outcome ~ skill" = "Normal(0, -1)"\n[question]',
        "Normal",
    ),
    "prior of an unknown parameter": (
        "[question]",
        '[priors]\n"team.outcom ~ skill" = "Normal(0, 1)"\n[question]',
        "team.outcome",
    ),
    "family of an unknown outcome": ('outcome = "gaussian"', 'outcom = "gaussian"', "Did you mean 'outcome'"),
}


@pytest.mark.parametrize(("old", "new", "fragment"), MODELS.values(), ids=MODELS)
def test_model_file(
    old: str, new: str, fragment: str, inputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert old in MODEL
    (inputs / "model.toml").write_text(MODEL.replace(old, new))
    assert_refused(fit_argv(inputs), fragment, inputs, capsys)


# Tables ---------------------------------------------------------------------------------------------------


def put(column: str, row: int, value: object) -> Change:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        frame[column] = frame[column].astype(object)
        frame.loc[row, column] = value
        return frame

    return change


TABLES: dict[str, tuple[str, Change, str]] = {
    "missing column": ("teams", lambda f: f.drop(columns="prior"), "column 'prior'"),
    "column with a typing error": (
        "teams",
        lambda f: f.rename(columns={"prior": "priorr"}),
        "Did you mean 'priorr'",
    ),
    "missing key": ("persons", lambda f: f.drop(columns="team_id"), "column 'team_id'"),
    "no items": ("persons", lambda f: f.drop(columns=["ce_1", "ce_2", "ce_3"]), "'ce_*'"),
    "item outside its scale": ("persons", put("ce_2", 4, 6), "outside the scale 1 to 5"),
    "item between two answers": ("persons", put("ce_2", 4, 2.5), "ce_2"),
    "constant item": ("persons", lambda f: f.assign(ce_1=3), "constant"),
    "item without any answer": ("persons", lambda f: f.assign(ce_1=np.nan), "column 'ce_1'"),
    "text in a number": ("persons", put("skill_1", 3, "high"), "'high' in row 4"),
    "infinite value": ("teams", put("mastery", 0, "inf"), "column 'mastery'"),
    "missing predictor": ("teams", put("prior", 2, None), "column 'prior'"),
    "outcome all missing": ("teams", lambda f: f.assign(outcome=np.nan), "column 'outcome'"),
    "text in an outcome": ("teams", put("outcome", 1, "good"), "column 'outcome'"),
    "person in two teams": ("persons", lambda f: pd.concat([f, f.iloc[[0]].assign(team_id="t5")]), "p00"),
    "duplicate person": ("persons", lambda f: pd.concat([f, f.iloc[[0]]]), "p00"),
    "duplicate team": ("teams", lambda f: pd.concat([f, f.iloc[[0]]]), "t0"),
    "unknown team": ("persons", put("team_id", 0, "t99"), "'t99'"),
    "team without people": ("persons", lambda f: f[f["team_id"] != "t7"], "'t7'"),
    "person without a team": ("persons", put("team_id", 6, None), "row 7"),
    "person without an id": ("persons", put("person_id", 6, None), "row 7"),
    "team without a layer": ("teams", put("layer", 3, None), "column 'layer'"),
    "team in two layers": ("teams", lambda f: pd.concat([f, f.iloc[[0]].assign(layer="l1")]), "t0"),
    "one team": ("persons", lambda f: f.assign(team_id="t0"), "t1"),
    "column twice": ("teams", lambda f: pd.concat([f, f[["prior"]]], axis=1), "occurs more than once"),
    "header only": ("persons", lambda f: f.iloc[:0], "no rows"),
}


@pytest.mark.parametrize(("table", "change", "fragment"), TABLES.values(), ids=TABLES)
def test_table(
    table: str, change: Change, fragment: str, inputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = change(persons() if table == "persons" else teams())
    assert frame is not None
    frame.to_csv(inputs / f"{table}.csv", index=False)
    assert_refused(fit_argv(inputs), fragment, inputs, capsys)


FILES = {
    "empty file": ("persons.csv", b"", "empty"),
    "ragged file": ("persons.csv", b"person_id,team_id\np1,t1,3\n", "line 2"),
    "binary file": ("persons.csv", b"\x00\x01\x02\x03" * 40, "binary"),
    "wrong encoding": ("teams.csv", "team_id,layer\nt\u00e9am,l\n".encode("latin-1"), "UTF-8"),
    "open quote": ("teams.csv", b'team_id,layer\n"t1,l1\nt2,l2\n', "quote"),
    "unknown kind of file": ("persons.docx", b"PK", "'.docx' cannot be read"),
    "file that is no Parquet": ("persons.parquet", b"person_id,team_id\n", "cannot be read as Parquet"),
}


@pytest.mark.parametrize(("name", "content", "fragment"), FILES.values(), ids=FILES)
def test_file(
    name: str, content: bytes, fragment: str, inputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (inputs / name).write_bytes(content)
    argv = [text.replace(f"{name.partition('.')[0]}.csv", name) for text in fit_argv(inputs)]
    assert_refused(argv, fragment, inputs, capsys)


# Options --------------------------------------------------------------------------------------------------

OPTIONS = {
    "draws of nothing": (["--draws", "0"], "'--draws'"),
    "draws that are no number": (["--draws", "many"], "'--draws'"),
    "no chain": (["--chains", "0"], "'--chains'"),
    "negative seed": (["--seed", "-1"], "'--seed'"),
    "unknown engine": (["--engine", "quick"], "'auto', 'marginal', 'explicit'"),
    "unknown option": (["--drawz", "100"], "--drawz"),
    "table without a level": (["--table", "sites.csv"], "'sites.csv' is not LEVEL=FILE"),
    "table of an unknown level": (["--table", "layr=x.csv"], "Did you mean 'layer'"),
    "two tables for a level": (["--table", "layer=a.csv", "--table", "layer=b.csv"], "given twice"),
    "table that is not there": (["--layers", "nowhere.csv"], "no such file"),
    "extra argument": (["surplus"], "surplus"),
    "calibration that is not there": (["--calibration", "nowhere"], "nowhere: holds no calibration.json"),
}


@pytest.mark.parametrize(("more", "fragment"), OPTIONS.values(), ids=OPTIONS)
def test_option(more: list[str], fragment: str, inputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert_refused(fit_argv(inputs, *more), fragment, inputs, capsys)


COMMANDS = {
    "unknown command": (["fitt"], "fitt"),
    "no model": (["fit", "--out", "{folder}/out"], "model"),
    "no output folder": (["fit", "C4"], "'--out'"),
    "unknown model": (["fit", "adaption", "--out", "{folder}/out"], "Did you mean 'adaptation'"),
    "model file that is not there": (["check", "{folder}/modl.toml"], "Did you mean 'model.toml'"),
    "no tables": (["check", "C4"], "no table is given for the lowest level"),
    "unknown model to show": (["models", "C99"], "no such model"),
    "report of no result": (["report", "{folder}"], "holds no fit.nc"),
    "simulation of an unknown claim": (
        ["simulate", "C99", "--out", "{folder}/out"],
        "no world for claim 'C99'",
    ),
    "simulation of one team": (["simulate", "C4", "--out", "{folder}/out", "--teams", "1"], "'--teams'"),
    "simulation of empty teams": (
        ["simulate", "C4", "--out", "{folder}/out", "--team-size", "0"],
        "'--team-size'",
    ),
    "output folder of another": (["demo", "--out", "{folder}"], "holds no verdict.json"),
    "output folder that is a file": (["demo", "--out", "{folder}/model.toml"], "is a file"),
    "simulation into a folder of another": (["simulate", "C4", "--out", "{folder}"], "holds no truth.json"),
}

CALIBRATE = ["calibrate", "C4", "--out", "{folder}/out"]
PLAN = ["--teams-n", "8", "--team-size", "3"]
COMMANDS |= {
    "calibration of no design": (CALIBRATE, "no design is given. Give your tables"),
    "calibration of half a design": ([*CALIBRATE, "--teams-n", "8"], "no design is given"),
    "calibration of two designs": (
        [*CALIBRATE, *PLAN, "--persons", "{folder}/persons.csv"],
        "tables and --teams-n and --team-size are given",
    ),
    "calibration of a model without a world": (
        ["calibrate", "{folder}/model.toml", "--out", "{folder}/out", *PLAN],
        "its measures are efficacy, skill, not collective_efficacy, competence, self_efficacy. Worlds can be",
    ),
    "calibration with effects that are no numbers": (
        [*CALIBRATE, *PLAN, "--effects", "some"],
        "'some' is no",
    ),
    "calibration with an impossible effect": (
        [*CALIBRATE, *PLAN, "--effects", "0,0.9"],
        "of the variance of adaptation",
    ),
    "calibration with no world": ([*CALIBRATE, *PLAN, "--sims", "0"], "'--sims'"),
    "calibration with an impossible reliability": (
        [*CALIBRATE, *PLAN, "--reliability", "1"],
        "reliability: 1.0",
    ),
    "calibration of fewer teams than layers": (
        [*CALIBRATE, *PLAN, "--layers-n", "9"],
        "8 teams cannot be dealt",
    ),
    "calibration into a folder of another": (
        ["calibrate", "C4", "--out", "{folder}", *PLAN],
        "holds no worlds.jsonl",
    ),
    "calibration into a file": (["calibrate", "C4", "--out", "{folder}/model.toml", *PLAN], "is a file"),
}


@pytest.mark.parametrize(("argv", "fragment"), COMMANDS.values(), ids=COMMANDS)
def test_command(argv: list[str], fragment: str, inputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert_refused([text.format(folder=inputs) for text in argv], fragment, inputs, capsys)


def test_model_without_a_question(inputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (inputs / "model.toml").write_text(MODEL[: MODEL.index("[rivals")])
    assert_refused(fit_argv(inputs), "asks no question", inputs, capsys)


def test_damaged_fit(inputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (inputs / "fit.nc").write_bytes(b"not a fit")
    assert_refused(["report", str(inputs)], "not a saved fit", inputs, capsys)


def test_all_problems_are_shown_together(inputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    persons().assign(ce_1=3, ce_2=9).to_csv(inputs / "persons.csv", index=False)
    teams().drop(columns="prior").to_csv(inputs / "teams.csv", index=False)
    argv = fit_argv(inputs)
    assert_refused(argv, "4 problems", inputs, capsys)
    main(argv)
    shown = capsys.readouterr().err
    for column in ("'ce_1'", "'ce_2'", "'prior'"):
        assert column in shown


def test_many_problems_are_cut_short(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from coefficacy.errors import Problem

    def fail(*_: object) -> None:
        raise CoefficacyError([Problem(f"row {k}", "is wrong.") for k in range(40)])

    monkeypatch.setattr("coefficacy.spec.load_model", fail)
    assert main(["check", "C4"]) == 2
    shown = capsys.readouterr().err
    assert "40 problems" in shown
    assert "... and 25 more" in shown
