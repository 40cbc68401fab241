"""The report of record: what the Bayesian analysis reporting guidelines ask, answered from a fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coefficacy.sampling import Fit
    from coefficacy.verdicts import Verdict
    from coefficacy.verdicts.sensitivity import PriorSensitivity

__all__ = ["FOR_THE_AUTHOR", "RecordItem", "ReportOfRecord", "report_of_record"]

FOR_THE_AUTHOR = "For the author to say."
SOURCE = (
    "Kruschke (2021), Bayesian analysis reporting guidelines, Nature Human Behaviour, 5, 1282-1291, "
    "https://doi.org/10.1038/s41562-021-01177-7. The steps and their order are his; the wording, and the "
    "letters within steps 4 to 6, are ours."
)


@dataclass(frozen=True, slots=True)
class RecordItem:
    """One thing that a report of a Bayesian analysis should say.

    Attributes
    ----------
    number : step and letter: ``"1C"``; ``"0A"`` is the preamble
    step : what the step is about
    asked : in our words
    answer : from the fit, a line a paragraph; empty where the fit cannot answer
    left : what is left for the author to say; empty if nothing is
    source : where the answer comes from; empty without one
    """

    number: str
    step: str
    asked: str
    answer: str
    left: str
    source: str

    @property
    def text(self) -> str:
        """The answer, and what is left for the author."""
        left = f"{FOR_THE_AUTHOR[:-1]}: {self.left}" if self.left else ""
        return " ".join(filter(None, (self.answer, left)))


@dataclass(frozen=True, slots=True)
class ReportOfRecord:
    """The guidelines' items, filled in as far as a fit can.

    Attributes
    ----------
    title : of the model
    items : in the order of the guidelines
    """

    title: str
    items: tuple[RecordItem, ...]

    @property
    def for_author(self) -> tuple[RecordItem, ...]:
        """Items of which something is left for the author to say."""
        return tuple(item for item in self.items if item.left)

    def to_markdown(self) -> str:
        """Return the report as Markdown: a section a step, and at the end what is left for the author."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield f"# Report of record: {self.title}"
        yield ""
        yield SOURCE
        for step, items in groupby(self.items, key=lambda item: item.step):
            yield from ("", f"## {step}", "")
            for item in items:
                yield f"- **{item.number}. {item.asked}** {_safe(item.text)}"
                if item.source:
                    yield from ("", f"  *From: {_safe(item.source)}.*")
        yield from ("", "## Left for the author", "")
        yield from (f"- {item.number}: {_safe(item.left)}" for item in self.for_author)


def _safe(text: str) -> str:
    """Names keep their underscores and asterisks, formulas their bars."""
    for character in "\\*_|<":
        text = text.replace(character, f"\\{character}")
    return text.replace("\n", "\n\n  ")


def report_of_record(
    fit: Fit, verdict: Verdict, *, sensitivity: PriorSensitivity | None = None
) -> ReportOfRecord:
    """Fill in the Bayesian analysis reporting guidelines (BARG) from a fit and its verdict.

    Parameters
    ----------
    fit, verdict : of one model
    sensitivity : of this fit to its priors, if at hand; else it is computed (about a second) where the model
        asks a question and the sampler converged

    Returns
    -------
    ReportOfRecord
        Nothing in it is invented: what a fit cannot know is left for the author, by name.

    References
    ----------
    Kruschke (2021), doi:10.1038/s41562-021-01177-7

    Examples
    --------
    >>> record = co.report_of_record(fit, co.verdict(fit))                     # doctest: +SKIP
    >>> [item.number for item in record.for_author]                            # doctest: +SKIP
    ['0A', '0B', '1A', '1E', '3A', '4A', '4C', '6D']
    >>> Path("record.md").write_text(record.to_markdown())                     # doctest: +SKIP
    """
    from coefficacy.reporting.record_items import record_items

    if sensitivity is None and fit.spec.question is not None and fit.convergence.ok:
        from coefficacy.verdicts.sensitivity import prior_sensitivity

        sensitivity = prior_sensitivity(fit, verdict)
    return ReportOfRecord(fit.spec.title or verdict.model, tuple(record_items(fit, verdict, sensitivity)))
