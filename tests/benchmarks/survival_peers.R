# R's side of the survival benchmark: Rscript survival_peers.R JOB FOLDER PEOPLE COVARIATES
#
# The jobs of survival_jobs.py by the package survival, on the same files. Each prints "begin JOB" and "end JOB" with
# the CPU seconds so far, then its figures and their standard errors.

given <- commandArgs(trailingOnly = TRUE)
job <- given[1]; folder <- given[2]; n <- as.integer(given[3]); p <- as.integer(given[4])

cpu <- function() { spent <- proc.time(); sum(spent[c("user.self", "sys.self", "user.child", "sys.child")]) }
step <- function(name, work) {
  cat("begin", name, cpu(), "\n"); flush(stdout())
  done <- force(work)
  cat("end", name, cpu(), "\n"); flush(stdout())
  invisible(done)
}
doubles <- function(name, count) readBin(file.path(folder, name), "double", n = count, endian = "little")
tell <- function(name, values) cat(name, formatC(values, digits = 17, format = "g"), "\n")

suppressPackageStartupMessages(library(survival))
cat("version R", R.version$major, R.version$minor, "survival", as.character(packageVersion("survival")), "\n")
if (job == "version") quit()
x <- matrix(doubles("covariates.f8", n * p), n, p)
days <- c(90, 180, 365, 540, 700)
terms <- paste0("V", seq_len(p))
model <- function(response) as.formula(paste(response, "~", paste(terms, collapse = " + ")))

if (job == "andersen_gill") {
  rows <- doubles("rows.f8", 1e9)
  rows <- as.data.frame(matrix(rows, ncol = 4, dimnames = list(NULL, c("id", "start", "stop", "event"))))
  data <- cbind(rows, as.data.frame(x[rows$id + 1, ]))
} else {
  data <- as.data.frame(x)
  for (name in c("time", "event", "weight", "pair", "cause")) data[[name]] <- doubles(paste0(name, ".f8"), n)
}

if (job %in% c("cox", "cox_cluster", "andersen_gill")) {
  found <- switch(job,
    cox = step(job, coxph(model("Surv(time, event)"), data = data, ties = "efron")),
    cox_cluster = step(job, coxph(model("Surv(time, event)"), data = data, ties = "efron", cluster = pair)),
    andersen_gill = step(job, coxph(model("Surv(start, stop, event)"), data = data, ties = "efron", cluster = id)))
  tell("figures", coef(found)); tell("errors", sqrt(diag(vcov(found))))
} else if (job == "kaplan_meier") {
  found <- step(job, survfit(Surv(time, event) ~ 1, data = data, weights = weight, robust = TRUE))
  at <- findInterval(days, found$time)
  tell("figures", found$surv[at]); tell("errors", found$std.err[at] * (if (found$logse) found$surv[at] else 1))
} else {
  data$time <- doubles("time_of_cause.f8", n)
  found <- step(job, survfit(Surv(time, factor(cause)) ~ 1, data = data))
  at <- findInterval(days, found$time)
  tell("figures", found$pstate[at, 2]); tell("errors", found$std.err[at, 2])
}
