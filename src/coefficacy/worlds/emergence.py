"""The world of emergence (claim C1): is collective efficacy more than its members' self-efficacies?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coefficacy.errors import CoefficacyError, Problem, did_you_mean
from coefficacy.worlds.answers import Items, draw_answers, draw_items
from coefficacy.worlds.company import layer_table, person_table, team_table
from coefficacy.worlds.design import FAMILIES, Scale
from coefficacy.worlds.text import model_text
from coefficacy.worlds.units import plain_values
from coefficacy.worlds.world import World

__all__ = ["simulate_emergence"]

type Array = NDArray[np.float64]
type Positions = NDArray[np.int64]

CE, SE = "collective_efficacy", "self_efficacy"
PERSON_PATH = 0.4
MARGIN = 0.25
"""Of discordant teams, as in the library's model."""
_KINDS = ("strong_members_weak_team", "weak_members_strong_team")


@dataclass(frozen=True, slots=True)
class _Options:
    seed: int
    n_teams: int
    team_size: tuple[int, int]
    layers: int
    share: float
    self_efficacy_sd: float
    collective_sd: float
    layer_sd: float
    n_items: int
    family: str
    item_reliability: float
    item_sd: float
    missing: float
    null: bool

    def __post_init__(self) -> None:
        problems = list(self._problems())
        if problems:
            raise CoefficacyError(problems)

    @property
    def emergent_sd(self) -> float:
        return math.sqrt(self.share) * self.collective_sd

    @property
    def path(self) -> float:
        """Raw coefficient of the team's self-efficacy."""
        return math.sqrt(1 - self.share) * self.collective_sd / self.self_efficacy_sd

    def _problems(self) -> Iterator[Problem]:
        low, high = self.team_size
        least = max(2, self.layers)
        checks = (
            ("seed", self.seed, self.seed >= 0, "a whole number from 0 on"),
            ("layers", self.layers, self.layers >= 2, "at least 2"),
            ("n_teams", self.n_teams, self.n_teams >= least, f"at least {least}, a team for each layer"),
            ("team_size", self.team_size, 1 <= low <= high, "a size, or the smallest and the largest one"),
            ("share", self.share, 0 <= self.share <= 1, "a share of variance, between 0 and 1"),
            ("self_efficacy_sd", self.self_efficacy_sd, 0 < self.self_efficacy_sd < math.inf, "above 0"),
            ("collective_sd", self.collective_sd, 0 < self.collective_sd < math.inf, "above 0"),
            ("layer_sd", self.layer_sd, 0 <= self.layer_sd < math.inf, "0 or more"),
            ("item_sd", self.item_sd, 0 <= self.item_sd < math.inf, "0 or more"),
            ("n_items", self.n_items, self.n_items >= 2, "at least 2"),
            ("item_reliability", self.item_reliability, 0 < self.item_reliability < 1, "between 0 and 1"),
            ("missing", self.missing, 0 <= self.missing < 1, "a share of the answers, from 0 to below 1"),
        )
        for name, value, fine, wanted in checks:
            if not fine:
                yield Problem(f"simulate C1: {name}", f"{value} is not possible.", f"Wanted: {wanted}.")
        if self.family not in FAMILIES:
            known = did_you_mean(self.family, FAMILIES)
            yield Problem("simulate C1: family", f"unknown family '{self.family}'.", known)


def simulate_emergence(
    *,
    seed: int,
    n_teams: int = 60,
    team_size: int | tuple[int, int] = (3, 15),
    layers: int = 4,
    share: float = 0.5,
    self_efficacy_sd: float = 0.5,
    collective_sd: float = 0.55,
    layer_sd: float = 0.2,
    n_items: int = 5,
    family: str = "gaussian",
    item_reliability: float = 0.4,
    item_sd: float = 0.25,
    missing: float = 0.0,
    null: bool = False,
) -> World:
    r"""Simulate teams whose collective efficacy (CE) is partly the self-efficacy (SE) of their members.

    For person i of team j in layer k, with w the deviation within the team and u the team's value,

    .. math::
        w^{CE}_{ij} = 0.4 w^{SE}_{ij} + r_{ij}, \quad r, w^{SE} \sim N(0, 1), \quad
        u^{SE}_j = l^{SE}_k + z_j, \quad u^{CE}_j = b u^{SE}_j + l^{CE}_k + \zeta_j

    where b and SD(zeta) are such that zeta has the share `share` of the variance of CE between teams of a
    layer. Items have team-level residuals of their own, which are no part of it.

    Parameters
    ----------
    seed : all randomness comes from it
    n_teams : at least one a layer
    team_size : of every team, or the smallest and the largest (skewed: most are smaller than the middle)
    layers : number of layers, at least 2
    share : emergent share of the variance of CE between teams of a layer
    self_efficacy_sd, collective_sd : SDs of the teams' values within layers, in units of the SD of persons
        within teams (of CE: of what SE leaves over)
    layer_sd : SD of the layers' effects on each
    n_items : for each of the two
    family : of the items, ``"gaussian"`` or ``"ordinal"`` (five categories, cumulative logit)
    item_reliability : share of a single answer's variance that comes from a latent of unit variance,
        team-level item residuals apart
    item_sd : SD of the team-level item residuals, in units of the latent
    missing : share of single answers that are missing completely at random
    null : nothing emerges: a share of zero, all else the same

    Returns
    -------
    World with tables ``persons``, ``teams``, ``layers``. ``truth["estimands"]`` has the emergent share and
    the share of teams that are discordant, by true values, see `coefficacy.estimands.discordant_teams`.

    Raises
    ------
    CoefficacyError
        if an argument is impossible

    Examples
    --------
    >>> world = simulate_emergence(seed=1, n_teams=12)
    >>> world.truth["estimands"]["emergent_share"]["share"]
    0.5
    """
    options = _Options(
        seed=seed,
        n_teams=n_teams,
        team_size=(team_size, team_size) if isinstance(team_size, int) else team_size,
        layers=layers,
        share=0.0 if null else share,
        self_efficacy_sd=self_efficacy_sd,
        collective_sd=collective_sd,
        layer_sd=layer_sd,
        n_items=n_items,
        family=family,
        item_reliability=item_reliability,
        item_sd=item_sd,
        missing=missing,
        null=null,
    )
    return _build(options)


def _build(options: _Options) -> World:
    rng_frame, rng_person, rng_team, rng_items, rng_missing = np.random.default_rng(options.seed).spawn(5)
    sizes, layer = _draw_frame(rng_frame, options)
    team = np.repeat(np.arange(options.n_teams), sizes)
    between, effects = _draw_teams(rng_team, options, layer)
    residual, self_efficacy = rng_person.normal(size=(2, team.size))
    within = {SE: self_efficacy, CE: PERSON_PATH * self_efficacy + residual}
    persons = {name: between[name][team] + within[name] for name in (SE, CE)}
    answers = {name: _draw_measure(rng_items, options, name, persons[name], team) for name in (SE, CE)}
    latents = {"person": persons, "team": between, "layer": effects}
    scale = Scale(options.n_items, options.item_reliability, options.family)
    return World(
        claim="C1",
        tables={
            "persons": person_table(rng_missing, list(answers.values()), team, options),
            "teams": team_table({}, None, layer, options.layers),
            "layers": layer_table(rng_frame, options.layers),
        },
        truth={
            "claim": "C1",
            "simulated": True,
            "options": {**asdict(options), "team_size": list(options.team_size)},
            "n": {"person": int(team.size), "team": options.n_teams, "layer": options.layers},
            "estimands": {
                "emergent_share": {"share": options.share, "sd": options.emergent_sd},
                "discordant_teams": _discordant(between, layer),
            },
            **_planted(options, {name: items for name, (items, _) in answers.items()}),
            "latents": {
                level: {name: plain_values(values) for name, values in named.items()}
                for level, named in latents.items()
            },
        },
        spec_text=model_text({CE: scale, SE: scale}, claim="C1"),
    )


def _draw_frame(rng: np.random.Generator, options: _Options) -> tuple[Positions, Positions]:
    """Size and layer of every team."""
    low, high = options.team_size
    share = rng.beta(2, 4, options.n_teams)
    sizes = np.minimum(low + np.floor((high - low + 1) * share).astype(np.int64), high)
    return sizes, rng.permutation(np.arange(options.n_teams) % options.layers)


def _draw_teams(
    rng: np.random.Generator, options: _Options, layer: Positions
) -> tuple[dict[str, Array], dict[str, Array]]:
    z_se, z_ce = rng.normal(size=(2, options.n_teams))
    of_se, of_ce = options.layer_sd * rng.normal(size=(2, options.layers))
    se = of_se[layer] + options.self_efficacy_sd * z_se
    ce = options.path * se + of_ce[layer] + options.emergent_sd * z_ce
    return {SE: se, CE: ce}, {SE: of_se, CE: of_ce}


def _draw_measure(
    rng: np.random.Generator, options: _Options, measure: str, eta: Array, team: Positions
) -> tuple[Items, Array]:
    prefix = {CE: "ce", SE: "se"}[measure]
    items = draw_items(
        rng,
        tuple(f"{prefix}_{k}" for k in range(1, options.n_items + 1)),
        family=options.family,
        reliability=options.item_reliability,
        item_sd=options.item_sd,
        sd={CE: 1.3, SE: 1.15}[measure],
        unit=0.6,
        location=3.4,
    )
    return items, draw_answers(rng, items, eta, team)


def _discordant(between: dict[str, Array], layer: Positions) -> dict[str, float]:
    """Share of teams on the wrong side of their layer's averages, by at least the margin in SDs on both."""
    position = {}
    for name in (SE, CE):
        means = np.bincount(layer, weights=between[name]) / np.bincount(layer)
        deviation = between[name] - means[layer]
        position[name] = deviation / deviation.std()
    kinds = dict(zip(_KINDS, (1, -1), strict=True))
    shares = {
        kind: float(np.mean((sign * position[SE] > MARGIN) & (-sign * position[CE] > MARGIN)))
        for kind, sign in kinds.items()
    }
    return {"share": sum(shares.values())} | {f"share_by_kind[{kind}]": s for kind, s in shares.items()}


def _planted(options: _Options, items: dict[str, Items]) -> dict[str, Any]:
    parameters = {k: v for measure, one in items.items() for k, v in one.parameters(measure).items()}
    parameters[f"person.{CE}[{SE}]"] = PERSON_PATH
    parameters[f"team.{CE}[{SE}]"] = options.path
    parameters[f"sd(team.{CE})"] = options.emergent_sd
    parameters[f"sd(team.{SE})"] = options.self_efficacy_sd
    parameters |= {f"sd(team.{name} | layer)[1]": options.layer_sd for name in (CE, SE)}
    return {
        "parameters": parameters,
        "standardised": {f"team.{CE}[{SE}]": math.sqrt(1 - options.share)},
        "sd": {f"team.{CE}": options.collective_sd, f"team.{SE}": options.self_efficacy_sd},
    }
