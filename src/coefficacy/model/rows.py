"""Groups of items and single responses, as rows of the linear forms that the exact engine takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pytensor.tensor as pt

from coefficacy.model.equations import Equations
from coefficacy.model.specifics import specifics_of
from coefficacy.model.structure import Structure
from coefficacy.spec.model import Measure

__all__ = ["Rows", "column", "joined", "person_forms", "person_rows", "with_specifics"]


@dataclass(slots=True)
class Rows:
    """Rows of a level.

    Attributes
    ----------
    response, member : positions of the response at this level and at the one below
    scale, below : what the forms of the two are multiplied by
    constant : what is added
    item : measure and position of the one item that a row is of, else None
    """

    response: list[int] = field(default_factory=list)
    member: list[int] = field(default_factory=list)
    scale: list[Any] = field(default_factory=list)
    below: list[Any] = field(default_factory=list)
    constant: list[Any] = field(default_factory=list)
    item: list[tuple[Measure, int] | None] = field(default_factory=list)

    def add(
        self,
        response: int,
        member: int = 0,
        *,
        scale: Any = 1.0,
        below: Any = 1.0,
        constant: Any = 0.0,
        item: tuple[Measure, int] | None = None,
    ) -> None:
        """Add a row."""
        self.response.append(response)
        self.member.append(member)
        self.scale.append(scale)
        self.below.append(below)
        self.constant.append(constant)
        self.item.append(item)


def person_rows(
    structure: Structure,
    projected: Sequence[Measure],
    others: Sequence[Measure],
    person: Equations,
    loading: Sequence[Any],
) -> tuple[Rows, np.ndarray]:
    """Rows of people: one a measure, and one an item where these have specific factors; where items start."""
    rows, starts = Rows(), [0]
    for measure, own in zip(projected, loading, strict=True):
        at, n = person.responses.index(measure.name), len(structure.survey.items[measure.name])
        if not measure.specific:
            rows.add(at)
            starts.append(starts[-1] + n)
            continue
        for i in range(n):
            rows.add(at, scale=own[i], item=(measure, i))
            starts.append(starts[-1] + 1)
    for measure in others:
        rows.add(person.responses.index(measure.name))
    return rows, np.array(starts)


def person_forms(
    structure: Structure, projected: Sequence[Measure], rows: Rows, person: Equations
) -> tuple[Any, Any]:
    """Coefficients of people's rows on sources and on columns."""
    at = np.array(rows.response, int)
    z, x = person.z[at], person.x[at]
    if any(not isinstance(s, float) for s in rows.scale):
        scale = column(rows.scale)
        z, x = z * scale, x * scale
    return with_specifics(structure, projected, z, rows.item, "within"), x


def with_specifics(
    structure: Structure,
    projected: Sequence[Measure],
    z: Any,
    items: Sequence[tuple[Measure, int] | None],
    kind: Literal["within", "between"],
) -> Any:
    """Add the sources of specific factors to forms (row, source); rows after `items` have none of them."""
    for measure in projected:
        specifics = specifics_of(structure, measure)
        if specifics is None:
            continue
        added = pt.zeros((z.shape[0], specifics.n_factors))
        rows = [(k, item[1]) for k, item in enumerate(items) if item and item[0] == measure]
        if rows:
            at, which = (np.array(part, int) for part in zip(*rows, strict=True))
            added = pt.set_subtensor(added[at], getattr(specifics, kind)[which])
        z = pt.concatenate([z, added], axis=1)
    return z


def column(values: Sequence[Any]) -> Any:
    """Numbers as a column of a matrix."""
    return pt.stack([pt.as_tensor(value).astype("float64") for value in values])[:, None]


def joined(parts: Sequence[Any]) -> Any:
    """Vectors end to end, none of them too."""
    return pt.concatenate(list(parts)) if parts else pt.zeros(0)
