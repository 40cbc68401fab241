"""A model as a value: what a model file says, validated on construction, nothing evaluated."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

__all__ = [
    "Aggregate",
    "EstimandSpec",
    "Factor",
    "FamilySpec",
    "Formula",
    "GroupTerm",
    "Level",
    "Measure",
    "ModelSpec",
    "PriorSpec",
    "Question",
    "Regression",
    "Rival",
    "Term",
]

type Aggregate = Literal["population", "members"]
type ItemFamily = Literal["gaussian", "ordinal", "bernoulli"]
type OutcomeFamily = Literal["gaussian", "bernoulli", "poisson", "negative_binomial", "ordinal", "beta"]
type Form = Literal["congeneric", "parallel"]


@dataclass(frozen=True, slots=True)
class Level:
    """A level of units, with the column or columns that identify one unit."""

    name: str
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """A latent and the items that measure it.

    Attributes
    ----------
    items : column names or shell patterns (``"ce_*"``), as written
    family : distribution of one answer
    link : ``"identity"`` (gaussian), ``"logit"`` (default) or ``"probit"``
    level : the level whose table holds the items; empty: the lowest one
    aggregate : the team's value is that of the population its members were drawn from (doubly latent) or
        the mean of its members
    scale : lowest and highest possible answer, or None
    reversed : items (names or patterns) whose scale runs the other way
    loadings : equal across levels, or free at the upper one
    form : congeneric items, or parallel ones (one loading, one residual, no team-level item residuals)
    item_residuals : team-level item residuals (on by default for two or more items)
    reliability : of a single gaussian item, in (0, 1]; None: observed without error
    sd : column with the known standard error of a single gaussian item
    specific : sets of items that share a factor of their own beside the measure (bifactor): name of the set
        to items or patterns, as written; independent of the measure and of each other, at both levels
    """

    name: str
    items: tuple[str, ...]
    family: ItemFamily = "gaussian"
    link: str = ""
    level: str = ""
    aggregate: Aggregate = "population"
    scale: tuple[float, float] | None = None
    reversed: tuple[str, ...] = ()
    loadings: Literal["equal", "free"] = "equal"
    form: Form = "congeneric"
    item_residuals: bool = True
    reliability: float | None = None
    sd: str = ""
    specific: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Factor:
    """A name in a formula, possibly under an allow-listed function: ``x`` or ``mean(x)``."""

    name: str
    function: str = ""

    def __str__(self) -> str:
        return f"{self.function}({self.name})" if self.function else self.name


@dataclass(frozen=True, slots=True)
class Term:
    """A product of factors; one factor is a main effect."""

    factors: tuple[Factor, ...]

    def __str__(self) -> str:
        return ":".join(map(str, self.factors))


@dataclass(frozen=True, slots=True)
class GroupTerm:
    """Random effects of a level above: ``(1 + x | layer)``; `terms` are the slopes."""

    level: str
    intercept: bool = True
    terms: tuple[Term, ...] = ()

    def __str__(self) -> str:
        inner = " + ".join(["1" if self.intercept else "0", *map(str, self.terms)])
        return f"({inner} | {self.level})"


@dataclass(frozen=True, slots=True)
class Formula:
    """A parsed right-hand side; products ``a * b`` are already expanded to ``a + b + a:b``."""

    terms: tuple[Term, ...] = ()
    groups: tuple[GroupTerm, ...] = ()

    def __str__(self) -> str:
        return " + ".join(map(str, (*self.terms, *self.groups))) or "1"


@dataclass(frozen=True, slots=True)
class Regression:
    """One equation: a latent or an outcome of `level` on a formula."""

    level: str
    response: str
    formula: Formula


@dataclass(frozen=True, slots=True)
class FamilySpec:
    """Distribution of an outcome.

    Attributes
    ----------
    family : its name
    link : empty for the family's default (identity, logit, log)
    location, scale : the unit a gaussian outcome is measured in; the default priors of its intercept and
        residual SD are centred on them, and never on the outcome's data
    """

    family: OutcomeFamily = "gaussian"
    link: str = ""
    location: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class PriorSpec:
    """A prior by name: ``Normal(0, 0.5)``.

    Attributes
    ----------
    distribution, args : as PyMC calls them
    raw : of an effect: on its raw coefficient, where the default is the standardised one
    """

    distribution: str
    args: tuple[float, ...]
    raw: bool = False

    def __str__(self) -> str:
        scale = "raw " if self.raw else ""
        return f"{scale}{self.distribution}({', '.join(map(_exact, self.args))})"


def _exact(number: float) -> str:
    short = f"{number:g}"
    return short if float(short) == number else repr(float(number))


@dataclass(frozen=True, slots=True)
class Rival:
    """A model that differs from the main one in the equations, priors and measures it names.

    Attributes
    ----------
    measures : they stand in place of those measures of the model whose items they take
    """

    name: str
    regressions: tuple[Regression, ...] = ()
    priors: tuple[tuple[str, PriorSpec], ...] = ()
    measures: tuple[Measure, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What the verdict is about.

    Attributes
    ----------
    level, response, term : of the effect in question
    direction : ``"positive"`` or ``"negative"``
    rival : the rival that the verdict weighs the model against; empty: none, and no verdict but "cannot tell"
        or "refuted"
    rope : region of practical equivalence on the standardised scale: effects this small count as none
    """

    level: str
    response: str
    term: str
    direction: Literal["positive", "negative"] = "positive"
    rival: str = ""
    rope: tuple[float, float] = (-0.1, 0.1)

    @property
    def effect(self) -> str:
        """``"team.adaptation ~ collective_efficacy"``."""
        return f"{self.level}.{self.response} ~ {self.term}"


@dataclass(frozen=True, slots=True)
class EstimandSpec:
    """A quantity to compute from the draws, and what it takes for a claim about it to hold.

    Attributes
    ----------
    kind : one of `coefficacy.spec.estimands.KINDS`
    options : name to value, in the order of the file
    above, below : the bound that the headline has to lie beyond for support; at most one of them
    """

    kind: str
    options: tuple[tuple[str, Any], ...] = ()
    above: float | None = None
    below: float | None = None

    @property
    def is_asked(self) -> bool:
        """Whether there is a bound, so that an answer can be given."""
        return self.above is not None or self.below is not None


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A whole model file.

    Attributes
    ----------
    levels : from the smallest unit up
    regressions : kept by level, lowest first, whatever order they are given in
    spreads : equations with ``sd(y)`` on the left: of the logarithm of the residual SD of outcome y
    families : outcomes (names on a left-hand side that are no measure) to their family; gaussian if absent
    priors : parameter name to prior, as written in ``[priors]``
    estimands : by kind; without a question the first that has a bound is what the verdict is about
    variant : tells models of one claim apart; the claim's code alone names the one without, if there is one
    """

    levels: tuple[Level, ...]
    regressions: tuple[Regression, ...]
    measures: tuple[Measure, ...] = ()
    spreads: tuple[Regression, ...] = ()
    families: tuple[tuple[str, FamilySpec], ...] = ()
    priors: tuple[tuple[str, PriorSpec], ...] = ()
    rivals: tuple[Rival, ...] = ()
    question: Question | None = None
    estimands: tuple[EstimandSpec, ...] = ()
    title: str = ""
    claim: str = ""
    variant: str = ""
    references: tuple[str, ...] = field(default=())
    note: str = ""

    def __post_init__(self) -> None:
        order = {level.name: i for i, level in enumerate(self.levels)}

        def by_level(regression: Regression) -> int:
            return order.get(regression.level, len(order))

        rivals = (replace(r, regressions=tuple(sorted(r.regressions, key=by_level))) for r in self.rivals)
        object.__setattr__(self, "regressions", tuple(sorted(self.regressions, key=by_level)))
        object.__setattr__(self, "rivals", tuple(rivals))

    @property
    def lowest(self) -> Level:
        """The level of the smallest units."""
        return self.levels[0]

    def _repr_html_(self) -> str:
        from coefficacy.spec.show import model_html

        return model_html(self)
