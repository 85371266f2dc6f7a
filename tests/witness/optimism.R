# Witness values for the validation by the bootstrap. Run from the repository: Rscript tests/witness/optimism.R
# R 4.2.2, rms 6.5.0, Hmisc 4.8.0. Writes tests/witness/optimism.json.
#
# Resamples are given by how often each row is in them, so that nothing depends on anybody's random numbers.
suppressPackageStartupMessages({library(rms); library(Hmisc); library(jsonlite)})

births <- read.csv("data/birthwt.csv")
n <- nrow(births)
form <- low ~ age + lwt + race + smoke + ptl + ht + ui
times <- function(b) ((0:(n - 1)) * (b + 2) + b) %% 4 %% 3

# What rms::validate.lrm looks at, of rows y with linear predictor x.
looked <- function(y, x) {
  f <- lrm.fit(x, y, eps = 1e-13, maxit = 200)
  p <- plogis(x); a <- f$coefficients[[1]]; b <- f$coefficients[[2]]; m <- length(y)
  chi2 <- f$deviance[[1]] - f$deviance[[2]]
  raw <- -2 * sum(y * log(p) + (1 - y) * log1p(-p))
  c <- somers2(p, y)[["C"]]
  d <- (chi2 - 1) / m; u <- (raw - f$deviance[[2]] - 2) / m
  list(dxy = 2 * c - 1, c = c, r2 = f$stats[["R2"]], intercept = a, slope = b, d = d, u = u, q = d - u,
       brier = mean((y - p)^2), g = GiniMd(b * x), gp = GiniMd(plogis(a + b * x)))
}

one <- function(b) {
  rows <- births[rep(seq_len(n), times(b)), ]
  fit <- glm(form, binomial, rows, control = glm.control(1e-15, 100))
  list(training = looked(rows$low, predict(fit)), test = looked(births$low, predict(fit, births)))
}

# The same of the model that step() chooses in the resample, all eight terms being candidates.
searched <- function(b, k) {
  rows <- births[rep(seq_len(n), times(b)), ]
  full <- glm(low ~ age + lwt + race + smoke + ptl + ht + ui + ftv, binomial, rows, control = glm.control(1e-15, 100))
  # step() looks for the data where the formula was made.
  assign("rows", rows, envir = .GlobalEnv)
  fit <- step(full, direction = "backward", k = if (k == "bic") log(nrow(rows)) else 2, trace = 0)
  list(terms = attr(terms(fit), "term.labels"), training = looked(rows$low, predict(fit)),
       test = looked(births$low, predict(fit, births)))
}

emax <- function(a, b) {
  p <- seq(0.0005, 0.9995, by = 0.0005)
  max(abs(p - plogis(a + b * qlogis(p))))
}

write_json(list(
  resamples = lapply(1:5, one),
  searched = list(aic = lapply(1:5, searched, "aic"), bic = lapply(1:5, searched, "bic")),
  apparent = looked(births$low, predict(glm(form, binomial, births, control = glm.control(1e-15, 100)))),
  emax = list(list(a = -0.2, b = 0.7, value = emax(-0.2, 0.7)), list(a = 0.4, b = 1.2, value = emax(0.4, 1.2)))
), "tests/witness/optimism.json", auto_unbox = TRUE, digits = NA, pretty = TRUE)
