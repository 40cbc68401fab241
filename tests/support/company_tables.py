"""A small company with three levels, and its model, for the tests of the survey."""

from __future__ import annotations

import pandas as pd

from coefficacy.spec import ModelSpec, loads

MODEL = """
[levels]
person = "person_id"
team = "team_id"
layer = "layer"
[measures.ce]
items = ["ce_*"]
family = "ordinal"
scale = [1, 5]
reversed = ["ce_3"]
[measures.skill]
items = ["test"]
[person]
ce = "age + sex"
[team]
ce = "shared"
adaptation = "ce + prior + mean(age) + budget + (1 | layer)"
[families]
adaptation = "gaussian"
[rivals.no_ce.team]
adaptation = "prior + kind"
"""


def model(text: str = MODEL) -> ModelSpec:
    return loads(text)


def persons(**columns) -> pd.DataFrame:
    base = {
        "person_id": [f"p{i}" for i in range(1, 13)],
        "team_id": ["t1"] * 3 + ["t2"] * 3 + ["t3"] * 3 + ["t4"] * 3,
        "ce_1": [1, 2, 3, 4, 5, 3, 2, 2, 4, 5, 4, 3],
        "ce_2": [2, 2, 3, 4, 4, 3, 1, 2, 5, 5, 4, 2],
        "ce_3": [5, 4, 3, 2, 1, 2, 5, 4, 2, 1, 1, 3],
        "test": [0.5, 1.25, -0.5, 2.0, 1.5, 0.0, -1.0, 0.25, 0.75, 1.0, 2.5, 0.5],
        "age": [31, 45, 28, 52, 39, 41, 26, 33, 58, 47, 36, 29],
        "sex": ["f", "m", "f", "m", "f", "f", "m", "m", "f", "m", "f", "m"],
        "comment": [f"remark {i}" for i in range(12)],
    }
    return pd.DataFrame(base | columns)


def teams(**columns) -> pd.DataFrame:
    base = {
        "team_id": ["t1", "t2", "t3", "t4"],
        "layer": ["eng", "eng", "ops", "ops"],
        "shared": [1, 4, 2, 6],
        "prior": [0.1, 0.7, -0.4, 1.2],
        "kind": ["a", "b", "a", "b"],
        "adaptation": [0.2, 1.1, -0.6, 1.5],
    }
    return pd.DataFrame(base | columns)


def layers(**columns) -> pd.DataFrame:
    return pd.DataFrame({"layer": ["eng", "ops"], "budget": [10.0, 4.0]} | columns)
