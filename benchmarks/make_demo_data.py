"""Make the bundled demo survey anew: ``python benchmarks/make_demo_data.py``.

The seed is the number of the claim (C4). It was fixed before any model was fitted to the survey.
"""

from __future__ import annotations

import json
from pathlib import Path

from coefficacy.worlds import World, simulate

SEED, TEAMS, EFFECT = 4, 40, 0.45
FOLDER = Path(__file__).resolve().parents[1] / "src" / "coefficacy" / "datasets" / "data"


def make_demo() -> World:
    """Return the world that the demo survey is taken from."""
    return simulate("C4", seed=SEED, n_teams=TEAMS, effect=EFFECT)


def write_demo(world: World, folder: Path) -> None:
    """Write the tables and the truth of `world` as the demo survey."""
    for name, table in world.tables.items():
        table.to_csv(folder / f"demo_{name}.csv", index=False)
    truth = json.dumps(world.truth, indent=1, allow_nan=False)
    (folder / "demo_truth.json").write_text(truth + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_demo(make_demo(), FOLDER)
