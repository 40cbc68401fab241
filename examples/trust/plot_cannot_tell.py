"""
What do I do with "cannot tell"?
================================

Ask more teams before you ask more people. *Cannot tell* is no failure of the analysis: it says that the data
agree with an effect that matters and with none at all. Fifteen teams nearly always end there, whatever is
true; the same effect in a hundred and twenty teams is usually seen. More members and better items help less.
The data are **simulated**, so that the truth is known.
"""

# %%
# The question
# ------------
#
# Does collective efficacy predict adaptation beyond individual competence? The verdict says *supported* if
# three things agree: the 95% interval of the effect lies above what counts as none, the model predicts
# left-out teams better than its rival, and the rival fails a check made to find what it leaves out. It says
# *refuted* if the effect is below the least that counts with a probability of at least .95. All else is
# *cannot tell*.
#
# The data
# --------
#
# Two surveys of one company, with the same effect of 0.45 SD planted: one of fifteen teams, one of a hundred
# and twenty.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

import coefficacy as co
from coefficacy.spec import loads

surveys = {
    teams: co.simulate("C4", seed=8, n_teams=teams, family="gaussian", effect=0.45) for teams in (15, 120)
}
{teams: world.truth["n"] for teams, world in surveys.items()}

# %%
# The fits
# --------

fits, verdicts = {}, {}
for teams, world in surveys.items():
    spec = loads(world.spec_text)
    fits[teams] = co.fit(spec, co.read_survey(spec, **world.tables), seed=1, progress=False)
    verdicts[teams] = co.verdict(fits[teams])
verdicts[15]

# %%
verdicts[120]

# %%
# Both intervals hold the truth; only the second keeps clear of the grey region, in which an effect counts as
# none.

figure, axis = plt.subplots(figsize=(8.6, 2.4), layout="constrained")
axis.axvspan(-0.1, 0.1, color="#d9dce0", lw=0, label="counts as none")
for k, verdict in enumerate(verdicts.values()):
    effect = verdict.effect
    axis.hlines(-k, effect["q2_5"], effect["q97_5"], color="#0072b2", lw=3)
    axis.plot(effect["mean"], -k, "o", color="#0072b2")
    axis.annotate(
        verdict.verdict, (effect["q97_5"], -k), xytext=(8, 0), textcoords="offset points", va="center"
    )
axis.axvline(0.45, color="black", lw=1, ls="--", label="planted")
axis.set_yticks([0, -1], [f"{teams} teams" for teams in verdicts])
axis.set_ylim(-1.6, 0.6)
axis.set_xlim(-0.3, 1.4)
axis.set_xlabel("effect of collective efficacy (SD of adaptation per SD): mean and 95% interval")
axis.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)

# %%
# What kind of "cannot tell"?
# ---------------------------
#
# The reasons tell cases apart. If the interval is wide and reaches over zero, there are too few teams. If
# it is narrow and ends just inside the grey region, the effect is small. If it is clear of it and the rival
# passes its check or predicts as well, the rest of the model explains the teams as well as collective
# efficacy does.

for teams, verdict in verdicts.items():
    effect = verdict.effect
    width = effect["q97_5"] - effect["q2_5"]
    print(f"{teams} teams: interval {width:.2f} wide, P(effect above 0) = {effect['p_positive']:.3f}")

# %%
# A report says the same to those who do not read code: verdict and reasons first, then the evidence.

with tempfile.TemporaryDirectory() as folder:
    co.report(fits[15], Path(folder) / "result", verdict=verdicts[15])
    print(*sorted(path.name for path in (Path(folder) / "result").iterdir()))

# %%
# In plain words
# --------------
#
# The small survey has not shown that collective efficacy does not matter. It has shown next to nothing
# about it, and says so. Writing "no effect was found" would be wrong; so would collecting data until the
# word changes. Decide beforehand how many teams it takes: :func:`coefficacy.teams_needed`, or ``coefficacy
# power``, simulate your design and count the verdicts.
#
# What would change the conclusion
# --------------------------------
#
# - *More teams.* The team is the unit of the outcome; members and items only sharpen what is known of each.
# - *A smaller region of no effect.* It is a decision on what matters, to be made before the data are seen.
# - *A narrower prior* makes intervals shorter with the same data. The prior's part in a result is shown in
#   every report, and :doc:`here </gallery/trust/plot_priors>`.
#
# References
# ----------
#
# - Kruschke (2018), rejecting or accepting parameter values. https://doi.org/10.1177/2515245918771304
# - Arthur, Bell and Edwards (2007), no unique effect once prior performance is controlled.
#   https://doi.org/10.1177/1094428106287574
