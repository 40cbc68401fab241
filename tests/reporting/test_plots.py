from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from coefficacy.reporting.plots import check_figure, effect_figure, latent_figure
from coefficacy.reporting.style import SERIES, svg

EFFECT = {"mean": 0.3, "q2_5": 0.1, "q97_5": 0.5}


def table(n_teams: int, n_layers: int) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    means = rng.normal(size=n_teams)
    return pd.DataFrame(
        {
            "team": [f"t${i}" for i in range(n_teams)],
            "layer": [f"layer {i % n_layers}" if n_layers else "" for i in range(n_teams)],
            "n": 5,
            "skill_mean": means,
            "skill_q2_5": means - 0.5,
            "skill_q97_5": means + 0.5,
        }
    )


def labels(figure: object) -> list[str]:
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]  # type: ignore[attr-defined]


def test_effect_is_drawn_with_rope_interval_and_unit() -> None:
    draws = np.random.default_rng(1).normal(0.3, 0.1, 500)
    figure = effect_figure(EFFECT, (-0.1, 0.1), draws=draws, label="effect (SD per SD)")
    axes = figure.axes[0]
    assert axes.get_xlabel() == "effect (SD per SD)"
    assert labels(figure) == [
        "ROPE, −0.10 to 0.10: no practical effect",
        "posterior density",
        "95% interval (equal-tailed)",
        "posterior mean",
    ]
    segment = axes.collections[-1].get_segments()[0]
    assert segment[:, 0].tolist() == [0.1, 0.5]


def test_effect_without_draws_shows_no_density() -> None:
    assert "posterior density" not in labels(effect_figure(EFFECT, (-0.1, 0.1)))


@pytest.mark.parametrize(("spread", "count"), [(0.05, 3), (0.0, 2)])
def test_constant_statistic_has_no_density(spread: float, count: int) -> None:
    rng = np.random.default_rng(1)
    observed = 0.3 + spread * rng.normal(size=300)
    figure = check_figure(observed, rng.normal(0, 0.1, 300), label="correlation")
    assert len(labels(figure)) == count
    assert figure.axes[0].get_xlabel() == "correlation"


def test_narrow_statistic_does_not_flatten_its_replicates() -> None:
    rng = np.random.default_rng(1)
    figure = check_figure(rng.normal(0.6, 0.002, 300), rng.normal(0, 0.2, 300), label="correlation")
    replicated, observed, _ = figure.axes[0].lines
    assert replicated.get_ydata().max() == observed.get_ydata().max() == 1


@pytest.mark.parametrize(
    ("n_teams", "n_layers", "ticks", "groups"),
    [(60, 4, 60, 4), (500, 4, None, 4), (60, 0, 60, 0), (60, 9, 60, 6)],
)
def test_teams_are_sorted_named_and_grouped(
    n_teams: int, n_layers: int, ticks: int | None, groups: int
) -> None:
    rows = table(n_teams, n_layers)
    figure = latent_figure(rows, "skill")
    axes = figure.axes[0]
    points = np.concatenate([line.get_xydata() for line in axes.lines[:-1]])
    drawn = points[np.argsort(points[:, 0])]
    assert drawn[:, 1] == pytest.approx(np.sort(rows["skill_mean"]))
    assert len(labels(figure)) == groups
    assert axes.get_ylabel() == "skill (latent scale)"
    if ticks is None:
        assert "rank of 500" in axes.get_xlabel()
    else:
        assert len(axes.get_xticklabels()) == ticks
        assert axes.get_xticklabels()[0].get_text() == rows.sort_values("skill_mean")["team"].iloc[0]


def test_layers_beyond_the_palette_are_put_together() -> None:
    figure = latent_figure(table(60, 9), "skill")
    assert labels(figure)[-1] == "4 others"
    assert len(labels(figure)) == len(SERIES)


def test_ids_are_left_out_on_request() -> None:
    text = svg(latent_figure(table(12, 2), "skill", named=False), name="a", alt="a")
    assert "t$" not in text


def test_global_settings_are_left_alone() -> None:
    before = dict(mpl.rcParams)
    svg(latent_figure(table(12, 2), "skill"), name="a", alt="a")
    assert dict(mpl.rcParams) == before


def test_svg_has_text_alternative_and_follows_the_page() -> None:
    text = svg(effect_figure(EFFECT, (-0.1, 0.1), label="effect"), name="one", alt='the "effect" < 1')
    assert text.startswith("<svg ")
    assert 'role="img" aria-label="the &quot;effect&quot; &lt; 1"' in text
    assert "var(--accent)" in text
    assert "<metadata>" not in text
    assert 'id="axes' not in text


def test_ids_differ_between_figures_and_repeat_between_runs() -> None:
    first, again, second = (
        svg(latent_figure(table(12, 2), "skill"), name=name, alt="") for name in ("a", "a", "b")
    )
    assert first == again
    assert first != second
