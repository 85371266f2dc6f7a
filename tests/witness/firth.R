# Firth's estimates by brglm2; penalised profiles and tests written out (logistf's definition: the leverage of all columns).
# Rscript tests/witness/firth.R  (R with brglm2, MASS, jsonlite)
suppressMessages({library(MASS); library(jsonlite); library(brglm2)})
data(birthwt); data(endometrial, package="brglm2")
d <- birthwt; d$race <- factor(d$race, labels=c("white","black","other"))
f <- low ~ age + lwt + race + smoke + ptl + ht + ui
tight <- list(epsilon=1e-13, maxit=5000)
# d log f / d eta of the links
slope <- list(logit=function(e) -tanh(e/2), probit=function(e) -e, cloglog=function(e) 1-exp(e))
# U*, I, l + log|I|/2 at b
at <- function(X, y, m, o, link, b) {
  fam <- binomial(link); e <- drop(X %*% b) + o; mu <- fam$linkinv(e); g <- fam$mu.eta(e)
  w <- g^2/(mu*(1-mu)); I <- crossprod(X * sqrt(m*w)); C <- solve(I)
  h <- m*w*rowSums((X %*% C)*X)
  l <- sum(m*(y*log(mu)+(1-y)*log1p(-mu)))
  list(U=drop(crossprod(X, m*g*(y-mu)/(mu*(1-mu)) + h*slope[[link]](e)/2)), I=I, l=l,
       p=l + as.numeric(determinant(I)$modulus)/2)
}
# Fisher scoring of some coefficients, the others held
solved <- function(X, y, m, o, link, b, free) {
  for (i in 1:5000) {
    a <- at(X, y, m, o, link, b); if (!length(free)) break
    s <- solve(a$I[free,free], a$U[free]); f <- 1
    # of the logit the penalised likelihood must not fall; of the others the step must not grow much
    if (max(abs(s)) > 1e-6) while ({
      bb <- b; bb[free] <- b[free]+f*s; n <- try(at(X,y,m,o,link,bb), silent=TRUE)
      (inherits(n, "try-error") || !is.finite(n$p) || any(!is.finite(n$U)) || (if (link == "logit") n$p < a$p - 1e-9 else
        sum(n$U[free]*solve(a$I[free,free], n$U[free])) > 4*sum(a$U[free]*s))) && f > 1e-9}) f <- f/2
    b[free] <- b[free] + f*s
    if (max(abs(s)/sqrt(diag(solve(a$I)))[free]) < 1e-12) { a <- at(X, y, m, o, link, b); break }
  }
  c(list(b=b), a)
}
statistic <- function(X, y, m, o, link, full, start, held) {
  s <- solved(X, y, m, o, link, start, setdiff(seq_along(start), held))
  c(if (link == "logit") 2*(full$p - s$p) else sum(s$U * solve(s$I, s$U)), list(s$b))
}
ends <- function(X, y, m, o, link, full, level=.95) {
  q <- qchisq(level, 1); se <- sqrt(diag(solve(full$I)))
  t(sapply(seq_along(full$b), function(j) sapply(c(-1, 1), function(s) {
    last <- kept <- full$b
    g <- function(v) { st <- last; st[j] <- v; r <- statistic(X, y, m, o, link, full, st, j); last <<- r[[2]]; r[[1]] - q }
    near <- full$b[j]; far <- near + s*.25*se[j]
    while (g(far) < 0) { near <- far; kept <- last; far <- far + s*.25*se[j] }
    last <- kept
    uniroot(g, sort(c(near, far)), tol=1e-12)$root
  })))
}
# Some coefficients led to 0 in steps, the others following.
without <- function(X, y, m, o, link, full, held) {
  b <- full$b
  for (t in seq(.95, 0, by=-.05)) { b[held] <- t*full$b[held]; r <- statistic(X, y, m, o, link, full, b, held); b <- r[[2]] }
  r[[1]]
}
case <- function(formula, data, links=c("logit","probit","cloglog"), weights=rep(1, nrow(data)), offset=rep(0, nrow(data)),
                 terms=NULL, level=.95) {
  mf <- model.frame(formula, data); X <- model.matrix(formula, mf); y <- model.response(mf)
  out <- list(names=colnames(X))
  for (link in links) {
    fit <- brglmFit(X, y, weights=weights, offset=offset, family=binomial(link), control=c(tight, list(type="AS_mean")))
    full <- solved(X, y, weights, offset, link, unname(coef(fit)), seq_len(ncol(X)))
    stopifnot(max(abs(full$b - coef(fit))) < 1e-8)
    one <- list(beta=unname(coef(fit)), se=unname(sqrt(diag(solve(full$I)))), loglik=full$l, penalised=full$p,
                ends=ends(X, y, weights, offset, link, full, level), column=sapply(seq_len(ncol(X)), function(j) without(X, y, weights, offset, link, full, j)))
    if (length(terms)) one$terms <- lapply(terms, function(h) without(X, y, weights, offset, link, full, h))
    one$global <- without(X, y, weights, offset, link, full, 2:ncol(X))
    if (link == "logit") one$jeffreys <- unname(coef(brglmFit(X, y, weights=weights, offset=offset, family=binomial(link),
      control=c(tight, list(type="MPL_Jeffreys")))))
    out[[link]] <- one
  }
  out
}
out <- list(versions=list(R=R.version.string, brglm2=as.character(packageVersion("brglm2"))))
out$birthwt <- case(f, d, terms=list(race=4:5))
out$endometrial <- c(list(data=endometrial), case(HG ~ NV + PI + EH, endometrial, terms=list(PI_EH=3:4)))
out$shifted <- case(low ~ age + smoke, d, weights=rep(1:3, 63), offset=d$lwt/100, level=.9)
sep <- data.frame(y=rep(0:1, each=5), x=c(1,2,3,4,5,6,7,8,9,12))
# The statistic of the other links is too wild here for plain scoring: their estimates alone.
out$separated <- c(list(data=sep), case(y ~ x, sep, "logit"))
for (link in c("probit", "cloglog")) out$separated[[link]] <- list(beta=unname(coef(brglmFit(model.matrix(y ~ x, sep), sep$y,
  family=binomial(link), control=c(tight, list(type="AS_mean"))))))
# FLIC and FLAC (Puhr, Heinze, Nold, Lusa & Geroldinger 2017), written out
X <- model.matrix(f, d); y <- d$low; full <- solved(X, y, 1+0*y, 0*y, "logit", unname(coef(glm(f, binomial, d))), 1:ncol(X))
shift <- X[,-1] %*% full$b[-1]
flic <- glm(y ~ 1, binomial, offset=drop(shift), control=glm.control(epsilon=1e-15, maxit=100))
mu <- drop(plogis(X %*% full$b)); w <- mu*(1-mu); h <- w*rowSums((X %*% solve(full$I))*X)
A <- cbind(rbind(X, X, X), c(0*y, 1+0*y, 1+0*y)); yy <- c(y, y, 1-y); ww <- c(1+0*y, h/2, h/2)
flac <- suppressWarnings(glm.fit(A, yy, weights=ww, family=binomial(), control=glm.control(epsilon=1e-15, maxit=100)))
out$flic <- c(unname(coef(flic)), full$b[-1])
out$flac <- list(beta=unname(coef(flac)), p=plogis(drop(X %*% coef(flac)[1:ncol(X)])))
write(toJSON(out, digits=I(17), auto_unbox=TRUE, dataframe="columns"), "tests/witness/firth.json")
