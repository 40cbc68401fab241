"""Replicates of prior draws are distributed as the data that PyMC draws from the same priors.

Draws of the prior with their latents stand in for a posterior, PyMC's own prior predictive data for the
survey. Given parameters and what a replication keeps, data and replicate are exchangeable, so that every
statistic is as often larger in the one as in the other (sign test) and has the same distribution in both. Of
the largest model some ninety numbers are compared: |z| < 4, p > 0.0005.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coefficacy.checks.predictive.copies import Copies, observed_copy, with_gaps
from coefficacy.checks.predictive.draws import Draws, thinned
from coefficacy.checks.predictive.latent_model import LatentModel
from coefficacy.checks.predictive.observed_model import ObservedModel
from coefficacy.checks.predictive.plan import design_of
from coefficacy.checks.predictive.registry import REPLICATED_CHECKS
from coefficacy.model import build
from coefficacy.model.observed import build_observed, observed_only
from coefficacy.sampling import prior_predictive
from coefficacy.spec import loads
from coefficacy.spec.model import ModelSpec
from coefficacy.survey import Survey, read_survey

pytestmark = [pytest.mark.slow, pytest.mark.reference]

LEVELS = '[levels]\nperson = "person_id"\nteam = "team_id"\nlayer = "layer"\n'
MEASURES = """
[measures.a]
items = ["a_*"]
family = "ordinal"
scale = [1, 5]
[measures.c]
items = ["c_*"]
aggregate = "members"
[measures.s]
items = ["s_1"]
"""
EQUATIONS = """
[person]
a = "c + x"
q = "a + x"
[team]
a = "c + z + (1 | layer)"
y = "a + c + z + (1 | layer)"
[families]
q = "bernoulli"
"""
YES_NO = MEASURES.replace('"ordinal"\nscale = [1, 5]', '"bernoulli"').replace("a_*", "b_*")
LATENT = {
    "ordinal items": MEASURES + EQUATIONS,
    "yes/no items, counts": YES_NO + EQUATIONS + 'y = "poisson"\n',
    "free loadings": MEASURES.replace("[measures.s]", 'loadings = "free"\n[measures.s]') + EQUATIONS,
}
S = '[measures.s]\nitems = ["s_1"]\n'
OBSERVED = {
    "persons": '[person]\nq = "x"\n[families]\nq = "bernoulli"\n',
    "persons by team": '[person]\nn = "x + (1 | team)"\n[families]\nn = "poisson"\n',
    "persons in layers": '[person]\nq = "x + z + (1 | layer)"\n[families]\nq = "bernoulli"\n',
    "layers with slopes": S + '[person]\ns = "x"\n[team]\ns = "z + (1 + z | layer)"\n',
    "teams": '[team]\ny = "z + (1 + z | layer)"\n',
    "a measure": S + '[person]\ns = "x"\n[team]\ns = "z + mean(x)"\n',
}
N_DRAWS, N_TEAMS, SIZE = 500, 16, 5


def survey_of(spec: ModelSpec) -> Survey:
    rng = np.random.default_rng(1)
    n = N_TEAMS * SIZE
    persons = pd.DataFrame(
        {"person_id": range(n), "team_id": np.repeat(range(N_TEAMS), SIZE), "x": rng.normal(size=n)}
    )
    persons = persons.assign(q=np.arange(n) % 2, n=rng.poisson(2, n), s_1=rng.normal(size=n))
    for k in range(3):
        persons[f"a_{k}"] = rng.integers(1, 6, n).astype(float)
        persons[f"b_{k}"] = rng.integers(0, 2, n).astype(float)
        persons[f"c_{k}"] = rng.normal(size=n)
    persons.loc[[0, 7, 11], ["a_1", "b_1"]] = np.nan
    layer = np.arange(N_TEAMS) % 4
    teams = pd.DataFrame({"team_id": range(N_TEAMS), "layer": layer, "z": rng.normal(size=N_TEAMS)})
    return read_survey(spec, persons=persons, teams=teams.assign(y=rng.poisson(3, N_TEAMS).astype(float)))


def prior_data(spec: ModelSpec, survey: Survey) -> tuple[Draws, Copies]:
    """Prior draws without those that R^2 < 1 rules out, and PyMC's data for each of them."""
    built = build_observed(spec, survey) if observed_only(spec) else build(spec, survey, engine="explicit")
    tree = prior_predictive(built, draws=N_DRAWS, seed=2)
    prior, drawn = tree["prior"].to_dataset(), tree["prior_predictive"].to_dataset()
    flat = [v.values.reshape(N_DRAWS, -1) for v in prior.data_vars.values() if v.dtype.kind == "f"]
    valid = np.flatnonzero(np.isfinite(np.column_stack(flat)).all(axis=1))
    observed = observed_copy(spec, survey)

    def filled(name: str, like: np.ndarray) -> np.ndarray:
        full = np.full((N_DRAWS, like.size), np.nan)
        full[:, np.flatnonzero(~np.isnan(like.ravel()))] = drawn[name].values.reshape(N_DRAWS, -1)
        return full.reshape(N_DRAWS, *like.shape)[valid]

    data = Copies(
        {name: filled(name, like[0]) for name, like in observed.answers.items()},
        {name: filled(name, like[0]) for name, like in observed.outcomes.items()},
    )
    return thinned(prior.isel(draw=valid), N_DRAWS), data


def statistics(spec: ModelSpec, survey: Survey, data: Copies, again: Copies) -> Iterator[tuple]:
    design, observed = design_of(spec, survey), observed_copy(spec, survey)
    for definition in REPLICATED_CHECKS:
        statistic = definition.prepare(design, observed)
        if not isinstance(statistic, str):
            yield definition.code, statistic.of(data), statistic.of(again)


def assert_exchangeable(spec: ModelSpec, survey: Survey, model: LatentModel | ObservedModel) -> int:
    draws, data = prior_data(spec, survey)
    kinds = [new for new in (False, True) if not model.obstacle(new)]
    for new in kinds:
        again = with_gaps(model.copies(draws, new, np.random.default_rng(3)), observed_copy(spec, survey))
        for code, a, b in statistics(spec, survey, data, again):
            larger = (b > a).mean(axis=0) + 0.5 * (b == a).mean(axis=0)
            z = (larger - 0.5) * 2 * np.sqrt(len(a))
            assert np.abs(z).max() < 4, (code, new)
            p = [stats.ks_2samp(a[:, k], b[:, k]).pvalue for k in range(a.shape[1])]
            assert min(p) > 0.0005, (code, new)
    return len(kinds)


@pytest.mark.parametrize("name", list(LATENT))
def test_models_with_latents(name: str) -> None:
    spec = loads(LEVELS + LATENT[name])
    survey = survey_of(spec)
    assert assert_exchangeable(spec, survey, LatentModel.of(spec, survey)) == 2


@pytest.mark.parametrize("name", list(OBSERVED))
def test_models_without_latents(name: str) -> None:
    spec = loads(LEVELS + OBSERVED[name])
    survey = survey_of(spec)
    kinds = assert_exchangeable(spec, survey, ObservedModel.of(spec, survey))
    assert kinds == (1 if name == "teams" else 2)
