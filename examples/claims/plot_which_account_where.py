r"""
Which account of adaptation holds where?
========================================

In the simulated company below most teams of engineering layers adapt as far as they believe that they can,
and most teams of operational layers as far as their authority, slack and claim to the gains let them. The
*mixture* says for what share of a layer's teams each account holds. *Stacking* says something else, how to
weigh the two when predicting a team.

The company is simulated, so the truth is known: nothing below is a finding about real teams. No public data
measure authority, slack or claim.
"""

# %%
# The question
# ------------
#
# Two accounts of the same outcome. *Coordination*: teams adapt as far as they believe that they can do so
# together. *Political economy*: as far as they have authority, slack and a claim to the gains. Rather
# than ask which is true, ask which holds where.
#
# The model file
# --------------
#
# The model is the first account, its rival the second:

import pandas as pd

import coefficacy as co
from coefficacy.spec import loads

entry = next(entry for entry in co.list_models() if entry.name == "accounts")
print(entry.path.read_text())

# %%
# The data
# --------
#
# In engineering layers .85 of the teams were made to follow the first account, in operational layers .25.
# Which team follows which is hidden from the model.
world = co.simulate("C12", seed=1)
teams = world.tables["teams"].set_index("team_id")
first = pd.Series(world.truth["account"], index=teams.index) == "coordination"
print(first.groupby(teams["layer"]).mean().round(2).rename("share that follows coordination"))

# %%
# The fit
# -------
spec = loads(world.spec_text.replace("# prior = [0.85, 0.25]", "prior = [0.85, 0.25]"))
survey = co.read_survey(spec, **world.tables)
fit = co.fit(spec, survey, seed=1, draws=600, tune=600, chains=2, progress=False)
gate = fit.convergence
print(f"converged {gate.ok}, r_hat up to {gate.rhat_max:.3f}, at least {gate.ess_min:.0f} effective draws")

# %%
# The mixture: shares of teams
# ----------------------------
#
# Each team follows one of the two, with a probability :math:`w` of its layer, and which one it is is
# summed out:
#
# .. math:: y_j \sim w_{l}\, N(a_l + x_{j1}'b_1, \sigma_{j1}^2) + (1 - w_l)\, N(a_l + x_{j2}'b_2, \sigma^2)
#
# Belief is measured first, from the answers alone, so that neither account can redefine it; what the
# answers leave open of it is part of :math:`\sigma_{j1}`.
found = co.account_weights(
    fit,
    of="adaptation",
    rival="political_economy",
    where=["engineering_1", "engineering_2"],
    prior=(0.85, 0.25),
)
truth = world.truth["estimands"]["account_weights"]["contrast"]
low, high = found["contrast"].quantile([0.025, 0.975])
print(
    f"engineering less operational layers: {float(found['contrast'].mean()):.2f} "
    f"({float(low):.2f} to {float(high):.2f}), truth {truth:.2f}"
)

# %%
# Stacking: weights of predictions
# --------------------------------
#
# Both accounts are fitted to all teams, and weighed by how well they predict teams that were left out.
scores = {
    "coordination": co.left_out_teams(fit),
    "political_economy": co.left_out_teams(fit, "political_economy"),
}
stacked = co.stack(scores, survey, by="layer", draws=500, tune=500, chains=2, seed=1)
print(stacked)

# %%
# Side by side
# ------------
#
# The source of this claim says 85/15 and 25/75 and gives no evidence for it. Here the simulator was set
# to these numbers, so that a prior of them looks good; with real teams it would be a guess. Narrower
# intervals under it are the prior's, not the data's.
co.plot_account_weights(
    {
        "mixture": found["weight"],
        "mixture, stated prior": found["weight_with_prior"],
        "stacking": stacked.weights.sel(model="coordination"),
    },
    account="coordination",
)

# %%
# In plain words
# --------------
#
# Where teams have discretion, about four in five follow what they believe; where they are measured, most
# follow what power leaves them. That is the mixture's answer, and it is one only if each team follows one
# account or the other. Stacking answers "with which weights do I predict best?", with two accounts that
# are each blurred by the teams that follow the other.
#
# What would change the conclusion
# --------------------------------
#
# *Both accounts at once*: if authority and belief add up in every team, the mixture still gives shares,
# and they mean nothing; hold it against one equation with both. *Weak predictors*: with little explained
# by either account nothing tells which one a team follows, and the weights go back to their prior. *One
# outcome a team*: a team's account is never known for sure; only layers' shares are.
#
# References
# ----------
#
# - Yao, Pirš, Vehtari & Gelman (2022), hierarchical stacking. https://doi.org/10.1214/21-BA1287
# - Jacobs, Jordan, Nowlan & Hinton (1991), mixtures of experts. https://doi.org/10.1162/neco.1991.3.1.79
# - Plummer (2015), cuts in Bayesian models. https://doi.org/10.1007/s11222-014-9503-z
