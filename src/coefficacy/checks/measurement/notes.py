"""What to keep in mind with the agreement and reliability of a measure, in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from coefficacy.checks.measurement.anova import Icc
from coefficacy.checks.measurement.cells import Cells
from coefficacy.spec import queries
from coefficacy.survey.nesting import counted, plural

if TYPE_CHECKING:
    from coefficacy.checks.measurement.composites import Composite
    from coefficacy.sampling import Fit
    from coefficacy.spec.model import Measure

__all__ = ["Seen", "notes_on", "notes_on_fit"]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the notes are about.

    Attributes
    ----------
    cells : answers by team and item
    size : (team,) members who answered
    null_variance : NaN without a scale
    awg : (team, item)
    icc : of the person's item mean
    family : of the answers
    level, above : of those who answered, and of their teams
    """

    cells: Cells
    size: np.ndarray
    null_variance: float
    awg: np.ndarray
    icc: Icc
    family: str
    level: str
    above: str


def notes_on(seen: Seen) -> tuple[str, ...]:
    """Return what does not apply, and what to keep in mind, one sentence or two each."""
    return (*_about_sizes(seen), *_about_variances(seen), *_about_scale(seen), *_about_items(seen))


def _about_sizes(seen: Seen) -> Iterator[str]:
    empty, single = int((seen.size == 0).sum()), int((seen.size == 1).sum())
    if empty:
        yield f"In {_teams(empty, seen)} nobody answered: left out."
    if single:
        yield (
            f"In {_teams(single, seen)} one {seen.level} alone answered: no agreement there; "
            "they count for ICC(1) and ICC(2)."
        )
    if seen.icc.n_groups < 2:
        yield f"Fewer than two {plural(seen.above)} with answers: ICC(1) and ICC(2) are not defined."
    elif seen.icc.n == seen.icc.n_groups:
        yield f"No {seen.above} with two answers: ICC(1) and ICC(2) are not defined."


def _about_variances(seen: Seen) -> Iterator[str]:
    between, within = seen.icc.ms_between, seen.icc.ms_within
    if between == 0 and within == 0:
        yield f"All {plural(seen.level)} have the same mean answer: ICC(1) and ICC(2) are not defined."
    elif between == 0:
        yield f"All {plural(seen.above)} have the same mean: ICC(2) is not defined."
    elif seen.icc.icc1 < 0:
        yield (
            f"ICC(1) is negative: {plural(seen.above)} differ less than {plural(seen.level)} put together "
            "at random would. It is shown as it is; the reliability of a mean is then 0."
        )
    agreed = int((seen.cells.mean_variance == 0).sum())
    if agreed:
        yield (
            f"In {_teams(agreed, seen)} all gave the same answers. That is full agreement by every index, "
            "and what careless answering looks like, too."
        )


def _about_scale(seen: Seen) -> Iterator[str]:
    if np.isnan(seen.null_variance):
        yield (
            "The items have no scale: r_wg(j), r*_wg(j) and a_wg are not defined, and AD has no limit. "
            "Give `scale = [lowest, highest]` in the model file."
        )
        return
    beyond = int((seen.cells.mean_variance > seen.null_variance).sum())
    if beyond:
        yield (
            f"In {_teams(beyond, seen)} answers vary more than random ones would: r_wg(j) is set to 0 there, "
            "r*_wg(j) is negative."
        )
    asked = seen.cells.count >= 2
    out = asked & np.isnan(seen.awg)
    none = int((asked.any(axis=1) & np.isnan(seen.awg).all(axis=1)).sum())
    if out.any():
        rest = f" ({none} without any other)" if none else ""
        yield (
            f"In {_teams(int(out.any(axis=1).sum()), seen)} the mean of an item is too near an end of the "
            f"scale for a_wg: such items are left out of it{rest}."
        )
    if seen.family == "bernoulli":
        yield "With two possible answers the limit c/6 of AD does not apply."


def _about_items(seen: Seen) -> Iterator[str]:
    if seen.cells.n_items == 1:
        yield "One item: r_wg(j) is r_wg."
    partly = np.isnan(seen.cells.values).any(axis=1) & ~np.isnan(seen.cells.values).all(axis=1)
    if partly.any():
        noun = seen.level if partly.sum() == 1 else plural(seen.level)
        yield f"{int(partly.sum())} {noun} answered some of the items: the answers given are used."


def _teams(n: int, seen: Seen) -> str:
    return counted(n, seen.above)


# Under a model --------------------------------------------------------------------------------------------


def notes_on_fit(fit: Fit, it: Measure, parts: Composite, upper: str | None) -> tuple[str, ...]:
    """Return what to keep in mind with the reliability of a measure under a fitted model.

    Parameters
    ----------
    it : the measure
    parts : its composite, (chain, draw)
    upper : the level of teams, or None
    """
    found = [] if fit.convergence.ok else ["The sampler did not converge: rely on none of this."]
    return (*found, *_about_form(fit, it), *_about_levels(fit, it, parts, upper))


def _about_form(fit: Fit, it: Measure) -> Iterator[str]:
    single = len(fit.survey.items[it.name]) == 1
    if it.family != "gaussian":
        yield (
            "Reliability of the latent responses behind the answers; of the answers themselves it is lower, "
            "more so with few categories."
        )
    if single:
        yield "One item: omega is not defined, as nothing tells what it shares with other items."
    elif not queries.has_item_residuals(fit.spec, it.name):
        yield "No team-level item residuals in the model: omega between teams is 1 by assumption."
    if it.loadings == "free" and not single:
        yield (
            "Loadings differ between levels: ICC(1) and ICC(2) of the latent are on the scale of the first "
            "item."
        )


def _about_levels(fit: Fit, it: Measure, parts: Composite, upper: str | None) -> Iterator[str]:
    level = queries.measure_level(fit.spec, it.name)
    if upper is None:
        yield f"No level above {level} at which it varies: reliability at that level only."
        return
    higher = queries.levels_above(fit.spec, upper)
    if higher:
        yield f"Variance between {plural(upper)} includes that between {' and '.join(map(plural, higher))}."
    if it.aggregate == "members":
        yield (
            f"The value of a {upper} is the mean of its members: drawing them is no error of the mean score. "
            "ICC(2) counts it as one."
        )
    explained = float((1 - parts.independent / parts.within).mean()) if (parts.within > 0).all() else 0.0
    if explained > 0:
        yield (
            f"Columns of {plural(level)} explain {explained:.0%} of the variance within {plural(upper)}. "
            "They enter as deviations from the mean, so that they are no error of the mean score; ICC(2) "
            "counts them as one."
        )
