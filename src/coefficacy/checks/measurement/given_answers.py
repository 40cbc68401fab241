"""Agreement within teams and reliability of team means, as a survey's answers show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from coefficacy.checks.measurement.anova import Icc, icc, spearman_brown
from coefficacy.checks.measurement.cells import grouped, mean_of_given
from coefficacy.checks.measurement.indices import (
    ad_by_group,
    awg_by_item,
    rwg_j_by_group,
    uniform_variance,
)
from coefficacy.checks.measurement.notes import Seen, notes_on
from coefficacy.dims import STATISTIC
from coefficacy.errors import Problem, SurveyError

if TYPE_CHECKING:
    from coefficacy.survey import Survey

__all__ = ["Agreement", "agreement"]

_NAN = float("nan")
_STATISTICS = ("mean", "median", "smallest", "largest")


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement on one measure, and reliability of its team means, as the answers show them.

    Attributes
    ----------
    measure : its name
    by_team : over the dimension of the teams: ``n`` (members who answered), ``rwg_j``, ``rwg_lindell``,
        ``awg``, ``ad_mean`` (in the unit of the answers) and ``mean_reliability``, the reliability of a mean
        over that many members; NaN where an index does not apply
    overall : the same indices over the teams that have one, dims (``statistic``): mean, median, smallest,
        largest
    icc : of the person's item mean, by analysis of variance
    null_variance : of an answer given at random, all answers being equally likely; NaN without a scale
    ad_cutoff : c / 6 for c possible answers, the usual upper limit of AD; NaN without a scale or with two
        answers
    notes : what does not apply or is out of the ordinary, in plain words
    """

    measure: str
    by_team: xr.Dataset
    overall: xr.Dataset
    icc: Icc
    null_variance: float
    ad_cutoff: float
    notes: tuple[str, ...]

    @property
    def icc1(self) -> float:
        """ICC(1); NaN where it is not defined."""
        return self.icc.icc1

    @property
    def icc2(self) -> float:
        """ICC(2); NaN where it is not defined."""
        return self.icc.icc2

    @property
    def rwg_j(self) -> float:
        """Mean of r_wg(j) over the teams that have one; NaN if the items have no scale."""
        return float(self.overall["rwg_j"].sel({STATISTIC: "mean"}))


def agreement(survey: Survey, measure: str) -> Agreement:
    r"""Return agreement within teams and reliability of team means on one measure.

    For :math:`J` items, :math:`\bar s^2` the mean over items of the variance among the :math:`k` members who
    answered, and :math:`\sigma^2_{EU} = (A^2 - 1) / 12` for :math:`A` possible answers:

    * r_wg(j) :math:`= J (1 - r) / (J (1 - r) + r)` with :math:`r = \bar s^2 / \sigma^2_{EU}`, cut at 1;
    * r*_wg(j) :math:`= 1 - \bar s^2 / \sigma^2_{EU}` (``rwg_lindell``);
    * a_wg, by item 1 minus twice the variance over the largest one possible at the team's mean, averaged over
      items;
    * AD_M(J), the mean absolute deviation from the team's mean, averaged over items; usual limit c / 6;
    * ICC(1), ICC(2) of the mean over the items that a person answered, and
      :math:`k\,ICC(1) / (1 + (k - 1)\,ICC(1))`, the reliability of the mean of that team; 0 where ICC(1) is
      negative.

    Missing answers are left out cell by cell. Teams are the units right above those who answered.

    Parameters
    ----------
    survey : the data
    measure : a measure of it, at a level that has another one above

    Raises
    ------
    SurveyError
        If there is no such measure, or no level above its own.

    References
    ----------
    James, Demaree & Wolf (1984), https://doi.org/10.1037/0021-9010.69.1.85;
    Lindell, Brandt & Whitney (1999), https://doi.org/10.1177/01466219922031257;
    Brown & Hauenstein (2005), https://doi.org/10.1177/1094428105275376;
    Burke, Finkelstein & Dusig (1999), https://doi.org/10.1177/109442819921004, limit c / 6:
    Burke & Dunlap (2002), https://doi.org/10.1177/1094428102005002002

    Examples
    --------
    >>> import coefficacy as co
    >>> demo, spec = co.load_demo(), co.load_model("adaptation")
    >>> survey = co.read_survey(spec, persons=demo.persons, teams=demo.teams, layers=demo.layers)
    >>> found = co.agreement(survey, "collective_efficacy")
    >>> list(found.overall.data_vars)
    ['rwg_j', 'rwg_lindell', 'awg', 'ad_mean', 'mean_reliability']
    """
    answers, coding = survey.answers(measure).values, survey.coding[measure]
    above = _level_above(survey, measure)
    index, teams = survey.index(coding.level, above), survey.levels[above][above].values
    answered = ~np.isnan(answers).all(axis=1)
    ratio = icc(mean_of_given(answers[answered]), index[answered])
    cells = grouped(answers, index, len(teams))
    size = np.bincount(index[answered], minlength=len(teams))
    low, high = _scale(survey, measure)
    null = uniform_variance(round(high - low) + 1) if high > low else _NAN
    of_items = awg_by_item(cells, (low, high))
    indices = {
        "rwg_j": rwg_j_by_group(cells, null),
        "rwg_lindell": 1 - cells.mean_variance / null,
        "awg": mean_of_given(of_items),
        "ad_mean": ad_by_group(cells),
        "mean_reliability": _mean_reliability(ratio, size),
    }
    return Agreement(
        measure=measure,
        by_team=xr.Dataset({k: (above, v) for k, v in ({"n": size} | indices).items()}, {above: teams}),
        overall=_overall(indices),
        icc=ratio,
        null_variance=null,
        ad_cutoff=(high - low + 1) / 6 if high - low > 1 else _NAN,
        notes=notes_on(Seen(cells, size, null, of_items, ratio, coding.family, coding.level, above)),
    )


def _level_above(survey: Survey, measure: str) -> str:
    level = survey.coding[measure].level
    above = list(survey.levels)[list(survey.levels).index(level) + 1 :]
    if not above:
        what = f"'{measure}' is measured at the highest level, {level}: there are no teams to agree."
        raise SurveyError(Problem("agreement", what, "Choose a measure of the members of teams."))
    return above[0]


def _scale(survey: Survey, measure: str) -> tuple[float, float]:
    """Lowest and highest possible answer, coded as `Survey.answers` does; NaN without a scale."""
    coding = survey.coding[measure]
    if coding.low is None or coding.high is None:
        return _NAN, _NAN
    return (0.0, coding.high - coding.low) if coding.family == "ordinal" else (coding.low, coding.high)


def _mean_reliability(ratio: Icc, size: np.ndarray) -> np.ndarray:
    """Reliability of every team's mean; 0 where ICC(1) is negative, NaN where nobody answered."""
    return np.where(size > 0, spearman_brown(max(ratio.icc1, 0.0), size), _NAN)


def _overall(indices: dict[str, np.ndarray]) -> xr.Dataset:
    def summarised(values: np.ndarray) -> list[float]:
        known = values[~np.isnan(values)]
        if not len(known):
            return [_NAN] * len(_STATISTICS)
        return [float(of(known)) for of in (np.mean, np.median, np.min, np.max)]

    return xr.Dataset(
        {name: (STATISTIC, summarised(values)) for name, values in indices.items()},
        {STATISTIC: list(_STATISTICS)},
    )
