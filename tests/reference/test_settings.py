"""Settings of claim C15 against R (tests/reference/settings.R), and a variance by quadrature.

With raw priors that are next to flat the contextual effects are those of lavaan and nlme within a fifth of a
standard error; by default strong effects of few groups are pulled towards zero, by less than half of one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import coefficacy as co
from coefficacy.sampling import Fit
from coefficacy.spec import loads
from coefficacy.spec.library import library_folder

pytestmark = [pytest.mark.slow, pytest.mark.reference]

REFERENCES: dict[str, Any] = json.loads(Path(__file__).with_name("settings.json").read_text())
FLAT = """
[priors]
"{0} ~ {1}" = "raw Normal(0, 10)"
"{2} ~ {3}" = "raw Normal(0, 10)"
"""


def table(name: str) -> pd.DataFrame:
    found = co.load_dataset(name)
    found = found.assign(row=range(len(found)))
    if name == "egsingle_3level":
        found["minority"] = found["black"] + found["hispanic"]
    return found


def fitted(model: str, data: str, priors: str = "") -> Fit:
    spec = loads((library_folder() / f"{model}.toml").read_text() + priors)
    found = co.fit(spec, co.read_survey(spec, persons=table(data)), seed=1, chains=2, progress=False)
    assert found.convergence.ok, found.convergence.failures
    assert found.engine == "marginal"
    return found


@pytest.mark.parametrize(
    ("model", "data", "key", "effects"),
    [
        (
            "settings_classrooms", "hsb82", "classrooms",
            ("pupil.mathematics", "status", "school.mathematics", "status"),
        ),
        (
            "settings_growth", "egsingle_3level", "growth",
            ("pupil.mathematics", "minority", "school.mathematics", "mean(minority)"),
        ),
    ],
)  # fmt: skip
def test_contextual_effects_are_those_of_r(model: str, data: str, key: str, effects: tuple[str, ...]) -> None:
    found = REFERENCES[key]
    expected = found["fixed"]["share"] if key == "growth" else found["contextual"]
    for priors, within in ((FLAT.format(*effects), 5), ("", 2)):
        draws = co.estimate(fitted(model, data, priors), "contextual_effect")["contextual_raw"]
        assert abs(float(draws.mean()) - expected["est"]) < expected["se"] / within
        assert float(draws.std()) == pytest.approx(expected["se"], rel=0.15)


def test_variances_of_growth_are_those_of_nlme() -> None:
    posterior = fitted("settings_growth", "egsingle_3level").posterior
    for level, expected in zip(
        ("school", "pupil", "occasion"), REFERENCES["growth"]["variance"], strict=True
    ):
        draws = posterior[f"sd({level}.mathematics)"].values ** 2
        assert abs(np.median(draws) - expected) < draws.std() / 2, level


SCATTER = """
[levels]
person = "person_id"
team = "team_id"
[measures.efficacy]
items = ["team_1"]
[team]
"sd(efficacy)" = "1"
"""


def spread_by_quadrature(scores: pd.Series, teams: pd.Series) -> tuple[float, float]:
    """Posterior mean and SD of omega, on a grid of omega, the typical SD, the SD of teams and their mean.

    Of a team of n with SD s, (n - 1) times the sample variance over s^2 is chi-squared, and its mean normal
    with variance tau^2 + s^2 / n; log s is normal with SD omega.
    """
    groups, n = scores.groupby(teams), len(scores) / teams.nunique()
    omega, d = np.linspace(0.01, 0.9, 36), np.linspace(-4, 4, 41)
    weight = norm.pdf(d) / norm.pdf(d).sum()
    typical = np.exp(np.log(groups.var()).mean() / 2 + np.linspace(-0.45, 0.55, 31))
    tau, centre = np.linspace(0.01, 9, 14), groups.mean().mean() + np.linspace(-3.2, 3.2, 9)
    log_p = np.zeros((36, 31, 14, 9)) - 0.5 * (omega[:, None, None, None] / 0.5) ** 2
    log_p += (-0.5 * (typical / (2 * scores.std())) ** 2 + np.log(typical))[:, None, None]
    log_p += (-0.5 * (tau / typical[:, None]) ** 2 - np.log(typical)[:, None])[:, :, None]
    variance = (typical[None, :, None] * np.exp(omega[:, None, None] * d)) ** 2
    of_mean = (tau**2 + variance[..., None] / n)[..., None]
    for value, mean in zip(groups.var(), groups.mean(), strict=True):
        q = (n - 1) * value / variance
        scatter = np.exp((n - 1) / 2 * np.log(q) - q / 2) * weight
        location = np.exp(-0.5 * (mean - centre) ** 2 / of_mean) / np.sqrt(of_mean)
        log_p += np.log(np.einsum("omd,omdtc->omtc", scatter, location))
    p = np.exp(log_p - log_p.max()).sum((1, 2, 3))
    p /= p.sum()
    return p @ omega, np.sqrt(p @ omega**2 - (p @ omega) ** 2)


def test_how_much_teams_differ_in_their_sd_is_what_quadrature_says() -> None:
    """The Monte Carlo error of the mean is .003 at 900 effective draws; .01 is allowed."""
    world = co.simulate("C2", seed=1, composition="dispersion", n_teams=40, team_size=6, items=1)
    spec, persons = loads(SCATTER), world.tables["persons"]
    fit = co.fit(spec, co.read_survey(spec, persons=persons), seed=1, chains=2, progress=False)
    mean, sd = spread_by_quadrature(persons["team_1"], persons["team_id"])
    draws = fit.posterior["sd(log_sd(team.efficacy))"]
    assert float(draws.mean()) == pytest.approx(mean, abs=0.01)
    assert float(draws.std()) == pytest.approx(sd, abs=0.01)
