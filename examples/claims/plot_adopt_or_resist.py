r"""
Is believing we can adopt it another thing than believing we can resist it?
===========================================================================

In the simulated company below, yes: teams differ in both, the two go together only moderately, and each
bears on an outcome of its own, the second in some layers only. In its twin, in which all items ask for one
thing, the model does not say so. A score on all items together could not have told the two companies apart.

Both companies are simulated, so the truth is known: nothing below is a finding about real teams, and no
public data hold both sets of items.
"""

# %%
# The question
# ------------
#
# Collective efficacy is efficacy *for something*. "My team can get the new tool to work for us" and "my
# team can get a bad choice of tool changed" may be one belief or two. They are two to a manager if teams
# that are high in one are often not high in the other, and if they predict different things.
#
# The model file
# --------------
#
# Two latents, an outcome for each, and two rivals that *measure otherwise*:

from dataclasses import replace

import arviz as az
import numpy as np
from matplotlib import pyplot as plt

import coefficacy as co
from coefficacy.spec import loads

entry = next(entry for entry in co.list_models() if entry.name == "adopt_or_resist")
print(entry.path.read_text())

# %%
# The data
# --------
#
# A hundred teams of eight in four layers; each member answers four items of each set. Teams report how
# far they work with what was chosen (adoption) and how much of it they got changed (renegotiation).
worlds = {"two things": co.simulate("C11", seed=3), "one thing": co.simulate("C11", seed=3, null=True)}

# %%
# The fits
# --------
fits = {}
for name, world in worlds.items():
    spec = loads(world.spec_text)
    if name == "one thing":
        spec = replace(spec, rivals=())  # how it is measured is asked of the first world only
    survey = co.read_survey(spec, **world.tables)
    fits[name] = co.fit(spec, survey, seed=1, draws=800, tune=1000, chains=2, progress=False)
    gate = fits[name].convergence
    print(f"{name}: converged {gate.ok}, r_hat up to {gate.rhat_max:.3f}, at least {gate.ess_min:.0f} draws")

# %%
# Two things, or one?
# -------------------
#
# The correlation between the teams of a layer answers it. The line at .9 was drawn before looking at the
# data.
figure, axes = plt.subplots(figsize=(7.6, 2.6), layout="constrained")
for k, (name, world) in enumerate(worlds.items()):
    found = co.latent_correlation(fits[name], between=["adopt", "resist"])
    draws = found["correlation"].values.ravel()
    low, high = np.quantile(draws, [0.025, 0.975])
    truth = world.truth["estimands"]["latent_correlation"]["correlation"]
    axes.hlines(-k, low, high, color="#0072b2", lw=3)
    axes.plot(draws.mean(), -k, "o", color="#0072b2", ms=9, label="" if k else "mean and 95% interval")
    axes.plot(truth, -k, "|", color="black", ms=22, mew=2, label="" if k else "truth")
    print(f"{name}: truth {truth:.2f}, model {draws.mean():.2f} ({low:.2f} to {high:.2f})")
    print("  ", co.verdict(fits[name]).verdict)
axes.axvline(0.9, color="grey", lw=0.8, ls="--")
axes.set_yticks([0, -1], list(worlds))
axes.set_ylim(-1.6, 0.6)
axes.set_xlim(-0.05, 1.02)
axes.set_xlabel("correlation between teams of a layer (dashed: above it, one thing)")
axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.35), ncols=2, frameon=False)

# %%
# Three ways to measure, ranked by left-out teams
# ------------------------------------------------
#
# Each model predicts the answers of teams of which it has seen nothing. A difference of a few standard
# errors (``dse``) counts.
with_words = {"two factors": None, "one factor": "one_factor", "bifactor (S-1)": "bifactor"}
scores = {
    label: co.left_out_teams(fits["two things"], rival, scored="answers")
    for label, rival in with_words.items()
}
ranked = az.compare(scores, round_to="none")
print(ranked[["rank", "elpd", "elpd_diff", "dse"]].astype(float).round(1))

# %%
# One factor is far behind. The bifactor model is the two-factor model with a few loadings more, which
# these data do not need: that the two score alike is to be expected and does not make the general factor
# real. With a factor of its own for each of the two sets it would not even be identified here, as the
# file says.
#
# Which predicts what, and where?
# -------------------------------
paths = co.layer_paths(fits["two things"], of=["adoption", "renegotiation"], by=["adopt", "resist"])
co.plot_layer_paths(paths)

# %%
# In this company adoption follows efficacy to adopt in all layers (.45 was planted), renegotiation
# efficacy to resist, more in engineering layers (.55) than in operational ones (.15). A single layer's
# path is known to about .3 either way, so only the large differences between layers show:
truth = worlds["two things"].truth["estimands"]["layer_paths"]
for layer in paths["layer"].values:
    path = paths["path"].sel(layer=layer, outcome="renegotiation", predictor="resist").values
    low, high = np.quantile(path, [0.025, 0.975])
    planted = truth[f"path[{layer}, renegotiation, resist]"]
    print(f"{layer:14s} {path.mean():.2f} ({low:.2f} to {high:.2f}), truth {planted:.2f}")
crossing = paths["crossing"].values
print(f"P(each outcome is predicted best by its own efficacy) = {np.mean(crossing > 0):.2f}")

# %%
# In plain words
# --------------
#
# These teams' belief that they can adopt what was chosen says little on their belief that they can get it
# changed, and a survey that asks for the first alone misses what goes with renegotiation.
#
# What would change the conclusion
# --------------------------------
#
# *The cut*: .9 is a convention; a correlation of .8 is "two things" by it, and of little use to a
# manager. *The wording*: sets that are worded differently (one of the team, one of oneself; one reversed)
# are two things for the wrong reason. *Layers*: what layers share is no part of the correlation here;
# leave out ``(1 | layer)`` and it is. *Other causes*: prior performance is in the equations, power and
# slack are not; a path is no effect.
#
# References
# ----------
#
# - Rönkkö & Cho (2022), when two measures are two things. https://doi.org/10.1177/1094428120968614
# - Eid, Geiser, Koch & Heene (2017), bifactor models and S-1. https://doi.org/10.1037/met0000083
# - Merkle, Furr & Rabe-Hesketh (2019), left-out clusters. https://doi.org/10.1007/s11336-019-09679-0
