"""The sentences about a specification curve: the answer from every design of a stated grid."""

from __future__ import annotations

from typing import Final

ALL: Final = "all"
WITHOUT: Final = "without {name}"
DIMENSIONS: Final[dict[str, str]] = {
    "method": "Method",
    "caliper": "Caliper",
    "ratio": "Matches each",
    "covariates": "Covariates",
    "estimator": "Estimator",
}
METHODS: Final[dict[str, str]] = {
    "nearest": "Nearest neighbour",
    "optimal": "Optimal pairs",
    "radius": "Radius",
    "kernel": "Kernel",
    "full": "Full matching",
    "subclass": "Subclasses",
    "cem": "Coarsened exact",
    "entropy": "Entropy balancing",
    "ipw": "Inverse probability weights",
    "overlap": "Overlap weights",
    "matching_weights": "Matching weights",
    "none": "As they come (not adjusted)",
}
ESTIMATORS: Final[dict[str, str]] = {
    "weighted": "Weighted means",
    "regression": "Regression (g-computation)",
    "aipw": "Doubly robust (AIPW)",
    "abadie_imbens": "Abadie-Imbens",
}

# Why a combination of the grid is no specification.
SKIP_ESTIMAND: Final = "the method cannot give the {estimand}"
SKIP_CALIPER: Final = "the method needs a caliper"
SKIP_ESTIMATOR: Final = "the estimator does not suit the method"
SKIP_AIPW: Final = "the doubly robust estimator makes its own weights and would repeat another"
SKIP_REPEATS: Final = "it would repeat another, for a caliper or ratio means nothing to the method"

FAILED_SMD: Final = "largest standardised difference {value}, at most {limit} allowed"
FAILED_DROPPED: Final = "{value} of the people it is about left out, at most {limit} allowed"
FAILED_TREATED: Final = "{value} treated people analysed, at least {limit} asked for"
FAILED_ESS: Final = "effective size {value}, at least {limit} asked for"

DESIGNS_TITLE: Final = "Designs of the specification curve"
DESIGNS_HEADLINE: Final = (
    "{passed} of {n} designs pass the checks that were set; all were made and checked before any outcome was joined."
)
TITLE: Final = "Specification curve: {outcome}"
HEADLINE: Final = (
    "In {same} of the {passing} specifications whose design passed its checks ({share}) the treated people come out "
    "{side} than the comparison people on this outcome; the estimates go from {low} to {high}, and in {clear} of them "
    "the {level}% interval leaves equality out on that side."
)
HEADLINE_ONE: Final = (
    "One specification alone has a design that passed its checks: the treated people come out {side} than the "
    "comparison people on this outcome, at {estimate} ({level}% interval from {low} to {high}). One answer is no "
    "curve: whether it hangs on the choice of the design cannot be told."
)
NOT_COUNTED: Final = (
    "{n} of the {total} specifications{main} {is_are} not counted: the design did not pass its checks, or there is no "
    "estimate."
)
WITH_MAIN: Final = " (the main one among them)"
HEADLINE_NONE: Final = (
    "None of the {n} specifications has a design that passed its checks: what they give says nothing about the "
    "treatment."
)
NO_ONE: Final = "none"
HIGHER: Final = "higher"
LOWER: Final = "lower"

NOTE_MAIN: Final = "The main specification (first of each list): {name}; it gives {estimate} ({low} to {high})."
NOTE_MAIN_FAILED: Final = "The main specification (first of each list), {name}, did not pass its checks: {reason}."
NOTE_MEDIAN: Final = "Half of the specifications whose design passed give {median} or more, half give it or less."
NOTE_DEPENDS: Final = (
    "On which side of equality the answer lies depends on the choice of the design: it is not a firm one."
)
NOTE_OTHER_SIDE: Final = (
    "{n} of the others have an interval that leaves equality out on the other side: the designs contradict each other."
)
NOTE_UNCLEAR: Final = (
    "In none of them does the interval leave equality out: more people would be needed to tell, whatever the design."
)
NOTE_NOT_INDEPENDENT: Final = (
    "The specifications share their people, so that agreement among them is no further evidence: at most it shows "
    "that the answer does not hang on these choices. What no design adjusts for is missing from all of them."
)
NOTE_ORDER: Final = "All designs and their checks were made before any outcome was joined to one."
NOTE_LIMITS: Final = (
    "A design passes with a largest standardised difference of at most {max_smd}, at most {max_share_dropped} of the "
    "people it is about left out, at least {min_treated} treated people and an effective size of at least {min_ess}."
)
NOTE_BALANCE: Final = "Where covariates are left out, the check is on those that stay in."
NOTE_SKIPPED: Final = "Combinations of the grid that are no specification of their own: {listed}."
NOTE_FAILED: Final = "{n} specifications did not pass the checks of their design and are not counted in the headline."
NOTE_NO_DESIGN: Final = "{n} designs could not be made (for too few comparable people, or separation)."
NOTE_NO_ESTIMATE: Final = "{n} specifications gave no estimate; the first reason: {reason}"

TEMPLATES: Final = tuple(text for name, text in list(globals().items()) if name.isupper() and isinstance(text, str))
