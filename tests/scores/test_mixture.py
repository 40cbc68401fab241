"""The mixture of two accounts: its density with the indicator summed out by hand, and what it finds."""

from __future__ import annotations

import numpy as np
import pytest
from pytensor.compile.mode import Mode
from scipy.special import logsumexp
from scipy.stats import norm

from coefficacy.sampling import compile_model
from coefficacy.scores.mixture_model import AccountData, MixtureData, mixture_model

B = (np.array([0.8, 0.2]), np.array([0.7]))


def data(teams: int, shares: tuple[float, float], *, unsure: float = 0.3, seed: int = 1) -> MixtureData:
    """Two layers; the first predictor of the first account is known with an error."""
    rng, layer = np.random.default_rng(seed), np.repeat([0, 1], teams)
    x = [rng.normal(size=(layer.size, len(b))) for b in B]
    true = x[0] + np.column_stack([unsure * rng.normal(size=layer.size), np.zeros(layer.size)])
    first = rng.random(layer.size) < np.array(shares)[layer]
    mean = np.where(first, true @ B[0], x[1] @ B[1])
    y = mean + np.array([0.5, -0.5])[layer] + 0.4 * rng.normal(size=layer.size)
    uncertainty = np.zeros((layer.size, 2, 2))
    uncertainty[:, 0, 0] = unsure**2
    accounts = (
        AccountData(("u", "x"), x[0], uncertainty),
        AccountData(("power",), x[1], np.zeros((layer.size, 1, 1))),
    )
    return MixtureData(y, accounts, ("desk", "field"), layer)


@pytest.mark.parametrize("stated", [None, np.array([0.85, 0.25])])
def test_the_indicator_is_summed_out(stated: np.ndarray | None) -> None:
    given, rng = data(6, (0.7, 0.3)), np.random.default_rng(2)
    model = mixture_model(given, stated=stated).model
    (potential,) = model.replace_rvs_by_values(model.potentials)
    (logit,) = model.replace_rvs_by_values([model["logit"]])
    point = {k: v + 0.5 * rng.normal(size=v.shape) for k, v in model.initial_point().items()}
    mode = Mode(linker="py", optimizer=None)
    found, odds = model.compile_fn([potential, logit], mode=mode, on_unused_input="ignore")(point)
    sigma, weight = np.exp(point["sigma_log__"]), 1 / (1 + np.exp(-odds))[given.layer]
    rest = given.y - point["intercept"][given.layer]
    b = [point["b.0"], point["b.1"]]
    variance = [
        sigma**2 + np.einsum("p,jpq,q->j", c, a.uncertainty, c)
        for a, c in zip(given.accounts, b, strict=True)
    ]
    parts = [
        np.log(w) + norm.logpdf(rest, a.x @ c, np.sqrt(v))
        for a, c, v, w in zip(given.accounts, b, variance, (weight, 1 - weight), strict=True)
    ]
    assert found == pytest.approx(logsumexp(parts, axis=0).sum(), rel=1e-10)
    if stated is not None:
        assert odds == pytest.approx(np.log(stated / (1 - stated)) + 0.5 * point["z"])


def test_shares_and_coefficients_are_found() -> None:
    """Within four posterior SDs, and SDs are small enough for that to mean something."""
    compiled = compile_model(mixture_model(data(250, (0.85, 0.25))))
    posterior = compiled.sample(draws=300, tune=400, chains=2, seed=1, target_accept=0.9)["posterior"]
    weight = 1 / (1 + np.exp(-posterior["logit"].values.reshape(-1, 2)))
    for found, truth in ((weight, [0.85, 0.25]), (posterior["b.0"].values.reshape(-1, 2), B[0])):
        sd = found.std(axis=0)
        assert (sd < 0.06).all()
        assert (np.abs(found.mean(axis=0) - truth) < 4 * sd).all()
