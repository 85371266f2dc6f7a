# Witness values for bins and the screening of predictors. Run from the repository: Rscript tests/witness/screening.R
# R 4.2.2, pROC 1.18.0. Writes tests/witness/screening.json. ChiMerge and the optimal cut are written out naively here:
# the one merges in a loop over counts, the other looks at every set of cuts there is.
suppressPackageStartupMessages({library(pROC); library(jsonlite)})

births <- read.csv("data/birthwt.csv")
arrests <- read.csv("data/arrests.csv")
arrests$y <- as.integer(arrests$released == "Yes")

counts <- function(x, y) list(value = sort(unique(x)), e = as.vector(tapply(y, x, sum)), f = as.vector(tapply(1 - y, x, sum)))

chi_square <- function(a, b, c, d) {
  if (a + b == 0 || c + d == 0) return(0)
  unname(suppressWarnings(chisq.test(matrix(c(a, b, c, d), 2), correct = FALSE))$statistic)
}

# Kerber: merge the two neighbours of smallest chi-square until all are significant; then sizes. Rows too small first.
chimerge <- function(x, y, bins, share, alpha, start = NULL) {
  g <- counts(x, y); e <- g$e; f <- g$f; first <- g$value; n <- length(y)
  repeat {
    m <- length(e); if (m == 1) break
    chi <- sapply(seq_len(m - 1), function(i) chi_square(e[i], e[i + 1], f[i], f[i + 1]))
    small <- (e + f) < share * n - 1e-9
    touch <- small[-m] | small[-1]
    if (any(touch)) chi[!touch] <- Inf
    else if (m <= bins && min(chi) >= qchisq(1 - alpha, 1)) break
    i <- which.min(chi)
    e[i] <- e[i] + e[i + 1]; f[i] <- f[i] + f[i + 1]
    e <- e[-(i + 1)]; f <- f[-(i + 1)]; first <- first[-(i + 1)]
  }
  list(first = first, events = e, nonevents = f)
}

iv_part <- function(e, f, E, F) {
  h <- ifelse((e == 0) != (f == 0), 0.5, 0)
  e <- e + h; f <- f + h
  (e / E - f / F) * log((e / E) / (f / F))
}

# Every set of at most bins - 1 cuts between the values; rates in the order asked for; the largest information value.
exhaustive <- function(x, y, bins, share, outcomes, way, alpha = NULL) {
  g <- counts(x, y); m <- length(g$value); E <- sum(y); F <- sum(1 - y); best <- -1; found <- NULL
  for (k in 0:(bins - 1)) {
    sets <- if (k == 0) list(integer(0)) else combn(2:m, k, simplify = FALSE)
    for (cut in sets) {
      group <- findInterval(seq_len(m), cut)
      e <- as.vector(tapply(g$e, group, sum)); f <- as.vector(tapply(g$f, group, sum))
      if (any(e + f < share * length(y) - 1e-9) || any(e < outcomes) || any(f < outcomes)) next
      rate <- e / (e + f)
      if (way == 1 && is.unsorted(rate)) next
      if (way == -1 && is.unsorted(-rate)) next
      if (!is.null(alpha) && k > 0) {
        chi <- sapply(seq_len(k), function(i) chi_square(e[i], e[i + 1], f[i], f[i + 1]))
        if (any(chi < qchisq(1 - alpha, 1))) next
      }
      iv <- sum(iv_part(e, f, E, F))
      if (iv > best * (1 + 1e-12)) { best <- iv; found <- list(first = g$value[c(1, cut)], events = e, nonevents = f, iv = iv) }
    }
  }
  found
}

# Pool adjacent violators with isoreg on the repeated rows in order; one block a run of equal fitted rates.
pava <- function(x, y, rising) {
  o <- order(x, -y); g <- counts(x, y)
  rate <- g$e / (g$e + g$f); w <- g$e + g$f
  value <- if (rising) rate else -rate
  level <- value; weight <- w; size <- rep(1, length(w)); i <- 1
  out_v <- c(); out_w <- c(); out_n <- c()
  for (j in seq_along(value)) {
    out_v <- c(out_v, value[j]); out_w <- c(out_w, w[j]); out_n <- c(out_n, 1)
    while (length(out_v) > 1 && out_v[length(out_v) - 1] >= out_v[length(out_v)] - 1e-12) {
      k <- length(out_v)
      out_v[k - 1] <- sum(out_v[(k - 1):k] * out_w[(k - 1):k]) / sum(out_w[(k - 1):k])
      out_w[k - 1] <- out_w[k - 1] + out_w[k]; out_n[k - 1] <- out_n[k - 1] + out_n[k]
      out_v <- out_v[-k]; out_w <- out_w[-k]; out_n <- out_n[-k]
    }
  }
  first <- g$value[cumsum(c(1, out_n))[seq_along(out_n)]]
  group <- findInterval(x, first)
  list(first = first, events = as.vector(tapply(y, group, sum)), nonevents = as.vector(tapply(1 - y, group, sum)))
}

neighbours <- function(e, f) lapply(seq_len(length(e) - 1), function(i) {
  t <- rbind(c(e[i + 1], f[i + 1]), c(e[i], f[i]))
  test <- suppressWarnings(chisq.test(t, correct = FALSE))
  list(statistic = unname(test$statistic), p_value = test$p.value, fisher = fisher.test(t)$p.value,
       odds_ratio = t[1, 1] * t[2, 2] / (t[1, 2] * t[2, 1]))
})

whole <- function(e, f, position, y, x) {
  n <- e + f; trend <- prop.trend.test(e, n, score = position)
  r <- roc(y, x, direction = "<", quiet = TRUE); ci <- ci.auc(r)
  test <- suppressWarnings(chisq.test(cbind(e, f), correct = FALSE))
  pe <- e / sum(e); pf <- f / sum(f)
  list(trend = unname(trend$statistic), trend_p = trend$p.value, pearson = unname(test$statistic), pearson_p = test$p.value,
       g2 = 2 * sum(c(e, f) * log(c(e, f) / as.vector(test$expected))), iv = sum((pe - pf) * log(pe / pf)),
       c = as.numeric(auc(r)), c_se = sqrt(var(r)), c_low = ci[1], c_high = ci[3],
       ks = unname(suppressWarnings(ks.test(x[y == 1], x[y == 0]))$statistic))
}

edges <- quantile(births$lwt, seq(0, 1, 0.2)); lwt <- cut(births$lwt, edges, right = FALSE, include.lowest = TRUE)
e <- as.vector(table(lwt[births$low == 1])); f <- as.vector(table(lwt[births$low == 0]))
age_edges <- c(12, 18, 21, 25, 31, 40, 67); age <- cut(arrests$age, age_edges, right = FALSE)
ae <- as.vector(table(age[arrests$y == 1])); af <- as.vector(table(age[arrests$y == 0]))

set.seed(20261127)
tables <- lapply(1:60, function(i) { top <- 10^runif(1, 0.5, 4); as.integer(runif(4, 0, top)) })
tables <- c(tables, list(c(3L, 0L, 0L, 3L), c(0L, 5L, 0L, 7L), c(1L, 0L, 0L, 1L), c(50000L, 949700L, 50400L, 949300L), c(20000L, 30000L, 21000L, 29000L)))
p <- c(0.01, 0.02, 0.03, 0.04, 0.05, NA, 1e-300, 0.7, 0.02)

few <- pmin(births$age, 26)                        # 13 values: every set of cuts can be looked at
out <- list(
  chimerge_lwt = chimerge(births$lwt, births$low, 10, 0.05, 0.05),
  chimerge_lwt_4 = chimerge(births$lwt, births$low, 4, 0.1, 0.5),
  chimerge_age = chimerge(arrests$age, arrests$y, 10, 0.05, 0.2),
  optimal_up = exhaustive(few, births$low, 5, 0.05, 0, 1), optimal_down = exhaustive(few, births$low, 5, 0.05, 0, -1),
  optimal_any = exhaustive(few, births$low, 4, 0.1, 5, 0), optimal_apart = exhaustive(few, births$low, 5, 0.05, 0, 0, 0.3),
  pava_lwt_up = pava(births$lwt, births$low, TRUE), pava_lwt_down = pava(births$lwt, births$low, FALSE),
  pava_age_down = pava(arrests$age, arrests$y, FALSE),
  lwt = list(events = e, nonevents = f, neighbours = neighbours(e, f),
             whole = whole(e, f, as.vector(tapply(births$lwt, lwt, mean)), births$low, births$lwt)),
  age = list(edges = age_edges, events = ae, nonevents = af, neighbours = neighbours(ae, af),
             whole = whole(ae, af, as.vector(tapply(arrests$age, age, mean)), arrests$y, arrests$age)),
  fisher = lapply(tables, function(t) list(counts = t, p = fisher.test(matrix(t, 2, byrow = TRUE))$p.value)),
  adjust = list(p = p, holm = p.adjust(p, "holm"), bh = p.adjust(p, "BH")),
  versions = list(R = as.character(getRversion()), pROC = as.character(packageVersion("pROC")))
)
writeLines(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = TRUE, na = "null"), "tests/witness/screening.json")
