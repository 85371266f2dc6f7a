# Witness values for comparison and selection of models. Run from the repository: Rscript tests/witness/comparison.R
# R 4.2.2, pROC, Hmisc (improveProb, which PredictABEL calls), MASS. Writes tests/witness/comparison.json.
suppressPackageStartupMessages({library(pROC); library(Hmisc); library(MASS); library(jsonlite)})

births <- read.csv("data/birthwt.csv")
arrests <- read.csv("data/arrests.csv")
arrests$y <- as.integer(arrests$released == "Yes")
times <- rep_len(c(1, 2, 3, 1, 5), nrow(births))
sharp <- glm.control(1e-15, 100)
fit <- function(f, data, link = "logit") {
  # Written out in the call, so that update(), drop1() and step() find everything.
  eval(bquote(suppressWarnings(glm(.(f), binomial(.(link)), .(substitute(data)), control = sharp))), parent.frame())
}

# R stops when the deviance does; for links that are not canonical the estimates are then right to 8 digits only. Each
# start from them is a step more.
polished <- function(f, data, link) {
  m <- suppressWarnings(glm(f, binomial(link), data, control = sharp))
  for (again in 1:12) m <- suppressWarnings(glm(f, binomial(link), data, control = sharp, start = coef(m)))
  m
}
indices <- function(m) {
  n <- nobs(m); k <- length(coef(m)); p <- fitted(m); y <- m$y
  l <- as.numeric(logLik(m)); l0 <- -m$null.deviance / 2
  list(n = n, events = sum(y), parameters = k, loglik = l, aic = AIC(m), bic = BIC(m),
       aicc = AIC(m) + 2 * k * (k + 1) / (n - k - 1), mcfadden = 1 - l / l0,
       nagelkerke = (1 - exp(2 * (l0 - l) / n)) / (1 - exp(2 * l0 / n)),
       tjur = mean(p[y == 1]) - mean(p[y == 0]), auc = as.numeric(auc(roc(y, p, quiet = TRUE, direction = "<"))),
       brier = mean((y - p)^2), log_loss = -mean(ifelse(y == 1, log(p), log(1 - p))))
}
loglik_of <- function(m) ifelse(m$y == 1, log(fitted(m)), log(1 - fitted(m)))
mean_test <- function(d) list(value = mean(d), std_error = sd(d) / sqrt(length(d)),
                              p = 2 * pnorm(-abs(mean(d) / (sd(d) / sqrt(length(d))))))
vuong <- function(a, b) {
  m <- loglik_of(b) - loglik_of(a); n <- length(m); k <- length(coef(b)) - length(coef(a))
  s <- sqrt(n) * sqrt(mean(m^2) - mean(m)^2)
  list(z = sum(m) / s, aic = (sum(m) - k) / s, bic = (sum(m) - k / 2 * log(n)) / s)
}
improved <- function(p, q, y) {
  i <- improveProb(p, q, y)
  list(nri = i$nri, nri_se = i$se.nri, nri_events = i$nri.ev, nri_nonevents = i$nri.ne,
       nri_events_se = i$se.nri.ev, nri_nonevents_se = i$se.nri.ne,
       idi = i$idi, idi_se = i$se.idi, idi_events = i$improveSens, idi_nonevents = i$improveSpec)
}
pair <- function(a, b, cutoffs) {
  y <- a$y; p <- fitted(a); q <- fitted(b)
  delong <- roc.test(roc(y, q, quiet = TRUE, direction = "<"), roc(y, p, quiet = TRUE, direction = "<"),
                     method = "delong", paired = TRUE)
  category <- function(x) (findInterval(x, cutoffs)) / 10
  categorical <- improveProb(category(p), category(q), y)
  list(auc = unname(delong$estimate[1] - delong$estimate[2]), auc_z = unname(delong$statistic), auc_p = delong$p.value,
       brier = mean_test((y - q)^2 - (y - p)^2), log_loss = mean_test(loglik_of(a) - loglik_of(b)),
       vuong = vuong(a, b), improved = improved(p, q, y),
       categorical = list(nri = categorical$nri, se = categorical$se.nri, events = categorical$nri.ev,
                          nonevents = categorical$nri.ne))
}
nested <- function(a, b) { t <- anova(a, b, test = "LRT"); list(chi2 = t$Deviance[2], df = t$Df[2], p = t$`Pr(>Chi)`[2]) }

small <- low ~ age + lwt + race
large <- low ~ age + lwt + race + smoke + ht
other <- low ~ lwt + ui + ptl
compared <- function(data, link) {
  s <- polished(small, data, link); l <- polished(large, data, link); o <- polished(other, data, link)
  aic <- c(AIC(s), AIC(l), AIC(o)); w <- exp(-(aic - min(aic)) / 2)
  list(small = indices(s), large = indices(l), other = indices(o), weights = w / sum(w),
       lr = nested(s, l), nested = pair(s, l, c(.2, .4)), apart = pair(s, o, c(.2, .4)))
}
repeated <- births[rep(seq_len(nrow(births)), times), ]

# The steps of a search: "- age", "+ ptl", and AIC (or BIC) after each.
path <- function(m) list(step = sub("^([-+]) *", "\\1 ", as.character(m$anova$Step)), aic = m$anova$AIC)
birth_full <- fit(low ~ age + lwt + race + smoke + ptl + ht + ui + ftv, births)
birth_null <- fit(low ~ 1, births)
crossed <- fit(low ~ (age + lwt + race + smoke)^2 + ptl + ht + ui, births)
arrest_full <- fit(y ~ (colour + age + sex + employed + citizen + checks)^2 + year, arrests)
arrest_null <- fit(y ~ 1, arrests)
quiet <- function(...) path(stepAIC(..., trace = 0))

# Selection by p-values of likelihood ratio tests, first what leaves, then what enters.
by_p <- function(m, upper, enter, remove, adds, drops) {
  steps <- c(); p_values <- c()
  repeat {
    if (drops && length(attr(terms(m), "term.labels"))) {
      d <- drop1(m, test = "LRT"); p <- d$`Pr(>Chi)`
      if (max(p, na.rm = TRUE) > remove) {
        worst <- rownames(d)[which.max(p)]; steps <- c(steps, paste("-", worst)); p_values <- c(p_values, max(p, na.rm = TRUE))
        m <- update(m, paste(". ~ . -", worst)); next
      }
    }
    if (!adds) break
    a <- tryCatch(add1(m, upper, test = "LRT"), error = function(e) NULL)
    if (is.null(a) || !(min(a$`Pr(>Chi)`, na.rm = TRUE) <= enter)) break
    p <- a$`Pr(>Chi)`; best <- rownames(a)[which.min(p)]
    steps <- c(steps, paste("+", best)); p_values <- c(p_values, min(p, na.rm = TRUE)); m <- update(m, paste(". ~ . +", best))
  }
  list(step = steps, p = p_values, deviance = deviance(m))
}

out <- list(
  versions = list(R = R.version.string, pROC = as.character(packageVersion("pROC")),
                  Hmisc = as.character(packageVersion("Hmisc")), MASS = as.character(packageVersion("MASS"))),
  logit = compared(births, "logit"), probit = compared(births, "probit"), cloglog = compared(births, "cloglog"),
  repeated = compared(repeated, "logit"),
  births = list(
    backward = quiet(birth_full, direction = "backward"), both = quiet(birth_full, direction = "both"),
    forward = quiet(birth_null, scope = formula(birth_full), direction = "forward"),
    both_null = quiet(birth_null, scope = formula(birth_full), direction = "both"),
    bic = quiet(birth_full, direction = "backward", k = log(nrow(births))),
    crossed = quiet(crossed, direction = "both"),
    crossed_bic = quiet(crossed, direction = "backward", k = log(nrow(births))),
    kept = quiet(crossed, direction = "backward", k = log(nrow(births)), scope = list(lower = ~ race * smoke)),
    p_forward = by_p(birth_null, formula(birth_full), 0.15, 0.15, TRUE, FALSE),
    p_backward = by_p(birth_full, formula(birth_full), 0.05, 0.05, FALSE, TRUE),
    p_both = by_p(birth_null, formula(birth_full), 0.1, 0.12, TRUE, TRUE)),
  arrests = list(
    both = quiet(arrest_full, direction = "both"), backward = quiet(arrest_full, direction = "backward"),
    bic = quiet(arrest_full, direction = "both", k = log(nrow(arrests))),
    forward = quiet(arrest_null, scope = formula(arrest_full), direction = "forward"),
    p_both = by_p(arrest_null, formula(arrest_full), 0.05, 0.05, TRUE, TRUE)))
write_json(out, "tests/witness/comparison.json", digits = 17, auto_unbox = TRUE, pretty = TRUE, na = "null")
