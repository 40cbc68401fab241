"""The world of two sources (claim C5): licences raise self-efficacy, shared projects collective efficacy."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coefficacy.errors import CoefficacyError, Problem
from coefficacy.spec import dumps, list_models, load_model
from coefficacy.worlds.answers import Items, draw_answers, draw_items
from coefficacy.worlds.company import layer_table, person_ids, team_table
from coefficacy.worlds.design import FAMILIES, Scale
from coefficacy.worlds.source_paths import CE, LICENCES, PERSON, PROJECTS, SE, TEAM_SD, Paths, implied_paths
from coefficacy.worlds.text import as_asked
from coefficacy.worlds.units import plain_values
from coefficacy.worlds.world import World

__all__ = ["simulate_two_sources"]

type Array = NDArray[np.float64]
type Positions = NDArray[np.int64]

_LAYER_SD = 0.3


def simulate_two_sources(
    *,
    seed: int,
    n_teams: int = 60,
    team_size: int | tuple[int, int] = (6, 14),
    layers: int = 4,
    carried_by_licences: float = 0.0,
    carried_by_projects: float = 0.25,
    n_items: int = 4,
    item_reliability: float = 0.5,
    item_sd: float = 0.2,
    family: str = "gaussian",
    null: bool = False,
) -> World:
    r"""Simulate a company in which some people got a licence and some teams shared projects.

    Well-performing teams get somewhat more of both. With w a member's deviation from the team, u the team's
    value, l the licence (0 or 1) of a member, p the number of shared projects and x prior performance,

    .. math::
        w^{SE}_{ij} = 0.4 (l_{ij} - \bar l_j) + r_{ij}, \quad w^{CE}_{ij} = 0.4 w^{SE}_{ij} + r'_{ij}

        u^{SE}_j = 0.8 \bar l_j + 0.05 p_j + 0.15 x_j + L^{SE}_{layer} + z_j

        u^{CE}_j = 0.4 p_j + 0.1 \bar l_j + 0.5 u^{SE}_j + 0.15 x_j + L^{CE}_{layer} + z'_j

        y_j = b_s u^{SE}_j + b_c u^{CE}_j + 0.1 \bar l_j + 0.05 p_j + 0.2 x_j + L_{layer} + e_j

    Within layers, with treatments and prior performance at their sample covariance, adaptation y has SD 1.
    All effects are invented; none comes from data.

    Parameters
    ----------
    seed : all randomness comes from it
    n_teams : at least one a layer
    team_size : of every team, or the smallest and the largest; at least 2
    layers : at least 2
    carried_by_licences : SDs of adaptation that a share of licences of 1 rather than 0 gives through
        self-efficacy alone: :math:`0.8 b_s`
    carried_by_projects : SDs of adaptation that one more shared project gives through collective efficacy
        alone: :math:`0.4 b_c`
    n_items : of each efficacy
    item_reliability : share of a single answer's variance that comes from a latent of unit variance
    item_sd : SD of team-level item residuals, in units of the latent
    family : of the items, ``"gaussian"`` or ``"ordinal"``
    null : licences carry through self-efficacy exactly what a project carries through collective efficacy,
        so that the difference is nil though all paths are there

    Returns
    -------
    World with tables ``persons``, ``teams``, ``layers``

    Raises
    ------
    CoefficacyError
        if an argument is impossible, or the effects leave no residual variance

    Examples
    --------
    >>> world = simulate_two_sources(seed=1, n_teams=12)
    >>> round(world.truth["estimands"]["two_sources"]["difference"], 6)
    0.25
    """
    sizes = (team_size, team_size) if isinstance(team_size, int) else tuple(team_size)
    _check(n_teams, sizes, layers, n_items, item_reliability, item_sd, family)
    options: dict[str, Any] = {
        "seed": seed,
        "n_teams": n_teams,
        "team_size": list(sizes),
        "layers": layers,
        "carried_by_licences": carried_by_projects if null else carried_by_licences,
        "carried_by_projects": carried_by_projects,
        "n_items": n_items,
        "item_reliability": item_reliability,
        "item_sd": item_sd,
        "family": family,
        "null": null,
    }
    return _build(options)


def _build(options: dict[str, Any]) -> World:
    rng_frame, rng_person, rng_team, rng_items = np.random.default_rng(options["seed"]).spawn(4)
    n, layers = options["n_teams"], options["layers"]
    low, high = options["team_size"]
    sizes = rng_frame.integers(low, high + 1, n)
    layer = rng_frame.permutation(np.arange(n) % layers)
    team = np.repeat(np.arange(n), sizes)
    prior = rng_frame.normal(size=n)
    columns = {"prior_performance": np.round((prior - prior.mean()) / prior.std(), 4)}
    columns[PROJECTS] = rng_frame.poisson(1.5 * np.exp(0.2 * prior)).astype(float)
    licensed = _licences(rng_frame, prior, team)
    columns[LICENCES] = np.bincount(team, weights=licensed) / sizes
    paths = implied_paths(columns, options["carried_by_licences"], options["carried_by_projects"])

    within = _within(rng_person, licensed - columns[LICENCES][team])
    between, of_layers = _between(rng_team, paths, columns, layer, layers)
    answers = {m: _answers(rng_items, options, m, between[m][team] + within[m], team) for m in (SE, CE)}
    persons = person_ids(team, n).assign(licensed=licensed)
    for items, values in answers.values():
        persons = persons.assign(**dict(zip(items.names, values.T, strict=True)))
    shown = {name: columns[name] for name in (PROJECTS, "prior_performance")}
    teams = team_table(shown, between["adaptation"], layer, layers)
    return World(
        claim="C5",
        tables={
            "persons": persons,
            "teams": teams.astype({PROJECTS: int}),
            "layers": layer_table(rng_frame, layers),
        },
        truth={
            "claim": "C5",
            "simulated": True,
            "options": options,
            "n": {"person": int(team.size), "team": n, "layer": layers},
            "estimands": {"two_sources": paths.estimands()},
            **_planted(options, paths, {m: items for m, (items, _) in answers.items()}),
            "latents": {
                "person": {m: plain_values(between[m][team] + within[m]) for m in (SE, CE)},
                "team": {m: plain_values(between[m]) for m in (SE, CE)},
                "layer": {m: plain_values(values) for m, values in of_layers.items()},
            },
        },
        spec_text=_model_text(options),
    )


def _licences(rng: np.random.Generator, prior: Array, team: Positions) -> NDArray[np.int64]:
    """Who has a licence: teams differ in how many they gave out, better ones gave out more."""
    odds = 0.4 * prior + 2.0 * rng.normal(size=prior.size)
    licensed = (rng.random(team.size) < 1 / (1 + np.exp(-odds[team]))).astype(np.int64)
    licensed[:2] = (0, 1)
    return licensed


def _within(rng: np.random.Generator, deviation: Array) -> dict[str, Array]:
    own, other = rng.normal(size=(2, deviation.size))
    self_efficacy = PERSON[SE] * deviation + own
    return {SE: self_efficacy, CE: PERSON[CE] * self_efficacy + other}


def _between(
    rng: np.random.Generator, paths: Paths, columns: dict[str, Array], layer: Positions, layers: int
) -> tuple[dict[str, Array], dict[str, Array]]:
    values = {name: x - x.mean() for name, x in columns.items()}
    of_layers: dict[str, Array] = {}
    for response, sd in (*TEAM_SD.items(), ("adaptation", paths.residual_sd)):
        of_layers[response] = _LAYER_SD * rng.normal(size=layers)
        line = np.sum([b * values[x] for x, b in paths.coefficients[response].items()], axis=0)
        values[response] = line + of_layers[response][layer] + sd * rng.normal(size=layer.size)
    values["adaptation"] = np.round(values["adaptation"], 4)
    return {name: values[name] for name in of_layers}, of_layers


def _answers(
    rng: np.random.Generator, options: dict[str, Any], measure: str, eta: Array, team: Positions
) -> tuple[Items, Array]:
    prefix = {CE: "ce", SE: "se"}[measure]
    names = tuple(f"{prefix}_{k}" for k in range(1, options["n_items"] + 1))
    items = draw_items(
        rng,
        names,
        family=options["family"],
        reliability=options["item_reliability"],
        item_sd=options["item_sd"],
        sd={CE: 1.3, SE: 1.1}[measure],
        unit=8.0,
        location=60.0,
    )
    return items, draw_answers(rng, items, eta, team)


def _planted(options: dict[str, Any], paths: Paths, items: dict[str, Items]) -> dict[str, Any]:
    parameters = {k: v for measure, one in items.items() for k, v in one.parameters(measure).items()}
    parameters |= {f"person.{SE}[licensed]": PERSON[SE], f"person.{CE}[{SE}]": PERSON[CE]}
    for response, coefficients in paths.coefficients.items():
        parameters |= {f"team.{response}[{x}]": b for x, b in coefficients.items()}
        parameters[f"sd(team.{response} | layer)[1]"] = _LAYER_SD
    parameters |= {f"sd(team.{m})": sd for m, sd in TEAM_SD.items()}
    parameters["sd(team.adaptation)"] = paths.residual_sd
    parameters["team.adaptation.intercept"] = 0.0
    return {"parameters": parameters, "sd": {f"team.{x}": sd for x, sd in paths.sd.items()}}


def _model_text(options: dict[str, Any]) -> str:
    if options["family"] == "gaussian":
        path = next(e.path for e in list_models() if e.claim == "C5" and not e.variant)
        return path.read_text(encoding="utf-8")
    spec = load_model("C5")
    scale = Scale(options["n_items"], options["item_reliability"], options["family"])
    return dumps(replace(spec, measures=tuple(as_asked(m, scale) for m in spec.measures)))


def _check(
    n_teams: int,
    sizes: tuple[int, ...],
    layers: int,
    n_items: int,
    reliability: float,
    item_sd: float,
    family: str,
) -> None:
    wanted = (
        ("layers", layers, layers >= 2, "at least 2"),
        ("n_teams", n_teams, n_teams >= max(2, layers), "at least one a layer"),
        ("team_size", sizes, len(sizes) == 2 and 2 <= sizes[0] <= sizes[-1], "2 or more"),
        ("n_items", n_items, n_items >= 2, "at least 2"),
        ("item_reliability", reliability, 0 < reliability < 1, "between 0 and 1"),
        ("item_sd", item_sd, 0 <= item_sd < math.inf, "0 or more"),
        ("family", family, family in FAMILIES, " or ".join(FAMILIES)),
    )
    problems = [
        Problem(f"simulate C5: {name}", f"{value} is not possible.", f"Wanted: {what}.")
        for name, value, good, what in wanted
        if not good
    ]
    if problems:
        raise CoefficacyError(problems)
