# Witness values for Vuong's test of variance and the intervals of AIC and BIC. Run from the repository:
# Rscript tests/witness/vuong.R
# nonnest2 is not needed: its formulas are written out (Vuong 1989, theorem 4.1; Merkle, You & Preacher 2016), with the
# observed information, which for the logit is vcov()'s. The weighted sum of chi-squares is Imhof's integral (1961) by
# integrate(). Writes tests/witness/vuong.json.
suppressPackageStartupMessages(library(jsonlite))
births <- read.csv("data/birthwt.csv")
times <- rep_len(c(1, 2, 3, 1, 5), nrow(births))
sharp <- glm.control(1e-15, 100)

polished <- function(f, data, link) {
  m <- suppressWarnings(glm(f, binomial(link), data, control = sharp))
  for (again in 1:30) m <- suppressWarnings(glm(f, binomial(link), data, control = sharp, start = coef(m)))
  m
}
# First and second derivative of the log-likelihood of each row by eta, for y = 0 and 1.
derivatives <- function(m) {
  eta <- predict(m); y <- m$y; link <- m$family$link
  if (link == "logit") {
    p <- plogis(eta); return(list(one = y - p, two = -p * (1 - p)))
  }
  if (link == "probit") {
    s <- ifelse(y == 1, 1, -1); r <- exp(dnorm(eta, log = TRUE) - pnorm(s * eta, log.p = TRUE))
    return(list(one = s * r, two = -r * (s * eta + r)))
  }
  h <- exp(eta); q <- h / expm1(h)  # cloglog: log p = log(1 - exp(-h)), log(1 - p) = -h
  list(one = ifelse(y == 1, q, -h), two = ifelse(y == 1, q * (1 - h - q), -h))
}
loglik_of <- function(m) ifelse(m$y == 1, log(fitted(m)), log(1 - fitted(m)))

imhof <- function(q, lambda) {
  theta <- function(u) rowSums(atan(outer(u, lambda))) / 2 - q * u / 2
  rho <- function(u) exp(rowSums(log1p(outer(u, lambda)^2)) / 4)
  f <- function(u) ifelse(u == 0, (sum(lambda) - q) / 2, sin(theta(u)) / (u * rho(u)))
  # Between the zeros of the sine the parts alternate; short pieces keep every one exact.
  cuts <- c(0, 10^seq(-3, 6, length.out = 400)) / max(lambda)
  parts <- sapply(seq_len(length(cuts) - 1), function(i)
    integrate(f, cuts[i], cuts[i + 1], rel.tol = 1e-11, abs.tol = 1e-15, subdivisions = 2000L,
              stop.on.error = FALSE)$value)
  0.5 + sum(parts) / pi
}
tested <- function(a, b) {
  da <- derivatives(a); db <- derivatives(b); n <- length(a$y)
  xa <- model.matrix(a); xb <- model.matrix(b)
  A <- crossprod(xa, da$two * xa) / n; C <- crossprod(xb, db$two * xb) / n
  sa <- da$one * xa; sb <- db$one * xb
  W <- rbind(cbind(-crossprod(sa) %*% solve(A), -crossprod(sa, sb) %*% solve(C)),
             cbind(crossprod(sb, sa) %*% solve(A), crossprod(sb) %*% solve(C))) / n
  lambda <- Re(eigen(W)$values)
  m <- loglik_of(b) - loglik_of(a)
  omega2 <- mean(m^2) - mean(m)^2
  z <- qnorm(0.975)
  k <- length(coef(b)) - length(coef(a))
  aic <- -2 * sum(m) + 2 * k; bic <- -2 * sum(m) + k * log(n); se <- sqrt(4 * n * omega2)
  list(statistic = n * omega2, squares = sort(lambda^2, decreasing = TRUE), p = imhof(n * omega2, lambda^2),
       aic = c(aic, se, aic - z * se, aic + z * se), bic = c(bic, se, bic - z * se, bic + z * se))
}
small <- low ~ age + lwt + race
other <- low ~ lwt + ui + ptl
third <- low ~ smoke * ht + age
repeated <- births[rep(seq_len(nrow(births)), times), ]
of <- function(data, link) {
  m <- lapply(list(small, other, third), polished, data, link)
  list(one = tested(m[[1]], m[[2]]), two = tested(m[[1]], m[[3]]), three = tested(m[[2]], m[[3]]))
}
out <- list(
  versions = list(R = R.version.string), logit = of(births, "logit"), probit = of(births, "probit"),
  cloglog = of(births, "cloglog"), repeated = of(repeated, "logit"),
  links = tested(polished(small, births, "logit"), polished(other, births, "cloglog")))
write_json(out, "tests/witness/vuong.json", digits = I(17), auto_unbox = TRUE, pretty = TRUE)
