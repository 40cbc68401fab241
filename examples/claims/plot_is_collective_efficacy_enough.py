"""
Is collective efficacy enough for a team to adapt?
==================================================

Sixty teams cannot tell, even in a simulated company where the answer is known to be no: there, teams
adapt if they believe in what they can do together *and* have the power to act on it, and one of the two
alone brings little. The page shows what such a survey does and does not say. No public data measure
authority, slack or claim to the gains, so nothing here is about real teams.
"""

# %%
# The question
# ------------
#
# Belief without the power to act on it may bring a team nothing, and so may power without belief. That is
# more than an interaction: a team with only *one* of the two should do hardly better than a team with
# neither.
#
# The data
# --------
#
# Sixty teams of eight in four layers. Members rate what their team can do (collective efficacy) and what
# they can do themselves, and sit tests. Each team has authority, slack and claim to the gains; ``power``
# is their mean, in SDs.

import coefficacy as co

world = co.simulate("C13", seed=5, n_teams=60)
world.tables["teams"].head()

# %%
# The model file
# --------------
#
# Adaptation is regressed on collective efficacy, power and their product, beside competence and prior
# performance. The section ``[estimands.necessity]`` asks the question: does a team with only one of the
# two stay closer to a team with neither than to a team with both? Effects that only add up never do that.

print(world.spec_text[world.spec_text.index("[team]") :])

# %%
# The fit
# -------

spec = co.load_model("C13")
fit = co.fit(spec, co.read_survey(spec, **world.tables), seed=1, draws=1000, tune=700, progress=False)
fit

# %%
# Four corners
# ------------
#
# Every team is put into each corner, one SD below and above the mean, everything else about it as it is.
# Adapting is an outcome above the mean of the teams.

found = co.estimate(fit, "necessity")
co.plot_corners(found)

# %%
# The verdict is about expected outcomes rather than probabilities, where additive effects look like an
# interaction.

verdict = co.verdict(fit)
print(verdict.verdict, *verdict.reasons, sep="\n")

# %%
# The truth, known here and never in a survey:

print({name: round(value, 2) for name, value in world.truth["estimands"]["necessity"].items()})

# %%
# Ceilings
# --------
#
# Necessary condition analysis looks at the empty corner: much adaptation with little of a condition. Its
# effect size is positive without any necessity, so it stands beside what additive effects would leave
# empty.

ceiling = co.estimate(fit, "ceiling")
co.plot_ceiling(fit, ceiling, of="adaptation")

# %%
# The bottleneck table: what an outcome of so many percent of its range required of each condition, in
# percent of its range.

ceiling.bottleneck.mean(("chain", "draw")).round().to_pandas()

# %%
# Can one stand in for the other?
# -------------------------------
#
# An elasticity of substitution of 1 is additive; towards 0 the weaker of the two decides.

elasticity = co.estimate(fit, "elasticity").elasticity
low, middle, high = elasticity.quantile([0.025, 0.5, 0.975]).values
print(
    f"{middle:.2f} (95% interval {low:.2f} to {high:.2f}), P(below 1) = {float((elasticity < 1).mean()):.2f}"
)

# %%
# In plain words
# --------------
#
# Power alone seems to bring these teams nothing, belief alone something, and both together most. In the world
# they were drawn from either alone brings little. Sixty teams leave room for that world, and for one in which
# belief needs no power, so the answer is *cannot tell*, not *yes* and not *no*.
#
# What would change the conclusion
# --------------------------------
#
# A third cause of both power and adaptation; a cut far from the mean changes probabilities, never the
# verdict; more teams: with true team values known, half of such worlds are called supported at 60 teams
# and nine in ten at 150.
#
# References
# ----------
#
# - Dul (2016), https://doi.org/10.1177/1094428115584005
# - Arrow, Chenery, Minhas and Solow (1961), https://doi.org/10.2307/1927286
