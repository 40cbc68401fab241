"""Figures of predictive checks as data: what is drawn where."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from synthetic_fit import flagship_fit, flagship_verdict

from coefficacy.checks.predictive.check import Check, compared, not_applicable
from coefficacy.errors import FitError
from coefficacy.reporting import check_section as section
from coefficacy.reporting import plot_check, render_report
from coefficacy.reporting.style import WARM

ABOUT = {"title": "T", "question": "Q?", "statistic": "s", "replication": "new teams"}


def categories(shift: float = 0.0) -> Check:
    rng = np.random.default_rng(1)
    entries = [(item, f"category {k}") for item in ("ce_1", "ce_2") for k in (1, 2, 3)]
    copies = np.tile([0.2, 0.5, 0.3], 2) + rng.normal(0, 0.02, (100, 6))
    observed = copies.mean(axis=0)
    observed[0] += shift
    return compared(observed, copies, entries, side="two-sided", code="answers.categories", **ABOUT)


def calibration() -> Check:
    pit = np.random.default_rng(2).uniform(size=40)
    entry = {"observed": 0.5, "expected": 0.5, "lower": 0.3, "upper": 0.7, "p": 0.9}
    values = xr.Dataset(
        {**{name: ("entry", [value]) for name, value in entry.items()}, "pit.y": ("team.y", pit)},
        coords={"entry": ["y: share"], "of": ("entry", ["y"]), "part": ("entry", ["share"])},
    )
    about = {**ABOUT, "replication": "left-out teams"}
    return Check(
        code="outcome.calibration", side="two-sided", status="passed", p_value=0.4, values=values, **about
    )


def test_categories_get_one_panel_an_item_with_bars_of_the_data():
    figure = plot_check(categories())
    first, second = (axes for axes in figure.axes if axes.get_visible())
    assert (first.get_title(), second.get_title()) == ("ce_1", "ce_2")
    assert [label.get_text() for label in first.get_xticklabels()] == ["1", "2", "3"]
    heights = [bar.get_height() for bar in first.patches]
    np.testing.assert_allclose(heights, categories().table["observed"][:3])


def test_what_lies_outside_the_interval_is_marked():
    from matplotlib.colors import to_hex

    def colours(check: Check) -> set[str]:
        return {to_hex(bar.get_facecolor()) for bar in plot_check(check).axes[0].patches}

    assert WARM not in colours(categories())
    assert WARM in colours(categories(0.3))


def test_other_statistics_are_drawn_in_sds_of_the_replicates():
    rng = np.random.default_rng(3)
    copies = rng.normal(10, 2, (200, 2))
    observed = np.array([copies[:, 0].mean(), copies[:, 1].mean() + 3 * copies[:, 1].std()])
    check = compared(observed, copies, [("a", ""), ("b", "layer")], side="two-sided", code="x.y", **ABOUT)
    axes = plot_check(check).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b, layer"]
    drawn = {line.get_label(): line.get_xdata() for line in axes.lines}
    np.testing.assert_allclose(drawn["in the data"], [0], atol=1e-9)
    np.testing.assert_allclose(drawn["in the data, outside the interval"], [3], atol=1e-9)


def test_calibration_is_the_ecdf_less_that_of_uniform_values():
    check = calibration()
    (axes,) = plot_check(check).axes
    steps = max(axes.lines, key=lambda line: len(line.get_xdata()))
    x, y = np.asarray(steps.get_xdata()), np.asarray(steps.get_ydata())
    pit = np.sort(check.values["pit.y"].values)
    at = (x > pit[10] + 1e-6) & (x < pit[11] - 1e-6)
    assert y[at] == pytest.approx(11 / 40 - x[at], abs=0.03)


def test_a_check_that_does_not_apply_has_no_figure():
    check = not_applicable("no item", code="answers.categories", side="two-sided", **ABOUT)
    with pytest.raises(FitError, match="does not apply: no item"):
        plot_check(check)


def test_pyplot_keeps_no_figure_open():
    from matplotlib import pyplot

    plot_check(calibration())
    assert pyplot.get_fignums() == []


def test_the_page_shows_both_figures_and_says_what_failed(monkeypatch):
    from coefficacy.checks import PredictiveChecks

    failed = categories(0.3)
    found = PredictiveChecks((failed, calibration()), draws=100, seed=1)
    monkeypatch.setattr("coefficacy.checks.predictive_checks", lambda fit, **_: found)
    shown = section.predictive_section(flagship_fit())
    assert [figure.svg.count("<svg") for figure in shown["figures"]] == [1, 1]
    assert "1 of 2 checks that apply failed at p < 0.05: t (new teams, p = 0.010)." in shown["sentence"]
    assert shown["table"].rows[0][:3] == ("T (answers.categories)", "new teams", "failed, p = 0.010")
    html = render_report(flagship_fit(), flagship_verdict(flagship_fit()))
    assert "<details open>\n<summary>All checks" in html


def test_nothing_is_checked_where_the_sampler_did_not_converge():
    shown = section.predictive_section(flagship_fit(converged=False))
    assert shown["sentence"] == "Not applicable: the sampler did not converge."
    assert shown["table"] is None


def test_a_large_survey_gets_fewer_replicates():
    fit = flagship_fit()
    assert section._affordable(fit) == 200

    class Large:
        items = ("m",)

        @staticmethod
        def answers(_: str) -> np.ndarray:
            return np.zeros((100_000, 1))

    assert section._affordable(replace(fit, survey=Large())) == 60
