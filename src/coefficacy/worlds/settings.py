"""Four-level worlds in which a team's shared value adds to its members' own (claim C15)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from coefficacy.errors import CoefficacyError
from coefficacy.worlds.units import too_few, unit_ids
from coefficacy.worlds.world import World

__all__ = ["simulate_settings"]

_EFFICACY_SD = {"answer": 0.6, "person": 0.6, "team": 0.5}
_RESIDUAL_SD = {"answer": 0.6, "person": 0.5, "team": 0.3}
_WITHIN_PERSON, _OF_PERSONS, _OF_WAVES = 0.2, 0.4, 0.1


def simulate_settings(
    *,
    seed: int,
    n_teams: int = 40,
    team_size: int = 6,
    waves: int = 3,
    n_divisions: int = 8,
    contextual: float = 0.5,
    division_sd: float = 0.0,
    null: bool = False,
) -> World:
    r"""Simulate members' efficacy and satisfaction over waves, in teams of divisions.

    .. math::
        y_{ijkt} = .1\, t + .2\, w_{ijkt} + .4\, (p_{ijk} + x_{jk}) + b_c\, x_{jk} + d_k
            + e_{jk} + e_{ijk} + e_{ijkt}

    with efficacy the sum of w (within a person), p (between the people of a team) and x (of the team).

    Parameters
    ----------
    seed : all randomness comes from it
    n_teams, team_size, waves, n_divisions : answers are complete
    contextual : b_c, of the team's efficacy, whose SD is 0.5; SDs of satisfaction are about one
    division_sd : SD between divisions; zero, the end of its range, unless given
    null : teams add nothing (b_c = 0)

    Returns
    -------
    World with the table ``persons``: one row an answer

    Raises
    ------
    CoefficacyError
        if an argument is impossible

    Examples
    --------
    >>> simulate_settings(seed=1, null=True).truth["estimands"]["contextual_effect"]["contextual"]
    0.0
    """
    from coefficacy.spec import list_models

    sizes = {"n_teams": n_teams, "team_size": team_size, "waves": waves, "n_divisions": n_divisions}
    problems = too_few("C15", **{name: (value, 2) for name, value in sizes.items()})
    if problems:
        raise CoefficacyError(problems)
    contextual = 0.0 if null else contextual
    table = _table(np.random.default_rng(seed), sizes, contextual, division_sd)
    path = next(entry.path for entry in list_models() if entry.name == "settings")
    options = {"seed": seed, **sizes, "contextual": contextual, "division_sd": division_sd, "null": null}
    n = {
        "answer": len(table), "person": n_teams * team_size, "team": n_teams, "division": n_divisions,
    }  # fmt: skip
    return World(
        claim="C15",
        tables={"persons": table},
        truth={
            "claim": "C15",
            "simulated": True,
            "options": options,
            "n": n,
            "estimands": {"contextual_effect": _truth(contextual, division_sd, waves)},
            "parameters": {
                "team.satisfaction ~ efficacy": contextual,
                "person.satisfaction ~ efficacy": _OF_PERSONS,
                "answer.satisfaction ~ efficacy": _WITHIN_PERSON,
            },
        },
        spec_text=path.read_text(encoding="utf-8"),
    )


def _table(rng: np.random.Generator, sizes: dict[str, int], contextual: float, division_sd: float) -> Any:
    import pandas as pd

    shape = sizes["n_teams"], sizes["team_size"], sizes["waves"]
    team, person, t = (i.ravel() for i in np.indices(shape))
    division = np.arange(sizes["n_teams"]) % sizes["n_divisions"]
    x, p, w = (
        sd * rng.standard_normal(n)
        for sd, n in zip(reversed(_EFFICACY_SD.values()), (shape[:1], shape[:2], t.size), strict=True)
    )
    e_team, e_person, e = (
        sd * rng.standard_normal(n)
        for sd, n in zip(reversed(_RESIDUAL_SD.values()), (shape[:1], shape[:2], t.size), strict=True)
    )
    d = division_sd * rng.standard_normal(sizes["n_divisions"])
    stable = _OF_PERSONS * (p + x[:, None]) + e_person + (contextual * x + d[division] + e_team)[:, None]
    return pd.DataFrame(
        {
            "division_id": unit_ids("d", sizes["n_divisions"])[division][team],
            "team_id": unit_ids("t", shape[0])[team],
            "person_id": unit_ids("p", shape[0] * shape[1])[team * shape[1] + person],
            "wave": t,
            "satisfaction": np.round(_OF_WAVES * t + _WITHIN_PERSON * w + stable[team, person] + e, 4),
            "efficacy": np.round(w + p[team, person] + x[team], 4),
        }
    )


def _truth(contextual: float, division_sd: float, waves: int) -> dict[str, float]:
    """Variances in the population, waves weighted equally; own and contextual effects in SDs.

    A share of zero is left out: it lies at the end of its range, and in no interval.
    """
    x, r = _EFFICACY_SD, _RESIDUAL_SD
    answer = _OF_WAVES**2 * (waves**2 - 1) / 12 + (_WITHIN_PERSON * x["answer"]) ** 2 + r["answer"] ** 2
    person = (_OF_PERSONS * x["person"]) ** 2 + r["person"] ** 2
    team = ((_OF_PERSONS + contextual) * x["team"]) ** 2 + r["team"] ** 2
    total = answer + person + team + division_sd**2
    above = {"share_above": division_sd**2 / total} if division_sd else {}
    return {
        "contextual": contextual * x["team"] / math.sqrt(total),
        "own": _OF_PERSONS * x["person"] / math.sqrt(total),
        "contextual_raw": contextual,
        "share": team / total,
        **above,
    }
