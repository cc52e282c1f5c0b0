"""What an Abadie-Imbens error says for itself, and why one is refused."""

from __future__ import annotations

from typing import Final

METHOD: Final = "Abadie-Imbens (allows for people matched several times{score}; {spread})"
SCORE_ALLOWED: Final = " and for the score having been estimated"
AROUND: Final = "spread at a point from the {count} of the same group nearest to each person"
SAME_EVERYWHERE: Final = "the same spread everywhere"
CORRECTED: Final = (
    "Corrected for what separates people from their matches by a regression of the outcome on {covariates} among the "
    "matched people of the other group, each counted as often as it is a match (Abadie and Imbens 2011)."
)
ALIASED: Final = "{count} of the terms of that regression followed from others and were left out."
SCORE_TAKEN: Final = (
    "The error takes the propensity score as known, although it was estimated: for the effect on everybody it is then "
    "as a rule too wide, for the effect on the treated it can be either (Abadie and Imbens 2016)."
)

NO_MATCHES: Final = (
    "Abadie-Imbens errors are for nearest neighbours with replacement (dip.match(method='nearest', replace=True)), and "
    "this design is made by {method}{without}. Leave std_error and estimator out, which takes what suits the design."
)
WITHOUT: Final = " without replacement"
NO_CLUSTERS: Final = (
    "Abadie-Imbens errors take every person once, so they cannot be clustered by person: leave cluster= out, or use "
    "std_error='cluster_hc1'."
)
PART_ONLY: Final = (
    "Abadie-Imbens errors need everybody the design uses, and here only some of them are: use std_error='hc0'."
)
NOT_THIS_ESTIMATOR: Final = (
    "std_error='abadie_imbens' is for estimator='weighted' and estimator='abadie_imbens'; another estimator is no "
    "plain mean of matches. Use one of them, or std_error='auto'."
)
NOT_THIS_MEASURE: Final = (
    "Matches give means, shares and rates, so there is no Abadie-Imbens estimate or error of the measure '{measure}'; "
    "use estimator='weighted' with std_error='auto', which is over matched sets and people at once."
)
OTHER_ERROR: Final = (
    "estimator='abadie_imbens' has its own error; std_error='{asked}' is for estimator='weighted'. Leave std_error out."
)
NO_BOOTSTRAP: Final = (
    "A bootstrap gives no valid error for nearest neighbours with replacement (Abadie and Imbens 2008, Econometrica "
    "76, 1537-1557): resampling does not reproduce how often a person is a match. Leave std_error out."
)
NO_MODEL: Final = (
    "estimator='abadie_imbens' corrects by a linear regression (adjust=); model= means nothing to it. Leave it out."
)
NO_RATES: Final = "The correction by regression (adjust=) is not there for a rate: leave adjust= out."
BAD_NEIGHBOURS: Final = (
    "neighbours={given} is not a number of people: give 0 (the same spread everywhere) or a whole number from 1."
)
TOO_FEW: Final = (
    "The regression that corrects the matches has {terms} terms and only {people} matched people: name fewer "
    "covariates in adjust=."
)
OUTSIDE: Final = (
    "Corrected by regression, the mean of one group is {mean}, of which no ratio can be taken; use a difference, or "
    "leave adjust= out."
)
