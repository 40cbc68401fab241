"""Scores of left-out teams under a fitted model or one of its rivals, computed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coefficacy.errors import FitError, Problem
from coefficacy.model.recovered import OUTCOME_DENSITY
from coefficacy.sampling import compiled_model
from coefficacy.scores.exact import has_exact_scores, left_out_exact
from coefficacy.scores.kept import elpd_data, keep, kept, refits_of
from coefficacy.scores.left_out import Refits, left_out_units, scored_outcomes
from coefficacy.spec import queries

if TYPE_CHECKING:
    import xarray as xr

    from coefficacy.sampling import Compiled, Fit
    from coefficacy.spec.model import ModelSpec

__all__ = ["MODEL", "Account", "account_of", "left_out_teams", "team_scores"]

type Tell = Callable[[str, int, int], None]

MODEL = "model"
"""Name under which the scores of the fitted model itself are kept."""


@dataclass(frozen=True, slots=True)
class Account:
    """The fitted model or a rival of it, ready to be sampled on the fit's survey.

    Attributes
    ----------
    data : turns `compiled` into the rival where the two share machine code
    """

    spec: ModelSpec
    compiled: Compiled
    data: Mapping[str, Any]

    def sample(self, fit: Fit, seed: int) -> xr.Dataset:
        """Draw as often as for the fit itself."""
        settings = fit.settings
        tree = self.compiled.sample(
            draws=settings.draws, tune=settings.tune, chains=settings.chains, seed=seed, data=self.data,
            stage="rival",
        )  # fmt: skip
        return tree["posterior"].to_dataset()


def left_out_teams(
    fit: Fit, rival: str | None = None, *, refits: Refits | None = None, progress: Tell | None = None
) -> Any:
    """Score every team with its outcomes left out and its answers kept, as an ArviZ object.

    The scores are those that the verdict rests on: both look first among what the fit keeps, in the group
    ``left_out`` of its tree, and add to it what is not there.

    Parameters
    ----------
    fit : one that converged
    rival : name of a rival of the model file; None scores the model itself
    refits : how teams are left out where that takes refitting, and the seed of a rival's draws; default: as
        in the scores that are kept, else 10 folds and the fit's own seed
    progress : told (what, done, in all)

    Returns
    -------
    arviz_stats.ELPDData
        ``elpd_i`` and, on the exact engine, ``pareto_k``, both with dims (team,) and the teams' ids; of kind
        ``loo``, or ``loo_kfold`` after refits. Teams are the units of the question's level, without a
        question those of the highest level with an outcome; teams without an outcome are not among them.

    Raises
    ------
    FitError : the fit did not converge, or has no outcome that can be left out
    SpecError : there is no such rival

    References
    ----------
    Merkle, Furr and Rabe-Hesketh (2019), https://doi.org/10.1007/s11336-019-09679-0
    Vehtari, Simpson, Gelman, Yao and Gabry (2024), https://jmlr.org/papers/v25/19-556.html

    Examples
    --------
    >>> a, b = co.left_out_teams(fit), co.left_out_teams(fit, "competence_only")  # doctest: +SKIP
    >>> az.compare({"model": a, "competence_only": b})                        # doctest: +SKIP
    """
    if not fit.convergence.ok:
        what = "the fit did not converge, so its scores mean nothing."
        raise FitError(Problem("left-out teams", what, " ".join(fit.convergence.advice)))
    found = team_scores(fit, rival, refits_of(fit, refits), progress or (lambda *_: None))
    return elpd_data(found)


def team_scores(
    fit: Fit, rival: str | None, refits: Refits, tell: Tell, *, posterior: xr.Dataset | None = None
) -> xr.DataArray:
    """Return the scores that the fit keeps, or make them, in closed form where the draws allow it.

    Parameters
    ----------
    posterior : draws of the rival, where they are at hand

    Returns
    -------
    xr.DataArray
        See :func:`left_out_exact` and :func:`left_out_units`.
    """
    name = rival or MODEL
    score = kept(fit, name, refits)
    if score is not None:
        return score
    level, account = _scored_level(fit.spec), account_of(fit, rival)
    if rival is None:
        posterior = fit.posterior
    elif posterior is None and _will_be_exact(account, level):
        tell(f"rival {name}", 0, 1)
        posterior = account.sample(fit, refits.seed)
        tell(f"rival {name}", 1, 1)
    if posterior is not None and has_exact_scores(posterior, level):
        score = left_out_exact(posterior, account.spec, fit.survey, level)
    else:
        score = left_out_units(
            account.compiled, account.spec, fit.survey, level, refits=refits, data=account.data,
            progress=lambda k, n: tell(f"left-out teams, {name}", k, n),
        )  # fmt: skip
    keep(fit, name, score, refits)
    return score


def account_of(fit: Fit, rival: str | None) -> Account:
    """Compile the model or a rival of it; a rival that only leaves terms out shares the model's code."""
    engine = "auto" if fit.engine == "bambi" else fit.engine
    if rival is None:
        return Account(fit.spec, compiled_model(fit.spec, fit.survey, engine=engine), {})
    spec = queries.rival_spec(fit.spec, rival)
    own = compiled_model(fit.spec, fit.survey, engine=engine)
    if rival in own.built.rivals:
        return Account(spec, own, own.built.rivals[rival])
    other = "auto" if fit.engine == "marginal" else engine
    return Account(spec, compiled_model(spec, fit.survey, engine=other), {})


def _will_be_exact(account: Account, level: str) -> bool:
    recover = account.compiled.built.recover
    return recover is not None and f"{level}.{OUTCOME_DENSITY}" in recover.dims


def _scored_level(spec: ModelSpec) -> str:
    if spec.question is not None:
        return spec.question.level
    names = queries.level_names(spec)
    return next((n for n in reversed(names) if scored_outcomes(spec, n)), names[-1])
