"""
Does collective efficacy predict adaptation?
============================================

In the demo survey, yes: the verdict is *supported*. One standard deviation more of collective efficacy goes
with about half a standard deviation more of adaptation, beyond what the members can do by themselves and
beyond how well the team did before. The data are **simulated**, with an effect of 0.45 planted in them, so
that you can see what the analysis makes of a known truth; they say nothing about real teams.
"""

# %%
# The question
# ------------
#
# *Collective efficacy* is what a team believes it can do together. Teams that believe more in themselves
# often do better, but they may also have abler members, more confident members, or simply a better past.
# The question is what collective efficacy predicts *beyond* these.
#
# The data
# --------
#
# 276 people in 40 teams in 4 layers of a company. Each person answered five items on the team ("my team can
# ..."), five on herself ("I can ...") and took three tests of skill; each team has an outcome, adaptation,
# measured later.

# sphinx_gallery_thumbnail_number = 2
import matplotlib.pyplot as plt
import pandas as pd

import coefficacy as co

demo = co.load_demo()
demo.persons.iloc[:5, :8]

# %%
demo.teams.head()

# %%
# The model file
# --------------
#
# The library has a model for this question, claim C4. Equations are written as in R; names are measures or
# columns of the tables.

spec = co.load_model("adaptation")
for regression in spec.regressions:
    print(f"[{regression.level}] {regression.response} = {regression.formula}")
for rival in spec.rivals:
    print(f"rival {rival.name}: {rival.regressions[0].response} = {rival.regressions[0].formula}")
spec.question

# %%
# Competence and prior performance stand in the equation of collective efficacy, too: they may cause both
# belief and outcome. Effects have the prior Normal(0, 0.5) on the standardised scale: nine in ten between
# -0.8 and 0.8. A meta-analysis of 6,128 groups has a mean correlation of .35 (Stajkovic, Lee and Nyberg
# 2009), so that this is wide. :doc:`/gallery/trust/plot_priors` asks how much they
# matter.
#
# The fit
# -------

survey = co.read_survey(spec, persons=demo.persons, teams=demo.teams, layers=demo.layers)
fit = co.fit(spec, survey, seed=1)
fit

# %%
# Has the sampler converged?
# --------------------------
#
# The line above says so, and the verdict would say so first if not: nothing is concluded from a fit that
# misses the gate.

fit.convergence.ok, round(fit.convergence.rhat_max, 3), round(fit.convergence.ess_min)

# %%
# Does the model fit?
# -------------------
#
# Data replicated from the fitted model should look like the data. Here every check passes. The picture is
# the one on the outcome: how often do adaptation scores of left-out teams lie where the model expected
# them?

checks = co.predictive_checks(fit, seed=1)
print(checks)
co.plot_check(checks.get("outcome.calibration"))

# %%
# The verdict
# -----------
#
# Three things together: the size of the effect, predictions of teams whose outcomes were left out, and a
# check of a rival that knows no collective efficacy.

verdict = co.verdict(fit)
verdict

# %%
# The effect and its interval, beside the region that counts as none and the effect that was planted:

draws = (
    fit.posterior["team.adaptation.std"].sel({"team.adaptation.term": "collective_efficacy"}).values.ravel()
)
fig, ax = plt.subplots(figsize=(8.6, 2.8))
ax.axvspan(*spec.question.rope, color="#5f6670", alpha=0.2, lw=0, label="counts as none (ROPE)")
ax.hist(draws, bins=50, density=True, color="#0072b2", alpha=0.35)
ax.axvline(demo.truth["effect"]["standardised"], color="#d55e00", lw=2, label="planted")
ax.set(xlabel="SDs of adaptation per SD of collective efficacy", yticks=[])
_ = ax.legend()

# %%
# In plain words
# --------------

effect = verdict.effect
print(
    "Of two teams alike in self-efficacy, competence and prior performance, the one that is one SD\n"
    f"higher in collective efficacy is expected to adapt {effect['mean']:.2f} SD better\n"
    f"(95% interval {effect['q2_5']:.2f} to {effect['q97_5']:.2f}; P(positive) = {effect['p_positive']:.3f})."
)

# %%
# The teams themselves: estimates with intervals, which overlap. This is no league table.

teams = fit.posterior["team.latent"].sel({"team.name": "collective_efficacy"})
table = pd.DataFrame(
    {
        "mean": teams.mean(("chain", "draw")),
        "low": teams.quantile(0.025, ("chain", "draw")),
        "high": teams.quantile(0.975, ("chain", "draw")),
    },
    index=teams["team"].values,
).sort_values("mean")
fig, ax = plt.subplots()
ax.vlines(table.index, table["low"], table["high"], color="#0072b2", alpha=0.5)
ax.plot(table.index, table["mean"], "o", color="#0072b2", ms=4)
ax.tick_params(axis="x", rotation=90, labelsize=8)
_ = ax.set(xlabel="team, sorted by estimate", ylabel="collective efficacy (latent scale)")

# %%
# A page for others
# -----------------
#
# ``co.report(fit, "out", verdict=verdict)`` writes ``report.html`` and the numbers behind it. The report of
# record answers what reporting guidelines ask (Kruschke 2021), and lists what only you can say:

record = co.report_of_record(fit, verdict)
print(*(f"{item.number} {item.asked}" for item in record.for_author), sep="\n")

# %%
# What would change the conclusion
# --------------------------------
#
# - *A common cause that was not measured.* Whatever moves belief and outcome alike and is not in the model
#   ends up in the effect. With prior performance controlled, Arthur, Bell and Edwards (2007) found no
#   unique variance of team efficacy; that is why it is in both equations.
# - *A stronger rival.* "Supported" means: against this one.
# - *Fewer teams.* With half of them the honest answer would most likely be
#   :doc:`"cannot tell" </guide/limits>`.
#
# References
# ----------
#
# - Arthur, Bell and Edwards (2007), https://doi.org/10.1177/1094428106287574
# - Kruschke (2021), https://doi.org/10.1038/s41562-021-01177-7
# - Stajkovic, Lee and Nyberg (2009), https://doi.org/10.1037/a0015659
