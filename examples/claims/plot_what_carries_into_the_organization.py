"""
Do licences or shared projects carry into the organization?
===========================================================

Both may, by different ways. In the simulated company below shared projects raise collective efficacy and
through it adaptation; errors would have to correlate by about .6 to undo that. Licences raise self-
efficacy, which reaches adaptation where it becomes confidence in the team. Whether projects carry *more*
these data cannot tell once a licence for everyone is weighed against a single project. The data are
**simulated**; no effect in them comes from a real company.
"""

# %%
# The question
# ------------
#
# A company buys licences and training for single people, and it lets teams carry projects through together.
# The first should raise what people believe to be capable of themselves (*self-efficacy*), the second what
# they believe their team to be capable of (*collective efficacy*, CE). Which changes what teams do?
#
# That is a question about *paths*, and paths need an order in time: first the programme, then the survey of
# both efficacies, then the outcome. **If efficacies are asked together with the outcome, or after it, nothing
# below says what carried what.**
#
# The data
# --------
#
# Who has a licence stands in the table of persons, projects and the outcome in that of teams.

import numpy as np

import coefficacy as co

world = co.simulate("C5", seed=3, n_teams=100, team_size=10)
world.tables["persons"].head()

# %%
world.tables["teams"].head()

# %%
# The model file
# --------------

spec = co.load_model("C5")
for regression in spec.regressions:
    print(f"[{regression.level}] {regression.response} = {regression.formula}")
print(spec.estimands[0])

# %%
# ``licensed`` stands at two levels. Among persons it is the difference from the own team: its coefficient
# compares members of one team. Among teams it is ``mean(licensed)``, the share from 0 to 1: if a whole team
# is licensed nobody differs from the others, so the coefficient of the share alone is what the team gains.
# Both sources stand in every equation, since a path left out is one assumed to be nil.
#
# The fit
# -------

survey = co.read_survey(spec, **world.tables)
fit = co.fit(spec, survey, seed=1, draws=500, progress=False)
fit

# %%
# Every path apart
# ----------------
#
# As nothing is multiplied in these equations, what a treatment carries along a path is the product of the
# coefficients on it. Effects are in SDs of adaptation, for a licence for everyone rather than for no one, and
# for one shared project more.

found = co.estimate(fit, "two_sources")
co.plot_paths(found)

# %%
# Projects act through CE. Licences raise self-efficacy, and that reaches adaptation by way of CE (the third
# row) rather than by itself (the first). The truth of this world, in the same order:

planted = world.truth["estimands"]["two_sources"]
for path in found["path"].values:
    licences, projects = (planted[f"effect[{name}, {path}]"] for name in found["treatment"].values)
    print(f"{path:40s} licences {licences:5.2f}   projects {projects:5.2f}")

# %%
# The same by simulation
# ----------------------
#
# :func:`coefficacy.intervene` gives every draw of the parameters to the graph of the model, changes a column
# there (``pymc.do``) and lets latents and outcome follow. It needs no product formula and takes models that
# have none. Here the two are the same.

simulated = co.intervene(fit, {"shared_projects": 1.0}, draws=200)["change"]
closed = found["effect"].sel(treatment="shared_projects", path="total")
print(f"simulated: {float(simulated.mean()):.2f}, in the outcome's unit")
print(f"product of coefficients: {float(closed.mean()):.2f}, in SDs of the outcome")

# %%
# The difference of the two sources
# ---------------------------------
#
# The model file asks for one number: projects through CE minus licences through self-efficacy. Its sign
# depends on how much of the one is set against how much of the other, so that the difference per SD of either
# stands beside it.

verdict = co.verdict(fit)
print(verdict.verdict, *verdict.reasons, sep="\n")
for name in ("difference", "difference_per_sd", "difference_confounded"):
    low, high = np.quantile(found[name], [0.025, 0.975])
    print(f"{name:22s} {float(found[name].mean()):5.2f}   95% interval {low:5.2f} to {high:5.2f}")

# %%
# In plain words
# --------------
#
# A shared project more raises what teams believe they can do together, and with it how they adapt. Licences
# make members more confident of themselves, which helps the organization as far as it becomes confidence in
# the team. Which of the two carries more depends on how much of each is bought; here the data leave it open.
#
# What would change the conclusion
# --------------------------------
#
# A good manager may raise CE and adaptation alike. Nothing in the data tells such a common cause from an
# effect. One number per mediator says how strong it would have to be: the correlation of the mediator's error
# with that of the outcome. The model takes it as zero; the dot is where the mean difference loses its sign.

sensitivity = co.confounding(fit)
co.plot_confounding(sensitivity)

# %%
lost = sensitivity["sign_lost_second"].sel(mediator="collective_efficacy")
print(f"projects through CE: sign lost at a correlation of {float(lost.median()):.2f} (posterior median)")

# %%
# The path of projects is far firmer than its difference from that of licences.
#
# ``difference_confounded`` above is the difference under a prior of these correlations, Normal(0, 0.1): its
# interval is wider and no more data will make it as narrow as the other. Randomising projects would settle
# the first half of each path; only randomising efficacy, or measuring what moves it and the outcome together,
# settles the second.
#
# References
# ----------
#
# - Imai, Keele and Yamamoto (2010), sensitivity of indirect effects.
#   `doi:10.1214/10-STS321 <https://doi.org/10.1214/10-STS321>`__
# - Preacher, Zyphur and Zhang (2010), multilevel mediation.
#   `doi:10.1037/a0020141 <https://doi.org/10.1037/a0020141>`__
# - Vansteelandt and Daniel (2017), interventional effects with several mediators.
#   `doi:10.1097/EDE.0000000000000596 <https://doi.org/10.1097/EDE.0000000000000596>`__
