"""
How do I write my lme4, brms, lavaan or Mplus model here?
=========================================================

Mostly as before. Equations look like R's; what differs is that each stands under the level it is about, and
that means and deviations within teams are kept apart for you. Two models that other programs are known by are
written here and give the same estimates, within a fifth of a standard error.
"""

# %%
# The question
# ------------
#
# A model that you know from elsewhere: what does it look like here, and does it say the same?
#
# .. list-table::
#    :header-rows: 1
#    :widths: 45 15 40
#
#    * - there
#      - in
#      - here
#    * - ``y ~ x + (1 | team)``
#      - lme4, brms
#      - ``[person] y = "x"``, with ``[team]`` as a level: its residual is the random intercept
#    * - ``y ~ x + mean_x + (1 | team)``
#      - lme4, brms
#      - ``[person] y = "x"`` and ``[team] y = "mean(x)"``; the coefficient of ``mean(x)`` is the *between*
#        effect, that of ``mean_x`` beside an uncentred ``x`` is *between minus within*
#    * - ``(1 + x | team)``
#      - lme4, brms
#      - the same
#    * - ``f =~ y1 + y2 + y3`` under ``level: 1`` and ``level: 2``
#      - lavaan
#      - ``[measures.f] items = ["y1", "y2", "y3"]``; loadings are equal across levels unless
#        ``loadings = "free"``
#    * - ``f ~ x`` under ``level: 2``
#      - lavaan
#      - ``[team] f = "x"``
#    * - ``%BETWEEN% fb ON w;``
#      - Mplus
#      - ``[team] f = "w"``
#    * - ``CATEGORICAL = y1-y5;``
#      - Mplus
#      - ``family = "ordinal"`` of the measure
#    * - ``prior(normal(0, 0.5), class = b, coef = x)``
#      - brms
#      - ``[priors] "team.y ~ x" = "Normal(0, 0.5)"``, on the *standardised* scale; ``"raw Normal(0, 10)"`` on
#        that of the data
#
# The data
# --------
#
# *High School and Beyond*: 7,185 pupils of 160 schools, their achievement in mathematics and the
# socioeconomic status of their families; the data of many textbooks. And the simulated two-level data that
# come with lavaan: 2,500 people in 200 clusters, three items, predictors at both levels.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import coefficacy as co
from coefficacy.spec import loads

pupils = co.load_dataset("hsb82").reset_index(names="pupil")
people = co.load_dataset("lavaan_demo_twolevel").reset_index(names="person")
pupils[["pupil", "school", "mAch", "ses", "meanses"]].head()

# %%
# The model files
# ---------------
#
# ``lmer(mAch ~ ses + meanses + (1 | school))`` becomes

hsb = loads("""
[levels]
pupil = "pupil"
school = "school"

[measures.mAch]               # one gaussian item: an outcome with an equation at two levels
items = ["mAch"]

[pupil]
mAch = "ses"

[school]
mAch = "mean(ses)"

[priors]                      # as good as flat, so that maximum likelihood is the thing to compare with
"pupil.mAch ~ ses" = "raw Normal(0, 100)"
"school.mAch ~ mean(ses)" = "raw Normal(0, 100)"
""")

# %%
# and lavaan's example, with loadings free at both levels as there,

lavaan = loads("""
[levels]
person = "person"
cluster = "cluster"

[measures.f]
items = ["y1", "y2", "y3"]
loadings = "free"

[person]
f = "x1 + x2 + x3"

[cluster]
f = "w1 + w2"
""")

# %%
# The fits
# --------
#
# Both go to the exact engine, which integrates people and teams out as maximum likelihood does.

schools = co.fit(hsb, co.read_survey(hsb, persons=pupils), seed=1, progress=False)
clusters = people[["cluster", "w1", "w2"]].drop_duplicates()
factors = co.fit(
    lavaan,
    co.read_survey(lavaan, persons=people.drop(columns=["w1", "w2"]), teams=clusters),
    seed=1,
    progress=False,
)
schools

# %%
# The numbers
# -----------
#
# lme4's ``meanses`` is the between effect minus the within effect. lavaan sets the first loading to one, here
# the latent has unit residual variance: what is a slope there is a slope times that loading here.


def draws(fit, name):
    return fit.posterior[name].values.reshape(-1, *fit.posterior[name].shape[2:])


within, between = draws(schools, "pupil.mAch")[:, 0], draws(schools, "school.mAch")[:, 0]
unit = draws(factors, "f.loading")[:, 0]
rows = {
    "lme4: ses": (2.1912, 0.1087, within),
    "lme4: meanses": (3.6750, 0.3777, between - within),
    "lavaan: fw =~ y2": (0.774, 0.034, draws(factors, "f.loading")[:, 1] / unit),
    "lavaan: fw ~ x1": (0.510, 0.023, draws(factors, "person.f")[:, 0] * unit),
    "lavaan: fb ~ w1": (0.165, 0.079, draws(factors, "cluster.f")[:, 0] * unit),
    "lavaan: fb ~ w2": (0.131, 0.076, draws(factors, "cluster.f")[:, 1] * unit),
}
table = pd.DataFrame(
    {
        "estimate there": [row[0] for row in rows.values()],
        "standard error": [row[1] for row in rows.values()],
        "posterior mean here": [row[2].mean() for row in rows.values()],
        "SD": [row[2].std() for row in rows.values()],
    },
    index=list(rows),
)
table.round(3)

# %%
figure, axis = plt.subplots(figsize=(8.6, 3), layout="constrained")
away = [(row[2] - row[0]) / row[1] for row in rows.values()]
low, middle, high = np.quantile(away, [0.025, 0.5, 0.975], axis=1)
axis.hlines(range(len(rows)), low, high, color="#0072b2", lw=3)
axis.plot(middle, range(len(rows)), "o", color="#0072b2")
axis.axvline(0, color="black", lw=0.8)
axis.set_yticks(range(len(rows)), list(rows))
axis.invert_yaxis()
axis.set_xlabel("posterior here minus estimate there, in standard errors (median, 95% interval)")

# %%
# In plain words
# --------------
#
# Where the model is the same the answer is the same. lavaan leaves x1 to x3 uncentred, so that what they
# differ in between clusters is part of the slopes of w; here people's predictors are deviations from their
# own team, which is why these two slopes move by a fifth of a standard error.
#
# What would change the conclusion
# --------------------------------
#
# Default priors are not flat: effects have Normal(0, 0.5) on the standardised scale. With thousands of pupils
# that makes no difference; with forty teams it shrinks, and it should. What the other programs do not have is
# the rest: ordinal items across levels, left-out teams, a verdict.
#
# References
# ----------
#
# - Bates, Mächler, Bolker and Walker (2015), lme4. https://doi.org/10.18637/jss.v067.i01
# - Bürkner (2017), brms. https://doi.org/10.18637/jss.v080.i01
# - Rosseel (2012), lavaan. https://doi.org/10.18637/jss.v048.i02
