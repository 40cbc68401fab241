"""Worlds of any model with a question: drawn from its own priors, with the effect in question held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from coefficacy.errors import Problem, StudyError
from coefficacy.spec import ModelSpec, dumps, loads, queries
from coefficacy.spec.model import PriorSpec
from coefficacy.studies.from_prior import answered, observed_names
from coefficacy.studies.jobs import Job, Study
from coefficacy.studies.verdicts import Sampling, judged, world_seed

if TYPE_CHECKING:
    from coefficacy.survey import Survey

__all__ = ["OWN_WORLD", "PlantedInputs", "judge_planted", "planted_design", "planted_study", "planted_worlds"]

OWN_WORLD = (
    "drawn from the model's own priors for the units, columns, items and missing answers of this survey, "
    "with the effect in question held at its planted value; narrower priors in the model file make worlds "
    "more like the teams you know"
)
_BATCH, _MOST_BATCHES = 100, 100
_EXACT = 1e-6


@dataclass(frozen=True, slots=True)
class PlantedInputs:
    """What a job needs: a model in its own text, the survey, and what stands in it for answers and outcomes.

    Attributes
    ----------
    data : measure or outcome -> values, as the model codes them
    effect : planted, in the question's direction
    """

    spec_text: str
    survey: Survey
    data: dict[str, np.ndarray]
    effect: float
    sampling: Sampling


def planted_worlds(
    spec: ModelSpec, survey: Survey, effect: float, n: int, *, seed: int
) -> tuple[dict[str, np.ndarray], ...]:
    """Draw the answers and outcomes of `n` worlds; a larger `n` begins with the worlds of a smaller one.

    All parameters come from the priors of the model file, but the effect in question, which is standardised.
    Draws whose effects explain more than all the variance are no draws of the prior, and are made anew.

    Parameters
    ----------
    effect : standardised, positive where it lies in the question's direction

    Raises
    ------
    StudyError
        There is no question, or no such world: says why.
    """
    from coefficacy.model import build
    from coefficacy.sampling import prior_predictive
    from coefficacy.sampling.entries import parameter_entries

    _refuse(spec)
    built = build(_held(spec, effect), survey, engine="explicit")
    names, found = observed_names(spec), list[dict[str, np.ndarray]]()
    for batch in range(_MOST_BATCHES):
        own = int(np.random.SeedSequence([seed, batch]).generate_state(1)[0])
        tree = prior_predictive(built, draws=_BATCH, seed=own)
        drawn = tree["prior_predictive"].to_dataset()
        data = {name: drawn[name].values[0] for name in names}
        entries = parameter_entries(tree["prior"].to_dataset(), built.parameters).values[0]
        good = np.isfinite(entries).all(axis=1)
        for name in names:
            values = data[name].reshape(_BATCH, -1).astype(float)
            good &= np.isfinite(values).all(axis=1)
        found += [{name: data[name][k] for name in names} for k in np.flatnonzero(good)]
        if len(found) >= n:
            return tuple(found[:n])
    what = f"fewer than {n} of {_MOST_BATCHES * _BATCH} draws of the prior keep R² below one at {effect:g}."
    raise StudyError(Problem("calibrate", what, "Give narrower priors to the other effects."))


def planted_study(
    spec: ModelSpec, survey: Survey, *, sims: int, effects: Sequence[float], sampling: Sampling
) -> Study:
    """Return the study that judges worlds drawn from the model's own priors, one cell an effect.

    Raises
    ------
    StudyError
        See :func:`planted_worlds`.
    """
    text, placed = dumps(_fitted(spec)), []
    for effect in effects:
        worlds = planted_worlds(spec, survey, effect, sims, seed=sampling.seed)
        for k, data in enumerate(worlds):
            inputs = PlantedInputs(text, survey, data, effect, sampling)
            placed.append((k, Job(f"{effect:g}/{k}", world_seed(sampling.seed, k), inputs)))
    jobs = tuple(job for _, job in sorted(placed, key=lambda one: one[0]))
    about = {
        "world": "prior", "spec_hash": queries.spec_hash(spec), "survey": survey.data_hash,
        "design": planted_design(spec, survey),
    }  # fmt: skip
    return Study("worlds", judge_planted, jobs, about, asdict(sampling))


def judge_planted(job: Job) -> dict[str, Any]:
    """Put one world's answers and outcomes into the survey, fit and judge it, on one processor."""
    asked: PlantedInputs = job.inputs
    spec = loads(asked.spec_text)
    return judged(spec, answered(spec, asked.survey, asked.data), job.seed, asked.sampling)


def planted_design(spec: ModelSpec, survey: Survey) -> dict[str, Any]:
    """Return what `Calibration` says of the design: sizes, layers, missing answers, items by measure."""
    lowest, team, *above = queries.level_names(spec)
    sizes = np.bincount(survey.index(lowest, team), minlength=survey.n[team])
    layers = survey.index(team, above[0]) if above else np.zeros(survey.n[team], int)
    answers = [survey.answers(m.name).values for m in spec.measures]
    missing = np.concatenate([np.isnan(values).ravel() for values in answers]).mean()
    scales = {
        m.name: {
            "n_items": len(survey.items[m.name]), "reliability": None, "family": m.family,
            "categories": len(survey.categories(m.name)),
        }
        for m in spec.measures
    }  # fmt: skip
    of_units = {"sizes": sizes.tolist(), "layers": layers.tolist(), "missing": round(float(missing), 4)}
    return of_units | scales


def _held(spec: ModelSpec, effect: float) -> ModelSpec:
    """The model with the effect in question held, on the standardised scale."""
    assert spec.question is not None
    sign = 1.0 if spec.question.direction == "positive" else -1.0
    name = spec.question.effect
    others = tuple((key, prior) for key, prior in spec.priors if queries.canonical_name(key) != name)
    return replace(spec, priors=(*others, (name, PriorSpec("Normal", (sign * effect, _EXACT)))))


def _fitted(spec: ModelSpec) -> ModelSpec:
    """Rivals beside the question's do not enter the answer; nor do estimands."""
    asked = spec.question.rival if spec.question else ""
    return replace(spec, rivals=tuple(r for r in spec.rivals if r.name == asked), estimands=())


def _refuse(spec: ModelSpec) -> None:
    where = f"calibrate: {spec.title or 'model'}"
    if spec.question is None:
        raise StudyError(Problem(where, "it asks no question.", "Add [question] with an effect."))
    if not spec.measures or len(spec.levels) < 2:
        what = "worlds are drawn from the priors of models with measures, of people in teams."
        raise StudyError(Problem(where, what, "A model of observed columns alone has none here."))
    if spec.spreads:
        what = f"sd({spec.spreads[0].response}) is on a left-hand side."
        raise StudyError(Problem(where, what, "Worlds of such models cannot be drawn."))
