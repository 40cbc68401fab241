"""One table in every form it may come in gives one and the same survey."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyreadstat
import pytest
from company_tables import layers, model, persons, teams

from coefficacy.errors import SurveyError
from coefficacy.survey import EXTENSIONS, Survey, read_survey
from coefficacy.survey.tables import read_table
from coefficacy.survey.text import parse_text


def gaps() -> pd.DataFrame:
    """Persons with missing answers in whole and in decimal numbers."""
    return persons(
        ce_1=pd.array([None, 2, 3, 4, 5, 3, 2, 2, 4, 5, 4, 1], dtype="Int64"),
        test=[0.5, np.nan, -0.5, 2.0, 1.5, 0.0, -1.0, 0.25, 0.75, 1.0, 2.5, 0.5],
    )


def read(table: Any) -> Survey:
    return read_survey(model(), persons=table, teams=teams(), layers=layers())


@pytest.fixture(scope="module")
def expected() -> Survey:
    return read(gaps())


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype({"ce_1": float})


def save_stata(frame: pd.DataFrame, path: Path) -> None:
    plain(frame).astype(dict.fromkeys(("person_id", "team_id", "sex", "comment"), object)).to_stata(
        path, write_index=False
    )


WRITERS: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
    "p.csv": lambda frame, path: frame.to_csv(path, index=False),
    "p.txt": lambda frame, path: frame.to_csv(path, index=False, na_rep="NA", quoting=csv.QUOTE_NONNUMERIC),
    "p.tsv": lambda frame, path: frame.to_csv(path, index=False, sep="\t"),
    "p.parquet": lambda frame, path: frame.to_parquet(path),
    "p.feather": lambda frame, path: pyarrow.feather.write_feather(frame, path),
    "p.arrow": lambda frame, path: pyarrow.feather.write_feather(pa.Table.from_pandas(frame), path),
    "p.dta": save_stata,
    "p.sav": lambda frame, path: pyreadstat.write_sav(plain(frame), path),
    "p.zsav": lambda frame, path: pyreadstat.write_sav(plain(frame), path, compress=True),
}


@pytest.mark.parametrize("name", WRITERS)
def test_file_round_trip(name: str, tmp_path: Path, expected: Survey) -> None:
    WRITERS[name](gaps(), tmp_path / name)
    found = read(tmp_path / name)
    assert found.data_hash == expected.data_hash
    for level in expected.levels:
        assert found.levels[level].identical(expected.levels[level])


def test_every_extension_has_a_round_trip() -> None:
    assert {Path(name).suffix for name in WRITERS} == set(EXTENSIONS)


FRAMES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "polars": pl.from_pandas,
    "polars, lazy": lambda frame: pl.from_pandas(frame).lazy(),
    "polars, categories": lambda frame: pl.from_pandas(frame).with_columns(
        pl.col("sex").cast(pl.Categorical)
    ),
    "polars, small whole numbers": lambda frame: pl.from_pandas(frame).with_columns(
        pl.col("ce_2").cast(pl.UInt8)
    ),
    "polars, decimals": lambda frame: pl.from_pandas(frame).with_columns(
        pl.col("test").cast(pl.Decimal(10, 3))
    ),
    "arrow": pa.Table.from_pandas,
    "narwhals": nw.from_native,
    "pandas, arrow types": lambda frame: frame.convert_dtypes(dtype_backend="pyarrow"),
    "pandas, categories": lambda frame: frame.astype({"sex": "category", "team_id": "category"}),
    "pandas, objects": lambda frame: frame.astype(object),
    "pandas, ids as index": lambda frame: frame.set_index("person_id"),
    "pandas, other row names": lambda frame: frame.set_index(pd.Index(range(100, 112))),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_frame_round_trip(kind: str, expected: Survey) -> None:
    found = read(FRAMES[kind](gaps()))
    assert found.data_hash == expected.data_hash
    assert found.levels["person"].identical(expected.levels["person"])


def test_arrow_table_with_repeated_names_is_refused() -> None:
    table = pa.table([[1, 2], [3, 4]], names=["a", "a"])
    with pytest.raises(SurveyError, match="persons: "):
        read(table)


# Text -----------------------------------------------------------------------------------------------------


def text(**options: Any) -> str:
    return gaps().to_csv(index=False, **options)


def read_text(content: str | bytes, tmp_path: Path, *, name: str = "p.csv") -> Survey:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read(path)


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (text(sep=";"), "cells are separated by semicolons."),
        (text(sep="\t"), "cells are separated by tabs."),
        (text(sep="|"), "cells are separated by vertical bars."),
        (text(sep=";", decimal=","), "decimal commas in 'test' were read as points."),
        (text() + ",,,,,,,,\n\n , ,,,,,,,\n", "2 blank rows were left out."),
    ],
    ids=["semicolons", "tabs", "bars", "decimal commas", "blank rows"],
)
def test_other_forms_of_text_are_read_and_noted(
    content: str, note: str, tmp_path: Path, expected: Survey
) -> None:
    found = read_text(content, tmp_path)
    assert found.data_hash == expected.data_hash
    assert f"{tmp_path / 'p.csv'}: {note}" in found.notes


@pytest.mark.parametrize(
    "content",
    [
        text().encode("utf-8-sig"),
        text().encode("utf-16"),
        text(lineterminator="\r\n").encode(),
        text(na_rep="NA").encode(),
        text(na_rep=".").encode(),
        ("\n" + text()).encode(),
        text().replace("ce_1", " ce_1 ").encode(),
        text().replace("31,f", " 31 , f").encode(),
        text(quoting=csv.QUOTE_ALL).encode(),
    ],
    ids=["mark", "utf-16", "crlf", "NA", "dots", "leading line", "padded name", "padded cells", "quotes"],
)
def test_variants_of_text_are_read_silently(content: bytes, tmp_path: Path, expected: Survey) -> None:
    found = read_text(content, tmp_path)
    assert found.data_hash == expected.data_hash
    assert found.notes == expected.notes


def test_separator_inside_quotes_does_not_count() -> None:
    parsed = parse_text(b'"a;b;c",d\n"x\ny",2\n', where="t")
    assert parsed.header == ("a;b;c", "d")
    assert parsed.rows == (("x\ny", "2"),)


def test_decimal_commas_are_changed_in_pure_columns_only() -> None:
    parsed = parse_text(b"a;b;c\n1,5;x,y;1\n2;1,5;2\n", where="t")
    assert parsed.rows == (("1.5", "x,y", "1"), ("2", "1,5", "2"))
    assert parsed.notes == (
        "t: cells are separated by semicolons.",
        "t: decimal commas in 'a' were read as points.",
    )


def test_truth_values_are_one_and_zero(tmp_path: Path) -> None:
    frame = gaps().assign(age=[True, False] * 6)
    written = read_text(frame.to_csv(index=False), tmp_path)
    shouted = read_text(frame.to_csv(index=False).replace("True", "TRUE").replace("False", "FALSE"), tmp_path)
    assert written.column("person", "age").values.tolist() == [1.0, 0.0] * 6
    assert written.data_hash == shouted.data_hash == read(frame).data_hash


# Value labels ---------------------------------------------------------------------------------------------

LABELS = {"ce_1": {1.0: "never", 5.0: "always"}, "kind": {1.0: "day", 2.0: "night"}}


def labelled_spss(path: Path) -> None:
    frame = plain(gaps()).drop(columns="sex").assign(kind=[1.0, 2.0] * 6)
    pyreadstat.write_sav(frame, path, variable_value_labels=LABELS)


def labelled_stata(path: Path) -> None:
    frame = plain(gaps()).drop(columns="sex").assign(kind=[1.0, 2.0] * 6)
    frame = frame.astype(dict.fromkeys(("person_id", "team_id", "comment"), object))
    frame.to_stata(path, write_index=False, value_labels=LABELS)


@pytest.mark.parametrize(("name", "save"), [("p.sav", labelled_spss), ("p.dta", labelled_stata)])
def test_labels_make_categories_of_predictors_only(
    name: str, save: Callable[[Path], None], tmp_path: Path
) -> None:
    save(tmp_path / name)
    spec = model("""
        [levels]
        person = "person_id"
        team = "team_id"
        [measures.ce]
        items = ["ce_1", "ce_2"]
        [person]
        ce = "kind"
        """)
    found = read_survey(spec, persons=tmp_path / name)
    assert found.column("person", "kind").values.tolist() == ["day", "night"] * 6
    assert found.answers("ce").values[1:, 0].tolist() == [2, 3, 4, 5, 3, 2, 2, 4, 5, 4, 1]
    assert f"{tmp_path / name}: 'kind' carries value labels and is taken as categories." in found.notes


def test_stata_labels_that_repeat_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "p.dta"
    pd.DataFrame({"a": [1, 2, 3]}).to_stata(
        path, write_index=False, value_labels={"a": {1: "x", 2: "x", 3: "y"}}
    )
    table = read_table(path, level="person", name="persons")
    assert table.frame["a"].tolist() == [1, 2, 3]
    assert not table.labels
