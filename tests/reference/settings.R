# Reference results of the settings of claim C15, from the tables bundled with the package.
# Run from the root of the checkout: Rscript tests/reference/settings.R
# Needs jsonlite, lavaan, nlme. Writes tests/reference/settings.json.

suppressPackageStartupMessages({
  library(jsonlite)
  library(lavaan)
  library(nlme)
})

table_of <- function(name) read.csv(file.path("src/coefficacy/datasets/data", paste0(name, ".csv.gz")))

# Latent group means of both; the contextual effect is between minus within.
contextual <- function(data, cluster, within, between) {
  model <- paste0("level: 1\n", within, "\nlevel: 2\n", between, "\ncontextual := b - w")
  fit <- sem(model, data = data, cluster = cluster)
  p <- parameterEstimates(fit)
  rows <- p[p$label %in% c("w", "b", "contextual"), ]
  c(setNames(lapply(seq_len(nrow(rows)), function(k) list(est = rows$est[k], se = rows$se[k])), rows$label),
    list(n = lavInspect(fit, "nobs")))
}

growth <- table_of("egsingle_3level")
growth$minority <- growth$black + growth$hispanic
growth$within <- growth$year - ave(growth$year, growth$childid)
pupils <- growth[!duplicated(growth$childid), ]
growth$share <- tapply(pupils$minority, pupils$schoolid, mean)[as.character(growth$schoolid)]
g <- lme(math ~ within + minority + share, random = ~ 1 | schoolid/childid, data = growth)
table <- summary(g)$tTable

out <- list(
  made_by = "tests/reference/settings.R",
  versions = list(R = as.character(getRversion()), lavaan = as.character(packageVersion("lavaan")),
    nlme = as.character(packageVersion("nlme"))),
  classrooms = contextual(table_of("hsb82"), "school", "mAch ~ w*ses", "mAch ~ b*ses"),
  soldiers = contextual(table_of("bh1996"), "GRP", "WBEING ~ w*LEAD", "WBEING ~ b*LEAD"),
  growth = list(formula = "math ~ within + minority + share, random = ~ 1 | schoolid/childid", n = g$dims$N,
    fixed = lapply(setNames(rownames(table), rownames(table)), function(t) list(est = table[t, 1], se = table[t, 2])),
    variance = as.list(as.numeric(VarCorr(g)[c(2, 4, 5), 1])))
)
write_json(out, "tests/reference/settings.json", auto_unbox = TRUE, digits = 8, pretty = TRUE)
