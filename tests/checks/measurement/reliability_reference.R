# Estimates of two-level factor models by lavaan, for tests/checks/measurement/test_composites.py.
# Run from the root of the checkout: Rscript tests/checks/measurement/reliability_reference.R
# Needs jsonlite, lavaan. Writes tests/checks/measurement/reliability_reference.json.

suppressPackageStartupMessages({
  library(jsonlite)
  library(lavaan)
})

path <- "src/coefficacy/datasets/data/lavaan_demo_twolevel.csv"
data <- read.csv(if (file.exists(path)) path else paste0(path, ".gz"))
items <- c("y1", "y2", "y3")

free <- "
  level: 1
    fw =~ y1 + y2 + y3
  level: 2
    fb =~ y1 + y2 + y3
"
equal <- "
  level: 1
    fw =~ y1 + a * y2 + b * y3
  level: 2
    fb =~ y1 + a * y2 + b * y3
"

# omega by lavaan's own matrices: the composite's true variance, and all of its implied variance.
level_of <- function(fit, block) {
  est <- lavInspect(fit, "est")[[block]]
  implied <- lavInspect(fit, "implied")[[block]]
  implied <- if (is.list(implied)) implied$cov else implied
  list(
    loading = unname(est$lambda[items, 1]), variance = unname(est$psi[1, 1]),
    residual = unname(diag(est$theta)[items]),
    omega = sum(est$lambda %*% est$psi %*% t(est$lambda)) / sum(implied)
  )
}

model_of <- function(syntax) {
  fit <- cfa(syntax, data = data, cluster = "cluster")
  list(within = level_of(fit, 1), between = level_of(fit, 2))
}

write_json(
  list(
    made_by = "Rscript tests/checks/measurement/reliability_reference.R",
    versions = list(R = as.character(getRversion()), lavaan = as.character(packageVersion("lavaan"))),
    size = as.numeric(table(data$cluster)),
    free = model_of(free),
    equal = model_of(equal)
  ),
  "tests/checks/measurement/reliability_reference.json",
  digits = NA, auto_unbox = TRUE, pretty = FALSE
)
