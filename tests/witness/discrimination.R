# Witness values for discrimination. Run from the repository: Rscript tests/witness/discrimination.R
# R 4.2.2, pROC 1.18.0, rms 6.5.0, Hmisc 4.8.0. Writes tests/witness/discrimination.json.
suppressPackageStartupMessages({library(pROC); library(rms); library(jsonlite)})

births <- read.csv("data/birthwt.csv")
sharp <- glm.control(1e-15, 100)
full <- fitted(glm(low ~ age + lwt + factor(race) + smoke + ptl + ht + ui + ftv, binomial, births, control = sharp))
some <- fitted(glm(low ~ age + lwt, binomial, births, control = sharp))
few <- fitted(glm(low ~ smoke + ht, binomial, births, control = sharp))
y <- births$low
cases <- list(full = unname(full), rounded = unname(round(full, 2)), few = unname(round(few, 8)),
              backwards = unname(round(1 - some, 2)))

signs <- function(y, p) {                       # concordance of every pair of rows
  s <- sign(outer(p, p, "-")) * sign(outer(y, y, "-"))
  s[abs(outer(p, p, "-")) < 1e-13] <- 0
  s
}

# Goodman & Kruskal's asymptotic standard error of gamma, as SAS PROC FREQ prints it, over the table's cells; and the
# one of Somers' D (C|R) with outcomes as rows.
ase <- function(y, p) {
  table <- unclass(table(y, round(p, 12))); n <- sum(table); R <- nrow(table); C <- ncol(table)
  A <- D <- table * 0
  for (i in 1:R) for (j in 1:C) {
    A[i, j] <- sum(table[seq_len(R) > i, seq_len(C) > j]) + sum(table[seq_len(R) < i, seq_len(C) < j])
    D[i, j] <- sum(table[seq_len(R) > i, seq_len(C) < j]) + sum(table[seq_len(R) < i, seq_len(C) > j])
  }
  P <- sum(table * A); Q <- sum(table * D)
  w <- n^2 - sum(rowSums(table)^2); d <- A - D
  list(gamma = 4 / (P + Q)^2 * sqrt(sum(table * (Q * A - P * D)^2)),
       somers_d = 2 / w^2 * sqrt(sum(table * (w * d - (P - Q) * (n - rowSums(table)))^2)))
}

# Tau-a left out one row at a time.
jackknife <- function(y, p) {
  s <- signs(y, p); n <- length(y)
  without <- sapply(1:n, function(i) sum(s[-i, -i]) / ((n - 1) * (n - 2)))
  list(tau_a = sum(s) / (n * (n - 1)), std_error = sqrt((n - 1) / n * sum((without - mean(without))^2)))
}

binned <- function(y, p, width) {
  b <- floor(p / width); d <- outer(b[y == 1], b[y == 0], "-")
  C <- sum(d > 0); D <- sum(d < 0); T <- sum(d == 0)
  list(concordant = C, discordant = D, tied = T, c = (C + T / 2) / (C + D + T), gamma = (C - D) / (C + D))
}

curve <- function(y, p) roc(y, p, direction = "<", quiet = TRUE)

logit_interval <- function(r) {
  a <- as.numeric(auc(r)); plogis(qlogis(a) + c(-1, 1) * qnorm(.975) * sqrt(var(r)) / (a * (1 - a)))
}

read_at <- function(r) {
  at <- c(.05, .3, .5, .77, .8, .9, .95, 1)
  list(at = at, sensitivity = coords(r, at, input = "specificity", ret = "sensitivity", transpose = FALSE)[, 1],
       specificity = coords(r, at, input = "sensitivity", ret = "specificity", transpose = FALSE)[, 1])
}

ranges <- list(c(.9, 1), c(.8, .95), c(0, 1), c(.33, .47), c(.905, .911))
partial <- function(r) lapply(ranges, function(range) lapply(c("specificity", "sensitivity"), function(focus)
  list(range = range, focus = focus,
       area = as.numeric(auc(r, partial.auc = range, partial.auc.focus = focus)),
       standardised = as.numeric(suppressWarnings(auc(r, partial.auc = range, partial.auc.focus = focus,
                                                      partial.auc.correct = TRUE))))))

smirnov <- function(y, p) {
  e <- p[y == 1]; f <- p[y == 0]
  got <- function(x, y, alternative) {
    test <- function(exact) suppressWarnings(ks.test(x, y, alternative = alternative, exact = exact))
    list(distance = unname(test(TRUE)$statistic), exact = test(TRUE)$p.value, asymptotic = test(FALSE)$p.value)
  }
  # Not got(e, f, "less"): with ties its exact p in R 4.2.2 is not that of all orders of the outcomes, as counting them
  # shows (x = 2 2 2 3 3, y = 1 2 2 2 2 3: 0.121 instead of 0.424), for the walk is that of "greater" in any case.
  list(two_sided = got(e, f, "two.sided"), plus = got(f, e, "greater"), minus = got(e, f, "greater"))
}

of_case <- function(p) {
  r <- curve(y, p)
  list(p = p, ase = ase(y, p), jackknife = jackknife(y, p), delong = sqrt(var(r)), logit = logit_interval(r),
       binned = binned(y, p, .002), coords = read_at(r), partial = partial(r), ks = smirnov(y, p))
}

set.seed(20)
boot <- function(r) {
  times <- 10000
  part <- ci.auc(auc(r, partial.auc = c(1, .8)), boot.n = times, progress = "none")
  list(area = as.numeric(ci.auc(r, method = "bootstrap", boot.n = times, progress = "none")),
       std_error = sqrt(var(r, method = "bootstrap", boot.n = times, progress = "none")),
       partial = as.numeric(part),
       partial_error = sqrt(var(auc(r, partial.auc = c(1, .8)), method = "bootstrap", boot.n = times, progress = "none")),
       sensitivity = as.numeric(ci.se(r, specificities = .9, boot.n = times, progress = "none")),
       specificity = as.numeric(ci.sp(r, sensitivities = .9, boot.n = times, progress = "none")))
}

# Rows of two groups: areas on different rows.
unpaired <- function() {
  g <- births$smoke == 1
  one <- curve(y[g], full[g]); other <- curve(y[!g], full[!g])
  test <- roc.test(one, other, paired = FALSE, method = "delong")
  list(statistic = unname(test$statistic), df = unname(test$parameter), p_value = test$p.value,
       areas = c(auc(one), auc(other)), errors = sqrt(c(var(one), var(other))))
}

# Three scores of the same rows: DeLong's chi-square from pROC's variances and covariances.
several <- function() {
  r <- list(curve(y, full), curve(y, some), curve(y, births$age))
  V <- outer(1:3, 1:3, Vectorize(function(i, j) if (i == j) var(r[[i]]) else cov(r[[i]], r[[j]])))
  L <- rbind(c(1, -1, 0), c(1, 0, -1)); theta <- sapply(r, auc)
  chi2 <- drop(t(L %*% theta) %*% solve(L %*% V %*% t(L)) %*% (L %*% theta))
  pair <- roc.test(r[[2]], r[[3]], paired = TRUE, method = "delong")
  list(some = unname(some), statistic = chi2, p_value = pchisq(chi2, 2, lower.tail = FALSE),
       pair_z = unname(pair$statistic), pair_p = pair$p.value)
}

paired_bootstrap <- function() {
  test <- roc.test(curve(y, full), curve(y, some), paired = TRUE, method = "bootstrap", boot.n = 10000, progress = "none")
  list(z = unname(test$statistic), p_value = test$p.value)
}

# Lorenz curve of the events over rows by rising score, ties straight.
lorenz <- function(p) {
  events <- tapply(y, round(p, 12), sum); rows <- tapply(y, round(p, 12), length)
  x <- c(0, cumsum(rows) / sum(rows)); h <- c(0, cumsum(events) / sum(events))
  1 - 2 * sum(diff(x) * (h[-1] + h[-length(h)]) / 2)
}

planning <- function() {
  A <- sqrt(2) * qnorm(c(.8, .7))
  two <- list(A1 = A[1], B1 = 1, A2 = A[2], B2 = 1, rn = .5, ra = .6, delta = .1)
  list(power = power.roc.test(auc = .7, ncases = 41, ncontrols = 72)$power,
       power_one_sided = power.roc.test(auc = .7, ncases = 15, ncontrols = 30, alternative = "one.sided")$power,
       events = power.roc.test(auc = .7, power = .9, kappa = 2)$ncases,
       two_events = power.roc.test(two, power = .8, kappa = 1.5)$ncases,
       two_power = power.roc.test(two, ncases = 60, ncontrols = 90)$power)
}

lrm_indices <- function() {
  f <- lrm(low ~ age + lwt, births)
  list(p = unname(plogis(f$linear.predictors)), c = unname(f$stats["C"]), somers_d = unname(f$stats["Dxy"]),
       gamma = unname(f$stats["Gamma"]), tau_a = unname(f$stats["Tau-a"]))
}

write_json(list(y = y, cases = lapply(cases, of_case), bootstrap = boot(curve(y, full)), unpaired = unpaired(),
                several = several(), paired_bootstrap = paired_bootstrap(), lorenz = lapply(cases, lorenz),
                planning = planning(), lrm = lrm_indices(),
                versions = list(R = R.version.string, pROC = as.character(packageVersion("pROC")),
                                rms = as.character(packageVersion("rms")))),
           "tests/witness/discrimination.json", digits = NA, auto_unbox = TRUE, na = "string", pretty = FALSE)
