"""All predictive checks of a fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from coefficacy.checks.predictive.check import Check, PredictiveChecks, compared, not_applicable
from coefficacy.checks.predictive.copies import Copies, observed_copy, with_gaps
from coefficacy.checks.predictive.draws import Draws, Unavailable, thinned
from coefficacy.checks.predictive.latent_model import LatentModel
from coefficacy.checks.predictive.observed_model import ObservedModel
from coefficacy.checks.predictive.plan import Design, ReplicatedCheck, Statistic, design_of
from coefficacy.checks.predictive.registry import FIT_CHECKS, REPLICATED_CHECKS
from coefficacy.errors import FitError, Problem

if TYPE_CHECKING:
    from coefficacy.sampling import Fit

__all__ = ["KINDS", "predictive_checks", "replicate_survey"]

type Kind = Literal["same teams", "new teams"]

KINDS: tuple[Kind, ...] = ("same teams", "new teams")
_LARGEST = 2_000_000
_STREAM = {"same teams": 21, "new teams": 22}


def predictive_checks(
    fit: Fit, *, replication: Kind | Literal["both"] = "both", draws: int = 200, seed: int | None = None
) -> PredictiveChecks:
    """Ask level by level whether data replicated from the fitted model look like the data.

    Parameters
    ----------
    fit : of any engine
    replication : ``"same teams"`` keeps the teams' latents as drawn, ``"new teams"`` draws them from their
        equations given the teams' covariates and the units above; people, answers and outcomes are drawn anew
        in both. Missing answers stay missing
    draws : posterior draws used, spread evenly; each gives one replicate
    seed : of the replicates; default: the fit's own

    Returns
    -------
    PredictiveChecks
        One result a check and kind of replication, with its code, observed and replicated statistic and
        p-value; a check that does not apply says why. Calibration is of left-out teams and stands
        once

    Raises
    ------
    FitError : a kind of replication that does not exist, or fewer than 20 draws

    References
    ----------
    Gelman, Meng and Stern (1996), posterior predictive assessment. *Statistica Sinica, 6*, 733-760.
    Gabry, Simpson, Vehtari, Betancourt and Gelman (2019), https://doi.org/10.1111/rssa.12378
    Tesso and colleagues (2026), LOO-PIT predictive model checking, https://arxiv.org/abs/2603.02928

    Examples
    --------
    >>> checks = co.predictive_checks(fit)                                        # doctest: +SKIP
    >>> checks.get("answers.categories", "same teams").p_value                   # doctest: +SKIP
    """
    kinds = _kinds(replication, draws)
    seed = fit.seed if seed is None else seed
    few, observed = thinned(fit.posterior, draws), observed_copy(fit.spec, fit.survey)
    design = design_of(fit.spec, fit.survey)
    found: dict[tuple[str, str], Check] = {}
    for kind in kinds:
        for check in _of_kind(fit, design, few, observed, kind, seed):
            found[check.code, kind] = check
    replicated = [found[definition.code, kind] for definition in REPLICATED_CHECKS for kind in kinds]
    return PredictiveChecks((*replicated, *(d.run(d, fit) for d in FIT_CHECKS)), few.size, seed)


def replicate_survey(fit: Fit, kind: Kind, *, draws: int = 200, seed: int | None = None) -> Copies:
    """Return replicated answers and outcomes, one copy a draw, with the gaps of the data.

    Raises
    ------
    FitError : there can be no such replicates; the message says why
    """
    model = _model(fit)
    obstacle = model.obstacle(kind == "new teams")
    if obstacle:
        raise FitError(Problem(f"replicates of {kind}", f"{obstacle}."))
    rng = np.random.default_rng([fit.seed if seed is None else seed, _STREAM[kind]])
    found = model.copies(thinned(fit.posterior, draws), kind == "new teams", rng)
    return with_gaps(found, observed_copy(fit.spec, fit.survey))


def _kinds(replication: str, draws: int) -> tuple[Kind, ...]:
    if replication not in (*KINDS, "both"):
        valid = ", ".join((*KINDS, "both"))
        raise FitError(
            Problem("predictive checks", f"replication {replication!r} does not exist. Valid: {valid}.")
        )
    if draws < 20:
        raise FitError(Problem("predictive checks", f"{draws} draws are too few.", "Take at least 20."))
    return KINDS if replication == "both" else (replication,)  # type: ignore[return-value]


def _model(fit: Fit) -> LatentModel | ObservedModel:
    from coefficacy.model.observed_plan import observed_only

    plain = fit.engine == "bambi" and observed_only(fit.spec)
    return (ObservedModel if plain else LatentModel).of(fit.spec, fit.survey)


def _of_kind(fit: Fit, design: Design, draws: Draws, observed: Copies, kind: Kind, seed: int) -> list[Check]:
    """All checks that rest on one kind of replicates."""
    model = _model(fit)
    obstacle = model.obstacle(kind == "new teams")
    if obstacle:
        return [_refused(definition, kind, obstacle) for definition in REPLICATED_CHECKS]
    try:
        return _compare(model, design, draws, observed, kind, seed)
    except Unavailable as missing:
        return [_refused(definition, kind, str(missing)) for definition in REPLICATED_CHECKS]


def _refused(definition: ReplicatedCheck, kind: Kind, reason: str) -> Check:
    return not_applicable(reason, replication=kind, side=definition.side, **definition.about)


def _compare(
    model: LatentModel | ObservedModel, design: Design, draws: Draws, observed: Copies, kind: Kind, seed: int
) -> list[Check]:
    rng = np.random.default_rng([seed, _STREAM[kind]])
    step = max(1, _LARGEST // _size(observed))
    statistics: dict[str, Statistic | str] = {}
    parts: dict[str, list[np.ndarray]] = {d.code: [] for d in REPLICATED_CHECKS}
    known = observed
    for start in range(0, draws.size, step):
        part = draws.part(start, min(start + step, draws.size))
        drawn = model.copies(part, kind == "new teams", rng)
        known = _like(observed, drawn)
        copies = with_gaps(drawn, known)
        statistics = statistics or {d.code: d.prepare(design, known) for d in REPLICATED_CHECKS}
        for code, statistic in statistics.items():
            if isinstance(statistic, Statistic):
                parts[code].append(statistic.of(copies))
    return [_result(d, statistics[d.code], known, parts[d.code], kind) for d in REPLICATED_CHECKS]


def _result(
    definition: ReplicatedCheck,
    statistic: Statistic | str,
    observed: Copies,
    replicated: list[np.ndarray],
    kind: Kind,
) -> Check:
    if isinstance(statistic, str):
        return _refused(definition, kind, statistic)
    return compared(
        statistic.of(observed)[0], np.concatenate(replicated), statistic.entries,
        side=definition.side, replication=kind, **definition.about,
    )  # fmt: skip


def _size(observed: Copies) -> int:
    return max(1, sum(v.size for v in (*observed.answers.values(), *observed.outcomes.values())))


def _like(observed: Copies, drawn: Copies) -> Copies:
    """The part of the data that is replicated."""
    return Copies(
        {name: observed.answers[name] for name in drawn.answers},
        {name: observed.outcomes[name] for name in drawn.outcomes},
    )
