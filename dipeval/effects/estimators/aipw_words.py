"""The sentences of errors that allow for estimated weights, of augmented weighting and of the bootstrap."""

from __future__ import annotations

from typing import Final

# Errors that allow for the weights.
M_ESTIMATION_WORDS: Final = "M-estimation (robust; allows for the weights having been estimated)"
M_ESTIMATION_PERSON_WORDS: Final = (
    "M-estimation clustered by person (HC1 with G/(G - 1), G = {groups} people; allows for the weights having been "
    "estimated)"
)
M_ESTIMATION_SHARES_WORDS: Final = "M-estimation (robust; allows for the weights following from {source})"
M_ESTIMATION_SHARES_PERSON_WORDS: Final = (
    "M-estimation clustered by person (HC1 with G/(G - 1), G = {groups} people; allows for the weights following from "
    "{source})"
)
# What the weights of a method follow from, and what is taken as known of it.
SOURCES: Final = {
    "radius": "who is within the radius of whom; takes the score as known",
    "kernel": "who is within the bandwidth of whom; takes the score as known",
    "subclass": "who is in which class; takes the classes as given",
    "cem": "who is in which cell; takes the cells as given",
}
TAKEN_AS_GIVEN: Final = (
    "The standard error takes the weights as given, because {reason}; as a rule it is then somewhat too wide for the "
    "effect on everybody, and can be wrong either way for the effect on the treated."
)
CANNOT_ALLOW: Final = (
    "std_error='m_estimation' cannot be given here: {reason}. Leave std_error out, which takes what suits the design."
)
NO_INFLUENCE: Final = "this estimate does not depend on the design through its weights alone"

# Augmented weighting.
INFLUENCE_WORDS: Final = "influence function (robust; {how})"
CLUSTERED_INFLUENCE_WORDS: Final = "influence function, clustered by person (G/(G - 1), G = {groups} people; {how})"
STACKED_WORDS: Final = "M-estimation (robust; allows for the score and the outcome models having been estimated)"
STACKED_PERSON_WORDS: Final = (
    "M-estimation clustered by person (G/(G - 1), G = {groups} people; allows for the score and the outcome models "
    "having been estimated)"
)
CROSS_FITTED: Final = "score and outcome models cross-fitted in {folds} parts, seed {seed}"
OUTCOMES_CROSS_FITTED: Final = "outcome models cross-fitted in {folds} parts, seed {seed}"
FITTED_TO_ALL: Final = "score and outcome models fitted once, to everybody"
MODEL_REMARK: Final = (
    "Augmented inverse probability weighting: {model} models of the outcome in {groups}, from {terms}, correct "
    "what the score leaves unbalanced. The estimate is right in large samples if either the score or the outcome "
    "models are."
)
MODEL_WORDS: Final = {"linear": "linear", "logit": "logistic", "poisson": "Poisson"}
BOTH_GROUPS: Final = "each group"
ONE_GROUP: Final = "the {group} group"
SCORE_KEPT: Final = "Only the outcome models were cross-fitted: {reason}."
TRUNCATION_UNUSED: Final = (
    "The truncation of the design's weights plays no part here: the score is used as it is, and the outcome models "
    "steady the people with large weights."
)
ALIASED_REMARK: Final = (
    "Some terms follow from others among the people an outcome model was fitted to (at most {count} in one model); "
    "their shares in it cannot be told apart and were taken as small as they can be."
)
EXTREME_REMARK: Final = "{people} a score {where}: the estimate leans on the outcome models there, and on few people."
EXTREME_ENDS: Final = {
    "ATE": "below 0.001 or above 0.999",
    "ATT": "above 0.999",
    "ATC": "below 0.001",
}

NOT_A_WEIGHTING: Final = (
    "estimator='aipw' needs a design that keeps everybody: dip.weight with method='ipw' (or another weighting, or "
    "'none'), which brings the score. This design was made by {method}; use estimator='regression' with it."
)
WRONG_ESTIMAND: Final = (
    "estimator='aipw' gives the effect on the treated (ATT), the comparison people (ATC) or everybody (ATE); this "
    "design is about the {estimand}. Make it with method='ipw'."
)
WRONG_MEASURE: Final = (
    "estimator='aipw' gives a risk difference, risk ratio, odds ratio or mean difference; '{measure}' is given by "
    "estimator='weighted'."
)
WRONG_MODEL: Final = (
    "model='{model}' does not suit the outcome '{name}' with estimator='aipw': 'linear' suits any outcome, 'logit' one "
    "of 0 and 1, 'poisson' one that is never below 0."
)
NO_COVARIATES: Final = "adjust= names no covariate; name one or more, or leave it out to take all of the design's."
WRONG_ERROR: Final = (
    "std_error='{kind}' is not given by estimator='aipw'; use 'auto' (the influence function), 'bootstrap' or, with "
    "folds=1, 'm_estimation'."
)
NOT_CROSS_FITTED: Final = (
    "std_error='m_estimation' with estimator='aipw' needs models fitted once to everybody: say folds=1, or leave "
    "std_error out."
)
NO_CLUSTER: Final = "std_error='{kind}' needs persons with several rows: pass cluster=, or leave std_error out."
OUTSIDE: Final = (
    "The augmented estimate of a group's share or mean lies outside what a share or mean can be ({groups}), so no "
    "{measure} can be given. The groups hardly overlap: use measure='{instead}', or weights that leave nobody so "
    "heavy (method='overlap')."
)
SEPARATED_OUTCOME: Final = (
    "The {model} model of the outcome '{name}' has no solution among the {group} people it was fitted to: some of its "
    "terms tell the outcome perfectly. Use fewer covariates (adjust=), fewer parts (folds=), or model='linear'."
)
SEPARATED_SCORE: Final = (
    "The score has no solution among the people outside one of the {folds} parts: the covariates tell them perfectly "
    "apart. Use fewer parts (folds=), or folds=1 for none; or make the design with fewer covariates or levels."
)
TOO_FEW: Final = (
    "There are {count} {group} people for an outcome model of {terms} terms: use fewer covariates (adjust=), or "
    "estimator='weighted'."
)

# Bootstrap.
BOOTSTRAP_WORDS: Final = "bootstrap: standard deviation over {draws} resamples of {units} (seed {seed}); {how}"
WEIGHTS_MADE_AGAIN: Final = "the weights were made again in each"
UNITS_KEPT: Final = "whole {units} were drawn, the matching was kept"
NOTHING_MADE_AGAIN: Final = "there were no weights to make again"
FAILED_REMARK: Final = (
    "{failed} of {draws} resamples gave no estimate (their groups could not be compared) and were left out."
)
TOO_MANY_FAILED: Final = (
    "{failed} of {draws} resamples gave no estimate, more than 5%: a bootstrap would speak only for the resamples that "
    "worked. Merge rare levels of the covariates, or use std_error='auto'."
)
CANNOT_RESAMPLE: Final = "std_error='bootstrap' cannot be given here: {reason}. Leave std_error out."
FIXED_MATCHES: Final = (
    "with replacement, or within a radius, a resample cannot mimic how often a person is used, and the ordinary "
    "bootstrap gives wrong errors (Abadie and Imbens 2008, Econometrica 76, 1537-1557)"
)
STRATA_CHANGE: Final = "classes and cells are drawn up anew in every resample, so that people fall out of it by chance"
NO_UNITS: Final = "the design has no pairs or sets to draw"
FEW_DRAWS: Final = "draws must be a whole number of at least {least}; it is {draws}."
BAD_SEED: Final = "seed must be a whole number of at least 0 for a bootstrap; it is {seed}."
