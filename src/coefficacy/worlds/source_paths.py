"""Paths of the world of two sources, and what they imply for its estimands."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coefficacy.errors import CoefficacyError, Problem

__all__ = ["CE", "LICENCES", "PERSON", "PROJECTS", "SE", "TEAM_SD", "Paths", "implied_paths"]

type Array = NDArray[np.float64]

SE, CE = "self_efficacy", "collective_efficacy"
LICENCES, PROJECTS, PRIOR = "mean(licensed)", "shared_projects", "prior_performance"

PERSON = {SE: 0.4, CE: 0.4}
"""Within teams: of a licence on self-efficacy, of self-efficacy on collective efficacy."""
TEAM_SD = {SE: 0.5, CE: 0.5}
_RAISE_SE = {LICENCES: 0.8, PROJECTS: 0.05, PRIOR: 0.15}
_RAISE_CE = {SE: 0.5, PROJECTS: 0.4, LICENCES: 0.1, PRIOR: 0.15}
_DIRECT = {PROJECTS: 0.05, LICENCES: 0.1, PRIOR: 0.2}


@dataclass(frozen=True, slots=True)
class Paths:
    """The team's equations.

    Attributes
    ----------
    coefficients : response to predictor to raw coefficient; adaptation has SD 1 within layers
    residual_sd : of adaptation
    sd : of columns (the sample's) and latents (implied), within layers
    """

    coefficients: Mapping[str, Mapping[str, float]]
    residual_sd: float
    sd: Mapping[str, float]

    def estimands(self) -> dict[str, float]:
        """Return the truth of every variable of `two_sources` for a change of one in either treatment."""
        found = {
            f"effect[{t}, {path}]": v for t in (LICENCES, PROJECTS) for path, v in self._paths(t).items()
        }
        first, second = found[f"effect[{LICENCES}, {SE}]"], found[f"effect[{PROJECTS}, {CE}]"]
        per_sd = self.sd[PROJECTS] * second - self.sd[LICENCES] * first
        raised = {f"raised[{t}, {m}]": v for t in (LICENCES, PROJECTS) for m, v in self._raised(t).items()}
        own = self.coefficients[SE][LICENCES] - PERSON[SE]
        return {
            "difference": second - first,
            "difference_per_sd": per_sd,
            **found,
            **raised,
            "between_minus_within": own,
        }

    def _paths(self, treatment: str) -> dict[str, float]:
        y, m = self.coefficients["adaptation"], self.coefficients
        on_se, on_ce = m[SE][treatment], m[CE][treatment]
        through = {
            SE: on_se * y[SE],
            CE: on_ce * y[CE],
            f"{SE} > {CE}": on_se * m[CE][SE] * y[CE],
            "direct": y[treatment],
        }
        return {**through, "total": sum(through.values())}

    def _raised(self, treatment: str) -> dict[str, float]:
        on_se = self.coefficients[SE][treatment]
        on_ce = self.coefficients[CE][treatment] + self.coefficients[CE][SE] * on_se
        return {SE: on_se / self.sd[SE], CE: on_ce / self.sd[CE]}


def implied_paths(columns: Mapping[str, Array], licences: float, projects: float) -> Paths:
    """Return equations in which either treatment carries what is asked for.

    Parameters
    ----------
    columns : one value a team of both treatments and prior performance
    licences, projects : SDs of adaptation through self-efficacy alone and collective efficacy alone, for a
        change of one

    Raises
    ------
    CoefficacyError
        if that leaves no residual variance of adaptation
    """
    names = list(columns)
    root = np.linalg.cholesky(np.cov(np.stack(list(columns.values())), ddof=0))
    rows = {name: np.concatenate([root[k], np.zeros(2)]) for k, name in enumerate(names)}
    adaptation = {CE: projects / _RAISE_CE[PROJECTS], SE: licences / _RAISE_SE[LICENCES], **_DIRECT}
    coefficients = {SE: _RAISE_SE, CE: _RAISE_CE, "adaptation": adaptation}
    for k, name in enumerate((SE, CE)):
        own = np.zeros(len(names) + 2)
        own[len(names) + k] = TEAM_SD[name]
        rows[name] = _line(coefficients[name], rows) + own
    left = 1 - float(np.sum(_line(adaptation, rows) ** 2))
    if left <= 0:
        where = "simulate C5: carried_by_licences, carried_by_projects"
        what = f"{licences:g}, {projects:g} would explain {1 - left:.0%} of the variance of adaptation."
        raise CoefficacyError(Problem(where, what, "Make them smaller."))
    sd = {name: float(np.linalg.norm(row)) for name, row in rows.items()}
    return Paths(coefficients, math.sqrt(left), {**sd, "adaptation": 1.0})


def _line(coefficients: Mapping[str, float], rows: Mapping[str, Array]) -> Array:
    return np.sum([b * rows[name] for name, b in coefficients.items()], axis=0)
