"""Figures of paths and confounding show the numbers of the datasets."""

from __future__ import annotations

import numpy as np
import pytest
from two_sources_fit import CE, LICENCES, PROJECTS, SE, planted_fit

from coefficacy.estimands import confounding, estimate
from coefficacy.reporting import plot_confounding, plot_paths


@pytest.fixture(scope="module")
def fit():
    return planted_fit()


def test_every_path_of_either_treatment_has_its_point(fit) -> None:
    found = estimate(fit)
    figure = plot_paths(found)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["share licensed", "shared projects"]
    for axes, treatment in zip(figure.axes, (LICENCES, PROJECTS), strict=True):
        points = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o"]
        np.testing.assert_allclose(points, found["effect"].sel(treatment=treatment).values.ravel())
    labels = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert labels == [
        "through self efficacy alone",
        "through collective efficacy alone",
        "through self efficacy, then\ncollective efficacy",
        "direct",
        "total",
    ]


def test_the_loss_of_sign_is_marked_where_it_is(fit) -> None:
    found = confounding(fit, correlations=np.linspace(-0.8, 0.8, 161))
    figure = plot_confounding(found)
    for axes, mediator in zip(figure.axes, (SE, CE), strict=True):
        (marked,) = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o"]
        assert marked == pytest.approx(found["sign_lost"].sel(mediator=mediator).item(), abs=1e-3)
        assert f"{marked:.2f}" in axes.get_title(loc="left")


def test_a_range_without_a_loss_says_so(fit) -> None:
    figure = plot_confounding(confounding(fit, correlations=(-0.01, 0.01)))
    assert all("no change of sign" in axes.get_title(loc="left") for axes in figure.axes)
