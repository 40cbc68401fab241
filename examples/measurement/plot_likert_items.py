"""
May I average answers from 1 to 5?
==================================

To put teams in order you mostly may: on real answers of soldiers, averages and a model of categories rank
companies almost alike. What an average cannot know is that the steps from 1 to 2 and from 4 to 5 are not
equally long, and that a scale ends. A model that takes answers for what they are, ordered categories,
measures the steps, predicts no answer of 5.7, and says how sure it is of each company.
"""

# %%
# The question
# ------------
#
# "Strongly disagree" to "strongly agree" are written down as 1 to 5, and then treated as if they were
# lengths. Does that matter? An *ordinal* model does not suppose it. It says: behind the answer there is a
# leaning, any number from low to high, and there are four *thresholds* on the same line; the answer is the
# number of thresholds that the leaning has passed, plus one. Where the thresholds lie is estimated.
#
# The data
# --------
#
# Real answers: 360 US Army soldiers, twelve from each of thirty companies, to four items on what their unit
# can do together (Bliese, Halverson and Rothberg 2000).

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import coefficacy as co
from coefficacy.spec import loads

everyone = co.load_dataset("bhr2000_items").rename_axis("id").reset_index()
soldiers = everyone[everyone["GRP"] <= 30].groupby("GRP").head(12)
items = ["AF06", "AF07", "AP33", "AP34"]
shares = soldiers[items].apply(lambda column: column.value_counts(normalize=True)).sort_index()
shares.round(2)

# %%
# The model file
# --------------
#
# One word decides how answers are taken: ``ordinal`` or ``gaussian``. All else is the same.

text = """
[levels]
soldier = "id"
company = "GRP"

[measures.joint_capability]
items = ["AF06", "AF07", "AP33", "AP34"]
family = "ordinal"
scale = [1, 5]
"""
specs = {"ordinal": loads(text), "gaussian": loads(text.replace('"ordinal"', '"gaussian"'))}

# %%
# Prior check
# -----------
#
# Thresholds are given an order beforehand but hardly a place: each gap from one to the next has a prior of
# its own, and may easily be half or twice as wide as its neighbour. Equal steps are one possibility among
# many.
#
# The fits
# --------

fits = {
    family: co.fit(spec, co.read_survey(spec, persons=soldiers), seed=1) for family, spec in specs.items()
}
fits["ordinal"]

# %%
# What the thresholds show
# ------------------------
#
# Each row is an item, and between two marks lies an answer: 2 between *1|2* and *2|3*, 3 between the next
# two. If steps were equal, the marks of a row would be equally far apart. They are not: for the leaders'
# items (AP33, AP34) the answer 2 is a narrow step and 3 a wide one; for cooperation (AF06, AF07) the last is
# the widest.

post = fits["ordinal"].posterior
loading = post["joint_capability.loading"]
cuts = post["joint_capability.threshold"] / loading
low, mid, high = (cuts.quantile(q, ("chain", "draw")).values for q in (0.025, 0.5, 0.975))
fig, ax = plt.subplots(figsize=(8.6, 2.8))
for k, (colour, marker) in enumerate(zip(["#0173b2", "#d55e00", "#009e73", "#cc79a7"], "osD^", strict=True)):
    rows = np.arange(len(items))
    ax.hlines(rows, low[:, k], high[:, k], color=colour, lw=3, alpha=0.5)
    ax.plot(mid[:, k], rows, marker, color=colour, label=f"{k + 1}|{k + 2}")
ax.set_yticks(rows, items)
ax.invert_yaxis()
ax.set_xlabel("leaning, in SDs of soldiers within a company: thresholds with 95% intervals")
_ = ax.legend(title="threshold", loc="center left", bbox_to_anchor=(1, 0.5))

# %%

steps = cuts.diff("joint_capability.cut").mean(("chain", "draw"))
step_table = pd.DataFrame(steps.values, items, ["2 is as wide as", "3 is as wide as", "4 is as wide as"])
step_table.round(2)

# %%
# What an average does with this
# ------------------------------
#
# Move the leaning of a company up by one, again and again: how much does the average answer move? In the
# middle most, and less and less towards either end, where the scale has no more to give. Two excellent
# teams look more alike than they are, and one more unit of effort looks wasted.

leaning = np.linspace(-4, 4, 161)
steep = loading.mean(("chain", "draw")).values[:, None, None]
place = cuts.mean(("chain", "draw")).values[:, :, None]
answer = (1 + (1 / (1 + np.exp(steep * (place - leaning)))).sum(1)).mean(0)
fig, ax = plt.subplots(figsize=(8.6, 2.8))
ax.plot(leaning, answer, color="#0072b2", label="expected average answer")
centre = len(leaning) // 2
slope = (answer[centre + 1] - answer[centre - 1]) / (leaning[centre + 1] - leaning[centre - 1])
ax.plot(leaning, answer[centre] + slope * leaning, color="#5f6670", ls="--", label="if answers were lengths")
ax.axhspan(5, 6.2, color="#5f6670", alpha=0.2, lw=0)
ax.text(-3.9, 5.4, "no such answer")
ax.set(xlabel="leaning of soldier and company together", ylabel="answer", ylim=(0.6, 6.2))
_ = ax.legend(loc="lower right")

# %%
# Does the model fit?
# -------------------
#
# One question to both models: which share of answers will be 1, 2, ... 5? The ordinal model reproduces the
# shares, as it has a threshold for each; so this is a check that nothing went wrong rather than a feat. The
# model of numbers spreads answers like a bell, beyond the ends.

checks = co.predictive_checks(fits["ordinal"], replication="same teams", seed=1)
print(checks.get("answers.categories"))
numbers = fits["gaussian"].posterior.mean(("chain", "draw"))
total = numbers["joint_capability.loading"] ** 2 * (1 + numbers["sd(company.joint_capability)"] ** 2)
sd = np.sqrt(total + numbers["joint_capability.residual_sd"] ** 2 + numbers["joint_capability.item_sd"] ** 2)
rng = np.random.default_rng(1)
drawn = rng.normal(numbers["joint_capability.intercept"], sd, (20_000, 4))
outside = np.mean((drawn < 0.5) | (drawn > 5.5))
print(f"Answers that nobody can give, as the model of numbers expects them: {outside:.1%}")

# %%
# Do the companies come out alike?
# --------------------------------
#
# Three estimates of each company: the plain average of its soldiers' answers, and the two models' latents.

table = pd.DataFrame(
    {
        family: fit.posterior["company.latent"].mean(("chain", "draw")).values[:, 0]
        for family, fit in fits.items()
    },
    index=fits["ordinal"].posterior["company"].values,
)
table["average"] = soldiers.groupby("GRP")[items].mean().mean(axis=1)
table.corr("spearman").round(3)

# %%

sds = fits["ordinal"].posterior["company.latent"].std(("chain", "draw")).values[:, 0]
fig, ax = plt.subplots(figsize=(8.6, 3))
ax.errorbar(table["average"], table["ordinal"], 1.96 * sds, fmt="o", color="#0072b2", ecolor="#0072b255")
_ = ax.set(xlabel="average answer of the company", ylabel="latent, ordinal model\n(95% interval)")

# %%
# In plain words
# --------------

agree = table.corr("spearman").loc["average", "ordinal"]
print(
    f"Averages and ordinal latents of the thirty companies have a rank correlation of {agree:.2f}. The bars\n"
    "in the picture matter more: twelve soldiers do not pin a company down, and an average hides that."
)

# %%
# So take the ordinal model not to get another ranking but to say truly how far a company is known, to keep
# equal steps out of the assumptions, and to be safe at the ends. It costs time: with ordinal items each
# person's leaning is sampled.
#
# What would change the conclusion
# --------------------------------
#
# - *Answers at one end.* These items use the whole scale. Where six in ten answer 5, averages of good teams
#   are squeezed together, and the two models part: an interaction can appear or vanish by the choice of
#   scale alone (Loftus 1978; Liddell and Kruschke 2018).
# - *Thresholds that differ between companies.* The model gives all of them the same. Where groups read the
#   words differently, so that the same leaning gives another answer, neither model notices.
# - *Other distances.* Sums of many items are closer to a length than any single one.
#
# References
# ----------
#
# - Bliese, Halverson and Rothberg (2000), the data.
# - Liddell and Kruschke (2018), metric models of ordinal data. https://doi.org/10.1016/j.jesp.2018.08.009
# - Loftus (1978), on interpretation of interactions. https://doi.org/10.3758/BF03197461
# - Bürkner and Vuorre (2019), ordinal models, a tutorial. https://doi.org/10.1177/2515245918823199
