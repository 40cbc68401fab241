"""
Two accounts both fit: which predicts better, and where?
========================================================

Ask which of them foretells teams that it has not seen, and ask it layer by layer. *Stacking* gives each
account the weight with which their predictions, mixed, do best. A single comparison over all layers would
have said here: the past. By layer belief leads in one half of the company and the past in the other, as was
planted, though with fifteen teams a layer no weight is known well. The data are **simulated**.
"""

# %%
# The question
# ------------
#
# Does a team adapt because of what it believes, or because of how well it did before? Either may be right in
# some places. Which model fits better on the whole answers a different question: the average over places.
#
# The data
# --------
#
# Six layers of fifteen teams of five. In the first three layers adaptation follows collective efficacy, in
# the others prior performance.

import arviz as az
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import coefficacy as co
from coefficacy.scores import Refits
from coefficacy.spec import loads

rng = np.random.default_rng(5)
layers, people = np.repeat(["field A", "field B", "field C", "office D", "office E", "office F"], 15), 5
n = len(layers)
belief, past = rng.normal(size=(2, n))
led = np.where(np.char.startswith(layers, "field"), belief, past)
teams = pd.DataFrame(
    {
        "team_id": [f"t{k:02d}" for k in range(n)],
        "layer": layers,
        "prior_performance": past,
        "adaptation": 0.8 * led + rng.normal(0, 0.6, n),
    }
)
person = np.repeat(belief, people) + rng.normal(size=n * people)
persons = pd.DataFrame(
    4 + person[:, None] + rng.normal(0, 0.7, (n * people, 4)), columns=[f"ce_{k}" for k in range(1, 5)]
)
persons.insert(0, "team_id", np.repeat(teams["team_id"], people).values)
persons.insert(0, "person_id", np.arange(n * people))

# %%
# The model file
# --------------
#
# One model and one rival. Both have the same measure; only the equation of adaptation differs.

spec = loads("""
[levels]
person = "person_id"
team = "team_id"
layer = "layer"

[measures.collective_efficacy]
items = ["ce_*"]

[team]
adaptation = "collective_efficacy + (1 | layer)"

[rivals.past.team]
adaptation = "prior_performance + (1 | layer)"

[question]
effect = "adaptation ~ collective_efficacy"
rival = "past"
""")
survey = co.read_survey(spec, persons=persons, teams=teams)

# %%
# Prior check
# -----------
#
# Effects have the default prior, Normal(0, 0.5) on the standardised scale. Weights have one, too: in every
# layer each account may get any weight, and layers are taken to be alike until they show otherwise.
#
# The fit
# -------

fit = co.fit(spec, survey, seed=1)
fit

# %%
# Teams that were left out
# ------------------------
#
# Each team's outcome is put aside, its answers are kept, and each account says how likely the outcome was.
# The sum over teams of the logarithms is the *elpd*. Over all teams the past is ahead: not because it is
# right more often, but because it is a column, known exactly, while belief is known through noisy answers.

scores = {"belief": co.left_out_teams(fit), "past": co.left_out_teams(fit, "past")}
az.compare(scores)

# %%
# A dot a team: above the line belief has foretold it better, below it the past has.

gain = (scores["belief"].elpd_i - scores["past"].elpd_i).to_series()
place = pd.Series(layers, index=teams["team_id"]).reindex(gain.index)
names = sorted(place.unique())
fig, ax = plt.subplots(figsize=(8.6, 2.8))
for k, name in enumerate(names):
    here = gain[place == name]
    ax.plot(k + np.linspace(-0.25, 0.25, len(here)), here, "o", color="#0072b2", alpha=0.6)
    ax.hlines(here.mean(), k - 0.3, k + 0.3, color="#d55e00", lw=3)
ax.axhline(0, color="black", lw=0.8)
ax.set_xticks(range(len(names)), names)
_ = ax.set_ylabel("log score, belief minus past\n(bar: mean of the layer)")

# %%
# Weights by layer
# ----------------
#
# ``by="layer"`` lets every layer have weights of its own, drawn towards their common mean as far as the
# layers are alike (*partial pooling*). Look at convergence first, then at the intervals: fifteen teams do not
# pin a weight down.

found = co.stack(scores, survey, by="layer", seed=1)
found

# %%

weights = found.weights.sel(model="belief")
low, mid, high = (weights.quantile(q, ("chain", "draw")) for q in (0.05, 0.5, 0.95))
fig, ax = plt.subplots(figsize=(8.6, 2.6))
rows = np.arange(weights.sizes["layer"])
ax.hlines(rows, low, high, color="#0072b2", lw=3)
ax.plot(mid, rows, "o", color="#0072b2")
ax.axvline(0.5, color="black", lw=0.8, ls="--")
ax.set_yticks(rows, weights["layer"].values)
ax.invert_yaxis()
_ = ax.set(xlim=(0, 1), xlabel="weight of the account by belief: median and 90% interval")

# %%
# Layers that were left out
# -------------------------
#
# A harder question: how well does the model foretell a whole layer of which it has seen no outcome? Now the
# layer's own level is unknown, too. The model is fitted once for each layer without its outcomes, and all of
# them are scored together. It takes five layers at least, and with six the standard error is a rough guide.

unseen = co.left_out_layers(fit, refits=Refits(draws=500, tune=500, chains=2, seed=1))
unseen.elpd_i.to_series().round(1)

# %%
# Does the model fit?
# -------------------
#
# A model that is right in half of the places can still pass checks that look at all of them at once. That is
# why one looks layer by layer.

co.predictive_checks(fit, replication="same teams", seed=1).get("outcome.calibration")

# %%
# In plain words
# --------------

order = mid.to_series().sort_values()
led_by_belief = ", ".join(sorted(order.index[order > 0.5]))
print(
    f"The weight of belief is largest in {order.index[-1]} ({order.iloc[-1]:.2f}) and smallest in "
    f"{order.index[0]} ({order.iloc[0]:.2f}).\nIt is above one half, by its median, in {led_by_belief}."
)

# %%
# What would change the conclusion
# --------------------------------
#
# - *Reading weights as shares.* A weight of 0.9 does not say that nine in ten teams follow the account: it
#   says which mixture foretells best. Models fitted to all teams are blurred by those that follow the other
#   one, and their weights lie further apart than the shares; see :doc:`/guide/stacking`.
# - *A third account.* Weights are among the models on the list.
# - *A model with both.* Where both may work at once, put both into one equation, with slopes that vary by
#   layer. Stacking is for accounts that exclude one another.
# - *Few teams in a layer.* Then the prior of the weights counts; ``co.StackingPriors`` changes it.
#
# References
# ----------
#
# - Yao, Pirš, Vehtari and Gelman (2022), hierarchical stacking. https://doi.org/10.1214/21-BA1287
# - Yao, Vehtari, Simpson and Gelman (2018), stacking. https://doi.org/10.1214/17-BA1091
# - Vehtari, Gelman and Gabry (2017), leaving out without refitting. https://doi.org/10.1007/s11222-016-9696-4
