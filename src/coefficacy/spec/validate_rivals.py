"""What must hold in a rival that measures otherwise than the model."""

from __future__ import annotations

from collections.abc import Iterator

from coefficacy.errors import did_you_mean
from coefficacy.spec.model import ModelSpec, Rival
from coefficacy.spec.queries import factors, level_names, replaced_measures, rival_spec
from coefficacy.spec.validate_parts import Found

__all__ = ["measured_otherwise_problems"]


def measured_otherwise_problems(spec: ModelSpec, rival: Rival) -> Iterator[Found]:
    """Yield what ties a rival's measures to those of the model.

    The rival takes all items of the measures it replaces and no others, or its scores would be of other
    answers than the model's.
    """
    place = f"rivals.{rival.name}"
    gone = replaced_measures(spec, rival)
    whole = rival_spec(spec, rival.name)
    own = {item for m in spec.measures for item in m.items}
    of_gone = {item for m in spec.measures if m.name in gone for item in m.items}
    taken = {item for m in rival.measures for item in m.items}
    for measure in rival.measures:
        for item in measure.items:
            if item not in own:
                what = f"'{item}' is not among the model's items, as written there."
                yield f"{place}.measures.{measure.name}.items", what, did_you_mean(item, own)
    if missing := sorted(of_gone - taken):
        what = f"leaves out {', '.join(map(repr, missing))} of {' and '.join(gone)}."
        yield (
            f"{place}.measures",
            what,
            "Take all items of a measure or none: scores are of the same answers.",
        )
    if spec.question is not None and spec.question.rival == rival.name:
        what = f"'{rival.name}' measures otherwise, and the verdict compares equations of one outcome."
        mend = 'Name another; co.left_out_teams(fit, RIVAL, scored="answers") compares measurement.'
        yield "question.rival", what, mend
    for regression in whole.regressions:
        for name in (f.name for f in factors(regression.formula)):
            if name in gone and name not in {m.name for m in rival.measures}:
                what = f"'{name}' is not measured in this rival."
                mend = f"Write {regression.response} anew under [{place}.{regression.level}]."
                yield f"{place}.{regression.level}.{regression.response}", what, mend
    if any(m.name in level_names(spec) for m in rival.measures):
        yield f"{place}.measures", "a measure has the name of a level.", "Name it otherwise."
