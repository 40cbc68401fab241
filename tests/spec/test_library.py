"""The library: found in a checkout and in a wheel; loaded by name, claim and path."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from coefficacy.errors import SpecError
from coefficacy.spec import check, dumps, library, list_models, load_model, loads

ROOT = Path(__file__).resolve().parents[2]
MODEL_FILES = sorted((ROOT / "models").glob("*.toml"))
SMALL = '[about]\ntitle = "{title}"\nclaim = "{claim}"\n[levels]\nteam = "id"\n[team]\ny = "x"\n'


@pytest.mark.parametrize("path", MODEL_FILES, ids=lambda path: path.stem)
def test_every_model_file_is_valid_and_lossless(path: Path) -> None:
    spec = loads(path.read_text(encoding="utf-8"), where=path.name)
    assert loads(dumps(check(spec))) == spec
    assert spec.title
    assert spec.claim
    assert spec.references


def test_lists_every_file() -> None:
    assert {entry.path.name for entry in list_models()} == {path.name for path in MODEL_FILES}


def test_flagship_by_name_claim_and_path() -> None:
    by_name = load_model("adaptation")
    path = next(entry.path for entry in list_models() if entry.name == "adaptation")
    assert by_name == load_model("C4") == load_model("c4") == load_model(path) == load_model(str(path))


def test_flagship_holds_its_controls() -> None:
    spec = load_model("adaptation")
    terms = {f"{r.level}.{r.response}": set(map(str, r.formula.terms)) for r in spec.regressions}
    assert {"competence", "self_efficacy", "prior_performance"} <= terms["team.collective_efficacy"]
    assert terms["team.adaptation"] == {
        "collective_efficacy",
        "self_efficacy",
        "competence",
        "prior_performance",
    }
    rivals = {rival.name: set(map(str, rival.regressions[0].formula.terms)) for rival in spec.rivals}
    assert rivals == {
        "competence_only": {"self_efficacy", "competence", "prior_performance"},
        "prior_performance_only": {"prior_performance"},
    }


@pytest.mark.parametrize(
    ("source", "fragments"),
    [
        ("adaptatoin", ["adaptatoin: no such model", "Did you mean 'adaptation'?", "ends in .toml"]),
        ("C44", ["no such model", "Did you mean 'C4'?"]),
        ("", ["model: no such model"]),
        ("nowhere/mine.toml", ["nowhere/mine.toml: no such file."]),
    ],
)
def test_unknown_sources(source: str, fragments: list[str]) -> None:
    with pytest.raises(SpecError) as caught:
        load_model(source)
    assert [fragment for fragment in fragments if fragment not in str(caught.value)] == []


def test_missing_file_suggests_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "my_model.toml").write_text("")
    with pytest.raises(SpecError, match=r"Did you mean 'my_model\.toml'"):
        load_model(tmp_path / "my_modl.toml")


def test_files_that_are_no_text(tmp_path: Path) -> None:
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(SpecError, match="not a text file in UTF-8"):
        load_model(binary)
    folder = tmp_path / "folder.toml"
    folder.mkdir()
    with pytest.raises(SpecError, match="cannot be read"):
        load_model(folder)
    with pytest.raises(SpecError, match="cannot be read"):
        load_model("a\0.toml")


def test_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    file = tmp_path / "m.toml"
    file.write_text(SMALL.format(title="t", claim=""), encoding="utf-8-sig")
    assert load_model(file).title == "t"


def _fake_library(folder: Path, **claims: str) -> None:
    folder.mkdir(parents=True)
    for name, claim in claims.items():
        (folder / f"{name}.toml").write_text(SMALL.format(title=name, claim=claim))


def test_package_folder_comes_first_and_the_checkout_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "src" / "coefficacy"
    monkeypatch.setattr(library, "_PACKAGE", package)
    with pytest.raises(SpecError, match="its files are missing"):
        list_models()
    _fake_library(tmp_path / "models", checkout="C1")
    assert load_model("checkout").title == "checkout"
    _fake_library(package / "models", shipped="C1")
    assert [entry.name for entry in list_models()] == ["shipped"]


def test_claims_are_sorted_by_number_and_may_be_ambiguous(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fake_library(tmp_path / "models", ten="C10", two="C2", also_two="C2", none="")
    monkeypatch.setattr(library, "_PACKAGE", tmp_path)
    assert [entry.name for entry in list_models()] == ["also_two", "two", "ten", "none"]
    with pytest.raises(SpecError, match=r"2 models are about C2\. Name one: also_two, two"):
        load_model("c2")


def test_spec_imports_nothing_heavy() -> None:
    heavy = {"pandas", "scipy", "pymc", "arviz", "bambi", "formulae", "xarray", "matplotlib", "numpy"}
    code = f"import sys, coefficacy.spec; print(sorted({heavy!r} & set(sys.modules)))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert run.stdout.strip() == "[]"


@pytest.mark.slow
def test_wheel_holds_the_library(tmp_path: Path) -> None:
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("uv, which builds the wheel, is not installed")
    build = [uv, "build", "--wheel", "--python", sys.executable, "--out-dir", str(tmp_path), str(ROOT)]
    built = subprocess.run(build, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    site = tmp_path / "site"
    with ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        wheel.extractall(site)
    code = (
        "from coefficacy.spec import list_models; print(*(entry.path for entry in list_models()), sep='\\n')"
    )
    environment = {**os.environ, "PYTHONPATH": str(site)}
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
        check=True,
    )
    paths = [Path(line) for line in run.stdout.split("\n") if line]
    assert {path.name for path in paths} == {path.name for path in MODEL_FILES}
    assert all(path.is_relative_to(site) for path in paths)
