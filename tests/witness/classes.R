# Witness values for predicted classes, three and more. Run from the repository: Rscript tests/witness/classes.R
# R 4.2.2, pROC 1.18.0, caret 6.0.93, psych 2.2.9. Writes tests/witness/classes.json.
suppressPackageStartupMessages({library(pROC); library(caret); library(psych); library(jsonlite)})

# Four classes of unequal size, whose probabilities are informative and not calibrated; `coarse` has many ties, and
# probabilities of 0.
set.seed(7)
n <- 240
size <- c(1.4, 0.9, 0.5, 0.2)
eta <- matrix(rnorm(4 * n), n) + rep(log(size), each = n)
true <- exp(eta) / rowSums(exp(eta))
y <- apply(true, 1, function(p) sample(4, 1, prob = p))
blurred <- exp(1.6 * eta + matrix(rnorm(4 * n, sd = 0.6), n))
fine <- blurred / rowSums(blurred)
coarse <- round(fine * 20)
coarse[rowSums(coarse) == 0, 1] <- 1
coarse <- coarse / rowSums(coarse)
level <- letters[1:4]
outcome <- factor(level[y], levels = level)
sharp <- glm.control(1e-15, 100)

first <- function(p) factor(level[apply(p, 1, function(r) which(r >= max(r) * (1 - 1e-12))[1])], levels = level)

agreement <- function(p) {
  called <- first(p)
  m <- confusionMatrix(called, outcome, mode = "everything")
  # psych's variance of a weighted kappa is not that of Fleiss, Cohen & Everitt; only its values are taken.
  quadratic <- cohen.kappa(cbind(as.integer(outcome), as.integer(called)))
  linear <- cohen.kappa(cbind(as.integer(outcome), as.integer(called)), w = 1 - abs(outer(1:4, 1:4, "-")) / 3)
  list(counts = unclass(t(m$table)), accuracy = m$overall[["Accuracy"]], kappa = m$overall[["Kappa"]],
       null = m$overall[["AccuracyNull"]], p = m$overall[["AccuracyPValue"]],
       recall = unname(m$byClass[, "Sensitivity"]), specificity = unname(m$byClass[, "Specificity"]),
       precision = unname(m$byClass[, "Precision"]), f1 = unname(m$byClass[, "F1"]),
       kappa_psych = quadratic$kappa, kappa_var = quadratic$var.kappa, quadratic = quadratic$weighted.kappa,
       linear = linear$weighted.kappa)
}

areas <- function(p) {
  one <- lapply(1:4, function(k) roc(y == k, p[, k], direction = "<", levels = c(FALSE, TRUE), quiet = TRUE))
  colnames(p) <- level
  # Hand & Till's M by pROC's own function for a matrix (">" is its word for a larger probability in the own class),
  # and A(i|j) by counting pairs.
  pair <- function(i, j) {
    d <- outer(p[y == i, i], p[y == j, i], "-")
    d[abs(d) < 1e-13] <- 0
    mean((d > 0) + (d == 0) / 2)
  }
  directed <- outer(1:4, 1:4, Vectorize(function(i, j) if (i == j) NA else pair(i, j)))
  list(auc = sapply(one, function(r) as.numeric(auc(r))), var = sapply(one, var),
       low = sapply(one, function(r) ci.auc(r)[1]), high = sapply(one, function(r) ci.auc(r)[3]),
       hand_till = as.numeric(multiclass.roc(outcome, p, direction = ">", quiet = TRUE)$auc), directed = directed)
}

# Fagerland, Hosmer & Bofin (2008), written out: rows grouped by 1 - p of the reference, sum of (O - E)^2 / E.
fagerland <- function(p, reference, g) {
  score <- 1 - p[, reference]
  group <- cut(score, unique(quantile(score, 0:g / g)), include.lowest = TRUE)
  o <- table(group, outcome)
  e <- sapply(1:4, function(k) tapply(p[, k], group, sum))
  chi2 <- sum((o - e)^2 / e)
  df <- (nrow(o) - 2) * 3
  list(groups = nrow(o), chi2 = chi2, df_fitted = df, p_fitted = pchisq(chi2, df, lower.tail = FALSE),
       df_new = nrow(o) * 3, p_new = pchisq(chi2, nrow(o) * 3, lower.tail = FALSE))
}

calibrated <- function(p) lapply(1:4, function(k) {
  q <- p[, k]
  large <- glm(y == k ~ offset(qlogis(q)), family = binomial, control = sharp)
  line <- glm(y == k ~ qlogis(q), family = binomial, control = sharp)
  curve <- loess(as.numeric(y == k) ~ q, control = loess.control(surface = "direct"))
  list(large = coef(summary(large))[1, 1:2], slope = coef(summary(line))[2, 1:2], ici = mean(abs(fitted(curve) - q)))
})

# All 17 digits, which write_json does not write.
exact <- function(p) matrix(sprintf("%.17g", p), nrow(p))

result <- list(
  versions = list(R = R.version.string, pROC = as.character(packageVersion("pROC")),
                  caret = as.character(packageVersion("caret")), psych = as.character(packageVersion("psych"))),
  outcome = level[y], fine = exact(fine), coarse = exact(coarse),
  fine_agreement = agreement(fine), coarse_agreement = agreement(coarse),
  fine_areas = areas(fine), coarse_areas = areas(coarse),
  fagerland = list(first_10 = fagerland(fine, 1, 10), third_6 = fagerland(fine, 3, 6)),
  calibration = calibrated(fine)
)
write_json(result, "tests/witness/classes.json", digits = 17, auto_unbox = TRUE, na = "null", matrix = "rowmajor")
