"""What the commands print about a result, a survey and a simulated world."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    rows = (_effect_row(verdict), _check_row(verdict), _left_out_row(verdict))
    for row in rows if verdict.effect_raw else (_headline_row(verdict),):
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
    note(f"Simulated data for claim {simulated.claim}, seed {simulated.truth['options']['seed']}: {folder}")
    note(f"Planted: {planted(simulated)}; see truth.json.")


def planted(simulated: World) -> str:
    """Return what was planted in a world: its effect, or the headlines of its estimands."""
    effect = simulated.truth.get("effect")
    if effect:
        return f"{effect['name']} = {number(effect['standardised'], 3)} (standardised)"
    estimands = simulated.truth["estimands"]
    firsts = ((kind, *next(iter(found.items()))) for kind, found in estimands.items())
    return ", ".join(f"{plain(kind)}: {plain(name)} = {number(value, 3)}" for kind, name, value in firsts)


def _headline_row(verdict: Verdict) -> tuple[str, str, str]:
    return verdict.effect["name"], _interval(verdict.effect), f"verdict: {verdict.verdict}"


def _interval(effect: dict[str, Any]) -> str:
    return f"{number(effect.get('mean'))} [{number(effect.get('q2_5'))}, {number(effect.get('q97_5'))}]"


def _effect_row(verdict: Verdict) -> tuple[str, str, str]:
    effect, interval = verdict.effect, _interval(verdict.effect)
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
