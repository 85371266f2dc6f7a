# Witness values for linearity and two-way tables. Run from the repository: Rscript tests/witness/linearity.R
# R 4.2.2, rms 6.5.0, Hmisc 4.8.0. Writes tests/witness/linearity.json.
suppressPackageStartupMessages({library(rms); library(jsonlite)})

births <- read.csv("data/birthwt.csv")
arrests <- read.csv("data/arrests.csv")
arrests$y <- as.integer(arrests$released == "Yes")
sharp <- glm.control(1e-15, 100)
times <- rep_len(c(1, 2, 3, 1, 5), nrow(births))
sample_weight <- rep_len(c(0.5, 2, 1.25, 0.75, 3, 1, 0.1), nrow(births))

cell <- function(x, edges) cut(x, edges, right = FALSE, include.lowest = TRUE)
quantile_edges <- function(x, g) unique(quantile(x, (0:g) / g, type = 7))

# Likelihood ratio of a larger model; the score test of it (R's anova(test = "Rao")).
against <- function(small, large) {
  lr <- anova(small, large, test = "LRT"); rao <- anova(small, large, test = "Rao")
  list(lr = lr$Deviance[2], df = lr$Df[2], p = lr$`Pr(>Chi)`[2], rao = rao$Rao[2], aic = AIC(large))
}

shapes <- function(base, data, name, edges, link = "logit", weights = NULL) {
  data$w_ <- if (is.null(weights)) rep(1, nrow(data)) else weights
  x <- rep(data[[name]], data$w_)
  knots <- quantile(x, c(.05, .35, .65, .95), type = 7)
  data$x_ <- data[[name]]; data$bin_ <- cell(data[[name]], edges)
  data$s1_ <- rcspline.eval(data$x_, knots = knots)[, 1]; data$s2_ <- rcspline.eval(data$x_, knots = knots)[, 2]
  fit <- function(f) suppressWarnings(glm(f, binomial(link), data, weights = w_, control = sharp))
  small <- fit(base); without <- update(base, paste(". ~ . -", name))
  rao <- anova(small, fit(update(base, . ~ . + bin_)), test = "Rao")
  list(knots = unname(knots),
       line = AIC(small), spline = against(small, fit(update(base, . ~ . + s1_ + s2_))),
       box_tidwell = against(small, fit(update(base, . ~ . + I(x_ * log(x_))))),
       square = against(small, fit(update(base, . ~ . + I(x_^2)))),
       logarithm = AIC(fit(update(without, . ~ . + log(x_)))), bins = AIC(fit(update(without, . ~ . + bin_))),
       lack = rao$Rao[2], lack_df = rao$Df[2],
       n = as.vector(tapply(data$w_, data$bin_, sum)), events = as.vector(tapply(data$w_ * small$y, data$bin_, sum)),
       expected = as.vector(tapply(data$w_ * fitted(small), data$bin_, sum)),
       z = unname(sapply(levels(data$bin_), function(b) {
         d <- data; d$one_ <- as.integer(d$bin_ == b)
         large <- suppressWarnings(glm(update(base, . ~ . + one_), binomial(link), d, weights = w_, control = sharp))
         o <- sum((d$w_ * (small$y - fitted(small)))[d$bin_ == b])
         sign(o) * sqrt(anova(glm(base, binomial(link), d, weights = w_, control = sharp), large, test = "Rao")$Rao[2])
       })))
}

# The score test that holds under importance weights and clusters (Boos 1992), written out.
robust_score <- function(small, Z, cluster = NULL) {
  X <- model.matrix(small); w <- small$prior.weights; p <- fitted(small); u <- w * (small$y - p)
  A <- crossprod(cbind(X, Z) * (w * p * (1 - p)), cbind(X, Z)); k <- ncol(X); S <- cbind(X, Z) * u
  if (!is.null(cluster)) { S <- rowsum(S, cluster); B <- crossprod(S) * nrow(S) / (nrow(S) - 1) } else B <- crossprod(S)
  off <- cbind(-A[-(1:k), 1:k, drop = FALSE] %*% solve(A[1:k, 1:k]), diag(ncol(Z)))
  U <- off %*% colSums(S); V <- off %*% B %*% t(off)
  as.numeric(t(U) %*% solve(V, U))
}
base <- low ~ age + lwt + factor(race) + smoke + ht
weighted <- suppressWarnings(glm(base, binomial, births, weights = sample_weight, control = sharp))
plain <- glm(base, binomial, births, control = sharp)
knots_of <- function(x) quantile(x, c(.05, .35, .65, .95), type = 7)
lwt_spline <- rcspline.eval(births$lwt, knots = knots_of(births$lwt))
age_spline <- rcspline.eval(births$age, knots = knots_of(births$age))
clusters <- rep_len(0:16, nrow(births))

# The variance of observed less expected events under importance weights, by the influence of each row.
influence_z <- function(small, bin, w) {
  X <- model.matrix(small); p <- fitted(small); y <- small$y
  A <- crossprod(X * (w * p * (1 - p)), X)
  sapply(levels(bin), function(b) {
    g <- as.integer(bin == b); J <- colSums(X * (g * p * (1 - p)))
    psi <- (y - p) * (g - w * as.vector(X %*% solve(A, J)))
    sum(g * (y - p)) / sqrt(sum(psi^2))
  })
}

# Two-way tables.
two_way <- function(data, first, second) {
  data$a_ <- factor(data[[first]]); data$b_ <- factor(data[[second]])
  g <- aggregate(cbind(e = data$y, n = 1), list(a = data$a_, b = data$b_), sum)
  small <- suppressWarnings(glm(cbind(e, n - e) ~ a + b, binomial, g, control = sharp))
  large <- suppressWarnings(glm(cbind(e, n - e) ~ a * b, binomial, g, control = sharp))
  lr <- anova(small, large, test = "LRT")
  list(a = as.character(g$a), b = as.character(g$b), n = g$n, events = g$e, expected = unname(fitted(small) * g$n),
       lr = small$deviance, df = small$df.residual, p = pchisq(small$deviance, small$df.residual, lower.tail = FALSE),
       effect = unname(coef(small)[grep("^b", names(coef(small)))]),
       error = unname(sqrt(diag(vcov(small)))[grep("^b", names(coef(small)))]))
}
births$y <- births$low
births$age_bin <- cell(births$age, quantile_edges(births$age, 5))
mh <- function(data, first, second) {
  t <- table(data[[second]], data$y, data[[first]]); keep <- apply(t, 3, sum) > 0
  m <- mantelhaen.test(t[, , keep], correct = FALSE)
  list(ratio = unname(m$estimate), low = m$conf.int[1], high = m$conf.int[2], chi2 = unname(m$statistic), p = m$p.value)
}

write_json(list(
  births_age = shapes(base, births, "age", quantile_edges(births$age, 5)),
  births_lwt = shapes(base, births, "lwt", quantile_edges(births$lwt, 5)),
  births_lwt_probit = shapes(base, births, "lwt", quantile_edges(births$lwt, 5), "probit")[c("spline", "box_tidwell", "square", "logarithm", "line", "lack", "lack_df", "expected")],
  births_lwt_cloglog = shapes(base, births, "lwt", quantile_edges(births$lwt, 5), "cloglog")[c("spline", "square", "logarithm", "line", "lack", "lack_df")],
  births_counted = shapes(base, births, "lwt", quantile_edges(rep(births$lwt, times), 5), weights = times),
  arrests_age = shapes(y ~ colour + age + sex + employed + citizen + checks, arrests, "age", quantile_edges(arrests$age, 10)),
  weighted = list(lwt = robust_score(weighted, lwt_spline), age = robust_score(weighted, age_spline),
                  tidwell = robust_score(weighted, cbind(births$lwt * log(births$lwt))),
                  z = unname(influence_z(weighted, births$age_bin, sample_weight))),
  clustered = list(lwt = robust_score(plain, lwt_spline, clusters), age = robust_score(plain, age_spline, clusters)),
  two_way = list(age_smoke = two_way(births, "age_bin", "smoke"), race_ht = two_way(births, "race", "ht"),
                 checks_colour = two_way(arrests, "checks", "colour")),
  mh = list(race_smoke = mh(births, "race", "smoke"), age_smoke = mh(births, "age_bin", "smoke"),
            checks_colour = mh(arrests, "checks", "colour")),
  holm = p.adjust(c(0.01, 0.04, 0.03, 0.005, 0.5), "holm"), holm_p = c(0.01, 0.04, 0.03, 0.005, 0.5)
), "tests/witness/linearity.json", digits = NA, auto_unbox = TRUE, na = "null")
