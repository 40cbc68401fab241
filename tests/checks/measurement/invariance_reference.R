# Measurement invariance of two groups of teams by lavaan, for tests/model/test_by_group.py and
# tests/checks/measurement/test_invariance.py.
# Run from the root of the checkout: Rscript tests/checks/measurement/invariance_reference.R
# Needs jsonlite, lavaan. Writes tests/checks/measurement/invariance_reference.json: simulated answers (in group b
# the intercept of i2 is .6 higher), and maximum likelihood under the configural, metric and scalar model and
# under the scalar one with i2 free.

suppressPackageStartupMessages({
  library(jsonlite)
  library(lavaan)
})

set.seed(11)
teams <- 25; members <- 8; items <- paste0("i", 1:4)
simulate <- function(g) {
  nu <- c(3, 3.2, 2.8, 3.1) + if (g == "b") c(0, .6, 0, 0) else 0
  lambda <- c(.8, .7, .9, .6)
  do.call(rbind, lapply(seq_len(teams), function(j) {
    eta <- rnorm(1, if (g == "b") .3 else 0, .6) + rnorm(members, 0, if (g == "b") 1.2 else 1)
    own <- rnorm(4, 0, .25)
    y <- sapply(1:4, function(m) nu[m] + lambda[m] * eta + own[m] + rnorm(members, 0, .6))
    data.frame(round(y, 3), team = j + if (g == "b") teams else 0, group = g)
  }))
}
data <- rbind(simulate("a"), simulate("b"))
names(data)[1:4] <- items

# The same loadings at both levels; the first item sets scale and origin in each group.
block <- function(g, loadings, intercepts, free) {
  own <- function(name, same) paste0(name, 2:4, ifelse(same & !(items[2:4] %in% free), "", g))
  measured <- paste0("i1 + ", paste0(own("l", loadings), "*", items[2:4], collapse = " + "))
  origins <- paste0(items[2:4], " ~ ", own("n", intercepts), "*1", collapse = "\n")
  unique <- paste0(items, " ~~ ", items, collapse = "\n")
  paste0("group: ", g, "\nlevel: 1\nf =~ ", measured, "\nlevel: 2\nf =~ ", measured,
         "\ni1 ~ 0*1\n", origins, "\nf ~ 1\n", unique, "\n")
}
fitted <- function(loadings, intercepts, free = character(0)) {
  text <- paste0(block("a", loadings, intercepts, free), block("b", loadings, intercepts, free))
  fit <- sem(text, data, group = "group", cluster = "team", group.label = c("a", "b"))
  e <- parameterEstimates(fit)
  of <- function(g, level, op, lhs, rhs = lhs) {
    e$est[e$group == g & e$level == level & e$op == op & e$lhs %in% lhs & e$rhs %in% rhs]
  }
  groups <- lapply(c("a", "b"), function(g) list(
    loading = of(g, 1, "=~", "f", items), intercept = of(g, 2, "~1", items, ""),
    residual_variance = of(g, 1, "~~", items), item_variance = of(g, 2, "~~", items),
    mean = of(g, 2, "~1", "f", ""), within = of(g, 1, "~~", "f"), between = of(g, 2, "~~", "f")
  ))
  measures <- fitMeasures(fit, c("logl", "npar", "bic", "chisq", "df"))
  list(groups = groups, logl = measures[["logl"]], npar = measures[["npar"]], bic = measures[["bic"]])
}

result <- list(
  lavaan = as.character(packageVersion("lavaan")),
  answers = unname(as.matrix(data[items])), team = data$team - 1, group = as.integer(data$group == "b"),
  models = list(
    configural = fitted(FALSE, FALSE), metric = fitted(TRUE, FALSE), scalar = fitted(TRUE, TRUE),
    partial = fitted(TRUE, TRUE, "i2")
  )
)
write_json(result, "tests/checks/measurement/invariance_reference.json", auto_unbox = TRUE, digits = 10)
