"""Adds to every object of the reference links to the examples that use it."""

from __future__ import annotations

from functools import cache
from typing import Any

from gallery_files import Example, examples

__all__ = ["setup"]


@cache
def _examples() -> tuple[Example, ...]:
    return examples()


def with_examples(_app: Any, what: str, name: str, _obj: Any, _options: Any, lines: list[str]) -> None:
    """Append a line of links to the docstring of a name of the package, if examples use it."""
    package, _, short = name.rpartition(".")
    if package != "coefficacy" or what not in ("function", "class", "exception"):
        return
    found = [example for example in _examples() if short in example.uses]
    if not found:
        return
    links = [f":doc:`{example.title} </{example.page}>`" for example in found]
    lines += ["", ".. rubric:: In the gallery", "", *(f"- {link}" for link in links), ""]


def setup(app: Any) -> dict[str, Any]:
    """Connect after numpydoc, which would take the line for a section of its own."""
    app.connect("autodoc-process-docstring", with_examples, priority=900)
    return {"parallel_read_safe": True}
