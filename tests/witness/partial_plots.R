# Witness values for added-variable plots, partial residuals, binned residuals and Stukel's tests by likelihood ratio.
# Run from the repository: Rscript tests/witness/partial_plots.R. R 4.2.2, car, performance. Writes
# tests/witness/partial_plots.json.
suppressPackageStartupMessages({library(car); library(splines); library(jsonlite); library(performance)})
pdf(NULL)

births <- read.csv("data/birthwt.csv")
births$race <- factor(births$race)
base <- low ~ age + lwt + race + smoke + ht
sharp <- glm.control(1e-15, 100)
fit <- function(f, data, link = "logit", weights = NULL, offset = NULL) {
  data$w_ <- if (is.null(weights)) rep(1, nrow(data)) else weights
  data$o_ <- if (is.null(offset)) rep(0, nrow(data)) else offset
  m <- suppressWarnings(glm(f, binomial(link), data, weights = w_, offset = o_, control = sharp))
  for (i in 1:20) m <- suppressWarnings(glm(f, binomial(link), data, weights = w_, offset = o_, control = sharp, start = coef(m)))
  m
}

# car::avPlot as it is, but for the stopping rule of the glm that it fits without the column.
columns <- c("age", "smoke", "racewhite")
avPlot <- car:::avPlot.glm
sharper <- function(...) {
  call <- match.call(expand.dots = TRUE); call[[1]] <- quote(stats::glm); call$control <- quote(glm.control(1e-15, 100))
  for (i in 1:10) { m <- eval(call, parent.frame()); call$start <- coef(m) }
  m
}
environment(avPlot) <- list2env(list(glm = sharper), parent = asNamespace("car"))
car_plots <- function(m) lapply(setNames(c("Wang", "Weisberg"), c("wang", "weisberg")), function(type)
  lapply(setNames(columns, columns), function(v) unname(avPlot(m, v, type = type))))
# The same written out, with the offset in the fit without the column and working weights that count trials once.
written_out <- function(m, v, type) {
  x <- model.matrix(m); at <- which(colnames(x) == v)
  start <- NULL
  for (i in 1:20) {
    without <- suppressWarnings(glm.fit(x[, -at], m$y, m$prior.weights, start, offset = m$offset, family = m$family, control = sharp))
    start <- without$coefficients
  }
  p <- without$fitted.values
  y <- (m$y - p) * sqrt(m$prior.weights / (p * (1 - p)))
  wt <- if (type == "wang") m$weights else m$prior.weights
  res <- lm.wfit(x[, -at], x[, at], wt)$residuals
  line <- coef(lm(y ~ res, weights = wt))
  list(x = unname(res), y = unname(y), line = unname(line))
}
both <- function(m, v) lapply(setNames(c("wang", "weisberg"), c("wang", "weisberg")), function(type) written_out(m, v, type))

# Partial residuals of the terms that are made of one variable, and the standard error of their sum.
component <- function(m, terms) {
  part <- predict(m, type = "terms")[, terms, drop = FALSE]
  x <- model.matrix(m); at <- which(attr(x, "assign") %in% match(terms, attr(terms(m), "term.labels")))
  z <- sweep(x[, at, drop = FALSE], 2, colMeans(x[, at, drop = FALSE]))
  list(component = unname(rowSums(part)), partial = unname(rowSums(part) + residuals(m, "working")),
       direct = if (length(terms) == 1) unname(residuals(m, "partial")[, terms]) else NULL,
       std_error = unname(sqrt(rowSums((z %*% vcov(m)[at, at]) * z))), weight = unname(m$weights))
}
# Local lines through (x, y) with weights w: the nearest share of the weight, tricube times w.
local_lines <- function(x, y, w, span) {
  at <- sort(unique(x))
  sapply(at, function(z) {
    d <- abs(at - z); each <- as.vector(tapply(w, x, sum)); o <- order(d)
    reach <- d[o][which(cumsum(each[o]) >= span * sum(w) * (1 - 1e-12))[1]]
    k <- pmax(1 - (abs(x - z) / reach)^3, 0)^3 * (abs(x - z) < reach)
    unname(coef(lm(y ~ I(x - z), weights = k * w))[1])
  })
}

# performance takes its residuals from the fitted values of the model.
binned <- function(d) lapply(as.list(as.data.frame(d))[c("xbar", "ybar", "n", "x.lo", "x.hi", "ci_range")], as.vector)
# arm::binnedplot: breaks at the order statistics, twice the standard deviation over root n.
arm <- function(x, r, m) {
  n <- length(x); at <- floor(n * (1:(m - 1)) / m); breaks <- unique(c(-Inf, sort(x)[at], Inf))
  bin <- cut(x, breaks, labels = FALSE)
  t(sapply(sort(unique(bin)), function(b) { i <- bin == b; c(mean(x[i]), mean(r[i]), sum(i), 2 * sd(r[i]) / sqrt(sum(i))) }))
}

tails <- function(m) {
  eta <- predict(m); x <- model.matrix(m); w <- m$prior.weights; y <- m$y
  z1 <- 0.5 * eta^2 * (eta >= 0); z2 <- -0.5 * eta^2 * (eta < 0)
  refit <- function(more) {
    X <- cbind(x, more); g <- function(s) suppressWarnings(glm(y ~ X - 1, binomial, weights = w, control = sharp, start = s))
    one <- g(NULL); for (i in 1:10) one <- g(coef(one)); one
  }
  small <- refit(NULL)
  one <- function(more, q) {
    large <- refit(more); a <- anova(small, large, test = "LRT"); r <- anova(small, large, test = "Rao")
    s <- summary(large)$coefficients[ncol(x) + seq_len(q), 1:2, drop = FALSE]
    list(lr = a$Deviance[2], df = a$Df[2], p = a[["Pr(>Chi)"]][2], rao = r$Rao[2], table = unname(s))
  }
  list(both = one(cbind(z1, z2), 2), upper = one(cbind(z1), 1), lower = one(cbind(z2), 1))
}

m <- fit(base, births); times <- rep_len(c(1, 2, 3, 1, 5), nrow(births)); shift <- sin(seq_len(nrow(births)))
births$band <- cut(births$age, c(0, 19, 24, 29, 99), labels = FALSE)
groups <- aggregate(cbind(events = low, n = 1) ~ race + smoke + band, births, sum)
g <- glm(cbind(events, n - events) ~ race + smoke + band, binomial, groups, control = sharp)
plain <- function(link) glm(base, binomial(link), births, control = sharp)
pm <- component(m, "age")
write_json(list(
  versions = list(R = as.character(getRversion()), car = as.character(packageVersion("car")), performance = as.character(packageVersion("performance"))),
  car = list(logit = car_plots(m), probit = car_plots(fit(base, births, "probit")), cloglog = car_plots(fit(base, births, "cloglog"))),
  offset = both(fit(base, births, "probit", offset = shift), "lwt"), grouped = both(g, "band"), groups = groups,
  lines = both(m, "lwt"),
  partial = list(
    logit = list(age = pm, lwt = component(m, "lwt")),
    probit = list(age = component(fit(base, births, "probit"), "age")), cloglog = list(age = component(fit(base, births, "cloglog"), "age")),
    square = component(fit(low ~ age + I(age^2) + lwt + smoke, births), c("age", "I(age^2)")),
    spline = component(fit(low ~ bs(age, df = 5) + smoke, births), "bs(age, df = 5)"),
    logarithm = component(fit(low ~ log(lwt) + smoke, births), "log(lwt)"),
    offset = component(fit(base, births, offset = shift), "age")),
  smooth = list(x = sort(unique(births$age)), y = local_lines(births$age, pm$partial, pm$weight, 2 / 3), half = local_lines(births$age, pm$partial, pm$weight, 0.5)),
  binned = binned(suppressWarnings(binned_residuals(plain("logit")))), binned_age = binned(suppressWarnings(binned_residuals(plain("logit"), term = "age", n_bins = 8))),
  arm = arm(fitted(m), births$low - fitted(m), 10), arm_lwt = arm(births$lwt, births$low - fitted(m), 12),
  tails = tails(m), tails_rows = tails(fit(base, births, weights = times)), tails_groups = tails(g)
), "tests/witness/partial_plots.json", digits = NA, auto_unbox = TRUE, na = "null")
