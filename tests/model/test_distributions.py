"""Parameters whose sampler's coordinates are not their own: the prior stays what it says."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytest
from pytensor.compile.mode import Mode
from scipy import integrate, stats

from coefficacy.model.distributions import Parameters
from coefficacy.spec.model import Formula, Level, ModelSpec, Regression

PLAIN = Mode(linker="py", optimizer="fast_compile")
SPEC = ModelSpec((Level("team", ("team",)),), (Regression("team", "y", Formula()),))


def test_pooled_scales_are_half_normal_given_their_typical_scale():
    """By integration over length and direction of two of them, for two typical scales."""
    unit = 0.4
    with pm.Model(coords={"item": ["a", "b"]}) as model:
        parameters = Parameters(SPEC)
        scales = parameters.pooled_scales("sd", unit, "item")
        parameters.close()
    names = ["standard.half_log__", "sd.standard.location", "sd.standard.direction"]
    density = model.compile_logp(mode=PLAIN)
    draw = model.compile_fn(
        model.replace_rvs_by_values([scales, model["sd.typical"]]), mode=PLAIN, on_unused_input="ignore"
    )
    log_lengths, angles = np.linspace(-0.5, 0.5, 9) + 0.5 * np.log(2), (np.arange(48) + 0.5) * np.pi / 24
    masses = []
    for typical in (0.5, 1.5):
        mass, squares, product = 0.0, 0.0, 0.0
        for log_r in np.linspace(-6, 2, 41) + np.log(typical):
            for log_length in log_lengths:
                for angle in angles:
                    z = np.exp(log_length) * np.array([np.cos(angle), np.sin(angle)])
                    point = {names[0]: np.log([typical]), names[1]: np.array(log_r), names[2]: z - 1}
                    weight = np.exp(density(point) + 2 * log_length)
                    sd, shown = draw(point)
                    mass += weight
                    squares += weight * sd[0] ** 2
                    product += weight * sd[0] * sd[1]
        assert shown == pytest.approx(unit * typical)
        assert squares / mass == pytest.approx((unit * typical) ** 2, rel=0.01)
        assert product / mass == pytest.approx((unit * typical) ** 2 * 2 / np.pi, rel=0.01)
        masses.append(mass / typical)
    expected = stats.halfnorm.pdf(0.5) / stats.halfnorm.pdf(1.5)
    assert masses[0] / masses[1] == pytest.approx(expected, rel=0.01)


def test_a_location_that_moves_with_something_keeps_its_prior():
    with pm.Model() as model:
        moves = pm.Normal("moves")
        value = Parameters(SPEC).heavy(
            "team.y ~ 1", 50.0, 20.0, stored_as="team.y.intercept", around=3 * moves
        )
    density = model.compile_logp(mode=PLAIN)
    (where,) = model.replace_rvs_by_values([value])
    read = model.compile_fn([where], mode=PLAIN)
    for shift in (0.0, 2.0):

        def at(x: float, shift: float = shift) -> float:
            point = {"moves": np.array(shift), "team.y.intercept.standard.location": np.array(x)}
            (found,) = read(point)
            expected = stats.t(3, 50, 20).logpdf(found) + stats.norm.logpdf(shift)
            assert float(density(point)) == pytest.approx(expected)
            return float(np.exp(density(point) - stats.norm.logpdf(shift)))

        total, _ = integrate.quad(at, -200, 200, limit=200)
        assert 2 * total == pytest.approx(1, abs=0.01)
