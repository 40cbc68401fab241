"""Right-hand sides: what is read, what is refused, and that nothing is ever evaluated."""

from __future__ import annotations

import builtins
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coefficacy.errors import Problem, SpecError
from coefficacy.spec import Factor, Formula, GroupTerm, Term, parse_formula
from coefficacy.spec.formula import is_column_name

READ = {
    "1": "1",
    "a": "a",
    "1 + a": "a",
    "a + (1)": "a",
    "a\n + b": "a + b",
    "a + b:c": "a + b:c",
    "a * b": "a + b + a:b",
    "a*b*c": "a + b + c + a:b + a:c + b:c + a:b:c",
    "a*b + a*c": "a + b + a:b + c + a:c",
    "a*b*c + c*d": "a + b + c + a:b + a:c + b:c + a:b:c + d + c:d",
    "(x*z + x*w | g)": "(1 + x + z + x:z + w + x:w | g)",
    "a:(b + c)": "a:b + a:c",
    "(a + b)*(c + d)": "a + b + c + d + a:c + a:d + b:c + b:d",
    "mean(x):z": "mean(x):z",
    "mean + mean(x)": "mean + mean(x)",
    "(1|g)": "(1 | g)",
    "(x | g)": "(1 + x | g)",
    "(0 + x | g)": "(0 + x | g)",
    "(x*z | g) + a": "a + (1 + x + z + x:z | g)",
    "(1 | g) + (0 + x | h)": "(1 | g) + (0 + x | h)",
    "G.HRS + V.1": "G.HRS + V.1",
    "größe": "größe",
}

REFUSED = {
    "": ("empty", "Write '1'"),
    "  \n": ("empty", "Write '1'"),
    "a +": ("it ends too early", "Use names"),
    "(a": ("Expect ')'", "Use names"),
    "a b": ("cannot be read from 'b' on", "Use names"),
    "a, b": ("cannot be read from ', b' on", "Use names"),
    "lambda x: x": ("cannot be read from 'x : x' on", "Use names"),
    "a - 1": ("take the intercept out", "(0 + x | group)"),
    "-1 + a": ("take the intercept out", "(0 + x | group)"),
    "0 + a": ("take the intercept out", "Leave it out"),
    "a - b": ("nothing is taken out", "Leave 'b' out"),
    "+a": ("takes no sign", "Write 'a'"),
    "a + a": ("'a' stands there twice", "Write it once"),
    "1 + 1": ("'1' stands there twice", "Write it once"),
    "a*b + a*b": ("'a:b' stands there twice", "Write it once"),
    "a*b*c + b:a": ("'b:a' stands there twice", "Write it once"),
    "a + a*b": ("'a' stands there twice", "Write it once"),
    "a*b + a": ("'a' stands there twice", "a * b already holds a and b"),
    "a:b + b:a": ("'b:a' stands there twice", "Write it once"),
    "a:a": ("a name with itself", "square in a column"),
    "a*a": ("a name with itself", "square in a column"),
    "a ** 2": ("operator '**' is not allowed", "put anything else in a column"),
    "a / b": ("operator '/' is not allowed", "put anything else in a column"),
    "a == b": ("operator '==' is not allowed", "put anything else in a column"),
    "a < b": ("operator '<' is not allowed", "put anything else in a column"),
    "y ~ a": ("operator '~' is not allowed", "left-hand side is the key"),
    "a % b": ("cannot be read from '% b' on", "Use names"),
    "2": ("'2' is no name", "the only number is 1"),
    "1.0": ("'1.0' is no name", "Put what you need in a column"),
    "True": ("'True' is no name", "Put what you need in a column"),
    "²": ("is not a formula", "Use names"),
    "'a'": ("is no name", "Put what you need in a column"),
    "'a": ("Unterminated", "Use names"),
    "`a b`": ("backticks", "Rename the column"),
    "`a": ("it ends too early", "Use names"),
    "a[b]": ("'a[b]' is not allowed", "Write 'a'"),
    "a = b": ("'a = b' is not allowed", "no '='"),
    "log(x)": ("unknown function 'log'", "Known: mean"),
    "maen(x)": ("unknown function 'maen'", "Did you mean 'mean'?"),
    "I(a)": ("unknown function 'I'", "Known: mean"),
    "{a + 1}": ("unknown function 'I'", "Known: mean"),
    "mean()": ("'mean' takes one name", "Write mean(x)"),
    "mean(a, b)": ("'mean' takes one name", "Write mean(x)"),
    "mean(a + b)": ("'mean' takes one name", "Write mean(x)"),
    "mean(mean(a))": ("'mean' takes one name", "Write mean(x)"),
    "mean(x)(y)": ("unknown function 'mean(x)'", "Known: mean"),
    "_a": ("Unexpected character: _", "Use names"),
    "a.": ("'a.' is no name", "start with a letter"),
    "a.__class__": ("'a.__class__' is no name", "start with a letter"),
    "a; b": ("Unexpected character: ;", "Use names"),
    "1 | g": ("stand in parentheses", "Write (1 | g)"),
    "(1 || g)": ("is not a formula", "Use names"),
    "(0 | g)": ("holds no effect", "(0 + x | g)"),
    "(0 + 1 | g)": ("asks for an intercept and for none", "(0 + x | g)"),
    "(1 | g) + (0 + x | g)": ("two random effects of 'g'", "(1 + x | g)"),
    "(1 | g):a": ("only names can be multiplied", "out of it"),
    "1:a": ("only names can be multiplied", "out of it"),
    "((1 | g) | h)": ("inside random effects", "side by side"),
    "(1 | g:h)": ("'g : h' is no level", "one level after the bar"),
    "(1 | 1)": ("'1' is no level", "one level after the bar"),
    "(x + x | g)": ("'x' stands there twice", "Write it once"),
    "*".join("abcdefghijklmnopqrst"): ("more than 200 terms", "Name those you need"),
    "a" * 6000: ("longer than", "Shorten it"),
    "(" * 2000 + "a" + ")" * 2000: ("nested too deeply", "plain sum"),
}

EVIL = [
    "__import__('os').system('touch {}')",
    "os.system('touch {}')",
    'eval(\'open("{}", "w")\')',
    "mean(__import__('os').system('touch {}'))",
    "mean(open('{}', 'w'))",
    "(open('{}', 'w') | g)",
    '(1 | exec(\'open("{}", "w")\'))',
    "a:open('{}', 'w')",
    "{{open('{}', 'w')}}",
    "I(open('{}', 'w'))",
    "`open('{}', 'w')`",
    "a[open('{}', 'w')]",
    "a + mean(x = open('{}', 'w'))",
]


@pytest.mark.parametrize(("text", "canonical"), READ.items())
def test_reads(text: str, canonical: str) -> None:
    formula = parse_formula(text)
    assert str(formula) == canonical
    assert parse_formula(canonical) == formula


@pytest.mark.parametrize(("text", "fragments"), REFUSED.items(), ids=lambda value: repr(value)[:30])
def test_refuses(text: str, fragments: tuple[str, str]) -> None:
    with pytest.raises(SpecError) as caught:
        parse_formula(text, where="m.toml: team.y")
    problem = caught.value.problems[0]
    assert problem.where == "m.toml: team.y"
    assert fragments[0] in problem.what
    assert fragments[1] in str(problem)
    assert problem.mend


def test_collects_every_problem_of_a_formula() -> None:
    with pytest.raises(SpecError) as caught:
        parse_formula("log(x) + a ** 2 + `b` - 1")
    assert len(caught.value.problems) == 4


@pytest.mark.parametrize("text", EVIL)
def test_never_evaluates(text: str, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    parse_formula("a")
    called: list[str] = []
    for name in ("eval", "exec", "compile", "open", "__import__"):
        real = getattr(builtins, name)
        if name != "__import__":
            monkeypatch.setattr(builtins, name, lambda *_, _name=name, **__: called.append(_name))
        else:
            monkeypatch.setattr(
                builtins,
                name,
                lambda *a, _real=real, **k: (called.append(a[0]) if a[0] == "os" else None, _real(*a, **k))[
                    1
                ],
            )
    monkeypatch.setattr(os, "system", lambda *_: called.append("system"))
    target = tmp_path / "evaluated"
    try:
        parse_formula(text.format(target))
    except SpecError:
        refused = True
    else:
        refused = False
    monkeypatch.undo()
    assert refused
    assert called == []
    assert not target.exists()


NAMES = st.sampled_from(["a", "b", "c", "long_name", "G.HRS", "x1", "größe"])
FACTORS = st.builds(Factor, NAMES, st.sampled_from(["", "", "mean"]))
TERMS = st.lists(FACTORS, min_size=1, max_size=3, unique=True).map(lambda fs: Term(tuple(fs)))
SUMS = st.lists(TERMS, max_size=5, unique_by=lambda term: frozenset(term.factors)).map(tuple)


@st.composite
def group_terms(draw, level: str) -> GroupTerm:
    terms = draw(SUMS)
    return GroupTerm(level, intercept=not terms or draw(st.booleans()), terms=terms)


@st.composite
def formulas(draw) -> Formula:
    levels = draw(st.lists(st.sampled_from(["team", "layer"]), unique=True))
    return Formula(draw(SUMS), tuple(draw(group_terms(level)) for level in levels))


@given(formulas())
@settings(deadline=None)
def test_every_formula_reads_back(formula: Formula) -> None:
    assert parse_formula(str(formula)) == formula


@given(st.text(alphabet="ab1 0+-*:/|()~.,'`[]{}=_²\n", max_size=25))
@settings(deadline=None, max_examples=400)
def test_any_text_is_read_or_refused(text: str) -> None:
    problems: tuple[Problem, ...] = ()
    try:
        formula = parse_formula(text)
    except SpecError as error:
        problems = error.problems
    else:
        assert parse_formula(str(formula)) == formula
    assert all(problem.what and problem.mend for problem in problems)


@pytest.mark.parametrize(
    ("name", "allowed"),
    [("a", True), ("a_1", True), ("G.HRS", True), ("V.1", True), ("", False), ("1a", False), ("a b", False),
     ("_a", False), ("a._b", False), ("a..b", False), ("a-b", False)],
)  # fmt: skip
def test_column_names(name: str, allowed: bool) -> None:
    assert is_column_name(name) is allowed
