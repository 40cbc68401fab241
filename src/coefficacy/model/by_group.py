"""One measure in several groups of teams: what is equal between the groups, and what is free."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from coefficacy.gaussian.factor import FactorDraws, TeamAnswers, team_answers, team_density
from coefficacy.gaussian.op import CellsDensity
from coefficacy.gaussian.statistics import Statistics, summarise
from coefficacy.model.built import Built
from coefficacy.model.distributions import Parameters
from coefficacy.model.frame import hidden, parameters
from coefficacy.spec.model import ModelSpec

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Equal", "GroupedAnswers", "answers_density", "build_by_group"]

_NO_TEAMS = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Equal:
    """Which parameters of measurement are the same in every group.

    Attributes
    ----------
    loadings, intercepts : of all items
    but : items whose loading and intercept are free all the same
    """

    loadings: bool
    intercepts: bool
    but: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupedAnswers:
    """Complete answers to the gaussian items of one measure.

    Attributes
    ----------
    answers : (person, item)
    items, groups : names
    team : (person,), positions; group : (team,), positions
    """

    answers: np.ndarray
    items: tuple[str, ...]
    groups: tuple[str, ...]
    team: np.ndarray
    group: np.ndarray

    @property
    def unit(self) -> tuple[float, float]:
        """Mean and SD over all answers, which the priors are stated in."""
        return float(self.answers.mean()), float(self.answers.std())

    def teams_of(self, group: int, left_out: np.ndarray = _NO_TEAMS) -> np.ndarray:
        """Positions of the teams in a group, but for those left out."""
        return np.setdiff1d(np.flatnonzero(self.group == group), left_out)

    def data(self, left_out: np.ndarray = _NO_TEAMS) -> dict[str, np.ndarray]:
        """Return what the model needs of the answers, by name; some teams may be left out."""
        found: dict[str, np.ndarray] = {}
        for k in range(len(self.groups)):
            one = self._statistics(self.teams_of(k, left_out))
            values = {
                "within": one.within, "between": one.between, "degrees": one.degrees,
                "count": one.count, "size": one.size, "seen": one.seen, "constant": np.asarray(one.constant),
            }  # fmt: skip
            found |= {f"group_{k}.{name}": value for name, value in values.items()}
        return found

    def summary(self) -> TeamAnswers:
        """Cross-products of every team."""
        return team_answers(self.answers, self.team, len(self.group))

    def _statistics(self, teams: np.ndarray) -> Statistics:
        here = np.isin(self.team, teams)
        n, people = len(teams), int(here.sum())
        none = np.zeros((n, 0))
        return summarise(
            self.answers[here], np.zeros((people, 0)), np.zeros((people, 0)), none, none,
            np.searchsorted(teams, self.team[here]), none,
        )  # fmt: skip


def build_by_group(measured: GroupedAnswers, equal: Equal) -> Built:
    r"""Build the model of one measure in several groups.

    For person i of team j in group g, with everything that is not named as equal free in every group,

    .. math::
        y_{ijm} = \nu_{mg} + \lambda_{mg} (\alpha_g + u_j + w_{ij}) + e_{jm} + \epsilon_{ijm}.

    Scale and origin are set once a group: :math:`SD(w) = 1`, :math:`\alpha = 0`. Equal loadings free the
    SD, equal intercepts the mean; then the groups' mean logarithm of the SD, and their mean, are zero.
    Residual variances and those between teams are free in every group in any case.

    Parameters
    ----------
    measured : the answers
    equal : between the groups
    """
    dims = {"item": list(measured.items), "group": list(measured.groups)}
    dims["group.item"] = [f"{g}: {i}" for g in measured.groups for i in measured.items]
    with pm.Model(coords=dims, check_bounds=False) as model:
        made = Parameters(ModelSpec(levels=(), regressions=()))
        found = _parameters(made, measured, equal)
        data = {name: pm.Data(name, value) for name, value in measured.data().items()}
        for k in range(len(measured.groups)):
            own = {n.split(".")[1]: v for n, v in data.items() if n.startswith(f"group_{k}.")}
            _add_density(found, own, k, len(measured.items))
        made.close()
    return Built(
        model=model,
        engine="marginal",
        reason="people and teams are integrated out",
        parameters=parameters(model),
        refit_data=tuple(data),
        hidden=hidden(model),
    )


def answers_density(posterior: xr.Dataset, measured: GroupedAnswers) -> np.ndarray:
    """Log density of all answers in each team, (chain, draw, team), given the parameters of its group."""
    teams, sizes = measured.summary(), (posterior.sizes["chain"], posterior.sizes["draw"])
    found = np.empty((sizes[0] * sizes[1], len(measured.group)))

    def flat(name: str) -> np.ndarray:
        values = posterior[name].values
        return values.reshape(-1, *values.shape[2:])

    drawn = {name: flat(name) for name in _STORED}
    shape = (len(found), len(measured.groups), len(measured.items))
    item_sd = drawn["item_sd"].reshape(shape)
    for k in range(len(measured.groups)):
        here = measured.teams_of(k)
        draws = FactorDraws(
            intercept=drawn["intercept"][:, k], loading=drawn["loading"][:, k],
            residual_variance=drawn["residual_sd"][:, k] ** 2, item_variance=item_sd[:, k] ** 2,
            mean=drawn["mean"][:, k], within=drawn["sd_within"][:, k] ** 2,
            between=drawn["sd_between"][:, k] ** 2,
        )  # fmt: skip
        own = TeamAnswers(teams.scatter[here], teams.mean[here], teams.people[here])
        found[:, here] = team_density(draws, own)
    return found.reshape(*sizes, -1)


_STORED = ("intercept", "loading", "residual_sd", "item_sd", "mean", "sd_within", "sd_between")


def _parameters(made: Parameters, measured: GroupedAnswers, equal: Equal) -> dict[str, Any]:
    """All parameters by group, whether equal or not: (group,) or (group, item)."""
    location, scale = measured.unit
    free = np.isin(measured.items, equal.but)
    loading = _by_group(
        measured, free, shared=equal.loadings,
        make=lambda n: 0.7 * scale * pt.exp(0.5 * made.normal(n)),
    )  # fmt: skip
    intercept = _by_group(
        measured, free, shared=equal.intercepts, make=lambda n: location + 2.5 * scale * made.normal(n)
    )
    n = len(measured.groups)
    sd_within = pt.exp(_centred(0.5 * made.normal(n))) if equal.loadings else pt.ones(n)
    mean = _centred(made.normal(n)) if equal.intercepts else pt.zeros(n)
    keep = pm.Deterministic
    return {
        "loading": keep("loading", loading, dims=("group", "item")),
        "intercept": keep("intercept", intercept, dims=("group", "item")),
        "residual_sd": made.scale("residual_sd", scale, ("group", "item")),
        "item_sd": made.pooled_scales("item_sd", 0.3 * scale, "group.item"),
        "mean": keep("mean", mean, dims=("group",)),
        "sd_within": keep("sd_within", sd_within, dims=("group",)),
        "sd_between": made.scale("sd_between", 1.0, ("group",)),
    }


def _by_group(measured: GroupedAnswers, free: np.ndarray, *, shared: bool, make: Any) -> Any:
    """One value an item, or one for each group and item; (group, item)."""
    n, n_items = len(measured.groups), len(measured.items)
    if not shared:
        return make(n * n_items).reshape((n, n_items))
    own: Any = make(n * int(free.sum())).reshape((n, int(free.sum()))) if free.any() else None
    common, columns = make(int((~free).sum())), []
    for i in range(n_items):
        at = int(free[:i].sum())
        columns.append(own[:, at] if free[i] else common[i - at] + pt.zeros(n))
    return pt.stack(columns, axis=1)


def _centred(values: Any) -> Any:
    return values - pt.mean(values)


def _add_density(found: Mapping[str, Any], data: Mapping[str, Any], k: int, n_items: int) -> None:
    """Add the density of all answers in one group: deviations of people, then means of teams."""
    loading, theta, nu = found["loading"][k], found["residual_sd"][k] ** 2, found["intercept"][k]
    tau2 = found["item_sd"][k * n_items : (k + 1) * n_items] ** 2
    within, between, mean = (found[n][k].reshape((1, 1)) for n in ("sd_within", "sd_between", "mean"))
    items, start, none = np.asarray(n_items), np.array([0, n_items]), pt.zeros(n_items)
    no_units: Sequence[Any] = (np.asarray(0), np.asarray(0), _NO_TEAMS)
    of_people = CellsDensity()(
        loading, theta, none, none, pt.zeros((1, 0)), within, pt.zeros((1, 0)), pt.zeros((1, 0, n_items)),
        pt.zeros((1, 0)), pt.zeros(0), pt.zeros((1, 0)), pt.zeros((1, 0)),
        data["within"], items, start, np.asarray(-1),
        data["degrees"], np.ones(1), np.ones((1, 0), bool), *no_units,
    )[0]  # fmt: skip
    of_means = CellsDensity()(
        loading, theta, tau2, nu, between, within, mean,
        pt.zeros((data["count"].shape[0], 0, n_items + 1)),
        pt.zeros((1, 0)), pt.zeros(0), pt.zeros((1, 0)), pt.zeros((1, 0)),
        data["between"], items, start, np.asarray(0),
        data["count"], data["size"], data["seen"], *no_units,
    )[0]  # fmt: skip
    pm.Potential(f"group_{k}.density", of_people + of_means + data["constant"])
