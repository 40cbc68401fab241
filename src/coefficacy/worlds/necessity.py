"""The world of claim C13: adaptation needs collective efficacy and power, and neither is enough."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coefficacy.errors import CoefficacyError, Problem
from coefficacy.spec import list_models
from coefficacy.worlds.flagship import simulate_adaptation
from coefficacy.worlds.world import World

__all__ = ["simulate_necessity"]

type Array = NDArray[np.float64]

CE, SE, COMPETENCE, PRIOR = "collective_efficacy", "self_efficacy", "competence", "prior_performance"
SOURCES = ("authority", "slack", "claim")
_OTHERS = {SE: 0.1, COMPETENCE: 0.15, PRIOR: 0.2}
_LAYER_SD = 0.3
_CORNERS = ((-1, -1), (1, -1), (-1, 1), (1, 1))


def simulate_necessity(
    *,
    seed: int,
    n_teams: int = 60,
    team_size: int | tuple[int, int] = 8,
    layers: int = 4,
    collective_efficacy: float = 0.5,
    power: float = 0.3,
    product: float = 0.35,
    shape: Literal["product", "weakest_link"] = "product",
    elasticity: float = 0.2,
    residual_sd: float = 0.7,
    null: bool = False,
) -> World:
    r"""Simulate a company in which adaptation needs collective efficacy (CE) and power.

    People, teams, layers, items (gaussian) and CE are those of :func:`simulate_adaptation`. Teams have
    ``authority``, ``slack`` and ``claim`` and their mean, ``power`` (mean 0, SD 1), which is higher in
    engineering layers and goes with shared mastery. With z and p in SDs from the means over the teams,

    .. math:: adaptation_j = a z_j + b p_j + c z_j p_j + 0.1 z^{SE}_j + 0.15 z^{C}_j + 0.2 prior_j
        + l_{layer} + e_j

    Parameters
    ----------
    seed, n_teams, team_size, layers : as in :func:`simulate_adaptation`
    collective_efficacy, power, product : a, b and c, in the outcome's unit per SD
    shape : ``"weakest_link"`` puts (a + b) times a CES aggregate of z and p in place of the first three terms
    elasticity : of substitution in that aggregate, not 1
    residual_sd : of the outcome
    null : the two only add up: c = 0, and no aggregate

    Returns
    -------
    World with tables ``persons``, ``teams``, ``layers``; ``truth["estimands"]`` holds ``necessity`` for the
    teams that were simulated where the shape is a product, else ``elasticity``

    Raises
    ------
    CoefficacyError
        if an argument is impossible

    Examples
    --------
    >>> simulate_necessity(seed=1, n_teams=12, null=True).truth["estimands"]["necessity"]["interaction"]
    0.0
    """
    _check(shape, elasticity, residual_sd)
    base = simulate_adaptation(
        seed=seed, n_teams=n_teams, team_size=team_size, layers=layers, family="gaussian", effect=0.0
    )
    rng = np.random.default_rng([seed, 13])
    teams = base.tables["teams"].copy()
    layer = teams["layer"].to_numpy()
    sources = _power(rng, teams["shared_mastery"].to_numpy(), np.char.startswith(layer.astype(str), "eng"))
    strength = sources["power"]
    latent = {name: np.array(values) for name, values in base.truth["latents"]["team"].items()}
    sd = {name: base.truth["sd"][f"team.{name}"] for name in (CE, SE, COMPETENCE)}
    z = (latent[CE] - latent[CE].mean()) / sd[CE]
    c = 0.0 if null else product
    curved = shape == "weakest_link" and not null
    mechanism = (
        (collective_efficacy + power) * _aggregate(z, strength, elasticity)
        if curved
        else collective_efficacy * z + power * strength + c * z * strength
    )
    others = _OTHERS[PRIOR] * teams[PRIOR].to_numpy() + sum(
        _OTHERS[name] * (latent[name] - latent[name].mean()) / sd[name] for name in (SE, COMPETENCE)
    )
    _, at = np.unique(layer, return_inverse=True)
    effects = rng.normal(size=layers) * _LAYER_SD
    rest = others + effects[at]
    adaptation = np.round(mechanism + rest + residual_sd * rng.normal(size=n_teams), 4)
    for name, values in sources.items():
        teams[name] = values
    teams["adaptation"] = adaptation
    truth = {
        "claim": "C13",
        "simulated": True,
        "options": {
            "seed": seed,
            "n_teams": n_teams,
            "team_size": team_size if isinstance(team_size, int) else list(team_size),
            "layers": layers,
            "collective_efficacy": collective_efficacy,
            "power": power,
            "product": c,
            "shape": shape,
            "elasticity": elasticity if curved else None,
            "residual_sd": residual_sd,
            "null": null,
        },
        "n": base.truth["n"],
        "estimands": {"elasticity": {"elasticity": elasticity}}
        if curved
        else {
            "necessity": _corners(collective_efficacy, power, c, rest, adaptation, at, residual_sd),
        },
        "sd": {f"team.{name}": value for name, value in sd.items()},
        "latents": base.truth["latents"],
    }
    path = next(m.path for m in list_models() if m.claim == "C13" and not m.variant)
    tables = {**base.tables, "teams": teams}
    return World("C13", tables, truth, path.read_text(encoding="utf-8"))


def _check(shape: str, elasticity: float, residual_sd: float) -> None:
    problems = []
    if shape not in ("product", "weakest_link"):
        problems.append(Problem("simulate C13: shape", f"'{shape}' is unknown.", "product or weakest_link."))
    if elasticity <= 0 or elasticity == 1:
        problems.append(
            Problem("simulate C13: elasticity", f"{elasticity} is not possible.", "Above 0, not 1.")
        )
    if residual_sd <= 0:
        problems.append(Problem("simulate C13: residual_sd", f"{residual_sd} is not possible.", "Above 0."))
    if problems:
        raise CoefficacyError(problems)


def _power(rng: np.random.Generator, mastery: Array, discretion: NDArray[np.bool_]) -> dict[str, Array]:
    """Three sources and their mean, standardised."""
    common = 0.6 * (discretion - 0.5) + 0.3 * mastery + 0.7 * rng.normal(size=mastery.size)
    drawn = {name: common + 0.6 * rng.normal(size=mastery.size) for name in SOURCES}
    sources = {name: np.round((x - x.mean()) / x.std(), 4) for name, x in drawn.items()}
    mean = np.mean(list(sources.values()), axis=0)
    return {**sources, "power": np.round((mean - mean.mean()) / mean.std(), 4)}


def _aggregate(z: Array, p: Array, elasticity: float) -> Array:
    rho = 1 - 1 / elasticity
    return np.log(0.5 * np.exp(rho * z) + 0.5 * np.exp(rho * p)) / rho


def _corners(
    a: float, b: float, c: float, rest: Array, adaptation: Array, layer: NDArray[np.int64], sd: float
) -> dict[str, float]:
    """Truth of :func:`coefficacy.necessity` for these very teams."""
    from scipy.special import ndtr

    y = adaptation
    means = np.bincount(layer, weights=y) / np.bincount(layer)
    unit = float(np.sqrt(np.sum((y - means[layer]) ** 2) / (y.size - means.size)))
    value = np.array([a * i + b * j + c * i * j for i, j in _CORNERS]) / unit
    neither, first, others, both = value
    best = max(first, others)
    names = ("neither", "first only", "others only", "all")
    mean = value * unit
    probability = [float(ndtr((m + rest - y.mean()) / sd).mean()) for m in mean]
    return {
        "necessity": float((both - best) - abs(best - neither)),
        "interaction": float(4 * c / unit),
        "shortfall[first only]": float(both + neither - 2 * first),
        "shortfall[others only]": float(both + neither - 2 * others),
        **{
            f"gain[{name}]": float(v - neither) for name, v in zip(names[1:], value[1:], strict=True)
        },
        **{f"probability[{name}]": p for name, p in zip(names, probability, strict=True)},
    }  # fmt: skip
