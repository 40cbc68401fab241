from __future__ import annotations

import re
from dataclasses import replace

import pytest
from synthetic_fit import flagship_fit, flagship_verdict

from coefficacy.reporting import ReportOfRecord, render_report, report_of_record
from coefficacy.sampling import Fit
from coefficacy.spec import parse_prior

LEFT = ["0A", "0B", "1A", "1E", "3A", "4A", "4C", "6D"]


@pytest.fixture(scope="module")
def fit() -> Fit:
    return flagship_fit(12)


@pytest.fixture(scope="module")
def record(fit: Fit) -> ReportOfRecord:
    return report_of_record(fit, flagship_verdict(fit))


def answer(record: ReportOfRecord, number: str) -> str:
    (found,) = [item.answer for item in record.items if item.number == number]
    return found


def test_all_steps_are_there_in_order(record: ReportOfRecord) -> None:
    numbers = [item.number for item in record.items]
    assert numbers == sorted(set(numbers))
    assert [step.split(".")[0] for step in dict.fromkeys(item.step for item in record.items)] == [
        "Preamble",
        *(f"Step {k}" for k in range(1, 7)),
    ]


def test_every_item_is_answered_or_left_to_the_author(record: ReportOfRecord) -> None:
    assert all(item.answer or item.left for item in record.items)
    assert [item.number for item in record.for_author] == LEFT
    assert "For the author to say: " in next(i for i in record.items if i.number == "0A").text


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("0B", "Does collective efficacy predict higher adaptation of a team"),
        ("1A", "12 teams"),
        ("1B", "team: adaptation ~ collective_efficacy"),
        ("1C", "team.adaptation ~ collective_efficacy"),
        ("1C", "Normal(0, 0.5)"),
        ("2A", "pymc 6.4.0"),
        ("2B", "1.004 (at most 1.01 asked), 0 divergent transitions, 2 chains of 100 draws after 150"),
        ("2C", "612 (200 asked)"),
        ("3A", "Of the rival, not of the model itself"),
        ("3C", "the expected log predictive density differs by 5.2"),
        ("4B", "P(better on left-out teams) > .80"),
        ("4C", "−0.10 to 0.10, in SDs of adaptation per SD of collective efficacy"),
        ("4E", "Supported. "),
        ("5A", "sensitivity"),
        ("5B", "gives no prior of its own"),
        ("6B", "--draws 100 --tune 150 --chains 2 --seed 1"),
        ("6F", "the same seed (1)"),
    ],
)
def test_answers_come_from_the_fit(record: ReportOfRecord, number: str, shown: str) -> None:
    assert shown in answer(record, number)


def test_hashes_are_given(fit: Fit, record: ReportOfRecord) -> None:
    verdict = flagship_verdict(fit)
    assert verdict.spec_hash in answer(record, "1D")
    assert verdict.data_hash in answer(record, "6D")


def test_nothing_missing_is_shown_as_a_number(fit: Fit) -> None:
    bare = flagship_verdict(fit, elpd=None, ppc=None, effect_raw={})
    text = report_of_record(fit, bare).to_markdown()
    assert not re.search(r"\b(nan|None)\b", text)
    assert "A fit keeps no such check." in answer(report_of_record(fit, bare), "3A")


def test_priors_of_the_file_are_for_the_author_to_justify(fit: Fit) -> None:
    name = "team.adaptation ~ competence"
    spec = replace(fit.spec, priors=((name, parse_prior("Normal(0.2, 0.1)")),))
    own = replace(fit, spec=spec)
    record = report_of_record(own, flagship_verdict(own))
    priors = next(item for item in record.items if item.number == "1C")
    assert f"{name}: Normal(0.2, 0.1) (model file)" in priors.answer
    assert priors.left == f"why these priors of the model file: {name}."
    assert name in answer(record, "5B")


def test_an_unconverged_fit_says_so_and_looks_at_no_sensitivity() -> None:
    fit = flagship_fit(12, converged=False)
    record = report_of_record(fit, flagship_verdict(fit))
    assert answer(record, "2B").startswith("No: largest rank-normalised split R-hat of all parameters 1.090")
    assert "31 of 200 draws diverged" in answer(record, "2B")
    assert "did not converge" in answer(record, "5A")
    assert "Python lines" in answer(record, "6B")
    assert "How much the priors matter" not in render_report(fit, flagship_verdict(fit))


def test_a_model_without_a_question_has_a_record(fit: Fit) -> None:
    silent = replace(fit, spec=replace(fit.spec, question=None))
    record = report_of_record(silent, flagship_verdict(fit, verdict="cannot tell"))
    assert "asks no question" in answer(record, "5A")
    assert "4C" not in {item.number for item in record.items}


def test_markdown_holds_every_item_and_keeps_names_whole(record: ReportOfRecord) -> None:
    text = record.to_markdown()
    assert all(f"**{item.number}. {item.asked}**" in text for item in record.items)
    assert text.count("\n## ") == 8
    assert "collective\\_efficacy" in text
    assert "(1 \\| layer)" in text
    listed = text.split("## Left for the author\n")[1]
    assert re.findall(r"^- (\w+):", listed, flags=re.MULTILINE) == LEFT


def test_page_holds_the_record_folded_and_the_priors(fit: Fit) -> None:
    html = render_report(fit, flagship_verdict(fit))
    record = html.split('<h2 id="record">')[1].split("</section>")[0]
    assert "<details>\n<summary>All items</summary>" in record
    assert "29 items,\n8 of which leave something for the author to say" in html
    assert "details::details-content { content-visibility: visible" in html
    assert '<h2 id="sensitivity">How much the priors matter</h2>' in html
    assert "all priors" in html
    persons = set(map(str, fit.survey.levels["person"]["person"].values))
    text = report_of_record(fit, flagship_verdict(fit)).to_markdown()
    assert not persons & set(re.findall(r"\w+", text))
