"""The worlds of composition hold what they say."""

from __future__ import annotations

import numpy as np
import pytest

import coefficacy as co
from coefficacy.errors import CoefficacyError
from coefficacy.spec import loads


def world(composition: str, **options: object) -> co.worlds.World:
    return co.simulate("C2", seed=1, composition=composition, **options)


def predictors(table: object) -> dict[str, np.ndarray]:
    """What averages show of each composition, one value a team."""
    items = {name: table[[f"{name}_1", f"{name}_2", f"{name}_3"]].mean(axis=1) for name in ("i", "team")}
    own, team = (items[name].groupby(table["team_id"]) for name in ("i", "team"))
    return {"own": own.mean(), "team": team.mean(), "log_sd": np.log(team.std())}


def test_by_default_and_by_name_it_is_process_as_before():
    plain = co.simulate("C2", seed=3)
    assert plain.truth["n"] == {"answer": 400, "person": 100, "team": 20}
    assert co.simulate("C2", seed=3, composition="process").tables["persons"].equals(plain.tables["persons"])


@pytest.mark.parametrize(
    ("composition", "which"), [("additive", "own"), ("direct", "own"), ("referent", "team")]
)
def test_performance_goes_with_its_own_composition(composition: str, which: str):
    """2,000 teams of 40, so that averages are nearly the latents: a correlation's standard error is .02."""
    made = world(composition, n_teams=2000, team_size=40)
    found = predictors(made.tables["persons"])
    performance = made.tables["teams"].set_index("team_id")["performance"]
    other = "team" if which == "own" else "own"
    assert np.corrcoef(found[which], performance)[0, 1] == pytest.approx(0.5, abs=0.06)
    assert np.corrcoef(found[other], performance)[0, 1] < 0.3
    assert performance.std() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("null", [False, True])
def test_where_dispersion_counts_scattered_teams_do_worse(null: bool):
    made = world("dispersion", n_teams=2000, team_size=40, items=1, null=null)
    table = made.tables["persons"]
    found = np.log(table.groupby("team_id")["team_1"].std())
    performance = made.tables["teams"].set_index("team_id")["performance"]
    expected = made.truth["estimands"]["dispersion"]["effect"]
    assert expected == (0.0 if null else -0.5)
    # An SD of 40 answers has a log error of .11, beside .5 between teams; sliders end at 0 and 100.
    assert np.corrcoef(found, performance)[0, 1] == pytest.approx(expected, abs=0.06)
    assert found.std() == pytest.approx(np.hypot(0.5, 0.11), abs=0.04)


@pytest.mark.parametrize("composition", ["additive", "direct", "referent", "dispersion"])
def test_its_model_file_reads_its_tables(composition: str):
    made = world(composition, n_teams=4, team_size=3)
    spec = loads(made.spec_text)
    assert dict(co.read_survey(spec, **made.tables).n) == {"person": 12, "team": 4}
    assert set(made.truth["estimands"]) == {estimand.kind for estimand in spec.estimands}
    answers = made.tables["persons"].filter(regex="_[0-9]$")
    assert answers.min().min() >= 0
    assert answers.max().max() <= 100


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"composition": "refernt"}, "Did you mean 'referent'"),
        ({"composition": "direct", "n_teams": 1}, "Give 2 or more"),
        ({"composition": "direct", "items": 0}, "Give 1 or more"),
        ({"composition": "dispersion", "effect": 0.8}, "Give a smaller one"),
    ],
)
def test_impossible_worlds_are_refused(options: dict, said: str):
    with pytest.raises(CoefficacyError, match=said):
        co.simulate("C2", seed=1, **options)
