"""Contextual effects: the world's own parameters as draws give the world's truth; two levels and columns too.

The truth of the world is written down by hand there, and held against a large simulated world in
tests/worlds/test_settings_world.py; here the estimand has to find it from draws.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

import coefficacy as co
from coefficacy.errors import FitError
from coefficacy.spec import loads

AT = ("chain", "draw")


def posterior(n: int = 3, **values: object) -> xr.Dataset:
    """`n` equal draws: numbers, or mappings of terms to numbers."""
    variables: dict[str, tuple] = {}
    coords: dict[str, object] = {"chain": [0], "draw": np.arange(n)}
    for name, value in values.items():
        if isinstance(value, dict):
            dim = f"{name[3:-1].replace(' | ', '|')}.term" if name.startswith("sd(") else f"{name}.term"
            coords[dim] = list(value)
            variables[name] = ((*AT, dim), np.tile(list(value.values()), (1, n, 1)))
        else:
            variables[name] = (AT, np.full((1, n), float(value)))
    return xr.Dataset(variables, coords=coords)


def four_levels(n: int = 3, **options: float) -> tuple[SimpleNamespace, dict[str, float]]:
    world = co.simulate("C15", seed=1, n_teams=8, n_divisions=4, **options)
    spec = loads(world.spec_text)
    contextual, division = options["contextual"], options["division_sd"]
    draws = posterior(
        n,
        **{
            "answer.satisfaction": {"wave": 0.1, "efficacy": 0.2},
            "answer.efficacy": {"wave": 0.0},
            "person.satisfaction": {"efficacy": 0.4},
            "team.satisfaction": {"efficacy": contextual},
            "sd(answer.efficacy)": 0.6, "sd(person.efficacy)": 0.6, "sd(team.efficacy)": 0.5,
            "sd(answer.satisfaction)": 0.6, "sd(person.satisfaction)": 0.5, "sd(team.satisfaction)": 0.3,
            "sd(team.satisfaction | division)": {"1": division},
            "sd(team.efficacy | division)": {"1": 0.0},
        },
    )  # fmt: skip
    survey = co.read_survey(spec, **world.tables)
    truth = world.truth["estimands"]["contextual_effect"]
    return SimpleNamespace(posterior=draws, spec=spec, survey=survey), truth


@pytest.mark.parametrize("contextual", [0.5, 0.0, -0.3])
@pytest.mark.parametrize("division_sd", [0.0, 0.4])
def test_the_worlds_parameters_give_its_truth(contextual: float, division_sd: float):
    fit, truth = four_levels(contextual=contextual, division_sd=division_sd)
    found = co.contextual_effect(fit, of="satisfaction", by="efficacy")
    for name, value in truth.items():
        assert found[name].values == pytest.approx(value, abs=1e-9), name
    if not division_sd:
        assert found["share_above"].values == pytest.approx(0.0)


TWO = """
[levels]
person = "person"
team = "team"
[measures.y]
items = ["y"]
[person]
y = "x"
[team]
y = "mean(x)"
[estimands.contextual_effect]
of = "y"
by = "x"
"""


def two_levels(table: object) -> SimpleNamespace:
    spec = loads(TWO)
    draws = posterior(
        n=7,
        **{"person.y": {"x": 0.5}, "team.y": {"mean(x)": 1.25}, "sd(person.y)": 0.8, "sd(team.y)": 0.6},
    )
    return SimpleNamespace(posterior=draws, spec=spec, survey=co.read_survey(spec, persons=table))


def simulated(teams: int = 400, size: int = 50):
    import pandas as pd

    rng = np.random.default_rng(2)
    team = np.repeat(np.arange(teams), size)
    x = rng.normal(size=teams)[team] + 2 * rng.normal(size=team.size)
    mean = pd.Series(x).groupby(team).transform("mean").to_numpy()
    y = 0.5 * (x - mean) + 1.25 * mean + 0.6 * rng.normal(size=teams)[team] + 0.8 * rng.normal(size=team.size)
    return pd.DataFrame({"person": np.arange(team.size), "team": team, "x": x, "mean": mean, "y": y})


def test_of_a_column_the_contextual_effect_is_between_minus_within():
    """A regression on the column and its mean has .75 for the latter; SDs are the simulated table's."""
    table = simulated()
    found = co.contextual_effect(two_levels(table), of="y", by="x")
    design = np.column_stack([np.ones(len(table)), table["x"], table["mean"]])
    slope = np.linalg.lstsq(design, table["y"], rcond=None)[0][2]
    means = table.groupby("team")["mean"].first().std(ddof=0)
    assert slope == pytest.approx(0.75, abs=0.08)  # its standard error is .03
    assert found["contextual_raw"].values == pytest.approx(0.75)
    assert found["contextual"].values == pytest.approx(0.75 * means / table["y"].std(), rel=0.02)
    share = table.groupby("team")["y"].mean().var() / table["y"].var()
    assert found["share"].values == pytest.approx(share, rel=0.05)


def test_settings_stand_side_by_side_with_as_many_draws():
    one, truth = four_levels(contextual=0.5, division_sd=0.0)
    found = co.settings({"divisions": one, "teams": two_levels(simulated(20, 5))})
    assert found["contextual"].dims == ("setting", "chain", "draw")
    assert found.sizes["draw"] == 3
    assert found["setting"].values.tolist() == ["divisions", "teams"]
    assert found["group"].values.tolist() == ["team", "team"]
    assert found["groups"].values.tolist() == [8, 20]
    assert found["contextual"].sel(setting="divisions").values == pytest.approx(truth["contextual"])


def test_what_has_one_equation_only_is_refused_and_so_is_a_file_that_does_not_ask():
    fit = two_levels(simulated(20, 5))
    one = loads(TWO.replace('[team]\ny = "mean(x)"', "").replace('by = "x"', 'by = "x"'))
    with pytest.raises(FitError, match="not in two equations"):
        co.contextual_effect(SimpleNamespace(**{**vars(fit), "spec": one}), of="y", by="x")
    bare = loads(TWO[: TWO.index("[estimands")])
    with pytest.raises(FitError, match="asks for no contextual effect"):
        co.settings({"a": SimpleNamespace(**{**vars(fit), "spec": bare})})
