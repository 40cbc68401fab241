"""Simulators of known truth, one a claim."""

from __future__ import annotations

from coefficacy.worlds.accounts import simulate_accounts
from coefficacy.worlds.design import Design, Scale
from coefficacy.worlds.emergence import simulate_emergence
from coefficacy.worlds.flagship import simulate_adaptation
from coefficacy.worlds.necessity import simulate_necessity
from coefficacy.worlds.registry import CLAIMS, simulate
from coefficacy.worlds.sources import simulate_two_sources
from coefficacy.worlds.two_efficacies import simulate_two_efficacies
from coefficacy.worlds.waves import simulate_consensus
from coefficacy.worlds.world import World

__all__ = [
    "CLAIMS",
    "Design",
    "Scale",
    "World",
    "simulate",
    "simulate_accounts",
    "simulate_adaptation",
    "simulate_consensus",
    "simulate_emergence",
    "simulate_necessity",
    "simulate_two_efficacies",
    "simulate_two_sources",
]
