"""The sentences on what hidden differences between the groups would have to be like to change an answer.

Rules: a figure says what would have to be true, never that it is or is not; an interval that includes equality is
never read as treatment having changed nothing; no threshold divides the safe from the unsafe, for there is none.
"""

from __future__ import annotations

import math
from typing import Final

from dipeval.presenting import format_number, format_percent

# --- matched pairs and sets ---------------------------------------------------------------------------------------
BOUNDS_TITLE: Final = "Hidden bias among the people compared as alike: {outcome}"
BOUNDS_CLEAR: Final = (
    "{outcome}: the p-value stays below {alpha} unless two people compared as alike could differ more than "
    "{gamma}-fold in their odds of having been treated, because of something not measured."
)
BOUNDS_UNCLEAR: Final = (
    "{outcome}: the p-value is {p} before any hidden bias is allowed for, not below {alpha}, so that hidden bias has "
    "nothing to overturn; more people would be needed to tell whether treatment made a difference."
)
BOUNDS_GAMMA: Final = (
    "Gamma is how many times higher one person's odds of having been treated may be than those of another with the "
    "same covariates; 1 means that nothing hidden set them apart."
)
BOUNDS_AMPLIFIED: Final = (
    "Gamma = {gamma} is what a hidden factor brings about that raises both the odds of treatment and the odds of the "
    "worse (or better) outcome {strength}-fold (Rosenbaum and Silber 2009)."
)
BOUNDS_ESTIMATE: Final = (
    "Hidden bias of Gamma = {gamma} or more could account for the whole difference seen, whatever its p-value."
)
BOUNDS_NEVER: Final = "No Gamma could account for the whole difference seen: every pair that differs points one way."
BOUNDS_TEST: Final = "Test: {test}; {informative} of {groups} {word} differ in the outcome and carry it; p is {sides}."
BOUNDS_SIDES: Final[dict[str, str]] = {
    "auto": "one-sided, in the direction the data show ({direction} among the treated)",
    "greater": "one-sided (higher among the treated)",
    "less": "one-sided (lower among the treated)",
    "two_sided": "two-sided (the one-sided one doubled)",
}
BOUNDS_SHIFT: Final = (
    "The last column is the range of the Hodges-Lehmann estimate of a shift that is the same for everybody, in the "
    "outcome's own unit; it is not the mean difference, which a few large values can move."
)
BOUNDS_FEW: Final = (
    "Only {informative} {word} differ in the outcome: the normal approximation of the p-values is rough."
)
BOUNDS_SOURCE: Final = "Rosenbaum, P. R. (2002), Observational Studies, 2nd edition, chapter 4."
TESTS: Final[dict[str, str]] = {
    "mcnemar": "McNemar's, exact",
    "mcnemar_beyond": "McNemar's, without the number of pairs observed",
    "signed_rank": "Wilcoxon's signed ranks, normal approximation",
    "events_in_sets": "number of treated people with the outcome within sets (Mantel-Haenszel), normal approximation",
    "aligned_ranks": "aligned ranks within sets (Hodges and Lehmann 1962), normal approximation",
}
DIRECTIONS: Final[dict[bool, str]] = {True: "higher", False: "lower"}

# --- the robustness value -----------------------------------------------------------------------------------------
ROBUSTNESS_TITLE: Final = "How much a hidden factor would have to explain: {outcome}"
ROBUSTNESS_CLEAR: Final = (
    "{outcome}: something not measured would have to explain {value} of what the covariates leave unexplained, both of "
    "who was treated and of the outcome, to account for {whole} estimate; {limit} of each would make the interval "
    "reach {goal}."
)
ROBUSTNESS_UNCLEAR: Final = (
    "{outcome}: the interval already includes {goal}, so that nothing hidden is needed to bring it there; more people "
    "would be needed to tell whether treatment made a difference."
)
NEXT_TO_NOTHING: Final = "next to nothing"
WHOLE: Final = "the whole"
PART_OF_IT: Final = "{share} of the"
EQUALITY: Final = "equality"
PART_GOAL: Final = "the estimate less {share} of it"
ROBUSTNESS_MODEL: Final = (
    "From a linear regression of the outcome on treatment and the design's covariates, with the design's weights: "
    "{estimate} ({level}% interval: {interval}). It can differ from the estimate of the effect, which is made in "
    "another way."
)
ROBUSTNESS_ERRORS: Final = "Standard errors: {se_method}."
ROBUSTNESS_SCALED: Final = (
    "The robust error is taken to exceed (or fall short of) the plain one of the regression by the same factor, "
    "{ratio}, whatever is hidden."
)
ROBUSTNESS_PARTIAL: Final = (
    "Even something that explained the whole rest of the outcome would have to explain {partial} of the rest of "
    "treatment to account for the whole estimate."
)
BENCHMARK_HOW: Final = (
    "A row of the table supposes something hidden so many times as strong as a covariate is, beyond the others, and "
    "always working against the estimate; it says nothing of whether there is such a thing."
)
BENCHMARK_BEFORE: Final = (
    "A covariate's link with treatment is measured among all people before the design made them alike (in the "
    "design's proportions of treated and comparison people), for whatever is hidden was not made alike: the rows are "
    "a yardstick rather than an exact bound."
)
BENCHMARK_IMPOSSIBLE: Final = (
    "{n} {rows} left empty: nothing can be so many times as strong as that covariate, which already explains much of "
    "who was treated."
)
BENCHMARK_SHORT: Final = "The table shows the {n} strongest of {total} covariates; to_frame() holds all."
ROBUSTNESS_SOURCE: Final = (
    "Cinelli, C. and Hazlett, C. (2020), Making sense of sensitivity, Journal of the Royal Statistical Society B 82, "
    "39-67."
)

# --- everything in one table --------------------------------------------------------------------------------------
HIDDEN_TITLE: Final = "What it would take to overturn the answer: {outcome}"
HIDDEN_CLEAR: Final = "{outcome}: {strongest} Whether anything like that exists cannot be learned from these figures."
HIDDEN_UNCLEAR: Final = (
    "{outcome}: the interval already includes equality, so that nothing hidden is needed to bring it there; more "
    "people would be needed to tell whether treatment made a difference."
)
HIDDEN_E_VALUE: Final = (
    "to make the interval reach equality, something not measured would have to go with both treatment and the outcome "
    "by a ratio of at least {limit} each, beyond everything that was measured."
)
HIDDEN_ROBUSTNESS: Final = (
    "to make the interval reach equality, something not measured would have to explain at least {limit} of what is "
    "left unexplained, both of who was treated and of the outcome."
)
HIDDEN_LITTLE: Final = (
    "The interval only just excludes equality: next to nothing hidden would be needed to bring it there."
)
QUESTIONS: Final[dict[str, str]] = {
    "e_value": "How strongly must something hidden go with both treatment and the outcome (as a ratio of risks)?",
    "rosenbaum_bounds": "How many times higher may the odds of treatment be between two people compared as alike?",
    "robustness_value": "What share of the rest, of treatment and of the outcome, must something hidden explain?",
    "benchmark": "What would be left if something hidden were as strong as the strongest covariate?",
}
METHODS: Final[dict[str, str]] = {
    "e_value": "E-value",
    "rosenbaum_bounds": "Rosenbaum bounds (Gamma)",
    "robustness_value": "Robustness value",
    "benchmark": "As strong as {covariate}",
}
READ_E_VALUE: Final = (
    "Something hidden that goes with both treatment and the outcome by a ratio of {value} each could account for the "
    "whole estimate; {limit}."
)
READ_E_LIMIT: Final = "{limit} each would make the interval reach equality"
READ_E_NEAR: Final = "the interval only just excludes equality, and next to nothing would bring it there"
READ_ALREADY: Final = "the interval already includes equality, so that none is needed for that"
READ_GAMMA: Final = "{value} could account for the whole difference; {limit}."
READ_GAMMA_VALUE: Final = "A {gamma}-fold difference in the odds of treatment between people compared as alike"
READ_GAMMA_NEVER: Final = "No difference in the odds of treatment between people compared as alike, however large,"
READ_GAMMA_LIMIT: Final = "above {limit}-fold, the two-sided p-value could exceed {alpha}"
READ_GAMMA_ALREADY: Final = "the two-sided p-value of this test is not below {alpha} to begin with"
READ_ROBUSTNESS: Final = (
    "Something hidden that explains {value} of what is left unexplained both of who was treated and of the outcome "
    "could account for the whole estimate; {limit}."
)
READ_ROBUSTNESS_LIMIT: Final = "{limit} of each would make the interval reach equality"
READ_BENCHMARK: Final = (
    "Something hidden that strong, working against the estimate, would leave {value} ({level}% interval: {interval}) "
    "of {estimate}."
)
READ_BENCHMARK_NONE: Final = (
    "Nothing hidden can be as strong again as a covariate that explains so much of who was treated."
)

NOTE_BOTH_WAYS: Final = (
    "Something hidden may also have masked a larger effect: the figures ask only what could explain the estimate away."
)
NOTE_SCALES: Final = (
    "The rows are on different scales and their figures are not to be compared with each other: a ratio of risks, a "
    "ratio of odds of treatment, and shares of what is unexplained."
)
NOTE_DIFFERENT_TESTS: Final = (
    "The bounds and the robustness value rest on their own test and regression, which can disagree with the interval "
    "of the effect where that is close to equality."
)
NOTE_WITHOUT: Final = "Not given: {method}. {reason}"
NOTE_NO_E: Final = "It needs an outcome that is never negative and a share or mean above 0 in both groups."
NOTE_NO_E_OF_DAYS: Final = (
    "A difference in days is no ratio of shares or rates; the hazard ratio of the same outcome has one."
)
NOTE_MEASURE: Final = "The estimate is a {measure}, and these figures are about shares and means."

TEMPLATES: Final = tuple(
    text for name, text in list(globals().items()) if name.isupper() and isinstance(text, str)
) + tuple(text for table in (BOUNDS_SIDES, TESTS, DIRECTIONS, QUESTIONS, METHODS) for text in table.values())


def gamma_in_words(gamma: float) -> str:
    """Return a Gamma with two decimals, rounded down: more is not claimed than was found.

    Examples
    --------
    >>> gamma_in_words(1.0), gamma_in_words(1.0788), gamma_in_words(float("inf"))
    ('1.00', '1.07', '[x]')
    """
    return format_number(math.floor(100 * gamma + 1e-9) / 100 if math.isfinite(gamma) else None)


def share_in_words(share: float) -> str:
    """Return a share of the unexplained as a percentage, with a decimal more where it is small.

    Examples
    --------
    >>> share_in_words(0.0774), share_in_words(0.000657), share_in_words(0.0)
    ('7.7%', '0.07%', '0%')
    """
    if share == 0:
        return "0%"
    return "less than 0.01%" if share < 0.0001 else format_percent(share, 1 if share >= 0.01 else 2)


def equal_strength(gamma: float) -> float:
    """Return how strongly a hidden factor must go with both treatment and outcome to bring about a Gamma.

    Parameters
    ----------
    gamma
        At least 1.

    Returns
    -------
    float
        The odds ratio with each, the two being equal: Gamma = (x * x + 1) / (2 * x).

    Notes
    -----
    Rosenbaum, P. R. and Silber, J. H. (2009), Amplification of sensitivity analysis in matched observational studies,
    Journal of the American Statistical Association 104, 1398-1405.

    Examples
    --------
    >>> equal_strength(1.25), equal_strength(1.0)
    (2.0, 1.0)
    """
    return gamma + math.sqrt(gamma * gamma - 1)
