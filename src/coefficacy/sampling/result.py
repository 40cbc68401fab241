"""A fit: the draws together with everything needed to say where they came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from coefficacy.sampling.convergence import Convergence, Settings
from coefficacy.spec.model import ModelSpec

if TYPE_CHECKING:
    import xarray as xr

    from coefficacy.survey import Survey

__all__ = ["PACKAGES", "Fit", "package_versions"]

PACKAGES = ("coefficacy", "pymc", "pytensor", "nutpie", "numba", "arviz", "bambi", "xarray")


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Fit:
    """A model fitted to a survey.

    Attributes
    ----------
    spec, survey : what was fitted to what
    tree : groups ``posterior``, ``sample_stats``, ``constant_data``, ``observed_data``; coordinates are the
        ids of the tables and the term names of the formulas
    engine, engine_reason : who built the model, and why
    seed : of the sampler (the second try takes the next one)
    seconds : import, build, compile, sample
    versions : Python and the packages that matter to the result
    convergence : what the gate found; conclude nothing where it is not ok
    settings : how the sampler was run, the second try if there was one
    parameters : variables of the posterior that are model parameters
    constant_entries : those of them with entries that never change
    """

    spec: ModelSpec
    survey: Survey
    tree: xr.DataTree
    engine: str
    engine_reason: str
    seed: int
    seconds: dict[str, float]
    versions: dict[str, str]
    convergence: Convergence
    settings: Settings = field(default_factory=Settings)
    parameters: tuple[str, ...] = ()
    constant_entries: tuple[str, ...] = ()

    @property
    def posterior(self) -> xr.Dataset:
        """The draws, dims (chain, draw, ...)."""
        return self.tree["posterior"].to_dataset()

    def save(self, path: str | Path) -> Path:
        """Write everything to one NetCDF file, whole or not at all; return its path.

        Raises
        ------
        FitError
            If the file cannot be written.
        """
        from coefficacy.sampling.storage import save_fit

        return save_fit(self, path)

    @classmethod
    def load(cls, path: str | Path) -> Fit:
        """Read what :meth:`save` wrote; nothing is lost on the way.

        Raises
        ------
        FitError
            If the file is missing, damaged, no fit, or from a version with another layout.
        """
        from coefficacy.sampling.storage import load_fit

        return load_fit(path)

    def __repr__(self) -> str:
        return f"<Fit of {_title(self)}: {_size(self)}; {self.engine} engine, {_draws(self)}; {_gate(self)}>"

    def _repr_html_(self) -> str:
        rows = {
            "model": _title(self),
            "survey": _size(self),
            "engine": f"{self.engine} ({self.engine_reason})",
            "draws": f"{_draws(self)}, seed {self.seed}",
            "convergence": _gate(self),
        }
        cells = "".join(f"<tr><th>{key}</th><td>{escape(value)}</td></tr>" for key, value in rows.items())
        return f"<table><caption>Fit</caption><tbody>{cells}</tbody></table>"


def _title(fit: Fit) -> str:
    title = fit.spec.title or "untitled model"
    return f"{title} ({fit.spec.claim})" if fit.spec.claim else title


def _size(fit: Fit) -> str:
    return ", ".join(f"{level} n = {count:,}" for level, count in fit.survey.n.items())


def _draws(fit: Fit) -> str:
    sizes = fit.tree["posterior"].sizes
    return f"{sizes['chain']} x {sizes['draw']:,} draws"


def _gate(fit: Fit) -> str:
    found = fit.convergence
    if not found.ok:
        return "NOT converged: " + "; ".join(found.failures)
    return f"converged (r_hat up to {found.rhat_max:.3f}, at least {found.ess_min:,.0f} effective draws)"


def package_versions() -> dict[str, str]:
    """Versions of Python and of the packages the result depends on."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found
