"""Priors by name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coefficacy.errors import SpecError
from coefficacy.spec import DISTRIBUTIONS, PriorSpec, parse_prior
from coefficacy.spec.priors import support_problem

VALID = ["Normal(0, 0.5)", "HalfNormal(1)", "StudentT(3, 0, 2.5)", "HalfStudentT(3, 2.5)", "Cauchy(-1, 2)",
         "HalfCauchy(5)", "LogNormal(-0.5, 0.5)", "Gamma(2, 0.1)", "InverseGamma(3, 1e-05)", "Exponential(1)",
         "Beta(2, 2)", "Uniform(-1, 1)", "LKJ(2)", "raw Normal(0, 2)"]  # fmt: skip

REFUSED = {
    "Normal": "'Normal' is not a prior",
    "": "'' is not a prior",
    "Normal(0, 1) + 1": "is not a prior",
    "Normal(Normal(0, 1), 1)": "is not a prior",
    "np.Normal(0, 1)": "is not a prior",
    "rawNormal(0, 1)": "unknown distribution 'rawNormal'",
    "raw raw Normal(0, 1)": "is not a prior",
    "Normal(0)": "the number of arguments is 1, not 2. Write Normal(mu, sigma).",
    "HalfNormal()": "the number of arguments is 0, not 1",
    "Normal(0, 1, 2)": "the number of arguments is 3, not 2",
    "normal(0, 1)": "unknown distribution 'normal'. Known: Beta,",
    "HalfNormall(1)": "Did you mean 'HalfNormal'?",
    "Normal(mu, 1)": "'mu' in 'Normal(mu, 1)' is not a number",
    "Normal(0, sigma=1)": "'sigma=1' in",
    "Normal(0, 1/2)": "'1/2' in",
    "Normal(0, nan)": "'nan' in",
    "Normal(0, inf)": "'inf' in",
    "Normal(0, 1e999)": "sigma of 'Normal(0, inf)' must be finite",
    "Normal(0, 0)": "sigma of 'Normal(0, 0)' must be above 0",
    "Normal(0, -1)": "sigma of 'Normal(0, -1)' must be above 0",
    "StudentT(0, 0, 1)": "nu of 'StudentT(0, 0, 1)' must be above 0",
    "Uniform(1, 1)": "lower of 'Uniform(1, 1)' must be below upper",
    "LKJ(0)": "eta of 'LKJ(0)' must be above 0",
    "Normal(0,, 1)": "'' in 'Normal(0,, 1)' is not a number",
    "Normal(٣, 1)": "'٣' in",
}


@pytest.mark.parametrize("text", VALID)
def test_reads_and_writes_the_same(text: str) -> None:
    assert str(parse_prior(text)) == text


def test_every_distribution_is_tried() -> None:
    assert {text.removeprefix("raw ").partition("(")[0] for text in VALID} == set(DISTRIBUTIONS)


@pytest.mark.parametrize(("text", "fragment"), REFUSED.items())
def test_refuses(text: str, fragment: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_prior(text, where="m.toml: priors")
    assert str(caught.value).startswith("m.toml: priors: ")
    assert fragment in str(caught.value)


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(min_value=1e-300, allow_infinity=False))
def test_numbers_keep_every_digit(mu: float, sigma: float) -> None:
    prior = PriorSpec("Normal", (mu, sigma))
    assert parse_prior(str(prior)) == prior


@pytest.mark.parametrize(
    ("text", "kind", "fragment"),
    [
        ("Normal(0, 1)", "real", None),
        ("HalfNormal(1)", "real", None),
        ("HalfNormal(1)", "positive", None),
        ("Uniform(0, 1)", "positive", None),
        ("LKJ(2)", "correlation", None),
        ("Uniform(-1, 1)", "positive", "Did you mean 'HalfNormal'?"),
        ("Normal(0, 1)", "positive", "Did you mean 'HalfNormal'?"),
        ("StudentT(3, 0, 1)", "positive", "Did you mean 'HalfStudentT'?"),
        ("Normal(0, 1)", "correlation", "Write LKJ(2)"),
        ("LKJ(2)", "real", "correlations only"),
    ],
)
def test_support_fits_the_parameter(text: str, kind, fragment: str | None) -> None:
    problem = support_problem(parse_prior(text), kind)
    assert (problem is None) if fragment is None else (problem and fragment in " ".join(problem))
