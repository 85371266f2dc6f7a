# Witness values for calibration: smooth curves, indices, components, subgroups, recalibration.
# Run from the repository: Rscript tests/witness/calibration.R. Writes tests/witness/calibration.json.
suppressPackageStartupMessages({library(rms); library(jsonlite); library(pROC)})

births <- read.csv("data/birthwt.csv")
arrests <- read.csv("data/arrests.csv")
sharp <- glm.control(1e-15, 100)
full <- glm(low ~ age + lwt + factor(race) + smoke + ptl + ht + ui + ftv, binomial, births, control = sharp)
half <- glm(low ~ age + lwt + smoke + ht, binomial, births[births$age < 24, ], control = sharp)
arrests <- arrests[seq(1, nrow(arrests), 4), ]
released <- glm(I(released == "Yes") ~ colour + age + sex + employed + checks, binomial, arrests, control = sharp)
deviance_of <- function(y, p) -2 * sum(log(ifelse(y == 1, p, 1 - p)))

cases <- list(
  births = list(y = births$low, p = unname(fitted(full)), by = births$race),
  births_rounded = list(y = births$low, p = round(unname(fitted(full)), 2), by = births$smoke),
  births_elsewhere = list(y = births$low, p = unname(predict(half, births, type = "response")), by = births$race),
  arrests_shrunk = list(y = as.numeric(arrests$released == "Yes"), p = plogis(0.2 + 0.7 * qlogis(unname(fitted(released)))),
                        by = arrests$colour)
)

measures <- function(p, smooth) {
  e <- abs(p - smooth)
  list(ici = mean(e), e50 = unname(quantile(e, 0.5)), e90 = unname(quantile(e, 0.9)), emax = max(e))
}

# Austin & Steyerberg (2019): loess of the outcomes on p, here computed directly; standard errors of its hat matrix, each
# row with its own squared residual.
by_loess <- function(y, p) {
  curve <- function(v) fitted(loess(v ~ p, surface = "direct", statistics = "none"))
  smooth <- unname(curve(y))
  found <- measures(p, smooth)
  if (length(y) < 500) {
    found$smooth <- smooth
    hat <- sapply(seq_along(y), function(i) curve(as.numeric(seq_along(y) == i)))
    found$std_error <- sqrt(drop(hat^2 %*% (y - smooth)^2))
  }
  found
}

by_val_prob <- function(y, p) {
  v <- val.prob(p, y, pl = FALSE)
  exact <- lowess(p, y, iter = 0, delta = 0)
  c(as.list(v), list(exact_x = exact$x, exact_y = exact$y))
}

# A restricted cubic spline of logit(p), knots at the smallest p with 5, 35, 65 and 95 percent of the rows at or below.
by_spline <- function(y, p) {
  x <- qlogis(p)
  knots <- qlogis(quantile(p, c(0.05, 0.35, 0.65, 0.95), type = 1, names = FALSE))
  fit <- glm(y ~ rcspline.eval(x, knots, inclx = TRUE), family = binomial, control = sharp)
  link <- predict(fit, se.fit = TRUE)
  c(measures(p, unname(fitted(fit))), list(smooth = unname(fitted(fit)), link = unname(link$fit), link_se = unname(link$se.fit)))
}

line_of <- function(y, p) {
  x <- qlogis(p)
  line <- glm(y ~ x, family = binomial, control = sharp)
  null <- glm(y ~ 1, family = binomial, control = sharp)
  n <- length(y)
  grid <- seq(0.0005, 0.9995, by = 0.0005)
  list(r2 = (1 - exp((line$deviance - null$deviance) / n)) / (1 - exp(-null$deviance / n)),
       emax = max(abs(grid - plogis(coef(line)[1] + coef(line)[2] * qlogis(grid)))),
       lr_fixed = null$deviance - deviance_of(y, p), lr_line = null$deviance - line$deviance, n = n)
}

# Pool adjacent violators on the rows in order, ties of p given their mean first.
rising <- function(y, p) {
  p <- signif(p, 12)
  m <- tapply(y, p, mean); w <- as.vector(table(p))
  block <- seq_along(m); rate <- as.vector(m); size <- w
  repeat {
    k <- which(diff(rate) < 0)[1]
    if (is.na(k)) break
    rate[k] <- (rate[k] * size[k] + rate[k + 1] * size[k + 1]) / (size[k] + size[k + 1])
    size[k] <- size[k] + size[k + 1]
    rate <- rate[-(k + 1)]; size <- size[-(k + 1)]
    block[block > k] <- block[block > k] - 1
  }
  unname(rate[block][match(p, as.numeric(names(m)))])
}

xlog <- function(a, b) ifelse(a == 0, 0, a * log(b))
components <- function(y, p) {
  r <- rising(y, p); base <- mean(y)
  brier <- function(q) mean((y - q)^2)
  loss <- function(q) -mean(xlog(y, q) + xlog(1 - y, 1 - q))
  list(fitted = r,
       brier = c(brier(p), brier(p) - brier(r), brier(base) - brier(r), brier(base)),
       log_score = c(loss(p), loss(p) - loss(r), loss(base) - loss(r), loss(base)))
}

# Murphy (1973) with the terms of Stephenson, Coelho & Jolliffe (2008) within groups.
murphy <- function(y, p, group) {
  f <- ave(p, group); o <- ave(y, group); n <- length(y)
  list(reliability = sum((f - o)^2) / n, resolution = sum((o - mean(y))^2) / n, uncertainty = mean(y) * (1 - mean(y)),
       within_variance = sum((p - f)^2) / n, within_covariance = 2 * sum((y - o) * (p - f)) / n,
       ece = sum(abs(f - o)) / n, mce = max(abs(f - o)))
}
tenths <- function(p) cut(p, unique(quantile(p, 0:10 / 10)), include.lowest = TRUE)

subgroups <- function(y, p, by) {
  x <- qlogis(p); g <- factor(by)
  one <- lapply(split(seq_along(y), g), function(i) {
    line <- glm(y[i] ~ x[i], family = binomial, control = sharp)
    large <- glm(y[i] ~ offset(x[i]), family = binomial, control = sharp)
    r <- roc(y[i], p[i], direction = "<", quiet = TRUE)
    list(n = length(i), events = sum(y[i]), intercept = unname(coef(large)), intercept_se = sqrt(vcov(large)[1, 1]),
         slope = unname(coef(line)[2]), slope_se = sqrt(vcov(line)[2, 2]), ratio = sum(p[i]) / sum(y[i]),
         brier = mean((y[i] - p[i])^2), brier_se = sd((y[i] - p[i])^2) / sqrt(length(i)), auc = as.numeric(auc(r)),
         auc_se = sqrt(var(r)), ici = mean(abs(p[i] - fitted(loess(y[i] ~ p[i], surface = "direct")))))
  })
  same <- glm(y ~ offset(x), family = binomial, control = sharp)
  own <- glm(y ~ g + offset(x), family = binomial, control = sharp)
  line <- glm(y ~ x, family = binomial, control = sharp)
  slope <- glm(y ~ g + x, family = binomial, control = sharp)
  both <- glm(y ~ g * x, family = binomial, control = sharp)
  test <- function(a, b) { df <- a$df.residual - b$df.residual; c2 <- a$deviance - b$deviance
    list(chi2 = c2, df = df, p = pchisq(c2, df, lower.tail = FALSE)) }
  list(groups = one, intercepts = test(same, own), slopes = test(slope, both), both = test(line, both))
}

updated <- function(y, p) {
  x <- qlogis(p)
  line <- glm(y ~ x, family = binomial, control = sharp)
  large <- glm(y ~ offset(x), family = binomial, control = sharp)
  beta <- glm(y ~ log(p) + I(-log1p(-p)), family = binomial, control = sharp)
  log_p <- glm(y ~ log(p), family = binomial, control = sharp)
  log_q <- glm(y ~ I(-log1p(-p)), family = binomial, control = sharp)
  d0 <- deviance_of(y, p)
  list(intercept = unname(coef(large)), intercept_se = sqrt(vcov(large)[1, 1]), line = unname(coef(line)),
       line_se = unname(sqrt(diag(vcov(line)))), line_fitted = unname(fitted(line)), large_fitted = unname(fitted(large)),
       log_p = unname(coef(log_p)), log_q = unname(coef(log_q)), log_p_deviance = log_p$deviance, log_q_deviance = log_q$deviance,
       beta = unname(coef(beta)), beta_se = unname(sqrt(diag(vcov(beta)))), beta_fitted = unname(fitted(beta)),
       chi2 = c(d0 - line$deviance, large$deviance - line$deviance, d0 - large$deviance))
}

slim <- function(found) if (is.list(found)) lapply(found, slim) else if (length(found) > 500) NULL else found
out <- lapply(cases, function(case) with(case, c(list(y = y, p = p, by = by), slim(list(
  loess = by_loess(y, p), val_prob = by_val_prob(y, p), spline = by_spline(y, p),
  line = line_of(y, p), components = components(y, p), groups = murphy(y, p, tenths(p)), distinct = murphy(y, p, p),
  subgroups = subgroups(y, p, by), updated = updated(y, p), brier_se = sd((y - p)^2) / sqrt(length(y)))))))
set.seed(4)
untied <- list(p = round(runif(200), 6)); untied$y <- rbinom(200, 1, untied$p^2)
stopifnot(!anyDuplicated(untied$p))
untied$isoreg <- isoreg(untied$p, untied$y)$yf        # in the order of p
tied <- list(p = rep(c(0.1, 0.2, 0.3, 0.4, 0.5, 0.7), c(3, 2, 80, 5, 1, 2)))
tied$y <- rep_len(c(0, 1, 1, 0, 0), length(tied$p))
tied$lowess <- lowess(tied$p, tied$y, iter = 0, delta = 0)
out$untied <- untied; out$tied <- tied
out$versions <- c(R.version.string, sapply(c("rms", "pROC"), function(x) paste(x, packageVersion(x))))
write_json(out, "tests/witness/calibration.json", digits = 17, auto_unbox = TRUE)
