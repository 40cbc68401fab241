"""The four corners against sums by hand and simulated outcomes."""

from __future__ import annotations

import numpy as np
import pytest
from known_fit import known_fit

from coefficacy.errors import FitError
from coefficacy.estimands import necessity


def _means(found, name):
    return found[name].mean(("chain", "draw")).values


def _unit(table):
    within = table.y - table.groupby("layer").y.transform("mean")
    return np.sqrt((within**2).sum() / (len(table) - table.layer.nunique()))


def test_gains_and_contrasts_in_closed_form():
    """With SDs s and t of the conditions: gains 2 a s - 2 c s t, 2 b t - 2 c s t and 2 a s + 2 b t."""
    fit, table, _ = known_fit(0.4, 0.3, 0.25)
    found = necessity(fit, of="y", needs=["a", "b"])
    s, t, unit = table.a.std(ddof=0), table.b.std(ddof=0), _unit(table)
    first, others, both = 0.8 * s - 0.5 * s * t, 0.6 * t - 0.5 * s * t, 0.8 * s + 0.6 * t
    np.testing.assert_allclose(_means(found, "gain"), np.array([0, first, others, both]) / unit, atol=1e-10)
    best = max(first, others)
    assert _means(found, "necessity") == pytest.approx(((both - best) - abs(best)) / unit)
    assert _means(found, "interaction") == pytest.approx(s * t / unit)
    np.testing.assert_allclose(_means(found, "shortfall"), (both - 2 * np.array([first, others])) / unit)
    assert _means(found, "necessity") == pytest.approx(min(*_means(found, "shortfall"), both / unit))


@pytest.mark.parametrize(("a", "b"), [(0.4, 0.4), (0.6, 0.1), (-0.3, 0.5), (-0.3, -0.4), (0.0, 0.0)])
def test_effects_that_add_up_never_look_necessary(a, b):
    fit, *_ = known_fit(a, b, 0.0)
    found = necessity(fit, of="y", needs=["a", "b"])
    assert _means(found, "necessity") <= 1e-12
    assert _means(found, "interaction") == pytest.approx(0, abs=1e-12)


def test_additive_effects_differ_in_the_gap_between_the_two():
    fit, table, _ = known_fit(0.6, 0.1, 0.0)
    gap = 2 * (0.6 * table.a.std(ddof=0) - 0.1 * table.b.std(ddof=0))
    found = necessity(fit, of="y", needs=["a", "b"])
    assert _means(found, "necessity") == pytest.approx(-gap / _unit(table))


def test_a_product_whose_best_corner_is_having_neither_is_no_necessity():
    fit, *_ = known_fit(-0.4, -0.4, 0.3)
    assert _means(necessity(fit, of="y", needs=["a", "b"]), "necessity") < 0


def test_probabilities_are_those_of_simulated_outcomes():
    """Shares of 200,000 outcomes a corner: a standard error of at most .0012."""
    fit, table, eta = known_fit(0.4, 0.3, 0.25)
    found = necessity(fit, of="y", needs=["a", "b"], cut=0.2)
    rng = np.random.default_rng(5)
    s, t = table.a.std(ddof=0), table.b.std(ddof=0)
    base = eta - 0.4 * table.a - 0.3 * table.b - 0.25 * table.a * table.b
    for corner, (i, j) in zip(found.corner.values, [(-1, -1), (1, -1), (-1, 1), (1, 1)], strict=True):
        moved = base + 0.4 * i * s + 0.3 * j * t + 0.25 * i * s * j * t
        y = moved.to_numpy()[None] + 0.7 * rng.normal(size=(5000, len(table)))
        p = float(_means(found.sel(corner=corner), "probability"))
        assert p == pytest.approx(np.mean(y > 0.2), abs=0.005)
    assert found.attrs["cut"] == 0.2
    assert necessity(fit, of="y", needs=["a", "b"]).attrs["cut"] == pytest.approx(table.y.mean())


def test_a_yes_or_no_outcome_needs_no_cut():
    fit, *_ = known_fit(0.4, 0.3, 0.25, family="bernoulli")
    found = necessity(fit, of="y", needs=["a", "b"])
    assert "cut" not in found.attrs
    assert np.all((_means(found, "probability") > 0) & (_means(found, "probability") < 1))


def test_a_condition_that_is_not_in_the_equation_is_refused():
    fit, *_ = known_fit(0.4, 0.3, 0.25)
    with pytest.raises(FitError, match="no number in this equation"):
        necessity(fit, of="y", needs=["a", "layer"])
