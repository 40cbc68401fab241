"""``python -m coefficacy``."""

from __future__ import annotations

import sys

from coefficacy.cli import main

if __name__ == "__main__":
    sys.exit(main())
