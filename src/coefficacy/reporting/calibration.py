"""Error rates of the verdict, as files: ``calibration.json`` and a table to read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from coefficacy.reporting.folder import replace_text
from coefficacy.verdicts import CALIBRATION_FILE, Answer, Calibration, ErrorRates, rate_interval

__all__ = ["RATE_COLUMNS", "calibration_text", "rate_cells", "rate_text", "write_calibration"]

RATE_COLUMNS = ("planted effect", "worlds", "supported", "refuted", "cannot tell", "not converged", "failed")
_ANSWERS: tuple[Answer, ...] = ("supported", "refuted", "cannot tell")


def write_calibration(calibration: Calibration, folder: str | Path) -> Path:
    """Write ``calibration.json`` and ``calibration.md`` to a folder that exists; return it."""
    path = Path(folder)
    replace_text(path / "calibration.md", calibration_text(calibration))
    replace_text(path / CALIBRATION_FILE, calibration.to_json())
    return path


def rate_cells(rates: ErrorRates) -> tuple[str, ...]:
    """Return one row of the table, in the order of ``RATE_COLUMNS``: counts, rates, 95% intervals."""
    counted = (_rate(rates, answer) for answer in _ANSWERS)
    return (f"{rates.effect:g}", f"{rates.n}", *counted, f"{rates.not_converged}", f"{rates.failed}")


def _rate(rates: ErrorRates, answer: Answer) -> str:
    if not rates.n:
        return "n/a"
    return rate_text(rates.count(answer), rates.n)


def rate_text(count: int, n: int) -> str:
    """Return ``"9 = 18% (9 to 31%)"``."""
    low, high = rate_interval(count, n)
    return f"{count} = {count / n:.0%} ({100 * low:.0f} to {100 * high:.0f}%)"


def calibration_text(calibration: Calibration) -> str:
    """Return the text of ``calibration.md``; failures are named, not left out."""
    lines = [
        f"# Error rates of the verdict: {calibration.model}",
        "",
        f"Verdicts in simulated worlds. Each world is {calibration.world}.",
        "",
        "In parentheses: exact 95% binomial intervals. Fits that did not converge count as cannot tell; fits "
        "that failed count in no rate.",
        "",
        f"| {' | '.join(RATE_COLUMNS)} |",
        f"|{'---|' * len(RATE_COLUMNS)}",
        *(f"| {' | '.join(rate_cells(rates))} |" for rates in calibration.rates),
        "",
        *(f"- Failed: {message}" for message in calibration.failures),
        *_origin(calibration),
    ]
    return "\n".join(lines) + "\n"


def _origin(calibration: Calibration) -> Iterator[str]:
    design, settings = calibration.design, calibration.settings
    sizes = design["sizes"]
    yield (
        f"- Design: {len(sizes)} teams of {min(sizes)} to {max(sizes)} ({sum(sizes)} people) in "
        f"{len(set(design['layers']))} layers; {design['missing']:.1%} of the answers missing."
    )
    for name, scale in design.items():
        if not isinstance(scale, dict):
            continue
        kind = f"{scale['categories']} categories" if scale["family"] == "ordinal" else scale["family"]
        of_one = scale["reliability"]
        known = "" if of_one is None else f", reliability of a single item {of_one:.2f}"
        yield f"- {name}: {scale['n_items']} items, {kind}{known}."
    yield (
        f"- Each world: {settings['chains']} chains of {settings['draws']} draws after {settings['tune']}; "
        f"seed {settings['seed']}."
    )
    counted = ", ".join(f"{source} ({n} worlds)" for source, n in calibration.source.items())
    yield f"- Source of the package (hash): {counted}."
    yield f"- Versions: {', '.join(f'{k} {v}' for k, v in calibration.versions.items())}."
    yield f"- Seconds: {calibration.seconds:.0f} in all, added over processes."
