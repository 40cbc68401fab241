"""Reliability under fitted models against estimates by lavaan and lme4.

Tolerance: half a posterior SD. Priors are weak beside 99 and 200 teams, posterior mean and maximum of the
likelihood differ by about a tenth of it, and the Monte Carlo error of 2,000 draws is a few hundredths.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from coefficacy.checks import agreement, reliability
from coefficacy.checks.measurement import Composite, Reliability, mean_reliability, omega
from coefficacy.datasets import load_dataset
from coefficacy.sampling import fit
from coefficacy.spec import loads
from coefficacy.survey import read_survey

pytestmark = [pytest.mark.slow, pytest.mark.reference]

HERE = Path(__file__).parent
LAVAAN = json.loads((HERE / "reliability_reference.json").read_text())
GUIDE = HERE.parents[2] / "docs" / "guide" / "agreement.md"
OTHERS = json.loads((HERE.parents[1] / "reference" / "references.json").read_text())


def fitted(name: str, key: str, items: str, *, form: str = "congeneric") -> Reliability:
    spec = loads(
        f"""
        [levels]
        person = "person"
        group = "{key}"
        [measures.y]
        items = {items}
        form = "{form}"
        """
    )
    persons = load_dataset(name).assign(person=lambda d: np.arange(len(d)))
    survey = read_survey(spec, persons=persons)
    found = fit(spec, survey, seed=1, draws=500, tune=400, retry=False)
    assert found.convergence.ok
    assert agreement(survey, "y").icc1 == pytest.approx(
        float(reliability(found, "y").draws["icc1_observed"].mean()), abs=0.03
    )
    return reliability(found, "y")


def test_omega_and_iccs_are_lavaans() -> None:
    found = fitted("lavaan_demo_twolevel", "cluster", '["y1", "y2", "y3"]')
    within, between = LAVAAN["equal"]["within"], LAVAAN["equal"]["between"]
    loading = sum(within["loading"])
    parts = Composite(
        loading, loading, within["variance"], between["variance"], within["variance"],
        sum(within["residual"]), sum(between["residual"]),
    )  # fmt: skip
    wanted = {
        "omega_within": omega(parts.common_within, parts.unique_within),
        "omega_between": omega(parts.common_between, parts.unique_between),
        "icc1_latent": parts.icc1_latent,
        "icc1_observed": parts.icc1_observed,
        "mean_reliability": np.mean(mean_reliability(parts, np.array(LAVAAN["size"]))),
    }
    for name, value in wanted.items():
        mean, sd, *_ = found.summary[name].values
        assert mean == pytest.approx(value, abs=sd / 2), name


def test_reliability_of_companies_is_that_of_ecometrics() -> None:
    """A parallel model is the one that lme4 fits with random companies, soldiers and residuals."""
    found = fitted("bhr2000_items", "GRP", '["AF06", "AF07", "AP33", "AP34"]', form="parallel")
    of_lme4 = OTHERS["bhr2000_items"]["four"]
    shared, residual = 4 * of_lme4["variance"]["person"], of_lme4["variance"]["residual"]
    wanted = {
        "mean_reliability": of_lme4["company_reliability"],
        "omega_within": omega(shared, residual),
    }
    for name, value in wanted.items():
        mean, sd, *_ = found.summary[name].values
        assert mean == pytest.approx(value, abs=sd / 2), name


def test_tables_of_the_guide_are_what_its_example_gives() -> None:
    """To one in the last digit printed: draws differ between machines."""
    page, found = GUIDE.read_text(encoding="utf-8"), {}
    exec(re.search(r"```python\n(.*?)```", page, re.DOTALL)[1], found)
    seen, modelled = found["seen"].overall, found["found"].summary
    for name in ("rwg_j", "rwg_lindell", "awg", "ad_mean", "mean_reliability"):
        printed = re.search(rf"\| `{name}` \| (.*?) \|\n", page)[1].split(" | ")
        np.testing.assert_allclose(seen[name], np.array(printed, float), atol=0.0051)
    for name in ("omega_within", "omega_between", "icc1_latent", "icc2_observed"):
        mean, interval = re.search(rf"\| `{name}` \| (\d\S*) \| (.*?) \|\n", page).groups()
        printed = [float(mean), *map(float, interval.split(" to "))]
        np.testing.assert_allclose(
            modelled[name].sel(statistic=["mean", "q2_5", "q97_5"]), printed, atol=0.015
        )
