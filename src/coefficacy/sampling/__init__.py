"""From a built model to a fit: sampling, the convergence gate, saving and loading.

| module | holds |
|---|---|
| `fitting` | `fit`: build, compile, sample, judge, try once more |
| `density`, `jax_density` | the log density: on a tape, compiled by numba, or in JAX |
| `machine`, `numpyro` | what nutpie samples and draws are turned into; NumPyro's sampler |
| `sample`, `trees` | compiling a model once, sampling it again and again; what the sampler returns, tidied |
| `convergence`, `entries` | the gate and its advice; parameters entry by entry |
| `result`, `summary` | `Fit`, and its parameters in one table |
| `storage`, `encoding` | one NetCDF file, nothing lost |
| `progress` | how far sampling is |
"""

from __future__ import annotations

from coefficacy.sampling.convergence import Convergence, Settings, judge
from coefficacy.sampling.fitting import compiled_model, fit
from coefficacy.sampling.progress import Progress, Snapshot, progress_bar
from coefficacy.sampling.result import Fit
from coefficacy.sampling.sample import (
    Compiled,
    SamplingStopped,
    compile_model,
    limited_cores,
    prior_predictive,
)
from coefficacy.sampling.summary import parameter_names, summary

__all__ = [
    "Compiled",
    "Convergence",
    "Fit",
    "Progress",
    "SamplingStopped",
    "Settings",
    "Snapshot",
    "compile_model",
    "compiled_model",
    "fit",
    "judge",
    "limited_cores",
    "parameter_names",
    "prior_predictive",
    "progress_bar",
    "summary",
]
