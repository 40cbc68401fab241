"""Bundled tables: a simulated demo survey and real data with known reference results."""

from __future__ import annotations

from coefficacy.datasets.catalogue import Dataset, describe_dataset, list_datasets
from coefficacy.datasets.load import Demo, load_dataset, load_demo

__all__ = ["Dataset", "Demo", "describe_dataset", "list_datasets", "load_dataset", "load_demo"]
