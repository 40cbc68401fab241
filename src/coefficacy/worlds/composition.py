"""Worlds in which answers become a property of the team in one way or another (claim C2)."""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

import numpy as np

from coefficacy.errors import CoefficacyError, Problem, did_you_mean
from coefficacy.worlds.units import too_few
from coefficacy.worlds.waves import simulate_consensus
from coefficacy.worlds.world import World

__all__ = ["Composition", "simulate_composition"]

type Composition = Literal["process", "additive", "direct", "referent", "dispersion"]

_LOADING, _RESIDUAL_SD = 0.8, 0.5
_MIDDLE, _UNIT = 50.0, 8.0
_OWN_SD, _TEAM_SD, _LOG_SD = 0.5, 0.6, 0.5
_OWN_AND_TEAM, _WITHIN = 0.4, 0.3


def simulate_composition(
    *,
    seed: int,
    composition: Composition = "process",
    n_teams: int | None = None,
    team_size: int | None = None,
    null: bool = False,
    effect: float = 0.5,
    items: int = 3,
    waves: int = 4,
    delta: float = -0.25,
    drift: float = 0.2,
    person_sd: float = 0.4,
    residual_sd: float = 0.6,
) -> World:
    r"""Simulate teams whose performance rests on one composition of what their members say.

    Members answer items about themselves (``i_*``) and about the team (``team_*``), on sliders from 0 to
    100: :math:`50 + 8\,(.8\,(u_j + w_{ij}) + e)`. The SD of w is one for the former, and
    :math:`\exp(.5\, d_j)` for the latter, d being standard normal. Performance, of SD one, is an error plus
    `effect` times the standardised

    - mean of the members' own efficacy (additive),
    - efficacy of the people the team draws from (direct),
    - efficacy that members ascribe to the team (referent), or
    - this, less `effect` times d: the more members differ, the less (dispersion).

    Parameters
    ----------
    seed : all randomness comes from it
    composition : what is true; ``"process"`` is :func:`simulate_consensus`, which alone takes the options
        from `waves` on
    n_teams, team_size : 20 teams of 5 for process, 60 of 10 for the others
    null : the composition's part in performance is zero (for dispersion: that of d)
    effect : standardised
    items : of each kind; a single one is a score without error (no e)

    Returns
    -------
    World with the tables ``persons`` and, but for process, ``teams``

    Raises
    ------
    CoefficacyError
        if an argument is impossible

    Examples
    --------
    >>> simulate_composition(seed=1, composition="referent").truth["standardised"]
    {'team.performance ~ efficacy': 0.5}
    """
    known = get_args(Composition.__value__)
    if composition not in known:
        what = f"'{composition}' is no composition."
        raise CoefficacyError(Problem("simulate C2: composition", what, did_you_mean(composition, known)))
    if composition == "process":
        return simulate_consensus(
            seed=seed, n_teams=n_teams or 20, team_size=team_size or 5, waves=waves, delta=delta,
            drift=drift, person_sd=person_sd, residual_sd=residual_sd, null=null,
        )  # fmt: skip
    return _of_outcome(composition, seed, n_teams or 60, team_size or 10, effect, items, null)


def _of_outcome(
    composition: str, seed: int, n: int, size: int, effect: float, items: int, null: bool
) -> World:
    from coefficacy.spec import list_models

    parts = 2 if composition == "dispersion" else 1
    _refuse(n, size, items, parts * effect**2)
    effect = effect if composition == "dispersion" or not null else 0.0
    scattered = -effect if composition == "dispersion" and not null else 0.0
    rng = np.random.default_rng(seed)
    latents = _latents(rng, n, size)
    told = effect * latents[composition if composition != "dispersion" else "referent"]
    told = told + scattered * latents["dispersion"]
    rest = math.sqrt(1 - effect**2 - scattered**2)
    performance = told + rest * rng.standard_normal(n)
    path = next(entry.path for entry in list_models() if entry.name == f"composition_{composition}")
    terms = {"team.performance ~ efficacy": effect}
    if composition == "dispersion":
        terms["team.performance ~ sd(efficacy)"] = scattered
    return World(
        claim="C2",
        tables=_tables(rng, latents, performance, items),
        truth={
            "claim": "C2",
            "simulated": True,
            "options": {
                "seed": seed, "composition": composition, "n_teams": n, "team_size": size,
                "effect": effect, "items": items, "null": null,
            },
            "n": {"person": n * size, "team": n},
            "estimands": _estimands(composition, scattered),
            "standardised": terms,
        },
        spec_text=path.read_text(encoding="utf-8"),
    )  # fmt: skip


def _estimands(composition: str, scattered: float) -> dict[str, dict[str, float]]:
    if composition != "dispersion":
        return {}
    return {"dispersion": {"effect": scattered, "log_sd": _LOG_SD}}


def _latents(rng: np.random.Generator, n: int, size: int) -> dict[str, np.ndarray]:
    """Values of teams, standardised over the population, and deviations of their members."""
    own = rng.standard_normal(n)
    team = _OWN_AND_TEAM * own + math.sqrt(1 - _OWN_AND_TEAM**2) * rng.standard_normal(n)
    d = rng.standard_normal(n)
    z = rng.standard_normal((n, size))
    about_team = _WITHIN * z + math.sqrt(1 - _WITHIN**2) * rng.standard_normal((n, size))
    members = (_OWN_SD * own + z.mean(axis=1)) / math.sqrt(_OWN_SD**2 + 1 / size)
    return {
        "direct": own,
        "referent": team,
        "dispersion": d,
        "additive": members,
        "i": _OWN_SD * own[:, None] + z,
        "team": _TEAM_SD * team[:, None] + np.exp(_LOG_SD * d)[:, None] * about_team,
    }


def _tables(
    rng: np.random.Generator, latents: dict[str, np.ndarray], performance: np.ndarray, items: int
) -> dict[str, Any]:
    import pandas as pd

    n, size = latents["i"].shape
    ids = np.array([f"t{k:0{len(str(n))}d}" for k in range(1, n + 1)])
    persons = pd.DataFrame(
        {
            "person_id": [f"p{k:0{len(str(n * size))}d}" for k in range(1, n * size + 1)],
            "team_id": np.repeat(ids, size),
        }
    )
    noise = _RESIDUAL_SD if items > 1 else 0.0
    for name in ("i", "team"):
        for k in range(1, items + 1):
            answer = _LOADING * latents[name].ravel() + noise * rng.standard_normal(n * size)
            persons[f"{name}_{k}"] = np.clip(np.round(_MIDDLE + _UNIT * answer, 1), 0, 100)
    return {"persons": persons, "teams": pd.DataFrame({"team_id": ids, "performance": performance.round(4)})}


def _refuse(n: int, size: int, items: int, explained: float) -> None:
    problems = too_few("C2", n_teams=(n, 2), team_size=(size, 2), items=(items, 1))
    if explained >= 1:
        what = f"effects explain {explained:.2f} of the variance of performance."
        problems.append(Problem("simulate C2: effect", what, "Give a smaller one, such as 0.5."))
    if problems:
        raise CoefficacyError(problems)
