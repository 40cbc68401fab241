"""The explicit engine with its latents integrated out: it is quadratic in them, given the parameters."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
from pytensor.compile.mode import Mode

from coefficacy.model.explicit import build_explicit
from coefficacy.sampling.machine import Machine


def interpreted(inputs, outputs):
    return pytensor.function(
        inputs, outputs, mode=Mode(linker="py", optimizer=None), on_unused_input="ignore"
    )


def machine_of(built) -> Machine:
    """A machine that expands draws, without a compiled density."""
    variables = (*built.model.free_RVs, *built.model.deterministics)
    stored = tuple(v.name for v in variables if v.name not in built.hidden)
    return Machine(built.model, None, np.zeros(0), stored, built.recover)


def values_of(built, draws) -> dict[str, np.ndarray]:
    """The parameters of the first draw, as the explicit model takes them."""
    steps = [n for n in draws if n.endswith(".step")]
    wanted = [n for n in built.parameters if n in draws and not n.endswith(".std")]
    return {n: draws[n].values[0, 0] for n in (*wanted, *steps)}


def densities_of_data(model) -> list:
    return [p for p in model.potentials if p.name.endswith((".density", "centring"))]


class Integrated:
    """The explicit model at given parameters, its standard variables integrated out."""

    def __init__(self, spec, survey, values):
        built = build_explicit(spec, survey)
        model, latents = built.model, built.model["standard.normal"]
        known = {model[n]: pt.as_tensor(v) for n, v in values.items() if n in model.named_vars}
        with model:
            terms = [pm.logp(rv, model.rvs_to_values[rv]).sum() for rv in model.observed_RVs]
        wanted = [t for t in (model["team.latent"], *self.predictors(model)) if t is not None]
        start = np.zeros(int(latents.shape.eval()[0]))
        z = pt.vector("z")
        total, *wanted = pytensor.graph.replace.graph_replace(
            [sum(terms), *wanted], {**known, latents: z}, strict=False
        )
        total = total - 0.5 * pt.sum(z**2 + np.log(2 * np.pi))
        self.function = interpreted([z], [total, pytensor.grad(total, z), *wanted])
        _, gradient, *_ = self.function(start)
        n = len(start)
        hessian = np.array([self.function(row)[1] - gradient for row in np.eye(n)])
        self.precision = -(hessian + hessian.T) / 2
        self.mode = np.linalg.solve(self.precision, gradient)
        at_mode = self.function(self.mode)
        _, log_det = np.linalg.slogdet(self.precision)
        self.log_density = at_mode[0] + 0.5 * (n * np.log(2 * np.pi) - log_det)
        self.latent, self.predicted = at_mode[2], at_mode[3:]

    @staticmethod
    def predictors(model):
        return [model[f"team.{y}.eta"] for y in ("y", "z") if f"team.{y}.eta" in model.named_vars]
