from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
import xarray as xr
from synthetic_fit import flagship_fit, flagship_verdict

from coefficacy.reporting import render_report
from coefficacy.reporting.origin import mark_simulated
from coefficacy.reporting.sections import public_notes
from coefficacy.sampling import Fit
from coefficacy.spec import queries
from coefficacy.spec.model import Formula, Regression


class Page(HTMLParser):
    """Headings, ids, links and the nesting of tags of a page."""

    void = frozenset({"meta", "link", "br", "img", "input", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[tuple[str, str]] = []
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id" and value]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in {"h1", "h2", "h3"}:
            self.headings.append((self.open[-1], data))
        if not {"style", "script"}.intersection(self.open):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def fit() -> Fit:
    return flagship_fit(12)


@pytest.fixture(scope="module")
def html(fit: Fit) -> str:
    return render_report(fit, flagship_verdict(fit))


def titles(text: str) -> list[str]:
    return [words for level, words in Page(text).headings if level == "h2"]


def test_verdict_comes_first_and_every_section_is_there(html: str) -> None:
    assert titles(html) == [
        "Verdict: supported",
        "The effect",
        "The rival’s predictive check",
        "Left-out teams",
        "How much the priors matter",
        "Estimates of teams",
        "Agreement and reliability",
        "Predictive checks",
        "Diagnostics",
        "Report of record",
        "How to reproduce this",
    ]


def test_page_is_self_contained(html: str) -> None:
    allowed = ("http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink", "https://doi.org")
    outside = [
        (tag, name, value)
        for tag, attrs in Page(html).tags
        for name, value in attrs.items()
        if value and name in {"src", "href", "xlink:href", "data"} and not value.startswith("#")
    ]
    assert outside == []
    assert [attrs for tag, attrs in Page(html).tags if tag == "script"] == [{}]
    assert "@import" not in html
    assert all(
        part.startswith(tuple(a.removeprefix("http") for a in allowed)) for part in html.split("http")[1:]
    )


def test_page_is_readable_without_eyes(html: str) -> None:
    page = Page(html)
    figures = [attrs for tag, attrs in page.tags if tag == "svg"]
    assert len(figures) == 5
    assert all(attrs["role"] == "img" and attrs["aria-label"] for attrs in figures)
    heads = [attrs.get("scope") for tag, attrs in page.tags if tag == "th"]
    assert set(heads) == {"col", "row"}
    assert sum(tag == "caption" for tag, _ in page.tags) == sum(tag == "table" for tag, _ in page.tags)
    assert [level for level, _ in page.headings].count("h1") == 1
    assert len(page.ids) == len(set(page.ids))
    assert ("html", {"lang": "en"}) in page.tags


def test_page_prints_and_follows_the_dark_setting(html: str) -> None:
    assert "@media print" in html
    assert "prefers-color-scheme: dark" in html


def test_numbers_of_the_verdict_are_shown(fit: Fit, html: str) -> None:
    text, verdict = Page(html).text, flagship_verdict(fit)
    for shown in (
        f"{verdict.effect['mean']:.3f}",
        "0.953"[:4],
        "5.2",
        "0.004",
        verdict.data_hash,
        verdict.spec_hash,
    ):
        assert shown in text
    assert "pymc 6.4.0" in text
    assert "--engine explicit --draws 100 --tune 150 --chains 2 --seed 1" in text
    assert 'title = "Collective efficacy predicts adaptation' in text


def test_no_person_is_named(fit: Fit, html: str) -> None:
    persons = set(map(str, fit.survey.levels["person"]["person"].values))
    assert len(persons) > 12
    assert persons.isdisjoint(Page(html).text.replace(",", " ").replace("'", " ").split())


def test_no_answer_of_a_person_is_shown(fit: Fit) -> None:
    """Not even the strangest one: it enters sums, and leaves no trace of its own."""
    item = fit.survey.items["competence"][0]
    given = np.array(fit.survey.levels["person"][item].values, dtype=float)
    given[5] = 7351.25
    survey = fit.survey.with_column("person", item, given)
    text = Page(render_report(replace(fit, survey=survey), flagship_verdict(fit))).text
    assert not any(shown in text for shown in ("7351", "7,351"))


def test_teams_are_named_by_their_ids(fit: Fit, html: str) -> None:
    for team in fit.survey.levels["team"]["team"].values:
        assert str(team) in html


def test_ids_of_persons_are_taken_out_of_notes(fit: Fit) -> None:
    person = str(fit.survey.levels["person"]["person"].values[0])
    notes = (
        f"2 of 70 persons answered no item ('{person}' and 1 more); they are kept.",
        "adaptation: missing for 2 of 12 teams ('t01', 't02'); they are kept.",
    )
    shown = public_notes(replace(fit, survey=replace(fit.survey, notes=notes)))
    assert shown == ["2 of 70 persons answered no item; they are kept.", notes[1]]


def test_simulated_data_say_so(fit: Fit, html: str) -> None:
    assert "Simulated data." not in html
    marked = replace(fit, tree=fit.tree.copy())
    mark_simulated(marked, "Nobody <was> asked.")
    page = render_report(marked, flagship_verdict(fit))
    assert "Simulated data.</strong> Nobody &lt;was&gt; asked." in page


def test_unconverged_fit_is_announced_with_advice() -> None:
    bad = flagship_fit(12, converged=False)
    text = Page(render_report(bad, flagship_verdict(bad))).text
    assert "The sampler did not converge." in text
    assert "Nothing below may be relied on" in text
    assert "Take smaller steps." in text
    assert "seed=2, retry=False, draws=100, tune=150, chains=2, target_accept=0.8" in text


ESTIMAND = {
    "answer": "supported",
    "reason": "It lies above 0.1.",
    "headline": "share",
    "share": {"mean": 0.4, "sd": 0.1, "q2_5": 0.2, "q97_5": None, "p_positive": 1.0},
}


@pytest.mark.parametrize(
    ("changes", "fragment"),
    [
        ({"elpd": None, "ppc": None}, "Not applicable: the question names no rival"),
        ({"effect": {}, "effect_raw": {}}, "Verdict: cannot tell"),
        ({"agreement": {}}, "Verdict: cannot tell"),
        ({"estimands": {"emergent_share": ESTIMAND}}, "Emergent share: supported. It lies above 0.1."),
        ({"estimands": {"emergent_share": ESTIMAND}}, "share (headline)"),
    ],
)
def test_what_does_not_apply_is_left_out(fit: Fit, changes: dict[str, Any], fragment: str) -> None:
    verdict = flagship_verdict(fit, verdict="cannot tell", **changes)
    text = Page(render_report(fit, verdict)).text
    assert fragment in text
    assert "None" not in text
    assert "nan" not in text.split()


def test_model_without_question_latents_and_checks(fit: Fit) -> None:
    formula = Formula(queries.regression(fit.spec, "team", "adaptation").formula.terms[-1:])
    spec = replace(
        fit.spec, question=None, title="", measures=(), rivals=(),
        regressions=(Regression("team", "adaptation", formula),),
    )  # fmt: skip
    left = [name for name in fit.posterior if "adaptation" in name and name != "team.adaptation | layer"]
    kept = tuple(name for name in fit.parameters if name in left)
    bare = xr.DataTree.from_dict({"/posterior": fit.posterior[left]})
    plain = replace(fit, spec=spec, tree=bare, engine="bambi", parameters=kept)
    plain = replace(plain, survey=replace(fit.survey, items={}))
    changes = {
        "agreement": {},
        "effect": {},
        "effect_raw": {},
        "elpd": None,
        "ppc": None,
        "claim": None,
        "verdict": "cannot tell",
    }
    page = Page(render_report(plain, flagship_verdict(fit, **changes)))
    assert "The model file asks no question" in page.text
    assert "--engine auto" in page.text
    assert ("h1", "adaptation") in page.headings


def test_other_rivals_are_compared_apart(fit: Fit) -> None:
    other = {
        "elpd": {"rival": "prior_only", "diff": 7.25, "se": 2.5, "p_better": 0.998, "khat_max": None},
        "ppc": {"statistic": "residual correlation", "observed": 0.4, "p_value": 0.0},
    }
    verdict = flagship_verdict(fit, estimands={"rivals": {"prior_only": other}})
    text = Page(render_report(fit, verdict)).text
    assert "Rivals that the verdict does not rest on" in text
    assert "prior only 7.2 2.5 0.998 < 0.001" in text
    assert "Further quantities" not in text


def test_effect_without_standardised_draws_has_no_density(fit: Fit, html: str) -> None:
    bare = fit.posterior.drop_vars("team.adaptation.std")
    other = replace(fit, tree=xr.DataTree.from_dict({"/posterior": bare}))
    assert "posterior density" in html
    assert "posterior density" not in render_report(other, flagship_verdict(fit))


def test_text_from_tables_is_escaped() -> None:
    other = flagship_fit(12)
    spec = replace(other.spec, title="<script>alert(1)</script> & co")
    html = render_report(replace(other, spec=spec), flagship_verdict(other))
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co" in html


def test_500_teams_stay_under_3_megabytes() -> None:
    large = flagship_fit(500)
    html = render_report(large, flagship_verdict(large))
    assert len(html.encode()) < 3_000_000
    assert html.count("<details") == 6
