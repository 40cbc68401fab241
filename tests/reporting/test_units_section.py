from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from synthetic_fit import flagship_fit

from coefficacy.estimands import discordant_teams
from coefficacy.reporting.units_section import SURE, units_section
from coefficacy.sampling import Fit


@pytest.fixture(scope="module")
def fit() -> Fit:
    return flagship_fit(20)


def with_latents(fit: Fit, changed: xr.DataArray) -> Fit:
    posterior = fit.posterior.assign({"team.latent": changed})
    return replace(fit, tree=xr.DataTree.from_dict({"/posterior": posterior}))


def test_every_team_is_named_with_its_numbers_under_every_figure(fit: Fit) -> None:
    section = units_section(fit)
    teams = set(map(str, fit.survey.levels["team"]["team"].values))
    for figure in section["figures"]:
        assert set(re.findall(r'data-unit="([^"]*)"', figure.svg)) == teams
    titles = re.findall(r"<title>([^<]*)</title>", section["figures"][0].svg)
    rows = {row[0]: row for row in section["table"].rows}
    shown = [re.fullmatch(r"(\S+) \((.+)\): (.+), 95% interval (.+), n = (\d+)", t) for t in titles]
    assert len(shown) == 20
    for found in shown:
        assert found is not None
        team, layer, mean, interval, n = found.groups()
        assert rows[team][:5] == (team, layer, n, mean, interval)


def test_spots_follow_the_sorted_points(fit: Fit) -> None:
    text = units_section(fit)["figures"][0].svg
    spots = re.findall(r'<rect x="([\d.]+)".*?<title>[^:]*: (\S+),', text)
    places = [float(x) for x, _ in spots]
    means = [float(mean.replace("−", "-")) for _, mean in spots]
    assert places == sorted(places)
    assert means == sorted(means)
    assert np.diff(places) == pytest.approx(np.diff(places).mean(), abs=0.11)


def test_discordant_teams_are_counted_ringed_and_tabled(fit: Fit) -> None:
    section = units_section(fit)
    found = discordant_teams(fit, of="collective_efficacy", given="self_efficacy")["discordant"]
    chance = found.sum("kind").mean(("chain", "draw"))
    sure = int((chance >= SURE).sum())
    assert 0 < sure < 20
    assert f"{sure} of 20 teams " in section["sentence"]
    assert section["table"].columns[-1] == "P(discordant)"
    shown = {row[0]: row[-1] for row in section["table"].rows}
    for team in chance["team"].values:
        assert (shown[team] in ("> 0.999", "1.00") or float(shown[team].lstrip("< ")) >= SURE) == bool(
            chance.sel(team=team) >= SURE
        )
    assert [("Ringed" in figure.caption) for figure in section["figures"]] == [True, True, False]


def test_concordant_teams_have_no_rings(fit: Fit) -> None:
    latents = fit.posterior["team.latent"]
    same = latents.copy()
    same.loc[{"team.name": "self_efficacy"}] = latents.sel({"team.name": "collective_efficacy"}).values
    section = units_section(with_latents(fit, same))
    assert "0 of 20 teams are discordant" in section["sentence"]
    assert not any("Ringed" in figure.caption for figure in section["figures"])


def test_without_self_efficacy_nobody_is_discordant(fit: Fit) -> None:
    measures = tuple(m for m in fit.spec.measures if m.name != "self_efficacy")
    section = units_section(replace(fit, spec=replace(fit.spec, measures=measures)))
    assert "discordant" not in section["sentence"]
    assert section["table"].columns[-1] != "P(discordant)"


def test_ids_are_escaped_where_they_are_shown_on_hover() -> None:
    from coefficacy.reporting.hover import Spot, overlay
    from coefficacy.reporting.plots import effect_figure

    figure = effect_figure({"mean": 0.3, "q2_5": 0.1, "q97_5": 0.5}, (-0.1, 0.1))
    text = overlay(figure, [Spot(1, 'a"<b>', "<i>& co")])
    assert 'data-unit="a&quot;&lt;b&gt;"><title>&lt;i&gt;&amp; co</title>' in text
    assert overlay(figure, []) == ""
