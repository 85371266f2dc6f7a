# Witness values for deciles, stability and monitoring. Run from the repository: Rscript tests/witness/deciles.R
# R 4.2.2, pROC 1.18.0. Writes tests/witness/deciles.json.
suppressPackageStartupMessages({library(pROC); library(jsonlite)})

births <- read.csv("data/birthwt.csv")
arrests <- read.csv("data/arrests.csv")
sharp <- glm.control(1e-15, 100)

tenths <- function(p, g = 10) floor(rank(-p, ties.method = "average") * g / (length(p) + 1)) + 1

# Cochran-Armitage over the groups, and the test of each pair of neighbours in reversed order.
trend <- function(y, p, g = 10) {
  group <- tenths(p, g)
  number <- sort(unique(group)); n <- as.vector(table(group)); x <- as.vector(tapply(y, group, sum))
  t <- suppressWarnings(prop.trend.test(x, n, number))
  rate <- x / n
  at <- which(diff(rate) > 1e-12)
  pairs <- lapply(at, function(i) {
    r <- suppressWarnings(prop.test(x[c(i, i + 1)], n[c(i, i + 1)], correct = FALSE))
    list(first = number[i], second = number[i + 1], chi2 = unname(r$statistic), p_value = r$p.value)
  })
  list(chi2 = unname(t$statistic), p_value = t$p.value, pairs = pairs)
}

# New scores in the deciles of old ones: the lowest old score of each decile is its cut-off.
index <- function(a, e) {
  n <- sum(a); m <- sum(e)
  a2 <- ifelse(a == 0 & e > 0, 0.5, a) / n; e2 <- ifelse(e == 0 & a > 0, 0.5, e) / m
  part <- ifelse(a == 0 & e == 0, 0, (a2 - e2) * log(a2 / e2))
  df <- sum(a > 0 | e > 0) - 1
  list(psi = sum(part), p_value = pchisq(sum(part) / (1 / n + 1 / m), df, lower.tail = FALSE), df = df,
       reach = (1 / n + 1 / m) * qchisq(0.95, df))
}
cutoffs <- function(p, g = 10) sort(as.vector(tapply(p, tenths(p, g), min)))[-1]
placed <- function(p, cuts) as.vector(table(factor(findInterval(p, cuts), 0:length(cuts))))

full <- glm(low ~ age + lwt + factor(race) + smoke + ptl + ht + ui + ftv, binomial, births, control = sharp)
small <- glm(low ~ smoke + ht, binomial, births, control = sharp)
y <- births$low

# Monitoring: a model of the arrests before 1999, followed over the years from then on.
arrests$y <- as.integer(arrests$released == "Yes")
old <- arrests[arrests$year < 1999, ]; new <- arrests[arrests$year >= 1999, ]
fit <- glm(y ~ colour + age + sex + employed + citizen + checks, binomial, old, control = sharp)
p_old <- signif(fitted(fit), 12)                        # so that rounding parts no ties
cuts <- cutoffs(p_old)
roc_old <- roc(old$y, p_old, direction = "<", quiet = TRUE)
# Age in type-7 quantile bins [low, high), the last closed; values outside are in the outermost bin.
edges <- unique(quantile(old$age, 0:10 / 10, type = 7))
age <- function(x) as.vector(table(factor(findInterval(x, edges[-c(1, length(edges))]), 0:(length(edges) - 2))))
levels_of <- function(column) { l <- sort(unique(old[[column]])); function(x) c(as.vector(table(factor(x, l))), sum(!x %in% l)) }
by_year <- lapply(split(new, new$year), function(d) {
  p <- signif(unname(predict(fit, d, type = "response")), 12)
  r <- roc(d$y, p, direction = "<", quiet = TRUE)
  se <- sqrt(var(r, method = "delong") + var(roc_old, method = "delong"))
  z <- (as.numeric(auc(r)) - as.numeric(auc(roc_old))) / se
  large <- summary(glm(y ~ offset(qlogis(p)), binomial, d, control = sharp))$coefficients
  line <- summary(glm(y ~ qlogis(p), binomial, d, control = sharp))$coefficients
  ci <- ci.auc(r, method = "delong")
  csi <- lapply(c("colour", "sex", "employed", "citizen", "checks"), function(column) {
    f <- levels_of(column); index(f(d[[column]]), f(old[[column]]))$psi
  })
  names(csi) <- c("colour", "sex", "employed", "citizen", "checks")
  w <- prop.test(sum(d$y), nrow(d), correct = FALSE)$conf.int
  list(year = d$year[1], n = nrow(d), events = sum(d$y), low = w[1], high = w[2], mean_predicted = mean(p),
       score = index(placed(p, cuts), placed(p_old, cuts)), csi = c(csi, list(age = index(age(d$age), age(old$age))$psi)),
       auc = as.numeric(auc(r)), auc_low = ci[1], auc_high = ci[3],
       auc_difference = as.numeric(auc(r)) - as.numeric(auc(roc_old)), auc_p = 2 * pnorm(-abs(z)),
       in_the_large = large[1, 1], in_the_large_p = large[1, 4], slope = line[2, 1],
       slope_p = 2 * pnorm(-abs((line[2, 1] - 1) / line[2, 2])), brier = mean((d$y - p)^2),
       ks = unname(suppressWarnings(ks.test(p[d$y == 1], p[d$y == 0]))$statistic))
})

write_json(list(
  trend = list(births = trend(y, unname(fitted(full))), small = trend(y, unname(fitted(small))),
               five = trend(y, unname(fitted(full)), 5)),
  monitoring = unname(by_year), cutoffs = cuts,
  # The births with lwt below 121 as new rows, in the deciles of the scores of the others.
  halves = {
    p <- unname(fitted(full)); o <- p[births$lwt >= 121]; n <- p[births$lwt < 121]
    k <- cutoffs(o); c(index(placed(n, k), placed(o, k)), list(cutoffs = k, n = placed(n, k), old = o, new = n))
  }
), "tests/witness/deciles.json", digits = NA, auto_unbox = TRUE, na = "null")
