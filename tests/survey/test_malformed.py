"""Inputs that must be refused, each with the table, column, rows, value and mend that it must name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from company_tables import MODEL, layers, model, persons, teams

from coefficacy.errors import SurveyError
from coefficacy.survey import read_survey

EIGHT = """
[levels]
person = "person_id"
team = "team_id"
[measures.effect]
items = ["test"]
sd = "se"
"""
OUTCOME = """
[levels]
person = "person_id"
team = "team_id"
[team]
adaptation = "prior"
[families]
adaptation = "{}"
"""


def tables(**changed: Any) -> dict[str, Any]:
    return {"persons": persons(), "teams": teams(), "layers": layers()} | changed


def outcome(family: str, values: list[Any]) -> dict[str, Any]:
    return {"text": OUTCOME.format(family), "persons": persons(), "teams": teams(adaptation=values)}


def with_cell(frame: pd.DataFrame, column: str, row: int, value: Any) -> pd.DataFrame:
    cells = frame[column].astype(object).tolist()
    cells[row] = value
    return frame.assign(**{column: cells})


def cell(column: str, row: int, value: Any) -> dict[str, Any]:
    return tables(persons=with_cell(persons(), column, row, value))


def team_cell(column: str, row: int, value: Any) -> dict[str, Any]:
    return tables(teams=with_cell(teams(), column, row, value))


LETTERS = list("abcdefghijkl")
ORDINAL_FREE = MODEL.replace('scale = [1, 5]\nreversed = ["ce_3"]', "")

CASES: dict[str, tuple[dict[str, Any], str]] = {
    # Columns
    "missing predictor column": (
        tables(teams=teams().drop(columns="prior")),
        "teams and layers and persons: column 'prior': is missing; the equation team.adaptation "
        "needs it. Known: ",
    ),
    "misspelt column": (
        tables(persons=persons().rename(columns={"age": "agge"})),
        "persons and teams and layers: column 'age': is missing; the equation person.ce needs it.",
    ),
    "missing outcome column": (
        tables(teams=teams().rename(columns={"adaptation": "adaption"})),
        "column 'adaptation': is missing; team.adaptation needs it. ",
    ),
    "suggestion": (
        tables(teams=teams().rename(columns={"adaptation": "adaption"})),
        "Did you mean 'adaption'?",
    ),
    "missing column of a rival": (
        tables(teams=teams().drop(columns="kind")),
        "column 'kind': is missing; the equation team.adaptation needs it.",
    ),
    "missing person id": (
        tables(persons=persons().drop(columns="person_id")),
        "persons: column 'person_id': is missing; it is the key of level 'person': one row is one person.",
    ),
    "missing team id in persons": (
        tables(persons=persons().drop(columns="team_id")),
        "persons: column 'team_id': is missing; it is the key of level 'team': the team of each "
        "person is unknown",
    ),
    "missing team id in teams": (
        tables(teams=teams().rename(columns={"team_id": "team"})),
        "teams: column 'team_id': is missing; it is the key of level 'team': one row is one team.",
    ),
    "missing layer id": (
        tables(teams=teams().drop(columns="layer")),
        "teams and persons: column 'layer': is missing; it is the key of level 'layer': the layer of "
        "each team",
    ),
    "key in different tables": (
        {
            "text": OUTCOME.replace("[team]", 'unit = ["layer", "site"]\n[team]').format("gaussian"),
            "persons": persons(site=LETTERS),
            "teams": teams(),
        },
        "columns 'layer' and 'site': are in different tables, but together are the key of level 'unit'.",
    ),
    "pattern without a match": (
        tables(text=MODEL.replace("ce_*", "xe_*").replace('reversed = ["ce_3"]', "")),
        "persons: no column matches the items 'xe_*' of measures.ce. Known: age, ce_1,",
    ),
    "missing item": (
        tables(text=MODEL.replace('"test"', '"tests"')),
        "persons: column 'tests': is missing; measures.skill needs it as an item.",
    ),
    "missing standard error": (
        {"text": EIGHT, "persons": persons()},
        "persons: column 'se': is missing; measures.effect.sd needs it.",
    ),
    "reversed pattern without a match": (
        tables(text=MODEL.replace('reversed = ["ce_3"]', 'reversed = ["ce_9*"]')),
        "measures.ce.reversed: no item of 'ce' matches 'ce_9*'. Known: ce_1, ce_2, ce_3.",
    ),
    "item of two measures": (
        tables(text=MODEL.replace('["test"]', '["test", "ce_1*"]')),
        "persons: column 'ce_1': is an item of 'ce' and of 'skill'.",
    ),
    "duplicate column": (
        tables(persons=pd.concat([persons(), persons()[["age"]]], axis=1)),
        "persons: column 'age': occurs more than once. Rename or drop the others.",
    ),
    "column with the name of a level": (
        tables(text=MODEL.replace('["test"]', '["t*"]'), persons=persons(team=[1, 2] * 6)),
        "persons: column 'team': has the name of the level 'team', and is used as an item.",
    ),
    # Cells
    "item outside its scale": (
        cell("ce_1", 3, 9),
        "persons: column 'ce_1': outside the scale 1 to 5 in 1 of 12 cells: 9 in row 4 ('p4'). "
        "Correct them, or",
    ),
    "many items outside their scale": (
        tables(persons=persons(ce_1=[7] * 11 + [1])),
        "in 11 of 12 cells: 7 in row 1 ('p1'), 7 in row 2 ('p2'), 7 in row 3 ('p3') and 8 more.",
    ),
    "fraction in an ordinal item": (
        cell("ce_2", 1, 2.5),
        "column 'ce_2': not a whole number in 1 of 12 cells: 2.5 in row 2 ('p2'); ordinal values are.",
    ),
    "constant item": (
        tables(persons=persons(ce_2=[3] * 12)),
        "persons: column 'ce_2': is constant: every value is 3. Such an item tells nothing. Leave it out.",
    ),
    "item that nobody answered": (
        tables(persons=persons(ce_2=[None] * 12)),
        "persons: column 'ce_2': nobody answered this item. Leave it out of the items.",
    ),
    "code for a missing answer": (
        tables(text=ORDINAL_FREE, persons=with_cell(persons(), "ce_1", 2, 99)),
        "column 'ce_1': the values span 25 categories or more, too many for an ordinal variable.",
    ),
    "text in an item": (
        cell("ce_1", 4, "often"),
        "column 'ce_1': text in 1 of 12 cells where a number is needed: 'often' in row 5 ('p5'). "
        "Write numbers",
    ),
    "column caught by a pattern": (
        tables(persons=persons(ce_note=LETTERS)),
        "column 'ce_note': text in 12 of 12 cells where a number is needed: 'a' in row 1 ('p1'), 'b' "
        "in row 2 ('p2'), "
        "'c' in row 3 ('p3') and 9 more. Write numbers, and leave missing cells empty. If it is no "
        "item, write a "
        "narrower pattern than 'ce_*'.",
    ),
    "infinite answer": (
        cell("test", 2, np.inf),
        "persons: column 'test': infinite in 1 of 12 cells: inf in row 3 ('p3').",
    ),
    "infinite predictor": (
        team_cell("prior", 1, -np.inf),
        "teams: column 'prior': infinite in 1 of 4 cells: -inf in row 2 ('t2').",
    ),
    "neither 0 nor 1": (
        {
            "text": EIGHT.replace('sd = "se"', 'family = "bernoulli"'),
            "persons": persons(test=[0, 1] * 5 + [2, 0.5]),
        },
        "column 'test': neither 0 nor 1 in 2 of 12 cells: 2 in row 11 ('p11'), 0.5 in row 12 "
        "('p12'). Code them 0",
    ),
    "standard error of zero": (
        {"text": EIGHT, "persons": persons(se=[1.0] * 11 + [0])},
        "column 'se': not above 0 in 1 of 12 cells: 0 in row 12 ('p12'). A standard error is above 0.",
    ),
    "value without its standard error": (
        {"text": EIGHT, "persons": persons(se=[1.0] * 11 + [None])},
        "column 'se': missing in 1 row where 'test' is given: row 12. Fill it in, or leave the value out.",
    ),
    "missing predictor": (
        team_cell("prior", 2, None),
        "teams: column 'prior': missing in 1 of 4 rows: row 3 ('t3'). Fill them in or drop these rows",
    ),
    "missing category": (cell("sex", 0, ""), "persons: column 'sex': missing in 1 of 12 rows: row 1 ('p1')."),
    "constant predictor": (
        tables(teams=teams(shared=[2] * 4)),
        "teams: column 'shared': is constant: every value is 2. Such a predictor tells nothing.",
    ),
    "one category": (
        tables(persons=persons(sex=["f"] * 12)),
        "persons: column 'sex': is constant: every value is 'f'. Such a predictor tells nothing.",
    ),
    "numbers and text": (
        cell("age", 5, "forty"),
        "column 'age': numbers and text are mixed, with text in 1 of 12 cells: 'forty' in row 6 ('p6').",
    ),
    "free text as predictor": (
        tables(persons=persons(sex=[f"remark {i}" for i in range(12)])),
        "column 'sex': is a predictor, but each row has a text of its own, the first one 'remark 0'.",
    ),
    "date as predictor": (
        tables(persons=persons(age=pd.date_range("2024-01-01", periods=12))),
        "persons: column 'age': holds dates. Give a number, such as days since the start.",
    ),
    "dates as objects": (
        tables(persons=persons(age=[date(2024, 1, day) for day in range(1, 13)])),
        "persons: column 'age': holds dates.",
    ),
    "periods": (
        tables(persons=persons(age=pd.period_range("2024-01", periods=12))),
        "persons: column 'age': holds dates.",
    ),
    "dates in an item": (
        tables(persons=persons(test=pd.date_range("2024-01-01", periods=12))),
        "persons: column 'test': text in 12 of 12 cells where a number is needed: '2024-01-01",
    ),
    "a number beyond all floats": (
        cell("test", 3, 10**400),
        "column 'test': infinite in 1 of 12 cells: 100000000000000000000000000... in row 4 ('p4').",
    ),
    # Outcomes
    "outcome missing everywhere": (
        tables(teams=teams(adaptation=[None] * 4)),
        "teams: column 'adaptation': the outcome is missing in every row. Some units need an outcome.",
    ),
    "constant outcome": (
        tables(teams=teams(adaptation=[1.5] * 4)),
        "teams: column 'adaptation': is constant: every value is 1.5. Such an outcome tells nothing.",
    ),
    "text in an outcome": (
        tables(teams=with_cell(teams(), "adaptation", 0, "good")),
        "teams: column 'adaptation': text in 1 of 4 cells where a number is needed: 'good' in row 1 ('t1').",
    ),
    "bernoulli outcome": (
        outcome("bernoulli", [0, 1, 2, 1]),
        "neither 0 nor 1 in 1 of 4 cells: 2 in row 3 ('t3').",
    ),
    "poisson outcome": (
        outcome("poisson", [0, 1, -2, 3]),
        "not a count in 1 of 4 cells: -2 in row 3 ('t3').",
    ),
    "negative binomial outcome": (
        outcome("negative_binomial", [0, 1.5, 2, 3]),
        "not a count in 1 of 4 cells: 1.5 in row 2 ('t2'). Counts are whole numbers from 0 up.",
    ),
    "beta outcome": (
        outcome("beta", [0.2, 1.0, 0.4, 0.0]),
        "not between 0 and 1, both excluded, in 2 of 4 cells: 1 in row 2 ('t2'), 0 in row 4 ('t4').",
    ),
    "ordinal outcome": (
        outcome("ordinal", [1, 2, 2.5, 3]),
        "not a whole number in 1 of 4 cells: 2.5 in row 3 ('t3')",
    ),
    "ordinal outcome with a code": (outcome("ordinal", [1, 2, 99, 3]), "span 25 categories or more"),
    # Units
    "blank person id": (
        cell("person_id", 1, None),
        "persons: column 'person_id': no person id in 1 of 12 rows: row 2. Give each row its person, "
        "or leave it out.",
    ),
    "blank team id": (
        cell("team_id", 4, " "),
        "persons: column 'team_id': no team id in 1 of 12 rows: row 5.",
    ),
    "blank layer id": (
        team_cell("layer", 0, None),
        "teams: column 'layer': no layer id in 1 of 4 rows: row 1.",
    ),
    "duplicate person": (
        cell("person_id", 1, "p1"),
        "persons: column 'person_id': 1 id more than once: 'p1' in rows 1, 2. Keep one row per "
        "person; if ids start "
        'again in each team, write person = ["team_id", "person_id"] under [levels].',
    ),
    "duplicate team": (
        tables(teams=pd.concat([teams(), teams().iloc[[1]]])),
        "teams: column 'team_id': 1 id more than once: 't2' in rows 2, 5. Keep one row per team.",
    ),
    "duplicate layer": (
        tables(layers=pd.concat([layers(), layers()])),
        "layers: column 'layer': 2 ids more than once: 'eng' in rows 1, 3, 'ops' in rows 2, 4. Keep "
        "one row per layer.",
    ),
    "person in two teams": (
        cell("person_id", 11, "p1"),
        "persons: column 'team_id': 1 person in more than one team: person 'p1' is in 't1' (row 1), "
        "'t4' (row 12). "
        "Give each person one team; if ids start again in each team",
    ),
    "team with two layers in teams": (
        tables(teams=pd.concat([teams(), teams().iloc[[0]].assign(layer="ops")])),
        "teams: column 'layer': 1 team in more than one layer: team 't1' is in 'eng' (row 1), 'ops' (row 5).",
    ),
    "team with two layers in persons": (
        tables(persons=persons(layer=["eng"] * 5 + ["ops"] * 7), teams=teams().drop(columns="layer")),
        "persons: column 'layer': 1 team in more than one layer: team 't2' is in 'eng' (row 4), "
        "'ops' (row 6).",
    ),
    "tables that disagree on the layer": (
        tables(persons=persons(layer=["ops"] * 3 + ["eng"] * 3 + ["ops"] * 6)),
        "teams and persons: column 'layer': 1 team in more than one layer: team 't1' is in 'eng' "
        "(teams, row 1), "
        "'ops' (persons, row 1).",
    ),
    "unknown team": (
        cell("team_id", 11, "t9"),
        "persons: column 'team_id': 1 team without a row in teams: 't9' (row 12). Add them to teams, "
        "or correct",
    ),
    "team without people": (
        tables(teams=pd.concat([teams(), teams().iloc[[0]].assign(team_id="t5")])),
        "teams: column 'team_id': 1 team without any person in persons: 't5'. Take their rows out, or add",
    ),
    "unknown layer": (
        tables(layers=layers(layer=["eng", "hr"])),
        "teams: column 'layer': 1 layer without a row in layers: 'ops' (row 3).",
    ),
    "one team": (
        {
            "text": OUTCOME.format("gaussian"),
            "persons": persons(team_id=["t1"] * 12),
            "teams": teams().head(1),
        },
        "persons: column 'team_id': there is only one team: 't1'. Two or more are needed; with a "
        "single team leave",
    ),
    "one layer": (
        tables(teams=teams(layer=["eng"] * 4), layers=layers().head(1)),
        "teams: column 'layer': there is only one layer: 'eng'.",
    ),
    "team value that differs": (
        {
            "text": OUTCOME.format("gaussian"),
            "persons": persons(prior=[1, 1, 2] + [3] * 9, adaptation=[0, 0, 0, 1, 1, 1] + [2] * 6),
        },
        "persons: column 'prior': is used at level 'team', but differs between the rows of 1 team: "
        "'t1' has 1 and, "
        "in row 3, 2. Write one value per team, or use mean(prior) for the mean of its person rows.",
    ),
    "team outcome that is missing in some rows": (
        {
            "text": OUTCOME.format("gaussian"),
            "persons": persons(prior=[1, 1, 1] + [3] * 9, adaptation=[0, None, 0, 1, 1, 1] + [2] * 6),
        },
        "column 'adaptation': is used at level 'team', but differs between the rows of 1 team: 't1' "
        "has 0 and, in row "
        "2, a missing cell.",
    ),
    "team category that differs": (
        {
            "text": OUTCOME.format("gaussian"),
            "persons": persons(prior=["x", "x", "y"] + ["x"] * 9, adaptation=[0, 0, 0, 1, 1, 1] + [2] * 6),
        },
        "'t1' has 'x' and, in row 3, 'y'.",
    ),
    # Tables
    "no table": ({"teams": teams()}, "persons: no table is given for the lowest level, person."),
    "table of no level": (
        tables(tables={"tema": teams()}),
        "table 'tema': is no level of the model. Known: layer, person, team. Did you mean 'team'?",
    ),
    "two tables of a level": (
        tables(tables={"team": teams()}),
        "table 'team': the level has two tables, teams and this one. Give one of them.",
    ),
    "more tables than levels": (
        {"text": OUTCOME.format("gaussian"), "persons": persons(), "layers": layers()},
        "layers: the model has no level 3; its levels are person, team.",
    ),
    "not a table": (
        tables(persons=[1, 2, 3]),
        "persons: a list is no table. Give a pandas, Polars or Arrow frame",
    ),
    "no rows": (tables(persons=persons().head(0)), "persons: has no rows. Give one row per person."),
    "no columns": (tables(teams=pd.DataFrame()), "teams: is empty: no columns and no rows."),
    "two rows of column names": (
        tables(persons=persons().set_axis(pd.MultiIndex.from_product([["x"], persons().columns]), axis=1)),
        "persons: has 2 rows of column names. Give each column a single name.",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_table_is_refused(case: str) -> None:
    """The message says what is expected; each problem is one line with a mend, and names no library."""
    arguments, message = CASES[case]
    with pytest.raises(SurveyError) as caught:
        read_survey(
            model(arguments.get("text", MODEL)), **{k: v for k, v in arguments.items() if k != "text"}
        )
    assert message in str(caught.value)
    for problem in caught.value.problems:
        assert problem.where
        assert problem.mend.endswith((".", "?"))
        assert len(str(problem)) < 500
        assert not any(word in str(problem) for word in ("\n", "pandera", "dtype", "nan", "Traceback"))


GOOD = persons().to_csv(index=False)

FILES: dict[str, tuple[str, bytes, str]] = {
    "empty": ("p.csv", b"", "the file is empty. Give a table with one row per unit."),
    "blank": ("p.csv", b"\n \n\n", "the file is empty. Give a table with a header and one row per unit."),
    "byte order mark only": ("p.csv", b"\xef\xbb\xbf", "the file is empty."),
    "header only": (
        "p.csv",
        GOOD.splitlines()[0].encode(),
        "has a header but no rows. Write one row per unit",
    ),
    "blank rows only": (
        "p.csv",
        b"person_id,team_id\n,\n , \n",
        "has a header, and every row below it is blank.",
    ),
    "binary": (
        "p.csv",
        b"person_id\x00\x01\x02\xff",
        "is a binary file, no text. Save the table as CSV in UTF-8.",
    ),
    "workbook": (
        "p.csv",
        b"PK\x03\x04rest",
        "is no text file; it looks like an Excel workbook or zip archive.",
    ),
    "old workbook": ("p.txt", b"\xd0\xcf\x11\xe0rest", "it looks like an old Excel workbook."),
    "parquet named csv": ("p.csv", b"PAR1rest", "is no text file; it looks like Parquet."),
    "latin-1": (
        "p.csv",
        GOOD.replace("remark 2", "Gr\xfc\xdfe").encode("latin-1"),
        "line 4 is not in UTF-8 (byte 0xfc). Save the file with UTF-8 encoding",
    ),
    "long row": (
        "p.csv",
        GOOD.replace("remark 2", "well, no").encode(),
        "the header has 9 columns, but line 4 has 10. Each row needs as many cells as the header; put quotes",
    ),
    "short rows": (
        "p.csv",
        b"person_id,team_id\n1\n2\n3,a\n4\n5\n6\n",
        "the header has 2 columns, but line 2 has 1, line 3 has 1, line 5 has 1 and 2 more lines.",
    ),
    "open quote": (
        "p.csv",
        GOOD.replace("remark 2", '"no end').encode(),
        "cannot be split into cells after line 3 (unexpected end of data). Check the quotes there",
    ),
    "duplicate header": (
        "p.csv",
        GOOD.replace("comment", "age").encode(),
        "column 'age': occurs more than once. Rename or drop the others.",
    ),
    "text in a number": (
        "p.csv",
        GOOD.replace("1.25", "1.25 points").encode(),
        "column 'test': text in 1 of 12 cells where a number is needed: '1.25 points' in row 2 ('p2').",
    ),
    "broken parquet": ("p.parquet", b"PAR1 and no more", "cannot be read as Parquet ("),
    "broken feather": ("p.feather", b"no feather", "cannot be read as Feather ("),
    "broken stata": ("p.dta", b"no Stata file", "cannot be read as Stata ("),
    "broken spss": ("p.sav", b"no SPSS file", "cannot be read as SPSS ("),
    "unknown extension": (
        "p.xlsx",
        b"PK\x03\x04",
        "files ending in '.xlsx' cannot be read. Known: .csv, .txt,",
    ),
    "no extension": ("p", GOOD.encode(), "files ending in '' cannot be read."),
}


@pytest.mark.parametrize("case", FILES)
def test_file_is_refused(case: str, tmp_path: Path) -> None:
    name, content, message = FILES[case]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SurveyError) as caught:
        read_survey(model(), persons=path, teams=teams(), layers=layers())
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


def test_missing_file_suggests_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "persons.csv").write_text(GOOD)
    with pytest.raises(SurveyError, match=r"person\.csv: no such file\. Did you mean 'persons\.csv'\?"):
        read_survey(model(), persons=str(tmp_path / "person.csv"), teams=teams())
    with pytest.raises(SurveyError, match=r"no such file\. Check the path\."):
        read_survey(model(), persons=tmp_path / "none" / "x.csv")


def test_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SurveyError, match="is a folder, no file"):
        read_survey(model(), persons=tmp_path)


def test_unreadable_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "p.csv"
    path.write_text(GOOD)

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(SurveyError, match=r"p\.csv: cannot be opened \(Permission denied\)\."):
        read_survey(model(), persons=path)


@pytest.mark.parametrize(
    ("name", "module"), [("p.parquet", "pyarrow"), ("p.feather", "pyarrow"), ("p.sav", "pyreadstat")]
)
def test_missing_reader_is_named(
    name: str, module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_bytes(b"something")
    for part in ("", ".parquet", ".feather"):
        monkeypatch.setitem(__import__("sys").modules, module + part, None)
    message = r"needs a reader that is not installed\. Install the readers: pip install coefficacy\[files\]\."
    with pytest.raises(SurveyError, match=message):
        read_survey(model(), persons=tmp_path / name)


def test_everything_wrong_is_said_at_once() -> None:
    broken = with_cell(with_cell(persons(), "ce_1", 0, 9), "age", 1, None).drop(columns="test")
    broken = with_cell(broken, "team_id", 11, "t9")
    with pytest.raises(SurveyError) as caught:
        read_survey(
            model(), persons=broken, teams=teams(prior=[1, 2, 3, np.inf]), layers=layers(budget=[1, 1])
        )
    where = [problem.where for problem in caught.value.problems]
    assert where == [
        "persons: column 'team_id'",
        "persons: column 'test'",
        "persons: column 'ce_1'",
        "persons: column 'age'",
        "teams: column 'prior'",
        "layers: column 'budget'",
    ]


def test_all_unreadable_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(SurveyError) as caught:
        read_survey(model(), persons=tmp_path / "a.csv", teams=tmp_path / "b.csv")
    assert [Path(problem.where).name for problem in caught.value.problems] == ["a.csv", "b.csv"]


ACCEPTED: dict[str, Callable[[], dict[str, Any]]] = {
    "as it is": tables,
    "missing answers": lambda: tables(persons=persons(ce_1=[None] * 6 + [1, 2, 3, 4, 5, 1])),
    "missing outcomes": lambda: tables(teams=teams(adaptation=[None, 1.0, 2.0, None])),
    "a comment that is not used": lambda: tables(persons=persons(comment=[None] * 12)),
    "a duplicate column that is not used": lambda: tables(
        persons=pd.concat([persons(), persons()["comment"]], axis=1)
    ),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_what_is_right_is_accepted(case: str) -> None:
    """The counterpart of the tables above: the same model and tables pass where nothing is wrong."""
    assert read_survey(model(), **ACCEPTED[case]()).n == {"person": 12, "team": 4, "layer": 2}
