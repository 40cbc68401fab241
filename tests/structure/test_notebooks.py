"""What a notebook shows of a model, a fit and a verdict: worth reading, and escaped."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from synthetic_fit import flagship_fit, flagship_verdict

from coefficacy.spec import load_model

BAD = "<script>alert(1)</script> & more"


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.seen: set[str] = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(shown: object) -> str:
    tags = Tags(shown._repr_html_())  # type: ignore[attr-defined]
    assert tags.open == []
    assert "script" not in tags.seen
    return " ".join(tags.words)


def test_a_model_says_what_it_measures_predicts_and_asks() -> None:
    words = read(load_model("adaptation"))
    for part in (
        "Collective efficacy predicts adaptation beyond individual competence (C4)",
        "person: person_id",
        "collective_efficacy: ce_* (ordinal)",
        "[person] collective_efficacy = self_efficacy",
        "rival competence_only",
        "team.adaptation ~ collective_efficacy: positive, against competence_only",
        "counts as none from -0.1 to 0.1",
    ):
        assert part in words
    assert "estimands" not in words


def test_a_fit_says_what_was_fitted_and_whether_it_converged() -> None:
    words = read(flagship_fit(12))
    assert "team n = 12" in words
    assert "converged (r_hat up to 1.004" in words
    assert "NOT converged: 31 of 200 draws diverged" in read(flagship_fit(12, converged=False))


def test_a_verdict_gives_answer_effect_and_reasons() -> None:
    fit = flagship_fit(12)
    verdict = flagship_verdict(fit)
    words = read(verdict)
    assert "Verdict: supported" in words
    assert "C4 adaptation" in words
    assert f"{verdict.effect['mean']:.2f} SD, 95% interval" in words
    assert "The effect lies above the ROPE." in words


@pytest.mark.parametrize("kind", ["model", "fit", "verdict"])
def test_words_of_files_are_escaped(kind: str) -> None:
    fit = flagship_fit(12)
    spec = replace(fit.spec, title=BAD)
    shown = {
        "model": spec,
        "fit": replace(fit, spec=spec),
        "verdict": flagship_verdict(fit, model=BAD, reasons=(BAD,)),
    }[kind]
    assert BAD in read(shown)
