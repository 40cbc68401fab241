"""The verdict on a model's question, as it is written to ``verdict.json``."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from html import escape
from typing import Any, Literal, cast

from coefficacy.errors import FitError, Problem

__all__ = ["SCHEMA", "Answer", "Verdict"]

type Answer = Literal["supported", "refuted", "cannot tell"]

SCHEMA = 1
_ANSWERS = ("supported", "refuted", "cannot tell")


@dataclass(frozen=True, slots=True, repr=False)
class Verdict:
    """What one fit says about its question.

    Attributes
    ----------
    schema : version of this layout
    claim, model : claim code (or None) and name or title of the model
    engine, seed, versions : how the draws were made
    data_hash, spec_hash : SHA-256 of the columns used and of the model file
    n : units by level: ``persons``, ``teams``, ``layers``
    converged : ``ok``, ``rhat_max``, ``ess_min``, ``divergences``
    effect : standardised: ``name``, ``mean``, ``sd``, ``q2_5``, ``q97_5``, ``p_positive``, ``p_rope``
    effect_raw : the same on the model's own scale; None where the verdict is about an estimand
    elpd : left-out teams against the rival: ``rival``, ``diff``, ``se``, ``p_better``, ``khat_max``;
        None: not applicable
    ppc : the rival's predictive check: ``statistic``, ``observed``, ``p_value``; None: not applicable
    agreement : by measure: ``icc1``, ``icc2``, ``rwg_j``, ``reliability``
    estimands : further quantities by name, each with its answer where the model file gives a bound
    verdict : ``"supported"``, ``"refuted"`` or ``"cannot tell"``
    reasons : why, in plain words
    seconds : ``import``, ``build``, ``compile``, ``sample``, ``checks``, ``report``
    """

    schema: int
    claim: str | None
    model: str
    engine: str
    seed: int
    versions: dict[str, str]
    data_hash: str
    spec_hash: str
    n: dict[str, int | None]
    converged: dict[str, Any]
    effect: dict[str, Any]
    effect_raw: dict[str, Any] | None
    elpd: dict[str, Any] | None
    ppc: dict[str, Any] | None
    agreement: dict[str, dict[str, Any]]
    estimands: dict[str, Any]
    verdict: Answer
    reasons: tuple[str, ...]
    seconds: dict[str, Any]

    def __post_init__(self) -> None:
        if self.verdict not in _ANSWERS:
            raise ValueError(f"verdict must be one of {', '.join(_ANSWERS)}, not {self.verdict!r}")

    def to_json(self) -> str:
        """Return the text of ``verdict.json``: keys in the order of the fields, not applicable as null."""
        content = {item.name: _plain(getattr(self, item.name)) for item in fields(self)}
        return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str, *, where: str = "verdict.json") -> Verdict:
        """Read what :meth:`to_json` wrote.

        Raises
        ------
        FitError
            If the text is no JSON object, of another schema, or lacks a key.
        """
        try:
            content = json.loads(text)
        except ValueError as error:
            raise FitError(Problem(where, f"not readable as JSON ({error}).", "Fit again.")) from error
        names = [item.name for item in fields(cls)]
        missing = names if not isinstance(content, dict) else [name for name in names if name not in content]
        if missing:
            raise FitError(Problem(where, f"lacks {', '.join(missing)}.", "Fit again."))
        if content["schema"] != SCHEMA:
            what = f"has schema {content['schema']!r}; this version reads {SCHEMA}."
            raise FitError(Problem(where, what, "Fit again."))
        if content["verdict"] not in _ANSWERS:
            raise FitError(Problem(where, f"unknown verdict {content['verdict']!r}.", "Fit again."))
        kept = {name: content[name] for name in names}
        return cls(**(kept | {"reasons": tuple(content["reasons"])}))

    def __repr__(self) -> str:
        about = " ".join(filter(None, (self.claim, self.model)))
        head = f"Verdict: {self.verdict}  ({about}, {self.engine} engine)"
        lines = [_effect_line(self), *(f"- {reason}" for reason in self.reasons)]
        return "\n".join([head, *(f"  {line}" for line in lines if line)])

    def _repr_html_(self) -> str:
        reasons = "".join(f"<li>{escape(reason)}</li>" for reason in self.reasons)
        about = escape(" ".join(filter(None, (self.claim, self.model))))
        return (
            f"<div><strong>Verdict: {escape(self.verdict)}</strong> ({about})"
            f"<p>{escape(_effect_line(self))}</p><ul>{reasons}</ul></div>"
        )


def _effect_line(verdict: Verdict) -> str:
    """One line on the standardised effect, or the headline of an estimand; empty when there is none."""
    effect, unit = verdict.effect, " SD" if verdict.effect_raw is not None else ""
    shown = {key: _plain(effect.get(key)) for key in ("mean", "q2_5", "q97_5")}
    if None in shown.values():
        return ""
    text = "{mean:.2f}{unit}, 95% interval {q2_5:.2f} to {q97_5:.2f}".format(unit=unit, **shown)
    return f"{effect.get('name', 'effect')}: {text}"


def _plain(value: Any) -> Any:
    """Return `value` in JSON's own types; what is not finite becomes None."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        return _plain(cast(Any, value).item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
