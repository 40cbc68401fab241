"""The library of model files that comes with the package."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from coefficacy.errors import Problem, SpecError, did_you_mean
from coefficacy.spec.model import ModelSpec
from coefficacy.spec.toml import loads

__all__ = ["LibraryEntry", "library_folder", "list_models", "load_model"]

_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class LibraryEntry:
    """A model of the library.

    Attributes
    ----------
    name : what `load_model` takes, e.g. ``"adaptation"``
    claim : code of the claim it is about, e.g. ``"C4"``; may be empty
    variant : tells models of one claim apart; the claim's code alone names the one without
    title : one sentence
    path : the model file, to copy and edit
    """

    name: str
    claim: str
    variant: str
    title: str
    path: Path


def library_folder() -> Path:
    """Return the folder of the shipped model files: in the package, or else in the checkout beside it.

    Raises
    ------
    SpecError
        If there is neither.
    """
    places = (_PACKAGE / "models", _PACKAGE.parents[1] / "models")
    for folder in places:
        if any(folder.glob("*.toml")):
            return folder
    raise SpecError(Problem("the model library", "its files are missing.", "Install coefficacy again."))


def list_models() -> tuple[LibraryEntry, ...]:
    """Return the models of the library, by claim.

    Examples
    --------
    >>> [entry.claim for entry in list_models() if entry.name == "adaptation"]
    ['C4']
    """
    return tuple(sorted(map(_entry, library_folder().glob("*.toml")), key=_order))


def _entry(path: Path) -> LibraryEntry:
    about = tomllib.loads(path.read_text(encoding="utf-8")).get("about", {})
    return LibraryEntry(
        path.stem, about.get("claim", ""), about.get("variant", ""), about.get("title", ""), path
    )


def _order(entry: LibraryEntry) -> tuple[int, bool, str]:
    digits = re.search(r"\d+", entry.claim)
    return (int(digits[0]) if digits else 10**6, bool(entry.variant), entry.name)


def load_model(source: str | Path) -> ModelSpec:
    """Read a model by its library name, its claim code or the path of its file.

    Parameters
    ----------
    source : ``"adaptation"``, ``"C4"`` (upper or lower case) or ``"my_model.toml"``

    Raises
    ------
    SpecError
        If there is no such model, or its file is wrong.

    Examples
    --------
    >>> load_model("C4").question.effect
    'team.adaptation ~ collective_efficacy'
    """
    if isinstance(source, Path) or source.lower().endswith(".toml") or "/" in source or "\\" in source:
        return _load_file(Path(source), where=str(source))
    entry = _find(source)
    return _load_file(entry.path, where=f"models/{entry.path.name}")


def _find(name: str) -> LibraryEntry:
    entries = list_models()
    matches = [entry for entry in entries if entry.name == name]
    about = [entry for entry in entries if entry.claim and entry.claim.lower() == name.lower()]
    matches = matches or [entry for entry in about if not entry.variant] or about
    if len(matches) == 1:
        return matches[0]
    if matches:
        choices = ", ".join(entry.name for entry in matches)
        several = f"{len(matches)} models are about {matches[0].claim}."
        raise SpecError(Problem(name, several, f"Name one: {choices}."))
    known = did_you_mean(name, [key for entry in entries for key in (entry.name, entry.claim) if key])
    mend = f"{known} The path of a file ends in .toml."
    raise SpecError(Problem(name or "model", "no such model in the library.", mend))


def _load_file(path: Path, *, where: str) -> ModelSpec:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        near = did_you_mean(path.name, (p.name for p in path.parent.glob("*.toml")))
        raise SpecError(Problem(where, "no such file.", near)) from None
    except UnicodeDecodeError:
        raise SpecError(Problem(where, "not a text file in UTF-8.", "Save it as UTF-8 text.")) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SpecError(Problem(where, f"cannot be read ({reason}).", "Give a readable file.")) from None
    return loads(text, where=where)
