"""One code names a check in the source, the guide and the tests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from coefficacy.checks.predictive import CHECKS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "guide" / "checks.md").read_text(encoding="utf-8")
TESTS = (ROOT / "tests" / "checks" / "predictive" / "test_each_check.py").read_text(encoding="utf-8")
CODES = [definition.code for definition in CHECKS]


def test_codes_are_of_one_form_and_unique() -> None:
    assert len(set(CODES)) == len(CODES)
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+", code) for code in CODES)


@pytest.mark.parametrize("code", CODES)
def test_every_check_has_its_part_of_the_guide(code: str) -> None:
    anchor = code.replace(".", "-")
    assert f"({anchor})=\n### `{code}`: " in PAGE
    part = re.split(r"\n\([a-z]+-[a-z]+\)=\n", PAGE.split(f"({anchor})=")[1])[0]
    for heading in ("**Asks**", "**Statistic**", "**If it fails**", "**Does not apply**"):
        assert heading in part, heading


@pytest.mark.parametrize("code", CODES)
def test_every_check_has_a_test_that_bears_its_code(code: str) -> None:
    assert f"def test_{code.replace('.', '_')}_fires" in TESTS
    assert f'"{code}": "' in TESTS


def test_the_guide_explains_no_check_that_does_not_exist() -> None:
    assert re.findall(r"^### `([a-z.]+)`", PAGE, flags=re.MULTILINE) == CODES


def test_definitions_speak_in_whole_sentences() -> None:
    for definition in CHECKS:
        assert definition.question.endswith("?")
        assert definition.title[0].isupper()
        assert not definition.statistic.endswith(".")
