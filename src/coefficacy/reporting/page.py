"""One self-contained page about a result: ``report.html``."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from coefficacy import __version__
from coefficacy.reporting import evidence_sections, sections
from coefficacy.reporting.check_section import predictive_section
from coefficacy.reporting.estimand_section import estimand_section
from coefficacy.reporting.measurement import measurement_section
from coefficacy.reporting.origin import simulated_note
from coefficacy.reporting.units_section import units_section
from coefficacy.reporting.words import headline, number, plain, question_sentence
from coefficacy.survey.nesting import plural

if TYPE_CHECKING:
    from coefficacy.sampling import Fit
    from coefficacy.verdicts import Verdict

__all__ = ["command", "render_report"]


def render_report(fit: Fit, verdict: Verdict) -> str:
    """Return the page as HTML: verdict first, then the evidence, the teams, and how to reproduce it.

    Parameters
    ----------
    fit : the draws, the survey and the model file; an optional group ``checks`` of its tree holds draws for a
        figure (``rival_check_observed``, ``rival_check_replicated``)
    verdict : what is said about them

    Notes
    -----
    The page names teams and layers by their ids, and no person. It needs no network, and follows the reader's
    light or dark setting. A short script lets readers sort and filter the teams; without it nothing is lost.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_text("page.html.j2")).render(_context(fit, verdict))


def _context(fit: Fit, verdict: Verdict) -> dict[str, Any]:
    from markupsafe import Markup

    from coefficacy.sampling import summary
    from coefficacy.spec import dumps

    sensitivity = evidence_sections.sensitivity_of(fit, verdict)
    return {
        "version": __version__,
        "css": Markup(_text("page.css")),
        "script": Markup(_text("page.js")),
        "kicker": " · ".join(filter(None, ("coefficacy report", verdict.claim and f"claim {verdict.claim}"))),
        "title": fit.spec.title or plain(verdict.model),
        "simulated_note": simulated_note(fit),
        "verdict": verdict,
        "verdict_class": verdict.verdict.replace(" ", "-"),
        "converged": bool(verdict.converged.get("ok")),
        "question": question_sentence(fit.spec),
        "headline": headline(verdict, fit.spec),
        "counts": _counts(fit),
        "effect": sections.effect_section(fit, verdict),
        "check": sections.check_section(fit, verdict),
        "left_out": sections.left_out_section(verdict),
        "sensitivity": evidence_sections.sensitivity_section(sensitivity),
        "record": evidence_sections.record_section(fit, verdict, sensitivity),
        "other_rivals": sections.other_rivals_table(verdict),
        "question_is_effect": fit.spec.question is not None,
        "estimands": estimand_section(fit, verdict),
        "units": units_section(fit),
        "agreement": measurement_section(fit, verdict),
        "predictive": predictive_section(fit),
        "diagnostics": sections.diagnostics_section(fit, verdict, summary(fit)),
        "notes": sections.public_notes(fit),
        "command": command(fit),
        "provenance": sections.provenance_table(fit, verdict),
        "timing": sections.timing_table(verdict),
        "model_file": dumps(fit.spec),
    }


def _counts(fit: Fit) -> str:
    counted = [
        f"{number(n)} {plain(plural(level) if n != 1 else level)}" for level, n in fit.survey.n.items()
    ]
    return f"Based on {', '.join(counted)}."


def command(fit: Fit) -> str:
    """What repeats the fit: a command line, or Python where the draws are those of a second try."""
    tables = ("persons", "teams", "layers")[: len(fit.spec.levels)]
    engine = "auto" if fit.engine == "bambi" else fit.engine
    used = fit.settings
    if not fit.convergence.retried:
        files = " ".join(f"--{name} {name}.csv" for name in tables)
        size = f"--draws {used.draws} --tune {used.tune} --chains {used.chains}"
        return f"coefficacy fit model.toml {files} --out DIR \\\n  --engine {engine} {size} --seed {fit.seed}"
    files = ", ".join(f'{name}="{name}.csv"' for name in tables)
    size = f"draws={used.draws}, tune={used.tune}, chains={used.chains}, target_accept={used.target_accept:g}"
    return (
        "import coefficacy as co\n\n"
        'spec = co.load_model("model.toml")\n'
        f"survey = co.read_survey(spec, {files})\n"
        f'fit = co.fit(spec, survey, engine="{engine}", seed={fit.seed + 1}, retry=False,\n'
        f"             {size})"
    )


def _text(name: str) -> str:
    return files("coefficacy.reporting").joinpath(name).read_text(encoding="utf-8")
