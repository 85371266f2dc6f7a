# Profile-likelihood intervals, likelihood-ratio tests and odds ratios of glm(); BCa intervals of boot.
# Rscript tests/witness/profiles.R  (R with MASS, jsonlite, boot)
suppressMessages({library(MASS); library(jsonlite); library(boot)})
data(birthwt)
d <- birthwt; d$race <- factor(d$race, labels=c("white","black","other"))
f <- low ~ age + lwt + race + smoke + ptl + ht + ui
# Roots of the deviance by uniroot on refits with an offset: R's own confint() interpolates.
ends <- function(fit, level=.95) {
  X <- model.matrix(fit); y <- fit$y; w <- weights(fit, "prior"); o <- if (is.null(fit$offset)) 0*y else fit$offset
  q <- qchisq(level, 1); b <- coef(fit); se <- sqrt(diag(vcov(fit)))
  t(sapply(seq_along(b), function(j) {
    dev <- function(v) suppressWarnings(glm.fit(X[,-j,drop=FALSE], y, weights=w, offset=o+v*X[,j], family=fit$family,
      control=glm.control(epsilon=1e-14, maxit=100)))$deviance - deviance(fit) - q
    z <- sqrt(q)
    sapply(c(-1, 1), function(s) {
      far <- .6; while (dev(b[j]+s*far*z*se[j]) < 0) far <- far + .2
      uniroot(dev, sort(b[j]+s*z*se[j]*c(far-.2, far)), extendInt="no", tol=1e-13)$root
    })
  }))
}
out <- list(versions=list(R=R.version.string, boot=as.character(packageVersion("boot"))))
for (link in c("logit","probit","cloglog")) {
  fit <- glm(f, binomial(link), d, control=glm.control(epsilon=1e-14, maxit=100))
  ci <- suppressMessages(confint(fit)); dr <- drop1(fit, test="LRT")
  out[[link]] <- list(names=names(coef(fit)), ends=ends(fit), confint=unname(ci),
    lr=as.list(setNames(dr[["Pr(>Chi)"]][-1], rownames(dr)[-1])), ends90=ends(fit, .9))
}
g <- glm(low ~ age + smoke + offset(lwt/100), binomial, d, weights=rep(1:3, 63), control=glm.control(epsilon=1e-14))
out$weighted <- list(ends=ends(g))
x <- glm(low ~ age + lwt + race + smoke + ptl + ht + ui, binomial, within(d, race <- relevel(race, "black")),
  control=glm.control(epsilon=1e-14))
out$relevelled <- list(names=names(coef(x)), estimate=unname(coef(x)), wald=unname(confint.default(x)), ends=ends(x))
h <- glm(low ~ age + lwt * smoke + race * smoke, binomial, d, control=glm.control(epsilon=1e-14))
# vcov() has the weights of the step before the last: once more from the estimates.
h <- update(h, start=coef(h)); b <- coef(h); V <- vcov(h)
line <- function(L) { e <- sum(L*b[names(L)]); s <- sqrt(c(L %*% V[names(L),names(L)] %*% L)); c(e, e-qnorm(.975)*s, e+qnorm(.975)*s) }
out$at <- list(
  smoke_at_lwt120=line(c(smoke=1, "lwt:smoke"=120)),
  smoke_at_lwt120_black=line(c(smoke=1, "lwt:smoke"=120, "smoke:raceblack"=1)),
  lwt10_at_smoke1=line(c(lwt=10, "lwt:smoke"=10)),
  black_other_at_smoke1=line(c(raceblack=1, "smoke:raceblack"=1, raceother=-1, "smoke:raceother"=-1)))
set.seed(1)
y <- rexp(25)
bo <- boot(y, function(v, i) mean(v[i]), R=999)
L <- mean(y) - sapply(seq_along(y), function(i) mean(y[-i]))
out$bca <- list(y=y, t=c(bo$t), t0=bo$t0, L=L, interval=boot.ci(bo, type="bca", L=L)$bca[4:5],
                quantile=unname(boot.ci(bo, type="bca", L=L)$bca[2:3]))
write(toJSON(out, digits=I(17), auto_unbox=TRUE), "tests/witness/profiles.json")
