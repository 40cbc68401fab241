"""The rule: what effect, left-out teams and the rival's check add up to."""

from __future__ import annotations

from dataclasses import dataclass, replace

from coefficacy.verdicts.result import Answer

__all__ = ["BETTER", "FAILS", "REFUTED", "Evidence", "decide", "settled", "stated"]

BETTER = 0.80
FAILS = 0.05
REFUTED = 0.95


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the rule looks at; signs are turned so that the question's direction is positive.

    Attributes
    ----------
    lower : 2.5% point of the standardised effect
    p_below : P(effect < bound)
    bound : upper bound of the ROPE
    p_better : on left-out teams, None without a rival
    p_check : of the rival's predictive check, None without a rival
    converged : whether the gate was passed
    sign : -1 for a question with direction negative, to state the numbers as they are
    """

    lower: float
    p_below: float
    bound: float
    p_better: float | None
    p_check: float | None
    converged: bool
    sign: int = 1


def decide(evidence: Evidence) -> tuple[Answer, tuple[str, ...]]:
    """Return the answer and the reasons for it, in plain words.

    Supported: the 2.5% point of the effect lies above the ROPE, P(better on left-out teams) > .80, and the
    rival fails its predictive check at p < .05. Refuted: P(effect < upper ROPE bound) >= .95. Cannot tell
    otherwise, always where the fit did not converge, and never supported without a rival.
    """
    if not evidence.converged:
        return "cannot tell", ("The fit did not converge, so nothing is concluded from it.",)
    if evidence.p_below >= REFUTED:
        side = "below" if evidence.sign > 0 else "above"
        return "refuted", (
            f"The effect lies {side} {evidence.sign * evidence.bound:g} SD, the least that counts, "
            f"with probability {_probability(evidence.p_below)}.",
        )
    clear = evidence.lower > evidence.bound
    reasons = [_about_effect(evidence, clear)]
    if evidence.p_better is None or evidence.p_check is None:
        return "cannot tell", (*reasons, "No rival could be compared, so support cannot be shown.")
    better, fails = evidence.p_better > BETTER, evidence.p_check < FAILS
    reasons += [_about_left_out(evidence.p_better, better), _about_check(evidence.p_check, fails)]
    return ("supported" if clear and better and fails else "cannot tell"), tuple(reasons)


def settled(evidence: Evidence) -> Answer | None:
    """Return the answer that no rival could change, or None where it depends on the rival.

    The rule itself is asked about the rival that speaks most for support and the one that speaks most
    against it; `p_better` and `p_check` of the evidence are not looked at.
    """
    kindest = replace(evidence, p_better=1.0, p_check=0.0)
    harshest = replace(evidence, p_better=0.0, p_check=1.0)
    answer, other = decide(kindest)[0], decide(harshest)[0]
    return answer if answer == other else None


def _about_effect(evidence: Evidence, clear: bool) -> str:
    side = "above" if evidence.sign > 0 else "below"
    bound, end = evidence.sign * evidence.bound, evidence.sign * evidence.lower
    if clear:
        return f"The 95% interval of the effect lies {side} {bound:g} SD, the least that counts."
    return (
        f"The 95% interval of the effect reaches to {end:.2f} SD; for support it must stay {side} {bound:g}."
    )


def _about_left_out(p_better: float, better: bool) -> str:
    verb = "predicts" if better else "does not clearly predict"
    return (
        f"The model {verb} the outcomes of left-out teams better than the rival "
        f"({stated('P', p_better)}, more than {BETTER:.2f} wanted; "
        "a normal approximation, rough for few teams)."
    )


def _about_check(p_check: float, fails: bool) -> str:
    verb = "fails" if fails else "passes"
    return f"The rival {verb} its predictive check ({stated('p', p_check, 3)}, below {FAILS:.2f} wanted)."


def stated(symbol: str, value: float, digits: int = 2) -> str:
    """Return ``"P = 0.81"``, ``"P > 0.99"``, or of a p-value with three digits ``"p < 0.001"``."""
    text = _probability(value, digits)
    return f"{symbol} {text}" if text[0] in "<>" else f"{symbol} = {text}"


def _probability(value: float, digits: int = 2) -> str:
    least = 10.0**-digits
    if value < least:
        return f"< {least:.{digits}f}"
    return "> 0.99" if value > 0.99 else f"{value:.{digits}f}"
