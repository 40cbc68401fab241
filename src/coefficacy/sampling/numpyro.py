"""NumPyro's sampler: all chains in one program, on whatever JAX finds (a processor, a graphics card)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Chains", "NumPyro"]

_TRIES = 10
_DEEPEST = 10


@dataclass(frozen=True)
class NumPyro:
    """A density to be sampled.

    Attributes
    ----------
    function : log density of the unconstrained parameters, in JAX
    start : gives a starting point for a seed
    """

    function: Callable[[Any], Any] = field(repr=False)
    start: Callable[[int], np.ndarray] = field(repr=False)

    def chains(self, *, draws: int, tune: int, chains: int, seed: int, target_accept: float) -> Chains:
        """Get ready to sample.

        Raises
        ------
        ValueError
            If the density is finite at no starting point.
        """
        import jax
        from numpyro.infer import NUTS

        points = self._points(np.random.SeedSequence(seed), chains)
        kernel = NUTS(
            potential_fn=lambda x: -self.function(x),
            target_accept_prob=target_accept,
            max_tree_depth=_DEEPEST,
        )
        keys = jax.random.split(jax.random.PRNGKey(seed), chains)
        state = jax.jit(lambda keys, points: kernel.init(keys, tune, points))(keys, points)
        return Chains(jax.jit(lambda state: kernel.sample(state, (), {})), state, tune, draws)

    def _points(self, seeds: np.random.SeedSequence, chains: int) -> np.ndarray:
        import jax

        value = jax.jit(jax.vmap(self.function))
        for _ in range(_TRIES):
            points = np.array([self.start(int(seed.generate_state(1)[0])) for seed in seeds.spawn(chains)])
            if np.isfinite(value(points)).all():
                return points
        raise ValueError(f"the density is not finite at {_TRIES} starting points")


@dataclass
class Chains:
    """Chains on their way.

    Attributes
    ----------
    step : one step of all chains
    state : where they are
    tune, draws : steps to throw away, and to keep after these
    """

    step: Callable[[Any], Any] = field(repr=False)
    state: Any = field(repr=False)
    tune: int
    draws: int
    kept: list[tuple[np.ndarray, ...]] = field(default_factory=list, repr=False)
    divergences: int = 0

    def run(self, watch: Callable[[int, int], None]) -> None:
        """Take all steps; `watch` is told the steps done and the divergences after each."""
        import jax

        for done in range(1, self.tune + self.draws + 1):
            state = self.state = self.step(self.state)
            now = jax.device_get(
                (
                    state.z, state.diverging, state.energy, state.potential_energy, state.num_steps,
                    state.accept_prob, state.adapt_state.step_size,
                )
            )  # fmt: skip
            if done > self.tune:
                self.kept.append(now)
                self.divergences += int(now[1].sum())
            watch(done, self.divergences)

    def tree(self) -> xr.DataTree | None:
        """What was kept so far, named as nutpie names it; None if nothing was."""
        import xarray as xr
        from numpyro import __version__

        if not self.kept:
            return None
        x, diverging, energy, potential, steps, accepted, size = (np.stack(a, 1) for a in zip(*self.kept))
        depth = np.floor(np.log2(np.maximum(steps, 1))).astype(int) + 1
        stats = {
            "diverging": diverging, "energy": energy, "logp": -potential, "n_steps": steps, "depth": depth,
            "maxdepth_reached": depth > _DEEPEST, "mean_tree_accept": accepted, "step_size": size,
        }  # fmt: skip
        where = {"chain": range(x.shape[0]), "draw": range(x.shape[1])}
        by_draw = {name: (("chain", "draw"), values) for name, values in stats.items()}
        return xr.DataTree.from_dict(
            {
                "posterior": xr.Dataset(
                    {"x": (("chain", "draw", "x_dim_0"), x)},
                    coords=where,
                    attrs={"inference_library": "numpyro", "inference_library_version": __version__},
                ),
                "sample_stats": xr.Dataset(by_draw, coords=where),
            }
        )
