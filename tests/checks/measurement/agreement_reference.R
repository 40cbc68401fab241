# Agreement and reliability by the R package multilevel, for tests/checks/measurement/test_agreement.py and test_indices.py.
# Run from the root of the checkout: Rscript tests/checks/measurement/agreement_reference.R
# Needs jsonlite, multilevel, nlme. Writes tests/checks/measurement/agreement_reference.json.

suppressPackageStartupMessages({
  library(jsonlite)
  library(multilevel)
  library(nlme)
})

table_of <- function(name) {
  path <- file.path("src/coefficacy/datasets/data", paste0(name, ".csv"))
  read.csv(if (file.exists(path)) path else paste0(path, ".gz"))
}

# The second column of each result is the index, whatever its name.
indices_of <- function(items, group, range = c(1, 5)) {
  index <- function(result) unname(result[order(as.numeric(as.character(result$grpid))), 2])
  list(
    rwg_j = index(rwg.j(items, group)), rwg_lindell = index(rwg.j.lindell(items, group)),
    awg = index(awg(items, group, range = range)), ad_mean = index(ad.m(items, group))
  )
}

single_of <- function(x, group, range = c(1, 5)) {
  by_group <- function(result) unname(result[order(as.numeric(as.character(result$grpid))), 2])
  list(
    rwg = by_group(rwg(x, group)), awg = by_group(awg(x, group, range = range)),
    ad_mean = by_group(ad.m(x, group))
  )
}

icc_of <- function(data, variable, group) {
  model <- aov(data[[variable]] ~ as.factor(data[[group]]))
  list(icc1 = ICC1(model), icc2 = ICC2(model))
}

iccs_of <- function(data, variables, group) {
  lapply(setNames(variables, variables), function(v) icc_of(data, v, group))
}

# Reliability of every group's mean from the ICC of a random-intercept model (REML).
mean_reliability_of <- function(data, variable, group) {
  d <- data.frame(y = data[[variable]], g = data[[group]])
  found <- gmeanrel(lme(y ~ 1, random = ~ 1 | g, data = d, control = list(opt = "optim")))
  list(icc = found$ICC, size = found$GrpSize, reliability = found$MeanRel)
}

bh1996 <- table_of("bh1996")
bhr2000 <- table_of("bhr2000_items")
klein2000 <- table_of("klein2000_sim")
eleven <- c("AF06", "AF07", "AP12", "AP17", "AP33", "AP34", "AS14", "AS15", "AS16", "AS17", "AS28")
four <- c("AF06", "AF07", "AP33", "AP34")
bhr2000$CE <- rowMeans(bhr2000[four])

# Group 1 agrees fully, 2 is a single person, 3 gives one extreme answer, 4 is split, 5 has an extreme mean,
# 6 lacks an answer.
awkward <- data.frame(
  group = c(1, 1, 1, 2, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 5, 6, 6, 6, 6),
  a = c(3, 3, 3, 2, 5, 5, 5, 1, 5, 1, 5, 1, 1, 1, 1, 2, 2, 3, 4, 4),
  b = c(4, 4, 4, 2, 1, 1, 1, 5, 1, 5, 1, 1, 2, 3, 1, 1, 2, 2, NA, 4)
)

results <- list(
  made_by = "Rscript tests/checks/measurement/agreement_reference.R",
  versions = list(R = as.character(getRversion()), multilevel = as.character(packageVersion("multilevel"))),
  icc = list(
    bh1996 = iccs_of(bh1996, c("HRS", "COHES", "LEAD", "WBEING"), "GRP"),
    klein2000_sim = iccs_of(klein2000, c("JOBSAT", "COHES", "PHYSEN", "PAY"), "GRPID"),
    bhr2000_items = iccs_of(bhr2000, c("HRS", "CE"), "GRP"),
    awkward = iccs_of(awkward, c("a", "b"), "group")
  ),
  mean_reliability = list(bh1996 = list(LEAD = mean_reliability_of(bh1996, "LEAD", "GRP"))),
  single = list(
    bh1996 = list(
      LEAD = single_of(bh1996$LEAD, bh1996$GRP),
      COHES = single_of(bh1996$COHES, bh1996$GRP)
    ),
    awkward = list(a = single_of(awkward$a, awkward$group), b = single_of(awkward$b, awkward$group))
  ),
  multi = list(
    bhr2000_items = list(
      eleven = c(list(items = eleven), indices_of(bhr2000[eleven], bhr2000$GRP)),
      four = c(list(items = four), indices_of(bhr2000[four], bhr2000$GRP))
    ),
    awkward = list(both = c(list(items = c("a", "b")), indices_of(awkward[c("a", "b")], awkward$group)))
  ),
  awkward = awkward
)

write_json(results, "tests/checks/measurement/agreement_reference.json",
  digits = NA, auto_unbox = TRUE, na = "null", pretty = TRUE
)
