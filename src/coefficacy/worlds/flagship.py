"""The flagship world (claim C4): does collective efficacy predict adaptation beyond individual competence?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coefficacy.worlds.answers import Items, draw_answers, draw_items
from coefficacy.worlds.company import layer_table, person_table, team_table
from coefficacy.worlds.design import Design
from coefficacy.worlds.options import AdaptationOptions
from coefficacy.worlds.structure import (
    PATHS,
    PERSON_CORRELATION,
    PERSON_PATH,
    TEAM_CORRELATION,
    TEAM_SD,
    Outcome,
    Predictors,
    implied_predictors,
    solve_outcome,
)
from coefficacy.worlds.text import model_text
from coefficacy.worlds.units import plain_values
from coefficacy.worlds.world import World

__all__ = ["simulate_adaptation"]

type Array = NDArray[np.float64]
type Positions = NDArray[np.int64]

CE, SE, COMPETENCE = "collective_efficacy", "self_efficacy", "competence"
MASTERY, PRIOR = "shared_mastery", "prior_performance"
_COVARIATE_CORRELATION = 0.2


def simulate_adaptation(
    *,
    seed: int,
    n_teams: int = 60,
    team_size: int | tuple[int, int] = (3, 15),
    layers: int = 4,
    effect: float = 0.3,
    self_efficacy: float = 0.15,
    competence: float = 0.3,
    prior_performance: float = 0.25,
    driver: float = 0.4,
    layer_sd_efficacy: float = 0.3,
    layer_sd_adaptation: float = 0.3,
    n_items: int = 5,
    family: str = "ordinal",
    item_reliability: float = 0.4,
    test_reliability: float = 0.6,
    item_sd: float = 0.25,
    missing: float = 0.0,
    null: bool = False,
    design: Design | None = None,
) -> World:
    r"""Simulate a company in the AI transition.

    Layers of engineering teams with discretion alternate with layers of operational teams under measurement.
    Members answer items on self-efficacy and collective efficacy (CE) and sit three skill tests. For person
    i of team j, with w the deviation within the team and u the team's value,

    .. math::
        w^{CE}_{ij} = 0.4 w^{SE}_{ij} + r_{ij}, \quad
        (r, w^{SE}, w^{C}) \sim N(0, R), \quad
        u^{SE}_j = 0.15 prior_j + z^{SE}_j, \quad u^{C}_j = 0.2 prior_j + z^{C}_j

        u^{CE}_j = 0.35 mastery_j + 0.5 u^{SE}_j + 0.3 \bar c_j + 0.2 prior_j + l^{CE}_{layer} + z^{CE}_j

        adaptation_j = b u^{CE}_j + b_s u^{SE}_j + b_c \bar c_j + b_p prior_j + l_{layer} + d_j + e_j

    where c-bar is the mean true competence of the members, R has unit variances and d is a driver that no
    model knows, independent of everything else on the right. The raw b follow from the standardised effects
    asked for, which are exact for this world: beta = b SD(x) / SD(adaptation), model-implied within layers,
    with covariates at their sample covariance and the members' mean at the average of 1 / (team size).
    Adaptation has mean 0 and, within layers, SD 1. Covariates have sample mean 0 and SD 1.

    Parameters
    ----------
    seed : all randomness comes from it; worlds with the same seed and sizes share their persons and answers,
        whatever is planted in adaptation
    n_teams : at least one a layer
    team_size : of every team, or the smallest and the largest (skewed: most are smaller than the middle)
    layers : number of layers, at least 2
    effect : standardised effect of CE on adaptation
    self_efficacy, competence, prior_performance : other standardised effects on adaptation
    driver : standardised effect of the unknown driver
    layer_sd_efficacy, layer_sd_adaptation : SDs of the layers' effects, in units of the latent (within-team
        residual SD 1) and of adaptation
    n_items : for each of the two efficacies
    family : of those items, ``"ordinal"`` (five categories, cumulative logit) or ``"gaussian"``
    item_reliability, test_reliability : share of a single answer's variance that comes from a latent of unit
        variance, team-level item residuals apart
    item_sd : SD of the team-level item residuals, in units of the latent
    missing : share of single answers and test results that are missing completely at random
    null : plant no effect of CE and keep everything else, so that CE and adaptation still correlate through
        self-efficacy, competence and prior performance
    design : teams, layers, items and missing answers of a survey to imitate; stands in for `n_teams`,
        `team_size`, `layers`, `n_items`, `family`, `item_reliability`, `test_reliability` and `missing`

    Returns
    -------
    World with tables ``persons``, ``teams``, ``layers``

    Raises
    ------
    CoefficacyError
        if an argument is impossible, or the effects leave no residual variance

    Examples
    --------
    >>> world = simulate_adaptation(seed=1, n_teams=12)
    >>> world.truth["effect"]["standardised"]
    0.3
    """
    if design is not None:
        n_teams, layers, missing = len(design.sizes), max(design.layers) + 1, design.missing
        team_size = (min(design.sizes), max(design.sizes))
    options = AdaptationOptions(
        seed=seed,
        n_teams=n_teams,
        team_size=(team_size, team_size) if isinstance(team_size, int) else team_size,
        layers=layers,
        effect=effect,
        self_efficacy=self_efficacy,
        competence=competence,
        prior_performance=prior_performance,
        driver=driver,
        layer_sd_efficacy=layer_sd_efficacy,
        layer_sd_adaptation=layer_sd_adaptation,
        n_items=n_items,
        family=family,
        item_reliability=item_reliability,
        test_reliability=test_reliability,
        item_sd=item_sd,
        missing=missing,
        null=null,
        design=design,
    )
    return _build(options)


def _build(options: AdaptationOptions) -> World:
    rng_frame, rng_person, rng_team, rng_items, rng_missing = np.random.default_rng(options.seed).spawn(5)
    sizes, layer = _draw_teams_of_company(rng_frame, options)
    covariates = _draw_covariates(rng_frame, options.n_teams)
    team = np.repeat(np.arange(options.n_teams), sizes)
    implied = implied_predictors(covariates, float(np.mean(1 / sizes)))
    outcome = solve_outcome(options, implied)

    within = _draw_within(rng_person, team.size)
    mean_competence = np.bincount(team, weights=within[COMPETENCE]) / sizes
    between = _draw_teams(rng_team, options, outcome, covariates, mean_competence, layer)
    answers = {
        measure: _draw_measure(rng_items, options, measure, between[measure][team] + within[measure], team)
        for measure in (CE, SE, COMPETENCE)
    }
    latents = {
        "person": {measure: between[measure][team] + within[measure] for measure in (CE, SE, COMPETENCE)},
        "team": {CE: between[CE], SE: between[SE], COMPETENCE: between[COMPETENCE] + mean_competence},
        "layer": {CE: between[f"{CE} | layer"], "adaptation": between["adaptation | layer"]},
    }
    return World(
        claim="C4",
        tables={
            "persons": person_table(rng_missing, [answers[m] for m in (SE, CE, COMPETENCE)], team, options),
            "teams": team_table(covariates, between["adaptation"], layer, options.layers),
            "layers": layer_table(rng_frame, options.layers),
        },
        truth={
            "claim": "C4",
            "simulated": True,
            "options": options.as_dict(),
            "n": {"person": int(team.size), "team": options.n_teams, "layer": options.layers},
            **_planted(options, implied, outcome, {name: items for name, (items, _) in answers.items()}),
            "latents": {
                level: {k: plain_values(v) for k, v in named.items()} for level, named in latents.items()
            },
            "unmodelled": {
                "driver": plain_values(between["driver"]),
                "driver_sd": abs(options.driver),
                "paths": {f"team.{y}[{x}]": b for y in (SE, COMPETENCE) for x, b in PATHS[y].items()},
            },
        },
        spec_text=model_text({measure: options.scale(measure) for measure in (CE, SE)}),
    )


def _draw_teams_of_company(
    rng: np.random.Generator, options: AdaptationOptions
) -> tuple[Positions, Positions]:
    """Size and layer of every team."""
    if options.design is not None:
        return np.array(options.design.sizes), np.array(options.design.layers)
    low, high = options.team_size
    share = rng.beta(2, 4, options.n_teams)
    sizes = np.minimum(low + np.floor((high - low + 1) * share).astype(np.int64), high)
    return sizes, rng.permutation(np.arange(options.n_teams) % options.layers)


def _draw_covariates(rng: np.random.Generator, n_teams: int) -> dict[str, Array]:
    prior, other = rng.normal(size=(2, n_teams))
    r = _COVARIATE_CORRELATION
    raw = {MASTERY: r * prior + math.sqrt(1 - r**2) * other, PRIOR: prior}
    return {name: np.round((x - x.mean()) / x.std(ddof=1), 4) for name, x in raw.items()}


def _draw_within(rng: np.random.Generator, n: int) -> dict[str, Array]:
    """Deviations within teams; their population means are zero, those of the members need not be."""
    residual, self_efficacy, competence = np.linalg.cholesky(PERSON_CORRELATION) @ rng.normal(size=(3, n))
    return {CE: PERSON_PATH * self_efficacy + residual, SE: self_efficacy, COMPETENCE: competence}


def _draw_teams(
    rng: np.random.Generator,
    options: AdaptationOptions,
    outcome: Outcome,
    covariates: dict[str, Array],
    mean_competence: Array,
    layer: Positions,
) -> dict[str, Array]:
    n, r = options.n_teams, TEAM_CORRELATION
    z = rng.normal(size=(5, n))
    layer_efficacy = options.layer_sd_efficacy * rng.normal(size=options.layers)
    layer_adaptation = options.layer_sd_adaptation * rng.normal(size=options.layers)
    u: dict[str, Array] = {**covariates}
    u[SE] = PATHS[SE][PRIOR] * u[PRIOR] + TEAM_SD[SE] * z[0]
    correlated = r * z[0] + math.sqrt(1 - r**2) * z[1]
    population = PATHS[COMPETENCE][PRIOR] * u[PRIOR] + TEAM_SD[COMPETENCE] * correlated
    u[COMPETENCE] = population + mean_competence
    u[CE] = _line(PATHS[CE], u) + layer_efficacy[layer] + TEAM_SD[CE] * z[2]
    noise = options.driver * z[3] + outcome.noise_sd * z[4]
    adaptation = _line(outcome.raw, u) + layer_adaptation[layer] + noise
    return {
        CE: u[CE],
        SE: u[SE],
        COMPETENCE: population,
        "adaptation": np.round(adaptation, 4),
        "driver": z[3],
        f"{CE} | layer": layer_efficacy,
        "adaptation | layer": layer_adaptation,
    }


def _line(coefficients: dict[str, float], values: dict[str, Array]) -> Array:
    return np.sum([b * values[name] for name, b in coefficients.items()], axis=0)


def _draw_measure(
    rng: np.random.Generator, options: AdaptationOptions, measure: str, eta: Array, team: Positions
) -> tuple[Items, Array]:
    prefix = {CE: "ce", SE: "se", COMPETENCE: "skill"}[measure]
    scale, tests = options.scale(measure), measure == COMPETENCE
    items = draw_items(
        rng,
        tuple(f"{prefix}_{k}" for k in range(1, scale.n_items + 1)),
        family=scale.family,
        reliability=scale.reliability,
        item_sd=options.item_sd,
        sd={CE: 1.3, SE: 1.1, COMPETENCE: 1.0}[measure],
        unit=math.sqrt(scale.reliability) if tests else 0.6,
        location=0.0 if tests else 3.4,
        categories=scale.categories,
    )
    return items, draw_answers(rng, items, eta, team)


def _planted(
    options: AdaptationOptions, implied: Predictors, outcome: Outcome, items: dict[str, Items]
) -> dict[str, Any]:
    parameters = {k: v for measure, one in items.items() for k, v in one.parameters(measure).items()}
    parameters[f"person.{CE}[{SE}]"] = PERSON_PATH
    parameters |= {f"team.{CE}[{x}]": b for x, b in PATHS[CE].items()}
    parameters["team.adaptation.intercept"] = 0.0
    parameters |= {f"team.adaptation[{x}]": b for x, b in outcome.raw.items()}
    between, correlation = implied.between()
    parameters |= {f"sd(team.{y})": sd for y, sd in {CE: TEAM_SD[CE], **between}.items()}
    parameters["sd(team.adaptation)"] = math.hypot(options.driver, outcome.noise_sd)
    parameters[f"sd(team.{CE} | layer)[1]"] = options.layer_sd_efficacy
    parameters["sd(team.adaptation | layer)[1]"] = options.layer_sd_adaptation
    parameters[f"cor(person)[{CE}, {COMPETENCE}]"] = float(PERSON_CORRELATION[0, 2])
    parameters[f"cor(person)[{SE}, {COMPETENCE}]"] = float(PERSON_CORRELATION[1, 2])
    parameters[f"cor(team)[{SE}, {COMPETENCE}]"] = correlation
    standardised = {f"team.{CE}[{x}]": b * implied.sd[x] / implied.sd[CE] for x, b in PATHS[CE].items()}
    standardised |= {f"team.adaptation[{x}]": beta for x, beta in outcome.standardised.items()}
    return {
        "effect": {
            "name": f"team.adaptation ~ {CE}",
            "raw": outcome.raw[CE],
            "standardised": options.planted,
        },
        "parameters": parameters,
        "standardised": standardised,
        "sd": {**{f"team.{x}": sd for x, sd in implied.sd.items()}, "team.adaptation": 1.0},
    }
