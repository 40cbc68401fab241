"""
What must my tables look like, and what goes wrong?
===================================================

One table a level: a row for each person with the team's id and the answers, a row for each team with its
outcome. Reading them against a model file checks everything before anything is fitted: all that is wrong is
shown at once, with table, column, row and how to mend it. What is allowed but worth knowing becomes a note.
"""

# %%
# The question
# ------------
#
# Most of the time of an analysis goes into tables that almost fit. What does the package accept, what does
# it refuse, and what does it let through that you should look at yourself?
#
# The data
# --------
#
# The bundled demo survey, **simulated**: data frames here, but paths of CSV, Stata, Parquet, Feather or
# SPSS files do as well, and so do frames of Polars and Arrow.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import coefficacy as co

demo = co.load_demo()
demo.persons.iloc[:3, :8]

# %%
demo.teams.head(3)

# %%
# The model file
# --------------
#
# It says which columns are needed: ids of levels, items of measures, outcomes and predictors.

spec = co.load_model("adaptation")
for level in spec.levels:
    print(f"level {level.name}: one unit a value of {', '.join(level.key)}")
for measure in spec.measures:
    print(f"measure {measure.name}: {', '.join(measure.items)}, {measure.family}")

# %%
# A survey that can be read
# -------------------------

survey = co.read_survey(spec, persons=demo.persons, teams=demo.teams, layers=demo.layers)
survey

# %%
# A ``Survey`` holds labelled arrays by level: ``survey.levels["team"]`` is an xarray Dataset. Answers come
# with reversed items turned and ordinal categories counted from 0, and for every person the position of her
# team:

survey.answers("collective_efficacy")[:2].to_pandas()

# %%
survey.index("person", "team")[:12]

# %%
# What is refused
# ---------------
#
# Six things are broken here on purpose: an answer outside the scale, a person in a team that is not in the
# table of teams, an item that everybody answers alike, a predictor that is missing, a team with two rows,
# and a misspelt item.

persons, teams = demo.persons.copy(), demo.teams.copy()
persons.loc[7, "ce_2"] = 7
persons.loc[11, "team_id"] = "t99"
persons["se_4"] = 3
teams.loc[2, "prior_performance"] = np.nan
teams = pd.concat([teams, teams.iloc[[5]]])
persons = persons.rename(columns={"se_3": "SE3"})

try:
    co.read_survey(spec, persons=persons, teams=teams, layers=demo.layers)
except co.SurveyError as error:
    print(str(error).replace("\n", "\n\n"))

# %%
# Five of six were found. The sixth could not be: ``se_*`` takes all columns that match, and ``SE3`` does
# not. A pattern takes what it finds. Look at the number of items in the summary, or write the items out:

text = co.list_models()[0].path.read_text(encoding="utf-8")
named = text.replace('items = ["se_*"]', 'items = ["se_1", "se_2", "se_3", "se_4", "se_5"]')

from coefficacy.spec import loads  # noqa: E402

try:
    renamed = demo.persons.rename(columns={"se_3": "SE3"})
    co.read_survey(loads(named), persons=renamed, teams=demo.teams, layers=demo.layers)
except co.CoefficacyError as error:
    print(error)

# %%
# All errors that the package raises on purpose are a ``CoefficacyError``; ``SurveyError`` is the one about
# tables.
#
# What is allowed, with a note
# ----------------------------
#
# Missing answers are left out cell by cell, and teams without an outcome still inform the measurement. See
# :doc:`surveys </guide/survey>`. Missing predictors are refused: which
# way of filling them in is right depends on why they are missing.

persons, teams = demo.persons.copy(), demo.teams.copy()
items = [f"ce_{k}" for k in range(1, 6)]
persons.loc[persons["team_id"] == "t03", items] = np.nan
teams.loc[4, "adaptation"] = np.nan
gaps = co.read_survey(spec, persons=persons, teams=teams, layers=demo.layers)
print(*gaps.notes, sep="\n")

# %%
# The same data, the same hash
# ----------------------------
#
# A result carries a hash of the data. The order of rows and columns that are not used do not change it; one
# answer does.

shuffled = demo.persons.sample(frac=1, random_state=1).assign(comment="not used")
again = co.read_survey(spec, persons=shuffled, teams=demo.teams, layers=demo.layers)
print("shuffled, with a column more:", again.data_hash == survey.data_hash)
other = demo.persons.copy()
other.loc[0, "ce_1"] = 4 if other.loc[0, "ce_1"] == 5 else 5
changed = co.read_survey(spec, persons=other, teams=demo.teams, layers=demo.layers)
print("one answer changed:          ", changed.data_hash == survey.data_hash)

# %%
# A look before the fit
# ---------------------
#
# How many people answered in each team? Teams of three tell little about themselves.

size = np.bincount(survey.index("person", "team"))
fig, ax = plt.subplots(figsize=(8.6, 2.6))
ax.bar(*np.unique(size, return_counts=True), color="#0072b2")
_ = ax.set(xlabel="people in the team", ylabel="teams")

# %%
# In plain words
# --------------
#
# If ``read_survey`` returns, every number that the model will look at is a number, within its scale and in
# its place. It does not know whether the answers mean what you think: a reversed item that was not declared
# as reversed passes. The :doc:`agreement within teams </gallery/measurement/plot_do_members_agree>` is the
# next thing to look at.
#
# What would change the conclusion
# --------------------------------
#
# Dropping rows until the errors stop. If teams whose predictor is missing differ from others, the analysis
# is then of the rest.
#
# References
# ----------
#
# The rules in full: :doc:`/guide/survey`. From the terminal: ``coefficacy check adaptation --persons
# persons.csv --teams teams.csv``.
