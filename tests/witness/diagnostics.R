# Witness values for diagnostics, collinearity and specification tests. Run from the repository:
# Rscript tests/witness/diagnostics.R. R 4.2.2, rms 6.5.0, car. Writes tests/witness/diagnostics.json.
suppressPackageStartupMessages({library(rms); library(jsonlite); library(car)})

births <- read.csv("data/birthwt.csv")
births$race <- factor(births$race)
base <- low ~ age + lwt + race + smoke + ht
sharp <- glm.control(1e-15, 100)
fit <- function(f, data, link = "logit", weights = NULL) {
  data$w_ <- if (is.null(weights)) rep(1, nrow(data)) else weights
  m <- suppressWarnings(glm(f, binomial(link), data, weights = w_, control = sharp))
  # glm stops by the deviance, which is flat at its end; the estimates have more digits to win.
  for (i in 1:20) m <- suppressWarnings(glm(f, binomial(link), data, weights = w_, control = sharp, start = coef(m)))
  m
}

residuals_of <- function(m) list(
  pearson = unname(residuals(m, "pearson")), deviance = unname(residuals(m, "deviance")),
  response = unname(residuals(m, "response")), working = unname(residuals(m, "working")),
  standardized_pearson = unname(rstandard(m, type = "pearson")), standardized_deviance = unname(rstandard(m)),
  likelihood = unname(rstudent(m)), leverage = unname(hatvalues(m)), cook = unname(cooks.distance(m)))

# One Newton step and the refit without a row, in standard errors of the full fit.
moves <- function(m, rows) {
  x <- model.matrix(m); a <- vcov(m); h <- hatvalues(m); mu <- fitted(m)
  w <- m$weights; u <- w * residuals(m, "working")
  se <- sqrt(diag(a))
  list(rows = rows,
       step = t(sapply(rows, function(i) unname(drop(a %*% x[i, ]) * u[i] / (1 - h[i]) / se))),
       exact = t(sapply(rows, function(i) unname((coef(m) - coef(fit(base, births[-i, ], m$family$link))) / se))))
}

belsley <- function(x) {
  s <- svd(sweep(x, 2, sqrt(colSums(x^2)), "/")); phi <- t(s$v^2) / s$d^2
  list(index = s$d[1] / s$d, share = unname(sweep(phi, 2, colSums(phi), "/")))
}

shape <- function(m) {
  eta <- predict(m); y <- m$y; w <- m$prior.weights; link <- m$family$link; p <- fitted(m)
  glm2 <- function(f) suppressWarnings(glm(f, binomial(link), weights = w, control = sharp))
  two <- summary(glm2(y ~ eta + I(eta^2)))$coefficients["I(eta^2)", ]
  za <- 0.5 * eta^2 * (eta >= 0); zb <- -0.5 * eta^2 * (eta < 0); x <- model.matrix(m)
  rao <- anova(glm2(y ~ x - 1), glm2(y ~ x + za + zb - 1), test = "Rao")
  # Osius and Rojek over the covariate patterns (Hosmer, Lemeshow and Sturdivant 2013, 5.2.2)
  key <- apply(x, 1, paste, collapse = " "); one <- !duplicated(key); key <- factor(key, unique(key))
  t_ <- as.vector(tapply(w, key, sum)); o <- as.vector(tapply(w * y, key, sum)); q <- p[one]; v <- t_ * q * (1 - q)
  chi2 <- sum((o - t_ * q)^2 / v); df <- sum(one) - ncol(x)
  rss <- sum(v * lm.wfit(x[one, ], (1 - 2 * q) / v, v)$residuals^2)
  sd <- sqrt(2 * (sum(one) - sum(1 / t_)) + rss)
  list(link = unname(two[1:3]), stukel = rao$Rao[2],
       osius = c(chi2, df, sd, (chi2 - df) / sd))
}

m <- fit(base, births); times <- rep_len(c(1, 2, 3, 1, 5), nrow(births))
l <- lrm(base, births, x = TRUE, y = TRUE, eps = 1e-9)
long <- births[rep(seq_len(nrow(births)), times), ]
lw <- lrm(base, long, x = TRUE, y = TRUE, eps = 1e-9)

births$band <- cut(births$age, c(0, 19, 24, 29, 99), labels = FALSE)
groups <- aggregate(cbind(events = low, n = 1) ~ race + smoke + band, births, sum)
g <- glm(cbind(events, n - events) ~ race + smoke + band, binomial, groups, control = sharp)
quasi <- glm(cbind(events, n - events) ~ race + smoke + band, quasibinomial, groups, control = sharp)

write_json(list(
  versions = list(R = as.character(getRversion()), rms = as.character(packageVersion("rms")), car = as.character(packageVersion("car"))),
  logit = residuals_of(m), probit = residuals_of(fit(base, births, "probit")), cloglog = residuals_of(fit(base, births, "cloglog")),
  grouped = residuals_of(g), groups = groups,
  moves = moves(m, c(13, 147, 183)), moves_cloglog = moves(fit(base, births, "cloglog"), c(13, 147, 183)),
  vif = unname(vif(m)), vif_probit = unname(vif(fit(base, births, "probit"))), vif_rows = unname(vif(fit(base, births, weights = times))),
  belsley = belsley(model.matrix(m)), belsley_weighted = belsley(sqrt(m$weights) * model.matrix(m)),
  shape = shape(m), shape_rows = shape(fit(base, births, weights = times)), shape_probit = shape(fit(base, births, "probit"))["link"],
  shape_cloglog = shape(fit(base, births, "cloglog"))["link"],
  gof = unname(resid(l, "gof")), gof_rows = unname(resid(lw, "gof")),
  quasi = list(dispersion = summary(quasi)$dispersion, table = unname(summary(quasi)$coefficients), deviance = deviance(g), pearson = sum(residuals(g, "pearson")^2), df = df.residual(g))
), "tests/witness/diagnostics.json", digits = NA, auto_unbox = TRUE, na = "null")
