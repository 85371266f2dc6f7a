# Witness values for ridge penalties. Run from the repository: Rscript tests/witness/ridge.R
# The maximum of log-likelihood - strength / 2 * sum of squared coefficients is found by Newton steps written out here,
# with the covariance (I + P)^-1 I (I + P)^-1 and tr I (I + P)^-1 (Gray 1992); glmnet (alpha = 0, lambda = strength / n)
# and rms::lrm (penalty on the columns' variances with divisor n - 1) stand beside it. Writes tests/witness/ridge.json.
suppressPackageStartupMessages({library(jsonlite); library(glmnet); library(rms)})
births <- read.csv("data/birthwt.csv")
births$race <- factor(births$race)
times <- rep_len(c(1, 2, 3, 1, 5), nrow(births))
offsets <- births$ftv / 10

columns <- function() model.matrix(~ age + lwt + race + smoke + ptl + ht + ui, births)

# log-likelihood, and first and second derivative by eta, of one trial
derivatives <- function(eta, y, link) {
  if (link == "logit") {
    p <- plogis(eta)
    return(list(l = ifelse(y == 1, plogis(eta, log.p = TRUE), plogis(-eta, log.p = TRUE)), one = y - p,
                two = -p * (1 - p), info = p * (1 - p)))
  }
  if (link == "probit") {
    s <- ifelse(y == 1, 1, -1); r <- exp(dnorm(eta, log = TRUE) - pnorm(s * eta, log.p = TRUE))
    info <- exp(2 * dnorm(eta, log = TRUE) - pnorm(eta, log.p = TRUE) - pnorm(-eta, log.p = TRUE))
    return(list(l = pnorm(s * eta, log.p = TRUE), one = s * r, two = -r * (s * eta + r), info = info))
  }
  h <- exp(eta); q <- h / expm1(h)
  list(l = ifelse(y == 1, log(-expm1(-h)), -h), one = ifelse(y == 1, q, -h),
       two = ifelse(y == 1, q * (1 - h - q), -h), info = h * q)
}

ridge <- function(x, y, link, strength, standardized, w = rep(1, length(y)), offset = rep(0, length(y)), free = 1) {
  mean <- colSums(w * x) / sum(w)
  unit <- if (standardized) sqrt(colSums(w * sweep(x, 2, mean)^2) / sum(w)) else rep(1, ncol(x))
  p <- strength * unit^2
  p[free] <- 0
  beta <- rep(0, ncol(x))
  objective <- function(b) sum(w * derivatives(drop(x %*% b) + offset, y, link)$l) - sum(p * b^2) / 2
  for (step in 1:200) {
    d <- derivatives(drop(x %*% beta) + offset, y, link)
    score <- drop(crossprod(x, w * d$one)) - p * beta
    move <- solve(crossprod(x, -d$two * w * x) + diag(p, ncol(x)), score)
    size <- 1
    while (objective(beta + size * move) < objective(beta) - 1e-9 && size > 1e-6) size <- size / 2
    beta <- beta + size * move
  }
  d <- derivatives(drop(x %*% beta) + offset, y, link)
  info <- crossprod(x, d$info * w * x)
  inverse <- solve(info + diag(p, ncol(x)))
  list(beta = unname(beta), se = unname(sqrt(diag(inverse %*% info %*% inverse))), df = sum(diag(info %*% inverse)),
       loglik = sum(w * d$l), objective = objective(beta))
}

x <- columns()
y <- births$low
found <- list()
for (link in c("logit", "probit", "cloglog")) {
  for (strength in c(0.3, 5, 200)) {
    for (standardized in c(TRUE, FALSE)) {
      name <- paste(link, strength, if (standardized) "standardized" else "raw", sep = "_")
      found[[name]] <- ridge(x, y, link, strength, standardized)
    }
  }
  found[[paste0(link, "_weights")]] <- ridge(x, y, link, 5, TRUE, times)
  found[[paste0(link, "_offset")]] <- ridge(x, y, link, 5, TRUE, offset = offsets)
  found[[paste0(link, "_no_intercept")]] <- ridge(x[, -1], y, link, 5, TRUE, free = integer(0))
}

net <- function(strength, standardized) {
  m <- glmnet(x[, -1], y, "binomial", alpha = 0, lambda = strength / length(y), standardize = standardized,
              thresh = 1e-24, maxit = 1e7)
  as.numeric(coef(m))
}
found$glmnet_5_standardized <- net(5, TRUE)
found$glmnet_5_raw <- net(5, FALSE)

# Numbers alone: lrm penalises factors in another way.
m <- lrm(low ~ age + lwt + smoke + ptl + ht + ui, births, penalty = 7, tol = 1e-14, eps = 1e-14, maxit = 100)

found$lrm_7 <- list(beta = as.numeric(coef(m)), objective = -m$deviance[2] / 2, effective = as.numeric(m$effective.df.diagonal))

versions <- list(R = R.version.string, glmnet = as.character(packageVersion("glmnet")),
                 rms = as.character(packageVersion("rms")))
write(toJSON(list(versions = versions, names = colnames(x), found = found), digits = NA, auto_unbox = TRUE, pretty = TRUE),
      "tests/witness/ridge.json")
