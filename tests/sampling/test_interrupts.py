"""A fit in its own process, stopped from outside: by Ctrl-C and by force."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import coefficacy
from coefficacy.sampling import Fit

HELPERS = Path(__file__).parents[1] / "support"
SOURCE = Path(coefficacy.__file__).parents[1]

FITS = """
import sys
import toy_model
from coefficacy.sampling import SamplingStopped, fitting

fitting.build = toy_model.toy_built
def tell(snapshot):
    if snapshot.done > 3_000:
        print("half way", flush=True)
try:
    fitting.fit(toy_model.SPEC, toy_model.toy_survey(), draws=50_000_000, tune=200, seed=1, progress=tell)
except SamplingStopped as stopped:
    stopped.fit.save(sys.argv[1])
    print(stopped, flush=True)
    sys.exit(130)
"""

SAVES = """
import sys
from coefficacy.sampling import Fit

fit = Fit.load(sys.argv[1])
input()
print("half way", flush=True)
while True:
    fit.save(sys.argv[1])
"""


def start(script: str, path: Path) -> subprocess.Popen[str]:
    paths = os.pathsep.join([str(SOURCE), str(HELPERS), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        env={**os.environ, "PYTHONPATH": paths},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until_half_way(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if line != "half way\n":
        pytest.fail(f"{line!r}: {process.communicate(timeout=60)[1]}")


def test_ctrl_c_half_way_keeps_the_draws_and_says_so(tmp_path):
    process = start(FITS, tmp_path / "partial.nc")
    wait_until_half_way(process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "draws in each of" in out
    assert "were done and are kept" in out
    assert "Traceback" not in err
    kept = Fit.load(tmp_path / "partial.nc")
    assert kept.convergence.failures[0] == "stopped before the end"
    assert kept.posterior.sizes["draw"] > 0
    assert os.listdir(tmp_path) == ["partial.nc"]


def test_a_process_killed_while_saving_leaves_the_earlier_fit(tree, tmp_path):
    from toy_model import made_fit

    path = made_fit(tree).save(tmp_path / "fit.nc")
    started = [(delay, start(SAVES, path)) for delay in (0.02, 0.13)]
    for delay, process in started:
        wait_until_half_way(process)
        time.sleep(delay)
        process.kill()
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
        assert Fit.load(path).tree.identical(tree)
