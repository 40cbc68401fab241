"""Which engine builds a model, and why."""

from __future__ import annotations

from coefficacy.errors import FitError, Problem
from coefficacy.model.built import Built
from coefficacy.spec.model import ModelSpec
from coefficacy.survey import Survey

__all__ = ["ENGINES", "build"]

ENGINES = ("auto", "marginal", "explicit")


def build(spec: ModelSpec, survey: Survey, *, engine: str = "auto") -> Built:
    """Build the PyMC model of a model file and a survey.

    Parameters
    ----------
    engine : ``"auto"``: Bambi where every variable is observed, latents integrated out where that can be done
        (``"marginal"``), explicit latents otherwise (``"explicit"``)

    Raises
    ------
    FitError : an engine that does not exist or does not apply
    """
    if engine not in ENGINES:
        raise FitError(
            Problem("engine", f"{engine!r} is not available. Valid: {', '.join(ENGINES)}.", "Take 'auto'.")
        )
    if engine == "auto" and _observed_only(spec):
        from coefficacy.model.observed import build_observed

        return build_observed(spec, survey)
    if engine == "marginal":
        from coefficacy.model.marginal import build_marginal

        return build_marginal(spec, survey)
    reason = "asked for"
    if engine == "auto":
        from coefficacy.model.marginal import build_marginal, why_not_marginal

        obstacle = why_not_marginal(spec, survey)
        if not obstacle:
            return build_marginal(spec, survey)
        reason = f"every latent is a variable, as {obstacle}"
    from coefficacy.model.explicit import build_explicit

    return build_explicit(spec, survey, reason=reason)


def _observed_only(spec: ModelSpec) -> bool:
    if not spec.measures:
        return True
    from coefficacy.model.observed import observed_only

    return observed_only(spec)
