"""
Do soldiers and classrooms show the same?
=========================================

Half of it. In companies of soldiers as in schools, members of one group are more alike than chance would
have it, and what a member has himself goes with what he reports or achieves. What the *group's* value adds
to that differs: in schools as much again as the pupil's own, in companies next to nothing where the value
is a judgement of leaders or of readiness. No table here holds collective efficacy and its effect together;
what each can show is said below.
"""

# %%
# The question
# ------------
#
# Theories of collective efficacy are told for classrooms, neighbourhoods, companies and military units
# alike (claim C15). The same equations can be fitted to all of them:
#
# .. math:: y_{ij} = b_w\, (x_{ij} - x_j) + b_b\, x_j + e_j + e_{ij}, \qquad b_c = b_b - b_w
#
# with :math:`x_j` the group's latent value, free of the accident of who was asked. The contextual effect
# :math:`b_c` is what the group's value does to a member beyond the member's own (Lüdtke et al. 2008; Marsh
# et al. 2009).
#
# The data
# --------
#
# Five tables that come with the package: three from the US Army, two from schools.

import pandas as pd

import coefficacy as co


def numbered(name):
    table = co.load_dataset(name)
    return table.assign(row=range(len(table)))


battalions = co.load_dataset("univbct").dropna(subset=["JSAT", "READY"])
growth = co.load_dataset("egsingle_3level")
tables = {
    "settings_soldiers": numbered("bh1996"),
    "settings_capability": numbered("bhr2000_items"),
    "settings_battalions": battalions,
    "settings_classrooms": numbered("hsb82"),
    "settings_growth": growth.assign(minority=growth["black"] + growth["hispanic"]),
}

# %%
# The model files
# ---------------
#
# One a table, with the same equations and other names; ``coefficacy models`` lists them. Each says in its
# note what its data can and cannot show.

specs = {name: co.load_model(name) for name in tables}
for name, spec in specs.items():
    print(f"{name} ({spec.variant})\n  {spec.note}\n")

# %%
# That of the battalions has four levels: three answers a soldier, soldiers in companies, companies in
# battalions.

print(next(m.path for m in co.list_models() if m.name == "settings_battalions").read_text())

# %%
# The fit
# -------
#
# People and, for each parameter value, groups are integrated out, so that 7,000 soldiers take seconds.

fits = {
    spec.variant: co.fit(
        spec, co.read_survey(spec, persons=tables[name]), seed=1, draws=1000, chains=2, progress=False
    )
    for name, spec in specs.items()
}

# %%
# The answer
# ----------

found = co.settings(fits)
co.plot_settings(found)

# %%

draws = found.stack(sample=("chain", "draw"))
pd.DataFrame(
    {
        "contextual": draws["contextual"].mean("sample").round(2),
        "2.5%": draws["contextual"].quantile(0.025, "sample").round(2),
        "97.5%": draws["contextual"].quantile(0.975, "sample").round(2),
        "P(> 0)": (draws["contextual"] > 0).mean("sample").round(2),
        "between groups": draws["share"].mean("sample").round(2),
    },
    index=found["setting"].values,
)

# %%
# In plain words
# --------------
#
# - *Companies.* A soldier who sees better leaders is better off, by .4 SDs of well-being per SD. That his
#   company as a whole sees them so adds nothing; the estimate is slightly negative. That the whole company
#   works long hours goes with a lower judgement of what the unit is capable of, about as much as the
#   soldier's own hours.
# - *Battalions.* What a company's readiness adds is unknown to .1 SDs either way. Between battalions there
#   is next to no variance; by maximum likelihood it is exactly zero, which is an estimate at the end of its
#   range and not knowledge that battalions are the same.
# - *Schools.* The others' socio-economic status adds .2 SDs of achievement, as much as a pupil's own; the
#   share of minorities goes with lower achievement beyond the pupil's own.
#
# So between 5% and 18% of what differs lies between groups in all of these settings, and the shape of the
# rest is not the same. Predictors differ, too: composition (who is there) in schools, judgements (what they
# say) in companies.
#
# By R's lavaan the contextual effects in raw units are 3.90 (schools) and -.12 (well-being by leadership);
# averages in place of latent group values would give 3.68 for schools.
#
# What would change the conclusion
# --------------------------------
#
# - *A measure of collective efficacy with an outcome of the group.* None of these tables has one.
# - *One source.* Where the same person gives predictor and response, both share his mood that day.
# - *The prior of the battalions' SD.* It is half-normal; with 16 battalions it is felt. See
#   ``co.prior_sensitivity``.
# - *Selection.* Who goes to which school or company is no accident; a contextual effect is no cause.
#
# One setting by itself: ``co.contextual_effect(fit, of="mathematics", by="status")``.

co.contextual_effect(fits["schools: composition"], of="mathematics", by="status")[
    "contextual_raw"
].mean().item()

# %%
# References
# ----------
#
# - Bliese and Halverson (1996), https://doi.org/10.1111/j.1559-1816.1996.tb01775.x
# - Bliese and Ployhart (2002), https://doi.org/10.1177/109442802237116
# - Lüdtke et al. (2008), https://doi.org/10.1037/a0012869
# - Marsh et al. (2009), https://doi.org/10.1080/00273170903333665
# - Raudenbush and Bryk (2002), Hierarchical linear models, 2nd ed., Sage.
