"""Parameters with the file's prior, else with a documented default.

Defaults are functions of a few long vectors of standard variables: one distribution for a hundred parameters
instead of a hundred distributions, since most of the time before sampling goes into compiling densities. A
prior from the model file makes a variable of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt

from coefficacy.errors import Problem, SpecError
from coefficacy.spec.model import ModelSpec, PriorSpec
from coefficacy.spec.priors import DISTRIBUTIONS

__all__ = ["REAL_LINE", "Parameters", "named_arguments", "prior_of", "random_effect"]

_LENGTH_SD = 0.1
REAL_LINE = ("Normal", "StudentT", "Cauchy")


def prior_of(spec: ModelSpec, name: str) -> PriorSpec | None:
    """Return the prior a model file gives for a parameter, or None."""
    return dict(spec.priors).get(name)


def named_arguments(prior: PriorSpec) -> dict[str, float]:
    """Return the arguments of a prior under PyMC's names."""
    return dict(zip(DISTRIBUTIONS[prior.distribution], prior.args, strict=True))


def random_effect(prior: PriorSpec, rng: np.random.Generator) -> float:
    """Draw one value of a prior on the real line."""
    if prior.distribution == "Normal":
        mu, sigma = prior.args
        return float(rng.normal(mu, sigma))
    if prior.distribution == "StudentT":
        nu, mu, sigma = prior.args
        return float(mu + sigma * rng.standard_t(nu))
    location, scale = prior.args
    return float(location + scale * rng.standard_cauchy())


class Parameters:
    """Makes the parameters of one model; call :meth:`close` when the last one is made.

    Parameters
    ----------
    spec : whose ``[priors]`` take precedence over the defaults
    """

    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec
        self._sizes = {kind: pytensor.shared(np.int64(0)) for kind in ("normal", "half", "folded")}
        self._used = dict.fromkeys(self._sizes, 0)
        self._vectors: dict[str, Any] = {}

    def normal(self, *shape: int) -> Any:
        """Standard normal variables of a shape."""
        return self._take("normal", shape)

    def close(self) -> None:
        """Give the vectors their length."""
        for kind, size in self._sizes.items():
            size.set_value(np.int64(self._used[kind]))

    def real(
        self,
        name: str,
        location: Any,
        scale: Any,
        dims: Sequence[str] = (),
        *,
        stored_as: str = "",
        around: Any = None,
    ) -> Any:
        """A parameter on the real line, by default normal.

        Parameters
        ----------
        around : what the sampler sees is the difference from this, where a parameter moves with a sampled
            latent; the prior stays that of the parameter
        """

        def default(shape: tuple[int, ...]) -> Any:
            z = self._take("normal", shape)
            if around is None:
                return location + scale * z
            moved = z + around / scale
            pm.Potential(f"{name}.around", 0.5 * pt.sum(z**2 - moved**2))
            return location + scale * moved

        return self._make(name, stored_as, dims, default)

    def heavy(self, name: str, location: float, scale: float, *, stored_as: str, around: Any = None) -> Any:
        """A location far from which data may lie, by default Student t with 3 degrees of freedom.

        Parameters
        ----------
        around : as for :meth:`real`
        """
        given = prior_of(self.spec, name)
        prior = given or PriorSpec("StudentT", (3.0, location, scale))
        if given is not None or around is None:
            return self._given(name, stored_as, prior, ())
        moved = pm.Flat(f"{stored_as}.standard.location")
        value = pm.Deterministic(stored_as, location + 0.1 * scale * moved + around)
        density = pm.logp(pm.StudentT.dist(**named_arguments(prior)), value)
        pm.Potential(f"{stored_as}.around", density)
        return value

    def positive(self, name: str, centre: Any, spread: float, dims: Sequence[str] = ()) -> Any:
        """A positive parameter, by default lognormal around `centre`."""
        return self._make(
            name, "", dims, lambda shape: pt.exp(np.log(centre) + spread * self._take("normal", shape))
        )

    def scale(self, name: str, unit: Any, dims: Sequence[str] = ()) -> Any:
        """A standard deviation, by default half-normal with scale `unit`."""
        return self._make(name, "", dims, lambda shape: unit * self._take("half", shape))

    def spread(self, name: str, unit: Any, dims: Sequence[str] = ()) -> Any:
        """A standard deviation that multiplies sampled effects, by default half-normal with scale `unit`.

        The sampler sees a normal variable whose absolute value it is: it crosses zero where the data allow
        it, while the logarithm would send it far out.
        """
        return self._make(name, "", dims, lambda shape: unit * pt.abs(self._take("folded", shape)))

    def pooled_scales(self, name: str, unit: float, dim: str) -> Any:
        """Standard deviations, half-normal with a typical scale that is half-normal with scale `unit`.

        For what is integrated out. Data tell of the length r of these numbers, and of their direction as far
        as none is near zero. The sampler sees log r, the logarithm of the typical scale, and a vector of
        which only the direction counts: its entries cross zero as those of :meth:`spread` do, and its own
        length is kept near its mean, or directions that are well known would make a funnel of it.
        """

        def default(shape: tuple[int, ...]) -> Any:
            n = int(np.prod(shape))
            typical, log_r = self._take("half", ()), pm.Flat(f"{name}.standard.location")
            z = 1.0 + pm.Flat(f"{name}.standard.direction", shape=n)
            log_ratio, log_length = log_r - pt.log(typical), 0.5 * pt.log(pt.sum(z**2))
            of_r = n * log_ratio - 0.5 * pt.exp(2 * log_ratio)
            of_length = -n * log_length - 0.5 * ((log_length - 0.5 * np.log(n)) / _LENGTH_SD) ** 2
            pm.Potential(f"{name}.around", of_r + of_length)
            pm.Deterministic(f"{name}.typical", unit * typical)
            return unit * pt.exp(log_r - log_length) * pt.abs(z)

        return self._make(name, "", (dim,), default)

    def _take(self, kind: str, shape: tuple[int, ...]) -> Any:
        if kind not in self._vectors:
            distribution = pm.HalfNormal if kind == "half" else pm.Normal
            self._vectors[kind] = distribution(f"standard.{kind}", sigma=1.0, shape=(self._sizes[kind],))
        start, n = self._used[kind], int(np.prod(shape, dtype=int))
        self._used[kind] += n
        part = self._vectors[kind][start : start + n]
        return part.reshape(shape) if shape else part[0]

    def _make(self, name: str, stored_as: str, dims: Sequence[str], default: Any) -> Any:
        stored, given = stored_as or name, prior_of(self.spec, name)
        if given is not None:
            return self._given(name, stored, given, dims)
        coords = pm.modelcontext(None).coords
        return pm.Deterministic(stored, default(tuple(len(coords[d]) for d in dims)), dims=tuple(dims))

    @staticmethod
    def _given(name: str, stored: str, prior: PriorSpec, dims: Sequence[str]) -> Any:
        if prior.distribution == "LKJ":
            raise SpecError(
                Problem(
                    f'priors: "{name}"',
                    f"{prior} cannot be a prior of one number.",
                    "Take e.g. Normal(0, 1).",
                )
            )
        return getattr(pm, prior.distribution)(stored, dims=tuple(dims), **named_arguments(prior))
