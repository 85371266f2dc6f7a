# Separated data: the likelihood's supremum, likelihood-ratio tests and finite ends of profile-likelihood intervals.
# Rscript tests/witness/separation.R  (R with MASS, jsonlite). R's glm() stops somewhere on the way to infinity; here the
# supremum is the fit of the rows that are not separated, and an end the root of the deviance of refits with an offset.
suppressMessages({library(MASS); library(jsonlite)})
data(birthwt)
d <- birthwt; d$race <- factor(d$race, labels=c("white","black","other"))
near <- glm.control(epsilon=1e-14, maxit=200)
q <- qchisq(.95, 1)
# From a value that is outside by steps to one inside: further out glm() runs away.
root <- function(dev, from) {
  to <- from + .25; while (dev(to) > q) to <- to + .25
  uniroot(function(v) dev(v) - q, c(to - .25, to), tol=1e-13)$root
}
out <- list(versions=list(R=R.version.string))
for (link in c("logit","probit","cloglog")) {
  fam <- binomial(link)
  # All women with ht = 1 have low = 1: a cell without non-events.
  cell <- subset(d, !(ht == 1 & low == 0))
  face <- glm(low ~ lwt + smoke + race, fam, subset(cell, ht == 0), control=near)
  without <- glm(low ~ lwt + smoke + race, fam, cell, control=near)
  dev <- function(b) deviance(suppressWarnings(glm(low ~ lwt + smoke + race, fam, cell, offset=b*ht, control=near))) - deviance(face)
  # No white woman has low = 1: the reference level, so that the intercept is infinite too.
  ref <- within(d, low[race == "white"] <- 0)
  face2 <- glm(low ~ lwt + smoke + race, fam, subset(ref, race != "white"), control=near)
  ref$b <- as.numeric(ref$race == "black"); ref$o <- as.numeric(ref$race == "other")
  dev2 <- function(v) deviance(suppressWarnings(glm(low ~ lwt + smoke + o, fam, ref, offset=v*b, control=near))) - deviance(face2)
  # Grouped counts with an empty cell.
  g <- data.frame(dead=c(3,5,10), alive=c(7,5,0), mid=c(0,1,0), high=c(0,0,1))
  dev3 <- function(b) deviance(suppressWarnings(glm(cbind(dead, alive) ~ mid, fam, g, offset=b*high, control=near)))
  out[[link]] <- list(
    cell=list(n=nrow(cell), names=names(coef(face)), estimate=unname(coef(face)), loglik=as.numeric(logLik(face)),
      lr_p=pchisq(deviance(without) - deviance(face), 1, lower.tail=FALSE), low=root(dev, -3)),
    reference=list(loglik=as.numeric(logLik(face2)), black_low=root(dev2, -2)),
    grouped=list(high_low=root(dev3, -2)))
}
write(toJSON(out, digits=I(17), auto_unbox=TRUE), "tests/witness/separation.json")
