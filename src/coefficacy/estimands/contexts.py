"""What a group adds to its members' own values, and the same in settings of other kinds (claim C15)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from coefficacy.dims import SAMPLE
from coefficacy.errors import FitError, Problem
from coefficacy.estimands.labels import labelled
from coefficacy.model.layout import lay_out
from coefficacy.model.variances import Implied, drawn
from coefficacy.spec import queries
from coefficacy.spec.model import Regression
from coefficacy.survey.nesting import plural

if TYPE_CHECKING:
    from coefficacy.sampling import Fit

__all__ = ["contextual_effect", "settings"]

_SOURCE = "doi:10.1080/00273170903333665"


def contextual_effect(fit: Fit, *, of: str, by: str) -> xr.Dataset:
    r"""Return what a group's value does to a member beyond the member's own.

    .. math:: b_c\, SD(x_g) / SD(y), \qquad b_c = b_\text{between} - b_\text{within}

    The group is the highest level in whose equation of the response the predictor stands. Between and within
    are told apart at the lowest level, where predictors are deviations from the group; at higher levels a
    member's value holds the group's, so that the group's coefficient is the contextual effect already.

    Parameters
    ----------
    of : a measure with equations at two levels, e.g. ``"wellbeing"``
    by : a predictor in both of them: a measure, or a column and its ``mean(x)``

    Returns
    -------
    xarray.Dataset
        Dims (chain, draw). ``contextual`` (headline) and ``own``: change of the response, in SDs between all
        of its lowest units, per SD of the predictor between groups and per SD of it within them;
        ``contextual_raw``, in units of both; ``share``, of the response's variance, that lies between groups
        (of one unit above), and ``share_above``, between the units above them.

    Raises
    ------
    FitError
        The predictor does not stand in two equations of the response, or a variance has no closed form.

    References
    ----------
    Marsh et al. (2009), doi:10.1080/00273170903333665. Their effect size 2 is twice this one.

    Examples
    --------
    >>> contextual_effect(fit, of="wellbeing", by="leadership").contextual  # doctest: +SKIP
    """
    group, below = _equations(fit, of, by)
    implied = Implied(fit.posterior, fit.spec, fit.survey)
    parts = implied.by_level(of)
    total = np.sqrt(sum(parts.values()))
    own = _coefficient(fit, below, by)
    between = _coefficient(fit, group, by)
    lowest = queries.level_names(fit.spec)[0]
    raw = between - own if below.level == lowest else between
    above = queries.levels_above(fit.spec, group.level)
    x, y, many = by.replace("_", " "), of.replace("_", " "), plural(group.level)
    found = {
        "contextual": (
            raw * _sd(fit, implied, group, by) / total,
            f"effect of {x} between {many} on {y}, beyond the {below.level}'s own, in SDs per SD",
        ),
        "own": (
            own * _sd(fit, implied, below, by) / total,
            f"effect of the {below.level}'s own {x} on {y} within {many}, in SDs per SD",
        ),
        "contextual_raw": (raw, f"units of {y} per unit of {x} of the {group.level}"),
        "share": (parts[group.level] / total**2, f"share of the variance of {y} between {many}"),
        "share_above": (
            sum((parts[level] for level in above), np.zeros(total.shape)) / total**2,
            f"share of the variance of {y} between the units above {many}",
        ),
    }
    coords = {name: fit.posterior[name].values for name in SAMPLE}
    arrays = {
        name: (xr.DataArray(values, dims=SAMPLE, coords=coords), words)
        for name, (values, words) in found.items()
    }
    return labelled(arrays, headline="contextual", source=_SOURCE)


def settings(fits: Mapping[str, Fit]) -> xr.Dataset:
    """Return the contextual effects of several settings side by side.

    Parameters
    ----------
    fits : name of a setting to a fit whose model file has ``[estimands.contextual_effect]``

    Returns
    -------
    xarray.Dataset
        As :func:`contextual_effect`, with a dimension ``setting``, and of each its ``of``, ``by``, ``group``,
        number of ``groups`` and of ``units`` (lowest), and ``note`` of its model file. Draws of different
        fits are independent; of longer fits the first ones are taken, one chain after the other.

    Raises
    ------
    FitError
        A model file asks for no contextual effect; or as :func:`contextual_effect`.

    Examples
    --------
    >>> settings({"companies": one, "classrooms": other}).contextual  # doctest: +SKIP
    """
    asked = {name: _asked(name, fit) for name, fit in fits.items()}
    least = min(fit.posterior.sizes["chain"] * fit.posterior.sizes["draw"] for fit in fits.values())
    found = [_one_chain(contextual_effect(fits[name], **asked[name]), least) for name in fits]
    levels = {name: _equations(fit, **asked[name])[0].level for name, fit in fits.items()}
    together = xr.concat(found, dim="setting", combine_attrs="drop_conflicts")
    for variable, words in _COMMON.items():
        together[variable].attrs["long_name"] = words
    return together.assign_coords(
        setting=list(fits),
        of=("setting", [asked[name]["of"] for name in fits]),
        by=("setting", [asked[name]["by"] for name in fits]),
        group=("setting", list(levels.values())),
        groups=("setting", [fit.survey.n[levels[name]] for name, fit in fits.items()]),
        units=("setting", [fit.survey.n[fit.spec.lowest.name] for fit in fits.values()]),
        note=("setting", [fit.spec.note for fit in fits.values()]),
    )


_COMMON = {
    "contextual": "effect of the predictor between groups, beyond the member's own, in SDs per SD",
    "own": "effect of the member's own predictor within groups, in SDs per SD",
    "contextual_raw": "units of the response per unit of the group's predictor",
    "share": "share of the response's variance between groups",
    "share_above": "share of the response's variance between the units above groups",
}


def _asked(name: str, fit: Fit) -> dict[str, str]:
    for estimand in fit.spec.estimands:
        if estimand.kind == "contextual_effect":
            return dict(estimand.options)
    mend = "Add [estimands.contextual_effect] with of and by to it."
    raise FitError(Problem(f"settings: {name}", "its model file asks for no contextual effect.", mend))


def _one_chain(found: xr.Dataset, n: int) -> xr.Dataset:
    """The first `n` draws, as one chain."""
    flat = found.stack(sample=SAMPLE).isel(sample=slice(n)).reset_index("sample", drop=True)
    return flat.rename(sample="draw").assign_coords(draw=np.arange(n)).expand_dims(chain=[0])


def _equations(fit: Fit, of: str, by: str) -> tuple[Regression, Regression]:
    """The equations of the response that hold the predictor: the group's, and the one below it."""
    found = [
        equation
        for equation in fit.spec.regressions
        if equation.response == of and _label(equation, by) is not None
    ]
    if len(found) < 2:
        mend = f'Write {of} = "{by}" at two levels (mean({by}) for a column).'
        raise FitError(Problem("contextual_effect", f"{by} is not in two equations of {of}.", mend))
    return found[-1], found[-2]


def _label(equation: Regression, by: str) -> str | None:
    labels = [str(term) for term in equation.formula.terms]
    return next((label for label in (by, f"mean({by})") if label in labels), None)


def _coefficient(fit: Fit, equation: Regression, by: str) -> np.ndarray:
    name = f"{equation.level}.{equation.response}"
    return drawn(fit.posterior, name).sel({f"{name}.term": _label(equation, by)}).values


def _sd(fit: Fit, implied: Implied, equation: Regression, by: str) -> np.ndarray:
    """SD of the predictor among the units of an equation, within the units above."""
    if queries.is_measure(fit.spec, by):
        return np.sqrt(_variance(implied, fit, equation.level, by))
    columns = lay_out(fit.spec, fit.survey, equation.level).columns[equation.response]
    values = next(c.values for c in columns if c.label == _label(equation, by))
    assert values is not None
    return np.asarray(values.std())


def _variance(implied: Implied, fit: Fit, level: str, name: str) -> np.ndarray:
    if level == queries.level_names(fit.spec)[0]:
        return implied.variance(level, name)
    return implied.covariance(level, [name], within=True).values[..., 0, 0]
