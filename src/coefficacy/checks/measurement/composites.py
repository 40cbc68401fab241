r"""Reliability of composites of items in two levels: closed forms, for numbers and labelled draws alike.

The sum of the items of person *i* in team *j* is
:math:`\Lambda_b u_j + \epsilon_j + \Lambda_w w_{ij} + e_{ij}`, with :math:`\Lambda` the sum of the loadings
at a level, :math:`\psi` the variance of the latent and :math:`\theta` that of the items' residual
variances.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Composite", "mean_reliability", "omega"]


@dataclass(frozen=True, slots=True)
class Composite:
    """The sum of a measure's items, in parts: numbers, or arrays of any shape that go together.

    Attributes
    ----------
    loading_within, loading_between : sums of the loadings
    within, between : variances of the latent among the members of a team, and between teams
    independent : the part of `within` that differs independently between members; columns of persons enter
        as deviations from the team's mean and cancel out in it
    unique_within, unique_between : sums of the items' residual variances
    with_members : n times the covariance of the team's value with the mean of its n members' deviations: not
        zero only where the value rests on very these members
    """

    loading_within: Any
    loading_between: Any
    within: Any
    between: Any
    independent: Any
    unique_within: Any
    unique_between: Any
    with_members: Any = 0.0

    @property
    def common_within(self) -> Any:
        """Variance that the items share within teams."""
        return self.loading_within**2 * self.within

    @property
    def common_between(self) -> Any:
        """Variance that the items share between teams."""
        return self.loading_between**2 * self.between

    @property
    def icc1_latent(self) -> Any:
        """Share of the latent's variance that lies between teams."""
        return self.between / (self.between + self.within)

    @property
    def icc1_observed(self) -> Any:
        """Share of the composite's variance that lies between teams, team-level item residuals included."""
        between = self.common_between + self.unique_between
        return between / (between + self.common_within + self.unique_within)


def omega(common: Any, unique: Any) -> Any:
    """Return the share of a composite's variance that its items have in common.

    Parameters
    ----------
    common : variance due to the latent, (sum of loadings)^2 times its variance
    unique : sum of the items' residual variances

    References
    ----------
    At each level: Geldhof, Preacher & Zyphur (2014), https://doi.org/10.1037/a0032138

    Examples
    --------
    >>> omega(common=3**2, unique=3)
    0.75
    """
    return common / (common + unique)


def mean_reliability(parts: Composite, size: Any, *, of_members: bool = False) -> Any:
    """Return the squared correlation of the mean composite of a team's members with the team's value.

    Two sources of error: which people happen to be members, and which items were asked. With as many
    members as one likes it nears omega between teams.

    Parameters
    ----------
    parts : of the composite
    size : members who answered
    of_members : the team's value is the mean of these very members, so that drawing them is no error

    References
    ----------
    Lai (2021), omega of a shared construct's observed cluster mean, https://doi.org/10.1037/met0000287
    """
    drawn, common = parts.independent / size, parts.with_members / size
    loading, between = parts.loading_within, parts.loading_between
    total = (
        parts.common_between
        + parts.unique_between
        + (loading**2 * parts.independent + parts.unique_within) / size
        + 2 * loading * between * common
    )
    true, shared = parts.between, between * parts.between + loading * common
    if of_members:
        true, shared = true + drawn + 2 * common, shared + between * common + loading * drawn
    return shared**2 / (true * total)
