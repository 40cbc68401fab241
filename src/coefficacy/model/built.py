"""What every engine hands to the sampler: a PyMC model and what is to be known about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pymc as pm

    from coefficacy.model.recovered import TeamRecovery

__all__ = ["Built", "EngineName"]

type EngineName = Literal["explicit", "marginal", "bambi"]


@dataclass(frozen=True, slots=True)
class Built:
    """A model that can be compiled and sampled.

    Attributes
    ----------
    model : variables with named dims and coords, data in ``pm.Data`` where they may be swapped
    engine : who built it
    reason : why this engine, in plain words
    parameters : posterior variables that are model parameters: the convergence gate and the summary use them
    constant_entries : variables with entries that are the same in every draw (the diagonal of a correlation
        matrix); the gate leaves those entries out
    refit_data : names of the ``pm.Data`` that may be swapped without compiling again; the number of rows may
        change where no stored variable has that dim
    recover : turns stored steps into draws of what was integrated out
    hidden : variables that are not stored with the draws (one value a row of data, or steps on the way)
    """

    model: pm.Model
    engine: EngineName
    reason: str
    parameters: tuple[str, ...]
    constant_entries: tuple[str, ...] = ()
    refit_data: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    recover: TeamRecovery | None = None
