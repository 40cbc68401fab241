"""What a claim asks of a fit, draw by draw: one function a claim, labelled datasets out.

Every function takes a fit and options by name, and returns a dataset with dims (chain, draw, ...). Its
variables have a ``long_name``; its attribute ``headline`` names the one that an answer is about.

| module | holds |
|---|---|
| `registry` | the functions by the names that ``[estimands.NAME]`` uses; `estimate` |
| `labels` | how variables and datasets are labelled |
| `consensus` | whether members come to agree over time (C2) |
| `emergence` | what a team has that its members do not bring with them (C1) |
| `mediation` | what two treatments carry through two mediators (C5) |
| `linear_paths` | products of coefficients along every path of a team's linear equations |
| `confounders` | how much confounding of mediators and outcome undoes a path |
| `interventions` | the outcome under interventions, simulated through the model's graph |
| `corners` | what teams would do with one condition, the other, neither and both (C13) |
| `ceilings` | necessary condition analysis beside an additive world (C13) |
| `weakest_link` | how well one condition can stand in for another (C13) |
| `equation`, `additive` | an outcome's equation with drawn predictors; the additive rival in closed form |
| `scatter` | what it does to a team how far its members are apart (C2) |
| `contexts` | what a group adds to its members' own values, in settings of any kind (C15) |
| `accounts` | which of two accounts teams follow, by layer (C12) |
| `distinct`, `slopes` | whether two latents are two things, and what each predicts in which layer (C11) |
| `discordance` | strong members and a weak team, and the reverse (C1) |
"""

from __future__ import annotations

from coefficacy.estimands.accounts import account_weights
from coefficacy.estimands.ceilings import ceiling
from coefficacy.estimands.confounders import confounding
from coefficacy.estimands.consensus import consensus_emergence
from coefficacy.estimands.contexts import contextual_effect, settings
from coefficacy.estimands.corners import necessity
from coefficacy.estimands.discordance import discordant_teams
from coefficacy.estimands.distinct import latent_correlation
from coefficacy.estimands.emergence import emergent_share
from coefficacy.estimands.interventions import intervene
from coefficacy.estimands.mediation import two_sources
from coefficacy.estimands.registry import ESTIMANDS, estimate
from coefficacy.estimands.scatter import dispersion
from coefficacy.estimands.slopes import layer_paths
from coefficacy.estimands.weakest_link import elasticity

__all__ = [
    "ESTIMANDS",
    "account_weights",
    "ceiling",
    "confounding",
    "consensus_emergence",
    "contextual_effect",
    "discordant_teams",
    "dispersion",
    "elasticity",
    "emergent_share",
    "estimate",
    "intervene",
    "latent_correlation",
    "layer_paths",
    "necessity",
    "settings",
    "two_sources",
]
