from __future__ import annotations

import sys
from pathlib import Path

for folder in ("reporting", "studies"):
    sys.path.append(str(Path(__file__).parents[1] / folder))
