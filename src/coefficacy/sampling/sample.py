"""Compiling a built model once and sampling it, as often as wanted, with nutpie or NumPyro."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from coefficacy.errors import FitError, Interrupted, Problem, did_you_mean
from coefficacy.model.built import Built
from coefficacy.sampling.numpyro import Chains, NumPyro
from coefficacy.sampling.progress import Progress, Snapshot
from coefficacy.sampling.trees import complete_chains, data_groups, tidy

if TYPE_CHECKING:
    import xarray as xr

    from coefficacy.sampling.result import Fit

__all__ = ["Compiled", "SamplingStopped", "compile_model", "limited_cores", "prior_predictive"]

_POLL_SECONDS = 0.1
_MOST_CORRELATED = 200
_most_cores: ContextVar[int | None] = ContextVar("most_cores", default=None)


@contextmanager
def limited_cores(most: int) -> Iterator[None]:
    """Sample on at most so many processors inside the block, whoever asks for draws there.

    For many fits side by side; the draws do not depend on it.
    """
    token = _most_cores.set(most)
    try:
        yield
    finally:
        _most_cores.reset(token)


class SamplingStopped(Interrupted):
    """Sampling was stopped by the user.

    Attributes
    ----------
    tree : the draws that were done, in chains of equal length; None if there are none
    fit : the same as a fit that did not converge; None where only a compiled model was sampled
    """

    def __init__(self, tree: xr.DataTree | None, *, fit: Fit | None = None) -> None:
        self.tree = tree
        self.fit = fit
        super().__init__(Problem("fit", f"stopped; {_kept(tree)}"))


def _kept(tree: xr.DataTree | None) -> str:
    if tree is None:
        return "no draw was done yet, so there is nothing to keep."
    sizes = tree["posterior"].sizes
    return f"{sizes['draw']} draws in each of {sizes['chain']} chains were done and are kept."


@dataclass(frozen=True, slots=True)
class Compiled:
    """A compiled model, ready to be sampled again and again.

    Attributes
    ----------
    built : the model it was compiled from
    seconds : that compiling took
    data : values that stand in for those the model was built with, by name of the ``pm.Data``
    """

    built: Built
    native: Any = field(repr=False)
    seconds: float
    data: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)

    def with_data(self, data: Mapping[str, Any]) -> Compiled:
        """Return the same machine code with other data.

        Vectors may change their length (fewer rows of an outcome, say); the parameters keep their shapes.

        Parameters
        ----------
        data : values by name, of the names in ``built.refit_data``

        Raises
        ------
        FitError
            For a name that may not be swapped, or another number of dimensions.
        """
        values = {name: self._checked(name, value) for name, value in data.items()}
        return replace(self, native=self.native.with_data(**values), data={**self.data, **values})

    def _checked(self, name: str, value: Any) -> np.ndarray:
        if name not in self.built.refit_data:
            known = did_you_mean(name, self.built.refit_data)
            raise FitError(Problem("refit", f"data '{name}' cannot be swapped.", known))
        before = self.built.model[name]
        array = np.asarray(value, dtype=before.dtype)
        if array.ndim != before.ndim:
            what = f"data '{name}' has {array.ndim} dimensions, not {before.ndim}."
            raise FitError(Problem("refit", what, "Mend its shape."))
        return array

    def sample(
        self,
        *,
        draws: int = 1000,
        tune: int = 1000,
        chains: int = 4,
        seed: int,
        data: Mapping[str, Any] | None = None,
        progress: Progress | None = None,
        target_accept: float = 0.8,
        cores: int | None = None,
        stage: str = "sample",
    ) -> xr.DataTree:
        """Draw from the posterior.

        Parameters
        ----------
        draws, tune : a chain, kept and thrown away
        seed : of the sampler; the same seed, model and data give the same draws
        data : other data for this run, see :meth:`with_data`
        progress : told about ten times a second how far it is
        target_accept : in (0, 1); nearer to 1 means smaller steps and fewer divergences
        cores : chains that run at the same time; default one a processor, see :func:`limited_cores`. NumPyro
            runs all as one program
        stage : what `progress` is told this is

        Returns
        -------
        xr.DataTree
            Groups ``posterior`` (without the variables in ``built.hidden``), ``sample_stats``,
            ``constant_data`` and ``observed_data``.

        Raises
        ------
        SamplingStopped
            On Ctrl-C; holds what was done.
        FitError
            If the posterior cannot be evaluated at any starting point.
        """
        import nutpie

        if data:
            return self.with_data(data).sample(
                draws=draws, tune=tune, chains=chains, seed=seed, progress=progress,
                target_accept=target_accept, cores=cores, stage=stage,
            )  # fmt: skip
        watch, source = _Watch(stage), self.native.sampler()
        try:
            if isinstance(source, NumPyro):
                ready = source.chains(
                    draws=draws, tune=tune, chains=chains, seed=seed, target_accept=target_accept
                )
                return self._finished(self._run(ready, progress, stage))
            sampler = nutpie.sample(
                source,
                draws=draws,
                tune=tune,
                chains=chains,
                cores=cores or min(chains, _most_cores.get() or os.cpu_count() or 1),
                seed=seed,
                target_accept=target_accept,
                adaptation=self._adaptation(),
                save_warmup=False,
                progress_bar=False,
                progress_callback=watch,
                blocking=False,
            )
            raw = self._await(sampler, watch, progress)
            if progress is not None:  # a short run may end before the first look at it
                whole = chains * (draws + tune)
                progress(replace(watch.snapshot, done=whole, total=whole))
        except (RuntimeError, ValueError) as error:
            raise FitError(_cannot_sample(error)) from error
        return self._finished(raw)

    def _adaptation(self) -> str:
        """Learn correlations of parameters where these are few: it doubles the smallest ESS."""
        return "low_rank" if len(self.native.start) <= _MOST_CORRELATED else "diag"

    def _await(self, sampler: Any, watch: _Watch, progress: Progress | None) -> xr.DataTree:
        try:
            while True:
                try:
                    return _quietly(partial(sampler.wait, timeout=_POLL_SECONDS))
                except TimeoutError:
                    if progress is not None:
                        progress(watch.snapshot)
        except KeyboardInterrupt:
            kept = complete_chains(_quietly(sampler.abort))
            raise SamplingStopped(None if kept is None else self._finished(kept)) from None
        except BaseException:
            sampler.cancel()
            raise

    def _run(self, chains: Chains, progress: Progress | None, stage: Any) -> xr.DataTree:
        n, told = len(chains.state.z), perf_counter()

        def watch(done: int, divergences: int) -> None:
            nonlocal told
            total = chains.tune + chains.draws
            if progress is not None and (done == total or perf_counter() > told + _POLL_SECONDS):
                told = perf_counter()
                progress(Snapshot(stage, done=n * done, total=n * total, divergences=divergences))

        try:
            chains.run(watch)
        except KeyboardInterrupt:
            kept = chains.tree()
            raise SamplingStopped(None if kept is None else self._finished(kept)) from None
        raw = chains.tree()
        assert raw is not None
        return raw

    def _finished(self, raw: xr.DataTree) -> xr.DataTree:
        attrs = raw["posterior"].attrs
        drawn = self.native.variables(raw["posterior"]["x"].values).assign_attrs(attrs)
        return tidy(drawn, raw["sample_stats"].to_dataset(), data_groups(self.built.model, self.data))


def _quietly(take: Callable[[], xr.DataTree]) -> xr.DataTree:
    """Take draws without the warning that there are fewer of them than chains."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Found chain dimension to be longer than draw dimension")
        return take()


class _Watch:
    """Called by the sampler's own thread; remembers the last state."""

    def __init__(self, stage: Any) -> None:
        self.snapshot = Snapshot(stage)

    def __call__(self, chains: list[Any]) -> None:
        self.snapshot = Snapshot(
            self.snapshot.stage,
            done=sum(chain.finished_draws for chain in chains),
            total=sum(chain.total_draws for chain in chains),
            divergences=sum(chain.divergences for chain in chains),
        )


def _cannot_sample(error: Exception) -> Problem:
    first = (str(error).splitlines() or [type(error).__name__])[0]
    return Problem(
        "fit",
        f"the sampler could not start or go on ({first}).",
        "The usual causes are a value the family cannot produce (a zero in a beta outcome), "
        "or a prior that leaves no room for the data.",
    )


def compile_model(built: Built, *, backend: str = "numba") -> Compiled:
    """Turn a built model into machine code (seconds; half a minute the first time after an installation).

    Parameters
    ----------
    backend : ``"numba"``, sampled by nutpie, or ``"jax"``, sampled by NumPyro

    Examples
    --------
    >>> compiled = compile_model(build(spec, survey))                         # doctest: +SKIP
    >>> first = compiled.sample(seed=1)                                       # doctest: +SKIP
    >>> fewer = compiled.sample(seed=1, data={"team.adaptation.data": y[:50]})  # doctest: +SKIP
    """
    from coefficacy.sampling.machine import compile_machine

    started = perf_counter()
    native = compile_machine(built.model, built.hidden, built.recover, backend=backend)
    return Compiled(built, native, perf_counter() - started)


def prior_predictive(built: Built, *, draws: int = 500, seed: int | None = None) -> xr.DataTree:
    """Draw parameters and outcomes before any data are seen.

    Returns
    -------
    xr.DataTree
        Groups ``prior`` and ``prior_predictive`` with one chain of `draws`.

    Raises
    ------
    FitError
        If the model was built for the exact engine, which holds densities of data and none to draw them from.
    """
    import pymc as pm

    if built.engine == "marginal":
        problem = Problem(
            "prior predictive",
            "a model of engine 'marginal' cannot draw data.",
            "Build it with engine='explicit': the priors are the same.",
        )
        raise FitError(problem)
    log = logging.getLogger("pymc.sampling.forward")
    level = log.level
    log.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Numba will use object mode")
            return pm.sample_prior_predictive(draws=draws, model=built.model, random_seed=seed)
    finally:
        log.setLevel(level)
