"""
How many teams do I need?
=========================

Simulate the survey you plan, analyse it as you will analyse the real one, and count how often the verdict
is the one that the planted truth deserves. For an effect of 0.4 SD in teams of ten it takes about a hundred
teams; with four members a team, more than the 120 that were tried. And where there is no effect at all, the
verdict should hardly ever say *supported*: count that, too.
"""

# %%
# The question
# ------------
#
# *Power* is the share of studies that find what is there. Formulas for it are about one estimate and its
# standard error; a verdict here takes three things together, with items that are noisy and members who
# disagree. So it is counted rather than calculated.
#
# The data
# --------
#
# None yet. Every *world* is a company that is made up with a known effect, surveyed, fitted and judged, just
# as a real survey would be. It has four layers, five items for each efficacy, and single items that are half
# noise and more (reliability .4).

import coefficacy as co
from coefficacy.spec import loads
from coefficacy.studies import Sampling
from coefficacy.worlds import Design

# %%
# The model file
# --------------
#
# The library's model of claim C4, for items taken as numbers (ordinal ones take longer and tell a little
# less).

spec = loads(co.simulate("C4", seed=1, family="gaussian").spec_text)
print(*(f"[{r.level}] {r.response} = {r.formula}" for r in spec.regressions), sep="\n")
spec.question

# %%
# Prior check
# -----------
#
# What effect is it worth being able to find? That is for you to say. A meta-analysis over 6,128 groups has a
# mean correlation of .35 (Stajkovic, Lee and Nyberg 2009); here 0.4 SD beyond what the members can do by
# themselves is planted, which is a large effect. For a smaller one read the numbers below as too few.
#
# The fits
# --------
#
# Two team sizes at three numbers of teams. This takes long, so in this page the worlds are read from a file
# that the same lines made. Fits are short, 4 chains of 500 draws; that is enough to pass the gate of
# convergence.

short = Sampling(draws=500, tune=500, chains=4)
power = co.teams_needed(
    spec, teams=(20, 60, 120), team_sizes=(4, 10), effect=0.4, sims=12, sampling=short, workers=1
)
power.summary().round(2)

# %%
# How many teams?
# ---------------
#
# Points are counted, with exact 95% intervals; they are wide, since so few worlds were made. The curves join
# them by what they should have in common: an estimate gets better with the square root of the number of
# teams.

co.plot_power(power)

# %%

print(power.sentence())

# %%
# The interval says how far a dozen worlds can be trusted: as a first guess. Before you decide, let it run
# over night with ``sims=200``. With ``store="worlds.jsonl"`` what was done is kept, and more is added to it.
#
# How often is it wrong?
# ----------------------
#
# The other half of planning: worlds of one design in which collective efficacy has no effect.

design = Design.balanced(60, 10, family="gaussian")
rates = co.calibrate(spec, design, effects=(0.0,), sims=24, sampling=short, workers=1)
print(rates.sentence())

# %%
# Does the model fit?
# -------------------
#
# In these worlds it does, since they are made by its own equations. A rate found here is the best that the
# design can do, not what a world with surprises will give.
#
# In plain words
# --------------

for needed in power.needed():
    most = "more than were tried" if needed.high is None else f"{needed.high}"
    print(
        f"Teams of {needed.team_size}: about {needed.n_teams or 'more than 240'} "
        f"(90% interval {needed.low or 'more than 240'} to {most})"
    )

# %%
# More people in a team help as far as they make known what the team believes; after that only more teams do.
# And "cannot tell" is the usual answer of a small study, whatever is true:
# :doc:`/gallery/trust/plot_cannot_tell`.
#
# What would change the conclusion
# --------------------------------
#
# - *A smaller effect.* Half the effect takes about four times the teams, and more, as the region that counts
#   as none stays where it is.
# - *A world unlike yours.* Variances between teams and the other paths are the world's own. ``coefficacy
#   calibrate`` with your tables takes teams, sizes, layers and reliabilities from your survey.
# - *Unequal teams, missing answers, dropouts.* Plan for them: ask more teams than the number above.
# - *Another rule.* Counting only whether the interval clears zero gives more "finds", and more false ones.
#
# References
# ----------
#
# - Kruschke (2013), planning by goals for the posterior. https://doi.org/10.1037/a0029146
# - Gelman and Carlin (2014), errors of sign and size in small studies.
#   https://doi.org/10.1177/1745691614551642
# - Stajkovic, Lee and Nyberg (2009), https://doi.org/10.1037/a0015659
