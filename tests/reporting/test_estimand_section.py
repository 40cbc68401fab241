"""The page of a verdict on an estimand: the quantity first, and no word of rivals it does not have."""

from __future__ import annotations

import numpy as np
import pytest

import coefficacy as co
from coefficacy.reporting import render_report
from coefficacy.reporting.plots import bound_figure
from coefficacy.spec import loads


@pytest.fixture(scope="module")
def page() -> str:
    world = co.simulate("C1", seed=4, n_teams=12, team_size=4)
    spec = loads(world.spec_text)
    fit = co.fit(
        spec, co.read_survey(spec, **world.tables), seed=1, draws=200, tune=200, chains=2, retry=False,
        progress=False,
    )  # fmt: skip
    return render_report(fit, co.verdict(fit))


def test_the_quantity_in_question_comes_before_the_teams(page: str) -> None:
    assert page.index("The quantity in question") < page.index("Estimates of teams")
    assert "Emergent share: " in page
    assert "share (headline)" in page


def test_what_only_effects_have_is_not_spoken_of(page: str) -> None:
    assert "The rival’s predictive check" not in page
    assert "Further quantities" not in page


@pytest.mark.parametrize(
    ("bound", "above", "region", "text"),
    [(0.1, True, (-0.5, 0.1), "up to 0.10: does not count"), (0.9, False, (0.9, 1.5), "from 0.90: does not")],
)
def test_what_does_not_count_is_shaded(bound, above, region, text) -> None:
    draws = np.random.default_rng(1).uniform(0.2, 0.8, size=1000)
    summary = {"mean": 0.5, "q2_5": 0.2, "q97_5": 0.8}
    (axes,) = bound_figure(summary, draws, "share", bound=bound, above=above).axes
    handles, labels = axes.get_legend_handles_labels()
    (shaded,) = (h for h, label in zip(handles, labels, strict=True) if label.startswith(text))
    left, right = shaded.get_x(), shaded.get_x() + shaded.get_width()
    assert region[0] <= left <= bound <= right <= region[1]
    assert bound in (pytest.approx(left), pytest.approx(right))
