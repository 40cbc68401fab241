"""What a claim asks of a fit, draw by draw: one function a claim, labelled datasets out.

Every function takes a fit and options by name, and returns a dataset with dims (chain, draw, ...). Its
variables have a ``long_name``; its attribute ``headline`` names the one that an answer is about.

| module | holds |
|---|---|
| `registry` | the functions by the names that ``[estimands.NAME]`` uses; `estimate` |
| `labels` | how variables and datasets are labelled |
| `emergence` | what a team has that its members do not bring with them (C1) |
| `discordance` | strong members and a weak team, and the reverse (C1) |
"""

from __future__ import annotations

from coefficacy.estimands.discordance import discordant_teams
from coefficacy.estimands.emergence import emergent_share
from coefficacy.estimands.registry import ESTIMANDS, estimate

__all__ = ["ESTIMANDS", "discordant_teams", "emergent_share", "estimate"]
