"""What stacking is given: scores of several models on the same teams, and what weights may depend on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from coefficacy.dims import ACCOUNT, CHAIN, CONTRAST, COVARIATE, DRAW
from coefficacy.errors import FitError, Problem, SurveyError, did_you_mean

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["StackingData", "stacking_data"]

_SHOWN = 3
_WHERE = "stacking"


@dataclass(frozen=True, slots=True)
class StackingData:
    """Scores and covariates, checked and aligned.

    Attributes
    ----------
    scores : (team, model) log predictive densities, the reference last
    by : name of the categorical covariate; "" if there is none
    groups : its categories, sorted
    group : (team,) position of each team's category; zeros without one
    covariates : names of the continuous covariates
    x : (team, covariate) standardised
    khat_max : largest k-hat behind the scores; None where none is known
    good_k : what k-hat may reach; the smallest of the scores' own
    """

    scores: xr.DataArray
    by: str
    groups: tuple[Any, ...]
    group: np.ndarray
    covariates: tuple[str, ...]
    x: np.ndarray
    khat_max: float | None
    good_k: float

    @property
    def unit(self) -> str:
        """Dimension of the teams."""
        return str(self.scores.dims[0])


def stacking_data(
    scores: Mapping[str, Any], teams: Any, by: str | None, covariates: Sequence[str]
) -> StackingData:
    """Check and align what :func:`stack` was given.

    Raises
    ------
    FitError : everything that is wrong with it, at once
    """
    table = _scores(scores)
    unit, ids = str(table.dims[0]), table[table.dims[0]].values
    taken = {ACCOUNT, CONTRAST, COVARIATE, CHAIN, DRAW, unit}
    problems = [Problem("by", f"the name '{by}' is taken.", "Rename the column.")] if by in taken else []
    columns: dict[str, np.ndarray] = {}
    for name in (*([by] if by else []), *covariates):
        try:
            columns[name] = _column(teams, unit, name, ids)
        except FitError as error:
            problems += error.problems
    problems += [p for name, values in columns.items() for p in _problems(name, values, name == by)]
    if problems:
        raise FitError(problems)
    groups, group = np.unique(columns[by], return_inverse=True) if by else ((), np.zeros(len(ids), int))
    x = np.column_stack([_standardised(columns[c]) for c in covariates] or [np.empty((len(ids), 0))])
    pareto = [s for s in scores.values() if getattr(s, "pareto_k", None) is not None]
    return StackingData(
        table, by or "", tuple(groups), group, tuple(covariates), x,
        khat_max=max((float(np.max(s.pareto_k)) for s in pareto), default=None),
        good_k=min((float(s.good_k) for s in pareto), default=0.7),
    )  # fmt: skip


# Scores -----------------------------------------------------------------------------------------------------


def _scores(scores: Mapping[str, Any]) -> xr.DataArray:
    import xarray as xr

    if not isinstance(scores, Mapping) or len(scores) < 2:
        what = "takes the scores of at least two models, by name."
        raise FitError(Problem(_WHERE, what, 'Give e.g. {"model": a, "rival": b}.'))
    arrays = {str(name): _pointwise(str(name), given) for name, given in scores.items()}
    first, *others = arrays.items()
    problems = [p for name, array in others for p in _unlike(first, name, array)]
    problems += [
        Problem(f"scores of '{name}'", f"{_listed(bad)} {'have' if len(bad) > 1 else 'has'} no finite score.",
                "Leave such teams out of all models.")
        for name, array in arrays.items()
        if len(bad := array[array.dims[0]].values[~np.isfinite(array.values)])
    ]  # fmt: skip
    if problems:
        raise FitError(problems)
    dim = first[1].dims[0]
    aligned = [array.sel({dim: first[1][dim].values}) for array in arrays.values()]
    table = xr.concat([a.reset_coords(drop=True) for a in aligned], pd.Index(arrays, name=ACCOUNT))
    return table.transpose(dim, ACCOUNT).assign_coords({ACCOUNT: list(arrays)}).rename("scores").drop_attrs()


def _pointwise(name: str, given: Any) -> xr.DataArray:
    """Return the scores by team; an array without ids gets the teams' positions."""
    import xarray as xr

    array, scale = getattr(given, "elpd_i", given), getattr(given, "scale", "log")
    where = f"scores of '{name}'"
    if array is None:
        raise FitError(Problem(where, "have no pointwise values.", "Compute them with pointwise=True."))
    if not isinstance(array, xr.DataArray) or array.ndim != 1:
        what = "are neither ArviZ's ELPDData nor a DataArray with one dimension, the teams."
        raise FitError(Problem(where, what, "Take those of left_out_teams."))
    if scale != "log":
        raise FitError(Problem(where, f"are on the scale '{scale}'.", "Take log scores."))
    dim = array.dims[0]
    if not array[dim].to_index().is_unique:
        raise FitError(Problem(where, f"name the same {dim} twice.", "Score every team once."))
    return array.assign_coords({dim: array[dim].values}).astype(float)


def _unlike(first: tuple[str, xr.DataArray], name: str, array: xr.DataArray) -> Iterator[Problem]:
    """What differs between the teams of two models."""
    where, mend = f"scores of '{name}'", "Score all models on the same teams."
    if array.dims != first[1].dims:
        yield Problem(where, f"are by {array.dims[0]}, those of '{first[0]}' by {first[1].dims[0]}.", mend)
        return
    own, theirs = (a[a.dims[0]].to_index() for a in (array, first[1]))
    if len(missing := theirs.difference(own)):
        yield Problem(where, f"lack {_listed(missing)}, which those of '{first[0]}' have.", mend)
    if len(more := own.difference(theirs)):
        yield Problem(where, f"have {_listed(more)}, which those of '{first[0]}' lack.", mend)


# Covariates -------------------------------------------------------------------------------------------------


def _column(teams: Any, unit: str, name: str, ids: np.ndarray) -> np.ndarray:
    """Return a column of the teams' table in the order of the scores."""
    column = _series(teams, unit, name)
    if not column.index.is_unique:
        raise FitError(Problem("teams", f"the table names the same {unit} twice.", "Keep one row a team."))
    at = column.index.get_indexer(pd.Index(ids))
    if (at < 0).any():
        what = f"the table lacks {_listed(ids[at < 0])}, which the scores have."
        raise FitError(Problem("teams", what, f"Index it by the ids of {unit}."))
    return column.to_numpy()[at]


def _series(teams: Any, unit: str, name: str) -> pd.Series:
    from coefficacy.survey import Survey

    if teams is None:
        mend = "Give teams=, a survey or a table by team id."
        raise FitError(Problem(f"covariate '{name}'", "there is no table it could be in.", mend))
    if isinstance(teams, Survey):
        try:
            return teams.column(unit, name).to_series()
        except SurveyError as error:
            raise FitError(error.problems) from None
    frame = teams.to_dataframe() if hasattr(teams, "to_dataframe") else pd.DataFrame(teams)
    frame = frame.set_index(unit) if unit in frame.columns else frame
    if name not in frame.columns:
        raise FitError(
            Problem("teams", f"unknown covariate '{name}'.", did_you_mean(name, map(str, frame.columns)))
        )
    return frame[name]


def _problems(name: str, values: np.ndarray, categorical: bool) -> Iterator[Problem]:
    where = f"covariate '{name}'"
    if (missing := int(pd.isna(values).sum())) > 0:
        yield Problem(where, f"{missing} of {len(values)} teams have no value.", "Score teams that have one.")
    elif categorical and len(set(values)) < 2:
        yield Problem(where, f"all teams are '{values[0]}'.", "Leave it out: there is nothing to compare.")
    elif not categorical and values.dtype.kind not in "iufb":
        yield Problem(where, "is not a number.", "Give it as by=, or code it.")
    elif not categorical and not np.ptp(values.astype(float)) > 0:
        yield Problem(where, "is the same for all teams.", "Leave it out.")


def _standardised(values: np.ndarray) -> np.ndarray:
    numbers = values.astype(float)
    return (numbers - numbers.mean()) / numbers.std(ddof=1)


def _listed(names: Any) -> str:
    rest = len(names) - _SHOWN
    return ", ".join(map(str, names[:_SHOWN])) + (f" and {rest} more" if rest > 0 else "")
