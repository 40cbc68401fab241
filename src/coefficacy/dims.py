"""Names of dimensions and coordinates, in one place.

A level's units form a dimension with the level's own name (``person``, ``team``, ``layer``), its coordinate
the ids of the tables. Dimensions that belong to one measure, response or random effect carry its name.
"""

from __future__ import annotations

__all__ = [
    "ACCOUNT",
    "CHAIN",
    "CONTRAST",
    "COVARIATE",
    "DRAW",
    "MEDIATOR",
    "PATH",
    "SAMPLE",
    "SIZE",
    "STATISTIC",
    "TREATMENT",
    "answers_dim",
    "equation_name",
    "item_dim",
    "rows_dim",
    "term_dim",
    "threshold_dim",
]

CHAIN, DRAW = "chain", "draw"
SAMPLE = (CHAIN, DRAW)
ACCOUNT = "model"
"""Models that are stacked, the reference last; ``CONTRAST``: all but the reference."""
CONTRAST = "contrast"
COVARIATE = "covariate"
"""Continuous covariates of the weights."""
STATISTIC = "statistic"
"""What summarises draws or teams: ``"mean"``, ``"q2_5"``, ..."""
TREATMENT, MEDIATOR = "treatment", "mediator"
"""Columns that an intervention changes; latents that carry it to the outcome."""
PATH = "path"
"""Ways from a treatment to the outcome: ``"direct"``, ``"a"``, ``"a > b"``, ``"total"``."""
SIZE = "size"
"""Numbers of members who answered, each once, ascending."""


def item_dim(measure: str) -> str:
    """Items of a measure; coordinate: column names."""
    return f"{measure}.item"


def threshold_dim(measure: str) -> str:
    """Thresholds between neighbouring categories of an ordinal measure; coordinate: ``"1|2"``, ``"2|3"``."""
    return f"{measure}.cut"


def answers_dim(measure: str) -> str:
    """Answers that were given (missing cells left out), in long format."""
    return f"{measure}.answer"


def rows_dim(level: str, response: str) -> str:
    """Units whose outcome enters the likelihood; coordinate: their ids."""
    return f"{level}.{response}.row"


def term_dim(level: str, response: str) -> str:
    """Coefficients of one regression; coordinate: terms as written (``"a"``, ``"a:b"``, ``"x[b]"``)."""
    return f"{equation_name(level, response)}.term"


def equation_name(level: str, response: str) -> str:
    """Name of an equation's coefficients: ``"team.y"``, and ``"log_sd(team.y)"`` where ``sd(y)`` responds."""
    if response.startswith("sd("):
        return f"log_sd({level}.{response[3:-1]})"
    return f"{level}.{response}"
