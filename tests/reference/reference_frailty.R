#!/usr/bin/env Rscript
# Reference figures for Cox models with a gamma frailty a group: people with several events, and areas.
# Usage: Rscript reference_frailty.R recurrent.csv frailty.json
#   recurrent.csv: recurrent.data of survival.json (735 rows, header)
# Needs the R package survival; nothing else. Two further sets of rows are made here and written into the file.
suppressMessages(library(survival))
a <- commandArgs(trailingOnly = TRUE)
stopifnot(length(a) == 2)
recurrent <- read.csv(a[1]); stopifnot(nrow(recurrent) == 735)
num <- function(x) ifelse(x == round(x) & abs(x) < 1e15, sprintf("%.0f", x), sprintf("%.17g", x))
arr <- function(x) paste0("[", paste(num(as.numeric(x)), collapse = ","), "]")
obj <- function(x) paste0("{", paste(sprintf('"%s":%s', names(x), unlist(x)), collapse = ","), "}")
CC <- coxph.control(eps = 1e-12, toler.chol = 1e-14, iter.max = 200, outer.max = 200, toler.inf = 1e-10)

# people: start-stop rows with gaps (custody) after some events, two forces as strata, whole days
set.seed(20240611)
rows <- list()
for (person in 1:90) {
  z <- rgamma(1, shape = 1 / 0.9, rate = 1 / 0.9); treat <- person %% 2; prio <- rpois(1, 2); now <- 0
  end <- sample(200:365, 1); force <- 1 + person %% 3 %/% 2
  while (now < end) {
    wait <- ceiling(rexp(1, z * exp(-5.2 - 0.4 * treat + 0.15 * prio + 0.3 * (force == 2)))); stop <- min(now + wait, end)
    rows[[length(rows) + 1]] <- c(person, now, stop, now + wait <= end, treat, prio, force)
    now <- stop + ifelse(runif(1) < 0.4, sample(5:30, 1), 0)
  }
}
people <- as.data.frame(do.call(rbind, rows)); names(people) <- c("id", "start", "stop", "event", "treat", "prio", "force")

# areas: one row a person, 24 areas of unequal size, weekly times (huge ties)
set.seed(7)
area <- sample(1:24, 420, TRUE, prob = 1:24); u <- rgamma(24, shape = 1 / 0.25, rate = 1 / 0.25)
age <- sample(18:55, 420, TRUE); treat <- rbinom(420, 1, 0.4)
time <- ceiling(rexp(420, u[area] * exp(-3.3 - 0.3 * treat - 0.02 * (age - 35)))); stopped <- sample(13:52, 420, TRUE)
areas <- data.frame(area, time = pmin(time, stopped), event = as.numeric(time <= stopped), treat, age)

# sparse = FALSE: the whole information. By default R keeps only its diagonal for more than five groups, and the
# standard errors are then approximate.
figures <- function(fit, terms) {
  h <- fit$history[[1]]
  obj(list(coef = arr(coef(fit)[1:terms]), se = arr(sqrt(diag(fit$var))[1:terms]), theta = num(h$theta),
           loglik_integrated = num(h$c.loglik), n_events = num(fit$nevent))) }
given <- function(fit, terms) obj(list(coef = arr(coef(fit)[1:terms]), se = arr(sqrt(diag(fit$var))[1:terms]), frailties = arr(exp(coef(fit)[-(1:terms)]))))
em <- function(ties) list(
  people = figures(coxph(Surv(start, stop, event) ~ treat + prio + strata(force) + frailty(id, dist = "gamma", method = "em", eps = 1e-11, sparse = FALSE), people, ties = ties, control = CC), 2),
  areas = figures(coxph(Surv(time, event) ~ treat + age + frailty(area, dist = "gamma", method = "em", eps = 1e-11, sparse = FALSE), areas, ties = ties, control = CC), 2))
e <- em("efron"); b <- em("breslow")
out <- list(recurrent = figures(coxph(Surv(start, stop, event) ~ treat + age + prio + frailty(id, dist = "gamma", method = "em", eps = 1e-11, sparse = FALSE), recurrent, control = CC), 3),
  people_efron = e$people, areas_efron = e$areas, people_breslow = b$people, areas_breslow = b$areas,
  people_theta_given = given(coxph(Surv(start, stop, event) ~ treat + prio + strata(force) + frailty(id, dist = "gamma", theta = 0.7, sparse = FALSE), people, control = CC), 2),
  areas_theta_given = given(coxph(Surv(time, event) ~ treat + age + frailty(area, dist = "gamma", theta = 2.5, sparse = FALSE), areas, control = CC), 2),
  people_loglik_cox = num(coxph(Surv(start, stop, event) ~ treat + prio + strata(force), people, control = CC)$loglik[2]),
  areas_loglik_cox = num(coxph(Surv(time, event) ~ treat + age, areas, control = CC)$loglik[2]),
  people = obj(lapply(people, arr)), areas = obj(lapply(areas, arr)))
out$meta <- sprintf('{"R":"%s","survival":"%s"}', getRversion(), packageVersion("survival"))
cat(obj(out), "\n", file = a[2], sep = "")
