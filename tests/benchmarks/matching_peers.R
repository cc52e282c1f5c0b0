# R's side of the matching benchmark: Rscript matching_peers.R JOB FOLDER PEOPLE COVARIATES
#
#   glm      the propensity model
#   match    MatchIt on the linear score that all sides are given: nearest, caliper of 0.2 standard deviations
#   summary  MatchIt's balance table, of classes of the score: they are made at once, whatever the size, and the table
#            holds the same figures as after nearest matching
#
# Each step prints "begin NAME" and "end NAME" with the CPU seconds so far, so that a run cut short still says how far
# it came.

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

suppressPackageStartupMessages(library(MatchIt))
cat("version R", R.version$major, R.version$minor, "MatchIt", as.character(packageVersion("MatchIt")), "\n")
if (job == "version") quit()
data <- as.data.frame(matrix(doubles("covariates.f8", n * p), n, p))
data$treated <- as.integer(doubles("treated.f8", n))
score <- doubles("logit.f8", n)
formula <- reformulate(paste0("V", seq_len(p)), "treated")

if (job == "glm") {
  model <- step("glm", glm(formula, family = binomial, data = data))
} else if (job == "match") {
  found <- step("match", matchit(formula, data = data, method = "nearest", distance = score, caliper = 0.2))
  cat("pairs", sum(!is.na(found$match.matrix)), "\n")
} else {
  found <- step("classes", matchit(formula, data = data, method = "subclass", distance = score, subclass = 6))
  table <- step("summary", summary(found, subclass = FALSE))
}
