"""Models of one measure in groups of teams, fitted and scored on wholly left-out teams."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from coefficacy.errors import FitError, Problem

if TYPE_CHECKING:
    import xarray as xr

    from coefficacy.model.by_group import Equal, GroupedAnswers
    from coefficacy.sampling import Compiled, Settings

__all__ = ["GroupFit", "GroupModels"]

type Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class GroupFit:
    """One fitted model.

    Attributes
    ----------
    posterior : draws of its parameters by group and item
    score : (team,), log p(answers of the team | all other teams), with the attribute ``p`` (effective number
        of parameters)
    khat : (team,), of the weights
    refitted : number of teams that were left out by fitting again, as the weights could not be trusted
    """

    posterior: xr.Dataset
    score: xr.DataArray
    khat: np.ndarray
    refitted: int


@dataclass(slots=True)
class GroupModels:
    """Fits one model after the other to the same answers.

    Attributes
    ----------
    teams : names; level : of teams
    seed, settings : of the sampler, the same for all
    most_refits : of single teams, for each model
    """

    measured: GroupedAnswers
    teams: np.ndarray
    level: str
    seed: int
    settings: Settings
    most_refits: int
    tell: Tell
    done: int = field(default=0)

    def fit(self, name: str, equal: Equal) -> GroupFit:
        """Fit and score one model.

        Raises
        ------
        FitError : it did not converge, a second time with stricter settings
        """
        import xarray as xr

        from coefficacy.model.by_group import answers_density, build_by_group
        from coefficacy.sampling import compile_model
        from coefficacy.scores.exact import psis

        self.tell(f"invariance: {name}", self.done, 0)
        compiled = compile_model(build_by_group(self.measured, equal))
        posterior = self._sampled(name, compiled)
        density = xr.DataArray(
            answers_density(posterior, self.measured), dims=("chain", "draw", self.level),
            coords={self.level: self.teams}, name="elpd",
        )  # fmt: skip
        found = psis(density)
        khat = np.asarray(found.pareto_k, float)
        doubtful = np.flatnonzero(khat > float(found.good_k))
        score = np.asarray(found.elpd_i, float).copy()
        chosen = doubtful if len(doubtful) <= self.most_refits else doubtful[:0]
        for team in chosen:
            score[team] = self._without(compiled, int(team))
        self.done += 1
        labelled = xr.DataArray(score, {self.level: self.teams}, (self.level,), "elpd", {"p": float(found.p)})
        khat[chosen] = np.nan
        return GroupFit(posterior, labelled, khat, len(chosen))

    def _sampled(self, name: str, compiled: Compiled) -> xr.Dataset:
        from coefficacy.sampling import judge
        from coefficacy.sampling.convergence import stricter

        built, settings = compiled.built, self.settings
        for again in (False, True):
            tree = compiled.sample(**asdict(settings), seed=self.seed + again)
            found = judge(tree, built.parameters, constant_entries=built.parameters, retried=again)
            if found.ok:
                return tree["posterior"].to_dataset()
            settings = stricter(settings, found)
        what = f"the model did not converge ({'; '.join(found.failures)})."
        mend = "Give the groups more teams, or join small groups."
        raise FitError(Problem(f"invariance: {name}", what, mend))

    def _without(self, compiled: Compiled, team: int) -> float:
        """Score one team by a fit to all others."""
        from coefficacy.model.by_group import answers_density
        from coefficacy.scores.refitting import averaged

        data = self.measured.data(np.array([team]))
        tree = compiled.sample(**asdict(self.settings), seed=self.seed + 2 + team, data=data)
        density = answers_density(tree["posterior"].to_dataset(), self.measured)
        return float(averaged(density[..., [team]]).score[0])
