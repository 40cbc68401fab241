from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import coefficacy as co

HEAVY = ("pymc", "pytensor", "pandas", "arviz", "bambi", "nutpie", "matplotlib", "scipy.stats", "numba")


def loaded(program: str) -> set[str]:
    """Heavy modules that `program` imports."""
    text = f"{program}\nimport sys; print('LOADED', *sorted(set(sys.modules) & set({HEAVY!r})))"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    return set(done.stdout.rpartition("LOADED")[2].split())


def test_import_takes_nothing_heavy() -> None:
    assert loaded("import coefficacy") == set()


def test_spec_takes_nothing_heavy() -> None:
    assert loaded("import coefficacy as co; co.load_model; co.ModelSpec; co.Verdict; co.FitError") == set()


@pytest.mark.parametrize("argv", [["--help"], ["models"], ["models", "C4"], ["fit", "--help"], ["--version"]])
def test_commands_that_start_fast(argv: list[str]) -> None:
    program = f"from coefficacy.cli import main; main({argv!r})"
    assert loaded(program) & {"pymc", "pytensor", "pandas", "arviz", "nutpie", "matplotlib"} == set()


def test_simulating_takes_no_sampler(tmp_path: Path) -> None:
    argv = ["simulate", "C15", "--out", str(tmp_path / "world")]
    program = f"from coefficacy.cli import main; main({argv!r})"
    assert loaded(program) & {"pymc", "pytensor", "arviz", "nutpie", "matplotlib", "numba"} == set()


def test_names_are_listed_and_resolved() -> None:
    assert {"load_model", "read_survey", "fit", "verdict", "report", "simulate", "Fit", "Survey"} <= set(
        dir(co)
    )
    for name in co.__all__:
        assert getattr(co, name) is not None


def test_unknown_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        co.nonsense  # noqa: B018


def test_version_is_text() -> None:
    assert co.__version__[0].isdigit()
