"""The gallery, the pages made from the code, and the package say the same."""

from __future__ import annotations

import ast
import hashlib
import importlib
import inspect
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

import coefficacy

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
EXTENSIONS = ROOT / "docs" / "_extensions"
FILES = sorted(EXAMPLES.glob("*/plot_*.py"))
RESULTS = EXAMPLES / "results"

AWAITED = {
    "calibrate": "example on planning a study",
    "left_out_layers": "example on layers",
    "plot_power": "example on planning a study",
    "teams_needed": "example on planning a study",
}
"""Public functions that no example calls yet, and what will; a name that is called must be taken off."""


def extension(name: str) -> ModuleType:
    sys.path.insert(0, str(EXTENSIONS))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(EXTENSIONS))


def public_functions() -> set[str]:
    return {name for name in coefficacy.__all__ if inspect.isfunction(getattr(coefficacy, name))}


def test_every_public_function_is_in_an_example_or_awaited() -> None:
    used = set().union(*(example.uses for example in extension("gallery_files").examples()))
    assert sorted(public_functions() - used - set(AWAITED)) == []
    assert sorted(set(AWAITED) & used) == []
    assert sorted(set(AWAITED) - public_functions()) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_example_asks_in_its_title_and_follows_the_arc(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    title, _, answer = (ast.get_docstring(ast.parse(text)) or "").partition("\n\n")
    assert title.splitlines()[0].endswith("?")
    assert len(answer) > 100
    headings = re.findall(r"^# (.+)\n# -{3,}$", text, flags=re.MULTILINE)
    for heading in ("The question", "The data", "In plain words", "What would change the conclusion"):
        assert heading in headings, heading
    assert headings[-1] == "References"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_example_has_at_most_four_figures(path: Path) -> None:
    drawn = re.findall(r"\bplt\.(?:subplots|figure)\(|\bco\.plot_\w+\(", path.read_text(encoding="utf-8"))
    assert len(drawn) <= 4


def test_every_topic_has_a_header_with_its_place() -> None:
    for topic in {path.parent for path in FILES}:
        header = (topic / "GALLERY_HEADER.rst").read_text(encoding="utf-8")
        assert re.search(r"^\.\. place: \d+$", header, flags=re.MULTILINE), topic.name


def test_no_header_stands_over_an_empty_topic() -> None:
    topics = {path.parent for path in EXAMPLES.glob("*/GALLERY_HEADER.rst")}
    assert topics == {path.parent for path in FILES}


def test_headers_name_examples_that_exist() -> None:
    for header in EXAMPLES.glob("*/GALLERY_HEADER.rst"):
        named = re.search(r"^\.\. first: (.+)$", header.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for name in named[1].split(", ") if named else []:
            assert (header.parent / f"{name}.py").is_file(), name


def test_stored_results_are_small_and_as_listed() -> None:
    lines = (RESULTS / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    listed = {name: digest for digest, name in (line.split("  ") for line in lines)}
    found = {path for path in RESULTS.iterdir() if path.suffix in (".nc", ".jsonl")}
    assert {path.name for path in found} == set(listed)
    for path in found:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == listed[path.name], path.name
        assert path.stat().st_size < 3_000_000, path.name


def test_stored_results_belong_to_an_example() -> None:
    stems = {path.stem.removeprefix("plot_") for path in FILES}
    for path in (*RESULTS.glob("*.nc"), *RESULTS.glob("*.jsonl")):
        assert path.stem.rpartition("-")[0] in stems, path.name


def test_every_command_and_option_is_in_the_reference() -> None:
    from coefficacy.cli.app import app

    page = extension("generated_pages").pages()["command_line.md"]
    for command in app.registered_commands:
        name = command.name or command.callback.__name__
        part = page.split(f"## coefficacy {name}\n")[1].split("\n## ")[0]
        assert part.count("\n| `") == len(inspect.signature(command.callback).parameters)


def test_every_key_of_a_model_file_is_explained() -> None:
    from coefficacy.spec import toml

    page = extension("generated_pages").pages()["model_file.md"]
    for section, keys in (
        ("measures", toml._MEASURE),
        ("families", toml._FAMILY),
        ("question", toml._QUESTION),
    ):
        part = re.split(r"\n## ", page.split(f"## `[{section}")[1])[0]
        for key in keys:
            row = next(line for line in part.splitlines() if line.startswith(f"| `{key}` |"))
            assert key == "effect" or row.rstrip(" |").count("|") >= 3, row


def test_the_guide_names_every_key_of_a_measure() -> None:
    from coefficacy.spec import toml

    guide = (ROOT / "docs" / "guide" / "model_files.md").read_text(encoding="utf-8")
    part = guide.split("## `[measures.NAME]`")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", part, flags=re.MULTILINE)) == set(toml._MEASURE)


def test_every_model_file_has_its_page() -> None:
    pages = extension("generated_pages").pages()
    for path in (ROOT / "models").glob("*.toml"):
        assert path.read_text(encoding="utf-8") in pages[f"models/{path.stem}.md"]


def test_names_of_the_reference_link_to_their_examples() -> None:
    lines = ["Fit a model."]
    extension("used_in").with_examples(None, "function", "coefficacy.fit", None, None, lines)
    assert ".. rubric:: In the gallery" in lines
    assert any("/gallery/start/plot_first_verdict>" in line for line in lines)
