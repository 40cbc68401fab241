"""Settings of claim C15 against R (tests/reference/settings.R): lavaan and nlme, and a variance by quadrature.

With raw priors that are next to flat the results are R's within a fifth of a standard error; by default strong
effects of few groups are pulled towards zero, by less than half of one.
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
from coefficacy.spec import library_folder, loads

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


def test_how_much_teams_differ_in_their_sd_is_what_quadrature_says() -> None:
    """Sample variances of teams are chi-squared given sigma_j; .03 is allowed for what means tell."""
    world = co.simulate("C2", seed=1, composition="dispersion", n_teams=40, team_size=6, items=1)
    spec, persons = loads(SCATTER), world.tables["persons"]
    fit = co.fit(spec, co.read_survey(spec, persons=persons), seed=1, chains=2, progress=False)
    s2 = persons.groupby("team_id")["team_1"].var().to_numpy()
    omega, d = np.linspace(0.01, 1.2, 80), np.linspace(-4, 4, 81)
    middle = np.log(s2).mean() / 2 + np.linspace(-0.6, 0.7, 81)
    log_sd = middle[None, :, None] + omega[:, None, None] * d
    weight = norm.pdf(d) / norm.pdf(d).sum()
    log_p = -0.5 * (omega[:, None] / 0.5) ** 2
    for value in s2:
        q = 5 * value / np.exp(2 * log_sd)
        log_p = log_p + np.log((np.exp(2.5 * np.log(q) - q / 2) * weight).sum(-1))
    p = np.exp(log_p - log_p.max()).sum(1)
    p /= p.sum()
    expected = p @ omega
    draws = fit.posterior["sd(log_sd(team.efficacy))"]
    assert float(draws.mean()) == pytest.approx(expected, abs=0.03)
    assert float(draws.std()) == pytest.approx(np.sqrt(p @ omega**2 - expected**2), abs=0.015)
