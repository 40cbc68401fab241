"""Small gaussian models, one a feature of the exact engine, with answers of 17 people in six teams."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

import coefficacy as co
from coefficacy.spec import loads

LEVELS = '[levels]\nperson = "person_id"\nteam = "team_id"\n'
A, B = '[measures.a]\nitems = ["a_*"]\n', '[measures.b]\nitems = ["b_*"]\n'
ONE = '[measures.c]\nitems = ["c_1"]\n'
GENERAL = '[measures.g]\nitems = ["a_*", "b_*"]\nspecific = {{ {} }}\n'
BOTH, OTHER = 'left = ["a_*"], right = ["b_*"]', 'right = ["b_0", "b_1"]'
SPECS = {
    "two constructs": A + B + '[person]\na = "b"\n[team]\na = "b + w"\ny = "a + b"\n',
    "no outcome": A + '[team]\na = "w"\n',
    "covariates of people": A + B + '[person]\na = "b + x"\nb = "x"\n[team]\na = "b + mean(x)"\ny = "a"\n',
    "members": A + B + 'aggregate = "members"\n[team]\na = "b"\ny = "a + b + w"\n',
    "free loadings": A + 'loadings = "free"\n' + B + '[team]\na = "b"\ny = "a"\n',
    "parallel items": A + 'form = "parallel"\n[team]\ny = "a"\n',
    "single items": A + ONE + '[person]\na = "c"\n[team]\na = "c"\ny = "a + c"\n',
    "single item with error": ONE + "reliability = 0.8\n" + '[team]\ny = "c + w"\n',
    "two outcomes": A + '[team]\ny = "a + w"\nz = "a"\n',
    "an outcome that predicts": A + '[team]\ny = "a + w"\nz = "a + y"\n',
    "bifactor": GENERAL.format(BOTH) + ONE + '[person]\ng = "c + x"\n[team]\ng = "c + w"\ny = "g + c"\n',
    "bifactor, one set without": GENERAL.format(OTHER) + '[team]\ny = "g + w"\n',
    "bifactor of two": A
    + '[measures.b]\nitems = ["b_*"]\nspecific = { s = ["b_1"] }\n[team]\na = "b"\ny = "a"\n',
    "correlated latents": A + B + ONE + '[team]\ny = "a + b + c"\n',
}
MODERATED = {
    "a moderated outcome": A + B + '[team]\na = "b"\ny = "a * w + b"\n',
    "a moderated latent": A + B + '[team]\na = "b * w + mean(x)"\ny = "a + b"\n',
    "moderators of both": A + B + '[team]\na = "b * w + b:k"\ny = "a * k + a:w + b:k:w"\nz = "b + a:w"\n',
    "moderated members": A + B + 'aggregate = "members"\n[team]\na = "b:k"\ny = "a + b * w"\n',
    "moderated free loadings": A + 'loadings = "free"\n' + B + '[team]\na = "b * k"\ny = "a:w"\n',
    "moderated, raw priors": A
    + B
    + '[team]\ny = "a + a:w"\na = "b:k"\n'
    + '[priors]\n"team.y ~ a" = "raw Normal(0, 1)"\n"team.y ~ a:w" = "raw Normal(0, 1)"\n',
}
SPECS |= MODERATED
LAYERED = {
    "moderated layers": A + B + '[team]\na = "b * k + (1 | layer)"\ny = "a * k + w + a:w + (1 | layer)"\n',
    "layers": A + B + '[team]\na = "b + (1 | layer)"\ny = "a + w + (1 | layer)"\n',
    "layers, free loadings": A
    + 'loadings = "free"\n'
    + ONE
    + '[team]\na = "c + (1 | layer)"\ny = "a + (1 | layer)"\n',
    "slopes of latents by layer": A
    + B
    + '[team]\na = "b + (1 + b | layer)"\ny = "a + b + w + (1 + a + w + b:w | layer)"\n',
    "bifactor in layers": GENERAL.format(BOTH) + '[team]\ny = "g + (1 | layer)"\n',
    "slopes by layer": A + '[team]\na = "w + (1 + w | layer)"\ny = "a + (1 | layer)"\n',
}


@lru_cache
def survey_of(name: str, missing: float = 0.0):
    """Spec and survey; a share of the answers is missing but for the fourth team's, and person 1 has none."""
    rng = np.random.default_rng(8)
    sizes = np.array([1, 3, 3, 4, 2, 4])
    team = np.repeat(np.arange(6), sizes)
    u, w = rng.normal(size=(2, 6)), rng.normal(size=(2, len(team)))
    values = {"person_id": np.arange(len(team)), "team_id": team, "x": rng.normal(size=len(team))}
    for k, (stem, n) in enumerate((("a", 3), ("b", 2))):
        for m in range(n):
            values[f"{stem}_{m}"] = 3 + u[k][team] + w[k] + 0.5 * rng.normal(size=len(team))
    values["c_1"] = 1 + u[0][team] + rng.normal(size=len(team))
    teams = {"team_id": np.arange(6), "w": rng.normal(size=6), "y": u[0] + rng.normal(size=6)}
    teams["z"] = u[0] + rng.normal(size=6)
    teams["k"] = ["left", "right", "middle", "left", "right", "left"]
    teams["y"][2] = teams["y"][2] if "outcome" in name else np.nan
    if missing:
        for item in [k for k in values if k[1:2] == "_"]:
            gone = (np.random.default_rng(ord(item[0]) + int(item[2])).random(len(team)) < missing) & (
                team != 3
            )
            gone[1] = True
            values[item] = np.where(gone, np.nan, values[item])
    layered = name in LAYERED
    if layered:
        teams["layer"] = [1, 2, 3, 1, 2, 1]
    spec = loads(LEVELS + 'layer = "layer"\n' * layered + (SPECS | LAYERED)[name])
    return spec, co.read_survey(spec, persons=pd.DataFrame(values), teams=pd.DataFrame(teams))
