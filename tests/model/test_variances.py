"""Variances that parameters imply, against those of latents simulated from the same parameters.

Tolerance: 216,000 values of people, 54,000 of teams. Layers are drawn anew in each of 900 replicates, 6 each,
so that 5,400 stand behind their part: relative standard errors stay below 2%; 6% are allowed.
"""

from __future__ import annotations

import pytest
from invented_posterior import OTHER, Values, frame, model, posterior, simulate, survey

from coefficacy.errors import FitError
from coefficacy.model.variances import Implied, level_of_teams
from coefficacy.spec import loads
from coefficacy.survey import read_survey


def implied(*values: Values, **options: str) -> Implied:
    spec = model(**options)
    return Implied(posterior(*values), spec, survey(spec))


@pytest.mark.parametrize("values", [Values(), OTHER], ids=["one", "other"])
def test_variances_are_those_of_simulated_latents(values: Values) -> None:
    found, drawn = implied(values), simulate(values)
    assert found.variance("person", "a").item() == pytest.approx((drawn.w**2).mean(), rel=0.06)
    assert found.variance("team", "a").item() == pytest.approx((drawn.u**2).mean(), rel=0.06)
    assert found.variance("team", "b").item() == pytest.approx((drawn.u_of_b**2).mean(), rel=0.06)


def test_every_draw_has_its_own() -> None:
    both = implied(Values(), OTHER).variance("team", "a")
    assert both.shape == (1, 2)
    assert both[0].tolist() == [implied(v).variance("team", "a").item() for v in (Values(), OTHER)]


def test_what_differs_independently_between_members_averages_out() -> None:
    """The mean over four members has a quarter of its variance; columns of persons leave no trace there."""
    found, drawn = implied(Values()), simulate(Values())
    independent = found.variance("person", "a", independent=True).item()
    assert independent / 4 == pytest.approx((drawn.w.mean(axis=2) ** 2).mean(), rel=0.06)
    assert independent < found.variance("person", "a").item()


def test_a_predictor_that_is_its_members_brings_their_spread() -> None:
    found = implied(Values(), aggregate="members")
    drawn = simulate(Values(), members=True)
    assert found.variance("team", "a").item() == pytest.approx((drawn.u**2).mean(), rel=0.06)
    assert found.variance("team", "a").item() > 1.05 * implied(Values()).variance("team", "a").item()


def test_a_latent_of_the_layer_adds_its_variance() -> None:
    spec = loads(
        """
        [levels]
        person = "person"
        team = "team"
        layer = "layer"
        [measures.a]
        items = ["a*"]
        [layer]
        a = "1"
        """
    )
    draws = posterior(Values())[["sd(team.a)"]].assign({"sd(layer.a)": posterior(OTHER)["sd(team.a)"]})
    found = Implied(draws, spec, survey(model())).variance("team", "a").item()
    assert found == pytest.approx(Values().sd_a ** 2 + OTHER.sd_a**2)


def test_a_level_at_which_it_does_not_vary_has_none() -> None:
    assert implied(Values()).variance("layer", "a").item() == 0


def test_products_of_latents_have_no_closed_form() -> None:
    spec = loads(
        """
        [levels]
        person = "person"
        team = "team"
        [measures.a]
        items = ["a*"]
        [measures.b]
        items = ["b*"]
        [team]
        a = "b * z"
        """
    )
    with pytest.raises(FitError, match=r"team\.a: multiplies a latent \(b:z\): .* no closed form"):
        Implied(posterior(Values()), spec, read_survey(spec, persons=frame())).variance("team", "a")


def test_draws_that_lack_a_parameter_are_refused() -> None:
    spec = model()
    with pytest.raises(FitError, match=r"posterior: holds no 'team\.b'"):
        Implied(posterior(Values()).drop_vars("team.b"), spec, survey(spec)).variance("team", "b")


def test_level_of_teams() -> None:
    assert level_of_teams(model(), "a") == "team"
    above = loads('[levels]\nteam = "team"\n[measures.a]\nitems = ["a*"]\n')
    assert level_of_teams(above, "a") is None
