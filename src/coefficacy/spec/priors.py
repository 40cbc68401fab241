"""Prior distributions by name: ``Normal(0, 0.5)``, and on a raw coefficient ``raw Normal(0, 2)``."""

from __future__ import annotations

import math
import re
from typing import Literal

from coefficacy.errors import Problem, SpecError, did_you_mean
from coefficacy.spec.model import PriorSpec

__all__ = ["DISTRIBUTIONS", "ParameterKind", "parse_prior", "prior_problems", "support_problem"]

type ParameterKind = Literal["real", "positive", "correlation"]

DISTRIBUTIONS: dict[str, tuple[str, ...]] = {
    "Normal": ("mu", "sigma"),
    "HalfNormal": ("sigma",),
    "StudentT": ("nu", "mu", "sigma"),
    "HalfStudentT": ("nu", "sigma"),
    "Cauchy": ("alpha", "beta"),
    "HalfCauchy": ("beta",),
    "LogNormal": ("mu", "sigma"),
    "Gamma": ("alpha", "beta"),
    "InverseGamma": ("alpha", "beta"),
    "Exponential": ("lam",),
    "Beta": ("alpha", "beta"),
    "Uniform": ("lower", "upper"),
    "LKJ": ("eta",),
}
"""The distributions a prior may name and their arguments in order, as PyMC calls them."""

_FREE = {("Normal", "mu"), ("StudentT", "mu"), ("Cauchy", "alpha"), ("LogNormal", "mu")}
_FREE |= {("Uniform", "lower"), ("Uniform", "upper")}
_POSITIVE = {"HalfNormal", "HalfStudentT", "HalfCauchy", "LogNormal", "Gamma", "InverseGamma"}
_POSITIVE |= {"Exponential", "Beta"}
_HALVES = {"Normal": "HalfNormal", "StudentT": "HalfStudentT", "Cauchy": "HalfCauchy"}
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_CALL = re.compile(r"\s*(?P<raw>raw\s+)?(?P<name>[A-Za-z_]\w*)\s*\((?P<args>[^()]*)\)\s*", re.ASCII)


def parse_prior(text: str, *, where: str = "<prior>") -> PriorSpec:
    """Read a prior.

    Parameters
    ----------
    text : a distribution of `DISTRIBUTIONS` with numbers, e.g. ``"StudentT(3, 0, 2.5)"``; ``raw`` before it
        puts the prior of an effect on its raw coefficient
    where : file and key for error messages

    Raises
    ------
    SpecError
        Unknown distribution, wrong number of arguments, an argument that is no number or out of range.

    Examples
    --------
    >>> parse_prior("Normal(0, 0.5)").args
    (0.0, 0.5)
    """
    call = _CALL.fullmatch(text)
    if call is None:
        raise SpecError(Problem(where, f"'{text}' is not a prior.", "Write it as Normal(0, 0.5)."))
    arguments = [part.strip() for part in call["args"].split(",")] if call["args"].strip() else []
    wrong = [part for part in arguments if not _NUMBER.fullmatch(part)]
    if wrong:
        mend = "Only numbers can stand in a prior."
        raise SpecError(
            Problem(where, f"'{part}' in '{text.strip()}' is not a number.", mend) for part in wrong
        )
    prior = PriorSpec(call["name"], tuple(map(float, arguments)), raw=call["raw"] is not None)
    problems = prior_problems(prior, where=where)
    if problems:
        raise SpecError(problems)
    return prior


def prior_problems(prior: PriorSpec, *, where: str) -> tuple[Problem, ...]:
    """Return what is wrong with the distribution and its arguments."""
    if prior.distribution not in DISTRIBUTIONS:
        known = did_you_mean(prior.distribution, DISTRIBUTIONS)
        return (Problem(where, f"unknown distribution '{prior.distribution}'.", known),)
    names = DISTRIBUTIONS[prior.distribution]
    usage = f"Write {prior.distribution}({', '.join(names)})."
    if len(prior.args) != len(names):
        what = f"'{prior}': the number of arguments is {len(prior.args)}, not {len(names)}."
        return (Problem(where, what, usage),)
    problems = [
        Problem(where, f"{name} of '{prior}' must be finite.", usage)
        for name, value in zip(names, prior.args)
        if not math.isfinite(value)
    ]
    problems += [
        Problem(where, f"{name} of '{prior}' must be above 0.", usage)
        for name, value in zip(names, prior.args)
        if (prior.distribution, name) not in _FREE and value <= 0
    ]
    if prior.distribution == "Uniform" and not prior.args[0] < prior.args[1]:
        problems.append(Problem(where, f"lower of '{prior}' must be below upper.", usage))
    return tuple(problems)


def support_problem(prior: PriorSpec, kind: ParameterKind) -> tuple[str, str] | None:
    """Return what is wrong with `prior` for a parameter of `kind`, and the mend; None if nothing is."""
    is_lkj = prior.distribution == "LKJ"
    if kind == "correlation":
        return None if is_lkj else (f"'{prior}' is no prior of correlations.", "Write LKJ(2).")
    if is_lkj:
        return f"'{prior}' is for correlations only.", "Write Normal(0, 1), HalfNormal(1) or the like."
    positive = prior.distribution in _POSITIVE or (prior.distribution == "Uniform" and prior.args[0] >= 0)
    if kind == "positive" and not positive:
        half = _HALVES.get(prior.distribution, "HalfNormal")
        return f"'{prior}' allows negative values; this parameter is positive.", f"Did you mean '{half}'?"
    return None
