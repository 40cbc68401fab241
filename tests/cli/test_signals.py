"""A real fit in a process of its own, stopped half way through sampling."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coefficacy
from coefficacy.sampling import Fit

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals"),
]

DRAWS = 50_000
MODEL = """
[levels]
person = "person_id"
team = "team_id"
[measures.efficacy]
items = ["ce_1", "ce_2", "ce_3"]
[team]
outcome = "efficacy"
[question]
effect = "team.outcome ~ efficacy"
"""
PROGRAM = """
    import sys
    import coefficacy.sampling
    from coefficacy.cli import main

    fit = coefficacy.sampling.fit

    def told(*inputs, **options):
        options["progress"] = lambda now: print(now.stage, now.done, flush=True)
        return fit(*inputs, **options)

    coefficacy.sampling.fit = told
    sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def argv(tmp_path: Path) -> list[str]:
    """A fit of a small model, into a folder that holds an earlier result."""
    rng = np.random.default_rng(1)
    team = np.arange(60) % 12
    level = rng.normal(size=12)
    persons = pd.DataFrame({"person_id": np.arange(60), "team_id": team})
    for item in ("ce_1", "ce_2", "ce_3"):
        persons[item] = level[team] + rng.normal(size=60)
    persons.to_csv(tmp_path / "persons.csv", index=False)
    teams = pd.DataFrame({"team_id": np.arange(12), "outcome": level + rng.normal(size=12)})
    teams.to_csv(tmp_path / "teams.csv", index=False)
    (tmp_path / "model.toml").write_text(MODEL)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "verdict.json").write_text("earlier verdict")
    (tmp_path / "out" / "fit.nc").write_text("earlier draws")
    command = (
        "fit model.toml --persons persons.csv --teams teams.csv --out out --chains 2 --tune 500 --seed 1"
    )
    return [*command.split(), "--draws", str(DRAWS)]


def stop_half_way(argv: list[str], folder: Path, number: signal.Signals) -> tuple[int, str]:
    """Start a fit, send it a signal half way through; return its exit code and stderr."""
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), *argv]
    pipe = subprocess.PIPE
    env = os.environ | {"PYTHONPATH": str(Path(coefficacy.__file__).parents[1])}
    with subprocess.Popen(command, cwd=folder, env=env, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            stage, done = line.split()
            if stage == "sample" and int(done) > DRAWS / 5:
                process.send_signal(number)
                break
        _, errors = process.communicate(timeout=120)
    return process.returncode, errors


def assert_earlier_result_is_untouched(folder: Path) -> None:
    held = {path.name: path.read_text() for path in (folder / "out").iterdir()}
    assert held == {"verdict.json": "earlier verdict", "fit.nc": "earlier draws"}


def test_sigint_keeps_the_draws_beside_the_folder(argv: list[str], tmp_path: Path) -> None:
    code, errors = stop_half_way(argv, tmp_path, signal.SIGINT)
    assert code == 130
    assert errors.startswith("coefficacy: interrupted during sampling")
    assert errors.count("\n") == 1
    assert_earlier_result_is_untouched(tmp_path)
    kept = Fit.load(tmp_path / "out.partial" / "fit.nc")
    assert 0 < kept.posterior.sizes["draw"] < DRAWS
    assert not kept.convergence.ok
    inputs = {"persons.csv", "teams.csv", "model.toml"}
    assert {path.name for path in tmp_path.iterdir()} == inputs | {"out", "out.partial"}


def test_sigkill_leaves_everything_as_it_was(argv: list[str], tmp_path: Path) -> None:
    before = {path.name for path in tmp_path.iterdir()}
    code, _ = stop_half_way(argv, tmp_path, signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert_earlier_result_is_untouched(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == before
