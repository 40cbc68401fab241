"""Scores of people that cannot be integrated out: they are sampled, and enter as data would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from coefficacy import dims
from coefficacy.gaussian.op import GradedDensity, Scatter
from coefficacy.gaussian.statistics import Statistics
from coefficacy.model.answers import (
    item_intercepts,
    item_residual_sds,
    item_thresholds,
    loadings,
    residual_sds,
)
from coefficacy.model.recovered import RECOVER
from coefficacy.model.structure import Structure
from coefficacy.spec import queries
from coefficacy.spec.model import Measure

__all__ = ["score_rows"]


def score_rows(
    structure: Structure,
    measures: list[Measure],
    shift: Mapping[str, Any],
    statistics: Statistics,
    data: Mapping[str, Any],
    first: int,
) -> tuple[Any, Any]:
    """Sample people's scores on some measures, add their answers, and cross-multiply the scores.

    Parameters
    ----------
    shift : by how much the mean over units above moves each response
    data : of the model, by name
    first : where the scores stand among the rows of the cross-products
    """
    if not measures:
        widths = statistics.within.shape[-1], statistics.between.shape[-1]
        return pt.zeros((1, 0, widths[0])), pt.zeros((data["count"].shape[0], 0, widths[1]))
    n = len(statistics.person_rows)
    free = pm.Flat("standard.score", shape=(n, len(measures)))
    # The mean over all people is as uncertain as that of the teams, many times more than one person's
    # score in the sampler's unit; stretched, it mixes as fast as the rest.
    stretch = np.sqrt(2 * n / len(statistics.team_rows))
    scores = free + (stretch - 1) * pt.mean(free, axis=0)
    if shift:
        scores = scores + pt.stack([shift[m.name] for m in measures])
    pm.Deterministic(f"{RECOVER}scores", scores)
    for k, measure in enumerate(measures):
        _add_answers(structure, measure, scores[:, k], statistics)
    known = [data[name] for name in ("person_rows", "rows", "team", "cell", "count")]
    return Scatter()(scores, *known, np.asarray(first))


def _add_answers(structure: Structure, measure: Measure, score: Any, statistics: Statistics) -> None:
    name = measure.name
    answers = structure.survey.answers(name).values
    n_items, n_teams = answers.shape[1], len(statistics.team_rows)
    given = np.flatnonzero(~np.isnan(answers.ravel()))
    unit, item = given // n_items, given % n_items
    loading, sd = loadings(structure, measure), item_residual_sds(structure, measure)
    residual = (
        pt.zeros((n_teams, n_items)) if sd is None else sd * structure.parameters.normal(n_teams, n_items)
    )
    if measure.family == "gaussian":
        intercept = item_intercepts(structure, measure, around=-loading * pt.mean(score))
        eta = loading * score[:, None] + residual[statistics.team] + intercept
        pm.Normal(
            name, eta.ravel()[given], residual_sds(structure, measure)[item],
            observed=pm.Data(f"{name}.y", answers.ravel()[given]), dims=dims.answers_dim(name),
        )  # fmt: skip
        return
    mean = loading * pt.mean(score)
    if measure.family == "ordinal":
        cuts = item_thresholds(structure, measure, around=mean)
    else:
        cuts = -item_intercepts(structure, measure, around=-mean)[:, None]
    density = GradedDensity()(
        score, loading, residual, cuts,
        pm.Data(f"{name}.unit", unit), pm.Data(f"{name}.team", statistics.team),
        pm.Data(f"{name}.of", item),
        pm.Data(f"{name}.y", answers.ravel()[given].astype("int64")),
        np.asarray(queries.link_of(structure.spec, name) == "logit"),
    )[0]  # fmt: skip
    pm.Potential(name, density)
