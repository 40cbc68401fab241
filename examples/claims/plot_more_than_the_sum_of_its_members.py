r"""
Is a team more than the sum of its members?
===========================================

Sometimes, and averages per team cannot tell. In the first of two simulated companies most of what tells teams
apart in collective efficacy (CE) emerges in the team; in the second nothing does: a team's CE is its members'
self-efficacy (SE), added up. Averages of answers see something emerge in both. A model that keeps people,
items and teams apart supports the claim in the first only, and says how unsure it is of the second.

Both companies are simulated, so the truth is known: nothing below is a finding about real teams.
"""

# %%
# The question
# ------------
#
# Members say what they can do ("I can ...", SE) and what their team can do ("my team can ...", CE). Between
# the teams of a layer
#
# .. math:: u^{CE}_j = b\, u^{SE}_j + l_k + \zeta_j, \qquad s = \frac{Var(\zeta)}{Var(u^{CE} | l)},
#
# and the *emergent share* s is what is asked for.
#
# The model file
# --------------
#
# It says the same, and what counts as too little:

import numpy as np
from matplotlib import pyplot as plt

import coefficacy as co
from coefficacy.spec import loads

entry = next(entry for entry in co.list_models() if entry.name == "emergence")
print(entry.path.read_text())

# %%
# The data
# --------
#
# Two companies: 80 teams of 3 to 15 each, five items a measure, the same layers and the same items.
worlds = {
    "something emerges": co.simulate("C1", seed=11, n_teams=80, share=0.7),
    "nothing emerges": co.simulate("C1", seed=11, n_teams=80, null=True),
}


def averages(world):
    """Teams' averages of CE and SE items, as distances from their layer."""
    persons, teams = world.tables["persons"], world.tables["teams"].set_index("team_id")
    of = {name: persons.filter(like=prefix).mean(axis=1) for name, prefix in (("CE", "ce_"), ("SE", "se_"))}
    means = persons[["team_id"]].assign(**of).groupby("team_id").mean()
    return means - means.groupby(teams["layer"].reindex(means.index)).transform("mean")


figure, panels = plt.subplots(1, 2, figsize=(8.6, 3.6), sharex=True, sharey=True, layout="constrained")
by_averages = {}
for axes, (name, world) in zip(panels, worlds.items(), strict=True):
    means = averages(world)
    by_averages[name] = 1 - means.corr().loc["CE", "SE"] ** 2
    axes.plot(means["SE"], means["CE"], "o", ms=4, color="#0072b2", alpha=0.7)
    axes.set_title(f"{name}: {by_averages[name]:.0%} unexplained", fontsize=10)
    axes.set_xlabel("average self-efficacy")
panels[0].set_ylabel("average collective efficacy")

# %%
# In the second company, too, averages of SE leave nearly half of what tells teams apart unexplained. But what
# averages leave over also holds the accident of who is on the team (in small teams the largest part), the
# errors of items, and what a team as a whole finds easier about one item than about another.
#
# The fit
# -------
#
# The model integrates people and teams out exactly; each fit takes seconds.
fits = {}
for name, world in worlds.items():
    spec = loads(world.spec_text)
    survey = co.read_survey(spec, **world.tables)
    fits[name] = co.fit(spec, survey, seed=1, draws=1000, tune=1000, chains=2, progress=False)
    found = fits[name].convergence
    print(
        f"{name}: converged {found.ok}, r_hat up to {found.rhat_max:.3f}, at least {found.ess_min:.0f} draws"
    )

# %%
# The emergent share
# ------------------
figure, axes = plt.subplots(figsize=(8.6, 2.8), layout="constrained")
for k, (name, world) in enumerate(worlds.items()):
    share = co.estimate(fits[name], "emergent_share")["share"].values.ravel()
    low, high = np.quantile(share, [0.025, 0.975])
    label = {"label": "model, mean and 95% interval"} if not k else {}
    axes.hlines(-k, low, high, color="#0072b2", lw=3)
    axes.plot(share.mean(), -k, "o", color="#0072b2", ms=9, **label)
    axes.plot(by_averages[name], -k, "s", color="#d55e00", ms=8, label="" if k else "averages, 1 − R²")
    truth = world.truth["estimands"]["emergent_share"]["share"]
    axes.plot(truth, -k, "|", color="black", ms=22, mew=2, label="" if k else "truth")
    print(
        f"{name}: truth {truth:.2f}, averages {by_averages[name]:.2f}, model {share.mean():.2f} "
        f"({low:.2f} to {high:.2f}); P(share > .10) = {np.mean(share > 0.1):.2f}"
    )
    print("  ", co.verdict(fits[name]).verdict)
axes.axvline(0.1, color="grey", lw=0.8, ls="--")
axes.set_yticks([0, -1], list(worlds))
axes.set_ylim(-1.6, 0.6)
axes.set_xlim(-0.02, 1)
axes.set_xlabel("emergent share (dashed: the least that counts)")
axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.3), ncols=3, frameon=False)

# %%
# Strong members, weak team
# -------------------------
#
# Which teams are these? A team's probability takes into account how little its few members' answers say.
discordant = co.estimate(fits["something emerges"], "discordant_teams")
co.plot_discordant_teams(discordant, least=0.25)

# %%
# In the second company no team is like that, and averages find some all the same:
for name, world in worlds.items():
    z = averages(world) / averages(world).std(ddof=0)
    apart = ((z["SE"] > 0.25) & (z["CE"] < -0.25)) | ((z["SE"] < -0.25) & (z["CE"] > 0.25))
    model = co.estimate(fits[name], "discordant_teams")["share"]
    truth = world.truth["estimands"]["discordant_teams"]["share"]
    low, high = np.quantile(model, [0.025, 0.975])
    print(f"{name}: truth {truth:.0%}, averages {apart.mean():.0%}, model {float(model.mean()):.0%}, "
          f"95% interval {low:.0%} to {high:.0%}")  # fmt: skip

# %%
# In plain words
# --------------
#
# Averages see something emerge wherever teams are small and items are rough. The model subtracts what these
# two leave behind. What remains is uncertain: eighty teams are enough to tell much from nothing, and not
# enough to tell little from nothing.
#
# What would change the conclusion
# --------------------------------
#
# *The bound*: a share of zero lies in no interval, so "up to .10 is nothing" is a choice to be made
# beforehand.
# *The prior*: with tens of teams it moves the share; run both priors that the file names. *Who the team is*:
# the file takes the team's SE to be that of the people it draws from. If belief follows these very members,
# write ``aggregate = "members"``. *What else members bring*: competence or tenure that is not under ``given``
# counts as emergent. A share says what is left over, not why.
#
# References
# ----------
#
# - Chan (1998), https://doi.org/10.1037/0021-9010.83.2.234
# - Lüdtke et al. (2008), https://doi.org/10.1037/a0012869
# - Marsh et al. (2009), https://doi.org/10.1080/00273170903333665
