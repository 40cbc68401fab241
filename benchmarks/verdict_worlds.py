"""What the benchmarks of judged worlds share: options, running them, where results came from."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import numpy as np

from coefficacy.cli.show import checks_bar
from coefficacy.errors import Interrupted
from coefficacy.studies import Store, Study, run_study

__all__ = ["FOLDER", "command", "kept_worlds", "options", "origin", "origin_of_fits"]

FOLDER = Path(__file__).resolve().parent / "results"


def options(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--worlds-share", type=float, default=1.0, help="of every cell, the first worlds")
    parser.add_argument("--workers", type=int, help="processes; default one a processor")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder of the results")
    return parser


def kept_worlds(study: Study, path: Path, workers: int | None) -> Store:
    """Judge the worlds that are not in the store yet."""
    try:
        with checks_bar(quiet=False) as progress:
            return run_study(study, store=path, workers=workers, progress=progress)
    except Interrupted as stopped:
        raise SystemExit(f"{stopped}") from None


def command() -> str:
    """The command as it was typed."""
    return shlex.join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]])


def origin(store: Store) -> Iterator[str]:
    """Lines on how judged worlds were made: with the rival fitted only where it mattered."""
    results = [row.result for row in store.rows if row.result is not None]
    yield from origin_of_fits(store)
    spared = sum(r["p_better"] is None for r in results)
    again = sum(r["retried"] for r in results)
    yield f"- The rival was not needed in {spared} worlds; {again} were sampled twice."


def origin_of_fits(store: Store) -> Iterator[str]:
    """Lines on how the worlds in a store were made."""
    rows, asked = store.rows, store.headers[-1].settings
    results = [row.result for row in rows if row.result is not None]
    yield f"- Date: {store.headers[0].when[:10]} to {date.today()}."
    yield f"- Command: `{command()}`"
    yield f"- Each world: {asked['chains']} chains of {asked['draws']} draws after {asked['tune']}."
    yield f"- Versions: {', '.join(f'{k} {v}' for k, v in store.headers[-1].versions.items())}."
    yield f"- Source of the package (hash): {_counted(row.source for row in rows)}."
    yield f"- Engine: {_counted(r['engine'] for r in results)}."
    seconds = np.array([row.seconds for row in rows])
    yield (
        f"- Seconds: {seconds.sum():.0f} added over processes, one thread each, on {os.cpu_count()} cores; a "
        f"world took {np.median(seconds):.0f} (median), at most {seconds.max():.0f}."
    )
    for message in dict.fromkeys(row.error for row in rows if row.error):
        yield f"- Failed: {message}"


def _counted(values: Iterable[str]) -> str:
    return ", ".join(f"{value} ({n} worlds)" for value, n in Counter(values).most_common())
