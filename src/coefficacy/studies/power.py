"""How many teams, of how many members, for a wished-for rate of support: the error rates turned round."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from coefficacy.errors import Problem, StudyError
from coefficacy.spec import ModelSpec, queries
from coefficacy.studies.calibration import calibration_cells
from coefficacy.studies.designs import planned_design
from coefficacy.studies.imitation import CLAIM
from coefficacy.studies.run import Tell, run_study
from coefficacy.studies.verdicts import Cell, Sampling, count, verdict_study
from coefficacy.verdicts import ErrorRates

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Needed", "Power", "PowerCell", "teams_needed"]

_DRAWS = 4000


@dataclass(frozen=True, slots=True)
class PowerCell:
    """Verdicts in worlds of one design with the effect planted."""

    n_teams: int
    team_size: int
    rates: ErrorRates


@dataclass(frozen=True, slots=True)
class Needed:
    """Teams needed at one team size.

    Attributes
    ----------
    n_teams : at which the rate of support reaches the wish; None beyond twice the most that were simulated
    low, high : 90% interval of that number, from the binomial noise of the worlds; `high` None: open
    """

    team_size: int
    n_teams: int | None
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True, repr=False)
class Power:
    """Rates of support over designs, and the number of teams a wished-for rate takes.

    Attributes
    ----------
    model : title of the model
    effect : planted, standardised
    wish : rate of support
    layers, n_items, reliability : what all designs share, see :func:`teams_needed`
    cells : teams by team sizes
    settings, versions : of the sampler, of the code
    failures : messages of fits that failed, each once
    seconds : added over processes
    """

    model: str
    effect: float
    wish: float
    layers: int
    n_items: int
    reliability: float
    cells: tuple[PowerCell, ...]
    settings: dict[str, Any]
    versions: dict[str, str]
    failures: tuple[str, ...]
    seconds: float

    @property
    def team_sizes(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(cell.team_size for cell in self.cells))

    def needed(self) -> tuple[Needed, ...]:
        r"""Return the teams needed at every team size.

        The rate of support is taken to be :math:`\Phi(a_m \sqrt J - c)`, as it is for an estimate whose
        standard error falls with :math:`\sqrt J`: one `c`, and one :math:`a_m \ge 0` for every team size *m*.
        """
        draws = self._probit_draws()
        most = 2 * max(cell.n_teams for cell in self.cells)
        return tuple(self._needed(k, size, draws, most) for k, size in enumerate(self.team_sizes))

    def rate(self, team_size: int, n_teams: np.ndarray) -> np.ndarray:
        """Return the rate of support that :meth:`needed` rests on."""
        from scipy.special import ndtr

        mode, _ = self._probit()
        return np.asarray(ndtr(mode[self.team_sizes.index(team_size)] * np.sqrt(n_teams) - mode[-1]))

    def summary(self) -> pd.DataFrame:
        """Return a table with a row for each design: teams, members, worlds, rates of the three answers."""
        import pandas as pd

        rows = [
            {
                "teams": cell.n_teams,
                "members": cell.team_size,
                "worlds": cell.rates.n,
                **{
                    answer.replace(" ", "_"): cell.rates.count(answer) / max(cell.rates.n, 1)
                    for answer in ("supported", "refuted", "cannot tell")
                },
            }
            for cell in self.cells
        ]
        return pd.DataFrame(rows)

    def sentence(self) -> str:
        """Return what was found, in plain words."""
        parts = []
        for found in self.needed():
            if found.n_teams is None:
                most = 2 * max(cell.n_teams for cell in self.cells)
                parts.append(f"more than {most} teams of {found.team_size}")
                continue
            end = f"{found.high}" if found.high is not None else "beyond"
            parts.append(
                f"about {found.n_teams} teams of {found.team_size} (90% interval {found.low} to {end})"
            )
        return (
            f"For an effect of {self.effect:g} to be supported in {self.wish:.0%} of surveys: "
            f"{', or '.join(parts)}."
        )

    def __repr__(self) -> str:
        return f"<Power of {self.model}: {self.sentence()}>"

    def _needed(self, k: int, size: int, draws: np.ndarray, most: int) -> Needed:
        from scipy.special import ndtri

        mode, _ = self._probit()
        z = ndtri(self.wish)

        def teams(slope: Any, cut: Any) -> Any:
            reached = np.maximum(z + cut, 0.0)
            return np.where(reached == 0, 2.0, np.divide(reached, np.maximum(slope, 1e-9)) ** 2)

        low, high = np.quantile(teams(draws[:, k], draws[:, -1]), [0.05, 0.95])
        middle = float(teams(mode[k], mode[-1]))

        def whole(value: float) -> int | None:
            return None if value > most else max(2, int(np.ceil(value)))

        return Needed(size, whole(middle), whole(float(low)), whole(float(high)))

    def _probit_draws(self) -> np.ndarray:
        mode, covariance = self._probit()
        return np.random.default_rng(1).multivariate_normal(mode, covariance, _DRAWS)

    def _probit(self) -> tuple[np.ndarray, np.ndarray]:
        """Mode and covariance of the slopes and the cut, under weak normal priors."""
        from scipy import optimize
        from scipy.special import log_ndtr

        sizes = self.team_sizes
        at = np.array([sizes.index(cell.team_size) for cell in self.cells])
        root = np.sqrt([cell.n_teams for cell in self.cells])
        yes = np.array([cell.rates.supported for cell in self.cells])
        no = np.array([cell.rates.n for cell in self.cells]) - yes

        def loss(x: np.ndarray) -> float:
            eta = x[at] * root - x[-1]
            fit = yes @ log_ndtr(eta) + no @ log_ndtr(-eta)
            return float(-fit + 0.5 * np.sum(x[:-1] ** 2) + 0.5 * (x[-1] / 3) ** 2)

        bounds = [(0.0, None)] * len(sizes) + [(None, None)]
        found = optimize.minimize(
            loss, np.r_[np.full(len(sizes), 0.2), 2.0], bounds=bounds, method="L-BFGS-B"
        )
        return found.x, np.linalg.inv(_hessian(loss, found.x))


def _hessian(function: Any, x: np.ndarray, step: float = 1e-4) -> np.ndarray:
    n, unit = len(x), step * np.eye(len(x))
    found = np.empty((n, n))
    for i, j in product(range(n), repeat=2):
        corners = [function(x + a * unit[i] + b * unit[j]) * a * b for a, b in product((1, -1), repeat=2)]
        found[i, j] = sum(corners) / (4 * step**2)
    return found


def teams_needed(
    spec: ModelSpec,
    *,
    teams: Sequence[int] = (20, 40, 80, 120),
    team_sizes: Sequence[int] = (4, 8),
    effect: float = 0.3,
    wish: float = 0.8,
    layers: int = 4,
    n_items: int = 5,
    reliability: float = 0.4,
    sims: int = 50,
    sampling: Sampling | None = None,
    store: str | Path | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    progress: Tell | None = None,
) -> Power:
    """Measure how often a planted effect is supported, by the number of teams and their size.

    Every world is simulated, fitted and judged as a survey of one's own would be: the rate counts the whole
    rule, not only the interval of the effect.

    Parameters
    ----------
    spec : one that worlds can imitate, see :func:`coefficacy.studies.imitate`
    teams, team_sizes : designs are all pairs of them; at least two numbers of teams
    effect : planted, standardised
    wish : rate of support, in (0, 1)
    layers, n_items, reliability : layers, items of each efficacy, reliability of a single one
    sims : worlds of each design
    store : file that the worlds are kept in; further designs or worlds go on with it
    executor, workers, progress : see :func:`coefficacy.studies.run_study`

    Raises
    ------
    StudyError
        A design that is impossible; no world imitates the model; the store belongs to something else.
    Interrupted
        On Ctrl-C; says what is kept.

    Examples
    --------
    >>> co.teams_needed(spec, teams=(20, 60), sims=100, store="worlds.jsonl").sentence()  # doctest: +SKIP
    """
    teams, sizes = tuple(dict.fromkeys(teams)), tuple(dict.fromkeys(team_sizes))
    _check(teams, sizes, wish)
    sampling = sampling or Sampling()
    shared: dict[str, Any] = {"layers": layers, "n_items": n_items, "reliability": reliability}
    cells = {
        (n, m): _cell(spec, n, m, effect, sims, shared) for n, m in product(sorted(teams), sorted(sizes))
    }
    about = {"world": CLAIM, "spec_hash": queries.spec_hash(spec), **shared}
    study = verdict_study("power", cells.values(), sampling=sampling, design=about)
    kept = run_study(study, store=store, executor=executor, workers=workers, progress=progress)
    names = {cell.name for cell in cells.values()}
    rows = [row for row in kept.rows if row.key.rpartition("/")[0] in names]
    return Power(
        model=spec.title or queries.spec_hash(spec)[:12],
        effect=effect,
        wish=wish,
        **shared,
        cells=tuple(PowerCell(n, m, count(rows, cell)) for (n, m), cell in cells.items()),
        settings=asdict(sampling),
        versions=kept.headers[-1].versions,
        failures=tuple(dict.fromkeys(row.error for row in rows if row.error)),
        seconds=round(sum(row.seconds for row in rows), 1),
    )


def _cell(spec: ModelSpec, n_teams: int, size: int, effect: float, sims: int, shared: dict[str, Any]) -> Cell:
    design = planned_design(spec, n_teams, size, **shared)
    (cell,) = calibration_cells(spec, design, sims=sims, effects=[effect])
    return Cell(f"{n_teams}/{size}/{effect:g}", cell.spec, design, effect, sims)


def _check(teams: Sequence[int], sizes: Sequence[int], wish: float) -> None:
    problems = []
    if len(teams) < 2 or not sizes:
        what = f"{len(teams)} numbers of teams and {len(sizes)} team sizes."
        problems.append(Problem("power", what, "Give at least two numbers of teams, and a size."))
    if not 0 < wish < 1:
        problems.append(
            Problem("power: wish", f"{wish:g} is no rate.", "Give one between 0 and 1, e.g. 0.8.")
        )
    if problems:
        raise StudyError(problems)
