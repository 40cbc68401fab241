"""Pages made from the code before the build: commands, keys of model files, the library of models."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from numpydoc.docscrape import ClassDoc
from typer.models import ArgumentInfo

from coefficacy.cli.app import app as commands
from coefficacy.spec import DISTRIBUTIONS, FUNCTIONS, FamilySpec, Measure, Question, list_models, load_model
from coefficacy.spec import parameter_names as names_of_parameters
from coefficacy.spec import toml as files
from coefficacy.spec.validate import LATER_SECTIONS, SECTIONS
from coefficacy.spec.validate_parts import ITEM_LINKS, OUTCOME_LINKS

__all__ = ["pages", "setup"]

_MADE = "<!-- Made from the code by docs/_extensions/generated_pages.py. -->\n\n"
_KINDS = {
    "text": "a text",
    "texts": "a list of texts",
    "text_or_texts": "a text or a list of texts",
    "named_texts": "names with lists of texts",
    "number": "a number",
    "pair": "two numbers",
    "flag": "`true` or `false`",
}


def pages() -> dict[str, str]:
    """Return the text of every page by its path below ``reference/``."""
    library = {f"models/{entry.name}.md": _model(entry) for entry in list_models()}
    return {
        "index.md": _index(),
        "command_line.md": "\n".join(_command_line()),
        "model_file.md": "\n".join(_model_file()),
        "models/index.md": _library(),
        **library,
    }


def _index() -> str:
    return (
        "# Reference\n\n```{toctree}\n:maxdepth: 2\n\n../api\nmodel_file\ncommand_line\nmodels/index\n```\n"
    )


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    yield _row(*head)
    yield _row(*["---"] * len(head))
    yield from (_row(*row) for row in rows)
    yield ""


# The command line -----------------------------------------------------------------------------------------


def _command_line() -> Iterator[str]:
    yield "# Commands and options\n"
    yield "What each does with its tables, and what it writes, is in [the guide](../guide/command_line.md).\n"
    for command in commands.registered_commands:
        parameters = inspect.signature(command.callback, eval_str=True).parameters.values()
        options = [_Option.of(parameter) for parameter in parameters]
        name = command.name or command.callback.__name__
        usage = " ".join([f"coefficacy {name}", *(o.in_usage for o in options if o.in_usage), "[OPTIONS]"])
        yield f"## coefficacy {name}\n\n{inspect.getdoc(command.callback)}\n\n```sh\n{usage}\n```\n"
        rows = [(f"`{o.name}`", o.takes, o.default, o.help) for o in options]
        yield from _table(("argument or option", "takes", "default", "is"), rows)


@dataclass(frozen=True, slots=True)
class _Option:
    """A parameter of a command as a reader sees it."""

    name: str
    in_usage: str
    takes: str
    default: str
    help: str

    @classmethod
    def of(cls, parameter: inspect.Parameter) -> _Option:
        kind, info, *_ = get_args(parameter.annotation)
        is_argument = isinstance(info, ArgumentInfo)
        needed = parameter.default is inspect.Parameter.empty
        metavar = info.metavar or parameter.name.upper()
        given = [d for d in (info.default, *(info.param_decls or ())) if str(d).startswith("--")]
        flag = next(iter(given), f"--{parameter.name.replace('_', '-')}")
        takes = "" if kind is bool or is_argument else _takes(kind, info)
        shown = metavar if needed else f"[{metavar}]"
        option = f"{flag} {_PLACES.get(flag, parameter.name.upper())}" if needed else ""
        default = "required" if needed else _default(parameter.default)
        return cls(
            metavar if is_argument else flag,
            shown if is_argument else option,
            takes,
            default,
            info.help or "",
        )


_PLACES = {"--out": "DIR"}
_TYPES = {int: "whole number", float: "number", Path: "file or folder", str: "text"}


def _takes(kind: Any, info: Any) -> str:
    if get_origin(kind) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(kind))
    if info.metavar:
        return f"`{info.metavar}`" + (", again and again" if "list" in str(kind) else "")
    bare = next((part for part in (kind, *get_args(kind)) if part in _TYPES), str)
    least = f" from {info.min:,}" if info.min is not None else ""
    return _TYPES[bare] + least + (f" to {info.max:,}" if info.max is not None else "")


def _default(value: Any) -> str:
    return "" if value is None or value is False or value == "" else f"`{value}`"


# Model files ------------------------------------------------------------------------------------------------


def _model_file() -> Iterator[str]:
    yield "# Keys of model files\n"
    yield "How to write a model file is in [the guide](../guide/model_files.md).\n"
    levels = ", ".join(f"`[{name}]`" for name in SECTIONS)
    yield f"Sections: {levels}, and one for each level. Kept for later versions: " + (
        ", ".join(f"`[{name}]`" for name in LATER_SECTIONS) + ".\n"
    )
    about = "`title` of the model; `claim`, its code; `references`; `note`, shown with the result."
    yield f"## `[about]`\n\n{about}\n"
    yield from _keys("## `[measures.NAME]`", files._MEASURE, Measure)
    yield from _keys("## `[families]`", files._FAMILY, FamilySpec)
    yield from _keys("## `[question]`", files._QUESTION, Question)
    yield "## Families and links\n"
    rows = [(f"`{f}`", _named(ITEM_LINKS.get(f, ())), _named(links)) for f, links in OUTCOME_LINKS.items()]
    yield from _table(("family", "links of items", "links of outcomes"), rows)
    yield "The first link is the default.\n"
    yield "## Functions in formulas\n"
    yield from _table(("function", "is"), [(f"`{name}(x)`", text) for name, text in FUNCTIONS.items()])
    yield "## Distributions of `[priors]`\n"
    rows = [(f"`{name}({', '.join(args)})`",) for name, args in DISTRIBUTIONS.items()]
    yield from _table(("distribution, as in PyMC",), rows)
    yield "## Names that `[priors]` may use\n"
    yield "Those of the library's model `adaptation`, as an example:\n"
    flagship = names_of_parameters(load_model("adaptation"))
    yield from _table(("parameter", "is"), [(f"`{name}`", kind) for name, kind in flagship.items()])


def _named(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _keys(title: str, readers: dict[str, Any], kind: type) -> Iterator[str]:
    meaning = _meanings(kind)
    defaults = {field.name: field.default for field in fields(kind) if field.default is not MISSING}
    rows = [
        (f"`{key}`", _KINDS[reader.__name__], _plain(defaults.get(key, MISSING)), meaning.get(key, ""))
        for key, reader in readers.items()
    ]
    yield f"{title}\n"
    yield from _table(("key", "takes", "default", "is"), rows)


def _meanings(kind: type) -> dict[str, str]:
    found = {}
    for entry in ClassDoc(kind)["Attributes"]:
        names, _, same_line = f"{entry.name} : {entry.type}".partition(" : ")
        text = " ".join(filter(None, [same_line, *entry.desc]))
        found |= dict.fromkeys((name.strip() for name in names.split(",")), text)
    return {name: text.replace("``", "`") for name, text in found.items()}


def _plain(value: Any) -> str:
    if value is MISSING or value is None or value in ("", ()):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return (
        f'`"{value}"`'
        if isinstance(value, str)
        else f"`{list(value) if isinstance(value, tuple) else value}`"
    )


# The library ------------------------------------------------------------------------------------------------


def _library() -> str:
    rows = [(f"[{entry.name}]({entry.name}.md)", entry.claim, entry.title) for entry in list_models()]
    table = "\n".join(_table(("model", "claim", "says"), rows))
    tree = "\n".join(entry.name for entry in list_models())
    return (
        "# The library of models\n\n"
        "`coefficacy models NAME > mine.toml` writes one of them to a file of your own.\n\n"
        f"{table}\n```{{toctree}}\n:hidden:\n\n{tree}\n```\n"
    )


def _model(entry: Any) -> str:
    claim = f" ({entry.claim})" if entry.claim else ""
    text = entry.path.read_text(encoding="utf-8")
    return f"# {entry.name}{claim}\n\n{entry.title}.\n\n```toml\n{text}```\n"


def _write(app: Any) -> None:
    folder = Path(app.srcdir) / "reference"
    wanted = pages()
    for old in folder.rglob("*.md"):
        if str(old.relative_to(folder)) not in wanted:
            old.unlink()
    for name, text in wanted.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        made = _MADE + text
        if not path.is_file() or path.read_text(encoding="utf-8") != made:
            path.write_text(made, encoding="utf-8")


def setup(app: Any) -> dict[str, Any]:
    app.connect("builder-inited", _write, priority=100)
    return {"parallel_read_safe": True}
