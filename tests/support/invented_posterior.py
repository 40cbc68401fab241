"""A survey of three levels, invented parameters, and answers simulated from them a thousand times over."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import xarray as xr

from coefficacy.spec import ModelSpec, loads
from coefficacy.survey import Survey, read_survey

LAYERS, TEAMS, MEMBERS = 6, 60, 4
ITEMS = {"a": ("a1", "a2", "a3"), "b": ("b1", "b2", "b3"), "c": ("c1", "c2", "c3")}
LATENTS = ["b", "c", "a"]
DRAWS = ("chain", "draw")
REPLICATES = 900


def model(*, aggregate: str = "population", loadings: str = "equal", family: str = "gaussian") -> ModelSpec:
    more = "scale = [1, 5]" if family == "ordinal" else ""
    return loads(
        f"""
        [levels]
        person = "person"
        team = "team"
        layer = "layer"
        [measures.a]
        items = ["a*"]
        loadings = "{loadings}"
        family = "{family}"
        {more}
        [measures.b]
        items = ["b*"]
        aggregate = "{aggregate}"
        [measures.c]
        items = ["c*"]
        [person]
        a = "b + c + x"
        [team]
        a = "b + c + z + (1 + z | layer)"
        """
    )


@cache
def frame(answers: tuple[int, int] = (1, 5)) -> pd.DataFrame:
    """Persons in teams of four; the answers are any, as only parameters count."""
    rng, n = np.random.default_rng(3), TEAMS * MEMBERS
    team = np.repeat(np.arange(TEAMS), MEMBERS)
    low, high = answers
    columns = {item: rng.integers(low, high + 1, n) for items in ITEMS.values() for item in items}
    z = rng.normal(0, 1.3, TEAMS)
    return pd.DataFrame(
        {
            "person": np.arange(n),
            "team": team,
            "layer": team % LAYERS,
            "x": rng.normal(2, 1.5, n),
            "z": z[team],
        }
        | columns
    )


def survey(spec: ModelSpec) -> Survey:
    return read_survey(spec, persons=frame())


@dataclass(frozen=True)
class Values:
    """One draw of every parameter."""

    b_on_x: float = 0.2
    c_on_x: float = -0.3
    a_on_b: float = 0.6
    a_on_c: float = 0.4
    cor_person: float = 0.5
    a_on_x: float = 0.5
    b_on_z: float = -0.3
    c_on_z: float = 0.1
    a_on_z: float = 0.4
    a_on_b_team: float = 0.7
    a_on_c_team: float = -0.5
    cor_team: float = -0.4
    sd_a: float = 0.6
    sd_b: float = 0.5
    sd_c: float = 0.8
    layer_a: float = 0.4
    slope_a: float = 0.25
    loading: tuple[float, float, float] = (0.9, 0.7, 1.1)
    between_loading: tuple[float, float, float] = (0.9, 0.5, 0.8)
    residual_sd: tuple[float, float, float] = (0.8, 1.0, 0.6)
    item_sd: tuple[float, float, float] = (0.2, 0.4, 0.1)


OTHER = Values(a_on_b=-0.2, a_on_x=0.1, b_on_z=0.5, sd_a=0.9, layer_a=0.1, item_sd=(0.5, 0.1, 0.3))


def posterior(*values: Values, free: bool = False) -> xr.Dataset:
    """One chain, a draw for each of `values`, under the names that both engines use."""

    def labelled(name: str, labels: dict[str, list[str]], *fields: str) -> dict[str, xr.DataArray]:
        stacked = np.array([np.squeeze([getattr(v, f) for f in fields]) for v in values])
        sizes = [len(entries) for entries in labels.values()]
        coords = {"chain": [0], "draw": range(len(values)), **labels}
        return {name: xr.DataArray(stacked.reshape(1, -1, *sizes), coords, [*DRAWS, *labels])}

    found = {
        **labelled("person.b", {"person.b.term": ["x"]}, "b_on_x"),
        **labelled("person.c", {"person.c.term": ["x"]}, "c_on_x"),
        **labelled("person.a", {"person.a.term": ["b", "c", "x"]}, "a_on_b", "a_on_c", "a_on_x"),
        **labelled("team.b", {"team.b.term": ["z"]}, "b_on_z"),
        **labelled("team.c", {"team.c.term": ["z"]}, "c_on_z"),
        **labelled("team.a", {"team.a.term": ["b", "c", "z"]}, "a_on_b_team", "a_on_c_team", "a_on_z"),
        **labelled("sd(team.a)", {}, "sd_a"),
        **labelled("sd(team.b)", {}, "sd_b"),
        **labelled("sd(team.c)", {}, "sd_c"),
        **{f"cor({level})": _correlation(level, values) for level in ("person", "team")},
        **labelled("sd(team.a | layer)", {"team.a|layer.term": ["1", "z"]}, "layer_a", "slope_a"),
        **labelled("a.loading", {"a.item": list(ITEMS["a"])}, "loading"),
        **labelled("a.residual_sd", {"a.item": list(ITEMS["a"])}, "residual_sd"),
        **labelled("a.item_sd", {"a.item": list(ITEMS["a"])}, "item_sd"),
        **labelled("b.loading", {"b.item": list(ITEMS["b"])}, "loading"),
        **labelled("b.residual_sd", {"b.item": list(ITEMS["b"])}, "residual_sd"),
        **labelled("b.item_sd", {"b.item": list(ITEMS["b"])}, "item_sd"),
    }
    if free:
        of_free = labelled("a.between_loading", {"a.item": list(ITEMS["a"])}, "between_loading")
        renamed = of_free["a.between_loading"].isel({"a.item": [1, 2]}).rename({"a.item": "a.item.free"})
        found["a.between_loading"] = renamed
    return xr.Dataset(found)


def _correlation(level: str, values: tuple[Values, ...]) -> xr.DataArray:
    """Of residuals, those of `b` and `c` alone correlating."""
    matrices = np.tile(np.eye(3), (1, len(values), 1, 1))
    matrices[0, :, 0, 1] = matrices[0, :, 1, 0] = [getattr(v, f"cor_{level}") for v in values]
    dims = (f"{level}.correlated", f"{level}.correlated'")
    coords = {"chain": [0], "draw": range(len(values)), **dict.fromkeys(dims, LATENTS)}
    return xr.DataArray(matrices, coords, [*DRAWS, *dims])


def _correlated(rng: np.random.Generator, r: float, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    first, second = rng.normal(size=(2, *shape))
    return first, r * first + np.sqrt(1 - r**2) * second


@dataclass(frozen=True)
class Simulated:
    """(replicate, team[, member]): latents of `a` and the mean over its items, in parts."""

    u: np.ndarray
    w: np.ndarray
    u_of_b: np.ndarray
    team_score: np.ndarray
    person_score: np.ndarray
    reliability_of_b: float


def simulate(v: Values, *, members: bool = False, free: bool = False, seed: int = 1) -> Simulated:
    """Draw everything but the columns anew, as the model's equations say."""
    rng, data = np.random.default_rng(seed), frame()
    x = data["x"].to_numpy().reshape(TEAMS, MEMBERS)
    x = x - x.mean(axis=1, keepdims=True)
    z = data["z"].to_numpy().reshape(TEAMS, MEMBERS)[:, 0]
    z, layer = z - z.mean(), data["layer"].to_numpy().reshape(TEAMS, MEMBERS)[:, 0]
    people, teams = (REPLICATES, TEAMS, MEMBERS), (REPLICATES, TEAMS)

    def of_layers(sd: float) -> np.ndarray:
        return rng.normal(0, sd, (REPLICATES, LAYERS))[:, layer]

    r_b, r_c = _correlated(rng, v.cor_person, people)
    w_b, w_c = v.b_on_x * x + r_b, v.c_on_x * x + r_c
    w_a = v.a_on_b * w_b + v.a_on_c * w_c + v.a_on_x * x + rng.normal(size=people)
    z_b, z_c = _correlated(rng, v.cor_team, teams)
    value_b = v.b_on_z * z + v.sd_b * z_b + (w_b.mean(axis=2) if members else 0.0)
    u_c = v.c_on_z * z + v.sd_c * z_c
    u_a = v.a_on_b_team * value_b + v.a_on_c_team * u_c + v.a_on_z * z + rng.normal(0, v.sd_a, teams)
    u_a = u_a + of_layers(v.layer_a) + of_layers(v.slope_a) * z
    loading = np.array(v.loading)
    between = np.array([loading[0], *v.between_loading[1:]]) if free else loading
    team_score = u_a * between.sum() + sum(rng.normal(0, sd, teams) for sd in v.item_sd)
    person_score = w_a * loading.sum() + sum(rng.normal(0, sd, people) for sd in v.residual_sd)
    of_b = value_b * loading.sum() + sum(rng.normal(0, sd, teams) for sd in v.item_sd)
    of_b = of_b + sum(rng.normal(0, sd, people).mean(axis=2) for sd in v.residual_sd)
    reliability_of_b = float(np.corrcoef(of_b.ravel(), value_b.ravel())[0, 1] ** 2)
    return Simulated(u_a, w_a, value_b, team_score, person_score, reliability_of_b)
