# Witness values for marginal effects, adjusted risks and predictions. Run from the repository: Rscript tests/witness/effects.R
# R 4.2.2. Slopes by central differences of predict() on rows with the number moved (four points), gradients of every
# average by four-point differences over the coefficients, and the delta method with vcov() or sandwich's HC0 and HC3.
# Writes tests/witness/effects.json.
suppressPackageStartupMessages({library(jsonlite); library(sandwich); library(splines)})

births <- read.csv("data/birthwt.csv")
births$race <- factor(births$race)
births$times <- rep_len(c(1, 2, 3), nrow(births))
births$twin <- births$age / 100
sharp <- glm.control(1e-15, 100)

# Fisher scoring stops on the deviance, when estimates are good to 8 digits: go on from there.
fit <- function(formula, family, data, ...) {
  w <- if (length(list(...))) data$times else NULL
  m <- NULL
  for (i in 1:40) m <- do.call(glm, list(formula, family, data, w, start = coef(m), control = sharp))
  m
}

four <- function(f, h) (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h)

# Probability of rows under coefficients, offset included.
chance <- function(m, rows, beta) {
  tt <- delete.response(terms(m))
  frame <- model.frame(tt, rows, xlev = m$xlevels)
  x <- model.matrix(tt, frame, contrasts.arg = m$contrasts)
  off <- model.offset(frame)
  as.numeric(m$family$linkinv(x %*% beta + if (is.null(off)) 0 else off))
}
delta <- function(m, f, V) {
  beta <- coef(m)
  g <- sapply(seq_along(beta), function(j) four(function(h) { b <- beta; b[j] <- b[j] + h; f(b) },
                                                1e-3 * sqrt(vcov(m)[j, j])))
  list(estimate = f(beta), std_error = sqrt(as.numeric(t(g) %*% V %*% g)))
}
slope <- function(m, rows, w, name, V = vcov(m)) delta(m, function(b) {
  each <- four(function(h) { r <- rows; r[[name]] <- r[[name]] * (1 + h); chance(m, r, b) }, 1e-3)
  weighted.mean(each / rows[[name]], w)
}, V)
# Elasticities and their halves, as Stata's margins: e is the logarithm, of y the probability or of x the number.
elastic <- function(m, rows, w, name, of_y, of_x, V = vcov(m)) delta(m, function(b) {
  # With x * (1 + h) the derivative by h is that by the logarithm of x.
  each <- four(function(h) { r <- rows; r[[name]] <- r[[name]] * (1 + h); chance(m, r, b) }, 1e-3)
  if (!of_x) each <- each / rows[[name]]
  if (of_y) each <- each / chance(m, rows, b)
  weighted.mean(each, w)
}, V)
log_chance <- function(m, rows, w, name, value, b) weighted.mean(log(chance(m, put(rows, name, value), b)), w)
put <- function(rows, name, value) { rows[[name]][] <- value; rows }
plus <- function(rows, name, value) { rows[[name]] <- rows[[name]] + value; rows }
mean_at <- function(m, rows, w, name, value, b) weighted.mean(chance(m, put(rows, name, value), b), w)
risk <- function(m, rows, w, name, value, V = vcov(m)) delta(m, function(b) mean_at(m, rows, w, name, value, b), V)
compare <- function(m, rows, w, name, one, other, f, V = vcov(m))
  delta(m, function(b) f(mean_at(m, rows, w, name, one, b), mean_at(m, rows, w, name, other, b)), V)
minus <- function(p, q) p - q
log_ratio <- function(p, q) log(p / q)
log_odds <- function(p, q) qlogis(p) - qlogis(q)

ones <- rep(1, nrow(births))
out <- list()
for (link in c("logit", "probit", "cloglog")) {
  m <- fit(low ~ age + I(age^2) + log(lwt) + race * smoke + ht, binomial(link), births)
  one <- list()
  for (name in c("age", "lwt")) one[[name]] <- slope(m, births, ones, name)
  one$age_HC0 <- slope(m, births, ones, "age", vcovHC(m, "HC0"))
  one$age_HC3 <- slope(m, births, ones, "age", vcovHC(m, "HC3"))
  one$age_at_20_white <- slope(m, put(put(births, "age", 20), "race", "white"), ones, "age")
  for (level in c("other", "white")) one[[level]] <- compare(m, births, ones, "race", level, "black", minus)
  one$white_other <- compare(m, births, ones, "race", "white", "other", minus)
  one$smoke <- compare(m, births, ones, "smoke", 1, 0, minus)
  one$smoke_log_ratio <- compare(m, births, ones, "smoke", 1, 0, log_ratio)
  one$smoke_log_odds <- compare(m, births, ones, "smoke", 1, 0, log_odds)
  one$smoke_white <- compare(m, put(births, "race", "white"), ones, "smoke", 1, 0, minus)
  one$lwt_plus_10 <- delta(m, function(b)
    mean(chance(m, plus(births, "lwt", 10), b)) - mean(chance(m, births, b)), vcov(m))
  for (level in c("black", "other", "white")) one[[paste0("risk_", level)]] <- risk(m, births, ones, "race", level)
  one$lwt_100 <- risk(m, births, ones, "lwt", 100)
  typical <- put(put(put(births[1, ], "age", mean(births$age)), "lwt", mean(births$lwt)), "race", "white")
  typical <- put(put(typical, "smoke", 0), "ht", 0)
  one$typical_age <- slope(m, typical, 1, "age")
  se <- predict(m, put(typical, "age", 30), se.fit = TRUE)
  one$typical_age_30 <- list(eta = as.numeric(se$fit), se = as.numeric(se$se.fit))

  for (name in c("age", "lwt")) {
    one[[paste0("eyex_", name)]] <- elastic(m, births, ones, name, TRUE, TRUE)
    one[[paste0("eydx_", name)]] <- elastic(m, births, ones, name, TRUE, FALSE)
    one[[paste0("dyex_", name)]] <- elastic(m, births, ones, name, FALSE, TRUE)
    q <- quantile(births[[name]], c(0.25, 0.75), type = 7)
    one[[paste0("iqr_", name)]] <- compare(m, births, ones, name, q[[2]], q[[1]], minus)
    one[[paste0("minmax_", name)]] <- compare(m, births, ones, name, max(births[[name]]), min(births[[name]]), minus)
  }
  one$eyex_age_HC0 <- elastic(m, births, ones, "age", TRUE, TRUE, vcovHC(m, "HC0"))
  one$eyex_age_at_20_white <- elastic(m, put(put(births, "age", 20), "race", "white"), ones, "age", TRUE, TRUE)
  one$eydx_white <- delta(m, function(b) log_chance(m, births, ones, "race", "white", b) -
                                         log_chance(m, births, ones, "race", "black", b), vcov(m))
  one$eyex_typical_age <- elastic(m, typical, 1, "age", TRUE, TRUE)

  w <- fit(low ~ age + race + smoke * lwt, binomial(link), births, weighted = TRUE)
  one$weighted_eyex_lwt <- elastic(w, births, births$times, "lwt", TRUE, TRUE)
  often <- rep(births$lwt, births$times)
  q <- quantile(often, c(0.25, 0.75), type = 7)
  one$weighted_iqr_lwt <- compare(w, births, births$times, "lwt", q[[2]], q[[1]], minus)
  one$weighted_lwt <- slope(w, births, births$times, "lwt")
  one$weighted_smoke <- compare(w, births, births$times, "smoke", 1, 0, minus)

  s <- fit(low ~ ns(age, knots = c(20, 26), Boundary.knots = c(14, 45)) * smoke, binomial(link), births)
  one$spline_age <- slope(s, births, ones, "age")

  o <- fit(low ~ age + lwt + offset(age / 100), binomial(link), births)
  one$offset_age <- slope(o, births, ones, "age")
  one$eyex_offset_age <- elastic(o, births, ones, "age", TRUE, TRUE)
  out[[link]] <- one
}
write_json(out, "tests/witness/effects.json", digits = I(17), auto_unbox = TRUE, pretty = TRUE)
