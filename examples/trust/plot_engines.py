"""
Does it matter which engine fits the model?
===========================================

For the answer, no; for the time, very much. The two engines have the same model and the same priors, and here
they give the same effect to within the noise of sampling. The *exact* engine adds up over all the values that
people and teams could have by a formula and samples only the parameters; the *explicit* one samples every
person and team. It is the slower by far, but it takes any model.
"""

# %%
# The question
# ------------
#
# ``co.fit`` says which engine it took, and why. When may you rely on that choice, and what do you give up if
# a model can only be fitted the slow way?
#
# The data
# --------
#
# Thirty simulated teams of five, three items, one outcome: small, so that the slow engine has a fair chance.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import coefficacy as co
from coefficacy.spec import loads

rng = np.random.default_rng(2)
teams, people = 30, 5
belief = rng.normal(size=teams)
outcome = pd.DataFrame({"team_id": np.arange(teams), "adaptation": 0.5 * belief + rng.normal(0, 0.85, teams)})
person = np.repeat(0.7 * belief, people) + rng.normal(size=teams * people)
table = pd.DataFrame(
    4 + person[:, None] + rng.normal(0, 0.8, (teams * people, 3)), columns=["ce_1", "ce_2", "ce_3"]
)
table.insert(0, "team_id", np.repeat(np.arange(teams), people))
table.insert(0, "person_id", np.arange(len(table)))

# %%
# The model file
# --------------

spec = loads("""
[levels]
person = "person_id"
team = "team_id"

[measures.collective_efficacy]
items = ["ce_*"]

[team]
adaptation = "collective_efficacy"

[question]
effect = "adaptation ~ collective_efficacy"
""")
survey = co.read_survey(spec, persons=table, teams=outcome)

# %%
# Prior check
# -----------
#
# Priors do not know the engine: :doc:`/gallery/trust/plot_priors` looks at them.
#
# The fits
# --------
#
# Both get the same: 1,500 draws in each of four chains, in small steps.

longer = {"draws": 1500, "target_accept": 0.95, "retry": False, "seed": 1}
fits = {engine: co.fit(spec, survey, engine=engine, **longer) for engine in ("marginal", "explicit")}
for engine, fit in fits.items():
    print(f"{engine}: {fit.engine_reason}")

# %%
# The same answer
# ---------------
#
# Two histograms of the same posterior differ by chance, as each is made of finitely many draws. How large
# that chance is, is known: the *Monte Carlo standard error* (MCSE). The last column is the difference in
# units of it; beyond 3 it would be no accident.

import arviz as az  # noqa: E402

shown = ["team.adaptation.std", "sd(team.adaptation)", "sd(team.collective_efficacy)"]
found = {
    engine: az.summary(fit.posterior[shown], kind="all", round_to="none") for engine, fit in fits.items()
}
both = pd.DataFrame({engine: one["mean"] for engine, one in found.items()})
noise = np.sqrt(sum(one["mcse_mean"] ** 2 for one in found.values()))
both["difference, in MCSE"] = (both["marginal"] - both["explicit"]) / noise
both.astype(float).round(3)

# %%

fig, ax = plt.subplots(figsize=(8.6, 2.6))
bins = np.linspace(-0.4, 1, 57)
for (engine, fit), colour in zip(fits.items(), ["#0072b2", "#d55e00"], strict=True):
    draws = fit.posterior["team.adaptation.std"].values.ravel()
    ax.hist(draws, bins, density=True, histtype="step", lw=2, color=colour, label=engine)
ax.set(xlabel="SDs of adaptation per SD of collective efficacy", yticks=[])
_ = ax.legend()

# %%
# Not the same time
# -----------------
#
# Draws of a chain resemble the ones before them, so that 6,000 draws may be worth many fewer independent
# ones: the *effective sample size* (ESS). What counts is ESS per second, of the parameter that has the
# least. Seconds are of the machine that made this page; the ratio is what travels.

rows = {
    engine: {
        "seconds to start": fit.seconds["build"] + fit.seconds["compile"],
        "seconds sampling": fit.seconds["sample"],
        "least ESS": fit.convergence.ess_min,
        "ESS a second": fit.convergence.ess_min / fit.seconds["sample"],
    }
    for engine, fit in fits.items()
}
speed = pd.DataFrame(rows).T
speed.round(1)

# %%

fig, axes = plt.subplots(1, 2, figsize=(8.6, 2.2))
for axis, column in zip(axes, ["least ESS", "ESS a second"], strict=True):
    axis.barh(speed.index, speed[column], color=["#0072b2", "#d55e00"])
    axis.invert_yaxis()
    axis.set_xlabel(column)
_ = axes[0].axvline(200, color="black", lw=1, ls="--")

# %%
# The dashed line is the least that the package accepts before it concludes anything. The next lines say
# whether each fit passed; it is the explicit one that misses it first when teams are few or small, since an
# SD between teams and the teams' own values then push each other about.

for engine, fit in fits.items():
    print(f"{engine}: {'passed' if fit.convergence.ok else '; '.join(fit.convergence.failures)}")

# %%
# Does the model fit?
# -------------------
#
# That, too, does not depend on the engine; it is asked once.

print(co.predictive_checks(fits["marginal"], replication="same teams", seed=1))

# %%
# In plain words
# --------------

ratio = speed["ESS a second"]["marginal"] / speed["ESS a second"]["explicit"]
gap = both["difference, in MCSE"].abs().max()
print(
    f"The two engines differ by at most {gap:.1f} standard errors of the sampling itself. For each second\n"
    f"the exact engine yields {ratio:.0f} times as much information here."
)

# %%
# So leave ``engine="auto"``, read the reason that it gives, and do not change a model for speed alone. Items
# that are ordinal, yes/no or incomplete have the exact engine too, with people's values sampled and teams
# integrated out. A product of two latents has the explicit engine only.
#
# What would change the conclusion
# --------------------------------
#
# - *A fit that did not converge.* Engines agree in the limit of many draws; a chain that got stuck agrees
#   with nothing. Look at convergence first.
# - *More teams.* The exact engine's time hardly grows with the number of people; the explicit one's does.
# - *One comparison.* That engines sample the posterior they should is tested by simulation, a few hundred
#   times, in :doc:`the guide </guide/statistics>`; this page is one data set.
#
# References
# ----------
#
# - The exact engine, derived: :doc:`/guide/exact_engine`.
# - Vehtari, Gelman, Simpson, Carpenter and Bürkner (2021), ESS and MCSE. https://doi.org/10.1214/20-BA1221
# - Hoffman and Gelman (2014), the sampler. https://jmlr.org/papers/v15/hoffman14a.html
