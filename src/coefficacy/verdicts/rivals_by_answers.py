"""Rivals that say something of their own about answers, held against the model on wholly left-out teams."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from coefficacy.errors import FitError
from coefficacy.verdicts.rule import BETTER, stated

if TYPE_CHECKING:
    from coefficacy.sampling import Fit

__all__ = ["rivals_by_answers"]

type Tell = Callable[[str, int, int], None]


def rivals_by_answers(fit: Fit, tell: Tell) -> tuple[dict[str, dict[str, Any]], tuple[str, ...]]:
    """Compare a model that asks for an estimand with its rivals; the comparison enters no answer.

    Returns
    -------
    tuple
        By rival ``{"elpd": numbers, "ppc": None}``, and a sentence each; none where the fit did not converge
        or the model has no rival of the answers. A rival that cannot be compared has a sentence only.
    """
    from coefficacy.scores import compare, is_rival_of_answers, refits_of, whole_scores

    names = [r.name for r in fit.spec.rivals if is_rival_of_answers(fit.spec, r.name)]
    if not names or not fit.convergence.ok:
        return {}, ()
    refits, found, said = refits_of(fit, None), dict[str, dict[str, Any]](), list[str]()
    for name in names:
        try:
            scores = [whole_scores(fit, rival, "answers", refits, tell).score for rival in (None, name)]
        except FitError as error:
            said.append(f"The rival {name} could not be compared: {error.problems[0].what}")
            continue
        against = compare(*scores)
        found[name] = {
            "elpd": {
                "rival": name,
                "diff": against.diff,
                "se": against.se,
                "p_better": against.p_better,
                "khat_max": max(score.attrs["khat_max"] for score in scores),
            },
            "ppc": None,
        }
        said.append(_sentence(name, against.diff, against.se, against.p_better))
    return found, tuple(said)


def _sentence(name: str, diff: float, se: float, p_better: float) -> str:
    verb = "predicts" if p_better > BETTER else "does not clearly predict"
    return (
        f"The model {verb} the answers of wholly left-out teams better than the rival {name} (difference in "
        f"elpd {diff:.1f}, SE {se:.1f}, {stated('P', p_better)}; the answer above does not rest on this)."
    )
