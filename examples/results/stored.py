"""Stored results of examples: what takes long is read from this folder where an example runs in the gallery.

An example calls ``co.fit``, ``co.teams_needed`` and ``co.calibrate`` as a reader would. In the gallery the
same calls look for a file here that belongs to exactly this model, these data and these options; if there is
none, they do the work. To make the files of an example anew:

    uv run python examples/results/stored.py examples/start/plot_first_verdict.py

Fits that took longer than ``LONG`` seconds are kept with every fifth draw, in single precision;
``SHA256SUMS`` has the checksum of every file.
"""

from __future__ import annotations

import hashlib
import json
import os
import runpy
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import coefficacy as co
from coefficacy.sampling import fit as fit_now
from coefficacy.spec import spec_hash
from coefficacy.studies import calibrate as calibrate_now
from coefficacy.studies import teams_needed as teams_needed_now

RESULTS = Path(__file__).resolve().parent
SUMS = RESULTS / "SHA256SUMS"
LONG = 10.0
THIN = 5


def install(name: str = "", *, anew: bool = False) -> None:
    """Let the package's slow verbs read stored results, or with `anew` write those of the example `name`."""
    co.fit = _make(name) if anew else _read  # type: ignore[attr-defined]
    co.teams_needed = _study(teams_needed_now, name, anew)  # type: ignore[attr-defined]
    co.calibrate = _study(calibrate_now, name, anew)  # type: ignore[attr-defined]


def checksums() -> dict[str, str]:
    """Return file name to SHA-256, as listed."""
    lines = SUMS.read_text(encoding="utf-8").splitlines() if SUMS.is_file() else []
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _key(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:12]


def _fit_key(spec: co.ModelSpec, survey: co.Survey, options: dict[str, Any]) -> str:
    return _key(
        "fit", spec_hash(spec), survey.data_hash, {k: v for k, v in options.items() if k != "progress"}
    )


def _found(key: str, suffix: str) -> Path | None:
    path = next(RESULTS.glob(f"*-{key}{suffix}"), None)
    if path is not None and checksums().get(path.name) != digest(path):
        raise ValueError(f"{path.name} is not the file that SHA256SUMS lists. Make it anew.")
    return path


def _read(spec: co.ModelSpec, survey: co.Survey, **options: Any) -> co.Fit:
    path = _found(_fit_key(spec, survey, options), ".nc")
    if path is None:
        return fit_now(spec, survey, **{**options, "progress": False})
    fit = co.Fit.load(path)
    seconds = sum(fit.seconds.get(part, 0) for part in ("build", "compile", "sample"))
    print(f"(stored draws, every {THIN}th of {fit.settings.draws} a chain; sampling took {seconds:.0f} s)")
    return fit


def _make(name: str) -> Callable[..., co.Fit]:
    def fit(spec: co.ModelSpec, survey: co.Survey, **options: Any) -> co.Fit:
        key = _fit_key(spec, survey, options)
        if (kept := _found(key, ".nc")) is not None and not kept.name.startswith(f"{name}-"):
            return _read(spec, survey, **options)
        started = perf_counter()
        made = fit_now(spec, survey, **{**options, "progress": False})
        if perf_counter() - started > LONG:
            if spec.question is not None:
                co.verdict(made)
            _list(_thinned(made).save(RESULTS / f"{name}-{key}.nc"))
        return made

    return fit


def _thinned(fit: co.Fit) -> co.Fit:
    """Every so many draws, in single precision; scores of left-out teams stay those of all draws."""
    tree = fit.tree.copy()
    few = fit.posterior.isel(draw=slice(None, None, THIN))
    tree["posterior"] = type(tree)(few.map(lambda v: v.astype("float32") if v.dtype == float else v))
    if "sample_stats" in tree:
        tree["sample_stats"] = type(tree)(
            tree["sample_stats"].to_dataset()[["diverging"]].isel(draw=slice(None, None, THIN))
        )
    return replace(fit, tree=tree)


def _study(study: Callable[..., Any], name: str, anew: bool) -> Callable[..., Any]:
    """The study with its worlds in a stored file, of which the gallery uses a copy."""

    def run(spec: co.ModelSpec, *design: object, **options: Any) -> Any:
        plain = {k: v for k, v in options.items() if k not in ("store", "progress", "workers", "sims")}
        key = _key(study.__name__, spec_hash(spec), design, plain)
        path = _found(key, ".jsonl")
        if anew:
            target = path or RESULTS / f"{name}-{key}.jsonl"
            found = study(spec, *design, **{**options, "store": target})
            _list(target)
            return found
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "worlds.jsonl"
            if path is not None:
                shutil.copy(path, copy)
                print("(stored worlds)")
            return study(spec, *design, **{**options, "store": copy})

    return run


def _list(path: Path) -> None:
    sums = checksums() | {path.name: digest(path)}
    kept = [f"{sums[name]}  {name}" for name in sorted(sums) if (RESULTS / name).is_file()]
    SUMS.write_text("\n".join(kept) + "\n", encoding="utf-8")
    print(f"Written: {path.name}, {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    import matplotlib as mpl

    mpl.use("agg")
    for asked in map(Path, sys.argv[1:]):
        install(asked.stem.removeprefix("plot_"), anew=True)
        there = os.getcwd()
        os.chdir(asked.parent)
        runpy.run_path(asked.name)
        os.chdir(there)
