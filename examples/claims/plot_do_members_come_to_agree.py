"""
Do members come to agree over time?
===================================

In Sherif's groups of 1935, yes: from one trial to the next the differences that remain within a group shrink
to about two fifths of what they were. Agreement indices compare snapshots; this model estimates the speed at
which a shared view forms, with its uncertainty, and tells it apart from groups that drift as a whole.
"""

# %%
# The question
# ------------
#
# A belief becomes a property of the team when members come to hold it together. Chan (1998) calls this
# *process composition*. Lang, Bliese and de Voogt (2018) model it by a residual variance that changes with
# time,
#
# .. math:: Var(e_{ijt}) = \sigma^2 \exp(2 \delta t),
#
# so that :math:`\delta < 0` is consensus emerging, whatever the team agrees on.
#
# The data
# --------
#
# People in a dark room saw a point of light that seemed to move, and said by how many inches; eight groups of
# three, three trials each. It is an old and small data set: good for learning the model, and no evidence on
# teams at work.

import matplotlib.pyplot as plt
import numpy as np

import coefficacy as co
from coefficacy.spec import loads

trials = co.load_dataset("sherifdat")
figure, panels = plt.subplots(2, 4, figsize=(9, 4), sharex=True, sharey=True, layout="constrained")
for panel, (group, answers) in zip(panels.flat, trials.groupby("group")):
    for _, person in answers.groupby("person"):
        panel.plot(person["time"], person["y"], "o-", color="#0072b2", alpha=0.7, markersize=4)
    panel.set_title(f"group {group}", fontsize=10)
figure.supxlabel("trial")
figure.supylabel("estimated movement (inches)")

# %%
# The model file
# --------------
#
# The library has such a model for beliefs over waves, ``coefficacy models consensus_emergence``. Here it is
# with the names of these data. A left-hand side ``sd(y)`` is an equation for the logarithm of the residual
# SD. Groups differ in where they start and in how they drift; persons keep a level of their own.

spec = loads("""
[about]
title = "Consensus emerges over trials"

[levels]
trial = ["group", "person", "time"]
person = ["group", "person"]
group = "group"

[trial]
y = "time + (1 + time | group)"
"sd(y)" = "time"

[families]
y = { family = "gaussian", location = 3, scale = 1.5 }

[estimands.consensus_emergence]
of = "y"
by = "time"
below = 0
""")
survey = co.read_survey(spec, persons=trials)
survey

# %%
# The prior of :math:`\delta` is Normal(0, 1) per SD of time: before any data one trial leaves between a tenth
# and ten times of the differences, in nine of ten draws. It hardly says anything.
#
# The fit
# -------

fit = co.fit(spec, survey, seed=1, progress=False)
fit

# %%
# The answer
# ----------

verdict = co.verdict(fit)
verdict

# %%

found = co.consensus_emergence(fit, of="y", by="time")
delta, remains = found.delta.values.ravel(), found.remains.values.ravel()
print(f"delta {delta.mean():.2f} (SD {delta.std():.2f})")
print(f"left from first to last trial: {np.median(remains):.0%} of the differences "
      f"({np.quantile(remains, 0.025):.0%} to {np.quantile(remains, 0.975):.0%})")  # fmt: skip

figure, axis = plt.subplots(figsize=(6, 3), layout="constrained")
time = np.linspace(0, 2, 50)
sd = fit.posterior["sd(trial.y)"].values.ravel()[:, None] * np.exp(delta[:, None] * (time - 1))
axis.fill_between(time, *np.quantile(sd, [0.025, 0.975], axis=0), color="#0072b2", alpha=0.2, lw=0)
axis.plot(time, np.median(sd, axis=0), color="#0072b2")
axis.set(xlabel="trial", ylabel="SD within groups (inches)", xticks=[0, 1, 2], ylim=(0, None))
axis.set_title("Residual SD: median and 95% interval", fontsize=10)

# %%
# The maximum likelihood estimate of the same model, by R's nlme, is -1.02.
#
# In plain words
# --------------
#
# After the first trial the three members of a group differ by an inch or more; after the third by a fifth of
# an inch. They have come to see the same movement, each group its own.
#
# What would change the conclusion
# --------------------------------
#
# - *A floor or a ceiling.* Where answers pile up at an end of the scale, differences shrink without any
#   agreement. These estimates are far from zero inches; five-point scales are another matter.
# - *Dropout.* If those who disagree leave, those who stay agree.
# - *Where the team drifts to* is no part of delta: a team may come to share a low belief.
#
# References
# ----------
#
# - Sherif (1935), A study of some social factors in perception, Archives of Psychology 187.
# - Chan (1998), https://doi.org/10.1037/0021-9010.83.2.234
# - Lang, Bliese and de Voogt (2018), https://doi.org/10.1111/peps.12260
