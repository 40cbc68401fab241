"""Worlds in which teams come to agree, wave by wave (claim C2, process composition)."""

from __future__ import annotations

import math

import numpy as np

from coefficacy.errors import CoefficacyError
from coefficacy.worlds.units import too_few, unit_ids
from coefficacy.worlds.world import World

__all__ = ["simulate_consensus"]


def simulate_consensus(
    *,
    seed: int,
    n_teams: int = 20,
    team_size: int = 5,
    waves: int = 4,
    delta: float = -0.25,
    drift: float = 0.2,
    person_sd: float = 0.4,
    residual_sd: float = 0.6,
    null: bool = False,
) -> World:
    r"""Simulate members' belief in their team over waves.

    .. math::
        y_{ijt} = g_{0j} + g_{1j} t + p_{ij} + e_{ijt}, \quad
        e_{ijt} \sim N(0, \sigma^2 \exp(2 \delta t)), \quad t = 0, 1, \ldots

    Parameters
    ----------
    seed : all randomness comes from it
    n_teams, team_size, waves : answers are complete
    delta : change of the log residual SD from wave to wave; below zero consensus emerges
    drift : SD of the teams' slopes; those of their starting points is 0.8, their correlation 0.3
    person_sd : SD of what a person keeps of his own
    residual_sd : at the first wave
    null : no consensus emerges (delta = 0); teams drift all the same

    Returns
    -------
    World with the table ``persons``: one row an answer

    Raises
    ------
    CoefficacyError
        if an argument is impossible

    Examples
    --------
    >>> simulate_consensus(seed=1).truth["estimands"]["consensus_emergence"]["delta"]
    -0.25
    """
    import pandas as pd

    from coefficacy.spec import list_models

    problems = too_few("C2", n_teams=(n_teams, 2), team_size=(team_size, 2), waves=(waves, 2))
    if problems:
        raise CoefficacyError(problems)
    rng = np.random.default_rng(seed)
    delta = 0.0 if null else delta
    team, person, t = (i.ravel() for i in np.indices((n_teams, team_size, waves)))
    start = 0.8 * rng.standard_normal(n_teams)
    slope = drift * (0.3 * start / 0.8 + math.sqrt(1 - 0.3**2) * rng.standard_normal(n_teams))
    own = person_sd * rng.standard_normal((n_teams, team_size))
    noise = residual_sd * np.exp(delta * t) * rng.standard_normal(t.size)
    belief = start[team] + slope[team] * t + own[team, person] + noise
    table = pd.DataFrame(
        {
            "team_id": unit_ids("t", n_teams)[team],
            "person_id": unit_ids("p", team_size)[person],
            "wave": t,
            "belief": np.round(belief, 4),
        }
    )
    path = next(entry.path for entry in list_models() if entry.name == "consensus_emergence")
    options = {
        "seed": seed, "n_teams": n_teams, "team_size": team_size, "waves": waves, "delta": delta,
        "drift": drift, "person_sd": person_sd, "residual_sd": residual_sd, "null": null,
    }  # fmt: skip
    return World(
        claim="C2",
        tables={"persons": table},
        truth={
            "claim": "C2",
            "simulated": True,
            "options": options,
            "n": {"answer": t.size, "person": n_teams * team_size, "team": n_teams},
            "estimands": {"consensus_emergence": {"delta": delta, "remains": math.exp(delta * (waves - 1))}},
            "parameters": {"log_sd(answer.belief)[wave]": delta, "sd(person.belief)": person_sd},
        },
        spec_text=path.read_text(encoding="utf-8"),
    )
