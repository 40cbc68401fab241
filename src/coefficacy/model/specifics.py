r"""Specific factors: what a set of items of one measure shares beside the measure itself (bifactor).

.. math::
   y_{ijm} = \nu_m + \lambda_m \eta_{ij} + \kappa_m s_{ij} + e_{jm} + \varepsilon_{ijm}, \quad
   s_{ij} = w_{ij} + v_j, \quad w \sim N(0, 1), \; v \sim N(0, \omega^2)

for the set that item m is in; independent of the measure and of each other at both levels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from coefficacy import dims
from coefficacy.model.structure import Structure, item_unit
from coefficacy.spec.model import Measure
from coefficacy.survey.measured import matching

__all__ = ["Specifics", "specifics_of"]


@dataclass(frozen=True, slots=True)
class Specifics:
    """The specific factors of a measure.

    Attributes
    ----------
    within, between : (item, factor), coefficients of the items on people's and teams' unit-variance sources
    """

    within: Any
    between: Any

    @property
    def n_factors(self) -> int:
        """Number of factors."""
        return int(self.within.type.shape[1])


def specifics_of(structure: Structure, measure: Measure) -> Specifics | None:
    """Make the parameters of a measure's specific factors, once; None without any.

    Loadings are half-normal, positive and possibly near zero; with all of a set's at zero there is no factor.
    """
    if not measure.specific:
        return None
    return structure.once(("specific", measure.name), lambda: _make(structure, measure))


def _make(structure: Structure, measure: Measure) -> Specifics:
    name, items = measure.name, structure.survey.items[measure.name]
    sets = [[items.index(i) for i in matching(patterns, items)] for _, patterns in measure.specific]
    shared, factor = f"{name}.specific.item", dims.specific_dim(name)
    order = [i for members in sets for i in members]
    pm.modelcontext(None).add_coords(
        {shared: [items[i] for i in order], factor: [label for label, _ in measure.specific]}
    )
    unit = item_unit(structure.survey, name)[1]
    loading = structure.parameters.scale(f"{name}.specific_loading", 0.7 * unit, (shared,))
    sd = structure.parameters.scale(f"{name}.specific_sd", 1.0, (factor,))
    at = np.repeat(np.arange(len(sets)), [len(members) for members in sets])
    empty = pt.zeros((len(items), len(sets)))
    within = pt.set_subtensor(empty[np.array(order, int), at], loading)
    return Specifics(pt.specify_shape(within, (len(items), len(sets))), within * sd)
