"""
How do answers become a property of the group?
==============================================

In five ways, and the data can say which one predicts a group's performance best, though not by comparing
the answers: "I can" and "my team can" are different data. Held against the same outcome of teams left out,
the four compositions of a simulated company are told apart where they differ: what helps here is that
members are of one mind.
"""

# %%
# The question
# ------------
#
# A survey asks persons, a theory speaks of teams. Chan (1998) lists what may stand between them: the *sum*
# of what members say of themselves (additive), what they *share* of it (direct consensus), what they share
# of what they say of the *team* (referent shift), how far they are *apart* (dispersion), and how that
# changes with time (process, in an example of its own).
#
# The data
# --------
#
# Simulated: 60 teams of ten, three sliders about oneself, three about the team, and a performance that is
# the better the more members' views of the team agree, and the higher they are.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import coefficacy as co
from coefficacy.spec import loads

world = co.simulate("C2", seed=5, composition="dispersion", n_teams=60, team_size=10)
persons, teams = world.tables["persons"], world.tables["teams"]
persons["team_score"] = persons[["team_1", "team_2", "team_3"]].mean(axis=1)
persons.head(3).round(1)

# %%
# The model files
# ---------------
#
# Four files of the library with one and the same outcome. The first:

files = {model.name: model.path for model in co.list_models()}
print(files["composition_additive"].read_text())

# %%
# In the last, every team has an SD of its own, ``sd(efficacy)``, on the left of an equation and on the
# right of another. Scores, the mean of the three items, keep persons out of the sampler; the file itself
# has the items.

names = {
    "additive": "composition_additive",
    "direct consensus": "composition_direct",
    "referent shift": "composition_referent",
    "dispersion": "composition_dispersion",
}
texts = {name: files[stem].read_text() for name, stem in names.items()}
texts["dispersion"] = texts["dispersion"].replace('["team_*"]', '["team_score"]')
specs = {name: loads(text) for name, text in texts.items()}
print(texts["dispersion"].split("[team]")[1].split("[families]")[0])

# %%
# The fit
# -------

fits = {
    name: co.fit(spec, co.read_survey(spec, persons=persons, teams=teams), seed=1, chains=2, progress=False)
    for name, spec in specs.items()
}
pd.Series({name: f"{fit.engine}, {'converged' if fit.convergence.ok else 'NOT converged'}"
           for name, fit in fits.items()})  # fmt: skip

# %%
# The answer
# ----------
#
# Every team's performance is predicted from its own answers and the other teams. Beside it stands what the
# answers show by themselves: agreement is highest for self-reports, and says nothing about which of them
# matters.

found = co.composition(fits)
found[["elpd_diff", "se", "rwg_j", "icc1", "icc2", "omega_within", "mean_reliability"]].to_dataframe().round(
    2
)

# %%

found["p_better"].to_pandas().round(2)

# %%

figure, axis = plt.subplots(figsize=(6.4, 2.6), layout="constrained")
at = np.arange(found.sizes["composition"])[::-1]
axis.errorbar(found["elpd_diff"], at, xerr=found["se"], fmt="o", color="#0072b2", capsize=0)
axis.axvline(0, color="#5f6670", lw=0.8)
axis.set_yticks(at, found["composition"].values)
axis.set_xlabel("log score of left-out teams, less that of the best (one standard error)")
axis.spines[["top", "right"]].set_visible(False)

# %%
# What members' SD does to the team:

effect = co.dispersion(fits["dispersion"], of="performance", by="efficacy")
for name, draws in effect.data_vars.items():
    low, high = np.quantile(draws, [0.025, 0.975])
    print(f"{name}: {float(draws.mean()):.2f} ({low:.2f} to {high:.2f})  {draws.attrs['long_name']}")

# %%
# In plain words
# --------------
#
# Teams whose members see the team alike do better, whatever they see; planted was -.5. Additive and direct
# consensus cannot be told apart, nor should they: they rest on the same answers, and with ten members who
# the team is hardly differs from whom it draws from.
#
# What would change the conclusion
# --------------------------------
#
# - *Another outcome.* The comparison is about this one. A composition is chosen for what it means; this is
#   a check.
# - *Smaller teams.* An SD of four people is mostly noise, and the interval of its effect shows it.
# - *Ends of the scale.* Where everyone answers near 100, members are close together without agreeing.
# - *Few teams.* The standard error of a difference in log scores is rough below 50 or so.
#
# References
# ----------
#
# - Chan (1998), https://doi.org/10.1037/0021-9010.83.2.234
# - Arthur, Bell and Edwards (2007), https://doi.org/10.1177/1094428106287574
# - Brunton-Smith, Sturgis and Leckie (2018), https://doi.org/10.1111/1745-9125.12180
# - Hedeker, Mermelstein and Demirtas (2008), https://doi.org/10.1111/j.1541-0420.2007.00924.x
