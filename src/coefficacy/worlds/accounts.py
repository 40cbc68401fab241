"""The world of claim C12: teams of which each follows one of two accounts of adaptation."""

from __future__ import annotations

import numpy as np

from coefficacy.errors import CoefficacyError, Problem
from coefficacy.spec import list_models
from coefficacy.worlds.flagship import simulate_adaptation
from coefficacy.worlds.world import World

__all__ = ["simulate_accounts"]

CE, PRIOR = "collective_efficacy", "prior_performance"
SOURCES = ("authority", "slack", "claim")
_PRIOR_EFFECT, _LAYER_SD = 0.2, 0.2


def simulate_accounts(
    *,
    seed: int,
    n_teams: int = 160,
    team_size: int | tuple[int, int] = 10,
    layers: int = 4,
    coordination: float = 0.8,
    politics: float = 0.45,
    residual_sd: float = 0.4,
    share_discretion: float = 0.85,
    share_measured: float = 0.25,
    null: bool = False,
) -> World:
    r"""Simulate a company in which some teams adapt by coordination and others by what power leaves them.

    People, teams, layers and items (gaussian) are those of :func:`simulate_adaptation`. With z collective
    efficacy (CE) in SDs from the mean, and authority, slack and claim of mean 0 and SD 1,

    .. math::
        adaptation_j = 0.2 prior_j + l_{layer} + e_j + \begin{cases}
        a z_j & \text{with probability } w_{layer} \\
        b (authority_j + slack_j + claim_j) & \text{else}\end{cases}

    Parameters
    ----------
    seed, n_teams, team_size, layers : as in :func:`simulate_adaptation`
    coordination, politics : a and b, in the outcome's unit per SD
    residual_sd : of the outcome
    share_discretion, share_measured : w of engineering and of operational layers. The two numbers are the
        source text's and without evidence
    null : the accounts hold for the same share of teams everywhere, the mean of the two

    Returns
    -------
    World with tables ``persons``, ``teams``, ``layers``; ``truth["account"]`` says which one a team follows

    Raises
    ------
    CoefficacyError
        if an argument is impossible

    Examples
    --------
    >>> simulate_accounts(seed=1, n_teams=12).truth["estimands"]["account_weights"]["weight[engineering_1]"]
    0.85
    """
    _check(share_discretion, share_measured, residual_sd)
    base = simulate_adaptation(
        seed=seed, n_teams=n_teams, team_size=team_size, layers=layers, family="gaussian", effect=0.0
    )
    rng = np.random.default_rng([seed, 12])
    teams = base.tables["teams"].copy()
    names, at = np.unique(teams["layer"].to_numpy().astype(str), return_inverse=True)
    discretion = np.char.startswith(names, "eng")
    middle = (share_discretion + share_measured) / 2
    shares = (
        np.where(discretion, share_discretion, share_measured) if not null else np.full(len(names), middle)
    )
    first = rng.random(n_teams) < shares[at]
    latent = np.array(base.truth["latents"]["team"][CE])
    z = (latent - latent.mean()) / base.truth["sd"][f"team.{CE}"]
    common = rng.normal(size=n_teams)
    drawn = {name: 0.4 * common + rng.normal(size=n_teams) for name in SOURCES}
    sources = {name: np.round((x - x.mean()) / x.std(), 4) for name, x in drawn.items()}
    by_power = politics * np.sum(list(sources.values()), axis=0)
    rest = _PRIOR_EFFECT * teams[PRIOR].to_numpy() + (_LAYER_SD * rng.normal(size=len(names)))[at]
    outcome = np.where(first, coordination * z, by_power) + rest + residual_sd * rng.normal(size=n_teams)
    teams = teams.assign(**sources, adaptation=np.round(outcome, 4))
    contrast = float(shares[discretion].mean() - shares[~discretion].mean())
    weights = {f"weight[{name}]": float(w) for name, w in zip(names, shares, strict=True)}
    truth = {
        "claim": "C12",
        "simulated": True,
        "options": {
            "seed": seed, "n_teams": n_teams, "layers": layers,
            "team_size": team_size if isinstance(team_size, int) else list(team_size),
            "coordination": coordination, "politics": politics, "residual_sd": residual_sd,
            "share_discretion": share_discretion, "share_measured": share_measured, "null": null,
        },
        "n": base.truth["n"],
        "estimands": {"account_weights": {"contrast": contrast, **weights}},
        "account": ["coordination" if own else "political_economy" for own in first],
        "sd": {f"team.{CE}": base.truth["sd"][f"team.{CE}"]},
        "latents": base.truth["latents"],
    }  # fmt: skip
    path = next(m.path for m in list_models() if m.claim == "C12" and not m.variant)
    return World(
        "C12", {**base.tables, "teams": teams}, truth, _text(path.read_text("utf-8"), names[discretion])
    )


def _text(text: str, discretion: np.ndarray) -> str:
    """The model file with the names of these layers in it."""
    written = ", ".join(f'"{name}"' for name in discretion)
    return text.replace('where = ["engineering_1", "engineering_2"]', f"where = [{written}]")


def _check(first: float, second: float, residual_sd: float) -> None:
    wanted = (
        ("share_discretion", first, 0 <= first <= 1, "between 0 and 1"),
        ("share_measured", second, 0 <= second <= 1, "between 0 and 1"),
        ("residual_sd", residual_sd, residual_sd > 0, "above 0"),
    )
    problems = [
        Problem(f"simulate C12: {name}", f"{value} is not possible.", f"Wanted: {what}.")
        for name, value, good, what in wanted
        if not good
    ]
    if problems:
        raise CoefficacyError(problems)
