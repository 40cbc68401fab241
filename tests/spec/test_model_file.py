"""Model files: what is read, and one readable problem for everything that is wrong with one."""

# ruff: noqa: E501  (the table of bad texts keeps one case to a line)

from __future__ import annotations

import pytest

from coefficacy.errors import SpecError
from coefficacy.spec import FamilySpec, GroupTerm, Level, Question, dumps, loads

MODEL = """
[about]
title = "A title"
[levels]
person = "person_id"
team = "team_id"
layer = "layer"
[measures.collective_efficacy]
items = ["ce_*"]
family = "ordinal"
scale = [1, 5]
[measures.self_efficacy]
items = ["se_1", "se_2", "se_3"]
[person]
collective_efficacy = "self_efficacy"
[team]
collective_efficacy = "self_efficacy + prior + (1 | layer)"
adaptation = "collective_efficacy * authority + self_efficacy + (1 | layer)"
[families]
adaptation = "gaussian"
[rivals.without.team]
adaptation = "self_efficacy + (1 | layer)"
[priors]
"team.adaptation ~ collective_efficacy" = "Normal(0, 0.5)"
[question]
effect = "team.adaptation ~ collective_efficacy"
rival = "without"
"""

# What is replaced in MODEL (None: the whole of it), by what, and what the message must hold.
BAD: list[tuple[str | None, str, list[str]]] = [
    # the file
    (None, "[levels]\nperson = person_id\n", ["<model>: not valid TOML", "line 2"]),
    (None, '[question]\neffect = "y ~ x"', ["levels: no level is given."]),
    (None, "", ["levels: no level is given.", 'person = "person_id"']),
    (None, '[levels]\nperson = "id"', ["measures: the model has no measure and no equation."]),
    ("[families]", "[families]\n[families]", ["not valid TOML"]),
    (None, "a = " + "[" * 5000, ["nested too deeply"]),
    ("[about]", "[abuot]", ["abuot: unknown section 'abuot'.", "Did you mean 'about'?"]),
    ("[team]", "[taem]", ["taem: unknown section 'taem'.", "Did you mean 'team'?"]),
    ("\n[about]", 'title = "t"\n[about]', ["title: stands outside any section.", "Put it under [about]."]),
    ("[families]", "[curves.learning]\nform = 1\n[families]", ["curves: this section is not part of the format yet"]),
    ("[families]", "[mixture]\n[families]", ["mixture: this section is not part of the format yet"]),
    ("[families]", "[tables]\n[families]", ["tables: this section is not part of the format yet"]),
    ('title = "A title"', "title = 3", ["about.title: 3 does not fit.", "Write a text in quotes"]),
    ('title = "A title"', 'titel = "t"', ["about: unknown key 'titel'.", "Did you mean 'title'?"]),
    ('title = "A title"', 'references = "one"', ["about.references: 'one' does not fit.", "Write a list of texts"]),
    # levels
    ('layer = "layer"', "layer = 3", ["levels.layer: 3 does not fit.", "a text or a list of texts"]),
    ('layer = "layer"', "layer = []", ["levels.layer: [] does not fit."]),
    ('layer = "layer"', 'layer = ["a", "a"]', ["levels.layer: the key ['a', 'a'] must name one or more different"]),
    ('layer = "layer"', 'layer = "team_id"', ["levels.layer: has the same key as 'team'."]),
    ('layer = "layer"', 'layer = "layer"\nquestion = "q"', ["levels.question: 'question' is kept for another use."]),
    ('layer = "layer"', 'layer = "layer"\nchain = "q"', ["levels.chain: 'chain' is kept for another use."]),
    ('layer = "layer"', 'layer = "layer"\n"the firm" = "q"', ["'the firm' is no name.", "Names start with a letter"]),
    # measures
    ('items = ["ce_*"]\n', "", ["measures.collective_efficacy: no items.", 'items = ["q1", "q2"]']),
    ('["ce_*"]', '"ce_*"', ["measures.collective_efficacy.items: 'ce_*' does not fit.", "Write a list of texts"]),
    ('["ce_*"]', '["ce_*", "ce_*"]', ["collective_efficacy.items: an item is given twice."]),
    ('["ce_*"]', '["ce_*", "se_1"]', ["self_efficacy.items: 'se_1' is an item of 'collective_efficacy' too."]),
    ('"ordinal"', '"ordnal"', ["collective_efficacy.family: unknown family 'ordnal'.", "Did you mean 'ordinal'?"]),
    ('"ordinal"', '"poisson"', ["unknown family 'poisson'. Known: bernoulli, gaussian, ordinal."]),
    ('"ordinal"', '"ordinal"\nlink = "log"', ["collective_efficacy.link: 'log' is no link of ordinal.", "logit, probit"]),
    ('"ordinal"', '"ordinal"\nscales = [1, 5]', ["measures.collective_efficacy: unknown key 'scales'.", "'scale'?"]),
    ('"ordinal"', '"ordinal"\nlevel = "taem"', ["collective_efficacy.level: unknown level 'taem'.", "'team'?"]),
    ('"ordinal"', '"ordinal"\naggregate = "mean"', ["unknown aggregate 'mean'. Known: members, population."]),
    ('"ordinal"', '"ordinal"\nloadings = "fre"', ["unknown loadings 'fre'.", "Did you mean 'free'?"]),
    ('"ordinal"', '"ordinal"\nform = "tau"', ["unknown form 'tau'. Known: congeneric, parallel."]),
    ('"ordinal"', '"ordinal"\nitem_residuals = "no"', ["item_residuals: 'no' does not fit. Write true or false."]),
    ("[1, 5]", "[5, 1]", ["collective_efficacy.scale: [5, 1] is not in order."]),
    ("[1, 5]", "[1.5, 5]", ["collective_efficacy.scale: [1.5, 5] is not of whole numbers."]),
    ("[1, 5]", "[1, 5, 7]", ["collective_efficacy.scale: [1, 5, 7] does not fit. Write two numbers"]),
    ("[1, 5]", "[1, true]", ["collective_efficacy.scale: [1, True] does not fit."]),
    ("[1, 5]", "[1, inf]", ["collective_efficacy.scale: [1, inf] does not fit."]),
    ("[1, 5]", '[1, 5]\nreversed = ["se_2"]', ["reversed: 'se_2' is none of the items. Known: ce_*."]),
    ("scale = [1, 5]", 'reversed = ["ce_2"]', ["reversed: reversed items need the ends of their scale."]),
    ('family = "ordinal"\nscale = [1, 5]', 'family = "bernoulli"\nscale = [1, 5]', ["[1, 5] is not [0, 1]."]),
    ("[1, 5]", "[1, 5]\nreliability = 0.8", ["reliability: is for gaussian items; 'collective_efficacy' is ordinal.",
                                             "reliability: is for a measure of one item."]),
    ("[1, 5]", '[1, 5]\nsd = "se"', ["sd: is for gaussian items"]),
    ('["se_1", "se_2", "se_3"]', '["se_1"]\nreliability = 0', ["reliability: 0 is not above 0 and up to 1."]),
    ('["se_1", "se_2", "se_3"]', '["se_1"]\nreliability = 1\nsd = "s"', ["say the same thing twice."]),
    ('["se_1", "se_2", "se_3"]', '["se_1"]\nloadings = "free"', ["loadings: 'free' needs two items or more."]),
    ('["ce_*"]', '["ce_*"]\nloadings = "free"\nform = "parallel"', ["parallel items have one loading"]),
    ("[1, 5]", '[1, 5]\nlevel = "layer"\naggregate = "members"', ["'members' needs items answered by the members"]),
    ("[1, 5]", '[1, 5]\nlevel = "layer"\nloadings = "free"', ["'free' needs a level above the items."]),
    ("[1, 5]", '[1, 5]\nlevel = "layer"', ["'collective_efficacy' is measured at layer, above person.", "[layer]"]),
    ("[measures.self_efficacy]", "[measures.team]", ["measures.team: 'team' is a level as well."]),
    ("[measures.self_efficacy]", "[measures.latent]", ["measures.latent: 'latent' is kept for another use."]),
    ("[measures.self_efficacy]", "[measures.'self efficacy']", ["'self efficacy' is no name."]),
    ("[measures.self_efficacy]", "[measures]\nx = 1\n[measures.self_efficacy]", ["measures.x: 1 is not a table."]),
    # equations
    ('"self_efficacy + prior', '"log(prior)', ["team.collective_efficacy: 'log(prior)': unknown function 'log'."]),
    ('"self_efficacy + prior', '"prior - 1', ["team.collective_efficacy: '-1' would take the intercept out"]),
    ('= "self_efficacy"', "= 3", ["person.collective_efficacy: 3 does not fit."]),
    ('= "self_efficacy"', '= "self_efficacy"\nG.HRS = "x"', ["person.G: {'HRS': 'x'} does not fit."]),
    ('= "self_efficacy"', '= "self_efficacy"\n"G.HRS" = "x"', ["person.G.HRS: 'G.HRS' on the left-hand side is no name"]),
    ('adaptation = "coll', '"cor(adaptation, x)" = "x"\nadaptation = "coll', ["a function on the left-hand side is not"]),
    ('adaptation = "coll', 'layer = "x"\nadaptation = "coll', ["team.layer: 'layer' is a level, not an outcome."]),
    ('adaptation = "coll', 'latent = "x"\nadaptation = "coll', ["team.latent: 'latent' is kept for another use."]),
    ("prior + (1 | layer)", "prior + (1 | layr)", ["'(1 | layr)': 'layr' is no level above team.", "'layer'?"]),
    ("prior + (1 | layer)", "prior + (1 | person)", ["'person' is no level above team. Known: layer."]),
    ("prior + (1 | layer)", "prior + layer", ["'layer' is a level, not a column.", "Write (1 | layer)"]),
    ("prior + (1 | layer)", "mean(self_efficacy)", ["'self_efficacy' is a measure, which has a team value of its own"]),
    ('= "self_efficacy"', '= "mean(age)"', ["'mean(age)': there is no level below person.", "Write age."]),
    ('= "self_efficacy"', '= "self_efficacy + (1 | team)"', ["is a deviation from its team", "(0 + x | team)"]),
    ('= "self_efficacy"', '= "age + (1 + age | layer)"', ["takes (1 | layer) under [team]", "(0 + age | layer)"]),
    ('"self_efficacy + prior', '"adaptation + prior', ["team: a cycle: ", "collective_efficacy", "adaptation"]),
    ('"self_efficacy + prior', '"collective_efficacy', ["a cycle: collective_efficacy -> collective_efficacy."]),
    ('"self_efficacy + prior', '"adaptation:prior', ["team: a cycle: "]),
    ('= "self_efficacy"', '= "self_efficacy"\nadaptation = "age"',
     ["'adaptation' is a column with equations at person and team.", '[measures.adaptation]']),
    # families
    ('adaptation = "gaussian"', 'adaptation = "gausian"', ["unknown family 'gausian'.", "Did you mean 'gaussian'?"]),
    ('adaptation = "gaussian"', 'adaption = "gaussian"', ["no equation has 'adaption'", "Did you mean 'adaptation'?"]),
    ('adaptation = "gaussian"', 'self_efficacy = "gaussian"', ["'self_efficacy' is a measure.", "[measures.self_efficacy]"]),
    ('adaptation = "gaussian"', 'adaptation = { family = "poisson", link = "logit" }', ["'logit' is no link of poisson."]),
    ('adaptation = "gaussian"', 'adaptation = { family = "poisson", scale = 2 }', ["is for gaussian outcomes"]),
    ('adaptation = "gaussian"', "adaptation = { scale = -1 }", ["families.adaptation.scale: -1 is not above 0."]),
    ('adaptation = "gaussian"', "adaptation = { locaton = 5 }", ["unknown key 'locaton'.", "'location'?"]),
    ('adaptation = "gaussian"', "adaptation = 1", ["families.adaptation: 1 is not a table."]),
    # priors
    ('"Normal(0, 0.5)"', '"Normal(0)"', ['priors."team.adaptation ~ collective_efficacy": ', "arguments is 1, not 2"]),
    ('"Normal(0, 0.5)"', "0.5", ['priors."team.adaptation ~ collective_efficacy": 0.5 does not fit.']),
    ('"team.adaptation ~ coll', '"team.adaptaton ~ coll', ["no such parameter.", "Did you mean 'team.adaptation ~"]),
    ('"team.adaptation ~ coll', '"adaptation ~ coll', ["no such parameter.", "Did you mean 'team.adaptation ~"]),
    ("[priors]", '[priors]\n"sd(team.adaptation)" = "Normal(0, 1)"', ["allows negative values", "'HalfNormal'?"]),
    ("[priors]", '[priors]\n"cor(team)" = "Normal(0, 1)"', ["no prior of correlations. Write LKJ(2)."]),
    ("[priors]", '[priors]\n"team.adaptation ~ 1" = "LKJ(2)"', ["is for correlations only."]),
    ("[priors]", '[priors]\n"sd(person.self_efficacy)" = "HalfNormal(1)"', ["is fixed at 1: it sets the scale"]),
    ("[priors]", '[priors]\n"team.adaptation~collective_efficacy" = "Normal(0, 1)"', ["is given twice."]),
    # rivals
    ("[rivals.without.team]", "[rivals.without.taem]", ["rivals.without: unknown level 'taem'.", "'team'?"]),
    ("[rivals.without.team]", "[rivals.without.person]", ["rivals.without.person.adaptation: the model itself has no"]),
    ("[rivals.without.team]", "[rivals.'with out'.team]", ["'with out' is no name."]),
    ("[rivals.without.team]\nadaptation =", "[rivals.without.team]\nadaption =", ["Did you mean 'team.adaptation'?"]),
    ("[rivals.without.team]\n", "[rivals.other]\n[rivals.without.team]\n", ["rivals.other: changes no equation."]),
    ('[rivals.without.team]\nadaptation = "self_efficacy', '[rivals.without.team]\nadaptation = "adaptation',
     ["rivals.without.team: a cycle: adaptation -> adaptation."]),
    ('[rivals.without.team]\nadaptation = "self_efficacy + (1 | layer)"',
     '[rivals.without.team]\nadaptation = "collective_efficacy * authority + self_efficacy + (1 | layer)"',
     ["rivals.without: is the same as the model.", "has the effect 'team.adaptation ~ collective_efficacy' too."]),
    # question
    ("[question]\neffect =", "[question]\nefect =", ["unknown key 'efect'.", "question: no effect."]),
    ('effect = "team.adaptation ~ collective', 'effect = "team.adaptation ~ colective', ["no effect 'team.", "Did you mean"]),
    ('effect = "team.adaptation ~ coll', 'effect = "layer.adaptation ~ coll', ["the model has no effect 'layer."]),
    ('effect = "team.adaptation ~ collective_efficacy"', 'effect = "team.adaptation ~ 1"', ["no effect 'team.adaptation ~ 1'"]),
    ('rival = "without"', 'rival = "witout"', ["unknown rival 'witout'.", "Did you mean 'without'?"]),
    ('rival = "without"', 'direction = "up"', ["unknown direction 'up'. Known: negative, positive."]),
    ('rival = "without"', "rope = [0.1, -0.1]", ["question.rope: [0.1, -0.1] is not in order."]),
    ('rival = "without"', "rope = 0.1", ["question.rope: 0.1 does not fit. Write two numbers"]),
]  # fmt: skip


def test_model_itself_is_read() -> None:
    spec = loads(MODEL)
    assert spec.title == "A title"
    assert spec.lowest == Level("person", ("person_id",))
    assert spec.regressions[1].formula.groups == (GroupTerm("layer"),)
    assert spec.families == (("adaptation", FamilySpec()),)
    assert spec.question == Question("team", "adaptation", "collective_efficacy", rival="without")


def test_the_table_is_long_enough() -> None:
    assert len(BAD) >= 40


@pytest.mark.parametrize(("old", "new", "fragments"), BAD, ids=lambda value: repr(value)[:40])
def test_refuses(old: str | None, new: str, fragments: list[str]) -> None:
    assert old is None or MODEL.count(old) >= 1
    text = new if old is None else MODEL.replace(old, new, 1)
    with pytest.raises(SpecError) as caught:
        loads(text)
    message = str(caught.value)
    assert [fragment for fragment in fragments if fragment not in message] == []
    assert all(line.startswith("<model>: ") for line in message.splitlines() if line)
    assert len(caught.value.problems) <= 3, message


def test_collects_problems_of_all_sections() -> None:
    text = MODEL
    for old, new in [
        ('"A title"', "1"),
        ('"ordinal"', '"ordnal"'),
        ('"gaussian"', '"gausian"'),
        ("Normal(0, 0.5)", "Normal(0)"),
        ('rival = "without"', 'rival = "witout"'),
        ("prior + (1 | layer)", "prior + (1 | layr)"),
    ]:
        text = text.replace(old, new, 1)
    with pytest.raises(SpecError) as caught:
        loads(text, where="my.toml")
    places = [problem.where.removeprefix("my.toml: ") for problem in caught.value.problems]
    assert sorted(places) == sorted(
        [
            "about.title",
            "measures.collective_efficacy.family",
            "families.adaptation.family",
            'priors."team.adaptation ~ collective_efficacy"',
            "question.rival",
            "team.collective_efficacy",
        ]
    )


def test_a_broken_equation_hides_no_other_problem_and_makes_none_up() -> None:
    text = MODEL.replace("collective_efficacy * authority", "log(collective_efficacy)").replace(
        "= [1, 5]", "= [5, 1]"
    )
    with pytest.raises(SpecError) as caught:
        loads(text)
    assert [problem.where for problem in caught.value.problems] == [
        "<model>: team.adaptation",
        "<model>: measures.collective_efficacy.scale",
    ]


@pytest.mark.parametrize(
    "written", ["adaptation ~ collective_efficacy", "team.adaptation~collective_efficacy"]
)
def test_effect_may_leave_out_level_and_spaces(written: str) -> None:
    text = MODEL.replace('effect = "team.adaptation ~ collective_efficacy"', f'effect = "{written}"')
    assert loads(text) == loads(MODEL)


def test_effect_without_a_level_is_the_highest_one() -> None:
    text = MODEL.partition("[rivals")[0] + '[question]\neffect = "collective_efficacy ~ self_efficacy"\n'
    assert loads(text).question == Question("team", "collective_efficacy", "self_efficacy")


def test_order_of_factors_does_not_count() -> None:
    text = MODEL.replace(
        '"team.adaptation ~ collective_efficacy" =', '"team.adaptation ~ authority:collective_efficacy" ='
    ).replace(
        'effect = "team.adaptation ~ collective_efficacy"',
        'effect = "adaptation ~ authority : collective_efficacy"',
    )
    spec = loads(text)
    assert spec.priors[0][0] == "team.adaptation ~ collective_efficacy:authority"
    assert spec.question is not None
    assert spec.question.term == "collective_efficacy:authority"


def test_sections_may_stand_in_any_order() -> None:
    person, team = MODEL.index("[person]"), MODEL.index("[team]")
    families = MODEL.index("[families]")
    swapped = MODEL[:person] + MODEL[team:families] + MODEL[person:team] + MODEL[families:]
    assert loads(swapped) == loads(MODEL)


def test_writes_short_lists_on_one_line_and_long_ones_not() -> None:
    long = [f"an_item_with_a_long_name_{i}" for i in range(9)]
    text = dumps(loads(MODEL.replace('["se_1", "se_2", "se_3"]', str(long).replace("'", '"'))))
    assert "scale = [1, 5]" in text
    assert "items = [\n" in text
    assert loads(text).measures[1].items == tuple(long)
