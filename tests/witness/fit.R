# What does R say of the fits? Writes tests/witness/fit.json; run from the root of the repository:
#   Rscript tests/witness/fit.R
# The tests read the JSON only; R is needed to make it again, not to run them.
#
# Coefficients are named as patsy names them and stand in R's order. Every fit is polished by single scoring steps
# until nothing moves, because glm() stops on the deviance, at which point the weights behind vcov() still lag by one
# step (about 1e-8).

suppressPackageStartupMessages({
  library(splines)
  library(sandwich)
  library(car)
  library(MASS)
})
invisible(Sys.setlocale("LC_COLLATE", "C"))
options(contrasts = c("contr.treatment", "contr.poly"))

# ---- JSON, 17 significant digits -------------------------------------------------------------------------------

json <- function(x) {
  if (is.null(x)) return("null")
  if (is.list(x)) {
    if (is.null(names(x))) return(paste0("[", paste(vapply(x, json, ""), collapse = ", "), "]"))
    keys <- vapply(names(x), function(name) json_text(name), "")
    return(paste0("{", paste0(keys, ": ", vapply(x, json, ""), collapse = ",\n"), "}"))
  }
  if (is.matrix(x)) return(json(lapply(seq_len(nrow(x)), function(i) unname(x[i, ]))))
  if (is.character(x)) items <- vapply(x, json_text, "")
  else if (is.logical(x)) items <- ifelse(x, "true", "false")
  else if (is.integer(x)) items <- as.character(x)
  else items <- json_number(x)
  if (length(x) == 1 && !inherits(x, "AsIs")) items else paste0("[", paste(items, collapse = ", "), "]")
}

json_text <- function(text) paste0("\"", gsub("([\"\\\\])", "\\\\\\1", text), "\"")

json_number <- function(x) {
  stopifnot(all(is.finite(x)))
  trimws(formatC(x, digits = 17, format = "g", width = -1))
}

# ---- one fit ---------------------------------------------------------------------------------------------------

polished <- function(formula, data, link, weights = 1, offset = 0) {
  data$.weight <- weights
  data$.offset <- offset
  # do.call puts the data themselves into the call, so that drop1() and Anova() can refit.
  arguments <- list(formula = formula, family = binomial(link), data = data, weights = quote(.weight),
                    offset = quote(.offset), control = glm.control(1e-14, 100))
  first <- model <- suppressWarnings(do.call(glm, arguments))
  for (step in 1:60) {
    old <- coef(model)
    model <- suppressWarnings(
      do.call(glm, modifyList(arguments, list(start = old, control = glm.control(1e-14, 1))))
    )
    if (max(abs(coef(model) - old) / (abs(old) + 1e-12)) < 1e-14) break
  }
  model$call <- first$call
  model$control <- first$control
  model$converged <- TRUE
  model$null.deviance <- first$null.deviance  # with an offset R fits the null model too, under the same control
  model
}

# Roots of deviance(beta_j) - deviance = qchisq(level, 1), each refit converged; not the interpolation of confint().
# Outwards from the estimate in steps of half a standard error, each refit started at the one before.
profile_bound <- function(model, j, side, level) {
  x <- model.matrix(model)
  b <- unname(coef(model)[j])
  step <- side * sqrt(vcov(model)[j, j]) / 2
  start <- coef(model)[-j]
  rise <- function(value) {
    fixed <- glm.fit(x[, -j, drop = FALSE], model$y, family = model$family, offset = x[, j] * value, start = start,
                     control = glm.control(1e-14, 200))
    stopifnot(fixed$converged)
    start <<- coef(fixed)
    fixed$deviance - deviance(model) - qchisq(level, 1)
  }
  near <- b
  while (rise(near + step) < 0) near <- near + step
  uniroot(rise, sort(c(near, near + step)), tol = 1e-13)$root
}

profile_interval <- function(model, level = 0.95) {
  j <- seq_along(coef(model))
  cbind(vapply(j, function(j) profile_bound(model, j, -1, level), 0), vapply(j, function(j) profile_bound(model, j, 1, level), 0))
}

pseudo_r2 <- function(model, null, link) {
  n <- nobs(model); k <- length(coef(model)); l <- as.numeric(logLik(model)); l0 <- as.numeric(logLik(null))
  y <- model$y; mu <- fitted(model); eta <- predict(model)
  latent <- c(logit = pi^2 / 3, probit = 1, cloglog = pi^2 / 6)[[link]]
  cox_snell <- 1 - exp(2 * (l0 - l) / n)
  spread <- mean((eta - mean(eta))^2)
  list(mcfadden = 1 - l / l0, mcfadden_adjusted = 1 - (l - k) / l0, cox_snell = cox_snell,
       nagelkerke = cox_snell / (1 - exp(2 * l0 / n)), tjur = mean(mu[y == 1]) - mean(mu[y == 0]),
       efron = 1 - sum((y - mu)^2) / sum((y - mean(y))^2), mckelvey_zavoina = spread / (spread + latent))
}

described <- function(name, data, formula, link, model, coefficient_names, options = list(), vcov_full = TRUE) {
  stopifnot(length(coefficient_names) == length(coef(model)), !anyNA(coef(model)))
  s <- summary(model)$coefficients
  c(
    list(name = name, data = data, formula = formula, link = link),
    if (length(options)) list(options = options),
    list(names = I(coefficient_names), coef = I(unname(s[, 1])), se = I(unname(s[, 2])), z = I(unname(s[, 3])),
         p = I(unname(s[, 4]))),
    if (vcov_full) list(vcov = unname(vcov(model))),
    list(n = as.integer(nobs(model)), loglik = as.numeric(logLik(model)), deviance = deviance(model),
         null_deviance = model$null.deviance, aic = AIC(model), bic = BIC(model))
  )
}

# Linear predictor and its standard error on some rows of the data (counted from 0).
predicted <- function(model, data, rows) {
  p <- predict(model, newdata = cbind(data[rows + 1, , drop = FALSE], .offset = 0), type = "link", se.fit = TRUE)
  list(rows = I(as.integer(rows)), eta = I(unname(p$fit)), eta_se = I(unname(p$se.fit)))
}

robust <- function(model) {
  kinds <- c("HC0", "HC1", "HC2", "HC3")
  setNames(lapply(kinds, function(kind) unname(vcovHC(model, type = kind))), kinds)
}

# ---- data ------------------------------------------------------------------------------------------------------

birthwt <- read.csv("data/birthwt.csv")
arrests <- read.csv("data/arrests.csv")
titanic <- read.csv("data/titanic.csv")
vessels <- read.csv("data/heart_vessels.csv")
stopifnot(nrow(birthwt) == 189, nrow(arrests) == 5226, nrow(titanic) == 1309, nrow(vessels) == 5)

main <- low ~ age + lwt + factor(race) + smoke + ptl + ht + ui
main_text <- "low ~ age + lwt + C(race) + smoke + ptl + ht + ui"
main_names <- c("Intercept", "age", "lwt", "C(race)[T.other]", "C(race)[T.white]", "smoke", "ptl", "ht", "ui")
cases <- list()

# ---- birthwt: three links, with robust and clustered covariances ----------------------------------------------

for (link in c("logit", "probit", "cloglog")) {
  m <- polished(main, birthwt, link)
  case <- described(paste0("birthwt_", link), "birthwt", main_text, link, m, main_names)
  case$robust <- robust(m)
  # By hand: A^-1 B A^-1 with A the expected information and B the sum of squared scores.
  score <- estfun(m)
  hand <- vcov(m) %*% crossprod(score) %*% vcov(m)
  stopifnot(isTRUE(all.equal(hand, vcovHC(m, type = "HC0"), check.attributes = FALSE, tolerance = 1e-12)))
  # Clusters: mothers of one age. type HC1 with cadjust is Stata's G / (G - 1) * (n - 1) / (n - k).
  case$cluster <- "age"
  case$cluster_hc0 <- unname(vcovCL(m, cluster = birthwt$age, type = "HC0", cadjust = FALSE))
  case$cluster_hc0_cadjust <- unname(vcovCL(m, cluster = birthwt$age, type = "HC0", cadjust = TRUE))
  case$cluster_hc1_cadjust <- unname(vcovCL(m, cluster = birthwt$age, type = "HC1", cadjust = TRUE))
  case$leverage <- I(unname(hatvalues(m))[1:20])
  case <- c(case, predicted(m, birthwt, c(0, 7, 60, 130, 188)))
  case$pseudo_r2 <- pseudo_r2(m, polished(low ~ 1, birthwt, link), link)
  case$profile <- profile_interval(m)
  interpolated <- unname(suppressWarnings(suppressMessages(confint(m))))
  stopifnot(max(abs(case$profile - interpolated) / sqrt(diag(vcov(m)))) < 1e-3)
  lr <- drop1(m, test = "LRT")[-1, ]
  case$drop1 <- list(terms = I(c("age", "lwt", "C(race)", "smoke", "ptl", "ht", "ui")), df = I(as.integer(lr$Df)),
                     lr = I(lr$LRT), p = I(lr[["Pr(>Chi)"]]))
  pearson <- sum(residuals(m, "pearson")^2)
  case$pearson <- pearson
  cases <- c(cases, list(case))
}

# ---- birthwt: interactions, polynomials, splines, offset -------------------------------------------------------

m <- polished(low ~ age * smoke + lwt + factor(race) * smoke, birthwt, "logit")
case <- described(
  "birthwt_interaction", "birthwt", "low ~ age * smoke + lwt + C(race) * smoke", "logit", m,
  c("Intercept", "age", "smoke", "lwt", "C(race)[T.other]", "C(race)[T.white]", "age:smoke",
    "C(race)[T.other]:smoke", "C(race)[T.white]:smoke")
)
type2 <- Anova(m, type = "II", test.statistic = "LR")
case$anova2 <- list(terms = I(c("age", "smoke", "lwt", "C(race)", "age:smoke", "C(race):smoke")),
                    df = I(as.integer(type2$Df)), lr = I(type2[["LR Chisq"]]), p = I(type2[["Pr(>Chisq)"]]))
cases <- c(cases, list(c(case, predicted(m, birthwt, c(0, 60, 188)))))

# Orthogonal polynomials and B-splines: the same bases as R's, so the same coefficients.
m <- polished(low ~ poly(lwt, 2) + smoke, birthwt, "logit")
case <- described("birthwt_poly", "birthwt", "low ~ poly(lwt, 2) + smoke", "logit", m,
                  c("Intercept", "poly(lwt, 2)[0]", "poly(lwt, 2)[1]", "smoke"))
cases <- c(cases, list(c(case, predicted(m, birthwt, c(0, 60, 188)))))

m <- polished(low ~ bs(age, df = 4) + smoke, birthwt, "logit")
case <- described("birthwt_bs", "birthwt", "low ~ bs(age, df=4) + smoke", "logit", m,
                  c("Intercept", paste0("bs(age, df=4)[", 0:3, "]"), "smoke"))
cases <- c(cases, list(c(case, predicted(m, birthwt, c(0, 60, 188)))))

# A natural cubic spline spans the same space in R and patsy, in another basis: only fitted values can be compared.
m <- polished(low ~ ns(age, knots = c(20, 26), Boundary.knots = c(14, 45)) + smoke, birthwt, "logit")
case <- described("birthwt_natural", "birthwt", "low ~ cr(age, knots=[20, 26], lower_bound=14, upper_bound=45, constraints='center') + smoke",
                  "logit", m, c("Intercept", "1", "2", "3", "smoke"), vcov_full = FALSE)
cases <- c(cases, list(c(case, predicted(m, birthwt, c(0, 60, 188)))))

# offset = lwt / 100 pounds, known.
m <- polished(low ~ age + factor(race) + smoke, birthwt, "logit", offset = birthwt$lwt / 100)
case <- described("birthwt_offset", "birthwt", "low ~ age + C(race) + smoke", "logit", m,
                  c("Intercept", "age", "C(race)[T.other]", "C(race)[T.white]", "smoke"),
                  options = list(offset = "lwt / 100"))
cases <- c(cases, list(case))

# ---- birthwt: weights ------------------------------------------------------------------------------------------

# Frequency weights 1 + ftv: R fits the physically repeated rows.
repeated <- birthwt[rep(seq_len(189), 1 + birthwt$ftv), ]
for (link in c("logit", "probit", "cloglog")) {
  m <- polished(main, repeated, link)
  case <- described(paste0("birthwt_freq_", link), "birthwt", main_text, link, m, main_names,
                    options = list(freq_weights = "1 + ftv"))
  case$robust <- robust(m)
  cases <- c(cases, list(case))
}

# Importance weights: the coefficients of glm(weights =), the covariance A^-1 B A^-1 by hand.
importance <- function(link, w, label) {
  m <- polished(main, birthwt, link, weights = w)
  x <- model.matrix(m); eta <- predict(m); mu <- fitted(m); slope <- m$family$mu.eta(eta)
  unit <- (birthwt$low - mu) * slope / (mu * (1 - mu))
  bread <- solve(crossprod(x * sqrt(w * slope^2 / (mu * (1 - mu)))))
  meat <- crossprod(x * (w * unit))
  v <- bread %*% meat %*% bread
  stopifnot(isTRUE(all.equal(v, suppressWarnings(sandwich(m)), check.attributes = FALSE, tolerance = 1e-7)))
  list(name = paste0("birthwt_", label, "_", link), data = "birthwt", formula = main_text, link = link,
       options = setNames(list(if (label == "balanced") "balanced" else "1 + ftv"),
                          if (label == "balanced") "class_weight" else "sample_weight"),
       names = I(main_names), coef = I(unname(coef(m))), se = I(unname(sqrt(diag(v)))), vcov = unname(v))
}
balanced <- ifelse(birthwt$low == 1, 189 / (2 * sum(birthwt$low == 1)), 189 / (2 * sum(birthwt$low == 0)))
for (link in c("logit", "probit", "cloglog")) {
  cases <- c(cases, list(importance(link, balanced, "balanced"), importance(link, 1 + birthwt$ftv, "sample")))
}

# ---- arrests and titanic ---------------------------------------------------------------------------------------

years <- 1998:2002
arrest_names <- c("Intercept", "colour[T.White]", paste0("C(year)[T.", years, "]"), "age", "sex[T.Male]",
                  "employed[T.Yes]", "citizen[T.Yes]", "checks",
                  paste0("colour[T.White]:C(year)[T.", years, "]"), "colour[T.White]:age")
for (link in c("logit", "probit", "cloglog")) {
  m <- polished(I(released == "Yes") ~ colour + factor(year) + age + sex + employed + citizen + checks +
                  colour:factor(year) + colour:age, arrests, link)
  case <- described(
    paste0("arrests_", link), "arrests",
    "released ~ colour + C(year) + age + sex + employed + citizen + checks + colour:C(year) + colour:age",
    link, m, arrest_names
  )
  if (link == "logit") {
    type2 <- Anova(m, type = "II", test.statistic = "LR")
    case$anova2 <- list(
      terms = I(c("colour", "C(year)", "age", "sex", "employed", "citizen", "checks", "colour:C(year)", "colour:age")),
      df = I(as.integer(type2$Df)), lr = I(type2[["LR Chisq"]]), p = I(type2[["Pr(>Chisq)"]])
    )
    case$robust <- robust(m)["HC3"]
  }
  cases <- c(cases, list(c(case, predicted(m, arrests, c(0, 999, 5225)))))
}

# 263 ages are missing; both sides drop those rows.
for (link in c("logit", "probit", "cloglog")) {
  m <- polished(I(survived == "yes") ~ sex * passengerClass + age, titanic, link)
  case <- described(
    paste0("titanic_", link), "titanic", "survived ~ sex * passengerClass + age", link, m,
    c("Intercept", "sex[T.male]", "passengerClass[T.2nd]", "passengerClass[T.3rd]", "age",
      "sex[T.male]:passengerClass[T.2nd]", "sex[T.male]:passengerClass[T.3rd]")
  )
  cases <- c(cases, list(c(case, predicted(m, titanic, c(0, 500, 1308)))))
}

# ---- grouped counts --------------------------------------------------------------------------------------------

# Coefficients of the counts; likelihood, deviance and n of the 303 people behind them.
people <- data.frame(ca = rep(vessels$ca, vessels$disease + vessels$no_disease),
                     y = unlist(Map(function(a, b) c(rep(1, a), rep(0, b)), vessels$disease, vessels$no_disease)))
for (link in c("logit", "probit", "cloglog")) {
  m <- polished(cbind(disease, no_disease) ~ ca, vessels, link)
  rows <- polished(y ~ ca, people, link)
  stopifnot(isTRUE(all.equal(coef(m), coef(rows), tolerance = 1e-12)))
  case <- described(paste0("vessels_", link), "heart_vessels", "disease + no_disease ~ ca", link, rows,
                    c("Intercept", "ca"))
  case$grouped_deviance <- deviance(m)
  case$grouped_pearson <- sum(residuals(m, "pearson")^2)
  case$robust <- robust(rows)
  cases <- c(cases, list(case))
}

# ---- write -----------------------------------------------------------------------------------------------------

packages <- c("sandwich", "car", "MASS")
made_by <- c(list(R = paste(R.version$major, R.version$minor, sep = ".")),
             setNames(lapply(packages, function(p) as.character(packageVersion(p))), packages))
writeLines(json(list(made_by = made_by, cases = unname(cases))), "tests/witness/fit.json")
