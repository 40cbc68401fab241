# Reference results for tests/reference, from the tables bundled with the package.
# Run from the root of the checkout: Rscript tests/reference/references.R
# Needs jsonlite, lavaan, lme4, multilevel, nlme, survival. Writes tests/reference/references.json.

suppressPackageStartupMessages({
  library(jsonlite)
  library(lavaan)
  library(lme4)
  library(nlme)
  library(multilevel)
  library(survival)
})

table_of <- function(name) {
  path <- file.path("src/coefficacy/datasets/data", paste0(name, ".csv"))
  read.csv(if (file.exists(path)) path else paste0(path, ".gz"))
}

fixed_of <- function(fit) {
  estimates <- if (inherits(fit, "lme")) summary(fit)$tTable else summary(fit)$coefficients
  lapply(setNames(rownames(estimates), rownames(estimates)), function(term) {
    list(est = unname(estimates[term, 1]), se = unname(estimates[term, "Std.Error" == colnames(estimates) |
      "Std. Error" == colnames(estimates)]))
  })
}

sd_of <- function(fit) {
  v <- as.data.frame(VarCorr(fit))
  parts <- v[is.na(v$var2), ]
  labels <- ifelse(is.na(parts$var1), parts$grp, paste0(parts$grp, "[", parts$var1, "]"))
  correlations <- v[!is.na(v$var2), ]
  named <- as.list(setNames(parts$sdcor, labels))
  if (nrow(correlations) > 0) {
    named <- c(named, as.list(setNames(correlations$sdcor, paste0("cor ", correlations$grp))))
  }
  named
}

lmer_of <- function(fit) {
  list(formula = paste(deparse(formula(fit)), collapse = " "), n = nobs(fit), fixed = fixed_of(fit), sd = sd_of(fit))
}

lme_of <- function(fit) {
  v <- VarCorr(fit)
  list(
    formula = paste(deparse(formula(fit)), collapse = " "), n = fit$dims$N, fixed = fixed_of(fit),
    variance = list(group = as.numeric(v["(Intercept)", "Variance"]), residual = as.numeric(v["Residual", "Variance"]))
  )
}

# ICC(1) and ICC(2) by ANOVA and by REML (at the mean group size); reliability is the mean over groups of tau2 / (tau2 + sigma2 / n).
icc_of <- function(data, variable, group) {
  d <- data.frame(y = data[[variable]], g = factor(data[[group]]))
  d <- d[!is.na(d$y), ]
  anova_fit <- aov(y ~ g, data = d)
  v <- as.data.frame(VarCorr(lmer(y ~ 1 + (1 | g), data = d)))$vcov
  n <- as.numeric(table(droplevels(d$g)))
  list(
    icc1 = ICC1(anova_fit), icc2 = ICC2(anova_fit), n = nrow(d), groups = nlevels(droplevels(d$g)),
    reml = list(
      icc1 = v[1] / sum(v), icc2 = v[1] / (v[1] + v[2] / mean(n)), reliability = mean(v[1] / (v[1] + v[2] / n))
    )
  )
}

# Agreement by group with a uniform null over five categories, in the order of the sorted group ids.
agreement_of <- function(items, group) {
  j <- rwg.j(items, group, ranvar = 2)
  lindell <- rwg.j.lindell(items, group, ranvar = 2)
  deviation <- ad.m(items, group)
  index <- order(as.numeric(as.character(j$grpid)))
  data <- data.frame(y = rowMeans(items), g = group)
  list(
    group = as.numeric(as.character(j$grpid))[index], size = j$gsize[index], rwg_j = j$rwg.j[index],
    rwg_j_lindell = lindell$rwg.lindell[order(as.numeric(as.character(lindell$grpid)))],
    ad_m = deviation$AD.M[order(as.numeric(as.character(deviation$grpid)))],
    mean = list(rwg_j = mean(j$rwg.j), ad_m = mean(deviation$AD.M)), median = list(rwg_j = median(j$rwg.j)),
    alpha = cronbach(items)$Alpha, item_mean = icc_of(data, "y", "g")
  )
}

parameters_of <- function(fit) {
  p <- parameterEstimates(fit)
  lapply(seq_len(nrow(p)), function(i) {
    list(level = p$level[i], lhs = p$lhs[i], op = p$op[i], rhs = p$rhs[i], est = p$est[i], se = p$se[i])
  })
}

single_agreement <- function(data, variable, group) {
  r <- rwg(data[[variable]], data[[group]], ranvar = 2)
  index <- order(as.numeric(as.character(r$grpid)))
  list(group = as.numeric(as.character(r$grpid))[index], rwg = r$rwg[index], mean = mean(r$rwg))
}

# --- lavaan's two-level demonstration: loadings free across levels, team-level item residuals free -------------
twolevel <- "
level: 1
  fw =~ y1 + y2 + y3
  fw ~ x1 + x2 + x3
level: 2
  fb =~ y1 + y2 + y3
  fb ~ w1 + w2
"
demo <- table_of("lavaan_demo_twolevel")
lavaan_fit <- sem(twolevel, data = demo, cluster = "cluster")

# --- High School and Beyond --------------------------------------------------------------------------------------
hsb <- table_of("hsb82")
hsb$sector <- factor(hsb$sector, c("Public", "Catholic"))
hsb_fits <- list(
  contextual = lmer_of(lmer(mAch ~ ses + meanses + (1 | school), data = hsb)),
  slopes = lmer_of(lmer(mAch ~ cses * meanses + cses * sector + (1 + cses | school), data = hsb))
)

# --- Bliese & Halverson 1996 ---------------------------------------------------------------------------------------
bh <- table_of("bh1996")
for (x in c("HRS", "LEAD", "COHES")) bh[[paste0("G.", x)]] <- ave(bh[[x]], bh$GRP)
latent_contextual <- "
level: 1
  WBEING ~ w * LEAD
level: 2
  WBEING ~ b * LEAD
contextual := b - w
"
bh_latent <- sem(latent_contextual, data = bh, cluster = "GRP")
bh_lead <- lme(WBEING ~ LEAD + G.LEAD, random = ~ 1 | GRP, data = bh)
lead_reliability <- {
  v <- as.data.frame(VarCorr(lmer(LEAD ~ 1 + (1 | GRP), data = bh)))$vcov
  r <- v[1] / (v[1] + v[2] / as.numeric(table(bh$GRP)))
  list(mean = mean(r), weighted_by_size = weighted.mean(r, table(bh$GRP)))
}
bh_fits <- list(
  hours = lme_of(lme(WBEING ~ HRS + G.HRS, random = ~ 1 | GRP, data = bh)),
  leadership = lme_of(bh_lead),
  hours_leadership_cohesion = lme_of(
    lme(WBEING ~ HRS + G.HRS + LEAD + G.LEAD + COHES + G.COHES, random = ~ 1 | GRP, data = bh)
  ),
  leadership_latent = parameters_of(bh_latent),
  leadership_reliability = lead_reliability,
  leadership_corrected = list(
    by_mean_reliability = unname(fixef(bh_lead)["G.LEAD"]) / lead_reliability$mean,
    by_icc2 = unname(fixef(bh_lead)["G.LEAD"]) / ICC2(aov(LEAD ~ factor(GRP), data = bh))
  ),
  icc = lapply(setNames(nm = c("HRS", "COHES", "LEAD", "WBEING")), function(x) icc_of(bh, x, "GRP")),
  rwg = lapply(setNames(nm = c("LEAD", "COHES")), function(x) single_agreement(bh, x, "GRP"))
)

# --- Bliese, Halverson & Rothberg 2000: items of joint capability, parallel model ----------------------------------
bhr <- table_of("bhr2000_items")
eleven <- names(bhr)[2:12]
four <- c("AF06", "AF07", "AP33", "AP34")
parallel_of <- function(items) {
  long <- data.frame(
    y = unlist(bhr[items], use.names = FALSE), item = rep(items, each = nrow(bhr)),
    person = rep(seq_len(nrow(bhr)), length(items)), company = rep(bhr$GRP, length(items))
  )
  v <- as.data.frame(VarCorr(lmer(y ~ 0 + item + (1 | company) + (1 | person), data = long)))
  v <- setNames(v$vcov, v$grp)
  n <- as.numeric(table(bhr$GRP))
  noise <- (v[["person"]] + v[["Residual"]] / length(items)) / n
  list(
    variance = list(company = v[["company"]], person = v[["person"]], residual = v[["Residual"]]),
    company_reliability = mean(v[["company"]] / (v[["company"]] + noise)),
    item_means = as.list(colMeans(bhr[items])),
    agreement = agreement_of(bhr[items], bhr$GRP)
  )
}
one_factor <- cfa("
level: 1
  within =~ AF06 + l2 * AF07 + l3 * AP33 + l4 * AP34
level: 2
  between =~ AF06 + l2 * AF07 + l3 * AP33 + l4 * AP34
", data = bhr, cluster = "GRP")
bhr_fits <- list(
  four = c(parallel_of(four), list(one_factor = c(
    as.list(fitMeasures(one_factor, c("rmsea", "cfi"))), list(parameters = parameters_of(one_factor))
  ))),
  eleven = parallel_of(eleven)
)

# --- Klein et al. 2000 (simulated by its authors) ------------------------------------------------------------------
klein <- table_of("klein2000_sim")
klein_icc <- lapply(setNames(nm = c("JOBSAT", "COHES", "PHYSEN", "PAY")), function(x) icc_of(klein, x, "GRPID"))

# --- Bliese & Ployhart 2002 -----------------------------------------------------------------------------------------
bct <- table_of("univbct")
bct$CO <- paste(bct$BTN, bct$COMPANY, sep = "/")
bct_fits <- list(
  jsat_nested = lmer_of(lmer(JSAT ~ TIME + (1 | BTN) + (1 | CO) + (1 | SUBNUM), data = bct)),
  ready_nested = lmer_of(lmer(READY ~ 1 + (1 | BTN) + (1 | CO) + (1 | SUBNUM), data = bct)),
  jsat_growth = lmer_of(lmer(JSAT ~ TIME + (1 + TIME | SUBNUM), data = bct))
)

# --- three-level growth in mathematics --------------------------------------------------------------------------------
growth <- table_of("egsingle_3level")
growth_fit <- lmer_of(lmer(math ~ year + (1 + year | childid) + (1 + year | schoolid), data = growth))

# --- consensus emergence in Sherif's groups (REML) -----------------------------------------------------------------
sherif <- table_of("sherifdat")
sherif$id <- interaction(sherif$group, sherif$person)
homoscedastic <- lme(
  y ~ time, random = list(group = pdLogChol(~time), id = pdIdent(~1)), data = sherif,
  control = lmeControl(maxIter = 2000, msMaxIter = 2000, tolerance = 1e-10, msTol = 1e-10)
)
emergence <- update(homoscedastic, weights = varExp(form = ~time))
sherif_fit <- list(
  delta = unname(coef(emergence$modelStruct$varStruct, unconstrained = FALSE)),
  log_lik_reml = as.numeric(logLik(emergence)), log_lik_reml_homoscedastic = as.numeric(logLik(homoscedastic))
)

# --- recurrent infections with a gamma frailty ----------------------------------------------------------------------
kidney_table <- table_of("kidney_frailty")
frailty_of <- function(formula) {
  fit <- coxph(formula, data = kidney_table)
  list(
    est = as.list(coef(fit)), se = as.list(setNames(sqrt(diag(vcov(fit))), names(coef(fit)))),
    frailty_variance = unname(tail(fit$history[[1]]$history[, "theta"], 1))
  )
}
kidney_fits <- list(
  age_sex = frailty_of(Surv(time, status) ~ age + sex + frailty(id)),
  age_sex_disease = frailty_of(Surv(time, status) ~ age + sex + disease + frailty(id))
)

packages <- c("lavaan", "lme4", "multilevel", "nlme", "survival")
result <- list(
  made_by = "Rscript tests/reference/references.R",
  versions = c(
    list(R = paste(R.version$major, R.version$minor, sep = ".")),
    lapply(setNames(nm = packages), function(p) as.character(packageVersion(p)))
  ),
  lavaan_demo_twolevel = list(model = trimws(twolevel), estimator = "ML", parameters = parameters_of(lavaan_fit)),
  hsb82 = hsb_fits,
  bh1996 = bh_fits,
  bhr2000_items = bhr_fits,
  klein2000_sim = list(icc = klein_icc),
  univbct = bct_fits,
  egsingle_3level = growth_fit,
  sherifdat = sherif_fit,
  kidney_frailty = kidney_fits
)
write(toJSON(result, auto_unbox = TRUE, digits = 8, pretty = TRUE, na = "null"), "tests/reference/references.json")
