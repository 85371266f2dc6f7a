# Witness values for models of several classes. Run from the repository: Rscript tests/witness/multinomial.R
# Needs nnet, car, jsonlite. Writes tests/witness/multinomial.json.
#
# nnet::multinom stops on the deviance; its estimates are polished by Newton steps with the score and Hessian written
# out here, until nothing moves. Kept beside them are nnet's own estimates and covariance, to its own accuracy.
suppressPackageStartupMessages({library(nnet); library(car); library(jsonlite)})

births <- read.csv("data/birthwt.csv"); births$w <- rep_len(c(1, 2, 3, 1, 5), nrow(births))
births$race <- relevel(factor(births$race), "white"); births$group <- rep_len(1:17, nrow(births))
anes96 <- read.csv("data/anes96.csv"); anes96$PID <- factor(anes96$PID)
iris2 <- read.csv("data/iris.csv"); iris2$species <- factor(iris2$species)

# ---- the mathematics, written out --------------------------------------------------------------------------------

chances <- function(X, B) { eta <- cbind(0, X %*% t(B)); p <- exp(eta - apply(eta, 1, max)); p / rowSums(p) }
unit_scores <- function(X, Y, B) { r <- (Y - chances(X, B))[, -1, drop = FALSE]
  do.call(cbind, lapply(seq_len(ncol(r)), function(j) r[, j] * X)) }
information <- function(X, B, w) { p <- chances(X, B)[, -1, drop = FALSE]; m <- ncol(p)
  do.call(rbind, lapply(1:m, function(a) do.call(cbind, lapply(1:m, function(b)
    t(X) %*% (X * (w * p[, a] * ((a == b) - p[, b]))))))) }

polished <- function(X, Y, w, B) {
  for (step in 1:100) {
    move <- solve(information(X, B, w), colSums(w * unit_scores(X, Y, B)))
    B <- B + matrix(move, nrow(B), byrow = TRUE)
    if (max(abs(move) / (abs(as.vector(t(B))) + 1e-8)) < 1e-14) break
  }
  B
}

# ---- one model ---------------------------------------------------------------------------------------------------

model <- function(formula, data, weights = rep(1, nrow(data))) {
  data$.w <- weights
  fit <- do.call(multinom, list(formula, data, weights = quote(.w), Hess = TRUE, trace = FALSE, reltol = 1e-15,
                                abstol = 1e-15, maxit = 10000, MaxNWts = 5000))
  X <- model.matrix(formula, data); y <- model.response(model.frame(formula, data)); Y <- class.ind(y)
  first <- coef(fit); if (!is.matrix(first)) first <- matrix(first, 1)
  B <- polished(X, Y, weights, first)
  A <- information(X, B, weights); U <- unit_scores(X, Y, B); p <- chances(X, B)
  null <- colSums(weights * Y) / sum(weights)
  list(classes = levels(y), names = colnames(X), coef = B, cov = solve(A), loglik = sum(weights * log(rowSums(p * Y))),
       null = sum(weights * log(as.vector(Y %*% null))), hc0 = solve(A, crossprod(U * weights, U)) %*% solve(A),
       chances = p[1:5, ], nnet_coef = first, nnet_cov = vcov(fit), nnet_loglik = as.numeric(logLik(fit)),
       aic = AIC(fit), edf = fit$edf)
}

births_model <- race ~ age + lwt + smoke
anes96_model <- PID ~ log(popul + 0.1) + selfLR + age + educ + income
cases <- list(births = model(births_model, births), weighted = model(births_model, births, births$w),
              anes96 = model(anes96_model, anes96), width = model(species ~ sepal_width, iris2),
              length = model(species ~ sepal_length, iris2))

# ---- clusters: the sandwich with sums by cluster, times G / (G - 1) -------------------------------------------------

X <- model.matrix(births_model, births); Y <- class.ind(births$race)
U <- rowsum(unit_scores(X, Y, cases$births$coef), births$group)
cases$births$cluster <- cases$births$cov %*% crossprod(U) %*% cases$births$cov * 17 / 16

# ---- importance: estimates with class weights, A^-1 B A^-1 with squared weights ------------------------------------

v <- nrow(births) / (3 * table(births$race)); v <- as.vector(v[births$race])
B <- polished(X, Y, v, cases$births$coef); A <- information(X, B, v); U <- unit_scores(X, Y, B)
cases$balanced <- list(coef = B, cov = solve(A, crossprod(U * v)) %*% solve(A),
                       loglik = sum(v * log(rowSums(chances(X, B) * Y))))

# ---- tests of terms: car::Anova, type II --------------------------------------------------------------------------

sharp <- function(formula, data) do.call(multinom, list(formula, data, trace = FALSE, reltol = 1e-15, abstol = 1e-15,
                                                        maxit = 10000, MaxNWts = 5000))
anova2 <- function(formula, data) { t <- as.data.frame(Anova(sharp(formula, data), type = 2, trace = FALSE))
  list(term = trimws(rownames(t)), lr = t[[1]], df = t[[2]], p = t[[3]]) }
tests <- list(crossed = anova2(race ~ age * smoke + lwt, births), births = anova2(births_model, births),
              anes96 = anova2(anes96_model, anes96))

# ---- two classes joined: the likelihood of the model with one class less --------------------------------------------

join <- function(a, b) { joined <- births; joined$race <- factor(ifelse(births$race == b, a, as.character(births$race)))
  n <- table(births$race)[c(a, b)]
  within <- sum(n * log(n / sum(n)))
  2 * (cases$births$loglik - model(births_model, joined)$loglik - within) }
joined <- list(black_other = join("black", "other"), black_white = join("black", "white"),
               other_white = join("other", "white"))

versions <- list(R = R.version.string, nnet = as.character(packageVersion("nnet")), car = as.character(packageVersion("car")))
write_json(list(versions = versions, cases = cases, tests = tests, joined = joined), "tests/witness/multinomial.json",
           digits = 17, auto_unbox = TRUE, na = "null")
