# Witness values for tests of hypotheses. Run from the repository: Rscript tests/witness/hypotheses.R
# R 4.2.2, car 3.1.1, emmeans 1.8.4.1, sandwich 3.0.2. Writes tests/witness/hypotheses.json.
suppressPackageStartupMessages({library(car); library(emmeans); library(sandwich); library(jsonlite)})

births <- read.csv("data/birthwt.csv")
births$w <- rep_len(c(1, 2, 3, 1, 5), nrow(births))
sharp <- glm.control(1e-15, 100)
births$race <- factor(births$race); births$visits <- factor(pmin(births$ftv, 2))

rows <- function(t) { t <- as.data.frame(t); names(t) <- gsub(" ", "_", names(t)); c(list(term = trimws(rownames(t))), as.list(t)) }

crossed <- low ~ age * race + lwt + race * smoke + ht
plain <- low ~ age + lwt + race + smoke + ht

of_terms <- function(formula, link, data = births, weights = NULL) {
  data$.w <- if (is.null(weights)) rep(1, nrow(data)) else weights
  environment(formula) <- environment()
  m <- glm(formula, binomial(link), data, weights = .w, control = sharp)
  lr2 <- Anova(m, type = 2, test.statistic = "LR"); lr3 <- Anova(m, type = 3, test.statistic = "LR")
  w2 <- Anova(m, type = 2, test.statistic = "Wald"); w3 <- Anova(m, type = 3, test.statistic = "Wald")
  d <- drop1(m, test = "LRT"); rao <- drop1(m, test = "Rao")
  null <- update(m, . ~ 1)
  slopes <- names(coef(m))[-1]
  list(lr2 = rows(lr2), lr3 = rows(lr3), wald2 = rows(w2), wald3 = rows(w3), drop1 = rows(d), rao = rows(rao),
       sequential = rows(anova(m, test = "LRT")), sequential_rao = rows(anova(m, test = "Rao")),
       global = c(anova(null, m, test = "LRT")$Deviance[2], anova(null, m, test = "Rao")$Rao[2],
                  linearHypothesis(m, slopes)$Chisq[2]))
}

terms <- list()
for (link in c("logit", "probit", "cloglog"))
  terms[[link]] <- list(crossed = of_terms(crossed, link), plain = of_terms(plain, link))
terms$weighted <- list(plain = of_terms(plain, "logit", births, births$w))

# Robust Wald tests of type II and III: car with the sandwich of the fit.
m <- glm(crossed, binomial, births, control = sharp)
robust <- list(wald2 = rows(Anova(m, type = 2, test.statistic = "Wald", vcov. = sandwich(m))),
               wald3 = rows(Anova(m, type = 3, test.statistic = "Wald", vcov. = sandwich(m))))

p <- glm(plain, binomial, births, control = sharp)
joint <- function(m, h, ...) { t <- linearHypothesis(m, h, ...)
  list(chisq = t$Chisq[2], df = t$Df[2], p = t$`Pr(>Chisq)`[2], value = as.vector(attr(t, "value")),
       variance = as.vector(diag(as.matrix(attr(t, "vcov"))))) }
linear <- list(
  one = joint(p, "age = 2 * lwt"), two = joint(p, c("age = 2 * lwt", "raceother = racewhite")),
  shifted = joint(p, "smoke = ht - 0.5"), robust = joint(p, c("age = 2 * lwt", "raceother = racewhite"), vcov. = sandwich(p)))
# The likelihood ratio by another parametrisation: equal coefficients are a coefficient of the sum.
same <- glm(low ~ I(2 * age + lwt) + race + smoke + ht, binomial, births, control = sharp)
off <- glm(low ~ age + lwt + race + I(smoke + ht) + offset(-0.5 * smoke), binomial, births, control = sharp)
linear$ratios <- c(same = deviance(same) - deviance(p), shifted = deviance(off) - deviance(p))

compare <- function(m, spec, method, adjust, ...) {
  e <- emmeans(m, spec, ...)
  s <- as.data.frame(summary(contrast(e, method, adjust = adjust), infer = c(TRUE, TRUE)))
  names(s) <- gsub("asymp.", "", names(s), fixed = TRUE); as.list(s[, c("estimate", "SE", "z.ratio", "p.value", "LCL", "UCL")]) }
contrasts <- list()
for (adjust in c("holm", "bonferroni", "sidak", "tukey", "none"))
  contrasts[[adjust]] <- compare(p, "race", "pairwise", adjust)
contrasts$reference <- compare(p, "race", "trt.vs.ctrl1", "none")
contrasts$effect <- compare(p, "race", "eff", "none")
contrasts$successive <- compare(p, "race", "consec", "none")
births$smoke <- factor(births$smoke)
x <- glm(low ~ age * race + lwt + race * smoke + ht, binomial, births, control = sharp)
contrasts$crossed <- compare(x, "race", "pairwise", "holm")
contrasts$stated <- compare(x, "race", "pairwise", "holm", at = list(age = 30, smoke = "1"))
range <- list(q = c(0.5, 3.3, 8, 2), k = c(3, 3, 5, 10)); range$p <- ptukey(range$q, range$k, Inf, lower.tail = FALSE)

write_json(list(terms = terms, robust = robust, linear = linear, contrasts = contrasts, range = range),
           "tests/witness/hypotheses.json", digits = 17, auto_unbox = TRUE, na = "null")
