"""
Does the question mean the same in every layer?
===============================================

Compare layers only after asking. If people in one layer agree to an item more readily than others who believe
just as much in their team, that layer's mean is too high, and no amount of data mends it. Here one item of
five is made to behave so: a comparison of layers that trusts all items finds a difference that is not there,
and one that frees the item does not.
"""

# %%
# The question
# ------------
#
# Two things have to be equal before numbers from two layers can be laid side by side. *Loadings*: one step of
# belief moves the answer by as much in either (metric invariance); without it not even differences within a
# layer compare. *Intercepts*: at the same belief people answer the same (scalar invariance); without it means
# of layers do not compare. Nobody can see either in a table of averages.
#
# The data
# --------
#
# Simulated: 60 teams of eight in two layers, five questions on what the team can do together. Both layers
# believe alike. To question 3 the first layer answers half a standard deviation higher, at whatever belief:
# say it asks about something that layer has an office for.

import matplotlib.pyplot as plt
import numpy as np

import coefficacy as co
from coefficacy.sampling import Settings
from coefficacy.spec import loads

text = """
[levels]
person = "person_id"
team = "team_id"
layer = "layer"

[measures.collective_efficacy]
items = ["ce_*"]
family = "gaussian"
"""
rng = np.random.default_rng(7)
world = co.simulate("C1", seed=7, n_teams=60, team_size=8, layers=2)
persons = world.tables["persons"].filter(regex="_id$|^ce_")
layer = persons["team_id"].map(world.tables["teams"].set_index("team_id")["layer"])
items = [name for name in persons if name.startswith("ce_")]
for name in items:  # what layers differ by in this world is taken out: they believe alike
    persons[name] -= persons.groupby(layer)[name].transform("mean") - persons[name].mean()
special = sorted(layer.unique())[0]
persons.loc[layer == special, "ce_3"] += 0.5 * persons["ce_3"].std()

spec = loads(text)
survey = co.read_survey(spec, persons=persons, teams=world.tables["teams"])
persons.groupby(layer)[items].mean().round(1)

# %%
# The table shows it to those who know where to look. With real answers one would not: a layer that believes
# more answers higher everywhere, and which of both it is, one item by itself cannot say.
#
# Three models and left-out teams
# -------------------------------
#
# :func:`~coefficacy.invariance` fits three models: loadings and intercepts free in every layer, loadings
# equal, both equal. Teams are left out whole, and the model that predicts their answers better has it. Then
# each item is set free by itself.

found = co.invariance(
    survey, "collective_efficacy", by="layer", seed=1, settings=Settings(draws=700, tune=400, chains=2)
)
print(found)

# %%
# Which item it is: what the prediction of left-out teams gains with one item free, with twice its standard
# error.

gains = found.items
figure, axes = plt.subplots(figsize=(6.5, 2.6), layout="constrained")
axes.axvline(0, color="0.6", lw=1)
axes.errorbar(gains["elpd_diff"], gains["item"], xerr=2 * gains["se"], fmt="o", color="#0072b2", capsize=3)
axes.invert_yaxis()
axes.set_xlabel("gain with this item free, in ELPD of left-out teams (± 2 standard errors)")
axes.set_title("What each item gains by a loading and an intercept of its own in each layer", fontsize=10)

# %%
# What it does to the comparison of layers
# ----------------------------------------
#
# By the average of all five questions the first layer believes more than the other. By the model that frees
# the item, it does not. The model's means of layers are centred on zero: of two layers the difference is
# twice either of them. All in standard deviations of people within a team.

average = persons[items].mean(axis=1)
other = next(name for name in sorted(layer.unique()) if name != special)
naive = average[layer == other].mean() - average[layer == special].mean()
naive /= (average - average.groupby(persons["team_id"]).transform("mean")).std()
mean, low, high = 2 * found.parameters["mean"].sel(group=other, statistic=["mean", "q2_5", "q97_5"]).values

# %%
# In plain words
# --------------

print(
    f"{other} less {special}: {naive:+.2f} SD by averages of all questions; {mean:+.2f} (95% interval "
    f"{low:+.2f} to {high:+.2f}) with {', '.join(found.freed) or 'no item'} free. None was planted."
)

# %%
# What would change the conclusion
# --------------------------------
#
# - With every item shifted alike nothing could be found: a layer that answers higher to all questions is, to
#   any model, a layer that believes more.
# - With few teams a layer an item has to be far off before left-out teams notice. *No item differs* is then
#   no proof that none does: look at the standard errors.
# - Effects *within* layers, such as that of collective efficacy on adaptation, need equal loadings only.
#
# References
# ----------
#
# - Meredith (1993), measurement invariance. https://doi.org/10.1007/BF02294825
# - Byrne, Shavelson & Muthén (1989), partial invariance. https://doi.org/10.1037/0033-2909.105.3.456
# - Merkle, Furr & Rabe-Hesketh (2019), whole units left out. https://doi.org/10.1007/s11336-019-09679-0
