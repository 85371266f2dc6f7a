# Witness values for the statistics of predicted probabilities. Run from the repository: Rscript tests/witness/scores.R
# R 4.2.2, pROC 1.18.0, rms 6.5.0, Hmisc 4.8.0, caret 6.0.93. Writes tests/witness/scores.json.
suppressPackageStartupMessages({library(pROC); library(rms); library(Hmisc); library(caret); library(jsonlite)})

births <- read.csv("data/birthwt.csv")
arrests <- read.csv("data/arrests.csv")
sharp <- glm.control(1e-15, 100)
ten <- read.csv("data/scores.csv")

rounded <- function(p) round(p, 2)                      # many ties, as scorecards have them
full <- glm(low ~ age + lwt + factor(race) + smoke + ptl + ht + ui + ftv, binomial, births, control = sharp)
small <- glm(low ~ smoke + ht, binomial, births, control = sharp)        # four distinct probabilities
released <- glm(I(released == "Yes") ~ colour + age + sex + employed + citizen + checks, binomial, arrests, control = sharp)

# Pairs counted one by one.
pairs <- function(y, p) {
  d <- outer(p[y == 1], p[y == 0], "-")
  d[abs(d) < 1e-13] <- 0
  C <- sum(d > 0); D <- sum(d < 0); T <- sum(d == 0); n <- length(y)
  list(concordant = C, discordant = D, tied = T, somers_d = (C - D) / (C + D + T), gamma = (C - D) / (C + D),
       tau_a = (C - D) / (n * (n - 1) / 2), c = (C + T / 2) / (C + D + T))
}

area <- function(y, p) {
  r <- roc(y, p, direction = "<", quiet = TRUE)
  ci <- ci.auc(r, method = "delong")
  list(auc = as.numeric(auc(r)), std_error = sqrt(var(r, method = "delong")), low = ci[1], high = ci[3])
}

# pROC puts its thresholds between two scores; the observed score is the first at or above.
best <- function(y, p, method) {
  r <- roc(y, p, direction = "<", quiet = TRUE)
  got <- coords(r, "best", best.method = method, ret = c("threshold", "sensitivity", "specificity"), transpose = FALSE)
  got$cutoff <- sapply(got$threshold, function(t) min(p[p >= t]))
  as.list(got)
}

recalibration <- function(y, p) {
  v <- val.prob(p, y, pl = FALSE)
  large <- glm(y ~ offset(qlogis(p)), family = binomial, control = sharp)
  line <- glm(y ~ qlogis(p), family = binomial, control = sharp)
  se <- sqrt(diag(vcov(line)))
  list(val_prob = c(unname(v["Intercept"]), unname(v["Slope"])), brier = unname(v["Brier"]),
       spiegelhalter_z = unname(v["S:z"]), spiegelhalter_p = unname(v["S:p"]), unreliability_p = unname(v["U:p"]),
       unreliability = unname(v["U"]), n = length(y),
       intercept = unname(coef(line)[1]), slope = unname(coef(line)[2]),
       in_the_large = unname(coef(large)), in_the_large_se = sqrt(vcov(large)[1, 1]),
       intercept_se = unname(se[1]), slope_se = unname(se[2]))
}

# Hosmer & Lemeshow as in ResourceSelection::hoslem.test, written out.
lack_of_fit <- function(y, p, g) {
  breaks <- unique(quantile(p, probs = seq(0, 1, 1 / g), type = 7))
  group <- droplevels(cut(p, breaks = breaks, include.lowest = TRUE))
  n <- as.vector(table(group)); o <- as.vector(tapply(y, group, sum)); e <- as.vector(tapply(p, group, sum))
  chi2 <- sum((o - e)^2 / e + ((n - o) - (n - e))^2 / (n - e)); df <- length(n) - 2
  list(n = n, events = o, expected = e, chi2 = chi2, df = df, p_value = pchisq(chi2, df, lower.tail = FALSE))
}

table_of <- function(y, p, cutoff) {
  level <- c("no", "yes")
  m <- confusionMatrix(factor(ifelse(p >= cutoff, "yes", "no"), level), factor(ifelse(y == 1, "yes", "no"), level),
                       positive = "yes")
  wilson <- function(x, n) { r <- prop.test(x, n, correct = FALSE)$conf.int; as.numeric(r) }
  t <- m$table
  c(as.list(m$byClass), as.list(m$overall),
    list(tp = t[2, 2], fp = t[2, 1], fn = t[1, 2], tn = t[1, 1],
         wilson_sensitivity = wilson(t[2, 2], sum(t[, 2])), wilson_accuracy = wilson(sum(diag(t)), sum(t))))
}

# Groups of SAS PROC RANK GROUPS=10 DESCENDING TIES=MEAN: floor(rank * groups / (n + 1)).
tenths <- function(y, p, g = 10) {
  group <- floor(rank(-p, ties.method = "average") * g / (length(p) + 1)) + 1
  list(number = sort(unique(group)), n = as.vector(table(group)), events = as.vector(tapply(y, group, sum)),
       expected = as.vector(tapply(p, group, sum)), low = as.vector(tapply(p, group, min)))
}

ks <- function(y, p) unname(suppressWarnings(ks.test(p[y == 1], p[y == 0]))$statistic)

everything <- function(y, p, cutoff) list(
  y = y, p = p, cutoff = cutoff, pairs = pairs(y, p), somers2 = as.list(somers2(p, y)), area = area(y, p),
  youden = best(y, p, "youden"), closest = best(y, p, "closest.topleft"), recalibration = recalibration(y, p),
  lack_of_fit = lack_of_fit(y, p, 10), confusion = table_of(y, p, cutoff), tenths = tenths(y, p), ks = ks(y, p))

y <- births$low
shrunk <- plogis(0.6 * qlogis(fitted(full)) - 0.3)      # a miscalibrated score of the same rows
p_arrests <- signif(fitted(released), 15)
twoscores <- roc.test(roc(y, fitted(full), direction = "<", quiet = TRUE), roc(y, births$lwt * -1, direction = "<",
                      quiet = TRUE), paired = TRUE, method = "delong")
logs <- function(fit) list(loglik = as.numeric(logLik(fit)), null_deviance = fit$null.deviance, deviance = deviance(fit),
  aic = AIC(fit), bic = BIC(fit), pearson = sum(residuals(fit, "pearson")^2), k = length(coef(fit)), n = nobs(fit),
  eta_variance = mean((predict(fit) - mean(predict(fit)))^2),
  tjur = diff(as.vector(tapply(fitted(fit), fit$y, mean))),
  efron = 1 - sum((fit$y - fitted(fit))^2) / sum((fit$y - mean(fit$y))^2))
births$origin <- factor(births$race)
lrm_full <- lrm(low ~ age + lwt + origin + smoke + ptl + ht + ui + ftv, births)
grouped <- aggregate(cbind(s = low, n = 1) ~ race + smoke + ht, births, sum)
g <- glm(cbind(s, n - s) ~ factor(race) + smoke + ht, binomial, grouped, control = sharp)

write_json(list(
  ten = everything(ten$disease, ten$probability, 0.35),
  births = everything(y, unname(fitted(full)), 0.4),
  births_rounded = everything(y, unname(rounded(fitted(full))), 0.4),
  births_shrunk = everything(y, unname(shrunk), 0.3),
  arrests = everything(as.integer(arrests$released == "Yes"), unname(p_arrests), 0.8)[-(1:2)],
  small = lack_of_fit(y, unname(fitted(small)), 10),
  compare = list(auc = unname(twoscores$estimate), z = unname(twoscores$statistic), p_value = twoscores$p.value,
                 interval = as.numeric(twoscores$conf.int)),
  fits = list(logit = logs(full), probit = logs(update(full, family = binomial("probit"))),
              cloglog = logs(update(full, family = binomial("cloglog")))),
  nagelkerke = unname(lrm_full$stats["R2"]), lr_chi2 = unname(lrm_full$stats["Model L.R."]),
  lr_p = pchisq(unname(lrm_full$stats["Model L.R."]), 9, lower.tail = FALSE),
  grouped = list(rows = grouped, deviance = deviance(g), df = df.residual(g), pearson = sum(residuals(g, "pearson")^2),
                 p_deviance = pchisq(deviance(g), df.residual(g), lower.tail = FALSE)),
  tails = list(chi2_2000_5_log = pchisq(2000, 5, lower.tail = FALSE, log.p = TRUE),
               chi2_1e5_1_log = pchisq(1e5, 1, lower.tail = FALSE, log.p = TRUE),
               normal_60_log = log(2) + pnorm(60, lower.tail = FALSE, log.p = TRUE)),
  exact = as.numeric(binom.test(7, 19)$conf.int), wilson = as.numeric(prop.test(7, 19, correct = FALSE)$conf.int)
), "tests/witness/scores.json", digits = NA, auto_unbox = TRUE, na = "null")
