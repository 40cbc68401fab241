"""The gallery's files: topics and examples, their order, and what each example uses.

The folder of a topic holds ``GALLERY_HEADER.rst``, in which ``.. place: 2`` gives the place of the topic and
``.. first: plot_a, plot_b`` the examples that come first; others follow by name. An example is a file
``examples/<topic>/plot_<question>.py`` and needs no entry anywhere.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["EXAMPLES", "HEADER", "Example", "examples", "place_of_example", "place_of_topic"]

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
HEADER = "GALLERY_HEADER.rst"
_LAST = 10**6


@dataclass(frozen=True, slots=True)
class Example:
    """A file of the gallery.

    Attributes
    ----------
    path : of the file
    title, text : first line of its docstring, and all of its source
    uses : names of the package that it calls or looks up, as in ``co.name``; estimands also by their names,
        as in ``co.estimate(fit, "name")``
    """

    path: Path
    title: str
    text: str
    uses: frozenset[str]

    @property
    def page(self) -> str:
        """Document of the built site."""
        return f"gallery/{self.path.parent.name}/{self.path.stem}"


def examples() -> tuple[Example, ...]:
    """Return the examples in the gallery's order."""
    files = EXAMPLES.glob("*/plot_*.py")
    return tuple(map(_read, sorted(files, key=lambda file: (place_of_topic(file.parent), _place(file)))))


def _read(path: Path) -> Example:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    named = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    uses = {node.attr for node in named if isinstance(node.value, ast.Name) and node.value.id == "co"}
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    uses |= {
        str(call.args[1].value)
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "estimate"
        if len(call.args) == 2 and isinstance(call.args[1], ast.Constant)
    }
    lines = [line for line in (ast.get_docstring(tree) or "").splitlines() if line.strip("= ")]
    return Example(path, lines[0].strip() if lines else "", text, frozenset(uses))


def place_of_topic(folder: str | Path) -> tuple[int, str]:
    """Key to sort topics by; the gallery passes a path relative to the documentation."""
    name = Path(folder).name
    found = re.search(r"^\.\. place: (\d+)$", _header(name), flags=re.MULTILINE)
    return (int(found[1]) if found else _LAST, name)


def place_of_example(file: str | Path) -> tuple[int, str]:
    """Key to sort the examples of a topic by; the gallery passes the name of the file alone."""
    name = Path(file).name
    return min((_place(path) for path in EXAMPLES.glob(f"*/{name}")), default=(_LAST, name))


def _place(path: Path) -> tuple[int, str]:
    found = re.search(r"^\.\. first: (.+)$", _header(path.parent.name), flags=re.MULTILINE)
    first = [part.strip() for part in found[1].split(",")] if found else []
    return (first.index(path.stem) if path.stem in first else len(first), path.stem)


def _header(topic: str) -> str:
    path = EXAMPLES / topic / HEADER
    return path.read_text(encoding="utf-8") if path.is_file() else ""
