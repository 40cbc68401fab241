"""The world of claim C11: efficacy to adopt what was chosen, and efficacy to resist or renegotiate it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coefficacy.errors import CoefficacyError, Problem
from coefficacy.spec import list_models
from coefficacy.worlds.answers import Items, draw_answers, draw_items
from coefficacy.worlds.company import layer_table, person_ids, team_table
from coefficacy.worlds.units import plain_values
from coefficacy.worlds.world import World

__all__ = ["simulate_two_efficacies"]

type Array = NDArray[np.float64]
type Positions = NDArray[np.int64]

LATENTS, OUTCOMES = ("adopt", "resist"), ("adoption", "renegotiation")
TEAM_SD = 0.5
PRIOR_PATH = 0.15
"""Raw coefficient of prior performance on both latents of teams."""
PATHS: Array = np.array([[0.45, 0.0], [0.0, 0.35]])
"""Outcome by latent: in the outcome's unit per SD of the latent, on average over layers."""
BY_KIND = 0.2
"""How much more (engineering) or less (operational) resisting bears on renegotiation."""
PATH_SD = 0.05
"""Of the layers' own deviations."""
LAYER_SD, PRIOR_EFFECT, RESIDUAL_SD = 0.2, 0.2, 0.7


def simulate_two_efficacies(
    *,
    seed: int,
    n_teams: int = 100,
    team_size: int = 8,
    layers: int = 4,
    correlation: float = 0.5,
    person_correlation: float = 0.5,
    n_items: int = 4,
    item_reliability: float = 0.5,
    item_sd: float = 0.2,
    null: bool = False,
) -> World:
    r"""Simulate teams that believe in adopting what was chosen and in resisting it, each to some degree.

    With x prior performance (mean 0, SD 1), l effects of layers, and path p of layer k in SDs of the latents,

    .. math::
        u_{jm} = 0.15 x_j + l_{km} + \zeta_{jm}, \quad
        y_{jo} = \sum_m p_{kom} u_{jm} / 0.5 + 0.2 x_j + l_{ko} + e_{jo}

    for latents m (adopt, resist) and outcomes o (adoption, renegotiation). Adopting bears on adoption (.45)
    in all layers, resisting on renegotiation: .55 in engineering layers and .15 in operational ones, each
    with deviations of its own (SD .05).

    Parameters
    ----------
    seed : all randomness comes from it
    n_teams : at least two a layer
    team_size : of every team
    layers : number of layers, at least 2; by turns engineering and operational
    correlation : of the two latents between teams of a layer
    person_correlation : within teams
    n_items : for each of the two, gaussian
    item_reliability : share of a single answer's variance that comes from a latent of unit variance
    item_sd : SD of the team-level item residuals, in units of the latent
    null : one factor: both correlations are 1, and what bears on an outcome is the one thing

    Returns
    -------
    World with tables ``persons``, ``teams``, ``layers``. ``truth["estimands"]`` has the correlations, and,
    unless both are one thing, the paths by layer.

    Raises
    ------
    CoefficacyError
        if an argument is impossible

    Examples
    --------
    >>> world = simulate_two_efficacies(seed=1, n_teams=12)
    >>> world.truth["estimands"]["latent_correlation"]["correlation"]
    0.5
    """
    options = {
        "seed": seed, "n_teams": n_teams, "team_size": team_size, "layers": layers,
        "correlation": 1.0 if null else correlation,
        "person_correlation": 1.0 if null else person_correlation,
        "n_items": n_items, "item_reliability": item_reliability, "item_sd": item_sd, "null": null,
    }  # fmt: skip
    if problems := list(_problems(options)):
        raise CoefficacyError(problems)
    return _build(options)


def _problems(options: dict[str, Any]) -> Iterator[Problem]:
    least = PRIOR_PATH**2 / TEAM_SD**2
    wanted = (
        ("seed", options["seed"] >= 0, "a whole number from 0 on"),
        ("layers", options["layers"] >= 2, "at least 2"),
        ("n_teams", options["n_teams"] >= 2 * options["layers"], "at least two a layer"),
        ("team_size", options["team_size"] >= 2, "at least 2"),
        ("correlation", 2 * least - 1 <= options["correlation"] <= 1, f"from {2 * least - 1:.2f} to 1"),
        ("person_correlation", -1 <= options["person_correlation"] <= 1, "from -1 to 1"),
        ("n_items", options["n_items"] >= 2, "at least 2"),
        ("item_reliability", 0 < options["item_reliability"] < 1, "between 0 and 1"),
        ("item_sd", 0 <= options["item_sd"] < math.inf, "0 or more"),
    )
    for name, good, what in wanted:
        if not good:
            yield Problem(f"simulate C11: {name}", f"{options[name]} is not possible.", f"Wanted: {what}.")


def _build(options: dict[str, Any]) -> World:
    rng_frame, rng_person, rng_team, rng_items, rng_outcome = np.random.default_rng(options["seed"]).spawn(5)
    n_teams, n_layers = options["n_teams"], options["layers"]
    layer = rng_frame.permutation(np.arange(n_teams) % n_layers)
    team = np.repeat(np.arange(n_teams), options["team_size"])
    x = rng_frame.normal(size=n_teams)
    x = np.round((x - x.mean()) / x.std(), 6)
    between = _teams(rng_team, options, x, layer)
    people = between[team] + _pair(rng_person, options["person_correlation"], team.size)
    items = {name: _items(rng_items, name, options) for name in LATENTS}
    answers = {
        name: draw_answers(rng_items, own, people[:, k], team) for k, (name, own) in enumerate(items.items())
    }
    paths = _paths(rng_outcome, n_layers)
    outcomes = _outcomes(rng_outcome, between, x, layer, paths)
    columns = {
        item: a
        for own, values in zip(items.values(), answers.values())
        for item, a in zip(own.names, values.T)
    }
    layers = layer_table(rng_frame, n_layers)
    covariates = {"prior_performance": x, **{name: np.round(y, 4) for name, y in outcomes.items()}}
    return World(
        claim="C11",
        tables={
            "persons": person_ids(team, n_teams).assign(**columns),
            "teams": team_table(covariates, None, layer, n_layers),
            "layers": layers,
        },
        truth={
            "claim": "C11",
            "simulated": True,
            "options": options,
            "n": {"person": int(team.size), "team": n_teams, "layer": n_layers},
            "estimands": _truth(options, paths, layers["layer"].tolist()),
            "parameters": {k: v for name, own in items.items() for k, v in own.parameters(name).items()},
            "sd": {f"team.{name}": TEAM_SD for name in LATENTS},
            "latents": {
                level: {name: plain_values(values[:, k]) for k, name in enumerate(LATENTS)}
                for level, values in (("person", people), ("team", between))
            },
        },
        spec_text=next(m.path for m in list_models() if m.claim == "C11" and not m.variant).read_text(
            "utf-8"
        ),
    )


def _pair(rng: np.random.Generator, correlation: float, n: int) -> Array:
    """Two variables of unit variance, (n, 2)."""
    z = rng.normal(size=(n, 2))
    return np.column_stack([z[:, 0], correlation * z[:, 0] + math.sqrt(1 - correlation**2) * z[:, 1]])


def _teams(rng: np.random.Generator, options: dict[str, Any], x: Array, layer: Positions) -> Array:
    """Latents of teams, (team, latent): with what prior performance gives they correlate as asked."""
    given, left = PRIOR_PATH**2, TEAM_SD**2 - PRIOR_PATH**2
    residual = (options["correlation"] * TEAM_SD**2 - given) / left
    one = options["correlation"] == 1
    effects = LAYER_SD * _pair(rng, 1.0 if one else 0.0, options["layers"])
    own = math.sqrt(left) * _pair(rng, min(residual, 1.0), layer.size)
    return PRIOR_PATH * x[:, None] + effects[layer] + own


def _items(rng: np.random.Generator, name: str, options: dict[str, Any]) -> Items:
    return draw_items(
        rng,
        tuple(f"{name}_{k}" for k in range(1, options["n_items"] + 1)),
        family="gaussian",
        reliability=options["item_reliability"],
        item_sd=options["item_sd"],
        sd=1.1,
        unit=0.6,
        location=3.4,
    )


def _paths(rng: np.random.Generator, n_layers: int) -> Array:
    """Paths by layer, (layer, outcome, latent)."""
    paths = PATHS + PATH_SD * rng.normal(size=(n_layers, 2, 2))
    paths[:, 1, 1] += BY_KIND * np.where(np.arange(n_layers) % 2, -1, 1)
    return paths


def _outcomes(
    rng: np.random.Generator, between: Array, x: Array, layer: Positions, paths: Array
) -> dict[str, Array]:
    effects = LAYER_SD * rng.normal(size=(len(paths), 2))
    mean = (
        np.einsum("jom,jm->jo", paths[layer], between / TEAM_SD) + effects[layer] + PRIOR_EFFECT * x[:, None]
    )
    values = mean + RESIDUAL_SD * rng.normal(size=mean.shape)
    return {name: values[:, k] for k, name in enumerate(OUTCOMES)}


def _truth(options: dict[str, Any], paths: Array, layers: list[str]) -> dict[str, dict[str, float]]:
    found = {
        "latent_correlation": {
            "correlation": float(options["correlation"]),
            "person_correlation": float(options["person_correlation"]),
        }
    }
    if options["correlation"] == 1:
        return found
    average = paths.mean(axis=0)
    leads = average[0, 0] - average[0, 1], average[1, 1] - average[1, 0]
    found["layer_paths"] = {
        "crossing": float(min(leads)),
        **{f"leads[{o}]": float(lead) for o, lead in zip(OUTCOMES, leads, strict=True)},
        **{
            f"average[{o}, {m}]": float(average[i, k])
            for i, o in enumerate(OUTCOMES)
            for k, m in enumerate(LATENTS)
        },
        **{
            f"path[{name}, {o}, {m}]": float(paths[at, i, k])
            for at, name in enumerate(layers)
            for i, o in enumerate(OUTCOMES)
            for k, m in enumerate(LATENTS)
        },
    }
    return found
