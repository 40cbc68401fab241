"""From rates of support to the number of teams they take."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from coefficacy.errors import StudyError
from coefficacy.reporting import plot_power
from coefficacy.reporting.power import power_cells
from coefficacy.spec import load_model
from coefficacy.studies import Power, PowerCell, teams_needed
from coefficacy.verdicts import ErrorRates

SLOPES, CUT = {4: 0.30, 8: 0.42}, 1.8


def rates(supported: int, worlds: int) -> ErrorRates:
    return ErrorRates(0.3, supported, 0, worlds - supported, 0, 0)


def power(worlds: int, *, wish: float = 0.8, seed: int | None = None) -> Power:
    """Rates that follow the curve, exactly or with binomial noise."""
    rng = np.random.default_rng(seed)
    cells = []
    for n in (20, 40, 80, 120):
        for size, slope in SLOPES.items():
            true = ndtr(slope * np.sqrt(n) - CUT)
            yes = round(true * worlds) if seed is None else int(rng.binomial(worlds, true))
            cells.append(PowerCell(n, size, rates(yes, worlds)))
    return Power("toy", 0.3, wish, 4, 5, 0.4, tuple(cells), {}, {}, (), 0.0)


@pytest.mark.parametrize("wish", [0.5, 0.8])
def test_the_number_of_teams_is_where_the_curve_reaches_the_wish(wish):
    for found in power(20_000, wish=wish).needed():
        exact = ((ndtri(wish) + CUT) / SLOPES[found.team_size]) ** 2
        assert found.n_teams == pytest.approx(exact, abs=1.5)
        assert found.low <= found.n_teams <= found.high


def test_intervals_hold_the_truth_as_often_as_they_say():
    """90% intervals in 100 studies of 50 worlds a design; 82 or fewer would come up once in a hundred."""
    exact = ((ndtri(0.8) + CUT) / SLOPES[8]) ** 2
    found = [power(50, seed=k).needed()[1] for k in range(100)]
    held = sum(f.low <= np.ceil(exact) and (f.high is None or exact <= f.high) for f in found)
    assert held >= 82


def test_nothing_is_said_far_beyond_what_was_simulated():
    cells = tuple(replace(c, rates=rates(0, 50)) for c in power(50).cells)
    rare = replace(power(50), cells=cells)
    assert {found.n_teams for found in rare.needed()} == {None}
    assert "more than 240 teams of 4" in rare.sentence()


def test_a_wish_that_every_survey_grants_needs_the_fewest_teams():
    cells = tuple(replace(c, rates=rates(50, 50)) for c in power(50).cells)
    assert all(found.n_teams <= 20 for found in replace(power(50), cells=cells).needed())


def test_table_and_plot_show_every_design():
    found = power(50)
    assert list(found.summary()["supported"]) == [c.rates.supported / 50 for c in found.cells]
    assert [row[:2] for row in power_cells(found)][:3] == [("20", "4"), ("20", "8"), ("40", "4")]
    axes = plot_power(found).axes[0]
    assert axes.get_xlabel() == "number of teams"
    assert len(axes.containers) == 2
    np.testing.assert_allclose(
        axes.containers[1].lines[0].get_ydata(),
        [c.rates.supported / 50 for c in found.cells if c.team_size == 8],
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [({"teams": (40,)}, "at least two numbers of teams"), ({"wish": 1.0}, "1 is no rate")],
)
def test_impossible_questions_are_refused(options, said):
    with pytest.raises(StudyError, match=said):
        teams_needed(load_model("C4"), **options)
