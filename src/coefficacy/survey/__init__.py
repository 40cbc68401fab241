"""Read tables of a survey against a model, check them, and hand them on as labelled arrays.

| module | holds |
|---|---|
| `read` | `read_survey`, from tables to a `Survey` |
| `data`, `summary` | the `Survey` and how it is shown |
| `tables`, `text` | frames and files of any kind; delimited text |
| `cells` | cells as numbers, text and ids |
| `needs` | the columns a model uses and the tables that hold them |
| `nesting` | which unit lies in which |
| `schema`, `columns` | what columns must hold, and the agreement between rows of a unit |
| `build` | arrays by level, scales, notes |
"""

from __future__ import annotations

from coefficacy.survey.data import Coding, Survey
from coefficacy.survey.read import read_survey
from coefficacy.survey.tables import EXTENSIONS, Table

__all__ = ["EXTENSIONS", "Coding", "Survey", "Table", "read_survey"]
