"""Make the README's picture from a saved fit.

The effect's posterior beside the region of no practical effect; below it every team's collective efficacy.
Run it on the demo's fit; a fit of simulated data is marked as such in the picture.

    uv run coefficacy demo
    uv run python benchmarks/make_readme_picture.py demo/fit.nc
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import coefficacy as co
from coefficacy.reporting import team_estimates
from coefficacy.reporting.origin import simulated_note
from coefficacy.reporting.plots import effect_figure, latent_figure
from coefficacy.reporting.sections import effect_draws
from coefficacy.reporting.words import effect_axis, question_sentence
from coefficacy.survey.nesting import plural

PICTURE = Path(__file__).parents[1] / "docs" / "_static" / "first_verdict.png"
RESOLUTION = 150


def pictures(fit: co.Fit) -> list[Figure]:
    """Return the figures, top to bottom."""
    question, draws = fit.spec.question, effect_draws(fit)
    if question is None or draws is None:
        raise SystemExit("The fit holds no effect: take one whose model asks a question.")
    low, high = np.quantile(draws, [0.025, 0.975])
    summary = {"mean": draws.mean(), "q2_5": low, "q97_5": high}
    effect = effect_figure(summary, question.rope, draws=draws, label=effect_axis(fit.spec))
    mark = "Simulated data\n" if simulated_note(fit) else ""
    effect.suptitle(f"{mark}{question_sentence(fit.spec)}", fontsize=10)
    units = plural(question.level)
    return [effect, latent_figure(team_estimates(fit), question.term, units=units, named=False)]


def pixels(figure: Figure) -> Any:
    """Return a figure as an array (row, column, channel) on white."""
    from matplotlib.image import imread

    held = io.BytesIO()
    figure.savefig(held, format="png", dpi=RESOLUTION, facecolor="white")
    held.seek(0)
    return imread(held)[..., :3]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("fit", type=Path, help="fit.nc of a result")
    parser.add_argument("--out", type=Path, default=PICTURE)
    asked = parser.parse_args()
    from matplotlib.image import imsave

    parts = [pixels(figure) for figure in pictures(co.Fit.load(asked.fit))]
    imsave(asked.out, np.concatenate(parts, axis=0))
    print(f"Written: {asked.out}")


if __name__ == "__main__":
    main()
