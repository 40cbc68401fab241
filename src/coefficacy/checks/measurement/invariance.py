"""Does a measure mean the same in all layers? Configural, metric and scalar invariance, by left-out teams."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from coefficacy.checks.measurement.group_models import GroupFit, GroupModels
from coefficacy.checks.measurement.groups_of_teams import grouped_answers
from coefficacy.dims import SAMPLE, STATISTIC
from coefficacy.scores.left_out import Comparison, compare

if TYPE_CHECKING:
    from coefficacy.sampling import Settings
    from coefficacy.survey import Survey

__all__ = ["BETTER", "Invariance", "invariance"]

BETTER = 0.80
"""Freed parameters count as different when P(better on left-out teams) exceeds this, as in the verdict."""
STEPS = {"metric": "configural", "scalar": "metric"}
"""Each model and the one with fewer equalities that it is compared with."""
_WHAT = {"metric": "loadings", "scalar": "intercepts"}
_STATISTICS = ("mean", "sd", "q2_5", "q97_5")


@dataclass(frozen=True, slots=True)
class Invariance:
    """How far one measure is the same in several groups of teams.

    Attributes
    ----------
    measure, by : its name; the level or column that makes the groups
    models : over ``model`` (configural, metric, scalar, and partial if an item was freed): ``elpd`` of wholly
        left-out teams, its ``se``, ``p`` (effective number of parameters), ``khat_max``, ``refitted`` (teams
        left out by fitting again)
    steps : over ``step`` (metric, scalar): ``elpd_diff``, what the equality costs on left-out teams (negative
        where the model with it predicts worse), ``se``, and ``p_better``, that the model *without* it
        predicts better
    items : over ``item``: ``elpd_diff`` of the scalar model with this item's loading and intercept free less
        the scalar model, ``se``, ``p_better``; ``freed``: whether the partial model frees it
    parameters : of the last model, over ``group``, ``item`` and ``statistic``: ``loading``, ``intercept``;
        over ``group`` and ``statistic``: ``mean``, ``sd_within``, ``sd_between`` of the latent
    scores : (``model``, team), log p(answers of the team | other teams)
    notes : what was left out, what to keep in mind
    """

    measure: str
    by: str
    models: xr.Dataset
    steps: xr.Dataset
    items: xr.Dataset
    parameters: xr.Dataset
    scores: xr.DataArray
    notes: tuple[str, ...]

    @property
    def level(self) -> str:
        """The highest that holds: ``"scalar"``, ``"metric"`` or ``"configural"``."""
        held = "configural"
        for step in STEPS:
            if float(self.steps["p_better"].sel(step=step)) > BETTER:
                break
            held = step
        return held

    @property
    def freed(self) -> tuple[str, ...]:
        """Items that differ between the groups."""
        return tuple(map(str, self.items["item"].values[self.items["freed"].values]))

    def sentences(self) -> tuple[str, ...]:
        """What was found, in plain words."""
        return tuple(_sentences(self))

    def __str__(self) -> str:
        return "\n".join((*self.sentences(), *self.notes))


def invariance(
    survey: Survey,
    measure: str,
    *,
    by: str | None = None,
    seed: int = 1,
    settings: Settings | None = None,
    most_refits: int = 10,
    progress: Callable[[str, int, int], None] | None = None,
) -> Invariance:
    r"""Ask whether a measure has the same loadings and intercepts in all groups of teams.

    For person i of team j in group g,

    .. math::
        y_{ijm} = \nu_{mg} + \lambda_{mg} (\alpha_g + u_j + w_{ij}) + e_{jm} + \epsilon_{ijm}

    with everything free in every group (*configural*), :math:`\lambda_{mg} = \lambda_m` (*metric*:
    differences within a group mean the same in all of them), and :math:`\nu_{mg} = \nu_m` as well
    (*scalar*: so do differences between groups). Residual variances and variances of the latent stay
    free. The models are compared by their scores of wholly left-out teams, log p(all answers of a team |
    the other teams), with people and teams integrated out: an equality is given up where the model without
    it predicts better with a probability above .80.

    Then one item after the other is freed in the scalar model, in loading and intercept, the one that helps
    most first, until no further one helps with that probability (*partial invariance*).

    Parameters
    ----------
    survey : the data
    measure : of people, with at least three items that are gaussian, or ordinal with five or more categories
        (then taken as numbers; Rhemtulla et al. 2012)
    by : a level above the teams, or a column of teams; default the level right above them
    seed, settings : of the sampler
    most_refits : teams whose importance weights cannot be trusted are left out by fitting again, if these are
        no more than so many
    progress : told (what, models done, 0)

    Raises
    ------
    SurveyError : no such measure, level or column; too few items, groups or teams
    FitError : a model did not converge

    Notes
    -----
    Teams of a group of fewer than five are left out. The larger the number of groups, the more a single
    item's shift has to be to pay for all the free parameters of the metric or configural model: look at
    `items` even where scalar invariance holds.

    References
    ----------
    Meredith (1993), https://doi.org/10.1007/BF02294825;
    Byrne, Shavelson & Muthén (1989), https://doi.org/10.1037/0033-2909.105.3.456 (partial invariance);
    Merkle, Furr & Rabe-Hesketh (2019), https://doi.org/10.1007/s11336-019-09679-0 (whole units left out);
    Rhemtulla, Brosseau-Liard & Savalei (2012), https://doi.org/10.1037/a0029315

    Examples
    --------
    >>> found = co.invariance(survey, "collective_efficacy", by="layer")  # doctest: +SKIP
    >>> print(found)                                                      # doctest: +SKIP
    """
    from coefficacy.sampling import Settings

    grouped = grouped_answers(survey, measure, by)
    models = GroupModels(
        grouped.measured, grouped.teams, grouped.level, seed,
        settings or Settings(draws=1000, tune=500), most_refits, progress or (lambda *_: None),
    )  # fmt: skip
    fits = _nested_models(models)
    tried, freed = _free_items(models, fits)
    last = fits["partial" if freed else "scalar"]
    return Invariance(
        measure=measure,
        by=grouped.by,
        models=_table({name: _of_model(fit) for name, fit in fits.items()}, "model"),
        steps=_table({s: _of_step(fits[s], fits[freer]) for s, freer in STEPS.items()}, "step"),
        items=_of_items(tried, freed),
        parameters=_of_parameters(last.posterior),
        scores=xr.concat([f.score for f in fits.values()], "model").assign_coords(model=list(fits)),
        notes=(*grouped.notes, *_notes(fits)),
    )


def _nested_models(models: GroupModels) -> dict[str, GroupFit]:
    from coefficacy.model.by_group import Equal

    asked = {"configural": Equal(False, False), "metric": Equal(True, False), "scalar": Equal(True, True)}
    return {name: models.fit(name, equal) for name, equal in asked.items()}


def _free_items(
    models: GroupModels, fits: dict[str, GroupFit]
) -> tuple[dict[str, Comparison], tuple[str, ...]]:
    """What freeing each item gains over the scalar model; the items freed, their model added to `fits`."""
    from coefficacy.model.by_group import Equal

    items, current = models.measured.items, fits["scalar"]
    freed: tuple[str, ...] = ()
    first: dict[str, Comparison] = {}
    while len(freed) < len(items) - 2:
        found = {}
        for item in (i for i in items if i not in freed):
            but = (*freed, item)
            found[item] = models.fit(f"{', '.join(but)} free", Equal(True, True, but))
        gains = {item: compare(fit.score, current.score) for item, fit in found.items()}
        first = first or gains
        best = max(gains, key=lambda item: gains[item].diff)
        if gains[best].p_better <= BETTER:
            break
        freed, current = (*freed, best), found[best]
        fits["partial"] = current
    return first, freed


# Tables -----------------------------------------------------------------------------------------------------


def _table(rows: Mapping[str, Mapping[str, float]], dim: str) -> xr.Dataset:
    columns = next(iter(rows.values()))
    values = {name: (dim, [row[name] for row in rows.values()]) for name in columns}
    return xr.Dataset(values, {dim: list(rows)})


def _of_model(fit: GroupFit) -> dict[str, float]:
    score, khat = fit.score.values, fit.khat
    return {
        "elpd": float(score.sum()),
        "se": float(np.sqrt(len(score)) * score.std(ddof=1)),
        "p": fit.score.attrs["p"],
        "khat_max": float(np.nanmax(khat)) if np.isfinite(khat).any() else float("nan"),
        "refitted": fit.refitted,
    }


def _of_step(fit: GroupFit, freer: GroupFit) -> dict[str, float]:
    found = compare(fit.score, freer.score)
    return {"elpd_diff": found.diff, "se": found.se, "p_better": 1 - found.p_better}


def _of_items(tried: Mapping[str, Comparison], freed: tuple[str, ...]) -> xr.Dataset:
    rows = {i: {"elpd_diff": c.diff, "se": c.se, "p_better": c.p_better} for i, c in tried.items()}
    return _table(rows, "item").assign(freed=("item", [item in freed for item in rows]))


def _of_parameters(posterior: xr.Dataset) -> xr.Dataset:
    kept = posterior[["loading", "intercept", "mean", "sd_within", "sd_between"]]
    low, high = (kept.quantile(q, SAMPLE).drop_vars("quantile") for q in (0.025, 0.975))
    found = xr.concat([kept.mean(SAMPLE), kept.std(SAMPLE, ddof=1), low, high], dim=STATISTIC)
    return found.assign_coords({STATISTIC: list(_STATISTICS)})


# Words ------------------------------------------------------------------------------------------------------


def _sentences(found: Invariance) -> Iterator[str]:
    for step, freer in STEPS.items():
        row = found.steps.sel(step=step)
        p, diff, se = (float(row[name]) for name in ("p_better", "elpd_diff", "se"))
        what = f"{_WHAT[step].capitalize()} of {found.measure}"
        verb = "differ between groups of" if p > BETTER else "may be taken as equal in all groups of"
        yield (
            f"{what} {verb} {found.by}: the {freer} model predicts left-out teams "
            f"{'better' if diff < 0 else 'worse'} than the {step} one (ELPD {-diff:+.1f}, SE {se:.1f}, "
            f"P(better) {p:.2f})."
        )
    if found.freed:
        yield from _about_freed(found)
    else:
        yield "No single item, freed, makes the scalar model predict left-out teams better."


def _about_freed(found: Invariance) -> Iterator[str]:
    gain = float(found.models["elpd"].sel(model="partial") - found.models["elpd"].sel(model="scalar"))
    yield (
        f"The scalar model gains {gain:.1f} (ELPD) with {', '.join(found.freed)} free, and no further item "
        "helps: compare groups by the partial model."
    )
    mean = found.parameters.sel({STATISTIC: "mean"})
    for item in found.freed:
        intercept, loading = mean["intercept"].sel(item=item), mean["loading"].sel(item=item)
        groups = found.parameters["group"].values
        low, high = groups[np.argmin(intercept.values)], groups[np.argmax(intercept.values)]
        yield (
            f"{item}: at the same belief the expected answer is {float(intercept.min()):.2f} in {low} and "
            f"{float(intercept.max()):.2f} in {high}; its loading runs from {float(loading.min()):.2f} to "
            f"{float(loading.max()):.2f}."
        )


def _notes(fits: Mapping[str, GroupFit]) -> Iterator[str]:
    doubtful = {name: int(np.sum(fit.khat > 0.7)) for name, fit in fits.items()}
    shown = ", ".join(f"{n} in the {name} model" for name, n in doubtful.items() if n)
    if shown:
        yield (
            f"Importance weights cannot be trusted for some teams (Pareto k-hat above 0.7: {shown}): "
            "more draws, or a larger most_refits, which leaves such teams out by fitting again."
        )
