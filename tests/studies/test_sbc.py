"""Worlds from a model's own prior, and the study of their ranks, without a sampler."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy.stats import norm
from toy_jobs import AtOnce

import coefficacy as co
from coefficacy import sampling
from coefficacy.errors import StudyError
from coefficacy.model import build
from coefficacy.model.built import Built
from coefficacy.sampling import Settings, compile_model
from coefficacy.spec import loads
from coefficacy.studies import Job, Study, prior_worlds, run_study, sbc_ranks, sbc_study
from coefficacy.studies.from_prior import PriorWorlds, answered, quantities
from coefficacy.studies.sbc import SbcInputs, swapped_data
from coefficacy.survey import Survey

WORLD = co.simulate("C4", n_teams=12, team_size=3, seed=1)
SPEC = loads(WORLD.spec_text)
SIMS, SEED = 40, 3


@pytest.fixture(scope="module")
def survey() -> Survey:
    return co.read_survey(SPEC, **WORLD.tables)


@pytest.fixture(scope="module")
def worlds(survey: Survey) -> Iterator[PriorWorlds]:
    """Drawn once: compiling the draws takes most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        draw = sampling.prior_predictive
        kept: dict[int, xr.DataTree] = {}

        def once(built: Built, *, draws: int, seed: int) -> xr.DataTree:
            if seed not in kept:
                kept[seed] = draw(built, draws=draws, seed=seed)
            return kept[seed]

        patch.setattr(sampling, "prior_predictive", once)
        yield prior_worlds(SPEC, survey, SIMS, seed=SEED)


def test_effects_of_the_prior_leave_room_for_the_residual(worlds: PriorWorlds) -> None:
    assert 0 < SIMS / worlds.tried < 1
    person = worlds.truth.sel(parameter="person.collective_efficacy.std[self_efficacy]")
    assert np.all(np.abs(person) < 1)
    assert np.isfinite(worlds.truth).all()


def test_quantities_are_parameters_of_both_engines_each_once(worlds: PriorWorlds, survey: Survey) -> None:
    names = [str(name) for name in worlds.truth["parameter"].values]
    assert len(set(names)) == len(names)
    known = set(build(SPEC, survey, engine="marginal").parameters)
    others = [name for name in names if name.split("[")[0] not in known]
    assert others == [
        *(f"team.latent[t01, {m}]" for m in ("self_efficacy", "competence", "collective_efficacy")),
        "log p(adaptation)",
    ]
    assert sum(name.startswith("cor(team)") for name in names) == 1
    for one, other in zip(worlds.truth.values.T[:-1], worlds.truth.values.T[1:], strict=True):
        assert not np.allclose(one, other)


def test_data_are_in_the_range_of_the_scale_and_follow_the_parameters(worlds: PriorWorlds) -> None:
    answers = worlds.data["collective_efficacy"]
    assert answers.min() == 0
    assert answers.max() == 4
    middle = worlds.truth.sel(parameter="self_efficacy.threshold[se_1, 2|3]").values
    mean = worlds.data["self_efficacy"][:, ::5].mean(axis=1)
    assert np.corrcoef(middle, mean)[0, 1] < -0.8


def test_a_larger_study_begins_with_the_worlds_of_a_smaller_one(worlds: PriorWorlds, survey: Survey) -> None:
    fewer = prior_worlds(SPEC, survey, 5, seed=SEED)
    xr.testing.assert_equal(fewer.truth, worlds.truth[:5])
    assert np.array_equal(fewer.data["competence"], worlds.data["competence"][:5])


@pytest.mark.parametrize("engine", ["marginal", "explicit"])
def test_a_world_as_tables_holds_the_data_that_were_drawn(
    worlds: PriorWorlds, survey: Survey, engine: str
) -> None:
    data = {name: values[0] for name, values in worlds.data.items()}
    other = answered(SPEC, survey, data)
    assert np.array_equal(other.answers("self_efficacy").values.ravel(), data["self_efficacy"])
    assert np.array_equal(other.column("team", "adaptation").values, data["adaptation"])
    model = build(SPEC, other, engine=engine).model
    assert np.array_equal(model["collective_efficacy.y"].get_value(), data["collective_efficacy"])


@pytest.mark.parametrize("engine", ["marginal", "explicit"])
def test_swapped_data_give_the_density_of_a_model_built_with_them(
    worlds: PriorWorlds, survey: Survey, engine: str
) -> None:
    """Tests of competence stay, so that the unit of their priors is the same in both."""
    data = {name: values[1] for name, values in worlds.data.items()}
    data["competence"] = survey.answers("competence").values.ravel()
    asked = SbcInputs("", survey, engine, Settings(), 99, (), np.zeros(0), data)
    compiled = compile_model(build(SPEC, survey, engine=engine))
    swapped = compiled.with_data(swapped_data(compiled, SPEC, asked)).native
    rebuilt = compile_model(build(SPEC, answered(SPEC, survey, data), engine=engine)).native
    x = swapped.start + np.random.default_rng(2).uniform(-0.2, 0.2, len(swapped.start))
    (value, gradient), (wanted, slope) = swapped.density(x), rebuilt.density(x)
    assert value == pytest.approx(wanted, rel=1e-10)
    assert np.allclose(gradient, slope, rtol=1e-8, atol=1e-8)
    assert value != pytest.approx(compiled.native.density(x)[0], rel=1e-3)


def test_gaps_stay_and_turned_items_are_turned_back(survey: Survey) -> None:
    measures = [replace(m, reversed=("se_1",)) if m.name == "self_efficacy" else m for m in SPEC.measures]
    tables = {name: table.copy() for name, table in WORLD.tables.items()}
    tables["persons"].loc[0, "se_2"] = np.nan
    spec = replace(SPEC, measures=tuple(measures))
    gappy = co.read_survey(spec, **tables)
    before = gappy.answers("self_efficacy").values
    given = ~np.isnan(before)
    data = {m.name: gappy.answers(m.name).values for m in spec.measures}
    data = {name: values[~np.isnan(values)] for name, values in data.items()}
    data["self_efficacy"] = 4 - data["self_efficacy"]
    after = answered(spec, gappy, {**data, "adaptation": np.zeros(12)}).answers("self_efficacy").values
    assert np.array_equal(np.isnan(after), ~given)
    assert np.array_equal(after[given], 4 - before[given])


def test_likelihood_of_the_outcome_is_that_of_scipy(worlds: PriorWorlds, survey: Survey) -> None:
    dims = ("chain", "draw")
    draws = xr.Dataset(
        {
            "sd(team.adaptation)": (dims, [[2.0, 1.0]]),
            "team.adaptation.eta": ((*dims, "team"), np.array([[[0.0, 1.0], [2.0, 3.0]]])),
            "team.latent": ((*dims, "team", "team.name"), np.zeros((1, 2, 2, 1))),
        },
        coords={"team": ["a", "b"], "team.name": ["x"]},
    )
    found = quantities(SPEC, draws, ["sd(team.adaptation)"], {"adaptation": np.array([1.0, 5.0])})
    by_hand = [
        norm.logpdf(1, 0, 2) + norm.logpdf(5, 1, 2),
        norm.logpdf(1, 2, 1) + norm.logpdf(5, 3, 1),
    ]
    assert np.allclose(found.sel(parameter="log p(adaptation)")[0], by_hand)


def test_an_outcome_that_is_not_gaussian_is_refused(survey: Survey) -> None:
    text = WORLD.spec_text.replace('adaptation = "gaussian"', 'adaptation = "poisson"')
    assert text != WORLD.spec_text
    with pytest.raises(StudyError, match="adaptation is no gaussian outcome"):
        prior_worlds(loads(text), survey, 1, seed=1)


def test_a_stopped_study_goes_on_where_it_was(worlds: PriorWorlds, survey: Survey, tmp_path: Path) -> None:
    study = without_sampler(sbc_study(SPEC, survey, engine="marginal", sims=4, seed=SEED))
    assert np.array_equal(study.jobs[3].inputs.truth, worlds.truth[3])
    assert isinstance(pickle.loads(pickle.dumps(study.jobs[0])).inputs, SbcInputs)
    path = tmp_path / "sbc.jsonl"
    with pytest.raises(StudyError):
        run_study(study, store=path, executor=AtOnce(until=2))
    rest = AtOnce()
    store = run_study(study, store=path, executor=rest)
    assert rest.done == 2
    ranks = sbc_ranks(store)
    assert ranks.sizes["simulation"] == 3, "one of the four could not be used"
    assert sbc_ranks(store, usable=False).sizes["simulation"] == 4
    assert ranks.sel(simulation="2")[0] == 2


def without_sampler(study: Study) -> Study:
    return replace(study, work=ranked_by_number)


def ranked_by_number(job: Job) -> dict[str, object]:
    k = int(job.key)
    return {"ranks": [k] * len(job.inputs.names), "usable": k != 3}
