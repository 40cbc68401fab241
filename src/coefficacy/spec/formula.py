"""Right-hand sides of equations: from text to a :class:`Formula`, nothing evaluated.

The text goes through the scanner and parser of formulae, and the syntax tree is walked against an allow-list:
names, ``+``, ``:``, ``*``, parentheses, ``1``, random effects and the functions of `FUNCTIONS`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import Any

from coefficacy.errors import Problem, SpecError, did_you_mean
from coefficacy.spec.model import Factor, Formula, GroupTerm, Term

__all__ = ["FUNCTIONS", "is_column_name", "is_name", "parse_formula"]

FUNCTIONS: dict[str, str] = {
    "mean": "mean of a column of the level below",
    "sd": "logarithm of the SD of a latent among the members of a unit",
}
"""Functions a formula may use, each of one name, and what they stand for."""

MAX_TERMS = 200
MAX_LENGTH = 5_000
_OPERATORS_MEND = "Use '+', ':' and '*'; put anything else in a column and name that."


@dataclass(frozen=True, slots=True)
class _Implied:
    """A term that a product holds besides itself, such as `a` in ``a * b``."""

    term: Term


type _Part = Term | _Implied | GroupTerm | int
"""What a sum is made of; the integers are the ``1`` and ``0`` of an intercept."""


def parse_formula(text: str, *, where: str = "<formula>") -> Formula:
    """Read the right-hand side of an equation.

    Parameters
    ----------
    text : e.g. ``"collective_efficacy * authority + mean(tenure) + (1 + competence | layer)"``
    where : file and key for error messages

    Returns
    -------
    Formula
        Products expanded, terms in the order written.

    Raises
    ------
    SpecError
        If the text holds anything that is not on the allow-list, names a term twice, or is no formula.

    Examples
    --------
    >>> str(parse_formula("a * b + (x | layer)"))
    'a + b + a:b + (1 + x | layer)'
    """
    walker = _Walker(where)
    try:
        tree, names = _syntax_tree(text, where)
        formula = walker.formula(tree)
    except RecursionError:
        problem = Problem(where, "the formula is nested too deeply.", "Write it as a plain sum.")
        raise SpecError(problem) from None
    if walker.problems:
        raise SpecError(dict.fromkeys(walker.problems))
    if names != _names(formula):
        raise SpecError(
            Problem(where, f"'{text}' does not read back the same as '{formula}'.", "Write it that way.")
        )
    return formula


def _syntax_tree(text: str, where: str) -> tuple[Any, frozenset[str]]:
    """Return the syntax tree of `text` and the names it holds, functions left out."""
    if not text.strip():
        raise SpecError(Problem(where, "the formula is empty.", "Write '1' for an intercept alone."))
    if len(text) > MAX_LENGTH:
        raise SpecError(Problem(where, f"the formula is longer than {MAX_LENGTH} characters.", "Shorten it."))
    from formulae.parser import ParseError, Parser
    from formulae.scanner import ScanError, Scanner

    mend = "Use names, '+', ':', '*', parentheses, '1' and (1 | group)."
    try:
        tokens = Scanner(text).scan(add_intercept=False)
        parser = Parser(tokens)
        tree = parser.parse()
    except (ScanError, ParseError, ValueError, IndexError) as error:
        raise SpecError(Problem(where, f"'{text}' is not a formula ({_first_line(error)}).", mend)) from None
    if not parser.at_end():
        rest = " ".join(token.lexeme for token in tokens[parser.current : -1])
        raise SpecError(Problem(where, f"'{text}' cannot be read from '{rest}' on.", mend))
    following = [*tokens[1:], tokens[-1]]
    names = frozenset(
        token.lexeme
        for token, after in zip(tokens, following)
        if token.kind == "IDENTIFIER" and after.kind != "LEFT_PAREN"
    )
    return tree, names


def is_name(text: str) -> bool:
    """Tell whether `text` may name a level, a measure, an outcome or a rival."""
    return text.isidentifier() and not text.startswith("_")


def is_column_name(text: str) -> bool:
    """Tell whether a formula can hold the column `text`: a name, with inner dots as in ``G.HRS``."""
    first, *rest = text.split(".")
    return is_name(first) and all(part and f"x{part}".isidentifier() and part[0] != "_" for part in rest)


def _first_line(error: Exception) -> str:
    line = (str(error).splitlines() or [""])[0].rstrip(".")
    ends = isinstance(error, IndexError) or line.endswith("''")
    return "it ends too early" if ends else line


def _names(formula: Formula) -> frozenset[str]:
    terms = [*formula.terms, *(term for group in formula.groups for term in group.terms)]
    names = {factor.name for term in terms for factor in term.factors}
    return frozenset(names | {group.level for group in formula.groups})


@dataclass
class _Walker:
    """Turns a syntax tree into terms and keeps every problem it meets."""

    where: str
    problems: list[Problem] = field(default_factory=list)

    def formula(self, tree: Any) -> Formula:
        parts = self.parts(tree)
        if 0 in parts:
            self.refuse("'0' would take the intercept out, which every equation has.", "Leave it out.")
        terms = self._terms(parts)
        groups = tuple(part for part in parts if isinstance(part, GroupTerm))
        for level in sorted({group.level for group in groups}):
            if sum(group.level == level for group in groups) > 1:
                self.refuse(f"two random effects of '{level}'.", f"Write one, such as (1 + x | {level}).")
        return Formula(terms, groups)

    def refuse(self, what: str, mend: str = "") -> list[_Part]:
        self.problems.append(Problem(self.where, what, mend))
        return []

    def parts(self, node: Any) -> list[_Part]:
        """Return the summands of `node`, products expanded."""
        match type(node).__name__:
            case "Variable":
                return self._variable(node)
            case "Literal":
                return self._literal(node)
            case "Call":
                return self._call(node)
            case "Grouping":
                inner = node.expression
                return self._group(inner) if _operator(inner) == "|" else self.parts(inner)
            case "Binary":
                return self._binary(node)
            case "Unary":
                return self._unary(node)
            case "QuotedName":
                return self.refuse(
                    f"{_text(node)}: names in backticks are not read.",
                    "Rename the column to letters, digits and underscores.",
                )
            case _:
                return self.refuse(f"'{_text(node)}' is not allowed.", "A formula has no '='.")

    def _variable(self, node: Any) -> list[_Part]:
        name = node.name.lexeme
        if node.level is not None:
            return self.refuse(f"'{_text(node)}' is not allowed.", f"Write '{name}'; its levels follow.")
        if not self._named(name):
            return []
        return [Term((Factor(name),))]

    def _named(self, name: str) -> bool:
        if is_column_name(name):
            return True
        self.refuse(f"'{name}' is no name.", "Names start with a letter; letters, digits and '_' follow.")
        return False

    def _literal(self, node: Any) -> list[_Part]:
        if type(node.value) is int and node.value in (0, 1):
            return [node.value]
        return self.refuse(
            f"'{_text(node)}' is no name; the only number is 1, for the intercept.",
            "Put what you need in a column and name that.",
        )

    def _call(self, node: Any) -> list[_Part]:
        function = _text(node.callee)
        if function not in FUNCTIONS:
            mend = did_you_mean(function, FUNCTIONS)
            return self.refuse(f"'{_text(node)}': unknown function '{function}'.", mend)
        arguments = [arg for arg in node.args if type(arg).__name__ == "Variable" and arg.level is None]
        if len(node.args) != 1 or len(arguments) != 1:
            return self.refuse(f"'{_text(node)}': '{function}' takes one name.", f"Write {function}(x).")
        name = arguments[0].name.lexeme
        return [Term((Factor(name, function),))] if self._named(name) else []

    def _unary(self, node: Any) -> list[_Part]:
        if _text(node) in ("-1", "-0"):
            return self._no_minus(_text(node.right))
        return self.refuse(f"'{_text(node)}': a name takes no sign.", f"Write '{_text(node.right)}'.")

    def _binary(self, node: Any) -> list[_Part]:
        match _operator(node):
            case "+":
                return self.parts(node.left) + self.parts(node.right)
            case ":":
                return self._crossed(self.parts(node.left), self.parts(node.right), _text(node))
            case "*":
                left, right = self.parts(node.left), self.parts(node.right)
                crossed = self._crossed(left, right, _text(node))
                return sorted([*map(_implied, [*left, *right]), *crossed], key=_degree)
            case "-":
                self.parts(node.left)
                return self._no_minus(_text(node.right))
            case "|":
                return self.refuse(
                    f"'{_text(node)}': random effects stand in parentheses.", f"Write ({_text(node)})."
                )
            case operator:
                mend = "The left-hand side is the key; leave out '~'." if operator == "~" else _OPERATORS_MEND
                return self.refuse(f"'{_text(node)}': the operator '{operator}' is not allowed.", mend)

    def _no_minus(self, right: str) -> list[_Part]:
        if right in ("0", "1"):
            what = f"'-{right}' would take the intercept out, which every equation has."
            return self.refuse(what, "Leave it out; for random slopes alone write (0 + x | group).")
        return self.refuse(f"'- {right}': nothing is taken out of a formula.", f"Leave '{right}' out.")

    def _crossed(self, left: list[_Part], right: list[_Part], text: str) -> list[_Part]:
        if len(left) * len(right) > MAX_TERMS:
            return self.refuse(f"the products come to more than {MAX_TERMS} terms.", "Name those you need.")
        crossed: list[_Part] = []
        for a, b in product(map(_term, left), map(_term, right)):
            if not (isinstance(a, Term) and isinstance(b, Term)):
                mend = "Take '1' and (1 | group) out of it."
                return self.refuse(f"'{text}': only names can be multiplied.", mend)
            if set(a.factors) & set(b.factors):
                mend = "Put the square in a column."
                return self.refuse(f"'{text}': a product of a name with itself.", mend)
            crossed.append(Term(a.factors + b.factors))
        return crossed

    def _group(self, node: Any) -> list[_Part]:
        """Read ``1 + x | g``."""
        text = f"({_text(node)})"
        if type(node.right).__name__ != "Variable" or node.right.level is not None:
            what = f"'{text}': '{_text(node.right)}' is no level."
            return self.refuse(what, "Write one level after the bar.")
        parts = self.parts(node.left)
        if any(isinstance(part, GroupTerm) for part in parts):
            return self.refuse(f"'{text}': random effects inside random effects.", "Write them side by side.")
        terms = self._terms(parts)
        if 0 in parts and (1 in parts or not terms):
            what = "asks for an intercept and for none" if 1 in parts else "holds no effect"
            return self.refuse(f"'{text}' {what}.", "Write (1 | g), (1 + x | g) or (0 + x | g).")
        return [GroupTerm(node.right.name.lexeme, intercept=0 not in parts, terms=terms)]

    def _terms(self, parts: list[_Part]) -> tuple[Term, ...]:
        """Return the terms, each once; only those that two products imply may repeat."""
        seen: dict[object, _Part] = {}
        for part in parts:
            if isinstance(part, GroupTerm):
                continue
            term = _term(part)
            same = frozenset(term.factors) if isinstance(term, Term) else term
            if same not in seen:
                seen[same] = part
            elif not (isinstance(part, _Implied) and isinstance(seen[same], _Implied)):
                products = "; a * b already holds a and b." if isinstance(term, Term) else "."
                self.refuse(f"'{term}' stands there twice.", f"Write it once{products}")
        return tuple(term for part in seen.values() if isinstance(term := _term(part), Term))


def _implied(part: _Part) -> _Part:
    return _Implied(part) if isinstance(part, Term) else part


def _term(part: _Part) -> Term | GroupTerm | int:
    return part.term if isinstance(part, _Implied) else part


def _degree(part: _Part) -> int:
    term = _term(part)
    return len(term.factors) if isinstance(term, Term) else 0


def _operator(node: Any) -> str:
    return str(node.operator.lexeme) if type(node).__name__ == "Binary" else ""


def _text(node: Any) -> str:
    """Return `node` as it was written, spaces apart."""
    match type(node).__name__:
        case "Variable":
            return node.name.lexeme + (f"[{node.level.value}]" if node.level is not None else "")
        case "Literal":
            return str(node.lexeme or node.value)
        case "QuotedName":
            return str(node.expression.lexeme)
        case "Grouping":
            return f"({_text(node.expression)})"
        case "Unary":
            return node.operator.lexeme + _text(node.right)
        case "Call":
            return f"{_text(node.callee)}({', '.join(map(_text, node.args))})"
        case "Assign":
            return f"{_text(node.name)} = {_text(node.value)}"
        case _:
            return f"{_text(node.left)} {node.operator.lexeme} {_text(node.right)}"
