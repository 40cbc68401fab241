from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from coefficacy.errors import FitError
from coefficacy.verdicts import Verdict

KEYS = [
    "schema",
    "claim",
    "model",
    "engine",
    "seed",
    "versions",
    "data_hash",
    "spec_hash",
    "n",
    "converged",
    "effect",
    "effect_raw",
    "elpd",
    "ppc",
    "agreement",
    "estimands",
    "verdict",
    "reasons",
    "seconds",
]


def make(**changes: Any) -> Verdict:
    effect = {
        "name": "team.y ~ x",
        "mean": 0.3,
        "sd": 0.1,
        "q2_5": 0.1,
        "q97_5": 0.5,
        "p_positive": 1.0,
        "p_rope": 0.0,
    }
    plain = Verdict(
        schema=1,
        claim="C4",
        model="adaptation",
        engine="explicit",
        seed=1,
        versions={"coefficacy": "0.1.0"},
        data_hash="a" * 64,
        spec_hash="b" * 64,
        n={"persons": 60, "teams": 10, "layers": None},
        converged={"ok": True, "rhat_max": 1.001, "ess_min": 900.0, "divergences": 0},
        effect=effect,
        effect_raw=effect,
        elpd=None,
        ppc=None,
        agreement={"x": {"icc1": 0.2, "icc2": 0.6, "rwg_j": None, "reliability": 0.7}},
        estimands={},
        verdict="cannot tell",
        reasons=("No rival.", "Few teams."),
        seconds={"import": 1.0, "report": None},
    )
    return replace(plain, **changes)


def test_keys_are_those_of_the_contract_in_its_order() -> None:
    assert [item.name for item in fields(Verdict)] == KEYS
    assert list(json.loads(make().to_json())) == KEYS


def test_round_trip_is_lossless() -> None:
    assert Verdict.from_json(make().to_json()) == make()


def test_what_is_not_finite_becomes_null() -> None:
    numbers = {"icc1": float("nan"), "icc2": np.float64("inf"), "rwg_j": np.float32(0.5), "n": np.int64(3)}
    text = make(agreement={"x": numbers}, ppc={"draws": [float("nan"), 1]}).to_json()
    assert "NaN" not in text
    assert "Infinity" not in text
    read = json.loads(text)
    assert read["agreement"]["x"] == {"icc1": None, "icc2": None, "rwg_j": 0.5, "n": 3}
    assert read["ppc"]["draws"] == [None, 1]


def test_unknown_answer_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="supported, refuted, cannot tell"):
        make(verdict="maybe")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not readable as JSON"),
        ("[]", "lacks schema, claim"),
        (json.dumps({key: 1 for key in KEYS if key != "effect"}), "lacks effect"),
        (make().to_json().replace('"schema": 1', '"schema": 9'), "has schema 9; this version reads 1"),
        (make().to_json().replace('"cannot tell"', '"maybe"'), "unknown verdict 'maybe'"),
    ],
)
def test_broken_text_is_named(text: str, message: str) -> None:
    with pytest.raises(FitError, match=r"out/verdict\.json") as caught:
        Verdict.from_json(text, where="out/verdict.json")
    assert message in str(caught.value)


def test_repr_says_verdict_effect_and_reasons() -> None:
    text = repr(make())
    assert "cannot tell" in text
    assert "0.30 SD, 95% interval 0.10 to 0.50" in text
    assert "Few teams." in text
    assert "SD" not in repr(make(effect={"name": "x", "mean": None, "q2_5": None, "q97_5": None}))


def test_html_is_escaped() -> None:
    html = make(reasons=("<script>",))._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
