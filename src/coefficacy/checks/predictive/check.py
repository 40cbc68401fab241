"""What a predictive check is, and what it finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = [
    "FAILS",
    "Check",
    "PredictiveChecks",
    "Replication",
    "Side",
    "Status",
    "compared",
    "not_applicable",
]

type Replication = Literal["same teams", "new teams", "left-out teams"]
type Side = Literal["two-sided", "larger"]
type Status = Literal["passed", "failed", "not applicable"]

FAILS = 0.05
"""A check fails below this p-value."""

_ENTRY, _COPY = "entry", "copy"


@dataclass(frozen=True, slots=True, repr=False)
class Check:
    """Result of one predictive check under one kind of replication.

    Attributes
    ----------
    code : names the check in code, tests and the guide, e.g. ``"answers.categories"``
    title : what is compared
    question : what the check asks, in plain words
    statistic : what is computed of every copy of the data
    replication : ``"same teams"``, ``"new teams"`` or ``"left-out teams"``
    side : whether deviations count in both directions or only upwards
    status : ``"passed"``, ``"failed"`` or ``"not applicable"``
    reason : why it does not apply; empty where it does
    p_value : of the largest deviation over all entries; None where the check does not apply
    values : ``observed`` (entry) and ``replicated`` (copy, entry); coordinates ``entry``, ``of`` (the item,
        measure or outcome) and ``part`` (the category or the kind of number). Calibration has no
        replicates but ``expected``, ``lower``, ``upper`` and ``p`` (entry), and ``pit.OUTCOME`` of every unit
    """

    code: str
    title: str
    question: str
    statistic: str
    replication: Replication
    side: Side
    status: Status
    reason: str = ""
    p_value: float | None = None
    values: xr.Dataset | None = field(default=None)

    @property
    def table(self) -> pd.DataFrame:
        """One row an entry: ``entry, observed, expected, q2_5, q97_5, p``; empty where it does not apply."""
        import pandas as pd

        columns = ["entry", "observed", "expected", "q2_5", "q97_5", "p"]
        if self.values is None:
            return pd.DataFrame(columns=columns)
        found = self.values
        observed = found["observed"].values
        if "replicated" not in found:
            expected, low, high = (found[name].values for name in ("expected", "lower", "upper"))
            p = found["p"].values
        else:
            copies = found["replicated"].transpose(_COPY, _ENTRY).values
            expected, (low, high) = copies.mean(axis=0), np.quantile(copies, [0.025, 0.975], axis=0)
            p = _p_values(observed, copies, self.side)
        entries = found[_ENTRY].values.astype(str)
        return pd.DataFrame(dict(zip(columns, (entries, observed, expected, low, high, p), strict=True)))

    @property
    def worst(self) -> dict[str, Any] | None:
        """The row of :attr:`table` that deviates most from what is expected, in SDs; None without rows."""
        table = self.table
        if table.empty or self.values is None:
            return None
        if "replicated" not in self.values:
            return _as_row(table, int(table["p"].argmin()))
        copies = self.values["replicated"].transpose(_COPY, _ENTRY).values
        together = np.vstack([self.values["observed"].values, copies])
        deviation = _deviations(together, self.side)[0]
        return _as_row(table, int(np.argmax(deviation)))

    def __repr__(self) -> str:
        found = _stated(self.p_value) or self.reason
        return f"<Check {self.code}, {self.replication}: {self.status} ({found})>"


@dataclass(frozen=True, slots=True, repr=False)
class PredictiveChecks:
    """Results of all predictive checks of a fit.

    Attributes
    ----------
    checks : one a check and kind of replication
    draws : posterior draws, each with one replicate
    seed : of the replicates
    """

    checks: tuple[Check, ...]
    draws: int
    seed: int

    def __iter__(self) -> Iterator[Check]:
        return iter(self.checks)

    def __len__(self) -> int:
        return len(self.checks)

    @property
    def failed(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.status == "failed")

    def get(self, code: str, replication: str | None = None) -> Check:
        """Return the check of that code; of the first kind of replication unless one is named.

        Raises
        ------
        FitError : there is none
        """
        from coefficacy.errors import FitError, Problem, did_you_mean

        for check in self.checks:
            if check.code == code and replication in (None, check.replication):
                return check
        known = [f"{check.code} ({check.replication})" for check in self.checks]
        wanted = code if replication is None else f"{code} ({replication})"
        raise FitError(Problem("predictive checks", f"no check '{wanted}'.", did_you_mean(wanted, known)))

    def to_frame(self) -> pd.DataFrame:
        """Return one row an entry of every check; a check that does not apply has one row without numbers.

        Columns: ``code, replication, status, p_value, entry, observed, expected, q2_5, q97_5, p, reason``.
        """
        import pandas as pd

        parts = []
        for check in self.checks:
            table = check.table
            rows = table if len(table) else pd.DataFrame({"entry": [""]})
            head = {"code": check.code, "replication": check.replication, "status": check.status}
            parts.append(rows.assign(**head, p_value=check.p_value, reason=check.reason))
        columns = [
            "code", "replication", "status", "p_value", "entry", "observed", "expected", "q2_5", "q97_5", "p",
            "reason",
        ]  # fmt: skip
        frame = pd.concat([part.reindex(columns=columns) for part in parts], ignore_index=True)
        numbers = ["p_value", "observed", "expected", "q2_5", "q97_5", "p"]
        return frame.astype(dict.fromkeys(numbers, float))

    def __repr__(self) -> str:
        head = f"Predictive checks, {self.draws} replicates, seed {self.seed}; a check fails at p < {FAILS}"
        rows = [_row(check) for check in self.checks]
        widths = [max(len(row[k]) for row in rows) for k in range(4)] if rows else []
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)) for row in rows]
        tails = [row[4] for row in rows]
        return "\n".join(
            [head, *(f"{line}  {tail}".rstrip() for line, tail in zip(lines, tails, strict=True))]
        )

    def _repr_html_(self) -> str:
        cells = ("".join(f"<td>{escape(cell)}</td>" for cell in _row(check)) for check in self.checks)
        head = "".join(
            f"<th>{name}</th>" for name in ("check", "replication", "result", "p", "largest deviation")
        )
        rows = "".join(f"<tr>{row}</tr>" for row in cells)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _as_row(table: pd.DataFrame, at: int) -> dict[str, Any]:
    return {str(name): value for name, value in table.iloc[at].items()}


def _stated(p_value: float | None) -> str:
    if p_value is None:
        return ""
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"


def _row(check: Check) -> tuple[str, ...]:
    p = _stated(check.p_value)
    worst = check.worst
    tail = check.reason
    if worst is not None:
        seen, expected, low, high = (f"{worst[k]:.3g}" for k in ("observed", "expected", "q2_5", "q97_5"))
        tail = f"{worst['entry']}: {seen}, expected {expected} ({low} to {high})"
    return check.code, check.replication, check.status, p, tail


def not_applicable(reason: str, **about: str) -> Check:
    """A check that does not apply, and why."""
    return Check(status="not applicable", reason=reason, **about)  # type: ignore[arg-type]


def compared(
    observed: np.ndarray, replicated: np.ndarray, entries: list[tuple[str, str]], *, side: Side, **about: str
) -> Check:
    """Compare a statistic of the data with that of replicates, all entries together.

    Deviations from the mean of all copies are counted in their SDs; the p-value is the share of copies, the
    data among them, whose largest deviation over entries is at least that of the data (the max-T rule of
    Westfall and Young 1993): one p-value however many entries there are.

    Parameters
    ----------
    observed, replicated : (entry,), (copy, entry)
    entries : what each is of, and which part of it
    """
    import xarray as xr

    worst = _deviations(np.vstack([observed, replicated]), side).max(axis=1)
    p_value = float(np.mean(worst >= worst[0]))
    values = xr.Dataset(
        {"observed": (_ENTRY, observed), "replicated": ((_COPY, _ENTRY), replicated)},
        coords={
            _ENTRY: [f"{of}: {part}" if part else of for of, part in entries],
            "of": (_ENTRY, [of for of, _ in entries]),
            "part": (_ENTRY, [part for _, part in entries]),
        },
    )
    status = "failed" if p_value < FAILS else "passed"
    return Check(status=status, side=side, p_value=p_value, values=values, **about)  # type: ignore[arg-type]


def _deviations(copies: np.ndarray, side: Side) -> np.ndarray:
    """Deviations from the mean of all copies in their SDs, (copy, entry); 0 where nothing ever differs.

    The data are one of the copies: only then are all of them exchangeable and the p-value exact.
    """
    mean, sd = copies.mean(axis=0), copies.std(axis=0)
    tiny = 1e-9 * np.maximum(np.abs(mean), 1e-9)
    deviation = np.where(sd > tiny, (copies - mean) / np.maximum(sd, tiny), 0.0)
    return np.abs(deviation) if side == "two-sided" else deviation


def _p_values(observed: np.ndarray, replicated: np.ndarray, side: Side) -> np.ndarray:
    """One entry at a time: share of copies, the data among them, that lie at least as far out."""
    above = (1 + np.sum(replicated >= observed, axis=0)) / (1 + len(replicated))
    below = (1 + np.sum(replicated <= observed, axis=0)) / (1 + len(replicated))
    return above if side == "larger" else np.minimum(1.0, 2 * np.minimum(above, below))
