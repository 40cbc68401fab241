"""Which engine builds a model, and why."""

from __future__ import annotations

from coefficacy.errors import FitError, Problem
from coefficacy.model.built import Built
from coefficacy.spec import queries
from coefficacy.spec.model import ModelSpec
from coefficacy.survey import Survey

__all__ = ["ENGINES", "build"]

ENGINES = ("auto", "marginal", "explicit")


def build(spec: ModelSpec, survey: Survey, *, engine: str = "auto") -> Built:
    """Build the PyMC model of a model file and a survey.

    Parameters
    ----------
    engine : ``"auto"``: people and teams integrated out where that can be done (``"marginal"``), else Bambi
        where every variable is observed, else explicit latents (``"explicit"``)

    Raises
    ------
    FitError : an engine that does not exist or does not apply
    """
    if engine not in ENGINES:
        raise FitError(
            Problem("engine", f"{engine!r} is not available. Valid: {', '.join(ENGINES)}.", "Take 'auto'.")
        )
    of_outcomes = [s.response for s in spec.spreads if not queries.is_measure(spec, s.response)]
    if of_outcomes and engine != "auto":
        what = f"{engine!r} does not apply: sd({of_outcomes[0]}) is on a left-hand side."
        raise FitError(Problem("engine", what, "Take 'auto'; Bambi builds such models."))
    from coefficacy.model.marginal import build_marginal
    from coefficacy.model.obstacles import why_not_marginal

    reason = "asked for"
    if engine == "auto":
        obstacle = why_not_marginal(spec, survey)
        if obstacle and _observed_only(spec):
            from coefficacy.model.observed import build_observed

            return build_observed(spec, survey)
        reason = f"every latent is a variable, as {obstacle}"
    if engine == "marginal" or (engine == "auto" and not obstacle):
        return build_marginal(spec, survey)
    from coefficacy.model.explicit import build_explicit

    return build_explicit(spec, survey, reason=reason)


def _observed_only(spec: ModelSpec) -> bool:
    if not spec.measures:
        return True
    if spec.spreads:
        return False
    from coefficacy.model.observed import observed_only

    return observed_only(spec)
