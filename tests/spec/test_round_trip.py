"""Random valid models survive being written and read; random damage is refused or read, never worse."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from coefficacy.errors import Problem, SpecError
from coefficacy.spec import (
    Factor,
    FamilySpec,
    Formula,
    GroupTerm,
    Level,
    Measure,
    ModelSpec,
    PriorSpec,
    Question,
    Regression,
    Rival,
    Term,
    check,
    dumps,
    effects,
    load_model,
    loads,
    outcomes,
    parameter_names,
    rival_spec,
    spec_hash,
)
from coefficacy.spec.validate import problems as problems_of
from coefficacy.spec.validate_parts import ITEM_LINKS, OUTCOME_LINKS

LEVELS = ("person", "team", "layer", "firm")
COLUMNS = ("age", "tenure", "G.HRS", "kind", "größe")
NUMBERS = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False)
POSITIVE = st.floats(min_value=1e-6, max_value=1e6, allow_nan=False)
PRIORS = {
    "real": st.builds(lambda mu, sigma: PriorSpec("Normal", (mu, sigma)), NUMBERS, POSITIVE),
    "positive": st.builds(lambda sigma: PriorSpec("HalfNormal", (sigma,)), POSITIVE),
    "correlation": st.builds(lambda eta: PriorSpec("LKJ", (eta,)), POSITIVE),
}


@st.composite
def measures(draw, name: str, levels: list[str]) -> Measure:
    family = draw(st.sampled_from(sorted(ITEM_LINKS)))
    items = draw(
        st.sampled_from([(f"{name}_*",), (f"{name}_1", f"{name}_2"), (f"{name} item ?",), (f"{name}_1",)])
    )
    scale = draw(st.sampled_from([None, (0.0, 1.0) if family == "bernoulli" else (1.0, 5.0)]))
    single = items == (f"{name}_1",)
    many = len(levels) > 1 and not single
    loadings = draw(st.sampled_from(["equal", "free"] if many else ["equal"]))
    return Measure(
        name,
        items,
        family=family,
        link=draw(st.sampled_from(["", *ITEM_LINKS[family]])),
        level=draw(st.sampled_from(["", levels[0]])),
        aggregate=draw(st.sampled_from(["population", "members"] if len(levels) > 1 else ["population"])),
        scale=scale,
        reversed=(items[0],) if scale and draw(st.booleans()) else (),
        loadings=loadings,
        form=draw(st.sampled_from(["congeneric"] if loadings == "free" else ["congeneric", "parallel"])),
        item_residuals=draw(st.booleans()),
        reliability=draw(st.none() | st.floats(0.1, 1)) if single and family == "gaussian" else None,
        sd="known sd" if single and family == "gaussian" and draw(st.booleans()) else "",
    )


@st.composite
def formulas(draw, names: list[str], above: list[str], *, averages: bool) -> Formula:
    plain = st.builds(Factor, st.sampled_from(names))
    mean = st.builds(Factor, st.sampled_from(COLUMNS), st.just("mean"))
    factor = st.one_of(plain, mean) if averages else plain
    term = st.lists(factor, min_size=1, max_size=2, unique=True).map(lambda factors: Term(tuple(factors)))
    terms = st.lists(term, max_size=3, unique_by=lambda it: frozenset(it.factors)).map(tuple)
    groups = []
    for level in above:
        if draw(st.booleans()):
            slopes = draw(terms)
            groups.append(GroupTerm(level, intercept=not slopes or draw(st.booleans()), terms=slopes))
    return Formula(draw(terms), tuple(groups))


@st.composite
def models(draw) -> ModelSpec:
    names = list(LEVELS[: draw(st.integers(1, 4))])
    levels = tuple(Level(name, draw(st.sampled_from([(f"{name}_id",), (name, "wave")]))) for name in names)
    latents = tuple(draw(measures(name, names)) for name in ("ce", "se")[: draw(st.integers(0, 2))])
    latents = tuple(replace(m, sd="") if m.reliability is not None else m for m in latents)
    regressions: list[Regression] = []
    for rank, level in enumerate(names):
        responses = draw(
            st.lists(st.sampled_from([m.name for m in latents] + [f"{level}_y", f"{level}_z"]), unique=True)
        )
        earlier: list[str] = []
        for response in responses:
            own = rank == 0 and any(m.name == response for m in latents) and len(names) > 1
            above = [] if own else names[rank + 1 :]
            formula = draw(formulas([*COLUMNS, *earlier], above, averages=rank > 0))
            regressions.append(Regression(level, response, formula))
            earlier.append(response)
    spec = ModelSpec(
        levels,
        tuple(draw(st.permutations(regressions))),
        measures=latents,
        title=draw(st.text(max_size=20)),
        claim=draw(st.sampled_from(["", "C4"])),
        references=tuple(draw(st.lists(st.text(min_size=1, max_size=10), max_size=3))),
        note=draw(st.text(max_size=20)),
    )
    assume(spec.measures or spec.regressions)
    spec = replace(
        spec, families=tuple((name, draw(families())) for name in outcomes(spec) if draw(st.booleans()))
    )
    spec = _with_rival_and_question(draw, spec)
    kinds = parameter_names(spec)
    chosen = draw(st.lists(st.sampled_from(sorted(kinds)), unique=True, max_size=4)) if kinds else []
    return replace(spec, priors=tuple((name, draw(PRIORS[kinds[name]])) for name in chosen))


@st.composite
def families(draw) -> FamilySpec:
    family = draw(st.sampled_from(sorted(OUTCOME_LINKS)))
    link = draw(st.sampled_from(["", *OUTCOME_LINKS[family]]))
    if family != "gaussian":
        return FamilySpec(family, link)
    return FamilySpec(family, link, location=draw(NUMBERS), scale=draw(POSITIVE))


def _with_rival_and_question(draw, spec: ModelSpec) -> ModelSpec:
    if not effects(spec) or not draw(st.booleans()):
        return spec
    level, response, term = draw(st.sampled_from(effects(spec)))
    low = draw(NUMBERS)
    question = Question(
        level,
        response,
        str(term),
        direction=draw(st.sampled_from(["positive", "negative"])),
        rope=(low, low + draw(POSITIVE)),
    )
    if not draw(st.booleans()):
        return replace(spec, question=question)
    old = next(r for r in spec.regressions if (r.level, r.response) == (level, response))
    kept = tuple(other for other in old.formula.terms if other != term)
    rival = Rival("other", (replace(old, formula=replace(old.formula, terms=kept)),))
    return replace(spec, rivals=(rival,), question=replace(question, rival="other"))


@given(models())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_written_models_read_back_equal(spec: ModelSpec) -> None:
    assert problems_of(spec) == ()
    text = dumps(spec)
    again = loads(text)
    assert again == spec
    assert dumps(again) == text
    assert spec_hash(again) == spec_hash(spec)


@given(models())
@settings(
    deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
def test_rivals_are_models_that_read_back_equal(spec: ModelSpec) -> None:
    for rival in spec.rivals:
        other = check(rival_spec(spec, rival.name))
        assert loads(dumps(other)) == other
        assert spec_hash(other) != spec_hash(spec)
        assert other.question is None
        assert other.rivals == ()


@given(st.data())
@settings(deadline=None, max_examples=300)
def test_damaged_files_are_read_or_refused(data) -> None:
    text = dumps(load_model("adaptation"))
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    patch = data.draw(st.sampled_from(["", " ", '"', "[", "]", "=", "1", "x", "\n", "[team]\n", "{}", "| a"]))
    problems: tuple[Problem, ...] = ()
    try:
        spec = loads(text[:start] + patch + text[end:])
    except SpecError as error:
        problems = error.problems
    else:
        assert loads(dumps(spec)) == spec
    assert all(problem.where and problem.what for problem in problems)
