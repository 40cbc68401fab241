"""
How do I write down my own model?
=================================

In a text file of a dozen lines: what the levels are, which items measure what, and what predicts what, with
equations as in R. Every line is an assumption about the answer: in the **simulated** demo survey the effect
of collective efficacy on adaptation is 0.70 SD if nothing else is in the file, and 0.59 SD once the
members' own confidence and the team's past are.
"""

# %%
# The question
# ------------
#
# What does each part of a model file do to the answer?
#
# The data
# --------
#
# The demo survey: 276 people in 40 teams, simulated, with an effect of 0.45. Items are taken for numbers
# here rather than categories, so that a fit takes seconds.

import matplotlib.pyplot as plt
import numpy as np

import coefficacy as co
from coefficacy.spec import dumps, loads, parameter_names

demo = co.load_demo()

# %%
# The model file
# --------------
#
# The library holds models to start from: ``coefficacy models adaptation > mine.toml`` copies one.

for entry in co.list_models():
    print(f"{entry.name} ({entry.claim}): {entry.title}")

# %%
# The smallest file that asks our question has two measures' worth of lines. ``[levels]`` go from the
# smallest unit up. A measure is a latent and the items it shows in; it has a part that varies between
# people and one that varies between teams. A name on the left of an equation that is no measure is a
# column: an outcome.

small = """
[levels]
person = "person_id"
team = "team_id"

[measures.collective_efficacy]
items = ["ce_*"]

[team]
adaptation = "collective_efficacy"

[question]
effect = "adaptation ~ collective_efficacy"
"""
spec = loads(small)
spec.question

# %%
# What is not said has a default, which a model can spell out; its parameters have names, which ``[priors]``
# may use.

print(*parameter_names(spec), sep="\n")

# %%
# Whatever the format does not know is refused with a suggestion, never ignored, and nothing in the file is
# evaluated:

broken = small.replace("items", "itmes").replace('"collective_efficacy"', '"colective_efficacy + log(size)"')
try:
    loads(broken)
except co.SpecError as error:
    print(error)

# %%
# Two more files for the same data: one adds what the members believe of themselves, the other what the team
# has done before. Belief and outcome may both come from past success, so prior performance stands in both
# equations.

with_members = small.replace(
    "[team]",
    """[measures.self_efficacy]
items = ["se_*"]

[team]""",
).replace('adaptation = "collective_efficacy"', 'adaptation = "collective_efficacy + self_efficacy"')

with_past = with_members.replace(
    'adaptation = "collective_efficacy + self_efficacy"',
    'collective_efficacy = "self_efficacy + prior_performance"\n'
    'adaptation = "collective_efficacy + self_efficacy + prior_performance"',
)
print(with_past)

# %%
# A file can be read, changed in Python and written back without loss:

loads(dumps(loads(with_past))) == loads(with_past)

# %%
# Prior check
# -----------
#
# The prior of every standardised effect is Normal(0, 0.5), whatever the file; see
# :doc:`/gallery/trust/plot_priors`.
#
# The fits
# --------

files = {
    "collective efficacy alone": small,
    "+ self-efficacy": with_members,
    "+ prior performance": with_past,
}
fits = {}
for name, text in files.items():
    spec = loads(text)
    survey = co.read_survey(spec, persons=demo.persons, teams=demo.teams)
    fits[name] = co.fit(spec, survey, seed=1)

# %%
# Diagnostics
# -----------

for name, fit in fits.items():
    print(f"{name}: {fit.convergence.ok}, {fit.engine} engine, r_hat up to {fit.convergence.rhat_max:.3f}")

# %%
# Posterior check
# ---------------
#
# Data replicated from the largest file, for new teams, beside the data:

co.predictive_checks(fits["+ prior performance"], replication="new teams", seed=1)

# %%
# The effect under each file
# --------------------------

fig, ax = plt.subplots(figsize=(8.6, 2.4))
ax.axvspan(-0.1, 0.1, color="#5f6670", alpha=0.2, lw=0, label="counts as none")
for row, (name, fit) in enumerate(fits.items()):
    effects = fit.posterior["team.adaptation.std"]
    draws = effects.sel({"team.adaptation.term": "collective_efficacy"}).values.ravel()
    low, high = np.quantile(draws, [0.025, 0.975])
    ax.hlines(-row, low, high, color="#0072b2", lw=3)
    ax.plot(draws.mean(), -row, "o", color="#0072b2", ms=9, mec="white")
    print(f"{name}: {draws.mean():.2f} (95% interval {low:.2f} to {high:.2f})")
ax.set_yticks([0, -1, -2], list(files))
ax.axvline(demo.truth["effect"]["standardised"], color="#d55e00", lw=1.5, label="planted")
ax.set_xlabel("SDs of adaptation per SD of collective efficacy, 95% intervals")
_ = ax.legend(loc="lower right")

# %%
# In plain words
# --------------
#
# The three files ask three questions. The first: do teams that believe more adapt better? The last: of two
# teams with the same past and equally confident members, does the one that believes more in the team adapt
# better? Only the last is about collective efficacy itself, and even it is no better than its list of
# common causes: the library's model has competence and layers, too.
#
# What would change the conclusion
# --------------------------------
#
# A file without ``rival`` can end in "refuted" or "cannot tell", not in "supported": there is nothing for
# the model to be better than.
#
# References
# ----------
#
# The format in full: :doc:`/guide/model_files`; every key: :doc:`/reference/model_file`.
# Arthur, Bell and Edwards (2007) on prior performance: https://doi.org/10.1177/1094428106287574
