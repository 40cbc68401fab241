"""
Some people skipped questions: must I drop them?
================================================

No. Dropping everyone with a gap throws away answers and, if the unhappy skip more, shifts what is left. The
model uses each answer that was given: who skipped four questions still counts with the fifth. That is right
as long as what was answered explains who skipped. Where people hide exactly the answer that they would
have given, no model sees it. The data are **simulated**, so that the answers that were skipped are known.
"""

# %%
# The question
# ------------
#
# Three kinds of gaps have three names, all of them misleading (Rubin 1976). *Completely at random*: a page
# was lost. *At random*: who skips depends on what else we know of the person, such as an earlier answer.
# *Not at random*: who skips depends on the very answer that is missing. Most surveys have some of each.
#
# The data
# --------
#
# Forty teams of six. Four items on the team ("my team can ..."), and an outcome of the team that depends
# on what its members believe together: one SD more of belief, 0.6 SD more of the outcome.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import coefficacy as co
from coefficacy.spec import loads

rng = np.random.default_rng(4)
teams, people, items = 40, 6, ["ce_1", "ce_2", "ce_3", "ce_4"]
belief = rng.normal(size=teams)
outcome = pd.DataFrame({"team_id": np.arange(teams), "adaptation": 0.6 * belief + rng.normal(0, 0.8, teams)})
person = np.repeat(0.6 * belief, people) + rng.normal(size=teams * people)
answers = 4 + person[:, None] + rng.normal(0, 0.7, (teams * people, 4))
complete = pd.DataFrame(answers, columns=items)
complete.insert(0, "team_id", np.repeat(np.arange(teams), people))
complete.insert(0, "person_id", np.arange(teams * people))

# %%
# Now the gaps. In the first survey people who answered the first question low often put the form away. In
# the second every question is skipped the more often the lower its own answer would have been.


def chance(answer):
    """Of a gap: one in two at an answer of 3, hardly any at 5."""
    return 1 / (1 + np.exp(2 * (answer - 3)))


gave_up = rng.random(len(complete)) < chance(complete["ce_1"])
stopped, hidden = complete.copy(), complete.copy()
stopped.loc[gave_up, items[1:]] = np.nan
hidden[items] = hidden[items].mask(rng.random((len(hidden), 4)) < chance(hidden[items]))
surveys = {
    "all answers": complete,
    "stopped early": stopped,
    "stopped early, people dropped": stopped.dropna(),
    "low answers hidden": hidden,
}
pd.DataFrame(
    {name: {"people": len(t), "answers": int(t[items].count().sum())} for name, t in surveys.items()}
).T

# %%
# The model file
# --------------
#
# Nothing in it is about gaps.

spec = loads("""
[levels]
person = "person_id"
team = "team_id"

[measures.collective_efficacy]
items = ["ce_1", "ce_2", "ce_3", "ce_4"]

[team]
adaptation = "collective_efficacy"

[question]
effect = "adaptation ~ collective_efficacy"
""")

# %%
# Reading says what is missing; an empty cell is simply not used.

read = {name: co.read_survey(spec, persons=table, teams=outcome) for name, table in surveys.items()}
read["stopped early"]

# %%
# Prior check
# -----------
#
# The effect has the default prior, Normal(0, 0.5) on the standardised scale; see
# :doc:`/gallery/trust/plot_priors`. The planted 0.6 is well within it.
#
# The fits
# --------
#
# A survey with gaps is more work than a complete one, so these fits take a little longer.

fits = {
    name: co.fit(spec, survey, seed=1, draws=700, tune=700, target_accept=0.9)
    for name, survey in read.items()
}
for name, fit in fits.items():
    print(f"{name}: {'converged' if fit.convergence.ok else 'NOT converged'}")

# %%
# How positive are the teams?
# ---------------------------
#
# The mean of the later questions, as everybody would have answered them, is 4.0. Those who stopped early
# were the sceptics, so the average of the answers given is too high. The model knows each sceptic's first
# answer, and with it what she would have said.

truth = complete[items[1:]].values.mean()
rows = []
for name, fit in fits.items():
    expected = fit.posterior["collective_efficacy.intercept"][..., 1:].mean("collective_efficacy.item")
    low, mid, high = expected.quantile([0.025, 0.5, 0.975]).values
    rows.append((name, np.nanmean(surveys[name][items[1:]]), low, mid, high))
levels = pd.DataFrame(rows, columns=["survey", "average of answers", "low", "model", "high"]).set_index(
    "survey"
)
levels.round(2)

# %%

fig, ax = plt.subplots(figsize=(8.6, 2.6))
at = np.arange(len(levels))
ax.hlines(at, levels["low"], levels["high"], color="#0072b2", lw=3)
ax.plot(levels["model"], at, "o", color="#0072b2", label="model, 95% interval")
ax.plot(levels["average of answers"], at, "D", color="#d55e00", label="average of the answers given")
ax.axvline(truth, color="black", lw=1, ls="--", label="had everybody answered")
ax.set_yticks(at, levels.index)
ax.invert_yaxis()
ax.set_xlabel("mean answer to questions 2 to 4")
_ = ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))

# %%
# And the effect on the outcome?
# ------------------------------


def effect(fit):
    draws = fit.posterior["team.adaptation.std"].values.ravel()
    return [*np.quantile(draws, [0.025, 0.975]), draws.mean()]


effects = pd.DataFrame({name: effect(fit) for name, fit in fits.items()}, index=["low", "high", "mean"]).T
fig, ax = plt.subplots(figsize=(8.6, 2.6))
ax.hlines(at, effects["low"], effects["high"], color="#0072b2", lw=3)
ax.plot(effects["mean"], at, "o", color="#0072b2")
ax.axvline(0.6, color="black", lw=1, ls="--", label="planted")
ax.set_yticks(at, effects.index)
ax.invert_yaxis()
ax.set_xlabel("SDs of adaptation per SD of collective efficacy: mean and 95% interval")
_ = ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))

# %%
# The effect hardly moves: gaps shift how high a team stands more than what goes with it. Dropping people
# costs width: a quarter of them is gone. In another survey, with other gaps, the effect would move, too.
#
# Does the model fit?
# -------------------
#
# Replicated surveys keep the gaps of the real one. A check that fails would not tell which kind of gap it
# was: data alone cannot.

print(co.predictive_checks(fits["stopped early"], replication="same teams", seed=1))

# %%
# In plain words
# --------------

used = surveys["stopped early"][items].count().sum()
kept = surveys["stopped early, people dropped"][items].count().sum()
print(
    f"With everyone kept, {used} answers are used; with the incomplete dropped, {kept}. The mean answer\n"
    f"that everybody would have given is {truth:.2f}: the model finds "
    f"{levels.loc['stopped early', 'model']:.2f}, the people who are left average\n"
    f"{levels.loc['stopped early, people dropped', 'average of answers']:.2f}. "
    f"With low answers hidden, even the model is off: {levels.loc['low answers hidden', 'model']:.2f}."
)

# %%
# What would change the conclusion
# --------------------------------
#
# - *Hidden answers.* Whether people hid what they would have said is not in the data. Ask why they skipped,
#   offer "I would rather not say", and report how far results move if the missing answers had been lower.
# - *Missing teams.* A team without an outcome still informs the measurement; a team that nobody answered
#   for is known by its other columns alone.
# - *Missing predictors* of teams are refused: :doc:`/guide/survey`.
#
# References
# ----------
#
# - Rubin (1976), inference and missing data. https://doi.org/10.1093/biomet/63.3.581
# - Enders (2010), *Applied missing data analysis*. Guilford.
# - Newman (2014), five practical guidelines. https://doi.org/10.1177/1094428114548590
