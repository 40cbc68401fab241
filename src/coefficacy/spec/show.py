"""A model as a notebook shows it: what is measured, what predicts what, what is asked."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coefficacy.spec.model import ModelSpec, Regression, Rival

__all__ = ["model_html"]


def model_html(spec: ModelSpec) -> str:
    """Return a table of the parts of a model file, escaped."""
    title = " ".join(filter(None, (spec.title or "Model", f"({spec.claim})" if spec.claim else "")))
    rows = [
        ("levels", [f"{level.name}: {', '.join(level.key)}" for level in spec.levels]),
        ("measures", [f"{m.name}: {', '.join(m.items)} ({m.family})" for m in spec.measures]),
        ("equations", _equations(spec.regressions)),
        ("spreads", [f"sd({r.response}) = {r.formula}" for r in spec.spreads]),
        ("priors", [f"{name} = {prior}" for name, prior in spec.priors]),
        *((f"rival {rival.name}", _rival(rival)) for rival in spec.rivals),
        ("question", _question(spec)),
        ("estimands", [one.kind for one in spec.estimands]),
    ]
    shown = "".join(_row(head, lines) for head, lines in rows if lines)
    return f"<table><caption>{escape(title)}</caption><tbody>{shown}</tbody></table>"


def _equations(regressions: Iterable[Regression]) -> list[str]:
    return [f"[{each.level}] {each.response} = {each.formula}" for each in regressions]


def _rival(rival: Rival) -> list[str]:
    changed = _equations(rival.regressions)
    return changed + [f"{name} = {prior}" for name, prior in rival.priors]


def _question(spec: ModelSpec) -> list[str]:
    asked = spec.question
    if asked is None:
        return []
    low, high = asked.rope
    against = f", against {asked.rival}" if asked.rival else ""
    return [f"{asked.effect}: {asked.direction}{against}; counts as none from {low:g} to {high:g}"]


def _row(head: str, lines: Iterable[str]) -> str:
    words = "<br>".join(map(escape, lines))
    return f'<tr><th scope="row">{escape(head)}</th><td style="text-align: left">{words}</td></tr>'
