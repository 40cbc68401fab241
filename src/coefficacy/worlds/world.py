"""A simulated world: its tables, its model file and the truth behind them."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coefficacy.errors import CoefficacyError, Problem

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["World"]

TRUTH = "truth.json"


@dataclass(frozen=True, slots=True)
class World:
    """Tables with a known truth.

    Attributes
    ----------
    claim : code of the claim, e.g. ``"C4"``
    tables : ``"persons"``, ``"teams"``, ``"layers"`` to data frames
    truth : what was planted, plain values only. ``claim``, ``options`` (the arguments, the seed included),
        ``n``; ``effect`` (name, raw, standardised); ``parameters`` (raw, by the model's parameter names);
        ``standardised`` (coefficients b SD(x) / SD(y), within layers); ``sd`` (those SDs); ``latents`` (the
        units' true values, in the order of the tables); ``unmodelled`` (what no model of the claim knows)
    spec_text : model file for the tables
    """

    claim: str
    tables: Mapping[str, pd.DataFrame]
    truth: dict[str, Any] = field(repr=False)
    spec_text: str = field(repr=False)

    def write(self, folder: str | Path) -> Path:
        """Write the tables as CSV, ``model.toml`` and ``truth.json``; all of them or none.

        Parameters
        ----------
        folder : made if absent, replaced if it is empty or holds an earlier world

        Raises
        ------
        CoefficacyError
            if `folder` is a file or holds anything else
        """
        target = Path(folder).resolve()
        _refuse_foreign(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f"{target.name}.{uuid.uuid4().hex[:8]}.partial")
        try:
            self._write_into(partial)
            _swap(partial, target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return target

    def _write_into(self, folder: Path) -> None:
        folder.mkdir()
        for name, table in self.tables.items():
            table.to_csv(folder / f"{name}.csv", index=False)
        (folder / "model.toml").write_text(self.spec_text, encoding="utf-8")
        text = json.dumps(self.truth, indent=1, allow_nan=False)
        (folder / TRUTH).write_text(text + "\n", encoding="utf-8")


def _refuse_foreign(target: Path) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise CoefficacyError(Problem(str(target), "is a file.", "Name a folder."))
    if any(target.iterdir()) and not (target / TRUTH).is_file():
        raise CoefficacyError(
            Problem(str(target), f"holds other files and no {TRUTH}.", "Name a new or an empty folder.")
        )


def _swap(partial: Path, target: Path) -> None:
    """Put `partial` in the place of `target`; the old folder comes back if that fails."""
    if not target.exists():
        partial.rename(target)
        return
    old = partial.with_name(partial.name.replace(".partial", ".old.partial"))
    target.rename(old)
    try:
        partial.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
