"""The architecture page, the layers, the docs and the tree say the same."""

from __future__ import annotations

import re
import tomllib
from itertools import pairwise
from pathlib import Path

import coefficacy

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "coefficacy"
PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(text: str) -> list[str]:
    return re.findall(r"^\| `([^`]+)` \|", text, flags=re.MULTILINE)


def layers_of_project() -> list[set[str]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    return [
        {name.strip(" ()").removeprefix("coefficacy.") for name in layer.split("|")}
        for layer in reversed(layers)
    ]


def layers_of_page() -> list[set[str]]:
    line = next(line for line in section("Layers").splitlines() if "->" in line)
    return [set(re.split(r"\s*\|\s*", part.strip())) for part in line.split("->")]


def test_every_folder_and_module_is_named_and_exists() -> None:
    folders = {f"{path.name}/" for path in SOURCE.iterdir() if (path / "__init__.py").is_file()}
    modules = {path.name for path in SOURCE.glob("*.py")} - {"__init__.py"}
    named = rows(section("Modules"))
    assert sorted(named) == sorted(folders | modules)


def test_folders_named_beside_the_source_exist() -> None:
    beside = section("Modules").split("Beside it:")[1].split("`import coefficacy`")[0]
    named = re.findall(r"`([a-z]+/)`", beside)
    assert len(named) == 5
    assert [name for name in named if not (ROOT / name).is_dir()] == []


def test_layers_of_the_page_are_those_the_linter_enforces() -> None:
    exist = {
        path.stem for path in SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    enforced = [layer & exist for layer in layers_of_project() if layer & exist]
    page = layers_of_page()
    assert set().union(*page) == set().union(*enforced)
    order = {name: i for i, layer in enumerate(enforced) for name in layer}
    places = [[order[name] for name in layer] for layer in page]
    assert all(max(left) < min(right) for left, right in pairwise(places))


def test_every_layer_is_a_layer_of_the_linter() -> None:
    enforced = set().union(*layers_of_project())
    folders = {path.name for path in SOURCE.iterdir() if (path / "__init__.py").is_file()}
    assert folders <= enforced


def test_every_claim_has_its_row() -> None:
    claims = re.findall(r"^\| (C\d+) ", section("How each claim would be written"), flags=re.MULTILINE)
    assert claims == [f"C{i}" for i in range(1, 16)]


def test_every_module_that_the_page_names_exists() -> None:
    files = re.findall(r"`((?:models|model|benchmarks)/[a-z_]+\.\w+)`", PAGE)
    assert files
    assert [f for f in files if not ((ROOT / f).is_file() or (SOURCE / f).is_file())] == []


def test_every_public_name_is_in_the_reference() -> None:
    reference = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\.\. auto\w+:: (?:coefficacy\.)?(\w+)$", reference, flags=re.MULTILINE))
    assert sorted(set(coefficacy.__all__) - {"__version__"} - documented) == []
    assert sorted(name for name in documented if not hasattr(coefficacy, name)) == []


def test_model_files_in_the_docs_are_valid() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    texts = [
        text
        for page in pages
        for text in re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        if "[levels]" in text
    ]
    from coefficacy.spec import dumps, loads

    assert len(texts) >= 2
    for text in texts:
        spec = loads(text)
        assert loads(dumps(spec)) == spec
