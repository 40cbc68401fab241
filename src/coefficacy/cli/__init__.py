"""The command line: ``coefficacy`` and ``python -m coefficacy``.

| module | holds |
|---|---|
| `app` | the commands and their options |
| `analysis` | from tables to the files of a result, stopped or not |
| `calibration` | error rates of the verdict for a design |
| `show`, `evidence` | what is printed |
| `exits` | `main`: exit codes, and errors as one readable block |
"""

from __future__ import annotations

from coefficacy.cli.exits import main

__all__ = ["main"]
