"""Models without latents: names, likelihood by hand, priors blind to the outcome, published results.

Tolerances of the references: coefficients within a fifth of their standard error of the (restricted) maximum
likelihood solution, SDs of residuals and groups within 10% (a posterior mean is no mode).
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

from coefficacy.datasets import load_dataset
from coefficacy.errors import SpecError, SurveyError
from coefficacy.model.observed import build_observed, observed_only
from coefficacy.sampling import compile_model, judge, prior_predictive
from coefficacy.sampling.entries import parameter_entries
from coefficacy.spec import Regression, loads, parse_formula
from coefficacy.survey import read_survey

REFERENCES = json.loads((Path(__file__).parents[1] / "reference" / "references.json").read_text())
FAMILIES = ("gaussian", "bernoulli", "poisson", "negative_binomial", "ordinal", "beta")
N_TEAMS, N_MEMBERS = 9, 4
LEVELS = """
[levels]
person = "id"
team = "team"
layer = "layer"
"""


def tables(seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Nine teams of four in three layers, one outcome of each family; nobody of team T3 has an outcome."""
    rng = np.random.default_rng(seed)
    team = np.repeat(np.arange(N_TEAMS), N_MEMBERS)
    n = team.size
    persons = pd.DataFrame(
        {
            "id": [f"p{k:02d}" for k in range(n)],
            "team": [f"T{k}" for k in team],
            "x": rng.normal(50, 10, size=n),
            "kind": rng.permutation(np.tile(["u", "v", "w"], n // 3)),
            "gaussian": rng.normal(size=n),
            "bernoulli": rng.permutation(np.tile([0, 1], n // 2)),
            "poisson": rng.poisson(3, size=n),
            "negative_binomial": rng.poisson(3, size=n),
            "ordinal": rng.permutation(np.tile([1, 2, 4], n // 3)),
            "beta": rng.uniform(0.1, 0.9, size=n),
        }
    )
    persons[list(FAMILIES)] = persons[list(FAMILIES)].astype(float)
    persons.loc[persons["team"] == "T3", list(FAMILIES)] = np.nan
    teams = pd.DataFrame(
        {
            "team": [f"T{k}" for k in range(N_TEAMS)],
            "layer": np.repeat(["a", "b", "c"], 3),
            "size": rng.normal(8, 2, size=N_TEAMS),
            "growth": [*rng.normal(size=N_TEAMS - 1), np.nan],
        }
    )
    return persons, teams


def one_level(family: str = "gaussian", formula: str = "x", extra: str = ""):
    return loads(f'{LEVELS}\n[person]\n{family} = "{formula}"\n[families]\n{family} = "{family}"\n{extra}')


def with_team_equation(spec, outcome: str, formula: str):
    return replace(spec, regressions=(*spec.regressions, Regression("team", outcome, parse_formula(formula))))


def surveyed(spec, seed: int = 0):
    persons, teams = tables(seed)
    return read_survey(spec, persons=persons, teams=teams)


def two_levels(family: str = "gaussian", person: str = "x", team: str = "mean(x)"):
    spec = one_level(family, person)
    survey = surveyed(spec)
    _, teams = tables()
    wider = survey.levels["team"].assign({"size": ("team", teams["size"].to_numpy())})
    survey = replace(survey, levels={**survey.levels, "team": wider})
    return with_team_equation(spec, family, team), survey


def at_a_point(built, names, **fixed):
    """Values of variables and the log-likelihood at a random point, without compiling for speed."""
    model = built.model
    outputs = [model[name] for name in names]
    like = model.logp(vars=model.observed_RVs)
    values = model.replace_rvs_by_values(outputs)
    function = model.compile_fn([*values, like], inputs=model.value_vars, mode="FAST_COMPILE", point_fn=True)
    rng = np.random.default_rng(3)
    point = {k: v + 0.3 * rng.normal(size=np.shape(v)) for k, v in model.initial_point().items()}
    return function({**point, **{name: np.full_like(point[name], value) for name, value in fixed.items()}})


# Names ----------------------------------------------------------------------------------------------------


def test_names_are_those_of_every_engine():
    spec, survey = two_levels("gaussian", "x + kind + size:x + (1 + x | layer)", "mean(x) + size")
    built = build_observed(spec, survey)
    assert set(built.parameters) == {
        "person.gaussian", "person.gaussian.intercept", "sd(person.gaussian)", "team.gaussian",
        "sd(team.gaussian)", "sd(person.gaussian | layer)", "cor(person.gaussian | layer)",
    }  # fmt: skip
    coords = built.model.coords
    assert list(coords["person.gaussian.term"]) == ["x", "kind[v]", "kind[w]", "size:x"]
    assert list(coords["team.gaussian.term"]) == ["mean(x)", "size"]
    assert list(coords["person.gaussian|layer.term"]) == ["1", "x"]
    assert built.constant_entries == ("cor(person.gaussian | layer)",)
    assert built.engine == "bambi"
    assert built.hidden == ("mu",)


@pytest.mark.parametrize(
    ("family", "extra"),
    [
        ("bernoulli", {"person.bernoulli.intercept"}),
        ("poisson", {"person.poisson.intercept"}),
        ("negative_binomial", {"person.negative_binomial.intercept", "person.negative_binomial.dispersion"}),
        ("ordinal", {"person.ordinal.threshold"}),
        ("beta", {"person.beta.intercept", "person.beta.precision"}),
    ],
)
def test_parameters_of_the_families(family, extra):
    spec = one_level(family)
    built = build_observed(spec, surveyed(spec))
    assert set(built.parameters) == {f"person.{family}", f"sd(team.{family})", *extra}


def test_thresholds_are_named_by_the_categories():
    spec = one_level("ordinal")
    coords = build_observed(spec, surveyed(spec)).model.coords
    assert list(coords["person.ordinal.cut"]) == ["1|2", "2|3", "3|4"]


def test_rows_are_the_ids_of_those_with_an_outcome():
    spec = one_level("gaussian")
    rows = build_observed(spec, surveyed(spec)).model.coords["__obs__"]
    assert list(rows[:2]) == ["p00", "p01"]
    assert len(rows) == (N_TEAMS - 1) * N_MEMBERS
    assert "p12" not in rows


# Likelihood by hand ---------------------------------------------------------------------------------------


def log_likelihood(family: str, y, eta, sd, free, cuts) -> float:
    if family == "gaussian":
        return stats.norm(eta, sd).logpdf(y).sum()
    if family == "bernoulli":
        return stats.bernoulli(expit(eta)).logpmf(y).sum()
    if family == "poisson":
        return stats.poisson(np.exp(eta)).logpmf(y).sum()
    if family == "negative_binomial":
        return stats.nbinom(free, free / (free + np.exp(eta))).logpmf(y).sum()
    if family == "beta":
        mu = expit(eta)
        return stats.beta(mu * free, (1 - mu) * free).logpdf(y).sum()
    table = np.column_stack([np.zeros(y.size), expit(cuts - eta[:, None]), np.ones(y.size)])
    k = y.astype(int) - 1
    return np.log(table[np.arange(y.size), k + 1] - table[np.arange(y.size), k]).sum()


FREE = {"negative_binomial": "dispersion", "beta": "precision"}


@pytest.mark.parametrize("family", FAMILIES)
def test_likelihood_is_the_one_written_in_the_docstring(family):
    spec, survey = two_levels(family, "x + kind", "mean(x) + (1 | layer)")
    built = build_observed(spec, survey)
    names = [f"person.{family}", "team.latent"]
    names += [f"person.{family}.threshold"] if family == "ordinal" else []
    names += ["sd(person.gaussian)"] if family == "gaussian" else []
    names += [f"person.{family}.{FREE[family]}"] if family in FREE else []
    values = at_a_point(built, names)
    within, team, *rest, found = values
    persons, _ = tables()
    own = persons["x"] - persons.groupby("team")["x"].transform("mean")
    kinds = [persons["kind"].eq(k).astype(float) for k in ("v", "w")]
    kinds = [k - k.groupby(persons["team"]).transform("mean") for k in kinds]
    design = np.column_stack([own, *kinds])
    eta = design @ within + team[persons["team"].str[1:].astype(int), 0]
    given = persons[family].notna().to_numpy()
    extra = rest[0] if rest else None
    cuts = extra[0] if family == "ordinal" else None
    expected = log_likelihood(family, persons[family].to_numpy()[given], eta[given], extra, extra, cuts)
    assert found == pytest.approx(expected, rel=1e-9)


def test_a_team_without_outcomes_gets_what_its_predictors_say():
    spec, survey = two_levels("gaussian", "x + size:x", "mean(x) + (1 + size | layer)")
    names = ["person.gaussian.intercept", "team.gaussian", "team.latent"]
    intercept, effects, latent, _ = at_a_point(
        build_observed(spec, survey), names, **{"standard.normal": 0.0}
    )
    mean = tables()[0].groupby("team")["x"].mean().to_numpy()
    assert effects[0] != 0
    assert latent[:, 0] == pytest.approx(intercept + effects[0] * (mean - mean.mean()))


# Priors ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["gaussian", "poisson"])
def test_priors_do_not_depend_on_the_outcome(family):
    spec = one_level(family, "x + (1 | layer)")
    survey = surveyed(spec)
    other = survey.with_column("person", family, survey.levels["person"][family].values * 1000 + 7)
    found = []
    for data in (survey, other):
        model = build_observed(spec, data).model
        logp = model.compile_logp(vars=model.free_RVs, mode="FAST_COMPILE")
        found.append(logp({name: value + 0.4 for name, value in model.initial_point().items()}))
    assert found[0] == found[1]


def test_priors_of_the_file_are_used_and_effects_are_standardised():
    spread = "sd(person.gaussian | layer)"
    priors = f'[priors]\n"person.gaussian ~ x" = "Normal(0.3, 0.05)"\n"{spread}" = "HalfNormal(0.01)"'
    spec = one_level("gaussian", "x + kind + (1 | layer)", priors)
    prior = prior_predictive(build_observed(spec, surveyed(spec)), draws=2000, seed=1)["prior"]
    effects = prior["person.gaussian.std"].sel(chain=0).dropna("draw")
    x, kind = effects.sel({"person.gaussian.term": "x"}), effects.sel({"person.gaussian.term": "kind[v]"})
    assert float(x.mean()) == pytest.approx(0.3, abs=0.01)
    assert float(x.std()) == pytest.approx(0.05, rel=0.1)
    assert 0.3 < float(kind.std()) < 0.5
    assert float(prior[spread].mean()) == pytest.approx(0.01 * np.sqrt(2 / np.pi), rel=0.1)


def test_the_unit_of_an_outcome_moves_its_priors():
    declared = '[families]\ngaussian = {family = "gaussian", location = 500, scale = 100}'
    spec = loads(f'{LEVELS}\n[person]\ngaussian = "x"\n{declared}')
    prior = prior_predictive(build_observed(spec, surveyed(spec)), draws=2000, seed=1)["prior"]
    assert float(prior["person.gaussian.intercept"].median()) == pytest.approx(500, abs=100)
    assert float(prior["sd(person.gaussian)"].median()) == pytest.approx(100, rel=0.25)


# What is one residual, and what is refused ----------------------------------------------------------------


def test_a_random_intercept_of_the_team_is_its_residual():
    spec = one_level("gaussian", "x + (1 + x | team)")
    built = build_observed(spec, surveyed(spec))
    assert "sd(person.gaussian | team)" in built.parameters
    assert "sd(team.gaussian)" not in built.parameters


def test_an_outcome_of_the_team():
    spec = loads(f'{LEVELS}\n[team]\ngrowth = "mean(x) + size + (1 | layer)"')
    built = build_observed(spec, surveyed(spec))
    assert set(built.parameters) == {
        "team.growth",
        "team.growth.intercept",
        "sd(team.growth)",
        "sd(team.growth | layer)",
    }
    assert list(built.model.coords["__obs__"]) == [f"T{k}" for k in range(N_TEAMS - 1)]


def test_two_outcomes_without_a_latent_are_refused():
    spec = loads(f'{LEVELS}\n[person]\ngaussian = "x"\n[team]\ngrowth = "size"')
    with pytest.raises(
        SpecError, match=r"2 outcomes \(gaussian, growth\) and no latent.*one model file for each"
    ):
        build_observed(spec, surveyed(spec))


def test_a_random_intercept_given_twice_is_refused():
    spec, survey = two_levels("gaussian", "x + (1 | layer)", "mean(x) + (1 | layer)")
    with pytest.raises(
        SpecError, match=r"random intercept of 'layer' is also in person\.gaussian\. Keep one"
    ):
        build_observed(spec, survey)


def test_a_prior_of_no_parameter_is_refused():
    spec = one_level("gaussian", "x + (1 | team)", '[priors]\n"person.gaussian ~ 1" = "Normal(0, 1)"')
    spec = replace(spec, priors=(("sd(team.gaussian)", spec.priors[0][1]), *spec.priors))
    with pytest.raises(
        SpecError, match=r'"sd\(team.gaussian\)": no parameter of this model.*sd\(person.gaussian \| team\)'
    ):
        build_observed(spec, surveyed(spec))


def test_predictors_that_follow_from_others_are_refused():
    spec, survey = two_levels("gaussian", "x", "mean(x) + size")
    means = tables()[0].groupby("team")["x"].mean().to_numpy()
    collinear = survey.levels["team"].assign({"size": ("team", 3 - 2 * means)})
    with pytest.raises(
        SurveyError, match=r"team.gaussian ~ size: follows from the other predictors \(x, mean\(x\)\)"
    ):
        build_observed(spec, replace(survey, levels={**survey.levels, "team": collinear}))


MEASURED = """
[levels]
person = "id"
team = "team"
[measures.mood]
items = ["m"]
{more}
[person]
mood = "x"
[team]
mood = "mean(x)"
"""


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", True),
        ("reliability = 1.0", True),
        ("reliability = 0.8", False),
        ('family = "ordinal"\nscale = [1, 5]', False),
        ('[measures.other]\nitems = ["o"]', False),
    ],
)
def test_what_counts_as_observed_only(more, expected):
    assert observed_only(loads(MEASURED.format(more=more))) is expected


def test_a_measure_that_predicts_is_latent():
    assert not observed_only(loads(MEASURED.format(more="") + 'growth = "mood"'))
    assert observed_only(one_level())


# Sampling -------------------------------------------------------------------------------------------------


def sampled(spec, survey, **options):
    built = build_observed(spec, survey)
    tree = compile_model(built).sample(seed=1, **options)
    found = judge(tree, built.parameters, constant_entries=built.constant_entries)
    assert found.ok, found.failures
    return tree["posterior"].to_dataset(), built


def means(posterior, built):
    entries = parameter_entries(posterior, built.parameters)
    return dict(zip(entries["parameter"].values, entries.mean(("chain", "draw")).values))


def test_planted_effects_come_back():
    rng = np.random.default_rng(11)
    n_teams, n_members = 60, 8
    team = np.repeat(np.arange(n_teams), n_members)
    x, size = rng.normal(size=team.size), rng.normal(size=n_teams)
    own = x - pd.Series(x).groupby(team).transform("mean").to_numpy()
    eta = 0.5 + 0.3 * own + 0.2 * own * size[team] + 0.4 * rng.normal(size=n_teams)[team]
    persons = pd.DataFrame({"id": range(team.size), "team": team, "x": x, "count": rng.poisson(np.exp(eta))})
    teams = pd.DataFrame({"team": range(n_teams), "size": size})
    levels = '[levels]\nperson = "id"\nteam = "team"'
    spec = loads(f'{levels}\n[person]\ncount = "x + x:size"\n[families]\ncount = "poisson"')
    posterior, built = sampled(spec, read_survey(spec, persons=persons, teams=teams), draws=1000, tune=500)
    spread = posterior["person.count"].std(("chain", "draw")).values
    assert (
        np.abs(posterior["person.count"].mean(("chain", "draw")).values - [0.3, 0.2]).max() < 3 * spread.max()
    )
    assert means(posterior, built)["sd(team.count)"] == pytest.approx(0.4, abs=0.12)
    assert posterior["team.latent"].sizes["team"] == n_teams


def contextual(level: str, outcome: str, term: str, table: pd.DataFrame, key: str):
    """Fit outcome ~ term within and between units: the slopes within, and between minus within."""
    spec = loads(
        f'[levels]\nperson = "row"\n{level} = "{key}"\n[measures.{outcome}]\nitems = ["{outcome}"]\n'
        f'[person]\n{outcome} = "{term}"\n[{level}]\n{outcome} = "mean({term})"'
    )
    assert observed_only(spec)
    posterior, built = sampled(spec, read_survey(spec, persons=table.assign(row=range(len(table)))))
    within = posterior[f"person.{outcome}"].values[..., 0]
    between = posterior[f"{level}.{outcome}"].values[..., 0]
    return within, between - within, means(posterior, built)


def close(draws: np.ndarray, reference: dict[str, float]) -> bool:
    return abs(draws.mean() - reference["est"]) < 0.2 * reference["se"] and np.isclose(
        draws.std(), reference["se"], rtol=0.1
    )


@pytest.mark.slow
@pytest.mark.reference
def test_hsb82_equals_lmer():
    expected = REFERENCES["hsb82"]["contextual"]
    within, context, table = contextual("school", "mAch", "ses", load_dataset("hsb82"), "school")
    assert close(within, expected["fixed"]["ses"])
    assert close(context, expected["fixed"]["meanses"])
    assert table["sd(school.mAch)"] == pytest.approx(expected["sd"]["school[(Intercept)]"], rel=0.1)
    assert table["sd(person.mAch)"] == pytest.approx(expected["sd"]["Residual"], rel=0.01)


@pytest.mark.slow
@pytest.mark.reference
def test_bh1996_equals_lme():
    expected = REFERENCES["bh1996"]["leadership"]
    within, context, table = contextual("company", "WBEING", "LEAD", load_dataset("bh1996"), "GRP")
    assert close(within, expected["fixed"]["LEAD"])
    assert close(context, expected["fixed"]["G.LEAD"])
    assert table["sd(company.WBEING)"] == pytest.approx(expected["variance"]["group"] ** 0.5, rel=0.1)
    assert table["sd(person.WBEING)"] == pytest.approx(expected["variance"]["residual"] ** 0.5, rel=0.01)


UNIVBCT = """
[levels]
occasion = ["SUBNUM", "TIME"]
soldier = "SUBNUM"
company = ["BTN", "COMPANY"]
battalion = "BTN"
"""


@pytest.mark.slow
@pytest.mark.reference
def test_univbct_four_levels_equal_lmer():
    expected = REFERENCES["univbct"]["jsat_nested"]
    spec = loads(
        f'{UNIVBCT}[measures.JSAT]\nitems = ["JSAT"]\n[occasion]\nJSAT = "TIME"\n'
        '[soldier]\nJSAT = "(1 | company) + (1 | battalion)"'
    )
    # Few battalions that hardly differ: at 0.8 about 10 of 8,000 draws diverge, and `fit` would try again.
    survey = read_survey(spec, persons=load_dataset("univbct"))
    posterior, built = sampled(spec, survey, draws=2000, target_accept=0.9)
    table = means(posterior, built)
    assert close(posterior["occasion.JSAT"].values[..., 0], expected["fixed"]["TIME"])
    assert table["sd(occasion.JSAT)"] == pytest.approx(expected["sd"]["Residual"], rel=0.02)
    assert table["sd(soldier.JSAT)"] == pytest.approx(expected["sd"]["SUBNUM[(Intercept)]"], rel=0.05)
    assert table["sd(soldier.JSAT | company)[1]"] == pytest.approx(
        expected["sd"]["CO[(Intercept)]"], rel=0.15
    )
    assert float(posterior["sd(soldier.JSAT | battalion)"].quantile(0.1)) < 0.05


@pytest.mark.slow
@pytest.mark.reference
def test_univbct_correlated_slopes_equal_lme():
    expected = REFERENCES["univbct"]["jsat_growth"]
    spec = loads(f'{UNIVBCT}[occasion]\nJSAT = "TIME + (1 + TIME | soldier)"')
    posterior, built = sampled(spec, read_survey(spec, persons=load_dataset("univbct")), draws=2000)
    table = means(posterior, built)
    name = "occasion.JSAT | soldier"
    start, slope, r = (expected["sd"][k] for k in ("SUBNUM[(Intercept)]", "SUBNUM[TIME]", "cor SUBNUM"))
    middle = np.sqrt(start**2 + slope**2 + 2 * r * start * slope)
    assert close(posterior["occasion.JSAT"].values[..., 0], expected["fixed"]["TIME"])
    assert table["sd(occasion.JSAT)"] == pytest.approx(expected["sd"]["Residual"], rel=0.03)
    assert table[f"sd({name})[1]"] == pytest.approx(middle, rel=0.05)
    assert table[f"sd({name})[TIME]"] == pytest.approx(slope, rel=0.1)
    at_middle = (r * start * slope + slope**2) / (middle * slope)
    spread = float(posterior[f"cor({name})"].std(("chain", "draw")).values[0, 1])
    assert table[f"cor({name})[1, TIME]"] == pytest.approx(at_middle, abs=spread)
