"""From a model file and a survey to a fit: build, compile, sample, judge, and try once more if need be."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from coefficacy.errors import FitError, Problem, did_you_mean
from coefficacy.model import build
from coefficacy.sampling.convergence import Settings, judge, stricter
from coefficacy.sampling.progress import Progress, Snapshot, progress_bar
from coefficacy.sampling.result import Fit, package_versions
from coefficacy.sampling.sample import Compiled, SamplingStopped, compile_model
from coefficacy.spec import effects, spec_hash
from coefficacy.spec.model import ModelSpec

if TYPE_CHECKING:
    import xarray as xr

    from coefficacy.survey import Survey

__all__ = ["compiled_model", "fit"]

BACKENDS = ("numba", "jax")
_SEEDS = 2**32
_LEAST = {"draws": 10, "tune": 10, "chains": 1}
_STOPPED = "stopped before the end"
_KEPT_COMPILED = 2
_compiled: OrderedDict[tuple[str, str, str, str], Compiled] = OrderedDict()


def fit(
    spec: ModelSpec,
    survey: Survey,
    *,
    engine: str = "auto",
    backend: str = "numba",
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    seed: int | None = None,
    progress: bool | Progress = True,
    effect: str | None = None,
    target_accept: float = 0.8,
    retry: bool = True,
) -> Fit:
    """Fit a model to a survey.

    Parameters
    ----------
    engine : ``"auto"`` takes the fastest that applies and says why
    backend : ``"numba"``, sampled by nutpie, or ``"jax"``, sampled by NumPyro, for accelerators: the same
        density, so the same posterior. Needs the extra ``jax``
    draws, tune : a chain, kept and thrown away
    seed : of the sampler; None draws one and records it
    progress : a bar on stderr, nothing, or a function that is told
    effect : the effect that needs 400 effective draws, ``"team.y ~ x"``; default: the model's question
    target_accept : in (0, 1); nearer to 1 means smaller steps
    retry : sample once more, with stricter settings and the next seed, if the gate is not passed (never with
        a single chain, which cannot pass)

    Returns
    -------
    Fit
        Whether the gate was passed or not: look at ``fit.convergence``.

    Raises
    ------
    FitError
        Options or an engine that do not exist; a model that cannot be sampled.
    SamplingStopped
        On Ctrl-C. Its ``fit`` holds the draws that were done.

    Examples
    --------
    >>> spec = co.load_model("adaptation")                                    # doctest: +SKIP
    >>> fit = co.fit(spec, co.read_survey(spec, persons="persons.csv"), seed=1)  # doctest: +SKIP
    """
    settings = Settings(draws, tune, chains, target_accept)
    effect = effect or (spec.question.effect if spec.question else None)
    _check_options(spec, settings, seed, effect, backend)
    seed = int(np.random.SeedSequence().entropy % _SEEDS) if seed is None else int(seed)  # type: ignore[operator]
    with _shown(progress) as tell:
        run = _Run(spec, survey, effect, seed, tell)
        return run.fit(engine, backend, settings, retry=retry)


@dataclass(slots=True)
class _Run:
    """One call of :func:`fit`, with the seconds spent so far."""

    spec: ModelSpec
    survey: Survey
    effect: str | None
    seed: int
    tell: Progress | None
    seconds: dict[str, float] = field(default_factory=dict)

    def fit(self, engine: str, backend: str, settings: Settings, *, retry: bool) -> Fit:
        try:
            with _timed(self.seconds, "import"):
                _import_heavy()
            compiled = compiled_model(
                self.spec,
                self.survey,
                engine=engine,
                backend=backend,
                seconds=self.seconds,
                progress=self.tell,
            )
        except KeyboardInterrupt:
            raise SamplingStopped(None) from None
        pack = partial(self._pack, compiled)
        first = pack(self._sample(compiled, settings, pack), settings)
        if first.convergence.ok or not retry or settings.chains < 2:
            return first
        harder = stricter(settings, first.convergence)
        try:
            tree = self._sample(compiled, harder, pack, again=True)
        except SamplingStopped:
            raise SamplingStopped(first.tree, fit=first) from None
        return pack(tree, harder, again=True)

    def _sample(
        self, compiled: Compiled, settings: Settings, pack: partial[Fit], *, again: bool = False
    ) -> xr.DataTree:
        try:
            with _timed(self.seconds, "sample"):
                return compiled.sample(
                    draws=settings.draws,
                    tune=settings.tune,
                    chains=settings.chains,
                    target_accept=settings.target_accept,
                    seed=(self.seed + again) % _SEEDS,
                    progress=self.tell,
                    stage="retry" if again else "sample",
                )
        except SamplingStopped as stopped:
            kept = None if stopped.tree is None else pack(stopped.tree, settings, stopped=True)
            raise SamplingStopped(stopped.tree, fit=kept) from None

    def _pack(
        self,
        compiled: Compiled,
        tree: xr.DataTree,
        settings: Settings,
        *,
        again: bool = False,
        stopped: bool = False,
    ) -> Fit:
        built = compiled.built
        found = judge(
            tree, built.parameters, effect=self.effect, constant_entries=built.constant_entries, retried=again
        )
        if stopped:
            found = replace(found, ok=False, failures=(_STOPPED, *found.failures))
        return Fit(
            spec=self.spec,
            survey=self.survey,
            tree=tree,
            engine=built.engine,
            engine_reason=built.reason,
            seed=self.seed,
            seconds=dict(self.seconds),
            versions=package_versions(),
            convergence=found,
            settings=settings,
            parameters=built.parameters,
            constant_entries=built.constant_entries,
        )


def compiled_model(
    spec: ModelSpec,
    survey: Survey,
    *,
    engine: str = "auto",
    backend: str = "numba",
    seconds: dict[str, float] | None = None,
    progress: Progress | None = None,
) -> Compiled:
    """Build and compile, or take what an earlier call in this process left for the same model and data.

    Parameters
    ----------
    seconds : gets the time of ``"build"`` and ``"compile"``, 0 for what was there already
    """
    spent = {} if seconds is None else seconds
    key = (spec_hash(spec), survey.data_hash, engine, backend)
    if key in _compiled:
        _compiled.move_to_end(key)
        spent |= {"build": 0.0, "compile": 0.0}
        return _compiled[key]
    _say(progress, Snapshot("build"))
    with _timed(spent, "build"):
        built = build(spec, survey, engine=engine)
    _say(progress, Snapshot("compile"))
    with _timed(spent, "compile"):
        compiled = compile_model(built, backend=backend)
    for asked in {engine, built.engine}:
        _compiled[key[0], key[1], asked, backend] = compiled
    while len(_compiled) > 2 * _KEPT_COMPILED:
        _compiled.popitem(last=False)
    return _compiled[key]


def _check_options(
    spec: ModelSpec, settings: Settings, seed: int | None, effect: str | None, backend: str
) -> None:
    problems = [
        Problem(name, f"{value!r} is not a whole number of at least {_LEAST[name]}.", f"Take e.g. {usual}.")
        for name, value, usual in (
            ("draws", settings.draws, 1000),
            ("tune", settings.tune, 1000),
            ("chains", settings.chains, 4),
        )
        if not _is_whole(value) or value < _LEAST[name]
    ]
    if seed is not None and not (_is_whole(seed) and 0 <= seed < _SEEDS):
        problems.append(
            Problem("seed", f"{seed!r} is not a whole number from 0 to {_SEEDS - 1}.", "Take e.g. 1.")
        )
    if not 0 < settings.target_accept < 1:
        problems.append(
            Problem("target_accept", f"{settings.target_accept!r} is not between 0 and 1.", "Take 0.8.")
        )
    if backend not in BACKENDS:
        problems.append(
            Problem(
                "backend", f"{backend!r} is not available. Valid: {', '.join(BACKENDS)}.", "Take 'numba'."
            )
        )
    known = [f"{level}.{response} ~ {term}" for level, response, term in effects(spec)]
    if effect is not None and effect not in known:
        problems.append(Problem("effect", f"unknown effect '{effect}'.", did_you_mean(effect, known)))
    if problems:
        raise FitError(problems)


def _is_whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _import_heavy() -> None:
    """Load what sampling needs, so that its time is counted apart."""
    import arviz
    import nutpie
    import pymc

    del arviz, nutpie, pymc


def _say(progress: Progress | None, snapshot: Snapshot) -> None:
    if progress is not None:
        progress(snapshot)


@contextmanager
def _shown(progress: bool | Progress) -> Iterator[Progress | None]:
    if progress is True:
        with progress_bar() as bar:
            yield bar
    else:
        yield progress or None


@contextmanager
def _timed(seconds: dict[str, float], what: str) -> Iterator[None]:
    started = perf_counter()
    try:
        yield
    finally:
        seconds[what] = seconds.get(what, 0.0) + perf_counter() - started
