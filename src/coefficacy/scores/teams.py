"""Scores of left-out teams under a fitted model or one of its rivals, computed once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from coefficacy.errors import FitError, Problem, did_you_mean
from coefficacy.sampling import SamplingStopped, Settings, compiled_model
from coefficacy.sampling import fit as sample_model
from coefficacy.scores.equation import equation_spec, keeps_measurement, with_expected
from coefficacy.scores.exact import has_exact_scores, left_out_exact
from coefficacy.scores.kept import elpd_data, keep, kept, refits_of
from coefficacy.scores.left_out import LeftOut, Refits, left_out_units, scored_outcomes
from coefficacy.scores.whole import WHOLE, Scored, left_out_whole
from coefficacy.spec import queries
from coefficacy.survey.measured import measured_as

if TYPE_CHECKING:
    from coefficacy.sampling import Fit
    from coefficacy.spec.model import ModelSpec

__all__ = [
    "MODEL",
    "fit_rival",
    "left_out_teams",
    "refuse_unconverged",
    "scored_level",
    "team_scores",
    "whole_scores",
]

type Tell = Callable[[str, int, int], None]

MODEL = "model"
"""Name under which the scores of the fitted model itself are kept."""
_CAREFUL = 0.95


def left_out_teams(
    fit: Fit,
    rival: str | None = None,
    *,
    scored: Scored = "outcomes",
    refits: Refits | None = None,
    progress: Tell | None = None,
) -> Any:
    """Score every team with its outcomes left out and its answers kept, or wholly left out, for ArviZ.

    Outcomes given answers compare models of the outcome; answers of teams of which nothing was seen, alone
    (``"answers"``) or with their outcomes (``"all"``), rank models of measurement. Scores of outcomes are
    those that the verdict rests on: both look first among what the fit keeps, in the group ``left_out`` of
    its tree, and add to it what is not there. How a rival is fitted: :func:`fit_rival`.

    Parameters
    ----------
    fit : one that converged
    rival : name of a rival of the model file; None scores the model itself
    scored : ``"outcomes"``, ``"answers"`` or ``"all"``; the latter two leave teams out wholly, and need the
        exact engine and gaussian, complete items
    refits : how teams are left out where that takes refitting, and the seed of a rival's draws; default: as
        in the scores that are kept, else 10 folds and the fit's own seed
    progress : told (what, done, in all)

    Returns
    -------
    arviz_stats.ELPDData
        ``elpd_i`` and, without refits, ``pareto_k``, both with dims (team,) and the teams' ids; of kind
        ``loo``, or ``loo_kfold`` after refits. Teams are the units of the question's level, without a
        question those of the highest level with an outcome; teams without an outcome are not among them,
        unless answers are scored.

    Raises
    ------
    FitError : the fit or the rival's did not converge, or has no outcome that can be left out; answers have
        no density in closed form, or the rival says nothing of its own about them
    SpecError : there is no such rival

    Notes
    -----
    Wholly left out, a team is known by its columns alone; effects of its layer are known from the layer's
    other teams. The more is left out, the more uneven the weights: look at ``pareto_k``.

    References
    ----------
    Merkle, Furr and Rabe-Hesketh (2019), https://doi.org/10.1007/s11336-019-09679-0
    Vehtari, Simpson, Gelman, Yao and Gabry (2024), https://jmlr.org/papers/v25/19-556.html

    Examples
    --------
    >>> a, b = co.left_out_teams(fit), co.left_out_teams(fit, "competence_only")  # doctest: +SKIP
    >>> az.compare({"model": a, "competence_only": b})                        # doctest: +SKIP
    """
    refuse_unconverged(fit, "left-out teams")
    tell, refits = progress or (lambda *_: None), refits_of(fit, refits)
    if scored != "outcomes":
        return elpd_data(whole_scores(fit, rival, scored, refits, tell).score)
    if rival is None:
        return elpd_data(team_scores(fit, refits, tell).score)
    found = kept(fit, rival, refits)
    if found is None:
        other = fit_rival(fit, rival, refits, tell)
        refuse_unconverged(other, f"left-out teams: {rival}")
        found = team_scores(fit, refits, tell, rival=rival, rival_fit=other)
    return elpd_data(found.score)


def team_scores(
    fit: Fit, refits: Refits, tell: Tell, *, rival: str | None = None, rival_fit: Fit | None = None
) -> LeftOut:
    """Return the scores that the fit keeps, or make them, in closed form where the draws allow it.

    Parameters
    ----------
    rival, rival_fit : scored in place of the fit itself, by refits if the fit is
    """
    name = rival or MODEL
    found = kept(fit, name, refits)
    if found is not None:
        return found
    level, scored = scored_level(fit.spec), rival_fit or fit
    exact = has_exact_scores(scored.posterior, level) and scored_outcomes(scored.spec, level)
    if exact and scored.engine != "explicit":
        found = left_out_exact(scored.posterior, scored.spec, scored.survey, level)
    else:
        found = left_out_units(
            compiled_model(scored.spec, scored.survey, engine=scored.engine), scored.spec, scored.survey,
            level, refits=refits, progress=lambda k, n: tell(f"left-out teams, {name}", k, n),
        )  # fmt: skip
    keep(fit, name, found, refits)
    return found


def whole_scores(fit: Fit, rival: str | None, scored: Scored, refits: Refits, tell: Tell) -> LeftOut:
    """Return the scores of teams of which nothing was seen that the fit keeps, or make them.

    Raises
    ------
    FitError : see :func:`left_out_teams`
    """
    where = f"left-out teams: scored = '{scored}'"
    if scored not in WHOLE:
        known = did_you_mean(str(scored), ("outcomes", *WHOLE))
        raise FitError(Problem("left-out teams: scored", f"unknown '{scored}'.", known))
    name = f"{rival or MODEL} ({scored})"
    found = kept(fit, name, refits)
    if found is not None:
        return found
    other = fit
    if rival is not None:
        if keeps_measurement(fit.spec, rival):
            what = f"rival '{rival}' differs in the outcome's equation alone and says nothing about answers."
            raise FitError(Problem(where, what, "Score the outcomes."))
        other = fit_rival(fit, rival, refits, tell)
        refuse_unconverged(other, f"left-out teams: {rival}")
    found = left_out_whole(other, scored)
    keep(fit, name, found, refits)
    return found


def fit_rival(fit: Fit, rival: str, refits: Refits, tell: Tell) -> Fit:
    r"""Fit a rival, behind the same gate as the model itself.

    A rival that differs in the outcome's equation alone is that equation, fitted to
    :math:`E[u_j \mid \text{answers}_j, \text{the other teams}]` under the model in place of the latents
    :math:`u_j`, all rivals to the same: what was measured is no part of the rivalry. Were the rival fitted to
    answers and outcomes as a whole, it could turn one of its own latents into the one it leaves out, at
    little cost to the answers (interpretational confounding, Burt 1976,
    https://doi.org/10.1177/004912417600500101). For linear equations the regression on expectations has
    the coefficients of the regression on latents. Any other rival is fitted as a whole.

    Parameters
    ----------
    fit : of the model
    rival : name of a rival of the model file
    refits : the seed
    tell : told (what, done, in all)
    """
    own = "explicit" if fit.engine == "explicit" else "auto"
    spec, settings = queries.rival_spec(fit.spec, rival), fit.settings
    survey = measured_as(fit.survey, spec) if _measures_otherwise(fit.spec, rival) else fit.survey
    if keeps_measurement(fit.spec, rival):
        latents = team_scores(fit, refits, tell).latents
        if latents is not None:
            spec, survey = equation_spec(fit.spec, rival), with_expected(fit.survey, latents)
            settings = Settings()
    tell(f"rival {rival}", 0, 1)
    try:
        found = sample_model(
            spec, survey, engine=own, draws=settings.draws, tune=settings.tune, chains=settings.chains,
            seed=refits.seed, progress=False, target_accept=_CAREFUL,
        )  # fmt: skip
    except SamplingStopped:  # its draws are the rival's, and nobody asked for these
        raise SamplingStopped(None) from None
    tell(f"rival {rival}", 1, 1)
    return found


def _measures_otherwise(spec: ModelSpec, rival: str) -> bool:
    return any(r.name == rival and r.measures for r in spec.rivals)


def refuse_unconverged(fit: Fit, where: str) -> None:
    """Raise a FitError if the fit did not converge."""
    if not fit.convergence.ok:
        what = "the fit did not converge, so its scores mean nothing."
        raise FitError(Problem(where, what, " ".join(fit.convergence.advice)))


def scored_level(spec: ModelSpec) -> str:
    """Level of the question; without one the highest with an outcome."""
    if spec.question is not None:
        return spec.question.level
    names = queries.level_names(spec)
    return next((n for n in reversed(names) if scored_outcomes(spec, n)), names[-1])
