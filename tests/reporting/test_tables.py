from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from synthetic_fit import LATENTS, flagship_fit

from coefficacy.reporting.tables import team_estimates, unit_level
from coefficacy.spec import Level, ModelSpec, loads

MODEL = """
[levels]
{levels}
[{level}]
y = "x"
{question}
"""


def spec_of(*levels: str, asked: str = "") -> ModelSpec:
    rows = "\n".join(f'{name} = "{name}_id"' for name in levels)
    question = f'[question]\neffect = "{asked}.y ~ x"' if asked else ""
    return loads(MODEL.format(levels=rows, level=asked or levels[0], question=question))


@pytest.mark.parametrize(
    ("levels", "asked", "unit", "above", "personal"),
    [
        (("person", "team", "layer"), "team", "team", "layer", False),
        (("person", "team", "layer"), "layer", "layer", "", False),
        (("person", "team", "layer"), "person", "team", "layer", False),
        (("pupil", "school"), "", "school", "", False),
        (("school",), "", "school", "", True),
        (("answer", "person", "team"), "", "team", "", False),
        (("answer", "person", "team"), "person", "person", "team", True),
        (("answer", "person"), "", "person", "", True),
    ],
)
def test_level_that_is_reported(
    levels: tuple[str, ...], asked: str, unit: str, above: str, personal: bool
) -> None:
    found = unit_level(spec_of(*levels, asked=asked))
    assert (found.name, found.above, found.lowest, found.personal) == (unit, above, levels[0], personal)


def test_columns_and_sizes() -> None:
    fit = flagship_fit(12)
    table = team_estimates(fit)
    wanted = ["team", "layer", "n"]
    wanted += [f"{name}_{what}" for name in LATENTS for what in ("mean", "sd", "q2_5", "q97_5")]
    assert list(table.columns) == wanted
    assert table["n"].sum() == fit.survey.n["person"]
    assert table["team"].tolist() == [str(team) for team in fit.survey.levels["team"]["team"].values]
    assert table["layer"].tolist() == [str(layer) for layer in fit.survey.levels["team"]["layer"].values]


def test_numbers_are_those_of_the_draws() -> None:
    fit = flagship_fit(12)
    table = team_estimates(fit).set_index("team")
    draws = fit.posterior["team.latent"].sel({"team.name": "self_efficacy"}).isel(team=3).values.ravel()
    row = table.iloc[3]
    assert row["self_efficacy_mean"] == pytest.approx(draws.mean())
    assert row["self_efficacy_sd"] == pytest.approx(draws.std(ddof=1))
    assert row["self_efficacy_q2_5"] == pytest.approx(np.quantile(draws, 0.025))
    assert row["self_efficacy_q97_5"] == pytest.approx(np.quantile(draws, 0.975))


def test_rows_follow_the_ids_of_the_draws() -> None:
    fit = flagship_fit(12)
    turned = fit.posterior.isel(team=slice(None, None, -1))
    other = replace(fit, tree=xr.DataTree.from_dict({"/posterior": turned}))
    pd.testing.assert_frame_equal(team_estimates(fit), team_estimates(other))


def test_model_without_latents_has_teams_only() -> None:
    fit = flagship_fit(12)
    bare = fit.posterior.drop_vars("team.latent")
    table = team_estimates(replace(fit, tree=xr.DataTree.from_dict({"/posterior": bare})))
    assert list(table.columns) == ["team", "layer", "n"]


def test_highest_level_has_no_layer() -> None:
    fit = flagship_fit(12)
    levels = {name: data for name, data in fit.survey.levels.items() if name != "layer"}
    two = replace(fit.spec, levels=fit.spec.levels[:2])
    table = team_estimates(replace(fit, spec=two, survey=replace(fit.survey, levels=levels)))
    assert set(table["layer"]) == {""}
    assert two.levels[-1] == Level("team", ("team_id",))
