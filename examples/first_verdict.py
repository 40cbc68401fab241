"""Does the analysis find an effect that was planted, and none where none was?

Simulates two small companies, one with an effect of collective efficacy on adaptation and one without, and
compares the verdicts with the truth. Items are numbers rather than categories, for speed.

    uv run python examples/first_verdict.py
"""

from __future__ import annotations

import coefficacy as co
from coefficacy.spec import loads
from coefficacy.worlds import World


def verdict_of(world: World) -> co.Verdict:
    """Fit the world's own model file to its tables and decide."""
    spec = loads(world.spec_text)
    survey = co.read_survey(spec, **world.tables)
    return co.verdict(co.fit(spec, survey, seed=1, progress=False))


def main() -> None:
    for null in (False, True):
        world = co.simulate("C4", seed=1, n_teams=40, family="gaussian", null=null)
        found = verdict_of(world)
        planted, effect = world.truth["effect"]["standardised"], found.effect
        interval = f"{effect['q2_5']:.2f} to {effect['q97_5']:.2f}"
        print(f"planted {planted:.2f}, found {effect['mean']:.2f} (95% interval {interval})")
        print(f"verdict: {found.verdict}", *found.reasons, sep="\n  ")


if __name__ == "__main__":
    main()
