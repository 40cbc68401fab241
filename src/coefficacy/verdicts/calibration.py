"""How often the rule errs for a design, as measured in simulated worlds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coefficacy.errors import Problem, StudyError
from coefficacy.spec import queries
from coefficacy.verdicts.result import Answer

if TYPE_CHECKING:
    from coefficacy.spec.model import ModelSpec
    from coefficacy.survey import Survey

__all__ = ["CALIBRATION_FILE", "Calibration", "ErrorRates", "rate_interval"]

CALIBRATION_FILE = "calibration.json"
_SCHEMA = 1
_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """The verdicts in worlds with one planted effect.

    Attributes
    ----------
    effect : standardised
    supported, refuted, cannot_tell : worlds with that verdict
    failed : worlds in which the fit ended in an error; in none of the three
    not_converged : of those that cannot tell, how many because the fit did not converge
    """

    effect: float
    supported: int
    refuted: int
    cannot_tell: int
    failed: int = 0
    not_converged: int = 0

    @property
    def n(self) -> int:
        """Worlds with a verdict."""
        return self.supported + self.refuted + self.cannot_tell

    def count(self, answer: Answer) -> int:
        """Return how many worlds had that verdict."""
        return {"supported": self.supported, "refuted": self.refuted, "cannot tell": self.cannot_tell}[answer]

    def interval(self, answer: Answer) -> tuple[float, float]:
        """Return the exact 95% interval (Clopper and Pearson) of the rate of a verdict."""
        return rate_interval(self.count(answer), self.n)


def rate_interval(count: int, n: int) -> tuple[float, float]:
    """Return the exact 95% interval (Clopper and Pearson) of a rate."""
    from scipy.stats import binomtest

    if not n:
        return 0.0, 1.0
    found = binomtest(count, n).proportion_ci(_LEVEL, method="exact")
    return float(found.low), float(found.high)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Error rates of the verdict for one model and design.

    Attributes
    ----------
    model, spec_hash : title and hash of the model file
    world : what was simulated, and what of it is not the survey's
    design : teams, layers and items, see :class:`coefficacy.worlds.Design`; plain values
    settings : of the sampler, and the seed
    rates : one entry for each planted effect
    failures : messages of fits that ended in an error, each once
    source, versions : of the code that ran, see the store beside it
    seconds : of all jobs together
    """

    model: str
    spec_hash: str
    world: str
    design: dict[str, Any]
    settings: dict[str, Any]
    rates: tuple[ErrorRates, ...]
    failures: tuple[str, ...]
    source: dict[str, int]
    versions: dict[str, str]
    seconds: float
    schema: int = _SCHEMA

    def to_json(self) -> str:
        """Return the text of ``calibration.json``: the fields, and rates with their intervals."""
        content = asdict(self)
        content["rates"] = [
            {**asdict(r), "n": r.n, "intervals": {a: r.interval(a) for a in _ANSWERS}} for r in self.rates
        ]
        return json.dumps(content, indent=1, allow_nan=False) + "\n"

    @classmethod
    def read(cls, folder: str | Path) -> Calibration:
        """Read what ``coefficacy calibrate`` wrote to `folder`.

        Raises
        ------
        StudyError
            There is no calibration, or it cannot be read.
        """
        path = Path(folder) / CALIBRATION_FILE
        mend = "Name the folder that 'coefficacy calibrate' has finished writing."
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["schema"] != _SCHEMA:
                what = f"has schema {content['schema']!r}; this version reads {_SCHEMA}."
                raise StudyError(Problem(str(path), what, "Calibrate again."))
            names = set(ErrorRates.__slots__)
            rates = tuple(ErrorRates(**{k: r[k] for k in r if k in names}) for r in content["rates"])
            return cls(**{**content, "rates": rates, "failures": tuple(content["failures"])})
        except FileNotFoundError:
            raise StudyError(Problem(str(folder), f"holds no {CALIBRATION_FILE}.", mend)) from None
        except (ValueError, KeyError, TypeError) as error:
            raise StudyError(Problem(str(path), "is no calibration.", mend)) from error

    def refuse_other(self, spec: ModelSpec, survey: Survey) -> None:
        """Raise a StudyError unless model and design are those that were calibrated."""
        mend = "Calibrate with this model and these tables, or leave the calibration out."
        problems = [Problem("calibration", what, mend) for what in self._differences(spec, survey)]
        if problems:
            raise StudyError(problems)

    def _differences(self, spec: ModelSpec, survey: Survey) -> Iterator[str]:
        if queries.spec_hash(spec) != self.spec_hash:
            yield f"it is of another model file ('{self.model}')."
            return
        lowest, team, *above = queries.level_names(spec)
        sizes = sorted(_sizes(survey, lowest, team))
        if sizes != sorted(self.design["sizes"]):
            yield f"it is of {_teams(self.design['sizes'])}; the survey has {_teams(sizes)}."
        if above and survey.n[above[0]] != len(set(self.design["layers"])):
            yield f"it is of {len(set(self.design['layers']))} layers; the survey has {survey.n[above[0]]}."
        for name, items in survey.items.items():
            if len(items) != self.design[name]["n_items"]:
                asked = self.design[name]["n_items"]
                yield f"it is of {asked} items of {name}; the survey has {len(items)}."

    def sentence(self) -> str:
        """Return a line for the reasons of a verdict: support without and with the largest effect."""
        shown = [r for r in self.rates if r.n]
        null = [r for r in shown if r.effect == 0]
        real = [r for r in shown if r.effect > 0]
        said = [*null[:1], *([max(real, key=lambda r: r.effect)] if real else [])]
        if not said:
            return ""
        return f"With a design like this, the rule says supported in {' and in '.join(map(_said, said))}."


_ANSWERS: tuple[Answer, ...] = ("supported", "refuted", "cannot tell")


def _said(rates: ErrorRates) -> str:
    low, high = rates.interval("supported")
    planted = f"with an effect of {rates.effect:g}" if rates.effect else "without an effect"
    return (
        f"{rates.supported} of {rates.n} simulated worlds {planted} "
        f"(95% interval {100 * low:.0f} to {100 * high:.0f}%)"
    )


def _sizes(survey: Survey, lowest: str, team: str) -> list[int]:
    import numpy as np

    return np.bincount(survey.index(lowest, team), minlength=survey.n[team]).tolist()


def _teams(sizes: list[int]) -> str:
    span = f"{min(sizes)}" if min(sizes) == max(sizes) else f"{min(sizes)} to {max(sizes)}"
    return f"{len(sizes)} teams of {span} ({sum(sizes)} people)"
