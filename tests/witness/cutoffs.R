# Witness values for cut-offs, confusion tables, decision curves and classification tables.
# Run from the repository: Rscript tests/witness/cutoffs.R
# R 4.2.2, pROC 1.18.0, caret 6.0.93, numDeriv. Writes tests/witness/cutoffs.json.
suppressPackageStartupMessages({library(pROC); library(caret); library(numDeriv); library(jsonlite)})

births <- read.csv("data/birthwt.csv")
sharp <- glm.control(1e-15, 100)
formula <- low ~ age + lwt + factor(race) + smoke + ht
full <- glm(formula, binomial, births, control = sharp)
y <- births$low; p <- unname(fitted(full)); n <- length(y); z <- qnorm(0.975)

# --- criteria at every observed score, each rate counted row by row -------------------------------------------------
everywhere <- function(y, p, prevalence = mean(y)) {
  at <- sort(unique(p))
  rows <- lapply(at, function(t) {
    call <- p >= t
    se <- mean(call[y == 1]); sp <- mean(!call[y == 0])
    tp <- prevalence * se; fn <- prevalence * (1 - se); fp <- (1 - prevalence) * (1 - sp); tn <- (1 - prevalence) * sp
    chance <- (tp + fp) * (tp + fn) + (fn + tn) * (fp + tn)
    data.frame(cutoff = t, youden = se + sp - 1, closest_corner = -sqrt((1 - se)^2 + (1 - sp)^2),
      equal_rates = -abs(se - sp), max_g_mean = sqrt(se * sp), max_accuracy = tp + tn,
      max_f1 = 2 * tp / (2 * tp + fp + fn), max_f_beta = 5 * tp / (5 * tp + 4 * fn + fp),
      max_mcc = (tp * tn - fp * fn) / sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)),
      max_kappa = (tp + tn - chance) / (1 - chance), min_cost = -(fp + 4 * fn))
  })
  do.call(rbind, rows)
}
best_of <- function(table) {
  lapply(table[-1], function(v) {
    v[is.nan(v)] <- -Inf
    which <- which(v >= max(v) - 1e-12)
    list(value = max(v), low = table$cutoff[min(which)], high = table$cutoff[max(which)], equals = length(which))
  })
}
weighted <- function(prevalence) {                          # pROC's own costs: FN 4 times as dear as FP
  got <- coords(roc(y, p, direction = "<", quiet = TRUE), "best", best.method = "youden",
                best.weights = c(4, prevalence), ret = c("threshold", "sensitivity", "specificity"), transpose = FALSE)
  list(cutoff = min(p[p >= got$threshold[1]]), sensitivity = got$sensitivity[1], specificity = got$specificity[1])
}

# --- one confusion table ---------------------------------------------------------------------------------------------
wilson <- function(x, n) as.numeric(prop.test(x, n, correct = FALSE)$conf.int)
exact <- function(x, n) as.numeric(binom.test(x, n)$conf.int)
call <- p >= 0.3
cells <- c(sum(call & y == 1), sum(call & y == 0), sum(!call & y == 1), sum(!call & y == 0))      # tp fp fn tn
delta <- function(f, x, to = identity, back = identity) {      # of multinomial counts, on the scale `to`
  g <- grad(function(c) to(f(c)), x); share <- x / sum(x)
  v <- sum(x) * (sum(share * g^2) - sum(share * g)^2)
  c(f(x), back(to(f(x)) + c(-1, 1) * z * sqrt(v)))
}
mcc <- function(c) (c[1] * c[4] - c[2] * c[3]) / sqrt((c[1] + c[2]) * (c[3] + c[4]) * (c[1] + c[3]) * (c[2] + c[4]))
f2 <- function(c) 5 * c[1] / (5 * c[1] + 4 * c[3] + c[2])
kappa <- function(c) {
  s <- c / sum(c); e <- (s[1] + s[2]) * (s[1] + s[3]) + (s[3] + s[4]) * (s[2] + s[4])
  (s[1] + s[4] - e) / (1 - e)
}
newcombe <- function(bounds) {
  se <- cells[1] / (cells[1] + cells[3]); sp <- cells[4] / (cells[2] + cells[4])
  a <- bounds(cells[1], cells[1] + cells[3]); b <- bounds(cells[4], cells[2] + cells[4]); j <- se + sp - 1
  c(j, j - sqrt((se - a[1])^2 + (sp - b[1])^2), j + sqrt((a[2] - se)^2 + (b[2] - sp)^2))
}
mercaldo <- function(prevalence) {
  n1 <- cells[1] + cells[3]; n0 <- cells[2] + cells[4]; se <- cells[1] / n1; sp <- cells[4] / n0
  ppv <- log(se * prevalence / ((1 - sp) * (1 - prevalence))); npv <- log(sp * (1 - prevalence) / ((1 - se) * prevalence))
  v <- c((1 - se) / se / n1 + sp / (1 - sp) / n0, se / (1 - se) / n1 + (1 - sp) / sp / n0)
  list(precision = plogis(ppv + c(0, -1, 1) * z * sqrt(v[1])),
       negative_predictive_value = plogis(npv + c(0, -1, 1) * z * sqrt(v[2])))
}
predicted <- factor(call, c(TRUE, FALSE)); observed <- factor(y == 1, c(TRUE, FALSE))
jaccard <- wilson(cells[1], sum(cells[1:3]))

# --- net benefit, row by row -----------------------------------------------------------------------------------------
thresholds <- c(0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
benefit <- function(t, prevalence) {
  w <- t / (1 - t); d <- (p >= t) * (y - (1 - y) * w)
  se <- (p >= t)[y == 1]; fp <- (p >= t)[y == 0]
  mle <- function(x) mean((x - mean(x))^2)
  stated <- prevalence * mean(se) - w * (1 - prevalence) * mean(fp)
  list(threshold = t, model = mean(d), std_error = sqrt(mle(d) / n), all = mean(y) - mean(1 - y) * w,
       avoided = (mean(d) - mean(y) + mean(1 - y) * w) / w, stated = stated,
       stated_error = sqrt(prevalence^2 * mle(se) / length(se) + w^2 * (1 - prevalence)^2 * mle(fp) / length(fp)))
}

# --- leaving out each row: the step with the row taken out of the information, and the refit -------------------------
left_out <- function(link) {
  fit <- glm(formula, binomial(link), births, control = sharp)
  x <- model.matrix(fit); f <- fit$family; b <- coef(fit)
  for (more in 0:25) {                        # glm stops where the deviance does, some digits before the estimates do
    eta <- as.vector(x %*% b); mu <- f$linkinv(eta)
    w <- f$mu.eta(eta)^2 / f$variance(mu); s <- (y - mu) * f$mu.eta(eta) / f$variance(mu)
    if (more < 25) b <- b + solve(crossprod(x * sqrt(w)), crossprod(x, s))
  }
  step <- sapply(seq_len(n), function(i) {
    other <- b - solve(crossprod(x[-i, ] * sqrt(w[-i])), x[i, ] * s[i])
    f$linkinv(sum(x[i, ] * other))
  })
  refit <- sapply(seq_len(n), function(i) {
    again <- suppressWarnings(glm(formula, binomial(link), births[-i, ], control = sharp))
    f$linkinv(sum(x[i, ] * coef(again)))
  })
  list(step = step, refit = refit)
}
documented <- local({                                           # the formula of SAS's manual, with R's leverages
  x <- model.matrix(full); v <- vcov(full); h <- hatvalues(full)
  sapply(seq_len(n), function(i) plogis(sum(x[i, ] * (coef(full) - v %*% x[i, ] * (y[i] - p[i]) / (1 - h[i])))))
})

write(toJSON(list(
  R = as.character(getRversion()), pROC = as.character(packageVersion("pROC")),
  caret = as.character(packageVersion("caret")),
  y = y, p = p,
  best = best_of(everywhere(y, p)), best_at_a_tenth = best_of(everywhere(y, p, 0.1)),
  proc = list(own = weighted(mean(y)), tenth = weighted(0.1)),
  confusion = list(
    cells = cells, youden = newcombe(wilson), youden_exact = newcombe(exact), mcc = delta(mcc, cells, atanh, tanh),
    kappa = delta(kappa, cells), f2 = delta(f2, cells, qlogis, plogis), jaccard = jaccard,
    f1 = 2 * jaccard / (1 + jaccard), mcnemar_exact = binom.test(cells[2], cells[2] + cells[3])$p.value,
    at_a_tenth = mercaldo(0.1),
    caret = c(posPredValue(predicted, observed, prevalence = 0.1), negPredValue(predicted, observed, prevalence = 0.1))),
  net_benefit = lapply(thresholds, benefit, prevalence = 0.1),
  left_out = c(lapply(c(logit = "logit", probit = "probit", cloglog = "cloglog"), left_out), list(documented = documented))
), digits = I(17), auto_unbox = TRUE), "tests/witness/cutoffs.json")
