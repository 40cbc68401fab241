"""
Do the members of a team agree, and is the team's score worth anything?
=======================================================================

These are two questions. Soldiers of the 99 companies in this real survey agree moderately (mean r_wg(j) of
.78 over four items), and the mean score of a company is reliable (.78, 95% interval .72 to .84): not
because they agree so well, but because there are fifty-five of them on average in each company.
"""

# %%
# The question
# ------------
#
# A team's score is an average of its members' answers. *Agreement*: do they say the same? *Reliability*:
# does the score tell teams apart? A team can agree without differing from any other (all answer 3), and
# teams can differ though their members disagree.
#
# The data
# --------
#
# 5,400 US Army soldiers in 99 companies (Bliese, Halverson and Rothberg 2000). Four of the items ask about
# the unit's joint capability: willing and whole-hearted cooperation, and whether leaders would lead well in
# combat. They come with the package under a licence of their own, and many other tables with them:

import matplotlib.pyplot as plt
import numpy as np

import coefficacy as co
from coefficacy.spec import loads

for dataset in co.list_datasets():
    print(f"{dataset.name}: {dataset.rows:,} rows{', simulated by its authors' if dataset.simulated else ''}")

# %%

soldiers = co.load_dataset("bhr2000_items").rename_axis("id").reset_index()
soldiers.head(3)

# %%
# The model file
# --------------
#
# One measure, two levels, no question: this page is about measurement alone.

spec = loads(
    """
[levels]
soldier = "id"
company = "GRP"

[measures.joint_capability]
items = ["AF06", "AF07", "AP33", "AP34"]
scale = [1, 5]
"""
)
survey = co.read_survey(spec, persons=soldiers)

# %%
# Agreement, as answered
# ----------------------
#
# r_wg(j) compares the variance within a company with that of random answers, and is stepped up over items;
# r*_wg(j) (here ``rwg_lindell``) is not; a_wg compares with the largest variance possible at the company's
# mean; AD is the mean absolute deviation, in points of the scale.

seen = co.agreement(survey, "joint_capability")
seen.overall.to_dataframe().T.round(2)

# %%
# The same answers give .78 by one index and .48 by two others. The difference is no finding: with four
# items r_wg(j) turns .48 into .78 by its formula alone, and with ten items it would be .90. So nothing
# follows from its being above .70, a convention; AD's usual limit is a sixth of the scale.

print(f"AD {float(seen.overall['ad_mean'].sel(statistic='mean')):.2f}, usual limit {seen.ad_cutoff:.2f}")
print(f"ICC(1) {seen.icc1:.2f}, ICC(2) {seen.icc2:.2f}")

# %%
# Prior check
# -----------
#
# The default priors are in the unit of the answers, and weak: the SD of companies, half-normal and as wide
# as that of soldiers within them, has half of its mass on an ICC(1) below .31. What 5,400 answers say will
# not be moved by that.

sd = np.abs(np.random.default_rng(1).normal(size=100_000))
print(f"prior of the latent ICC(1): median {np.median(sd**2 / (1 + sd**2)):.2f}")

# %%
# The fit
# -------
#
# What an index cannot say is how sure it is. A model can: soldiers and companies are latents, and companies
# may find one item easier than another.

fit = co.fit(spec, survey, seed=1)
fit

# %%
# Reliability, under the model
# ----------------------------

found = co.reliability(fit, "joint_capability")
found.summary.to_dataframe().T.round(2)

# %%
# ``omega_within`` is about telling soldiers of a company apart, ``omega_between`` about telling companies
# apart had they soldiers without end. ``mean_reliability`` is what is asked for: how much of a company's
# mean score is the company's value, with these soldiers and these items. ICC(2) by analysis of variance is
# higher (.89), as it takes the four items as given.
#
# Reliability depends on how many were asked. By size of company:

by_size = found.by_size["mean_reliability"]
low, mid, high = (by_size.quantile(q, ("chain", "draw")) for q in (0.025, 0.5, 0.975))
fig, axes = plt.subplots(1, 2, figsize=(8.6, 3.2))
axes[0].fill_between(by_size["size"], low, high, color="#0072b2", alpha=0.25, lw=0, label="95% interval")
axes[0].plot(by_size["size"], mid, color="#0072b2", label="median")
axes[0].set(xlabel="soldiers who answered", ylabel="reliability of the mean score", ylim=(0, 1))
axes[0].legend(loc="lower right")
axes[1].plot(seen.by_team["rwg_j"], seen.by_team["ad_mean"], "o", color="#0072b2", alpha=0.6)
axes[1].axhline(seen.ad_cutoff, color="#5f6670", ls="--", label="usual limit of AD")
axes[1].axvline(0.7, color="#5f6670", ls=":", label="usual limit of r_wg(j)")
axes[1].set(xlabel="r_wg(j), a point a company", ylabel="AD, points of the scale")
_ = axes[1].legend(fontsize=8)

# %%
# Almost every company is above .70 by r_wg(j); four in ten are beyond AD's limit. They are the same
# answers.
#
# Posterior check
# ---------------
#
# Would companies of this model agree as the real ones do, and differ as much?

checks = co.predictive_checks(fit, replication="new teams", seed=1)
print(checks)
co.plot_check(checks.get("between.items", "new teams"))

# %%
# In plain words
# --------------

mean = found.summary["mean_reliability"]
print(
    f"{float(mean.sel(statistic='mean')):.0%} of what differs between companies' mean scores is the "
    "companies themselves\n"
    f"(95% interval {float(mean.sel(statistic='q2_5')):.0%} to {float(mean.sel(statistic='q97_5')):.0%}); "
    "the rest is who was asked, and which questions."
)

# %%
# What would change the conclusion
# --------------------------------
#
# - *Fewer people.* With ten soldiers a company the same items would give little more than .5: see the left
#   picture.
# - *One factor.* One factor fits these four items badly (RMSEA .17): cooperation and leadership are two
#   things. The page shows the functions rather than the construct.
# - *A bad null.* r_wg(j) supposes that people without an opinion use all five answers alike. Few do.
#
# References
# ----------
#
# Formulas, and when each misleads: :doc:`/guide/agreement`.
#
# - Bliese, Halverson and Rothberg (2000), the data
# - James, Demaree and Wolf (1984), https://doi.org/10.1037/0021-9010.69.1.85
# - Lindell, Brandt and Whitney (1999), https://doi.org/10.1177/01466219922031257
# - LeBreton and Senter (2008), https://doi.org/10.1177/1094428106296642
# - Lai (2021), https://doi.org/10.1037/met0000287
