"""What the commands print about a result, a survey and a simulated world."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from coefficacy.cli.show import console, note, table
from coefficacy.reporting.words import number, plain, stated

if TYPE_CHECKING:
    from coefficacy.spec import ModelSpec
    from coefficacy.survey import Survey
    from coefficacy.verdicts import Verdict
    from coefficacy.worlds import World

__all__ = ["show_result", "show_survey", "show_world"]


def show_result(verdict: Verdict, folder: Path, *, seconds: float, simulated: bool) -> None:
    """Print effect, predictive check, left-out teams and verdict, and where the files are."""
    evidence = table("evidence", "estimate", "reads")
    for row in (_effect_row(verdict), _check_row(verdict), _left_out_row(verdict)):
        evidence.add_row(*row)
    console().print(evidence)
    colour = {"supported": "green", "refuted": "red"}.get(verdict.verdict, "yellow")
    console().print(f"Verdict: [bold {colour}]{verdict.verdict}[/]")
    for reason in verdict.reasons:
        note(f"  - {reason}")
    if simulated:
        note("The data are simulated: this says nothing about any real team.")
    note(f"{seconds:.0f} seconds. Open {folder / 'report.html'}; numbers are in {folder / 'verdict.json'}.")


def show_survey(spec: ModelSpec, data: Survey) -> None:
    """Print what a survey holds, what was noticed, agreement, and the engine a fit would take."""
    from coefficacy.checks import agreement
    from coefficacy.model import build

    note(repr(data))
    *below, _highest = data.levels
    measures = [name for name in data.items if data.coding[name].level in below]
    if measures:
        shown = table("agreement", "ICC(1)", "ICC(2)", "rwg(j)")
        for found in (agreement(data, name) for name in measures):
            shown.add_row(plain(found.measure), *map(number, (found.icc1, found.icc2, found.rwg_j)))
        console().print(shown)
    built = build(spec, data)
    note(f"A fit would take the {built.engine} engine: {built.reason}.")


def show_world(simulated: World, folder: Path) -> None:
    """Print what was simulated and how to go on."""
    effect = simulated.truth["effect"]
    note(f"Simulated data for claim {simulated.claim}, seed {simulated.truth['options']['seed']}: {folder}")
    note(f"Planted: {effect['name']} = {number(effect['standardised'], 3)} (standardised); see truth.json.")


def _effect_row(verdict: Verdict) -> tuple[str, str, str]:
    effect = verdict.effect
    interval = f"{number(effect.get('mean'))} [{number(effect.get('q2_5'))}, {number(effect.get('q97_5'))}]"
    shares = (("P(effect above 0)", "p_positive"), ("P(within the ROPE)", "p_rope"))
    reads = ", ".join(stated(symbol, effect.get(key)) for symbol, key in shares)
    return "effect, standardised (95% interval)", interval, reads


def _check_row(verdict: Verdict) -> tuple[str, str, str]:
    name = "rival's predictive check"
    if not verdict.ppc:
        return name, "n/a", "not applicable"
    p_value = verdict.ppc["p_value"]
    reads = stated("p", p_value)
    if p_value is not None:
        reads += ": the rival fails" if p_value < 0.05 else ": the rival passes"
    return name, number(verdict.ppc["observed"]), reads


def _left_out_row(verdict: Verdict) -> tuple[str, str, str]:
    name = "left-out teams, elpd against the rival"
    if not verdict.elpd:
        return name, "n/a", "not applicable"
    elpd = verdict.elpd
    estimate = f"{number(elpd['diff'], 1)} (se {number(elpd['se'], 1)})"
    return name, estimate, stated("P(better)", elpd["p_better"])
