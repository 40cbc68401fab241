"""A model file and a survey as a PyMC model."""

from __future__ import annotations

from coefficacy.model.built import Built, EngineName
from coefficacy.model.choose import build

__all__ = ["Built", "EngineName", "build"]
