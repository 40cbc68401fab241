"""The page's section on teams: a sorted figure a latent, who is discordant, and all estimates in a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from coefficacy.errors import CoefficacyError
from coefficacy.reporting.hover import Spot
from coefficacy.reporting.plots import latent_figure
from coefficacy.reporting.sections import INTERVAL, PageFigure, PageTable, page_figure
from coefficacy.reporting.tables import team_estimates, unit_level
from coefficacy.reporting.words import number, plain, probability
from coefficacy.spec import queries
from coefficacy.survey.nesting import plural

if TYPE_CHECKING:
    import pandas as pd

    from coefficacy.sampling import Fit

__all__ = ["DISCORDANT", "SURE", "units_section"]

SURE = 0.8
"""Probability from which a discordant team is marked."""
DISCORDANT = "discordant"
_PAIR = ("collective_efficacy", "self_efficacy")


def units_section(fit: Fit) -> dict[str, Any]:
    """Estimates of every team: one sorted figure a latent, and all of them in a table.

    Teams in which collective and self-efficacy point in opposite directions are marked where the model has
    both, or where the file asks for discordant teams.
    """
    level = unit_level(fit.spec)
    table = team_estimates(fit)
    latents = [measure.name for measure in fit.spec.measures if f"{measure.name}_mean" in table]
    wanted = fit.spec.question.term if fit.spec.question else ""
    latents.sort(key=lambda name: name != wanted)
    pair = _discordance(fit, table, latents)
    figures = [_latent(table, name, level.name, named=not level.personal, pair=pair) for name in latents]
    units = plain(plural(level.name))
    sentence = (
        f"{len(table):,} {units}, each latent’s posterior mean and {INTERVAL} "
        "(equal-tailed). Intervals of neighbours overlap: ranks are far less certain than they look."
    )
    return {
        "title": f"Estimates of {units}",
        "units": units,
        "sentence": " ".join(filter(None, (sentence, _told(table, pair, units)))),
        "figures": figures,
        "table": _units_table(table, latents, level.name) if latents and not level.personal else None,
    }


def _discordance(fit: Fit, table: pd.DataFrame, latents: Sequence[str]) -> tuple[str, str] | None:
    """Add each team's probability of being discordant to `table`; return the two latents, if any."""
    from coefficacy.estimands import discordant_teams

    asked = next((one.options for one in fit.spec.estimands if one.kind == "discordant_teams"), None)
    options: dict[str, Any] = dict(asked) if asked else dict(zip(("of", "given"), _PAIR, strict=True))
    pair = (options["of"], options["given"])
    unit = unit_level(fit.spec)
    if unit.personal or not {*pair} <= {*latents} or unit.name != queries.level_names(fit.spec)[1]:
        return None
    try:
        found = discordant_teams(fit, **options)["discordant"]
    except CoefficacyError:
        return None
    chance = found.sum("kind").mean(("chain", "draw"))
    ids = fit.survey.levels[unit.name][unit.name].values
    table[DISCORDANT] = chance.sel({unit.name: ids}).values
    return pair


def _told(table: pd.DataFrame, pair: tuple[str, str] | None, units: str) -> str:
    if pair is None:
        return ""
    of, given = map(plain, pair)
    sure = int((table[DISCORDANT] >= SURE).sum())
    return (
        f"{sure} of {len(table):,} {units} {'is' if sure == 1 else 'are'} discordant with a probability of "
        f"at least {SURE:g}: {of} and {given} lie on opposite sides of the average. They are ringed."
    )


def _latent(
    table: pd.DataFrame, latent: str, unit: str, *, named: bool, pair: tuple[str, str] | None
) -> PageFigure:
    means = table[f"{latent}_mean"]
    words, units = plain(latent), plain(plural(unit))
    alt = (
        f"{words} of {len(table)} {units} with 95% intervals, sorted: "
        f"posterior means from {number(float(means.min()))} to {number(float(means.max()))}."
    )
    ringed = table[DISCORDANT] >= SURE if pair and latent in pair else None
    coloured = " Colours and markers tell the layers apart." if table["layer"].nunique() > 1 else ""
    rings = " Ringed: discordant." if ringed is not None and ringed.any() else ""
    caption = (
        f"Posterior mean and {INTERVAL} (equal-tailed); dashed: the mean of all {units}.{coloured}{rings}"
    )
    drawing = latent_figure(table, latent, units=units, named=named, ringed=ringed)
    spots = _spots(table, latent) if named else ()
    return page_figure(drawing, f"latent-{latent}", alt, caption, words.capitalize(), spots=spots)


def _spots(table: pd.DataFrame, latent: str) -> Iterable[Spot]:
    rows = table.sort_values(f"{latent}_mean", kind="stable").to_dict("records")
    for place, row in enumerate(rows, start=1):
        layer = f" ({row['layer']})" if row["layer"] else ""
        mean, interval = _cells(row, (latent,))
        words = f"{row['team']}{layer}: {mean}, {INTERVAL} {interval}, n = {row['n']}"
        yield Spot(place, str(row["team"]), words)


def _units_table(table: pd.DataFrame, latents: Sequence[str], unit: str) -> PageTable:
    layered, paired = bool(table["layer"].astype(bool).any()), DISCORDANT in table
    columns = ["n", *(f"{plain(name)} {what}" for name in latents for what in ("mean", INTERVAL))]
    rows = tuple(
        (
            str(row["team"]),
            *([str(row["layer"])] if layered else []),
            str(row["n"]),
            *_cells(row, latents),
            *([probability(row[DISCORDANT])] if paired else []),
        )
        for row in table.to_dict("records")
    )
    heads = (unit, *(["layer"] if layered else []), *columns, *(["P(discordant)"] if paired else []))
    return PageTable(f"Every {unit}", heads, rows, kind="sortable")


def _cells(row: Any, latents: Sequence[str]) -> Iterable[str]:
    for name in latents:
        yield number(float(row[f"{name}_mean"]))
        yield f"{number(float(row[f'{name}_q2_5']))} to {number(float(row[f'{name}_q97_5']))}"
